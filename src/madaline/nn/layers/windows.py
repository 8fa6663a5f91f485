"""Windows of a grid, copied side by side: the matrix that a convolution multiplies ("im2col").

A window is what stands around a position. Neighbors share most of theirs, so all windows are nine
times the grid; only some rows' are there at a time, in the processor's cache.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from madaline.nn.arrays import Array
from madaline.nn.layers.patches import as_grid
from madaline.nn.workspace import Workspace

BLOCK = 2**15
"""Numbers in the windows of a block of rows, which go into one product: so many (128 KiB) stay in a
core's cache, beside what they are multiplied with and what comes out."""

COPIED = 2**17
"""Numbers in the windows of the blocks that are copied at a time, about (512 KiB): each time costs
as much as copying thousands of numbers."""


def blocks_of_windows(
    x: Array, shape: tuple[int, ...], size: int, workspace: Workspace, *, in_lines: bool = False
) -> Iterator[tuple[slice, Array]]:
    """Yield some rows after the others, and the windows around all of their positions.

    Blocks are the same whatever the number of members, so that products round alike.

    Parameters
    ----------
    x : ndarray of shape (*axes, batch, features)
        The rows.
    shape : tuple of int
        Positions of the grid: (length,) or (height, width).
    size : int
        Side of a window, odd. Beyond the edges of a grid there are zeros.
    workspace : Workspace
        Where the arrays come from.
    in_lines : bool, default=False
        Whether the lines of the windows may come one after the other. Then those of blocks of one
        row do: the same lines serve windows of three heights, a third to copy.

    Yields
    ------
    rows : slice
        Which rows.
    windows : ndarray of shape (*axes, blocks, lines, rows of a block * positions, numbers)
        To be multiplied block by block. There is one line, of all numbers of a window, if they are
        not apart. It is written over by the next.

    Examples
    --------
    >>> x = np.array([[1.0, 2.0, 3.0]])  # a sequence of three numbers
    >>> for rows, windows in blocks_of_windows(x, (3,), 3, Workspace()):
    ...     print(rows, windows[0, 0])
    slice(0, 1, None) [[0. 1. 2.]
     [1. 2. 3.]
     [2. 3. 0.]]
    """
    grids = as_grid(x, shape)
    *axes, batch, height, width, channels = grids.shape
    window = (size if len(shape) == 2 else 1, size)
    numbers = height * width * prod(window) * channels
    block = min(batch, max(1, BLOCK // numbers))
    most = max(1, COPIED // max(1, prod(axes) * block * numbers))
    start, there = 0, (0, 0)
    while start < batch:
        blocks, each = min(most, (batch - start) // block) or 1, min(block, batch - start)
        if (blocks, each) != there:
            there = blocks, each
            if channels == 1:
                copy, windows = _by_place(grids, there, window, workspace)
            else:
                lines = in_lines and each == 1
                copy, windows = _by_position(grids, there, window, lines, workspace)
        rows = slice(start, start + blocks * each)
        copy(rows)
        yield rows, windows
        start = rows.stop


def _by_position(
    grids: Array,
    blocks: tuple[int, int],
    window: tuple[int, int],
    in_lines: bool,
    workspace: Workspace,
) -> tuple[Callable[[slice], None], Array]:
    """Return what copies windows of some rows, and where they then are."""
    *axes, _, height, width, channels = grids.shape
    high, wide = window
    shape = (height + high - 1, width, 1) if in_lines else (height, width, high)
    room = workspace.empty((*axes, *blocks, *shape, wide, channels), grids.dtype)
    matrix = room.reshape(*axes, blocks[0], 1, -1, shape[-1] * wide * channels)
    if in_lines:
        *steps, _, line, place, _, _, number = room.strides
        heights = (*axes, blocks[0], high, height * width, wide * channels)
        matrix = as_strided(room, heights, (*steps, line, place, number))
    padded, fill = _padded(grids, blocks, window, workspace)
    *steps, row, line, place, number = padded.strides
    around = as_strided(padded, room.shape, (*steps, row, line, place, line, place, number))

    def copy(rows: slice) -> None:
        fill(rows)
        np.copyto(room, around)

    return copy, matrix


def _by_place(
    grids: Array, blocks: tuple[int, int], window: tuple[int, int], workspace: Workspace
) -> tuple[Callable[[slice], None], Array]:
    """Return what copies windows of one channel, and where they then are.

    Each place of the window stands by itself, as whole lines of the grid are quicker to copy;
    products take such a matrix as quickly.
    """
    *axes, _, height, width, _ = grids.shape
    padded, fill = _padded(grids, blocks, window, workspace)
    tall = padded.shape[-3]
    lines = workspace.empty((*axes, blocks[0], window[1], blocks[1], tall, width), grids.dtype)
    *steps, row, line, place, _ = padded.strides
    moved = as_strided(padded, lines.shape, (*steps, place, row, line, place))
    *steps, right, row, line, place = lines.strides
    room = workspace.empty((*axes, blocks[0], *window, blocks[1], height, width), grids.dtype)
    around = as_strided(lines, room.shape, (*steps, line, right, row, line, place))

    def copy(rows: slice) -> None:
        fill(rows)
        np.copyto(lines, moved)
        np.copyto(room, around)

    by_place = room.reshape(*axes, blocks[0], 1, prod(window), -1)
    return copy, by_place.swapaxes(-1, -2)


def _padded(
    grids: Array, blocks: tuple[int, int], window: tuple[int, int], workspace: Workspace
) -> tuple[Array, Callable[[slice], None]]:
    """Return grids with zeros around, (*axes, blocks, rows, ...), and what fills some rows in."""
    *axes, _, height, width, channels = grids.shape
    above, before = window[0] // 2, window[1] // 2
    sides = height + 2 * above, width + 2 * before
    padded = workspace.empty((*axes, *blocks, *sides, channels), grids.dtype)
    padded[...] = 0
    inside = padded[..., above : above + height, before : before + width, :]

    def fill(rows: slice) -> None:
        np.copyto(inside, grids[..., rows, :, :, :].reshape(inside.shape))

    return padded, fill
