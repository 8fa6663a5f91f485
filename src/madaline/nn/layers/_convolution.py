"""A convolution looks at every place of a picture, or of a sequence, in the same way.

A unit sees a small window and has the same weights wherever it looks: what it learned to see in one
place it sees everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import prod

import numpy as np
from numpy.lib.stride_tricks import as_strided

from madaline.errors import InputError
from madaline.nn._products import sum_over_batch
from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.initializers import Initializer, he_normal, zeros
from madaline.nn.layers._base import Backward, Layer
from madaline.nn.population import Slot


@dataclass(frozen=True)
class Convolution(Layer):
    """``y[position] = x[window around position] @ weight + bias``, zeros beyond the edges.

    The windows of a block of rows are copied side by side, into a matrix that fits the processor's
    cache, for one large matrix product ("im2col"). With ``gradient`` = dL/dy, the gradient by the
    weight is a product of the same windows, and that by `x` is a convolution of ``gradient`` with
    the weight flipped around.

    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition"; as one large product: Chellapilla, Puri and Simard (2006), "High performance
    convolutional neural networks for document processing".

    >>> layer = Convolution((4,), 1, 1)  # a sequence of four numbers
    >>> parameters = {"weight": np.array([[-1.0], [0.0], [1.0]]), "bias": np.array([0.0])}
    >>> x = np.array([[1.0, 2.0, 4.0, 8.0]])
    >>> y, _ = layer.forward(parameters, x, workspace=Workspace())
    >>> y  # what is to the right minus what is to the left
    array([[ 2.,  3.,  6., -4.]])
    """

    shape: tuple[int, ...]  # positions: (height, width) of a picture or (length,) of a sequence
    in_channels: int  # numbers at each position of the input
    out_channels: int  # units, the numbers at each position of the output
    size: int = 3  # side of the window, odd
    # where the weights (default: He) and biases (default: zero) start
    weight_initializer: Initializer = field(
        default=he_normal, repr=False, metadata={"saved": False}
    )
    # where the weights (default: He) and biases (default: zero) start
    bias_initializer: Initializer = field(default=zeros, repr=False, metadata={"saved": False})

    def __post_init__(self) -> None:
        """Check the grid and the window."""
        check_grid(self.shape, self.size)
        if self.size % 2 == 0:
            raise InputError("size is {size}: give an odd one, with a middle.", size=self.size)

    @property
    def fan_in(self) -> int:
        """Numbers in a window."""
        return int(self.size ** len(self.shape) * self.in_channels)

    def slots(self) -> tuple[Slot, ...]:
        """Return the weight, a row for each number of a window, and the bias."""
        return (
            Slot("weight", (self.fan_in, self.out_channels), "weight", self.fan_in),
            Slot("bias", (self.out_channels,), "bias", self.fan_in),
        )

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Draw the weights and the biases."""
        self.weight_initializer(parameters["weight"], self.fan_in, self.out_channels, rng)
        self.bias_initializer(parameters["bias"], self.fan_in, self.out_channels, rng)

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one row: those of a window, at every position."""
        return prod(self.shape) * self.fan_in * self.out_channels

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return the units' sums at every position and the backward pass."""
        weight, bias = parameters["weight"], parameters["bias"]
        y = self._convolved(x, weight, bias, workspace)

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            if gradients:  # whoever wants none may give none
                self._write_weight_gradient(x, gradient, gradients["weight"], workspace)
                sum_over_batch(self._by_position(gradient), gradients["bias"])
            if not input_gradient:
                return gradient
            return self._convolved(gradient, self._flipped(weight, workspace), None, workspace)

        return y, backward

    def _convolved(
        self, x: Array, weight: Array, bias: Array | None, workspace: Workspace
    ) -> Array:
        """Return the product of every window and the weight, (*axes, batch, positions * units)."""
        batch, positions, units = x.shape[-2], prod(self.shape), weight.shape[-1]
        axes = np.broadcast_shapes(weight.shape[:-2], x.shape[:-2])
        y = workspace.empty((*axes, batch, positions * units), weight.dtype)
        shift = None if bias is None else np.tile(bias, positions)[..., None, :]
        for rows, windows in _blocks_of_windows(x, self.shape, self.size, workspace):
            out = y[..., rows, :]
            by_block = out.reshape(*axes, windows.shape[-4], windows.shape[-2], units)
            np.matmul(windows[..., 0, :, :], weight[..., None, :, :], out=by_block)
            if shift is not None:
                out += shift
        return y

    def _write_weight_gradient(
        self, x: Array, gradient: Array, out: Array, workspace: Workspace
    ) -> None:
        """Write ``windows.T @ gradient`` of every member into `out`, added up over blocks."""
        out[...] = 0
        parts = None
        for rows, windows in _blocks_of_windows(x, self.shape, self.size, workspace, in_lines=True):
            blocks, lines, positions, numbers = windows.shape[-4:]
            if parts is None:
                parts = workspace.empty((*out.shape[:-2], blocks, *out.shape[-2:]), out.dtype)
            by_rows = gradient[..., rows, :]
            by_block = by_rows.reshape(*by_rows.shape[:-2], blocks, 1, positions, self.out_channels)
            products = parts[..., :blocks, :, :]
            by_line = products.reshape(*out.shape[:-2], blocks, lines, numbers, self.out_channels)
            np.matmul(windows.swapaxes(-1, -2), by_block, out=by_line)
            for block in range(blocks):
                out += products[..., block, :, :]

    def _by_position(self, x: Array) -> Array:
        """Return (*axes, batch, positions * units) as (*axes, batch * positions, units), a view."""
        return x.reshape(*x.shape[:-2], x.shape[-2] * prod(self.shape), self.out_channels)

    def _flipped(self, weight: Array, workspace: Workspace) -> Array:
        """Return the weight of windows read backward, (*axes, window * units, in_channels)."""
        places, axes = self.fan_in // self.in_channels, weight.shape[:-2]
        flipped = workspace.empty(
            (*axes, places, self.out_channels, self.in_channels), weight.dtype
        )
        by_place = weight.reshape(*axes, places, self.in_channels, self.out_channels)
        flipped[...] = by_place[..., ::-1, :, :].swapaxes(-1, -2)
        return flipped.reshape(*axes, places * self.out_channels, self.in_channels)


# Numbers in the windows of a block of rows, which go into one product: so many (128 KiB) stay in a
# core's cache, beside what they are multiplied with and what comes out
BLOCK = 2**15

# Numbers in the windows of the blocks that are copied at a time, about (512 KiB): each time costs
# as much as copying thousands of numbers
COPIED_NUMBERS = 2**17


def _blocks_of_windows(
    x: Array,  # (*axes, batch, features)
    shape: tuple[int, ...],
    size: int,  # side of a window, odd; beyond the edges of a grid there are zeros
    workspace: Workspace,
    *,
    in_lines: bool = False,
) -> Iterator[tuple[slice, Array]]:
    """Yield some rows after the others, and the windows around all of their positions.

    Blocks are the same whatever the number of members, so that products round alike. The windows,
    (*axes, blocks, lines, rows of a block * positions, numbers), are to be multiplied block by
    block, and are written over by the next. There is one line, of all numbers of a window, unless
    they may come one after the other (`in_lines`) and blocks have one row: then the same lines
    serve windows of three heights, a third to copy.

    >>> x = np.array([[1.0, 2.0, 3.0]])  # a sequence of three numbers
    >>> for rows, windows in _blocks_of_windows(x, (3,), 3, Workspace()):
    ...     print(rows, windows[0, 0])
    slice(0, 1, None) [[0. 1. 2.]
     [1. 2. 3.]
     [2. 3. 0.]]
    """
    grids = _as_grid(x, shape)
    *axes, batch, height, width, channels = grids.shape
    window = (size if len(shape) == 2 else 1, size)
    numbers = height * width * prod(window) * channels
    block = min(batch, max(1, BLOCK // numbers))
    max_blocks = max(1, COPIED_NUMBERS // max(1, prod(axes) * block * numbers))
    start, sizes = 0, (0, 0)
    while start < batch:
        blocks, each = min(max_blocks, (batch - start) // block) or 1, min(block, batch - start)
        if (blocks, each) != sizes:
            sizes = blocks, each
            if channels == 1:
                copy, windows = _by_place(grids, sizes, window, workspace)
            else:
                lines = in_lines and each == 1
                copy, windows = _by_position(grids, sizes, window, lines, workspace)
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


def check_grid(shape: tuple[int, ...], size: int) -> None:
    """Refuse what is no grid of one or two dimensions, and windows of no size."""
    if len(shape) not in (1, 2) or min(shape) < 1:
        raise InputError(
            "shape is {shape}: give (length,) or (height, width), at least 1 each.", shape=shape
        )
    if size < 1:
        raise InputError("size is {size}: give the side of a window, at least 1.", size=size)


def _as_grid(x: Array, shape: tuple[int, ...]) -> Array:
    """Return rows as grids, a view: (..., features) becomes (..., height, width, channels).

    A sequence is a picture of height 1.
    """
    height, width = (1, *shape)[-2:]
    return x.reshape(*x.shape[:-1], height, width, x.shape[-1] // prod(shape))
