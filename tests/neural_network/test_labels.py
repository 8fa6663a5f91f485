"""Labels of any kind are learned and come back; what cannot be a label is refused in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from madaline._apps.neural_network import NeuralNetwork
from madaline.errors import InputError
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
EITHER = np.array([False, True, True, False])


@pytest.mark.parametrize(
    "labels",
    [
        np.where(EITHER, "yes", "no"),
        np.where(EITHER, "yes", "no").astype(object),
        np.where(EITHER, "yes", "no")[:, None],
        EITHER,
        EITHER.tolist(),
        EITHER.astype(int),
        np.where(EITHER, 1, -1),
        np.where(EITHER, 7.5, 3.5),
        pd.Series(np.where(EITHER, "yes", "no")),
        pd.Series(np.where(EITHER, "yes", "no"), dtype="category"),
        pd.Series(np.where(EITHER, "yes", "no"), dtype="string"),
        pd.Series(EITHER, dtype="boolean"),
        pd.DataFrame({"answer": EITHER}),
    ],
    ids=lambda labels: f"{type(labels).__name__} {getattr(labels, 'dtype', '')}",
)
def test_two_classes_of_any_kind(labels):
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, labels)
    flat = np.asarray(labels).ravel()
    np.testing.assert_array_equal(network.predict(X), flat)
    assert network.loss(labels, network.forward(X)) == pytest.approx(network.loss_)
    assert network.backward(X, labels).weights[0].shape == network.weights[0].shape
    assert network.check_gradients(X, labels) < 1e-6


@pytest.mark.parametrize("loss", [None, BinaryCrossEntropy(), CrossEntropy()], ids=repr)
@pytest.mark.parametrize("names", [["low", "middle", "high"], [0, 1, 2], [10, 20, 30]], ids=str)
def test_several_classes_of_any_kind(names, loss):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(90, 2))
    labels = np.array(names)[np.digitize(x[:, 0], [-0.5, 0.5])]
    network = NeuralNetwork(2, 6, 3, loss=loss, random_state=0)
    network.train(x, labels, epochs=600)
    assert (network.predict(x) == labels).mean() > 0.95
    np.testing.assert_array_equal(network.classes_, sorted(names))
    if loss is None:
        np.testing.assert_allclose(network.forward(x).sum(axis=1), 1)


def test_one_of_the_numbered_classes_may_be_missing():
    network = NeuralNetwork(2, 6, 4, random_state=0)
    network.train(X, [0, 3, 3, 0])
    np.testing.assert_array_equal(network.predict(X), [0, 3, 3, 0])


def test_numbers_are_predicted_as_they_are():
    network = NeuralNetwork(2, 5, 1, loss=Squared(), random_state=0)
    network.train(X, [3, 5, 5, 3])
    np.testing.assert_allclose(network.predict(X), [3, 5, 5, 3], atol=0.2)
    assert NeuralNetwork(2, 5, 3, loss=Squared()).predict(X).shape == (4, 3)


def test_outputs_that_are_not_exclusive():
    network = NeuralNetwork(2, 6, 2, loss=BinaryCrossEntropy(), random_state=0)
    y = np.column_stack([EITHER, X.any(axis=1)]).astype(int)
    network.train(X, y, epochs=2000)
    np.testing.assert_array_equal(network.predict(X), y)


def test_without_labels_classes_are_numbered():
    np.testing.assert_array_equal(np.unique(NeuralNetwork(2, 5, 1).predict(X) > 1), [False])
    assert NeuralNetwork(2, 5, 3).predict(X).max() < 3


@pytest.mark.parametrize(
    ("outputs", "labels", "message"),
    [
        (1, ["a", "b", "c", "a"], "3 classes.*1 output distinguishes 2.*output_size=3"),
        (1, ["a"] * 4, "has 1 class "),
        (3, ["a", "b", "a", "b"], "2 classes.*3 outputs"),
        (1, ["a", None, "b", "a"], "hold None"),
        (1, np.array(["a", np.nan, "b", "a"], object), "hold nan"),
        (1, np.array(["a", 1, "b", 1], object), "mix words"),
        (1, ["a", "b"], "y_train has 2 rows but x_train has 4"),
    ],
)
def test_what_cannot_be_labels_is_refused(outputs, labels, message):
    with pytest.raises(InputError, match=message):
        NeuralNetwork(2, 5, outputs).train(X, labels)


def test_a_class_that_was_not_learned_is_refused():
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, ["a", "b", "b", "a"], epochs=5)
    with pytest.raises(InputError, match="holds 'c': the network's classes are 'a', 'b'"):
        network.loss(["c", "a", "b", "b"], network.forward(X))
    with pytest.raises(InputError, match="words"):
        NeuralNetwork(2, 5, 1, loss=Squared()).train(X, ["a", "b", "b", "a"])


@pytest.mark.parametrize(
    ("labels", "settings"),
    [
        (["up", "down"], {}),
        (["up", "down", "up", None], {}),
        (["up", "down", "up", "up"], {"learning_rate": -1.0}),
        (["up", "down", "up", "up"], {"epochs": 0.5}),
        (["up", "down", "up", "up"], {"validation_fraction": 2.0}),
    ],
)
def test_labels_of_a_training_that_is_refused_are_not_kept(labels, settings):
    network = NeuralNetwork(2, 3, 1, random_state=0)
    with pytest.raises(InputError):
        network.train(X, labels, **settings)
    assert network.classes_ is None
    network.train(X, np.where(EITHER, "yes", "no"), epochs=2)
    assert network.classes_.tolist() == ["no", "yes"]
