"""Numbers for the next steps, worked out together: NumPy takes as long for many as for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np

from madaline.nn.arrays import Array

Following: TypeAlias = Callable[[int], tuple[Sequence[Array], Sequence[Array]]]
"""From a number of steps to what columns hold after each of them, and to numbers that each step
needs: arrays of shape (n_steps, *axes, 1)."""

MOST_STEPS = 64
"""Steps that are looked ahead."""


class Ahead:
    """Counts steps, and returns what the next one needs to know of each member (final).

    How far it looks ahead doubles as long as columns hold what it left there. Whatever else they
    hold, it starts from that.

    Parameters
    ----------
    columns : sequence of ndarray of shape (*axes, 1)
        What is counted, changed in place by each call.
    following : callable
        What comes after the present content of the columns.

    Examples
    --------
    >>> steps = np.zeros((2, 1))
    >>> def following(n_steps):
    ...     after = running_sum(steps, np.ones((n_steps, 2, 1)))
    ...     return [after], [0.5**after]
    >>> halved = Ahead([steps], following)
    >>> halved()[0].ravel(), halved()[0].ravel(), steps.ravel()
    (array([0.5, 0.5]), array([0.25, 0.25]), array([2., 2.]))
    """

    __slots__ = ("_columns", "_following", "_left", "_n_steps", "_steps")

    def __init__(self, columns: Sequence[Array], following: Following) -> None:
        self._columns = columns
        self._following = following
        self._left: Sequence[Array] = ()
        self._n_steps = 0
        self._steps: Iterator[tuple[Sequence[Array], Sequence[Array]]] = iter(())

    def __call__(self) -> Sequence[Array]:
        """Count a step; return what it needs, each of shape (*axes, 1)."""
        as_left = all(map(_are_equal, self._columns, self._left))
        step = next(self._steps, None) if as_left else None
        if step is None:
            self._n_steps = min(MOST_STEPS, 2 * self._n_steps or 1) if as_left else 1
            after, numbers = self._following(self._n_steps)
            self._steps = zip(zip(*after, strict=True), zip(*numbers, strict=True), strict=True)
            step = next(self._steps)
        self._left, numbers = step
        for column, left in zip(self._columns, self._left, strict=True):
            np.copyto(column, left)
        return numbers


def running_sum(start: Array, terms: Array) -> Array:
    """Return what a sum is after each term: added one by one, as in a loop.

    Examples
    --------
    >>> running_sum(np.array([1.0]), np.array([[2.0], [3.0]]))
    array([[3.],
           [6.]])
    """
    return np.add.accumulate(np.concatenate([start[None], terms]))[1:]


def _are_equal(one: Array, two: Array) -> bool:
    return one.tobytes() == two.tobytes()
