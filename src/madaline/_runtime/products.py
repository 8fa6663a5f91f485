"""Matrix products small enough that the matrix library takes each on one thread.

Libraries split large products over threads of their own: those would be in the way of ours, and
round differently for another number of them.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

MAX_ONE_THREAD_WORK = 2**18
"""Multiply-adds that OpenBLAS, NumPy's matrix library on most machines, leaves on one thread."""

ROWS, MAX_ROWS = 8, 64
"""Rows of a product: with more than `MAX_ROWS` it gets no faster. Those of all products are
multiples of `ROWS`: of fewer, or of a remainder, libraries add up the terms in another order, and a
row alone would differ in the seventh digit from the same row in a table."""

MAX_INPUTS = 512
"""Inputs of a product, where the weights are too many for `ROWS`."""

SUMMED = 128
"""Inputs whose weighted sum stays in float32 where the outputs of thousands of units are added up:
the error of the whole sum would be two to ten times as large."""


def product(x: Array, weight: Array, out: Array | None = None) -> Array:
    """Return ``x @ weight``, shape (n_samples, units), written into `out` if that is given."""
    if out is None:
        out = np.empty((len(x), weight.shape[1]), x.dtype)
    multiply(x[None], weight[None], out[None])
    return out


def precise_product(
    x: Array,  # float32 (n_samples, in): inputs; the number of rows is a multiple of `ROWS`
    weight: Array,  # float32 (in, units): what each row is multiplied with
) -> Array:
    """Return ``x @ weight``, float64 of shape (n_samples, units): the sum of sums in float32."""
    inputs, units = weight.shape
    n_sums = inputs // SUMMED
    whole = n_sums * SUMMED
    by_sum = x[:, :whole].reshape(len(x), n_sums, SUMMED).swapaxes(0, 1)  # a view
    sums = np.empty((n_sums, len(x), units), x.dtype)
    multiply(by_sum, weight[:whole].reshape(n_sums, SUMMED, units), sums)
    total = np.sum(sums, axis=0, dtype=np.float64)
    if whole < inputs:
        total += product(x[:, whole:], weight[whole:])
    return np.asarray(total)


def multiply(
    x: Array,  # (members, n_samples, in): inputs; the number of rows is a multiple of `ROWS`
    weight: Array,  # (members, in, units): what each row is multiplied with
    out: Array,  # (members, n_samples, units)
) -> None:
    """Write ``x @ weight`` of every member into `out`."""
    _, inputs, units = weight.shape
    if ROWS * inputs * units <= MAX_ONE_THREAD_WORK:
        _by_rows(x, weight, out)
        return
    size = MAX_ONE_THREAD_WORK // (ROWS * min(inputs, MAX_INPUTS))
    for unit in range(0, units, size):
        some = slice(unit, unit + size)
        _by_rows(x[:, :, :MAX_INPUTS], weight[:, :MAX_INPUTS, some], out[:, :, some])
        for start in range(MAX_INPUTS, inputs, MAX_INPUTS):
            own = slice(start, start + MAX_INPUTS)
            part = np.empty(out[:, :, some].shape, out.dtype)
            _by_rows(x[:, :, own], weight[:, own, some], part)
            out[:, :, some] += part


def _by_rows(x: Array, weight: Array, out: Array) -> None:
    """Write ``x @ weight`` into `out`, some rows at a time."""
    (_, inputs, units), n_samples = weight.shape, x.shape[1]
    most = min(MAX_ROWS, MAX_ONE_THREAD_WORK // max(1, inputs * units)) // ROWS * ROWS
    whole = n_samples // most * most
    for own, rows in ((slice(whole), most), (slice(whole, None), ROWS)):
        if out[:, own].size:
            np.matmul(_cut(x[:, own], rows), weight[:, None], out=_cut(out[:, own], rows))


def _cut(matrix: Array, rows: int) -> Array:
    """Return (members, n_samples, columns) as (members, n_samples / rows, rows, columns)."""
    members, n_samples, columns = matrix.shape
    return matrix.reshape(members, n_samples // rows, rows, columns)
