"""Kernels compiled by numba, where it is installed: the same bits in less time.

NumPy goes over its arrays once for every operation: a step of `ScheduleFreeAdamW` is sixteen
passes. `madaline.nn.kernels` holds the same operations as one loop. Where there is nothing
compiled, or it does not fit the arrays, NumPy's passes do the work; they are the way to read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

import numpy as np

from madaline.nn import kernels
from madaline.nn.arrays import Array

Kernel: TypeAlias = Callable[..., None]

OF_TRAINING: Mapping[Kernel, str] = {
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
SIGNATURES = OF_TRAINING
"""Dimensions of every argument, arrays of float32 in one piece; r for those that are only read, b
for those of bytes, d for those of float64, i for those of places."""

FLOAT32 = np.dtype(np.float32)
TRIED = {1: (37,), 2: (5, 37), 3: (5, 3, 37), 4: (2, 4, 5, 7), 6: (2, 4, 5, 3, 3, 7)}
"""Shapes that each kernel is tried with: odd ones, for what is left over by vectors, too."""


@cache
def compiled_kernels() -> Mapping[Kernel, Kernel] | None:
    """Return what numba makes of kernels of training; None without, or if it cannot be used.

    The first time on a machine this takes some seconds; numba keeps the machine code in a file.
    """
    return _tried(_compile)


def _tried(how: Callable[[], Mapping[Kernel, Kernel]]) -> Mapping[Kernel, Kernel] | None:
    try:
        compiled = how()
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


def arrays_to_try(kernel: Kernel) -> list[Array]:
    """Return some arrays that a kernel takes.

    Examples
    --------
    >>> [array.shape for array in arrays_to_try(kernels.add_bias)]
    [(5, 3, 37), (5, 37)]
    """
    rng, words = np.random.default_rng(0), SIGNATURES[kernel].split()
    shapes = [TRIED[int(one[-1])] for one in words]
    arrays = [_some_numbers(*one, rng) for one in zip(words, shapes, strict=True)]
    if arrays[0].dtype.kind == "f":
        arrays[0] *= np.where(rng.random(arrays[0].shape) < 0.5, -1, 1).astype(arrays[0].dtype)
    return arrays


def _compile() -> Mapping[Kernel, Kernel]:
    from madaline.nn.machine import COMPILED

    return COMPILED


def _same_bits(kernel: Kernel, compiled: Kernel) -> bool:
    arrays = arrays_to_try(kernel)
    copies = [array.copy() for array in arrays]
    kernel(*arrays)
    compiled(*copies)
    return all(one.tobytes() == two.tobytes() for one, two in zip(arrays, copies, strict=True))


def _some_numbers(words: str, shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    if "b" in words or "i" in words:
        return np.sort(rng.integers(0, 4, shape, np.uint8 if "b" in words else np.intp))
    return np.abs(rng.standard_normal(shape, np.float64 if "d" in words else np.float32))
