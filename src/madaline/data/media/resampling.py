"""Brings sequences to one length: short ones are followed by nothing, long ones are squeezed."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array


def squeezed(values: Array, length: int) -> Array:
    """Return a sequence in fewer steps, each the mean of its share of the old ones.

    Parameters
    ----------
    values : ndarray of shape (steps, channels)
        The steps.
    length : int
        How many steps to return, at most.

    Returns
    -------
    ndarray of shape (min(steps, length), channels)
        The sequence itself if it is short enough.

    Examples
    --------
    >>> squeezed(np.array([[1.0], [3.0], [5.0], [7.0]]), 2).ravel()
    array([2., 6.])
    """
    if len(values) <= length:
        return values
    sums = np.zeros((len(values) + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[1:], dtype=np.float64)
    edges = np.linspace(0, len(values), length + 1)
    left = np.minimum(edges.astype(np.intp), len(values) - 1)
    at_edges = sums[left] + (edges - left)[:, None] * (sums[left + 1] - sums[left])
    return np.asarray(np.diff(at_edges, axis=0) * (length / len(values)), values.dtype)


def filled(values: Array) -> Array:
    """Return a sequence without gaps: numbers between two known ones lie on the line between them.

    Parameters
    ----------
    values : ndarray of shape (steps, channels)
        The steps, NaN where a number is missing.

    Returns
    -------
    ndarray of shape (steps, channels)
        Before the first and behind the last known number there is more of that; a channel without
        any stays missing.

    Examples
    --------
    >>> filled(np.array([[1.0], [np.nan], [2.0], [np.nan]])).ravel()
    array([1. , 1.5, 2. , 2. ])
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    whole, steps = values.copy(), np.arange(len(values))
    for channel, absent in enumerate(missing.T):
        if absent.any() and not absent.all():
            known = steps[~absent]
            whole[absent, channel] = np.interp(steps[absent], known, values[known, channel])
    return whole


def length_for(lengths: Array, *, most: int, share: float = 0.95) -> int:
    """Return the steps that sequences are brought to: those that `share` of them do with.

    Examples
    --------
    >>> length_for(np.array([3, 4, 4, 5, 90]), most=512, share=0.75)
    5
    >>> length_for(np.array([3, 900]), most=512)
    512
    """
    return int(min(most, max(1, np.quantile(lengths, share, method="higher"))))
