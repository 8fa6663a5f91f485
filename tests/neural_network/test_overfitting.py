"""A network that overfits is simplified, on the evidence of rows held out, and says so."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from madaline._neural_network import NeuralNetwork
from madaline._neural_network.arguments import held_out_rows
from madaline._neural_network.policies import OverfittingPolicy, OverfittingState
from madaline.errors import InputError
from madaline.nn.layers import Tanh
from madaline.records.history import Epoch


def watched(policy, losses, held_out):
    """Return the last state and all decisions."""
    state, decisions = OverfittingState(), []
    for number, pair in enumerate(zip(losses, held_out, strict=True), start=1):
        state, decision = policy.watch(state, Epoch(number, pair[0], 0.1, pair[1]))
        decisions += [decision] if decision else []
    return state, decisions


def noisy_rows(n_samples: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of ten columns, only one of which helps, and labels with much noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_samples, 10))
    return x, x[:, 0] + 1.5 * rng.normal(size=n_samples) > 0


def test_a_gap_that_widens_simplifies_again_and_again_and_then_the_best_is_kept():
    policy = OverfittingPolicy(patience=10, most_attempts=2)
    state, decisions = watched(policy, np.linspace(1, 0.1, 60), np.linspace(1, 2, 60))
    assert [decision.action for decision in decisions] == ["simplify", "simplify", "keep"]
    assert [decision.epoch for decision in decisions] == [11, 21, 31]
    assert "held-out rows is 1.17 after 1 at epoch 1" in decisions[0].sentence
    assert [decision.weight_decay for decision in decisions[:2]] == [0.001, 0.003]
    assert state.finished
    assert state.weight_decay == 0  # of the best epoch


def test_a_loss_that_falls_or_stays_on_both_is_left_alone():
    policy = OverfittingPolicy(patience=10)
    assert watched(policy, np.linspace(1, 0.1, 60), np.linspace(1, 0.5, 60))[1] == []
    assert watched(policy, np.linspace(1, 0.1, 60), np.full(60, 1.01))[1] == []
    assert watched(policy, np.linspace(1, 2, 60), np.linspace(1, 2, 60))[1] == []  # no overfitting


def test_what_helped_starts_the_count_again():
    policy = OverfittingPolicy(patience=10, most_attempts=1)
    held_out = [1.0, *[1.5] * 10, 0.9, *[1.5] * 10, 0.8, *[1.5] * 10]
    _, decisions = watched(policy, np.linspace(1, 0.1, len(held_out)), held_out)
    assert [decision.action for decision in decisions] == ["simplify"] * 3


def test_noise_is_noticed_and_the_best_on_the_held_out_rows_is_kept():
    x, y = noisy_rows()
    network = NeuralNetwork(10, 16, 1, activation=Tanh(), random_state=0)
    network.train(x, y, epochs=800)
    actions = [decision.action for decision in network.decisions_]
    assert "simplify" in actions
    assert "grow" not in actions[actions.index("simplify") :]
    best = min(epoch.validation_loss for epoch in network.history_)
    assert network.validation_loss_ == pytest.approx(best, rel=1e-9)
    (first, *_) = [d for d in network.decisions_ if d.action == "simplify"]
    before = [epoch.validation_loss for epoch in network.history_[: first.epoch]]
    assert first.loss_before == min(before)
    assert first.loss_after >= best
    assert f"The lowest loss on held-out rows was {first.loss_before:.3g} until" in first.sentence
    assert f"{network.validation_loss_:.4f} on held-out rows" in repr(network)


def test_new_rows_are_predicted_better_than_without_rows_held_out():
    losses = {}
    for share in (None, 0.0):
        losses[share] = []
        for seed in range(3):
            x, y = noisy_rows(seed=seed)
            network = NeuralNetwork(10, 16, 1, activation=Tanh(), random_state=seed)
            network.train(x, y, epochs=600, validation_fraction=share)
            x_new, y_new = noisy_rows(1000, seed=100 + seed)
            losses[share].append(network.loss(y_new, network.forward(x_new)))
    assert max(losses[None]) < min(losses[0.0])


def test_few_rows_and_plain_training_hold_nothing_out():
    x, y = noisy_rows(99)
    network = NeuralNetwork(10, 4, 1, random_state=0)
    network.train(x, y, epochs=5)
    assert network.validation_loss_ is None
    x, y = noisy_rows(100)
    network.train(x, y, epochs=5, adaptive=False)
    assert network.validation_loss_ is None
    network.train(x, y, epochs=5, adaptive=False, validation_fraction=0.3)
    assert network.history_[-1].validation_loss is not None
    assert network.decisions_ == []


def test_the_same_rows_are_held_out_when_training_goes_on():
    x, y = noisy_rows(400)
    network = NeuralNetwork(10, 4, 1, random_state=0)
    network.train(x, y, epochs=50)
    before = network.validation_loss_
    network.train(x, y, epochs=50)
    assert network.history_[50].validation_loss == pytest.approx(before)
    assert network.validation_loss_ <= before


def test_held_out_rows_have_no_influence_on_gradients():
    x, y = noisy_rows(200)
    networks = [NeuralNetwork(10, 4, 1, random_state=0) for _ in range(2)]
    _, held_out = held_out_rows(200, 0.2, adaptive=False)
    changed = y.copy()
    changed[held_out] ^= True
    for network, labels in zip(networks, (y, changed), strict=True):
        network.train(x, labels, epochs=20, adaptive=False, validation_fraction=0.2)
    np.testing.assert_array_equal(networks[0].weights[0], networks[1].weights[0])
    assert networks[0].validation_loss_ != networks[1].validation_loss_


def test_simplifying_makes_the_weights_smaller():
    x, y = noisy_rows()
    network = NeuralNetwork(10, 16, 1, activation=Tanh(), random_state=0)
    with_decay, without = (copy.deepcopy(network) for _ in range(2))
    with_decay.train(x, y, epochs=600)
    without.train(x, y, epochs=600, validation_fraction=0)
    sizes = [sum(np.square(w).sum() for w in one.weights) for one in (with_decay, without)]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("share", [1, -0.1, "a", 1.5])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InputError, match="validation_fraction is"):
        NeuralNetwork(10, 4, 1).train(*noisy_rows(), validation_fraction=share)
