"""Which backend a race gets."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec

from madaline._engine.backend import Backend
from madaline._engine.numpy_backend import NumpyBackend

# Planned multiply-adds for which compiled training is worth the half second that loading takes
MIN_COMPILED_WORK = 2e10


def choose_backend(multiply_adds: float) -> Backend:
    """Return the backend for a race of so many planned multiply-adds.

    >>> choose_backend(1e6).name
    'numpy'
    """
    return backend_named("numba" if multiply_adds >= MIN_COMPILED_WORK and has_numba() else "numpy")


def backend_named(name: str) -> Backend:
    """Return the backend of a name, ``"numpy"`` or ``"numba"``."""
    if name == "numba":
        from madaline._engine.numba_backend import NumbaBackend

        return NumbaBackend()
    return NumpyBackend()


@cache
def has_numba() -> bool:
    """Return whether numba is installed, and SciPy, whose matrix products it calls."""
    return find_spec("numba") is not None and find_spec("scipy") is not None
