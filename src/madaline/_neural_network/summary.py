"""The summary of a network: a line for each layer, its parameters, its loss."""

from __future__ import annotations

from madaline._neural_network.parameters import Parameters
from madaline._words import count
from madaline.nn.layers.activations import Activation
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss


def summary(
    parameters: Parameters,
    activation: Activation,
    loss: Loss,
    losses: tuple[float | None, float | None],
    *,
    epochs: int,
) -> str:
    """Return the layers of a network, how many parameters they have, and the loss, as text.

    Examples
    --------
    >>> import numpy as np
    >>> from madaline._neural_network.parameters import initial_parameters
    >>> from madaline.nn.layers import Sigmoid
    >>> parameters = initial_parameters([2, 5, 1], np.random.default_rng(0))
    >>> print(summary(parameters, Sigmoid(), BinaryCrossEntropy(), (0.25, 0.3), epochs=1000))
    NeuralNetwork with 21 parameters, trained for 1,000 epochs
      hidden layer: 2 inputs → 5 units, Sigmoid, 10 weights + 5 biases
      output layer: 5 inputs → 1 output, sigmoid, 5 weights + 1 bias
      loss (BinaryCrossEntropy): 0.2500 on training rows, 0.3000 on held-out rows
    """
    size = sum(array.size for array in parameters)
    state = f"trained for {count(epochs, 'epoch')}" if epochs else "not trained"
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
    kinds = zip(losses, ("training", "held-out"), strict=True)
    known = [f"{value:.4f} on {kind} rows" for value, kind in kinds if value is not None]
    lines.append(f"  loss ({type(loss).__name__}): {', '.join(known)}" if known else "")
    return "\n".join(lines).rstrip()


def link(loss: Loss) -> str:
    """Return what is applied to the sums of the last layer, in a word."""
    match loss:
        case BinaryCrossEntropy():
            return "sigmoid"
        case CrossEntropy():
            return "softmax"
    return "no activation" if type(loss).__name__ != "Poisson" else "exp"
