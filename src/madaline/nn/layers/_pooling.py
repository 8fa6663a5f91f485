"""Pooling makes a grid coarser: of each window of positions it keeps one number a channel."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import prod

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.layers._base import Backward, Layer
from madaline.nn.layers._convolution import check_grid


@dataclass(frozen=True)
class Pooling(Layer):
    """Abstract base: windows side by side, first along the height, then along the width.

    Positions that do not fill a window, at the lower and right edges, are left out.
    """

    shape: tuple[int, ...]  # positions: (height, width) of a picture or (length,) of a sequence
    size: int = 2  # side of a window

    def __post_init__(self) -> None:
        """Check the grid and the window."""
        check_grid(self.shape, self.size)
        if min(self.shape) < self.size:
            raise InputError(
                "Windows of {size} do not fit into the shape {shape}: pool less often.",
                size=self.size,
                shape=self.shape,
            )

    @property
    def out_shape(self) -> tuple[int, ...]:
        """Positions of the coarser grid."""
        return tuple(side // self.size for side in self.shape)

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return one number for each window and channel, and the backward pass."""
        stages: list[tuple[Array, Array]] = []  # windows, and what was made of them
        for axis in range(len(self.shape)):
            windows = self.windows(x, axis)
            pooled = workspace.empty((*windows.shape[:-2], windows.shape[-1]), x.dtype)
            self.pool(windows, pooled)
            stages.append((windows, pooled))
            x = pooled.reshape(*x.shape[:-1], -1)

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            if not input_gradient:
                return gradient
            for axis, (windows, pooled) in reversed(list(enumerate(stages))):
                out = workspace.empty(self._before(gradient.shape, axis), gradient.dtype)
                if self.shape[axis] % self.size:
                    out[...] = 0  # of positions that are left out
                by_pooled = gradient.reshape(*gradient.shape[:-2], *pooled.shape[-3:])
                self.spread(by_pooled, windows, pooled, self.windows(out, axis), workspace)
                gradient = out
            return gradient

        return x, backward

    @abstractmethod
    def pool(
        self,
        windows: Array,  # (..., n_windows, size, numbers)
        out: Array,  # (..., n_windows, numbers)
    ) -> None:
        """Write one number for each window."""

    @abstractmethod
    def spread(
        self,
        gradient: Array,  # (..., n_windows, numbers)
        windows: Array,
        pooled: Array,
        out: Array,  # (..., n_windows, size, numbers)
        workspace: Workspace,
    ) -> None:
        """Write the gradient by the windows, given what `pool` was given and wrote."""

    def windows(self, x: Array, axis: int) -> Array:
        """Return windows along an axis, a view of shape (*axes, lines, windows, size, numbers).

        Axes before it are coarse already.
        """
        *axes, batch, features = x.shape
        lines, side = prod(self.out_shape[:axis]), self.shape[axis]
        numbers, windows = features // (lines * side), self.out_shape[axis]
        whole = x.reshape(*axes, batch * lines, side, numbers)[..., : windows * self.size, :]
        return whole.reshape(*axes, batch * lines, windows, self.size, numbers)

    def _before(self, shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
        """Return the shape of rows before an axis was pooled."""
        return (*shape[:-1], shape[-1] // self.out_shape[axis] * self.shape[axis])


@dataclass(frozen=True)
class MaxPooling(Pooling):
    """``y = max(x in the window)``; the gradient goes to the first of the largest numbers.

    See `Pooling` for the parameters.

    Scherer, Müller and Behnke (2010), "Evaluation of pooling operations in convolutional
    architectures for object recognition".

    >>> x = np.array([[1.0, 2, 5, 6, 3, 4, 7, 8]])  # two lines of four
    >>> y, _ = MaxPooling((2, 4)).forward({}, x, workspace=Workspace())
    >>> y
    array([[4., 8.]])
    """

    def pool(self, windows: Array, out: Array) -> None:
        """Write the largest number of each window."""
        largest = windows[..., 0, :]
        for place in range(1, self.size):
            largest = np.maximum(largest, windows[..., place, :], out=out)
        if self.size == 1:
            np.copyto(out, largest)

    def spread(
        self, gradient: Array, windows: Array, pooled: Array, out: Array, workspace: Workspace
    ) -> None:
        """Write the gradient where the largest number is, and zero elsewhere."""
        part = workspace.empty(gradient.shape, gradient.dtype)
        for place in range(self.size - 1):
            np.equal(windows[..., place, :], pooled, out=part)
            part *= gradient
            out[..., place, :] = part
            gradient -= part  # what was given is gone: ties get it once
        out[..., -1, :] = gradient


@dataclass(frozen=True)
class MeanPooling(Pooling):
    """``y = mean(x in the window)``; the gradient is shared by its numbers.

    See `Pooling` for the parameters.

    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition".

    >>> y, _ = MeanPooling((4,)).forward({}, np.array([[1.0, 2, 5, 6]]), workspace=Workspace())
    >>> y
    array([[1.5, 5.5]])
    """

    def pool(self, windows: Array, out: Array) -> None:
        """Write the mean of each window."""
        np.copyto(out, windows[..., 0, :])
        for offset in range(1, self.size):
            out += windows[..., offset, :]
        out *= 1 / self.size

    def spread(
        self, gradient: Array, windows: Array, pooled: Array, out: Array, workspace: Workspace
    ) -> None:
        """Write each number's share of the gradient."""
        np.multiply(gradient[..., None, :], 1 / self.size, out=out)
