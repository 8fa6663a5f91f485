"""Compiled arithmetic: products, sums, an exponential; and the loops of predictions."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any, final

import numpy as np
from numba import njit
from numba.core import event

from madaline.nn.arrays import Array

_SMALL_PRODUCT = 10**6  # multiply-adds of a product that OpenBLAS takes for small, at most

ZERO, HALF, ONE = np.float32(0), np.float32(0.5), np.float32(1)


def remove_stale(folder: Path) -> None:
    """Remove compiled code of a folder that is older than one of its sources.

    numba compares a function with the file that defines it, not with those that this file imports,
    and it reads the kept types before it compares: a type that was renamed would end in an error.
    """
    moments = (path.stat().st_mtime for path in folder.glob("compiled_*.py"))
    changed = max(moments, default=0.0)  # in an archive there are no files of sources
    for path in (folder / "__pycache__").glob("compiled_*.nb[ic]"):
        with suppress(OSError):  # another process removed it, or the folder is read-only
            if path.stat().st_mtime < changed:
                path.unlink()


remove_stale(Path(__file__).parent)


def compiled(function: Any) -> Any:
    """Return what numba makes of a function, kept on disk for the next process.

    Products and sums are rounded one by one. Where a sum of two products is fused, the compiler
    chooses which of them, and the process that compiles chose differently from those that load.
    """
    return njit(cache=True, nogil=True, error_model="numpy")(function)


def _fused(function: Any) -> Any:
    """Return the same with fused multiply-adds: only where one product at a time is added."""
    return njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})(function)


def before_compiling(tell: Callable[[], object]) -> AbstractContextManager[Any]:
    """Return a context in which `tell` is called once before anything is compiled, not loaded."""
    context: AbstractContextManager[Any] = event.install_listener("numba:compile", _First(tell))
    return context


@final
class _First(event.Listener):  # type: ignore[misc]  # numba's hints are not enough
    """Calls a function at the first event."""

    def __init__(self, tell: Callable[[], object]) -> None:
        self._tell: Callable[[], object] | None = tell

    def on_start(self, event: Any) -> None:
        tell, self._tell = self._tell, None
        if tell is not None:
            tell()

    def on_end(self, event: Any) -> None:
        pass


@compiled
def _rows_at_once(batch: int, multiply_adds: int) -> int:
    """Return how many rows of a product to take at a time, `multiply_adds` for each.

    OpenBLAS has kernels for small products that read matrices where they stand. On processors with
    AVX-512 a product of 256 x 64 x 64 takes half of the time in two pieces.
    """
    piece = _SMALL_PRODUCT // multiply_adds // 8 * 8
    return piece if piece >= 32 else batch


@compiled
def multiply(x: Array, weight: Array, out: Array) -> None:
    """Write ``x @ weight``."""
    piece = _rows_at_once(x.shape[0], weight.size)
    for start in range(0, x.shape[0], piece):
        np.dot(x[start : start + piece], weight, out[start : start + piece])


@compiled
def multiply_transposed(x: Array, gradient: Array, out: Array, part: Array) -> None:
    """Write ``x.T @ gradient``."""
    piece = _rows_at_once(x.shape[0], out.size)
    np.dot(x[:piece].T, gradient[:piece], out)
    for start in range(piece, x.shape[0], piece):
        np.dot(x[start : start + piece].T, gradient[start : start + piece], part)
        for row in range(out.shape[0]):
            for column in range(out.shape[1]):
                out[row, column] += part[row, column]


@compiled
def add_bias(y: Array, bias: Array) -> None:
    """Add the bias of each unit."""
    for row in range(y.shape[0]):
        for unit in range(y.shape[1]):
            y[row, unit] += bias[unit]


@compiled
def sum_rows(x: Array, out: Array) -> None:
    """Write the sum of all rows."""
    out[:] = ZERO
    for row in range(x.shape[0]):
        for unit in range(x.shape[1]):
            out[unit] += x[row, unit]


@compiled
def transpose(x: Array, out: Array) -> None:
    """Write ``x.T``."""
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            out[column, row] = x[row, column]


@compiled
def multiply_elements(x: Array, factor: Array) -> None:
    """Multiply ``x *= factor``."""
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            x[row, column] *= factor[row, column]


@_fused
def exp(x: Any) -> Any:
    """Return e to the power of x, within two roundings: numba's own is a call for each number.

    ``exp(x) = 2**n exp(r)`` with a whole n and ``|r| <= log(2) / 2``, where a polynomial does
    (Cephes, expf.c). Beyond ±87 the result is that of ±87.
    """
    x = np.float32(87) if x > np.float32(87) else x
    x = np.float32(-87) if x < np.float32(-87) else x
    n = np.floor(x * np.float32(1.44269504) + HALF)
    r = x - n * np.float32(0.693359375) + n * np.float32(2.12194440e-4)
    p = np.float32(1.9875691500e-4)
    p = p * r + np.float32(1.3981999507e-3)
    p = p * r + np.float32(8.3334519073e-3)
    p = p * r + np.float32(4.1665795894e-2)
    p = p * r + np.float32(1.6666665459e-1)
    p = p * r + np.float32(5.0000001201e-1)
    power = np.int32((np.int32(n) + np.int32(127)) << np.int32(23)).view(np.float32)
    return (p * r * r + r + ONE) * power


@compiled
def look_up(
    table: Array,  # float32 (n_bins, 2, units): what full bins before add, and a full bin adds
    index: Array,  # int (n_samples, n_numbers): the bin that each number lies in
    part: Array,  # float32 (n_samples, n_numbers): how far along it
    sums: Array,  # float32 (n_samples, units)
) -> None:
    """Write what the bins of numbers add to sums of units."""
    for row in range(index.shape[0]):
        sums_of_row = sums[row]
        sums_of_row[:] = 0
        for number in range(index.shape[1]):
            before, full = table[index[row, number], 0], table[index[row, number], 1]
            share = part[row, number]
            for unit in range(sums_of_row.shape[0]):
                sums_of_row[unit] += before[unit] + share * full[unit]


@compiled
def activate(h: Array, bias: Array, gain: Array) -> None:
    """Turn halves of sums, (n_samples, units), into ``half (gain + tanh(half))``, biases added.

    With a gain of 1 that is ``x sigmoid(x)`` with ``x = 2 half``.
    """
    for row in range(h.shape[0]):
        for unit in range(h.shape[1]):
            half = h[row, unit] + bias[unit]
            x = half + half
            h[row, unit] = x / (ONE + exp(-x)) + half * (gain[unit] - ONE)
