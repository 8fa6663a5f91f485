"""The words for arrays that the whole core shares, and the workspace that arrays come from.

Leading axes are the population's (``members``, or ``recipes, folds``); the last two are always
``(batch, features)`` for data and ``(in_features, out_features)`` for weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, final

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]  # any NumPy array; docstrings give its shape

Rng: TypeAlias = np.random.Generator  # the source of random numbers: always passed, never global

# The named parameters of one layer, each a view ``(*axes, *shape)`` into the population
Parameters: TypeAlias = Mapping[str, Array]

BLOCK = 2**17  # numbers that are processed together: they stay in the processor's cache


def row_blocks(n_rows: int, width: int) -> Iterator[slice]:
    """Yield the rows some at a time, so that what is made of them needs little room.

    >>> list(row_blocks(1000, 256))
    [slice(0, 512, None), slice(512, 1000, None)]
    """
    step = max(16, BLOCK // max(1, width) // 16 * 16)
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


@final
class Workspace:
    """Hands out the same arrays in the same order after every `rewind`.

    A step asks for its arrays one after the other. After ``rewind()`` the next step gets the same
    arrays again, so that only the first step allocates memory. An array handed out is valid until
    the next `rewind`; its content is undefined. One workspace serves one thread at a time.

    >>> workspace = Workspace()
    >>> first = workspace.empty((2, 3), np.float32)
    >>> workspace.rewind()
    >>> workspace.empty((2, 3), np.float32) is first
    True
    """

    __slots__ = ("_arrays", "_handed_out")

    def __init__(self) -> None:
        self._handed_out = 0
        self._arrays: list[Array] = []

    def __reduce__(self) -> tuple[type[Workspace], tuple[()]]:
        """Be copied as an empty one: what it has handed out belongs to others."""
        return Workspace, ()

    def rewind(self) -> None:
        """Start the next step: all arrays may be handed out again."""
        self._handed_out = 0

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Return an uninitialized array."""
        position = self._handed_out
        self._handed_out = position + 1
        if position == len(self._arrays):
            self._arrays.append(np.empty(shape, dtype))
            return self._arrays[position]
        array = self._arrays[position]
        if array.shape != shape or array.dtype != dtype:
            array = self._arrays[position] = np.empty(shape, dtype)
        return array
