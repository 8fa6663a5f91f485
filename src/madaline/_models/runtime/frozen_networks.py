"""Networks that will not learn any more: parts of the ensemble, as bare weights where possible.

What training does for every row is done once for all: gates are multiplied into the weights, and
so is `Activation.frozen_scale`. ``silu(x) = x * sigmoid(x) = h * (1 + tanh(h))`` with ``h = x / 2``
needs no halving if the weights before it are halved, which is exact in binary numbers. The leaky
SiLU, ``x (sigmoid(x) + a)``, is ``h * (1 + 2 a + tanh(h))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from madaline.nn._surgery import take_output
from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import Dropout, Linear
from madaline.nn.layers._activations import Activation
from madaline.nn.network import Network


@dataclass(frozen=True, eq=False)
class NetworkPart:
    """Networks with the same layers, and their weights in the mean of all networks."""

    n_bins: int  # how many bins stand beside the numbers among their inputs
    network: Network
    theta: Array  # (recipes, folds, parameters)
    # (recipes,): weight of each recipe, shared by its folds; over all parts they add up to one
    weights: Array

    @property
    def shares(self) -> Array:
        """The weight of each network in the mean of all, shape (recipes * folds, 1)."""
        return np.asarray(self.fold_shares.mean(axis=1, keepdims=True))

    @property
    def fold_shares(self) -> Array:
        """The weight of each in the mean of the networks of a fold, (recipes * folds, folds)."""
        folds = np.eye(self.theta.shape[1])
        return np.reshape(self.weights[:, None, None] * folds, (-1, len(folds)))

    def of_output(self, index: int) -> NetworkPart:
        """Return networks that compute one of the outputs."""
        network, theta = take_output(self.network, self.theta, index)
        return replace(self, network=network, theta=theta)


@dataclass(frozen=True, eq=False)
class Sums:
    """The weighted sums of a layer, each member's own."""

    weight: Array  # float32 (members, in, units): what inputs are multiplied with
    bias: Array  # float32 (members, units): what is added


@dataclass(frozen=True, eq=False)
class FrozenNetworks:
    """The networks of a part; build it with `freeze`."""

    n_bins: int  # how many bins stand beside the numbers among their inputs
    hidden: Sequence[Sums]  # sums times the scale of the activation; at least one
    last: Sums  # the raw outputs
    activation: Activation  # of all hidden layers

    @property
    def units(self) -> list[int]:
        """How many units the members have together, for each hidden layer."""
        return [sums.bias.size for sums in self.hidden]

    @property
    def first_weight(self) -> Array:
        """From the features to the first units of all members, (n_features, members * units)."""
        weight = self.hidden[0].weight
        return weight.swapaxes(0, 1).reshape(weight.shape[1], -1)

    def readout(
        self,
        shares: Array,  # float64 (members, n_means): how much each member counts in each mean
    ) -> Array:
        """Return the weights from the last units of all members to means of raw outputs.

        The result is float32 (members * units, n_means * n_outputs).
        """
        weight = np.einsum("mf,mko->mkfo", shares, self.last.weight.astype(np.float64))
        n_units = weight.shape[0] * weight.shape[1]
        return np.asarray(weight.reshape(n_units, -1), np.float32)

    def constant(self, shares: Array) -> Array:
        """Return what is added to those means, shape (n_means * n_outputs,)."""
        return np.ravel(np.einsum("mf,mo->fo", shares, self.last.bias))


def freeze(part: NetworkPart) -> FrozenNetworks | None:
    """Return the networks of a part; None if they are no chain of sums and one activation.

    >>> from madaline.nn.layers import SiLU
    >>> network = Network((Linear(1, 2), SiLU(), Linear(2, 1)))
    >>> theta = network.initialize((1, 3), np.random.default_rng(0)).theta
    >>> frozen = freeze(NetworkPart(0, network, theta, np.ones(1)))
    >>> [sums.weight.shape for sums in frozen.hidden], frozen.last.weight.shape
    ([(3, 1, 2)], (3, 2, 1))
    """
    network, parameters = part.network.fixed(part.theta.reshape(-1, part.theta.shape[-1]))
    pairs = zip(network.layers, parameters, strict=True)
    chain = [(layer, values) for layer, values in pairs if not isinstance(layer, Dropout)]
    *hidden, (last, values) = chain
    sums = hidden[::2]
    activations = hidden[1::2]
    functions = [layer for layer, _ in activations if isinstance(layer, Activation)]
    if (
        not hidden
        or len(functions) < len(activations)
        or len(set(functions)) > 1
        or len(sums) != len(activations)
        or not all(isinstance(layer, Linear) for layer in (last, *(layer for layer, _ in sums)))
    ):
        return None
    scaled = [_sums(parameters, functions[0].frozen_scale) for _, parameters in sums]
    return FrozenNetworks(part.n_bins, scaled, _sums(values, 1), functions[0])


def _sums(parameters: Parameters, share: float) -> Sums:
    return Sums(parameters["weight"] * np.float32(share), parameters["bias"] * np.float32(share))
