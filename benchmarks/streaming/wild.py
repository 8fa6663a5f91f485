"""What one wild label costs: how much larger errors are long after it was learned."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from streaming.streams import Stream

WINDOW = 500
"""Rows over which errors are averaged; those between the wild label and the first do not count."""


def harm(
    stream: Stream, make: Callable[[], Any], wild: list[float]
) -> Iterator[tuple[float, np.ndarray]]:
    """Yield each wild label, and by what factor the error of each later window rises.

    Parameters
    ----------
    stream : Stream
        Its labels are numbers. The wild one takes the place of the last of its first quarter.
    make : callable
        Returns a new learner.
    wild : list of float
        The labels that are tried, one at a time.
    """
    usual = _windows(stream, make(), None)
    for label in wild:
        yield label, _windows(stream, make(), label) / usual


def _windows(stream: Stream, learner: Any, wild: float | None) -> np.ndarray:
    """Return the root mean squared error of each window."""
    errors, place = np.empty(len(stream)), len(stream) // 4
    for key, (row, y) in enumerate(stream.rows()):
        errors[key] = learner.predict(row, key) - y
        learner.learn(row, key, wild if key == place and wild is not None else y)
    later = errors[place + 1 + WINDOW :]
    whole = later[: len(later) // WINDOW * WINDOW].reshape(-1, WINDOW)
    return np.sqrt(np.mean(np.square(whole), axis=1))
