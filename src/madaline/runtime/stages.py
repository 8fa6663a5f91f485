"""Networks at rest, taken apart into stages that predict the same bits in fewer passes.

What is done for every row in training can be done once for all rows when nothing learns any more:
gates are multiplied into the weights, and ``silu(x) = x * sigmoid(x) = h * (1 + tanh(h))`` with
``h = x / 2``: the layer before gives `h` at once if its weights are halved, which is exact in
binary numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import Layer, Linear, SiLU
from madaline.nn.network import Network
from madaline.nn.workspace import Workspace


@dataclass(frozen=True, eq=False)
class Sums:
    """Weighted sums, those of each member for itself.

    Parameters
    ----------
    weight : ndarray of shape (members, in, units)
        What inputs are multiplied with.
    bias : ndarray of shape (members, units)
        What is added.
    """

    weight: Array
    bias: Array


@dataclass(frozen=True, eq=False)
class Stages:
    """What networks do one after the other; build it with `take_apart`.

    Parameters
    ----------
    head : sequence of (Layer, Parameters)
        Layers of any kind, such as convolutions; none where the columns of a table mix.
    hidden : sequence of Sums
        Halves of sums, each bent by a SiLU.
    last : Sums
        The raw outputs.
    """

    head: Sequence[tuple[Layer, Parameters]]
    hidden: Sequence[Sums]
    last: Sums

    def n_entering(self, n_features: int) -> int:
        """Return how many numbers of a row the first sums get, those of all members together."""
        if not self.head:
            return n_features
        members, in_features, _ = (*self.hidden, self.last)[0].weight.shape
        return int(members * in_features)

    def enter(self, x: Array, out: Array, workspace: Workspace) -> None:
        """Write what the first sums get.

        Parameters
        ----------
        x : ndarray of shape (n_chunks, rows, n_features)
            Encoded rows, in chunks.
        out : ndarray of shape (n_chunks, rows, n_entering)
            Where to write.
        workspace : Workspace
            Where arrays come from.
        """
        for layer, own in self.head:
            x, _ = layer.forward(own, x, workspace=workspace)
        *_, n_chunks, rows, in_features = x.shape
        of_members = out.reshape(n_chunks, rows, -1, in_features)
        of_members[...] = np.moveaxis(x.reshape(-1, n_chunks, rows, in_features), 0, 2)


def take_apart(network: Network, theta: Array) -> Stages:
    """Return the stages of networks that end with sums, as all do that predict.

    Parameters
    ----------
    network : Network
        The layers.
    theta : ndarray of shape (*axes, parameters)
        The parameters, which will not change any more.

    Examples
    --------
    >>> network = Network((Linear(1, 2), SiLU(), Linear(2, 1)))
    >>> theta = network.initialize((3,), np.random.default_rng(0)).theta
    >>> stages = take_apart(network, theta)
    >>> len(stages.head), [sums.weight.shape for sums in stages.hidden], stages.last.weight.shape
    (0, [(3, 1, 2)], (3, 2, 1))
    """
    fixed, parameters = network.fixed(theta[..., None, :])  # an axis of one stands for the chunks
    pairs = list(zip(fixed.layers, parameters, strict=True))
    last, hidden = _sums(pairs.pop()[1], 1), []
    while len(pairs) > 1 and isinstance(pairs[-1][0], SiLU) and isinstance(pairs[-2][0], Linear):
        pairs.pop()
        hidden.append(_sums(pairs.pop()[1], 0.5))
    return Stages(pairs, hidden[::-1], last)


def _sums(parameters: Parameters, share: float) -> Sums:
    weight, bias = parameters["weight"], parameters["bias"]
    scale = weight.dtype.type(share)
    return Sums(
        np.reshape(weight * scale, (-1, *weight.shape[-2:])),
        np.reshape(bias * scale, (-1, bias.shape[-1])),
    )
