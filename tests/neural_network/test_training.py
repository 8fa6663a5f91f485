"""The training loop: an epoch for each `next`, mini-batches, momentum, Adam, L2, early stopping."""

from __future__ import annotations

from inspect import signature

import numpy as np
import pytest

from madaline import NeuralNetwork
from madaline._apps.neural_network.settings import TrainingSettings
from madaline.errors import InputError
from madaline.nn.layers import ReLU, Tanh

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])


def moons(n_samples: int = 200, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    return datasets.make_moons(n_samples, noise=0.2, random_state=seed)


def network(**options) -> NeuralNetwork:
    return NeuralNetwork(2, 8, 1, random_state=0, **options)


def parameters(one: NeuralNetwork) -> list[np.ndarray]:
    return [*one.weights, *one.biases]


@pytest.mark.parametrize("adaptive", [True, False])
def test_train_is_a_loop_over_training(adaptive):
    one, other = network(), network()
    one.train(X, Y, 50, 1.0, adaptive=adaptive)
    epochs = list(other.training(X, Y, 50, 1.0, adaptive=adaptive))
    assert epochs == other.history_ == one.history_
    assert one.loss_ == other.loss_
    for ours, theirs in zip(parameters(one), parameters(other), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_each_next_trains_one_epoch():
    one, other = network(), network()
    training = one.training(X, Y, 3, 1.0, adaptive=False)
    assert one.history_ == []
    for n_epochs in range(1, 4):
        next(training)
        other.train(X, Y, 1, 1.0, adaptive=False)
        np.testing.assert_array_equal(one.weights[0], other.weights[0])
        assert len(one.history_) == n_epochs
    with pytest.raises(StopIteration):
        next(training)


def test_what_makes_no_sense_is_refused_before_the_first_epoch():
    with pytest.raises(InputError, match="epochs is 0"):
        network().training(X, Y, 0)


def test_leaving_early_puts_the_best_weights_back():
    x, y = moons()
    one = network()
    training = one.training(x, y, 1000, 30.0)
    for epoch in training:
        if epoch.epoch == 40:
            break
    training.close()
    assert len(one.history_) == 40
    assert one.validation_loss_ <= min(epoch.validation_loss for epoch in one.history_)
    one.train(x, y, 10)  # it can go on
    assert len(one.history_) == 50


def test_leaving_plain_training_early_keeps_the_weights():
    one = network()
    training = one.training(X, Y, 10, 1.0, adaptive=False)
    next(training)
    weights = one.weights[0].copy()
    training.close()
    np.testing.assert_array_equal(one.weights[0], weights)
    assert one.loss_ == pytest.approx(one.loss(Y, one.forward(X)))


def test_momentum_is_that_of_a_textbook():
    one, by_hand = network(), network()
    one.train(X, Y, 20, 0.5, adaptive=False, momentum=0.9)
    velocity = [np.zeros_like(array) for array in parameters(by_hand)]
    for _ in range(20):
        for weight, gradient, last in zip(
            parameters(by_hand), by_hand.backward(X, Y), velocity, strict=True
        ):
            last[...] = 0.9 * last - 0.5 * gradient
            weight += last
    np.testing.assert_allclose(one.forward(X), by_hand.forward(X), rtol=1e-12)


def test_adam_is_that_of_its_paper():
    one, by_hand = network(), network()
    one.train(X, Y, 20, 0.01, adaptive=False, optimizer="adam")
    m = [np.zeros_like(array) for array in parameters(by_hand)]
    v = [np.zeros_like(array) for array in parameters(by_hand)]
    for t in range(1, 21):
        for i, (theta, g) in enumerate(
            zip(parameters(by_hand), by_hand.backward(X, Y), strict=True)
        ):
            m[i] = 0.9 * m[i] + 0.1 * g
            v[i] = 0.999 * v[i] + 0.001 * g**2
            theta -= 0.01 * (m[i] / (1 - 0.9**t)) / (np.sqrt(v[i] / (1 - 0.999**t)) + 1e-8)
    np.testing.assert_allclose(one.forward(X), by_hand.forward(X), rtol=1e-10)


def test_weight_decay_of_gradient_descent_is_the_l2_penalty():
    one, by_hand = network(), network()
    one.train(X, Y, 20, 0.5, adaptive=False, weight_decay=0.1)
    for _ in range(20):
        grads = by_hand.backward(X, Y)
        for by_weights, weights in zip(grads.weights, by_hand.weights, strict=True):
            by_weights += 0.1 * weights  # the gradient of 0.1 / 2 * sum(weights**2)
        by_hand.update_weights(grads, 0.5)
    np.testing.assert_allclose(one.forward(X), by_hand.forward(X), rtol=1e-12)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_weight_decay_makes_weights_smaller(optimizer):
    x, y = moons()
    sizes = []
    for decay in (0.0, 0.1):
        one = network()
        one.train(x, y, 100, 0.01, adaptive=False, optimizer=optimizer, weight_decay=decay)
        sizes.append(sum(np.square(weights).sum() for weights in one.weights))
    assert sizes[1] < 0.95 * sizes[0]


def test_mini_batches_take_a_step_each_and_every_row_once():
    x, y = moons(50)
    seen: list[np.ndarray] = []

    class Watched(NeuralNetwork):
        def _gradients(self, x, target):
            seen.append(x)
            return super()._gradients(x, target)

    for shuffle in (True, False):
        seen.clear()
        Watched(2, 3, 1, random_state=0).train(
            x, y, 2, adaptive=False, batch_size=16, shuffle=shuffle
        )
        assert [len(rows) for rows in seen] == [16, 16, 16, 2] * 2
        first, second = np.concatenate(seen[:4]), np.concatenate(seen[4:])
        np.testing.assert_array_equal(np.unique(first, axis=0), np.unique(x, axis=0))
        assert np.array_equal(first, x) == (not shuffle)
        assert np.array_equal(first, second) == (not shuffle)


@pytest.mark.parametrize("options", [{"batch_size": 20}, {"momentum": 0.9}, {"optimizer": "adam"}])
@pytest.mark.parametrize("adaptive", [True, False])
def test_the_same_seed_trains_the_same_network(options, adaptive):
    x, y = moons()
    one, other = network(), network()
    for each in (one, other):
        each.train(x, y, 60, 0.05, adaptive=adaptive, **options)
    assert one.history_ == other.history_
    assert one.loss_ < one.history_[0].loss
    np.testing.assert_array_equal(one.weights[0], other.weights[0])


@pytest.mark.parametrize("activation", [ReLU(), Tanh()], ids=repr)
def test_several_hidden_layers_learn(activation):
    x, y = moons()
    deep = NeuralNetwork(2, [8, 8, 8], 1, activation=activation, random_state=0)
    deep.train(x, y, 100, 0.01, adaptive=False, optimizer="adam", batch_size=20)
    assert deep.score(x, y) > 0.93


def test_early_stopping_stops_and_keeps_the_best():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 10))
    y = rng.permutation(np.arange(60) % 2)  # nothing to learn
    one = NeuralNetwork(10, 16, 1, random_state=0)
    one.train(x, y, 3000, 3.0, adaptive=False, early_stopping=20)
    held_out = [epoch.validation_loss for epoch in one.history_]
    assert len(held_out) == int(np.argmin(held_out)) + 1 + 20 < 3000
    assert one.validation_loss_ == pytest.approx(min(held_out))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch_size": 0}, "batch_size is 0: give a whole number"),
        ({"momentum": 1}, "momentum is 1: give a number from 0 and below 1, such as 0.9"),
        ({"momentum": 0.9, "optimizer": "adam"}, "Adam has a momentum of its own"),
        ({"optimizer": "Adam"}, "optimizer is 'Adam': give 'sgd'"),
        ({"weight_decay": -0.1}, "weight_decay is -0.1: give a number from 0, such as 0.001"),
        ({"early_stopping": 0}, "early_stopping is 0"),
        ({"early_stopping": 5, "validation_fraction": 0}, "early_stopping needs rows held out"),
    ],
)
def test_options_that_make_no_sense_are_refused_in_words(options, message):
    with pytest.raises(InputError, match=message):
        network().train(X, Y, **options)


def test_a_rate_that_is_too_high_ends_without_a_warning():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 2))
    from madaline.nn.losses import Squared

    one = network(loss=Squared(), activation=ReLU())
    one.train(x, 10 * x[:, 0], 50, 100.0, adaptive=False)
    assert not np.isfinite(one.loss_)


def test_the_defaults_of_train_are_those_of_its_settings():
    parameters = list(signature(NeuralNetwork.train).parameters.values())[3:]
    settings = TrainingSettings()
    for parameter in parameters:
        assert getattr(settings, parameter.name) == parameter.default
