"""The textbook network: right gradients, plain gradient descent, and XOR from every seed."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from tests.grids import grid, some

import madaline
from madaline._apps.neural_network import NeuralNetwork
from madaline.errors import InputError
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
Y = np.array([[0], [1], [1], [0]])
LOSSES = [
    Squared(),
    Absolute(),
    Huber(),
    Quantile(0.3),
    Poisson(),
    BinaryCrossEntropy(),
    CrossEntropy(),
]


def solved(network: NeuralNetwork) -> bool:
    return np.array_equal(network.forward(X).round(), Y)


def some_network(**options) -> NeuralNetwork:
    return NeuralNetwork(3, [4, 5], 2, random_state=0, **options)


def some_data(n_samples: int = 7) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    return rng.normal(size=(n_samples, 3)), np.eye(2)[rng.integers(0, 2, n_samples)]


@pytest.mark.parametrize("decade", some(range(10), 2))
def test_xor_is_learned_from_every_seed(decade):
    failed = []
    for seed in range(10 * decade, 10 * decade + 10):
        np.random.seed(seed)
        network = madaline.NeuralNetwork(input_size=2, hidden_size=5, output_size=1)
        network.train(X, Y, epochs=1000, learning_rate=0.1)
        if not solved(network):
            failed.append(seed)
    assert not failed


@pytest.mark.parametrize(
    ("hidden_size", "learning_rate"), grid([2, 3, 10, ((4, 4),)], [0.001, 10.0])
)
def test_xor_is_learned_whatever_the_start(hidden_size, learning_rate):
    for seed in range(4):
        network = NeuralNetwork(2, hidden_size, 1, random_state=seed)
        network.train(X, Y, 1000, learning_rate)
        assert solved(network)


def test_plain_gradient_descent_is_that_of_a_textbook():
    network = NeuralNetwork(2, 5, 1, random_state=1)
    (w1, w2), (b1, b2) = ([array.copy() for array in network.weights], network.biases)
    b1, b2 = b1.copy(), b2.copy()
    network.train(X, Y, epochs=300, learning_rate=0.7, adaptive=False)
    for _ in range(300):
        hidden = 1 / (1 + np.exp(-(X @ w1 + b1)))
        output = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
        output_error = (output - Y) / len(X)
        hidden_error = output_error @ w2.T * hidden * (1 - hidden)
        w2 -= 0.7 * hidden.T @ output_error
        b2 -= 0.7 * output_error.sum(axis=0)
        w1 -= 0.7 * X.T @ hidden_error
        b1 -= 0.7 * hidden_error.sum(axis=0)
    for ours, textbook in zip([*network.weights, *network.biases], [w1, w2, b1, b2], strict=True):
        np.testing.assert_allclose(ours, textbook, rtol=0, atol=1e-12)
    assert network.decisions_ == []
    assert [epoch.learning_rate for epoch in network.history_] == [0.7] * 300


def test_training_by_hand_is_training():
    by_hand, trained = (
        NeuralNetwork(2, 5, 1, random_state=1),
        NeuralNetwork(2, 5, 1, random_state=1),
    )
    losses = []
    for _ in range(20):
        y_pred = by_hand.forward(X)
        losses.append(by_hand.loss(Y, y_pred))
        by_hand.update_weights(by_hand.backward(X, Y, y_pred), learning_rate=0.5)
    trained.train(X, Y, 20, 0.5, adaptive=False)
    np.testing.assert_array_equal(trained.forward(X), by_hand.forward(X))
    np.testing.assert_allclose([epoch.loss for epoch in trained.history_], losses, rtol=1e-12)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
@pytest.mark.parametrize("activation", [ReLU(), SiLU(), GELU(), Tanh(), ELU()], ids=repr)
def test_gradients_are_those_of_the_loss(loss, activation):
    network, (x, y) = some_network(loss=loss, activation=activation), some_data()
    grads = network.backward(x, y)
    pairs = zip([*network.weights, *network.biases], [*grads.weights, *grads.biases], strict=True)
    for parameter, gradient in pairs:
        assert parameter.shape == gradient.shape
        index = np.unravel_index(np.abs(gradient).argmax(), gradient.shape)
        parameter[index] += 1e-6
        above = network.loss(y, network.forward(x))
        parameter[index] -= 2e-6
        below = network.loss(y, network.forward(x))
        parameter[index] += 1e-6
        assert (above - below) / 2e-6 == pytest.approx(gradient[index], rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_every_loss_becomes_smaller_than_that_of_a_constant(loss):
    network, (x, y) = some_network(loss=loss), some_data()
    constant = np.broadcast_to(loss.prediction(loss.initial_output(y)), y.shape)
    network.train(x, y, 2000)
    assert network.loss_ < network.loss(y, constant)


def test_adaptive_training_never_ends_worse_than_its_best_epoch():
    for seed in range(5):
        network = NeuralNetwork(2, 3, 1, random_state=seed)
        network.train(X, Y, epochs=77, learning_rate=20)
        best = min(epoch.loss for epoch in network.history_)
        assert network.loss(Y, network.forward(X)) <= best * (1 + 1e-9)
        assert len(network.history_) == 77


def test_decisions_say_why_and_what_came_of_it():
    network = NeuralNetwork(2, 2, 1, random_state=0)
    network.train(X, Y, epochs=300, learning_rate=0.01)
    assert "raise" in {decision.action for decision in network.decisions_}
    for decision in network.decisions_:
        assert 1 <= decision.epoch <= 300
        if not decision.on_trial and decision.tried:
            assert decision.losses[0] > 0
            assert re.search(r"; the loss comes out at .* for .*, not .*, so ", decision.sentence)


def test_what_cannot_be_learned_is_given_up():
    x, y = np.zeros((4, 2)), Y
    network = NeuralNetwork(2, 2, 1, random_state=0)
    network.train(x, y, epochs=2000)
    assert len(network.decisions_) <= 12
    np.testing.assert_allclose(network.forward(x), 0.5, atol=0.01)


def test_without_hidden_layers_it_is_logistic_regression():
    network = NeuralNetwork(2, [], 1, random_state=0)
    network.train(X, Y, epochs=600)
    assert network.hidden_size == ()
    assert "grow" not in {decision.action for decision in network.decisions_}
    np.testing.assert_allclose(network.forward(X), 0.5, atol=0.05)


def test_training_goes_on():
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, Y, epochs=200)
    before = network.loss(Y, network.forward(X))
    network.train(X, Y, epochs=200)
    assert network.loss(Y, network.forward(X)) <= before
    assert [epoch.epoch for epoch in network.history_] == list(range(1, 401))


def test_numpys_global_seed_decides():
    def predictions(seed: int) -> np.ndarray:
        np.random.seed(seed)
        network = NeuralNetwork(2, 5, 1)
        network.train(X, Y, epochs=150)
        return network.forward(X)

    np.testing.assert_array_equal(predictions(4), predictions(4))
    assert not np.array_equal(predictions(4), predictions(5))


@pytest.mark.parametrize(
    "random_state",
    [3, np.int64(3), lambda: np.random.RandomState(3), lambda: np.random.default_rng(3)],
    ids=["int", "numpy int", "RandomState", "Generator"],
)
def test_random_state(random_state):
    made = [random_state() if callable(random_state) else random_state for _ in range(2)]
    first, second = (NeuralNetwork(2, 5, 1, random_state=state) for state in made)
    np.testing.assert_array_equal(first.forward(X), second.forward(X))


@pytest.mark.parametrize(
    ("x", "y"),
    [
        (X.tolist(), Y.tolist()),
        (X.astype(bool), [False, True, True, False]),
        (X, Y[:, 0]),
        (X.astype(np.float32), Y.astype(np.int8)),
    ],
)
def test_inputs_and_targets_of_any_usual_form(x, y):
    network, same = NeuralNetwork(2, 5, 1, random_state=0), NeuralNetwork(2, 5, 1, random_state=0)
    network.train(x, y, epochs=30)
    same.train(X, Y, epochs=30)
    np.testing.assert_array_equal(network.forward(x), same.forward(X))


def test_a_single_row():
    network = NeuralNetwork(2, 5, 3, random_state=0)
    assert network.forward([1, 0]).shape == (3,)
    np.testing.assert_allclose(network.forward([1, 0]), network.forward(X)[2], rtol=1e-12)
    assert np.isfinite(network.loss([0, 1, 0], network.forward([1, 0])))
    assert network.backward([1, 0], [0, 1, 0]).biases[-1].shape == (3,)
    column = NeuralNetwork(1, 5, 1, random_state=0)
    assert column.forward([0.1, 0.2, 0.3, 0.4]).shape == (4, 1)


def test_weights_and_biases_are_views():
    network = NeuralNetwork(2, [5, 4], 1, random_state=0)
    assert [weight.shape for weight in network.weights] == [(2, 5), (5, 4), (4, 1)]
    assert [bias.shape for bias in network.biases] == [(5,), (4,), (1,)]
    network.weights[-1][...] = 0
    network.biases[-1][...] = 0
    np.testing.assert_array_equal(network.forward(X), np.full((4, 1), 0.5))


def test_changed_gradients_are_the_ones_that_are_used():
    network = NeuralNetwork(2, 5, 1, random_state=0)
    before = network.weights[0].copy()
    grads = network.backward(X, Y)
    grads.weights[0][...] = 1
    network.update_weights(grads, 0.25)
    np.testing.assert_allclose(network.weights[0], before - 0.25)


def test_sigmoid():
    assert NeuralNetwork.sigmoid(0) == 0.5
    np.testing.assert_allclose(NeuralNetwork.sigmoid([[2.0]]), [[1 / (1 + np.exp(-2))]])
    np.testing.assert_array_equal(NeuralNetwork.sigmoid([-1e9, 1e9]), [0, 1])


def test_loss_is_that_of_the_predictions():
    network = NeuralNetwork(2, 5, 1)
    assert network.loss([1, 0], [0.5, 0.5]) == pytest.approx(np.log(2))
    assert network.loss([1, 0], [1, 0]) == pytest.approx(0, abs=1e-12)
    assert np.isfinite(network.loss([1, 0], [0, 1]))
    assert NeuralNetwork(2, 5, 1, loss=Squared()).loss([3, 1], [1, 1]) == 2


def test_verbose_prints_and_quiet_does_not(capsys):
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, Y, epochs=100)
    assert capsys.readouterr().out == ""
    network = NeuralNetwork(2, 5, 1, random_state=0)
    network.train(X, Y, epochs=100, learning_rate=0.01, verbose=True)
    printed = capsys.readouterr().out
    assert printed.count(": loss ") == 10
    assert "learning rate" in printed


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: NeuralNetwork(0, 5, 1), "input_size is 0"),
        (lambda: NeuralNetwork(2, 5.5, 1), "hidden_size is 5.5"),
        (lambda: NeuralNetwork(2, [5, 0], 1), "hidden_size is 0"),
        (lambda: NeuralNetwork(2, 5, True), "output_size is True"),
        (lambda: NeuralNetwork(2, 5, 1, activation="relu"), "activation is 'relu'"),
        (lambda: NeuralNetwork(2, 5, 1, loss=Squared), "loss is <class"),
        (lambda: NeuralNetwork(2, 5, 1, random_state="a"), "random_state is 'a'"),
        (lambda: NeuralNetwork(2, 5, 1).forward([[1, 2, 3]]), r"x has the shape \(1, 3\)"),
        (lambda: NeuralNetwork(2, 5, 1).forward([[1, np.nan]]), "x holds NaN"),
        (lambda: NeuralNetwork(2, 5, 1).forward([["a", "b"]]), "x is not an array of numbers"),
        (lambda: NeuralNetwork(2, 5, 1).forward([[1], [2, 3]]), "x is not an array of numbers"),
        (lambda: NeuralNetwork(2, 5, 1).forward(np.empty((0, 2))), "x has the shape"),
        (lambda: NeuralNetwork(2, 5, 1).train(X, Y[:3]), "y_train has 3 rows but x_train has 4"),
        (lambda: NeuralNetwork(2, 5, 1).train(X, [0, 7, 3, 7]), r"y_train holds 7.*Squared"),
        (lambda: NeuralNetwork(2, 5, 1).train(X, Y, 0), "epochs is 0"),
        (lambda: NeuralNetwork(2, 5, 1).train(X, Y, 10, -1), "learning_rate is -1"),
        (lambda: NeuralNetwork(2, 5, 1).train(X, Y, 10, np.nan), "learning_rate is nan"),
        (lambda: NeuralNetwork(2, 5, 2, loss=CrossEntropy()).train(X, X), "do not sum to 1"),
        (lambda: NeuralNetwork(2, 5, 1, loss=Poisson()).train(X, -Y), "y_train holds -1"),
        (lambda: NeuralNetwork(2, 5, 1).train(X, [[0], [1], [2], [2]]), "output_size=3"),
        (lambda: NeuralNetwork(2, 5, 1).train(X, [[0], [1], [7], [2]]), "give the network loss=Sq"),
        (lambda: NeuralNetwork(2, 5, 1).explain_step(X[0], 5), "y holds 5 but BinaryCross"),
        (lambda: NeuralNetwork(2, 5, 1).predict(csr_matrix(X)), r"sparse.*x\.toarray\(\)"),
        (lambda: NeuralNetwork(2, 5, 1).backward(X, Y, Y), "y_pred is not what"),
        (lambda: NeuralNetwork(2, 5, 1).update_weights([1, 2], 0.1), "grads do not belong"),
        (
            lambda: NeuralNetwork(2, 5, 1).update_weights(
                NeuralNetwork(2, 4, 1).backward(X, Y), 0.1
            ),
            "grads do not belong",
        ),
        (lambda: NeuralNetwork(2, 5, 1).loss(Y, Y[:2]), "y_true has 4 rows but y_pred has 2"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(call, message):
    with pytest.raises(InputError, match=message):
        call()
