"""Networks of any layers, such as convolutions, which predict layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline._data.encoders.encoded import Block
from madaline._runtime.part import Part
from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import Layer
from madaline.nn.workspace import Workspace


@dataclass(frozen=True, eq=False)
class LayeredNetworks:
    """The networks of a part; build it with `of`.

    Parameters
    ----------
    n_bins : int
        How many bins stand beside the numbers among their inputs.
    layers : sequence of (Layer, Parameters)
        From input to output.
    shares : float64 ndarray of shape (members, n_means)
        How much each member counts in each mean.
    width : int
        Numbers that the widest layer makes of a row, for all members together.
    """

    n_bins: int
    layers: Sequence[tuple[Layer, Parameters]]
    shares: Array
    width: int

    @classmethod
    def of(cls, part: Part, shares: Array, n_features: int) -> LayeredNetworks:
        """Return the networks of a part, which have so many inputs."""
        network, parameters = part.network.fixed(part.theta.reshape(len(shares), -1))
        layers = list(zip(network.layers, parameters, strict=True))
        return cls(part.n_bins, layers, shares, len(shares) * part.network.width(n_features))

    def predict(self, block: Block) -> Array:
        """Return weighted means of the raw outputs, float64 of (n_samples, n_means * n_outputs)."""
        x, workspace = block.features(self.n_bins), Workspace()
        for layer, own in self.layers:
            x, _ = layer.forward(own, x, workspace=workspace)  # (members, n_samples, features)
        means = np.einsum("mf,mno->nfo", self.shares, x)
        return np.reshape(means, (len(means), means.shape[1] * means.shape[2]))
