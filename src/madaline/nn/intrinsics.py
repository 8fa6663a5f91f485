"""What numba has no words for: numbers and functions at an address, and vectors of numbers."""

from __future__ import annotations

from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

LANES = 8
"""Numbers that are added at a time."""


def _pointer(item: Any) -> Any:
    """Return what makes a pointer of an address, to numbers of that kind."""

    def pointer(context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

        return types.CPointer(item)(types.int64), generate

    return intrinsic(pointer)


def _call(context: Any, address: Any, arguments: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        parts = cgutils.unpack_tuple(builder, values[1])
        kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [part.type for part in parts])
        builder.call(builder.inttoptr(values[0], kind.as_pointer()), parts)
        return context.get_dummy_value()

    return types.void(types.int64, arguments), generate


def _call_loop(context: Any, address: Any, x: Any, out: Any, count: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        loop, *arrays, count = values
        number, byte = cgutils.intp_t, cgutils.voidptr_t
        arguments, steps = (cgutils.alloca_once(builder, number, size=2) for _ in range(2))
        counts = cgutils.alloca_once_value(builder, count)
        for place, array in enumerate(arrays):
            builder.store(array, builder.gep(arguments, [number(place)]))
            builder.store(number(4), builder.gep(steps, [number(place)]))
        kind = cgutils.ir.FunctionType(cgutils.ir.VoidType(), [byte] * 4)
        given = [builder.bitcast(one, byte) for one in (arguments, counts, steps)]
        builder.call(builder.inttoptr(loop, kind.as_pointer()), [*given, byte(None)])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, types.int64), generate


def _add_scaled(context: Any, sums: Any, full: Any, before: Any, share: Any, width: Any) -> Any:
    """Add ``full * share + before``, `width` numbers at three addresses, vector by vector."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        *addresses, share, width = values
        number = cgutils.ir.FloatType()
        vector = cgutils.ir.VectorType(number, LANES)
        one = builder.insert_element(vector(cgutils.ir.Undefined), share, cgutils.int32_t(0))
        mask = cgutils.ir.Constant(cgutils.ir.VectorType(cgutils.int32_t, LANES), [0] * LANES)
        shares = builder.shuffle_vector(one, vector(cgutils.ir.Undefined), mask)
        starts = [builder.inttoptr(address, vector.as_pointer()) for address in addresses]
        count = builder.sdiv(width, width.type(LANES))
        with cgutils.for_range(builder, count) as loop:
            to, *of = (builder.gep(start, [loop.index]) for start in starts)
            full, before = (builder.load(one, align=4) for one in of)
            product = builder.fadd(builder.fmul(full, shares), before)
            builder.store(builder.fadd(builder.load(to, align=4), product), to, align=4)
        return context.get_dummy_value()

    words = (types.int64,) * 3
    return types.void(*words, types.float32, types.int64), generate


floats_at, doubles_at = _pointer(types.float32), _pointer(types.float64)
places_at, bytes_at = _pointer(types.intp), _pointer(types.uint8)
"""The numbers at an address."""

call = intrinsic(_call)
"""Calls the function of C at an address."""

add_scaled = intrinsic(_add_scaled)
"""Adds to some numbers others, times a share, and yet others."""

call_loop = intrinsic(_call_loop)
"""Calls the loop of NumPy at an address, for some numbers of float32 in one piece."""
