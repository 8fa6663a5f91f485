"""Arrays that are used again for every block of rows: new memory would take as long as its use."""

from __future__ import annotations

from math import prod

import numpy as np

from madaline.nn.arrays import Array


class Buffers:
    """Arrays by name, for one thread (final).

    Examples
    --------
    >>> buffers = Buffers()
    >>> first = buffers.empty("sums", (3, 4))
    >>> np.shares_memory(first, buffers.empty("sums", (2, 4)))
    True
    """

    def __init__(self) -> None:
        self._arrays: dict[str, Array] = {}

    def empty(self, name: str, shape: tuple[int, ...]) -> Array:
        """Return an uninitialized array of float32, valid until that name is asked for again."""
        size = prod(shape)
        array = self._arrays.get(name)
        if array is None or array.size < size:
            array = self._arrays[name] = np.empty(size, np.float32)
        return array[:size].reshape(shape)
