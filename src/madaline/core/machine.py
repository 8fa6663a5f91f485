"""What numba compiles; imported only where it is wanted and installed.

Each kernel, and `follow`, which follows a program (`madaline.core.programs`). For products it calls
the functions of the matrix library that NumPy calls, so they have the same bits.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import carray, njit, types
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from madaline.core import kernels, row_kernels
from madaline.core.arrays import Array
from madaline.core.compiled import SIGNATURES, Kernel
from madaline.core.intrinsics import (
    add_scaled,
    bytes_at,
    call,
    call_loop,
    doubles_at,
    floats_at,
    places_at,
)
from madaline.core.programs import COPY, KERNEL, KERNELS, MATRICES, ROWS_FIRST, TANH, TURNED, VECTOR

ONE, ZERO = kernels.ONE, kernels.ZERO
ITEMS = {"b": types.uint8, "d": types.float64, "i": types.intp}


def product_addresses() -> tuple[int, int]:
    """Return where the matrix library has the product of matrices, and that with a vector.

    Raises
    ------
    AttributeError
        If it is not OpenBLAS as NumPy brings it along, which counts in 64 bits.
    """
    library = ctypes.CDLL(_multiarray_umath.__file__)  # and what it is linked with
    products = library.scipy_cblas_sgemm64_, library.scipy_cblas_sgemv64_
    matrices, vector = (ctypes.cast(one, ctypes.c_void_p).value or 0 for one in products)
    return matrices, vector


class _Ufunc(ctypes.Structure):
    """The beginning of what NumPy's manual of its C interface calls `PyUFuncObject`."""

    _fields_ = (
        ("references", ctypes.c_ssize_t),
        ("type", ctypes.c_void_p),
        ("n_in", ctypes.c_int),
        ("n_out", ctypes.c_int),
        ("n_arguments", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("n_types", ctypes.c_int),
    )


def tanh_address() -> int:
    """Return where NumPy has its loop for the hyperbolic tangent of float32.

    Raises
    ------
    ValueError
        If it is not where it should be.
    """
    ufunc = _Ufunc.from_address(id(np.tanh))
    counts = ufunc.n_in, ufunc.n_out, ufunc.n_arguments, ufunc.n_types
    place = np.tanh.types.index("f->f")
    if counts != (1, 1, 2, len(np.tanh.types)) or ufunc.data[place] is not None:
        raise ValueError("NumPy's hyperbolic tangent is not as its manual says")
    return ufunc.functions[place] or 0


def _compiled(function: Any, *signature: Any) -> Any:
    return njit(*signature, cache=True, nogil=True, error_model="numpy")(function)


def _compiled_kernel(kernel: Kernel) -> Any:
    return _compiled(kernel, types.void(*map(_argument, SIGNATURES[kernel].split())))


def _argument(words: str) -> Any:
    item = next((ITEMS[word] for word in words if word in ITEMS), types.float32)
    return types.Array(item, int(words[-1]), "C", readonly="r" in words)


def _add_bins(own: Array, part: Array, before: Array, full: Array, sums: Array) -> None:
    """`row_kernels.add_bins`, which numba does not see how to do with vectors."""
    n_numbers, rows = own.shape
    width = sums.shape[1]
    to, of_full, of_before = sums.ctypes.data, full.ctypes.data, before.ctypes.data
    sums[...] = -ZERO
    for number in range(n_numbers):
        for row in range(rows):
            skipped = 4 * width * own[number, row]
            share = np.float32(part[number, row])
            add_scaled(to + 4 * width * row, of_full + skipped, of_before + skipped, share, width)


COMPILED: dict[Kernel, Any] = {kernel: _compiled_kernel(kernel) for kernel in SIGNATURES}
COMPILED[row_kernels.add_bins] = _compiled(
    _add_bins, types.void(*map(_argument, SIGNATURES[row_kernels.add_bins].split()))
)

add_bias, rectify, rectify_back = (COMPILED[kernel] for kernel in KERNELS[:3])
silu, silu_back, below_largest = (COMPILED[kernel] for kernel in KERNELS[3:6])
softmax_slope, adam, schedule_free = (COMPILED[kernel] for kernel in KERNELS[6:9])
fill, scale, turn, find_bins, part_of_bins = (COMPILED[kernel] for kernel in KERNELS[9:14])
add_bins, add_to_columns, bend = (COMPILED[kernel] for kernel in KERNELS[14:])


def _array(line: Array, at: int) -> Any:
    return carray(floats_at(line[at]), (line[at + 1],))


def _matrix(line: Array, at: int) -> Any:
    return carray(floats_at(line[at]), (line[at + 1], line[at + 2]))


def _doubles(line: Array, at: int) -> Any:
    return carray(doubles_at(line[at]), (line[at + 1],))


def _double_matrix(line: Array, at: int) -> Any:
    return carray(doubles_at(line[at]), (line[at + 1], line[at + 2]))


def _byte_matrix(line: Array, at: int) -> Any:
    return carray(bytes_at(line[at]), (line[at + 1], line[at + 2]))


def _places(line: Array, at: int) -> Any:
    return carray(places_at(line[at]), (line[at + 1],))


def _place_matrix(line: Array, at: int) -> Any:
    return carray(places_at(line[at]), (line[at + 1], line[at + 2]))


def _stack(line: Array, at: int) -> Any:
    return carray(floats_at(line[at]), (line[at + 1], line[at + 2], line[at + 3]))


def _multiply(product: int, line: Array) -> None:
    turned = np.int32(line[1]), np.int32(line[2])
    x, y, out = (line[6], line[7]), (line[8], line[9]), (line[10], line[11])
    order, shape = (np.int32(ROWS_FIRST),), (line[3], line[4], line[5])
    call(product, order + turned + shape + (ONE,) + x + y + (ZERO,) + out)


def _multiply_vector(product: int, line: Array) -> None:
    order, shape = (np.int32(line[1]), np.int32(TURNED)), (line[2], line[3])
    x, y, out = (line[4], line[5]), (line[6], line[7]), (line[8], line[9])
    call(product, order + shape + (ONE,) + x + y + (ZERO,) + out)


def _copy(line: Array) -> None:
    rows, columns = line[1], line[2]
    out_row, out_column, row, column = line[4], line[5], line[7], line[8]
    out = carray(floats_at(line[3]), ((rows - 1) * out_row + (columns - 1) * out_column + 1,))
    source = carray(floats_at(line[6]), ((rows - 1) * row + (columns - 1) * column + 1,))
    for one in range(rows):
        place, out_place = np.uint64(one * row), np.uint64(one * out_row)  # quicker than signed
        for _ in range(columns):
            out[out_place] = source[place]
            place += np.uint64(column)
            out_place += np.uint64(out_column)


array, matrix, stack = _compiled(_array), _compiled(_matrix), _compiled(_stack)
doubles, double_matrix, byte_matrix = map(_compiled, (_doubles, _double_matrix, _byte_matrix))
places, place_matrix = _compiled(_places), _compiled(_place_matrix)
copy, multiply, multiply_vector = map(_compiled, (_copy, _multiply, _multiply_vector))


def _follow_rows(what: int, line: Array) -> None:
    if what == 9:
        fill(double_matrix(line, 1), double_matrix(line, 4), byte_matrix(line, 7))
    elif what == 10:
        numbers, center = double_matrix(line, 1), double_matrix(line, 4)
        scale(numbers, center, double_matrix(line, 7), double_matrix(line, 10))
    elif what == 11:
        turn(double_matrix(line, 1), places(line, 4), matrix(line, 6))
    elif what == 12:
        numbers, starts = double_matrix(line, 1), double_matrix(line, 4)
        find_bins(numbers, starts, place_matrix(line, 7), place_matrix(line, 10))
    elif what == 13:
        numbers, own = double_matrix(line, 1), place_matrix(line, 4)
        lowest, highest = double_matrix(line, 7), double_matrix(line, 10)
        low, width = doubles(line, 13), doubles(line, 15)
        part_of_bins(numbers, own, lowest, highest, low, width, double_matrix(line, 17))
    elif what == 14:
        own, part, before = place_matrix(line, 1), double_matrix(line, 4), matrix(line, 7)
        add_bins(own, part, before, matrix(line, 10), matrix(line, 13))
    elif what == 15:
        add_to_columns(matrix(line, 1), places(line, 4), matrix(line, 6))
    else:
        bend(array(line, 1), array(line, 3))


follow_rows = _compiled(_follow_rows, types.void(types.int64, types.int64[::1]))


def _follow(matrices: int, vector: int, tanh: int, program: Array) -> None:
    for place in range(program.shape[0]):
        line = program[place]
        what = line[0] - KERNEL
        if line[0] == MATRICES:
            multiply(matrices, line)
        elif line[0] == VECTOR:
            multiply_vector(vector, line)
        elif line[0] == COPY:
            copy(line)
        elif line[0] == TANH:
            call_loop(tanh, line[1], line[2], line[3])
        elif what == 0:
            add_bias(stack(line, 1), matrix(line, 5))
        elif what == 1:
            rectify(array(line, 1), array(line, 3))
        elif what == 2:
            rectify_back(array(line, 1), array(line, 3))
        elif what == 3:
            silu(array(line, 1), array(line, 3), array(line, 5))
        elif what == 4:
            silu_back(array(line, 1), array(line, 3), array(line, 5))
        elif what == 5:
            below_largest(matrix(line, 1), matrix(line, 4))
        elif what == 6:
            softmax_slope(matrix(line, 1), array(line, 4), matrix(line, 6), array(line, 9))
        elif what < 9:
            theta, gradient = matrix(line, 1), matrix(line, 4)
            memory, squares = matrix(line, 7), matrix(line, 10)
            betas, numbers = array(line, 13), matrix(line, 15)
            rates, decay = array(line, 18), matrix(line, 20)
            if what == 7:
                adam(theta, gradient, memory, squares, betas, numbers, rates, decay)
            else:
                schedule_free(theta, gradient, memory, squares, betas, numbers, rates, decay)
        else:
            follow_rows(what, line)


follow = _compiled(_follow, types.void(types.int64, types.int64, types.int64, types.int64[:, ::1]))
