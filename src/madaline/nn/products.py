"""Matrix products, cut into pieces that the matrix library has its quickest kernels for.

OpenBLAS, the matrix library of NumPy on most machines, copies the matrices of a large product into
an order of its own first. On processors with AVX-512 it has kernels that read small matrices where
they stand: a product of 256 x 128 x 128 takes seven eighths of the time in eight pieces.
"""

from __future__ import annotations

from functools import cache, lru_cache
from math import inf

import numpy as np
import numpy.typing as npt

from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace

LARGEST_SMALL = 10**6
"""Multiply-adds of a product that OpenBLAS takes for small, at most."""

FEWEST_ROWS = 8
"""Rows of a piece, at least: of fewer, every kernel is slow."""

FEWEST_COLUMNS = 16
"""Columns of a piece that is read across, at least: then whole lines of the cache are read."""

LARGEST_TURNED = 2**14
"""Weights that are copied the other way round, at most: more take longer than that saves."""

MOST_ONES = 4096
"""Rows that are added up at a time; of a picture, each position may be a row."""


def write_product(x: Array, weight: Array, out: Array, workspace: Workspace) -> None:
    """Write ``x @ weight`` of every member into `out`, some rows of `x` at a time.

    Parameters
    ----------
    x : ndarray of shape (*axes, batch, in)
        Leading axes of one, or fewer of them, are shared by the members.
    weight : ndarray of shape (*axes, in, out)
        What each row is multiplied with.
    out : ndarray of shape (*axes, batch, out)
        Where to write.
    workspace : Workspace
        How large a product may be, and where arrays come from.

    Examples
    --------
    >>> x, weight = np.ones((2, 256, 128), np.float32), np.ones((2, 128, 128), np.float32)
    >>> out = np.empty((2, 256, 128), np.float32)
    >>> write_product(x, weight, out, Workspace())
    >>> bool((out == 128).all())
    True
    """
    batch, (in_features, units) = x.shape[-2], weight.shape[-2:]
    count = pieces(batch, in_features * units, FEWEST_ROWS)
    if batch * in_features * units > (workspace.largest_product or inf):
        _add_up_inputs(x, weight, out, workspace)
    elif count == 1:
        workspace.do(np.matmul, x, weight, out=out)
    else:
        workspace.do(np.matmul, _cut(x, count), weight[..., None, :, :], out=_cut(out, count))


def gradient_by_weight(x: Array, gradient: Array, out: Array, workspace: Workspace) -> None:
    """Write ``x.T @ gradient`` of every member into `out`, some columns of `x` at a time.

    Parameters
    ----------
    x : ndarray of shape (*axes, batch, in)
        Leading axes of one, or fewer of them, are shared by the members.
    gradient : ndarray of shape (*axes, batch, out)
        What each column of `x` is multiplied with.
    out : ndarray of shape (*axes, in, out)
        Where to write.
    workspace : Workspace
        Does it.
    """
    batch, in_features = x.shape[-2:]
    count = pieces(in_features, batch * gradient.shape[-1], FEWEST_COLUMNS)
    if count == 1:
        workspace.do(np.matmul, x.swapaxes(-1, -2), gradient, out=out)
    else:
        columns = _cut(x.swapaxes(-1, -2), count)
        workspace.do(np.matmul, columns, gradient[..., None, :, :], out=_cut(out, count))


def gradient_by_input(gradient: Array, weight: Array, workspace: Workspace) -> Array:
    """Return ``gradient @ weight.T`` of every member, shape (*axes, batch, in).

    Where the weight is small, it is copied the other way round: there are no quick kernels for a
    product of rows with rows.

    Parameters
    ----------
    gradient : ndarray of shape (*axes, batch, out)
        Gradient of the loss by the sums.
    weight : ndarray of shape (*axes, in, out)
        What the inputs were multiplied with.
    workspace : Workspace
        Where the arrays come from.

    Examples
    --------
    >>> gradient_by_input(np.array([[1.0, 2.0]]), np.array([[3.0, 4.0]]), Workspace())
    array([[11.]])
    """
    in_features, units = weight.shape[-2:]
    out = workspace.empty((*gradient.shape[:-1], in_features), gradient.dtype)
    turned = weight.swapaxes(-1, -2)
    if in_features * units > LARGEST_TURNED or not has_small_kernels():
        workspace.do(np.matmul, gradient, turned, out=out)
        return out
    copy = workspace.empty(turned.shape, turned.dtype)
    workspace.do(np.copyto, copy, turned)
    write_product(gradient, copy, out, workspace)
    return out


def sum_over_batch(x: Array, out: Array, workspace: Workspace) -> None:
    """Write the sum over the rows of `x`, (*axes, batch, features), into `out`, (*axes, features).

    A product with a row of ones takes a third of the time of ``sum`` over the second last axis.

    Examples
    --------
    >>> out = np.empty(2)
    >>> sum_over_batch(np.array([[1.0, 2.0], [3.0, 4.0]]), out, Workspace())
    >>> out
    array([4., 6.])
    """
    row, batch = _ones(x.dtype), x.shape[-2]
    first = row[:, : min(batch, MOST_ONES)]
    workspace.do(np.matmul, first, x[..., :MOST_ONES, :], out=out[..., None, :])
    for start in range(MOST_ONES, batch, MOST_ONES):
        block = x[..., start : start + MOST_ONES, :]
        part = workspace.empty(out.shape, out.dtype)
        workspace.do(np.matmul, row[:, : block.shape[-2]], block, out=part[..., None, :])
        workspace.do(np.add, out, part, out=out)


@lru_cache(maxsize=4096)
def pieces(rows: int, multiply_adds: int, fewest: int) -> int:
    """Return into how many equal pieces to cut the rows of a product.

    Parameters
    ----------
    rows : int
        Rows of the product.
    multiply_adds : int
        Those of each row.
    fewest : int
        Rows of a piece, at least.

    Returns
    -------
    int
        As few pieces as are small each; 1 where there are none or where it would not help.
    """
    if not has_small_kernels() or rows * multiply_adds <= LARGEST_SMALL:
        return 1
    for count in range(2, rows // fewest + 1):
        if rows % count == 0 and rows // count * multiply_adds <= LARGEST_SMALL:
            return count
    return 1


@cache
def has_small_kernels() -> bool:
    """Return whether NumPy multiplies with OpenBLAS on a processor with AVX-512."""
    config = np.show_config(mode="dicts")
    library = str(config.get("Build Dependencies", {}).get("blas", {}).get("name"))
    found = config.get("SIMD Extensions", {}).get("found", ())
    return "openblas" in library and any(name in found for name in ("X86_V4", "AVX512_SKX"))


def _add_up_inputs(x: Array, weight: Array, out: Array, workspace: Workspace) -> None:
    """Write ``x @ weight`` into `out`, no product larger than the workspace allows."""
    batch, in_features, units = x.shape[-2], x.shape[-1], weight.shape[-1]
    size = max(1, (workspace.largest_product or 0) // max(1, batch * units))
    workspace.do(np.matmul, x[..., :size], weight[..., :size, :], out=out)
    for start in range(size, in_features, size):
        block = slice(start, start + size)
        part = workspace.empty(out.shape, out.dtype)
        workspace.do(np.matmul, x[..., block], weight[..., block, :], out=part)
        workspace.do(np.add, out, part, out=out)


def _cut(matrix: Array, count: int) -> Array:
    """Return (*axes, rows, columns) as (*axes, count, rows / count, columns), a view."""
    *axes, rows, columns = matrix.shape
    return matrix.reshape(*axes, count, rows // count, columns)


@cache
def _ones(dtype: npt.DTypeLike) -> Array:
    """Return a row of ones, shape (1, MOST_ONES), that nobody may write to."""
    row = np.ones((1, MOST_ONES), dtype)
    row.flags.writeable = False
    return row
