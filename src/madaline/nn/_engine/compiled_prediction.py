"""What numba compiles for predictions of large tables: bins and activations in one pass each.

NumPy copies the rows that it looks up before it adds them, and goes over the sums of units once for
each operation. Matrix products stay NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from madaline.nn.arrays import Array


class CompiledPrediction(NamedTuple):
    """The compiled functions of `madaline.nn._engine.compiled_arithmetic`, by name."""

    look_up: Callable[[Array, Array, Array, Array], None]
    activate: Callable[[Array, Array, Array], None]


@cache
def compiled_prediction() -> CompiledPrediction | None:
    """Return compiled functions, or None where numba is not installed.

    Loading numba takes half a second; the first time on a machine, compiling takes some more.
    """
    try:
        from madaline.nn._engine.compiled_arithmetic import activate, look_up
    except ImportError:
        return None
    return CompiledPrediction(look_up, activate)
