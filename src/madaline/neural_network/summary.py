"""The summary of a network: a line for each layer, its parameters, its loss."""

from __future__ import annotations

from madaline.neural_network.parameters import Parameters
from madaline.nn.layers.activation import Activation
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss
from madaline.words import count


def summary(
    parameters: Parameters, activation: Activation, loss: Loss, loss_now: float | None, epochs: int
) -> str:
    """Return the layers of a network, how many parameters they have, and the loss, as text.

    Examples
    --------
    >>> import numpy as np
    >>> from madaline.neural_network.parameters import initial_parameters
    >>> from madaline.nn.layers import Sigmoid
    >>> parameters = initial_parameters([2, 5, 1], np.random.default_rng(0))
    >>> print(summary(parameters, Sigmoid(), BinaryCrossEntropy(), 0.25, 1000))
    NeuralNetwork with 21 parameters, loss 0.2500 (BinaryCrossEntropy) after 1,000 epochs
      hidden layer: 2 inputs → 5 units, Sigmoid, 10 weights + 5 biases
      output layer: 5 inputs → 1 output, sigmoid, 5 weights + 1 bias
    """
    size = sum(array.size for array in parameters)
    state = "not trained" if loss_now is None else f"loss {loss_now:.4f}"
    state += f" ({type(loss).__name__})"
    state += f" after {count(epochs, 'epoch')}" if epochs else ""
    lines = [f"NeuralNetwork with {count(size, 'parameter')}, {state}"]
    last = len(parameters.weights) - 1
    for number, weights in enumerate(parameters.weights):
        name, unit, function = "hidden", "unit", repr(activation).removesuffix("()")
        if number == last:
            name, unit, function = "output", "output", link(loss)
        inputs, outputs = weights.shape
        lines.append(
            f"  {name} layer: {count(inputs, 'input')} → {count(outputs, unit)}, {function},"
            f" {count(weights.size, 'weight')} + {count(outputs, 'bias', 'biases')}"
        )
    return "\n".join(lines)


def link(loss: Loss) -> str:
    """Return what is applied to the sums of the last layer, in a word."""
    match loss:
        case BinaryCrossEntropy():
            return "sigmoid"
        case CrossEntropy():
            return "softmax"
    return "no activation" if type(loss).__name__ != "Poisson" else "exp"
