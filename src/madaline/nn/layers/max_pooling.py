"""Max pooling keeps the largest number of each window: whether something is there."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from madaline.nn import kernels
from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.compiled import in_one_piece
from madaline.nn.layers.base import Backward
from madaline.nn.layers.patches import as_grid
from madaline.nn.layers.pooling import Pooling
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class MaxPooling(Pooling):
    """``y = max(x in the window)``; the gradient goes to the first of the largest numbers.

    See `Pooling` for the parameters.

    References
    ----------
    Scherer, Müller and Behnke (2010), "Evaluation of pooling operations in convolutional
    architectures for object recognition".

    Examples
    --------
    >>> x = np.array([[1.0, 2, 5, 6, 3, 4, 7, 8]])  # two lines of four
    >>> y, _ = MaxPooling((2, 4)).forward({}, x, workspace=Workspace())
    >>> y
    array([[4., 8.]])
    """

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Do what every pooling does, 2 x 2 positions in one pass each way where compiled."""
        plain, compiled = super().forward, workspace.compiled
        if compiled is None or len(self.shape) != 2 or self.size != 2 or not in_one_piece(x):
            return plain(parameters, x, workspace=workspace, training=training, rng=rng)
        grids = self._grids(x, self.shape)
        y = workspace.empty((*x.shape[:-1], prod(self.out_shape) * grids.shape[-1]), x.dtype)
        which = workspace.empty(y.shape, np.uint8)
        coarse = self._grids(y, self.out_shape)
        compiled[kernels.largest_of_four](grids, coarse, which.reshape(coarse.shape))

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            if not input_gradient:
                return gradient
            out = workspace.empty((*gradient.shape[:-1], x.shape[-1]), gradient.dtype)
            if any(side % 2 for side in self.shape):
                out[...] = 0  # of positions that are left out
            fine = self._grids(out, self.shape)
            coming = self._grids(np.ascontiguousarray(gradient), self.out_shape)
            places = np.ascontiguousarray(np.broadcast_to(which, gradient.shape))
            compiled[kernels.spread_to_largest](coming, places.reshape(coming.shape), fine)
            return out

        return y, backward

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

    def _grids(self, x: Array, shape: tuple[int, ...]) -> Array:
        """Return all rows of all members as grids, (rows, height, width, channels)."""
        grids = as_grid(x, shape)
        return grids.reshape(-1, *grids.shape[-3:])
