"""What numba compiles for predictions of large tables, where it is installed.

Of all that a prediction takes, only the bins of numbers are much quicker so: NumPy copies the rows
that it looks up before it adds them, which takes three times as long.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TypeAlias

from madaline.nn.arrays import Array

LookUp: TypeAlias = Callable[[Array, Array, Array, Array], None]
"""Like `look_up`."""


@cache
def compiled_look_up() -> LookUp | None:
    """Return `look_up` compiled, or None where numba is not installed.

    Loading numba takes half a second; the first time on a machine, compiling takes another.
    """
    try:
        from numba import njit
    except ImportError:
        return None
    signature = "void(float32[:,:,::1], intp[:,::1], float32[:,::1], float32[:,::1])"
    compile_it = njit(signature, cache=True, nogil=True, error_model="numpy")
    compiled: LookUp = compile_it(look_up)
    return compiled


def look_up(table: Array, index: Array, part: Array, sums: Array) -> None:
    """Write what the bins of numbers add to sums of units.

    Parameters
    ----------
    table : float32 ndarray of shape (n_bins, 2, units)
        For each bin of each number what the full bins before it add, and what it adds if full.
    index : int ndarray of shape (n_samples, n_numbers)
        The bin that each number lies in.
    part : float32 ndarray of shape (n_samples, n_numbers)
        How far along it.
    sums : float32 ndarray of shape (n_samples, units)
        Where to write.
    """
    for row in range(index.shape[0]):
        own = sums[row]
        own[:] = 0
        for number in range(index.shape[1]):
            before, full = table[index[row, number], 0], table[index[row, number], 1]
            share = part[row, number]
            for unit in range(own.shape[0]):
                own[unit] += before[unit] + share * full[unit]
