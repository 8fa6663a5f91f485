"""Offsets move a training sequence as a whole, each time elsewhere: other day, other microphone.

What a sensor adds to all that it measures, or a room to all that is said in it, tells nothing.
Networks that have seen a sequence with many such offsets do not listen to them.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array, Rng


def add_offsets(rows: Array, length: int, strength: float, rng: Rng) -> None:
    """Add one number by chance to each channel of each sequence, at all of its steps.

    Parameters
    ----------
    rows : float32 ndarray of shape (n_rows, length * (channels + 1))
        The sequences, whose last channel is 1 where there is a step and 0 where there is none; they
        are changed in place.
    length : int
        Steps.
    strength : float
        Standard deviation of the offsets.
    rng : numpy.random.Generator
        Source of chance.

    Examples
    --------
    >>> rows = np.array([[0, 1, 0, 1, 0, 0]], np.float32)  # two steps of one number, room for three
    >>> add_offsets(rows, 3, 0.5, np.random.default_rng(0))
    >>> rows.round(2)
    array([[0.56, 1.  , 0.56, 1.  , 0.  , 0.  ]], dtype=float32)
    """
    steps = rows.reshape(len(rows), length, -1)  # (rows, length, channels + 1)
    offsets = rng.standard_normal((len(rows), 1, steps.shape[-1] - 1), np.float32)
    steps[..., :-1] += np.float32(strength) * offsets * steps[..., -1:]
