"""Units and gradients of single networks, and the network of the textbooks."""

from __future__ import annotations

import numpy as np
import pytest

from madaline import NeuralNetwork
from madaline._models.diagnosis.learning import LayerHealth, find_dead_recipes
from madaline.errors import InputError
from madaline.nn.layers import ReLU, Tanh
from madaline.nn.losses import Squared

X = np.random.default_rng(0).normal(size=(60, 3))
Y = (X[:, :1] + X[:, 1:2] > 0).astype(float)


def kinds(network):
    """Return what is found, with its severity."""
    return {finding.kind: finding.severity for finding in network.diagnose(X, Y)}


def test_nothing_is_found_in_a_sound_network():
    network = NeuralNetwork(3, 8, 1, random_state=0)
    assert kinds(network) == {}
    network.train(X, Y, epochs=300)
    assert not {"high", "medium"} & set(kinds(network).values())


def test_dead_units():
    network = NeuralNetwork(3, [8, 6], 1, activation=ReLU(), random_state=0)
    network.biases[1][:] = -1000
    assert kinds(network)["dead units"] == "high"
    network.biases[1][:3] = 0
    assert kinds(network)["dead units"] in ("medium", "low")


def test_networks_that_others_replaced():
    alive, dead = (LayerHealth(8, share, 0.0, 1.0) for share in (0.0, 1.0))
    assert find_dead_recipes([[alive, alive, alive]]) == []
    (found,) = find_dead_recipes([[alive, dead, alive], [alive, alive, alive]])
    assert (found.subject, found.severity) == ("layer 2", "medium")
    assert "1 of 2 recipes" in found.sentence


def test_saturated_units():
    network = NeuralNetwork(3, 8, 1, activation=Tanh(), random_state=0)
    network.weights[0][...] *= 1e4
    (found,) = [one for one in network.diagnose(X, Y) if one.kind == "dead units"]
    assert found.evidence["saturated"] > 0.8
    assert "saturated" in found.sentence


def test_gradients_that_vanish():
    assert "vanishing gradients" in kinds(NeuralNetwork(3, [8] * 9, 1, random_state=0))


def test_gradients_that_explode():
    network = NeuralNetwork(3, [8] * 6, 1, activation=ReLU(), random_state=0)
    for weights in network.weights[1:]:
        weights[...] *= 30
    assert "exploding gradients" in kinds(network)


def test_a_learning_rate_of_a_hundred():
    network = NeuralNetwork(3, 8, 1, activation=ReLU(), random_state=0)
    network.train(X, Y, epochs=50, learning_rate=100, adaptive=False)
    assert kinds(network)["divergence"] == "high"


def test_of_a_loss_that_is_lost_only_the_learning_rate_is_said():
    network = NeuralNetwork(3, 8, 1, loss=Squared(), random_state=0)
    network.train(X, Y, epochs=300, learning_rate=100, adaptive=False)
    (found,) = network.diagnose(X, Y)
    assert (found.kind, found.severity) == ("divergence", "high")
    assert found.remedy == "lower the learning rate"


def test_overfitting_shows_on_rows_held_out():
    guesses = np.random.default_rng(1).integers(0, 2, size=60)
    network = NeuralNetwork(3, [16, 16], 1, activation=Tanh(), random_state=0)
    network.train(X, guesses, 400, 0.01, adaptive=False, optimizer="adam", validation_fraction=0.3)
    (found,) = [one for one in network.diagnose(X, guesses) if one.kind == "overfit"]
    assert found.severity == "medium"
    assert "weight_decay" in found.remedy


def test_inputs_of_different_scales_are_the_cause():
    network = NeuralNetwork(3, 8, 1, random_state=0)
    wide = X * [1, 5000, 1]
    found = network.diagnose(wide, Y)
    assert found
    assert all("standardize the inputs" in finding.remedy for finding in found)
    assert not any("standardize" in finding.remedy for finding in network.diagnose(X, Y))


def test_a_network_without_hidden_layer():
    network = NeuralNetwork(3, [], 1, random_state=0)
    network.train(X, Y, epochs=100)
    assert "dead units" not in kinds(network)


def test_rows_that_do_not_fit_are_refused():
    network = NeuralNetwork(3, 8, 1, random_state=0)
    with pytest.raises(InputError, match="60"):
        network.diagnose(X, Y[:5])


@pytest.mark.parametrize("rate", [1e3, 1e6])
def test_after_a_wild_learning_rate_all_findings_have_one_remedy(rate):
    network = NeuralNetwork(3, [8, 8], 1, activation=ReLU(), random_state=0)
    network.train(X, Y, epochs=20, learning_rate=rate, adaptive=False)
    found = network.diagnose(X, Y)
    assert len(found) > 1
    assert {one.remedy for one in found} == {"lower the learning rate"}
