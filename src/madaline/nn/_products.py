"""Matrix products of all members, in pieces that the matrix library has its quickest kernels for.

OpenBLAS, the matrix library of NumPy on most machines, copies the matrices of a large product into
an order of its own first. On processors with AVX-512 it has kernels that read small matrices where
they stand: a product of 256 x 64 x 64 takes half of the time in two pieces.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from madaline.nn.arrays import Array, Workspace

_MAX_SMALL = 10**6  # multiply-adds of a product that OpenBLAS takes for small, at most
_MIN_ROWS = 16  # rows of a piece, at least: of fewer, every kernel is slow

# Weights that are copied transposed, at most: copies of more take longer than they save
_MAX_TRANSPOSED = 2**14

_MAX_ONES = 4096  # rows that are added up at a time; of a picture, each position may be a row


def write_product(
    x: Array,  # (*axes, batch, in)
    weight: Array,  # (*axes, in, out)
    out: Array,  # (*axes, batch, out)
) -> None:
    """Write ``x @ weight`` of every member into `out`, some rows of `x` at a time."""
    count = pieces(x.shape[-2], weight.shape[-2] * weight.shape[-1])
    if count == 1:
        np.matmul(x, weight, out=out)
    else:
        np.matmul(_cut(x, count), weight[..., None, :, :], out=_cut(out, count))


def gradient_by_weight(
    x: Array,  # (*axes, batch, in)
    gradient: Array,  # (*axes, batch, out)
    out: Array,  # (*axes, in, out)
) -> None:
    """Write ``x.T @ gradient`` of every member into `out`, some columns of `x` at a time."""
    columns = x.swapaxes(-1, -2)
    count = pieces(columns.shape[-2], x.shape[-2] * gradient.shape[-1])
    if count == 1:
        np.matmul(columns, gradient, out=out)
    else:
        np.matmul(_cut(columns, count), gradient[..., None, :, :], out=_cut(out, count))


def gradient_by_input(
    gradient: Array,  # (*axes, batch, out)
    weight: Array,  # (*axes, in, out)
    workspace: Workspace,
) -> Array:
    """Return ``gradient @ weight.T`` of every member, shape (*axes, batch, in).

    Where the weight is small, it is copied transposed: there are no quick kernels for a product of
    rows with rows.
    """
    in_features, units = weight.shape[-2:]
    out = workspace.empty((*gradient.shape[:-1], in_features), gradient.dtype)
    transposed = weight.swapaxes(-1, -2)
    if in_features * units > _MAX_TRANSPOSED:
        return np.matmul(gradient, transposed, out=out)
    copy = workspace.empty(transposed.shape, transposed.dtype)
    np.copyto(copy, transposed)
    write_product(gradient, copy, out)
    return out


def sum_over_batch(x: Array, out: Array) -> None:
    """Write the sum over the rows of `x`, (*axes, batch, features), into `out`, (*axes, features).

    A product with a row of ones takes a third of the time of ``sum`` over the second last axis.
    """
    ones, batch = _ones(x.dtype), x.shape[-2]
    np.matmul(ones[:, : min(batch, _MAX_ONES)], x[..., :_MAX_ONES, :], out=out[..., None, :])
    for start in range(_MAX_ONES, batch, _MAX_ONES):
        block = x[..., start : start + _MAX_ONES, :]
        out += np.matmul(ones[:, : block.shape[-2]], block)[..., 0, :]


@lru_cache(maxsize=4096)
def pieces(rows: int, multiply_adds: int) -> int:
    """Return into how many equal pieces to cut the rows of a product, `multiply_adds` for each.

    As few as are small each; 1 where that cannot be.

    >>> pieces(256, 64 * 64), pieces(256, 512 * 512)
    (2, 1)
    """
    for count in range(1, rows // _MIN_ROWS + 1):
        if rows % count == 0 and rows // count * multiply_adds <= _MAX_SMALL:
            return count
    return 1


def _cut(matrix: Array, count: int) -> Array:
    """Return (*axes, rows, columns) as (*axes, count, rows / count, columns), a view."""
    *axes, rows, columns = matrix.shape
    return matrix.reshape(*axes, count, rows // count, columns)


@cache
def _ones(dtype: npt.DTypeLike) -> Array:
    """Return a row of ones, shape (1, MOST_ONES), read-only."""
    row = np.ones((1, _MAX_ONES), dtype)
    row.flags.writeable = False
    return row
