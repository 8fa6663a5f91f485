"""Numbers in ascending order: whole ones that lie close together are counted, not compared."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

_DAY = 86_400_000_000
"""Microseconds of a day."""

_FEW = 1000
"""As many values say of most columns that they are not whole; fewer are sorted in no time."""


def in_order(values: Array) -> Array:
    """Return numbers or moments in ascending order.

    Counting takes a tenth of the time for whole numbers, and for whole days; what comes of it is
    the same.

    Parameters
    ----------
    values : float64 or datetime64[us] ndarray of shape (n_values,)
        None of them missing.

    Examples
    --------
    >>> in_order(np.array([3.0, 1.0, 3.0]))
    array([1., 3., 3.])
    """
    numbers, step = (values.view(np.int64), _DAY) if values.dtype.kind == "M" else (values, 1)
    counted = _counted(numbers, step)
    return (np.sort(numbers) if counted is None else counted).view(values.dtype)


def _counted(numbers: Array, step: int) -> Array | None:
    """Return numbers in order if all are some steps above the lowest, and those steps are few."""
    if len(numbers) < _FEW:
        return None
    low, high = numbers.min(), numbers.max()
    if high / 2 - low / 2 > step * len(numbers) / 2 or _steps(numbers[:_FEW], low, step) is None:
        return None
    steps = _steps(numbers, low, step)
    if steps is None:
        return None
    counts = np.bincount(steps)
    distinct = low + step * np.arange(len(counts))
    return np.repeat(distinct.astype(numbers.dtype, copy=False), counts)


def _steps(numbers: Array, low: Array, step: int) -> Array | None:
    """Return how many steps above the lowest each number is; None where one lies between steps."""
    steps = (numbers - low).astype(np.intp) // step
    return steps if (low + step * steps == numbers).all() else None
