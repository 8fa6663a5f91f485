"""Resamples sequences to a common length, and interpolates gaps."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array


def downsampled(values: Array, length: int) -> Array:
    """Return a sequence, (steps, channels), with at most `length` steps.

    Each step is the mean of its share of the old ones; a sequence that is short enough is returned
    as it is.

    Examples
    --------
    >>> downsampled(np.array([[1.0], [3.0], [5.0], [7.0]]), 2).ravel()
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


def coarse_shares(n_coarse: int, length: int) -> Array:
    """Return which share of each coarse step comes from each step, float32 (n_coarse, length).

    Examples
    --------
    >>> coarse_shares(2, 3).round(2)
    array([[0.67, 0.33, 0.  ],
           [0.  , 0.33, 0.67]], dtype=float32)
    """
    steps, edges = np.arange(length), np.arange(n_coarse + 1)[:, None] * (length / n_coarse)
    covered = np.minimum(steps + 1, edges[1:]) - np.maximum(steps, edges[:-1])
    return np.asarray(np.maximum(covered, 0) * (n_coarse / length), np.float32)


def interpolated(values: Array) -> Array:
    """Return a sequence, (steps, channels), whose gaps (NaN) are filled by linear interpolation.

    The first and the last known number extend to the ends; a channel without any stays missing.

    Examples
    --------
    >>> interpolated(np.array([[1.0], [np.nan], [2.0], [np.nan]])).ravel()
    array([1. , 1.5, 2. , 2. ])
    """
    missing = np.isnan(values)
    if not missing.any():
        return values
    result, steps = values.copy(), np.arange(len(values))
    for channel, absent in enumerate(missing.T):
        if absent.any() and not absent.all():
            known = steps[~absent]
            result[absent, channel] = np.interp(steps[absent], known, values[known, channel])
    return result


def length_for(lengths: Array, *, most: int, share: float = 0.95) -> int:
    """Return the length to bring sequences to: the quantile `share` of lengths, at most `most`.

    Examples
    --------
    >>> length_for(np.array([3, 4, 4, 5, 90]), most=512, share=0.75)
    5
    >>> length_for(np.array([3, 900]), most=512)
    512
    """
    return int(min(most, max(1, np.quantile(lengths, share, method="higher"))))
