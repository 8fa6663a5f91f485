"""Kernels compiled by numba, where it is installed: the same bits in less time.

NumPy goes over its arrays once for every operation: a step of `ScheduleFreeAdamW` is sixteen
passes. `madaline.core.kernels` holds the same operations as one loop. Where there is nothing
compiled, or it does not fit the arrays, NumPy's passes do the work; they are the way to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeAlias

import numpy as np

from madaline.core import kernels
from madaline.core.arrays import Array

Kernel: TypeAlias = Callable[..., None]

SIGNATURES: Mapping[Kernel, str] = {
    kernels.add_bias: "3 r2",
    kernels.rectify: "r1 1",
    kernels.rectify_back: "1 r1",
    kernels.silu: "r1 1 1",
    kernels.silu_back: "1 r1 r1",
    kernels.below_largest: "r2 2",
    kernels.softmax_slope: "2 r1 r2 r1",
    kernels.largest_of_four: "r4 4 b4",
    kernels.spread_to_largest: "r4 rb4 4",
    kernels.copy_windows: "r4 6",
    kernels.adam: "2 2 2 2 r1 r2 r1 r2",
    kernels.schedule_free: "2 2 2 2 r1 r2 r1 r2",
}
"""Dimensions of every argument, arrays of float32 in one piece; r for those that are only read, b
for those of bytes."""

FLOAT32 = np.dtype(np.float32)
TRIED = {1: (37,), 2: (5, 37), 3: (5, 3, 37), 4: (2, 4, 5, 7), 6: (2, 4, 5, 3, 3, 7)}
"""Shapes that each kernel is tried with: odd ones, for what is left over by vectors, too."""


@cache
def compiled_kernels() -> Mapping[Kernel, Kernel] | None:
    """Return what numba makes of each kernel; None without numba, or with one that cannot be used.

    The first time on a machine this takes some seconds; numba keeps the machine code in a file.
    """
    try:
        compiled = _compile()
        return compiled if gives_same_bits(compiled) else None
    except Exception:  # whatever is wrong with a library that nobody needs
        return None


def gives_same_bits(compiled: Mapping[Kernel, Kernel]) -> bool:
    """Return whether kernels do to some numbers, to the bit, what they do when interpreted.

    Operations that a compiler contracts into one ("fused multiply-add") would round otherwise.
    """
    with np.errstate(all="ignore"):
        return all(_same_bits(kernel, own) for kernel, own in compiled.items())


def in_one_piece(*arrays: Array) -> bool:
    """Return whether arrays are such as kernels take.

    Examples
    --------
    >>> x = np.zeros((2, 3), np.float32)
    >>> in_one_piece(x, x[0]), in_one_piece(x.T), in_one_piece(x.astype(float))
    (True, False, False)
    """
    for array in arrays:  # noqa: SIM110 (`all` takes three times as long)
        if array.dtype != FLOAT32 or not array.flags.c_contiguous:
            return False
    return True


def _compile() -> Mapping[Kernel, Kernel]:
    from madaline.core.machine import COMPILED

    return COMPILED


def _same_bits(kernel: Kernel, compiled: Kernel) -> bool:
    rng = np.random.default_rng(0)
    arrays: list[Any] = [
        rng.integers(0, 4, TRIED[int(words[-1])], np.uint8)
        if "b" in words
        else np.abs(rng.standard_normal(TRIED[int(words[-1])], np.float32))
        for words in SIGNATURES[kernel].split()
    ]
    arrays[0] *= np.where(rng.random(arrays[0].shape) < 0.5, FLOAT32.type(-1), FLOAT32.type(1))
    copies = [array.copy() for array in arrays]
    kernel(*arrays)
    compiled(*copies)
    return all(one.tobytes() == two.tobytes() for one, two in zip(arrays, copies, strict=True))
