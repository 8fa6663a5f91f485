"""The network underneath `NeuralNetwork`: layers, parameters and a loss, a population of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np

from madaline.nn.arrays import Array, Rng
from madaline.nn.initializers import lecun_normal, zeros
from madaline.nn.layers import Linear
from madaline.nn.layers.activation import Activation
from madaline.nn.layers.base import Layer
from madaline.nn.layers.chain import ChainBackward
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson
from madaline.nn.network import Network
from madaline.nn.optimizers import GradientDescent, StepSize
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Gradients:
    """The derivative of the loss by every weight and every bias, layer by layer.

    Parameters
    ----------
    weights : list of ndarray of shape (in_features, out_features)
        By the weights of each layer, first layer first.
    biases : list of ndarray of shape (out_features,)
        By the biases of each layer.
    row : ndarray of shape (parameters,)
        All of them in one row; the arrays above are views of it.
    """

    weights: list[Array]
    biases: list[Array]
    row: Array = field(repr=False)


class Core:
    """Layers with their parameters and their loss; training changes both (final).

    Parameters
    ----------
    sizes : sequence of int
        The numbers of inputs, of each layer's hidden units, and of outputs.
    activation : Activation
        Of the hidden units.
    loss : Loss
        The loss that is minimized.
    rng : numpy.random.Generator
        Source of the initial weights.
    """

    def __init__(self, sizes: Sequence[int], activation: Activation, loss: Loss, rng: Rng) -> None:
        layers: list[Layer] = []
        for below, above in pairwise(sizes[:-1]):
            layers += [Linear(below, above), activation]
        last = Linear(sizes[-2], sizes[-1], weight_initializer=lecun_normal, bias_initializer=zeros)
        self.network = Network((*layers, last))
        self.population = self.network.initialize((), rng, dtype=np.float64)
        self.loss, self.rng = loss, rng

    def arrays(self, name: str, row: Array | None = None) -> list[Array]:
        """Return the weights or the biases of each layer, as views of a row of parameters."""
        parameters = self.network.bind(self.population.theta if row is None else row)
        return [
            of_layer[name]
            for layer, of_layer in zip(self.network.layers, parameters, strict=True)
            if isinstance(layer, Linear)
        ]

    def forward(self, x: Array) -> tuple[Array, ChainBackward]:
        """Return the raw output and the backward pass."""
        parameters = self.network.bind(self.population.theta)
        return self.network.forward(parameters, x, workspace=Workspace())

    def backward(self, output: Array, target: Array, backward: ChainBackward) -> Gradients:
        """Return the gradients of the mean loss, given what `forward` returned."""
        row = np.zeros_like(self.population.theta)
        by_output = self.loss.gradient(output, target, workspace=Workspace())
        backward(by_output, self.network.bind(row))
        return Gradients(self.arrays("weight", row), self.arrays("bias", row), row)

    def step(self, gradients: Gradients, learning_rate: float) -> None:
        """Take one step of gradient descent."""
        size = StepSize(learning_rate)
        GradientDescent().step(self.population, gradients.row.copy(), size, workspace=Workspace())

    def mean_loss(self, output: Array, target: Array) -> float:
        """Return the mean loss of raw outputs."""
        return float(self.loss.mean(output, target))

    def baseline(self, target: Array) -> float:
        """Return the mean loss of the best constant prediction."""
        return self.mean_loss(
            np.broadcast_to(self.loss.initial_output(target), target.shape), target
        )

    def smallest_loss(self, target: Array) -> float:
        """Return the mean loss of a network that predicts the best for each row."""
        rows, counts = np.unique(target, axis=0, return_counts=True)
        best = np.array([self.loss.initial_output(row[None]) for row in rows])
        return float(self.loss.mean(best, rows, counts))


def raw_output(loss: Loss, prediction: Array) -> Array:
    """Return the output whose prediction this is; 0 and 1 count as the nearest probabilities."""
    tiny = np.finfo(np.float64).tiny
    match loss:
        case BinaryCrossEntropy():
            inside = np.clip(prediction, 1e-15, 1 - 1e-15)
            return np.asarray(np.log(inside) - np.log1p(-inside))
        case CrossEntropy() | Poisson():
            return np.asarray(np.log(np.maximum(prediction, tiny)))
    return prediction
