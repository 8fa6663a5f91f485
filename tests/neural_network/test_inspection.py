"""What can be asked of a network: its summary and the check of its gradients."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._apps.neural_network import NeuralNetwork
from madaline.errors import InputError
from madaline.nn.gradcheck import GradientError
from madaline.nn.layers import ELU, GELU, ReLU, SiLU, Tanh
from madaline.nn.losses import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Huber,
    Poisson,
    Quantile,
    Squared,
)

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])
LOSSES = [
    Squared(),
    Absolute(),
    Huber(),
    Quantile(0.3),
    Poisson(),
    BinaryCrossEntropy(),
    CrossEntropy(),
]


def test_the_summary_names_layers_parameters_and_loss():
    network = NeuralNetwork(4, [8, 3], 3, activation=Tanh(), random_state=0)
    assert repr(network).splitlines() == [
        "NeuralNetwork with 79 parameters, not trained",
        "  hidden layer: 4 inputs → 8 units, Tanh, 32 weights + 8 biases",
        "  hidden layer: 8 inputs → 3 units, Tanh, 24 weights + 3 biases",
        "  output layer: 3 inputs → 3 outputs, softmax, 9 weights + 3 biases",
    ]
    assert sum(array.size for array in (*network.weights, *network.biases)) == 79


def test_the_summary_shows_the_loss_of_the_present_weights():
    network = NeuralNetwork(2, 3, 1, random_state=0)
    network.train(X, Y, epochs=77, learning_rate=20)
    assert network.loss_ == pytest.approx(network.loss(Y, network.forward(X)), rel=1e-12)
    assert "trained for 77 epochs\n" in repr(network)
    assert repr(network).endswith(
        f"  loss (BinaryCrossEntropy): {network.loss_:.4f} on training rows"
    )


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("activation", [ReLU(), SiLU(), GELU(), Tanh(), ELU()], ids=repr)
def test_gradients_pass_their_check(loss, activation):
    network = NeuralNetwork(3, [4, 5], 2, loss=loss, activation=activation, random_state=0)
    before = [array.copy() for array in (*network.weights, *network.biases)]
    assert network.check_gradients() < 1e-6
    for array, old in zip((*network.weights, *network.biases), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize(("kind", "layer"), [("weights", 0), ("weights", 1), ("biases", 0)])
def test_a_gradient_that_is_wrong_by_a_thousandth_fails(kind, layer, monkeypatch):
    network = NeuralNetwork(2, 5, 1, random_state=0)
    right = NeuralNetwork.backward

    def wrong(self, *arguments):
        grads = right(self, *arguments)
        getattr(grads, kind)[layer][...] *= 1.001
        return grads

    monkeypatch.setattr(NeuralNetwork, "backward", wrong)
    with pytest.raises(GradientError, match=rf"{kind}\[{layer}\]"):
        network.check_gradients(X, Y)


def test_labels_without_rows_are_refused():
    with pytest.raises(InputError, match="y is given without x"):
        NeuralNetwork(2, 5, 1).check_gradients(y=Y)
