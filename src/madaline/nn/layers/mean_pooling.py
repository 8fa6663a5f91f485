"""Mean pooling keeps the mean of each window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.layers.pooling import Pooling
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class MeanPooling(Pooling):
    """``y = mean(x in the window)``; the gradient is shared by its numbers.

    See `Pooling` for the parameters.

    References
    ----------
    LeCun, Bottou, Bengio and Haffner (1998), "Gradient-based learning applied to document
    recognition".

    Examples
    --------
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
