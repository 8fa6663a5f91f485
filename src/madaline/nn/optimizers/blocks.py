"""A step goes over several matrices many times; block by block they stay in the processor's cache.

Steps are elementwise: cut in whatever way, the result is the same to the bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace

BLOCK_ELEMENTS = 2**17
"""Parameters in a block, at most: half a MiB for each matrix in float32.

A step of 15 x 42,000 parameters takes two thirds of the time of whole matrices; with half or twice
this size it takes a tenth longer.
"""


@dataclass(frozen=True)
class Block:
    """Some parameters of some members.

    Parameters
    ----------
    axes : tuple of int
        Shape of the population.
    members : tuple of int or slice
        Index of the members among the axes.
    columns : slice
        Which parameters.
    """

    axes: tuple[int, ...]
    members: tuple[int | slice, ...]
    columns: slice

    def matrix(self, matrix: Array) -> Array:
        """Return the block of a matrix of shape (*axes, parameters), a view."""
        return matrix[(*self.members, Ellipsis, self.columns)]

    def part(self, values: float | Array) -> float | Array:
        """Return the part for this block of what broadcasts to (*axes, 1) or (*axes, parameters).

        Examples
        --------
        >>> block = Block((2,), (slice(1, 2),), slice(0, 3))
        >>> block.part(0.5), block.part(np.array([[1.0], [2.0]]))
        (0.5, array([[2.]]))
        >>> block.part(np.arange(5.0))
        array([[0., 1., 2.]])
        """
        if not isinstance(values, np.ndarray) or values.ndim == 0:
            return values
        columns = self.columns if values.shape[-1] > 1 else slice(None)
        if values.shape[:-1] != self.axes:
            values = np.broadcast_to(values, (*self.axes, values.shape[-1]))
        return values[(*self.members, Ellipsis, columns)]


def blocks(shape: tuple[int, ...]) -> Iterator[Block]:
    """Cut a matrix into blocks that fit the cache: whole members where they are small enough.

    Parameters
    ----------
    shape : tuple of int
        ``(*axes, parameters)``.

    Yields
    ------
    Block
        Together they cover the matrix, each element once.

    Examples
    --------
    >>> [block.members for block in blocks((5, 60_000))]
    [(slice(0, 2, None),), (slice(2, 4, None),), (slice(4, 6, None),)]
    >>> [block.columns for block in blocks((200_000,))]
    [slice(0, 131072, None), slice(131072, 262144, None)]
    """
    *axes, parameters = shape
    width = min(parameters, BLOCK_ELEMENTS)
    for members in _member_blocks(tuple(axes), max(1, width)):
        for start in range(0, parameters, BLOCK_ELEMENTS):
            yield Block(tuple(axes), members, slice(start, start + BLOCK_ELEMENTS))


class Scratch:
    """One array for all blocks of a step to scribble on.

    Parameters
    ----------
    shape : tuple of int
        Shape of the matrix that is cut into blocks.
    dtype : dtype
        Its element type.
    workspace : Workspace
        Where the array comes from.
    """

    def __init__(self, shape: tuple[int, ...], dtype: npt.DTypeLike, workspace: Workspace) -> None:
        self._array = workspace.empty((min(prod(shape), BLOCK_ELEMENTS),), dtype)

    def like(self, block: Array) -> Array:
        """Return uninitialized memory of a block's shape; the same again and again."""
        return self._array[: block.size].reshape(block.shape)


def _member_blocks(axes: tuple[int, ...], width: int) -> Iterator[tuple[int | slice, ...]]:
    """Yield indices of as many members as fit a block, in as few pieces as possible."""
    inner = prod(axes[1:]) * width
    if prod(axes) * width <= BLOCK_ELEMENTS:
        yield ()
    elif inner > BLOCK_ELEMENTS:
        for entry in range(axes[0]):
            yield from ((entry, *rest) for rest in _member_blocks(axes[1:], width))
    else:
        size = BLOCK_ELEMENTS // inner
        yield from ((slice(start, start + size),) for start in range(0, axes[0], size))
