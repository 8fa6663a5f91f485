"""A convolution looks at every place of a picture, or of a sequence, in the same way.

A unit sees a small window and has the same weights wherever it looks: what it learned to see in one
place it sees everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.initializers import Initializer, he_normal, zeros
from madaline.nn.layers.base import Backward, Layer
from madaline.nn.layers.patches import check_grid
from madaline.nn.layers.windows import blocks_of_windows
from madaline.nn.population import Slot
from madaline.nn.products import sum_over_batch
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Convolution(Layer):
    """``y[position] = x[window around position] @ weight + bias``, zeros beyond the edges.

    The windows of a block of rows are copied side by side, into a matrix that fits the processor's
    cache, for one large matrix product ("im2col"). With ``gradient`` = dL/dy, the gradient by the
    weight is a product of the same windows, and that by `x` is a convolution of ``gradient`` with
    the weight flipped around.

    Parameters
    ----------
    shape : tuple of int
        Positions: (height, width) of a picture or (length,) of a sequence.
    in_channels : int
        Numbers at each position of the input.
    out_channels : int
        Units, the numbers at each position of the output.
    size : int, default=3
        Side of the window, odd.
    weight_initializer, bias_initializer : Initializer
        Where the weights (default: He) and biases (default: zero) start.

    Raises
    ------
    InputError
        If the shape or the size cannot be used.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition"; as one large product: Chellapilla, Puri and Simard (2006), "High performance
    convolutional neural networks for document processing".

    Examples
    --------
    >>> layer = Convolution((4,), 1, 1)  # a sequence of four numbers
    >>> parameters = {"weight": np.array([[-1.0], [0.0], [1.0]]), "bias": np.array([0.0])}
    >>> x = np.array([[1.0, 2.0, 4.0, 8.0]])
    >>> y, _ = layer.forward(parameters, x, workspace=Workspace())
    >>> y  # what is to the right minus what is to the left
    array([[ 2.,  3.,  6., -4.]])
    """

    shape: tuple[int, ...]
    in_channels: int
    out_channels: int
    size: int = 3
    weight_initializer: Initializer = field(
        default=he_normal, repr=False, metadata={"saved": False}
    )
    bias_initializer: Initializer = field(default=zeros, repr=False, metadata={"saved": False})

    def __post_init__(self) -> None:
        """Check the grid and the window."""
        check_grid(self.shape, self.size)
        if self.size % 2 == 0:
            raise InputError(f"size is {self.size}: give an odd one, with a middle.")

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
        for rows, windows in blocks_of_windows(x, self.shape, self.size, workspace):
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
        for rows, windows in blocks_of_windows(x, self.shape, self.size, workspace, in_lines=True):
            blocks, lines, positions, numbers = windows.shape[-4:]
            if parts is None:
                parts = workspace.empty((*out.shape[:-2], blocks, *out.shape[-2:]), out.dtype)
            own = gradient[..., rows, :]
            by_block = own.reshape(*own.shape[:-2], blocks, 1, positions, self.out_channels)
            found = parts[..., :blocks, :, :]
            by_line = found.reshape(*out.shape[:-2], blocks, lines, numbers, self.out_channels)
            np.matmul(windows.swapaxes(-1, -2), by_block, out=by_line)
            for block in range(blocks):
                out += found[..., block, :, :]

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
