"""The policies of a single network's training: the learning rate, and what to do when stuck."""

from __future__ import annotations

import math

import numpy as np
import pytest

from madaline._neural_network import NeuralNetwork
from madaline._neural_network.coach import Coach
from madaline._neural_network.policies import RatePolicy, StagnationPolicy
from madaline.nn.layers import Sigmoid
from madaline.nn.losses import Squared
from madaline.records.history import Epoch


def watched(policy, state, losses):
    """Return the last state and all decisions."""
    decisions = []
    for epoch, loss in enumerate(losses, start=1):
        state, decision = policy.watch(state, loss, epoch=epoch)
        decisions += [decision] if decision else []
    return state, decisions


def test_a_flat_loss_raises_the_rate_again_and_again():
    policy = RatePolicy()
    state, decisions = watched(policy, policy.start(0.1), [1.0] * 16)
    assert [decision.action for decision in decisions] == ["raise"] * 3
    assert [decision.epoch for decision in decisions] == [6, 11, 16]
    assert state.learning_rate == pytest.approx(0.8)


def test_a_falling_loss_is_left_alone():
    policy = RatePolicy()
    _, decisions = watched(policy, policy.start(0.1), 0.9 ** np.arange(50))
    assert decisions == []


def test_good_enough_is_left_alone():
    policy = RatePolicy(enough=0.01)
    _, decisions = watched(policy, policy.start(0.1), [0.001, 0.009] * 20)
    assert decisions == []


@pytest.mark.parametrize("loss", [2.0, math.inf, math.nan])
def test_a_loss_that_shoots_up_restores_and_lowers(loss):
    policy = RatePolicy()
    state, (decision,) = watched(policy, policy.start(0.3), [1.0, 0.9, loss])
    assert decision.action == "restore"
    assert state.learning_rate == pytest.approx(0.1)
    assert state.best_loss == 0.9


def test_a_divergence_makes_patient_and_success_impatient():
    policy = RatePolicy()
    state, _ = watched(policy, policy.start(0.1), [1.0, *[math.nan] * 9])
    assert state.patience == policy.most_patience
    state, decisions = watched(policy, state, [1.0] * (policy.most_patience - 1))
    assert decisions == []
    state, decisions = watched(policy, state, [1.0])
    assert [decision.action for decision in decisions] == ["raise"]
    assert state.patience == policy.most_patience // 2


def test_a_loss_below_zero_is_evaluated_by_its_distance_from_the_floor():
    policy = RatePolicy(floor=-10, enough=-10)
    _, decisions = watched(policy, policy.start(0.1), -10 + 0.9 ** np.arange(30))
    assert decisions == []
    _, decisions = watched(policy, policy.start(0.1), [-9.0, -8.0])
    assert [decision.action for decision in decisions] == ["restore"]


def test_no_rate_above_the_highest():
    policy = RatePolicy(highest=1.0)
    state, decisions = watched(policy, policy.start(0.7), [1.0] * 100)
    assert len(decisions) == 1
    assert state.learning_rate == 1


def test_a_poor_fit_that_stays_poor_is_grown_and_restarted_by_turns_and_then_left():
    policy = StagnationPolicy(weak=0.5, patience=10, most_attempts=4)
    state, decisions = watched(policy, policy.start(), [1.0] * 200)
    actions = [decision.action for decision in decisions]
    assert actions == ["grow", "restart", "grow", "restart", "keep"]
    assert state.finished


def test_a_good_or_improving_fit_is_not_stuck():
    policy = StagnationPolicy(weak=0.5, patience=10)
    assert watched(policy, policy.start(), [0.4] * 50)[1] == []
    assert watched(policy, policy.start(), 100 * 0.99 ** np.arange(300))[1] == []


def coached(sizes: list[int]) -> tuple[NeuralNetwork, Coach]:
    first, *hidden, last = sizes
    network = NeuralNetwork(first, hidden, last, loss=Squared(), random_state=1)
    parameters, rng = network._parameters, np.random.default_rng(2)
    return network, Coach(parameters, Sigmoid(), rng, 0.1, baseline=1.0, floor=0.0)


def advised_until(action: str, coach: Coach, loss: float) -> int:
    """Return the epoch in which a loss that stays the same leads to this action."""
    for epoch in range(1, 1000):
        decision = coach.advise(Epoch(epoch, loss, 0.1))
        if decision is not None and decision.action == action:
            return epoch
    raise AssertionError(action)


def test_the_coach_puts_the_best_back():
    network, coach = coached([1, 2, 1])
    best = network.weights[0].copy()
    coach.advise(Epoch(1, 0.5, 0.1))
    network.weights[0] += 1
    assert coach.advise(Epoch(2, 5.0, 0.1)).action == "restore"
    np.testing.assert_array_equal(network.weights[0], best)
    network.weights[0] += 1  # the best is a copy
    coach.keep_best(Epoch(3, 3.0, 0.1))
    np.testing.assert_array_equal(network.weights[0], best)


def test_the_coach_grows_every_hidden_layer_and_keeps_predictions():
    network, coach = coached([1, 2, 3, 1])
    x = np.linspace(-1, 1, 5)[:, None]
    before = network.forward(x)
    advised_until("grow", coach, 0.9)
    assert network.hidden_size == (3, 4)
    assert [len(bias) for bias in network.biases] == [3, 4, 1]
    np.testing.assert_allclose(network.forward(x), before, rtol=1e-12)


def test_after_a_restart_the_best_of_all_still_wins():
    network, coach = coached([1, 1])
    best = network.weights[0].copy()
    epoch = advised_until("restart", coach, 0.9)
    assert not np.array_equal(network.weights[0], best)
    coach.advise(Epoch(epoch + 1, 0.95, 0.1))  # no divergence: a new attempt
    coach.keep_best(Epoch(epoch + 2, 0.92, 0.1))
    np.testing.assert_array_equal(network.weights[0], best)
