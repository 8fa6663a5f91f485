"""How a line of a program is read, and done where it is no kernel; only with numba.

For products it calls the functions of the matrix library that NumPy calls, and for the hyperbolic
tangent NumPy's own loop, so they have the same bits.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import carray, njit, types
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from madaline.nn.arrays import Array
from madaline.nn.compiled import SIGNATURES, Kernel
from madaline.nn.intrinsics import bytes_at, call, call_loop, doubles_at, floats_at, places_at
from madaline.nn.kernels import ONE, ZERO
from madaline.nn.programs import COPY, MATRICES, ROWS_FIRST, TURNED, VECTOR

ITEMS = {"b": types.uint8, "d": types.float64, "i": types.intp}

FOLLOWS = types.void(types.int64, types.int64, types.int64, types.int64[:, ::1])
"""What follows a program gets the addresses of `addresses`, and the program."""


def addresses() -> tuple[int, int, int]:
    """Return where the products of matrices and with a vector are, and the hyperbolic tangent."""
    return (*product_addresses(), tanh_address())


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


def compiled(function: Any, *signature: Any) -> Any:
    """Return what numba makes of a function, kept in a file for the next process."""
    return njit(*signature, cache=True, nogil=True, error_model="numpy")(function)


def compiled_kernel(kernel: Kernel, how: Kernel | None = None) -> Any:
    """Return what numba makes of a kernel, or of another function that does the same."""
    return compiled(how or kernel, types.void(*map(_argument, SIGNATURES[kernel].split())))


def _argument(words: str) -> Any:
    item = next((ITEMS[word] for word in words if word in ITEMS), types.float32)
    return types.Array(item, int(words[-1]), "C", readonly="r" in words)


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


array, matrix, stack = compiled(_array), compiled(_matrix), compiled(_stack)
doubles, double_matrix, byte_matrix = map(compiled, (_doubles, _double_matrix, _byte_matrix))
places, place_matrix = compiled(_places), compiled(_place_matrix)
copy, multiply, multiply_vector = map(compiled, (_copy, _multiply, _multiply_vector))


def _do_no_kernel(matrices: int, vector: int, tanh: int, line: Array) -> None:
    if line[0] == MATRICES:
        multiply(matrices, line)
    elif line[0] == VECTOR:
        multiply_vector(vector, line)
    elif line[0] == COPY:
        copy(line)
    else:
        call_loop(tanh, line[1], line[2], line[3])


do_no_kernel = compiled(_do_no_kernel)
"""Does what a line says that names no kernel."""
