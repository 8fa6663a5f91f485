"""Max pooling keeps the largest number of each window: whether something is there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
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
