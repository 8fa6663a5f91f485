"""A program is a table of numbers: what to do, to numbers at which address, and how many.

`madaline.nn.machine` follows it from the first line to the last in one call, where Python makes one
for each product and each pass over memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any, TypeAlias

import numpy as np

from madaline.nn import kernels
from madaline.nn.arrays import Array
from madaline.nn.compiled import FLOAT32, Kernel, in_one_piece
from madaline.nn.workspace import Call

Follower: TypeAlias = Callable[[Array], None]
"""Does what a program says."""

MATRICES, VECTOR, COPY, TANH, KERNEL = range(5)
"""How a line begins: multiply matrices, or one with a vector, or copy, or take the hyperbolic
tangent; from there on, kernels."""

KERNELS: tuple[Kernel, ...] = (
    kernels.add_bias,
    kernels.rectify,
    kernels.rectify_back,
    kernels.silu,
    kernels.silu_back,
    kernels.below_largest,
    kernels.softmax_slope,
    kernels.adam,
    kernels.schedule_free,
)
"""Kernels that a line may name, in this order."""

COLUMNS = 24
"""Numbers in a line."""

ROWS_FIRST, COLUMNS_FIRST = 101, 102
AS_IT_IS, TURNED = 111, 112
"""What CBLAS calls orders of numbers in memory, and matrices as they are or transposed."""


def in_few_calls(
    calls: Sequence[Call], compiled: Mapping[Kernel, Kernel], follow: Follower
) -> list[Call]:
    """Return calls that do the same: those that a program can say, one behind the other, are one.

    Parameters
    ----------
    calls : sequence of Call
        What was noted. Their arrays must be kept: a program only has their addresses.
    compiled : mapping of kernel to compiled kernel
        Those that were called.
    follow : callable
        What follows a program.

    Examples
    --------
    >>> x, turned = np.ones((2, 3), np.float32), np.empty((3, 2), np.float32)
    >>> calls = [(np.copyto, (turned, x.T), {}), (np.matmul, (x, turned), {"out": x[:, :2]})]
    >>> len(in_few_calls([*calls, (print, (x,), {})], {}, print))
    2
    """
    codes = {compiled.get(kernel): KERNEL + place for place, kernel in enumerate(KERNELS)}
    said = [(lines_of(call, codes), call) for call in calls]
    few: list[Call] = []
    for is_said, some in groupby(said, lambda pair: pair[0] is not None):
        if is_said:
            few.append((follow, (np.concatenate([lines for lines, _ in some]),), {}))
        else:
            few += [call for _, call in some]
    return few


def lines_of(call: Call, codes: Mapping[Any, int]) -> Array | None:
    """Return the lines that say what a call does; None if there are none for it."""
    function, arguments, named = call
    if function is np.matmul:
        return _of_product(*arguments, **named)
    if function is np.copyto:
        return None if named else _of_copy(*arguments)
    if function is np.tanh:
        return _of_tanh(*arguments, **named)
    code = codes.get(function)
    if code is None:
        return None
    numbers = [number for one in arguments for number in (_address(one), *one.shape)]
    return _table([code, *numbers], 1)


def _of_copy(out: Array, source: Array) -> Array | None:
    if out.ndim < 2 or out.shape != source.shape or not _are_floats(out, source):
        return None
    *axes, rows, columns = out.shape
    to, of = _starts(out, axes), _starts(source, axes)
    return _table([COPY, rows, columns, to, *_steps(out), of, *_steps(source)], len(to))


def _of_tanh(x: Array, out: Array) -> Array | None:
    if not in_one_piece(x, out) or x.shape != out.shape:
        return None
    return _table([TANH, _address(x), _address(out), x.size], 1)


def _of_product(x: Array, y: Array, out: Array) -> Array | None:
    """Return what NumPy's `matmul` asks of the matrix library; None where it does it itself.

    As in ``matmul.c.src`` of NumPy, and with its exception for a matrix times itself.
    """
    if min(x.ndim, y.ndim, out.ndim) < 2 or not _are_floats(x, y, out):
        return None
    *axes, rows, columns = out.shape
    starts = _starts(x, axes), _starts(y, axes), _starts(out, axes)
    if x.shape[-1] == 1 or (starts[0] == starts[1]).any():
        return None
    if rows > 1 and columns > 1:
        return _of_matrices(x, y, out, starts)
    if rows > 1:
        return _of_vector(x, y[..., 0], out[..., 0], starts)
    if columns > 1:
        return _of_vector(y.mT, x[..., 0, :], out[..., 0, :], (starts[1], starts[0], starts[2]))
    return None


def _of_matrices(x: Array, y: Array, out: Array, starts: Sequence[Array]) -> Array | None:
    first, second, third = _order(x), _order(y), _order(out)
    if first is None or second is None or third is None or third[0] != AS_IT_IS:
        return None
    shape = *out.shape[-2:], x.shape[-1]
    ends = (starts[0], first[1], starts[1], second[1], starts[2], third[1])
    return _table([MATRICES, first[0], second[0], *shape, *ends], len(starts[0]))


def _of_vector(x: Array, y: Array, out: Array, starts: Sequence[Array]) -> Array | None:
    order, (step, out_step) = _order(x), (_steps(one)[-1] for one in (y, out))
    if order is None or min(step, out_step) < 1:
        return None
    numbers = COLUMNS_FIRST if order[0] == AS_IT_IS else ROWS_FIRST
    ends = (starts[0], order[1], starts[1], step, starts[2], out_step)
    return _table([VECTOR, numbers, x.shape[-1], x.shape[-2], *ends], len(starts[0]))


def _order(matrices: Array) -> tuple[int, int] | None:
    """Return how CBLAS may read matrices, and how far it is from a line of numbers to the next."""
    (row, column), (rows, columns) = _steps(matrices), matrices.shape[-2:]
    if column == 1 and row >= columns:
        return AS_IT_IS, row
    if row == 1 and column >= rows:
        return TURNED, column
    return None


def _starts(matrices: Array, axes: Sequence[int]) -> Array:
    """Return the address of each matrix of a stack that is broadcast to some axes."""
    starts = np.array([_address(matrices)])
    own = list(zip(matrices.shape[:-2], matrices.strides, strict=False))
    for n, (size, stride) in zip(axes, [(1, 0)] * (len(axes) - len(own)) + own, strict=True):
        steps = np.arange(n) * (stride if size > 1 else 0)
        starts = (starts[:, None] + steps).reshape(-1)
    return starts


def _steps(matrices: Array) -> tuple[int, ...]:
    """Return how far it is from row to row and from column to column, in numbers."""
    return tuple(stride // matrices.itemsize for stride in matrices.strides[-2:])


def _table(columns: Sequence[int | Array], n_lines: int) -> Array:
    table = np.zeros((n_lines, COLUMNS), np.int64)
    for place, column in enumerate(columns):
        table[:, place] = column
    return table


def _are_floats(*arrays: Array) -> bool:
    return all(array.dtype == FLOAT32 for array in arrays)


def _address(array: Array) -> int:
    return int(array.__array_interface__["data"][0])
