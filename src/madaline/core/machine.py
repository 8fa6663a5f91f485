"""What numba compiles; imported only where it is wanted and installed.

Each kernel, and `follow`, which follows a program (`madaline.core.programs`). For products it calls
the functions of the matrix library that NumPy calls, so they have the same bits.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from numba import carray, njit, types
from numba.core import cgutils
from numba.extending import intrinsic
from numpy._core import _multiarray_umath  # type: ignore[attr-defined]

from madaline.core import kernels
from madaline.core.arrays import Array
from madaline.core.compiled import SIGNATURES, Kernel
from madaline.core.programs import COPY, KERNEL, KERNELS, MATRICES, ROWS_FIRST, TURNED, VECTOR

ONE, ZERO = kernels.ONE, kernels.ZERO


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


def _compiled(function: Any, *signature: Any) -> Any:
    return njit(*signature, cache=True, nogil=True, error_model="numpy")(function)


def _compiled_kernel(kernel: Kernel) -> Any:
    return _compiled(kernel, types.void(*map(_argument, SIGNATURES[kernel].split())))


def _argument(words: str) -> Any:
    item = types.uint8 if "b" in words else types.float32
    return types.Array(item, int(words[-1]), "C", readonly="r" in words)


def _floats_at(context: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return types.CPointer(types.float32)(types.int64), generate


def _call(context: Any, address: Any, arguments: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        parts = cgutils.unpack_tuple(builder, values[1])
        kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [part.type for part in parts])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), parts)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), generate


floats_at = intrinsic(_floats_at)
"""The numbers at an address."""

call = intrinsic(_call)
"""Calls the function of C at an address."""

COMPILED: dict[Kernel, Any] = {kernel: _compiled_kernel(kernel) for kernel in SIGNATURES}

add_bias, rectify, rectify_back = (COMPILED[kernel] for kernel in KERNELS[:3])
silu, silu_back, below_largest = (COMPILED[kernel] for kernel in KERNELS[3:6])
softmax_slope, adam, schedule_free = (COMPILED[kernel] for kernel in KERNELS[6:])


def _array(line: Array, at: int) -> Any:
    return carray(floats_at(line[at]), (line[at + 1],))


def _matrix(line: Array, at: int) -> Any:
    return carray(floats_at(line[at]), (line[at + 1], line[at + 2]))


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
copy, multiply, multiply_vector = map(_compiled, (_copy, _multiply, _multiply_vector))


def _follow(matrices: int, vector: int, program: Array) -> None:
    for place in range(program.shape[0]):
        line = program[place]
        what = line[0] - KERNEL
        if line[0] == MATRICES:
            multiply(matrices, line)
        elif line[0] == VECTOR:
            multiply_vector(vector, line)
        elif line[0] == COPY:
            copy(line)
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
        else:
            theta, gradient = matrix(line, 1), matrix(line, 4)
            memory, squares = matrix(line, 7), matrix(line, 10)
            betas, numbers = array(line, 13), matrix(line, 15)
            rates, decay = array(line, 18), matrix(line, 20)
            if what == 7:
                adam(theta, gradient, memory, squares, betas, numbers, rates, decay)
            else:
                schedule_free(theta, gradient, memory, squares, betas, numbers, rates, decay)


follow = _compiled(_follow, types.void(types.int64, types.int64, types.int64[:, ::1]))
