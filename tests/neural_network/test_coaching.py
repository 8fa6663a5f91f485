"""The policies of a single network's training: the learning rate, and what to do when stuck."""

from __future__ import annotations

import math

import numpy as np
import pytest

from madaline.neural_network.coach import Coach
from madaline.neural_network.learning_rate import LearningRatePolicy
from madaline.neural_network.stagnation import StagnationPolicy
from madaline.nn.layers import Linear, Sigmoid
from madaline.nn.network import Network


def watched(policy, state, losses):
    """Return the last state and all decisions."""
    decisions = []
    for epoch, loss in enumerate(losses, start=1):
        state, decision = policy.watch(state, loss, epoch=epoch)
        decisions += [decision] if decision else []
    return state, decisions


def test_a_flat_loss_raises_the_rate_again_and_again():
    policy = LearningRatePolicy()
    state, decisions = watched(policy, policy.start(0.1), [1.0] * 16)
    assert [decision.action for decision in decisions] == ["raise"] * 3
    assert [decision.epoch for decision in decisions] == [6, 11, 16]
    assert state.learning_rate == pytest.approx(0.8)


def test_a_falling_loss_is_left_alone():
    policy = LearningRatePolicy()
    _, decisions = watched(policy, policy.start(0.1), 0.9 ** np.arange(50))
    assert decisions == []


def test_good_enough_is_left_alone():
    policy = LearningRatePolicy(enough=0.01)
    _, decisions = watched(policy, policy.start(0.1), [0.001, 0.009] * 20)
    assert decisions == []


@pytest.mark.parametrize("loss", [2.0, math.inf, math.nan])
def test_a_loss_that_shoots_up_restores_and_lowers(loss):
    policy = LearningRatePolicy()
    state, (decision,) = watched(policy, policy.start(0.3), [1.0, 0.9, loss])
    assert decision.action == "restore"
    assert state.learning_rate == pytest.approx(0.1)
    assert state.best_loss == 0.9


def test_a_divergence_makes_patient_and_success_impatient():
    policy = LearningRatePolicy()
    state, _ = watched(policy, policy.start(0.1), [1.0, *[math.nan] * 9])
    assert state.patience == policy.most_patience
    state, decisions = watched(policy, state, [1.0] * (policy.most_patience - 1))
    assert decisions == []
    state, decisions = watched(policy, state, [1.0])
    assert [decision.action for decision in decisions] == ["raise"]
    assert state.patience == policy.most_patience // 2


def test_a_loss_below_zero_is_judged_by_its_distance_from_the_floor():
    policy = LearningRatePolicy(floor=-10, enough=-10)
    _, decisions = watched(policy, policy.start(0.1), -10 + 0.9 ** np.arange(30))
    assert decisions == []
    _, decisions = watched(policy, policy.start(0.1), [-9.0, -8.0])
    assert [decision.action for decision in decisions] == ["restore"]


def test_no_rate_above_the_highest():
    policy = LearningRatePolicy(highest=1.0)
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


def coach(**options) -> Coach:
    settings = {"baseline": 1.0, "floor": 0.0, "growing": True, "rng": np.random.default_rng(0)}
    return Coach(0.1, **(settings | options))


def test_the_coach_puts_the_best_back():
    network = Network((Linear(1, 2), Sigmoid(), Linear(2, 1)))
    population = network.initialize((), np.random.default_rng(1), dtype=np.float64)
    best, adviser = population.theta.copy(), coach()
    adviser.advise(network, population, 0.5, 1)
    population.theta += 1
    _, restored, decision = adviser.advise(network, population, 5.0, 2)
    assert decision.action == "restore"
    np.testing.assert_array_equal(restored.theta, best)
    restored.theta += 1  # the best is a copy
    np.testing.assert_array_equal(adviser.best(network, restored, 3.0)[1].theta, best)


def test_the_coach_grows_every_hidden_layer_and_keeps_what_was_said():
    layers = (Linear(1, 2), Sigmoid(), Linear(2, 3), Sigmoid(), Linear(3, 1))
    network, adviser = Network(layers), coach()
    population = network.initialize((), np.random.default_rng(1), dtype=np.float64)
    x = np.linspace(-1, 1, 5)[:, None]
    before, decision, epoch = network.predict(population.theta, x), None, 0
    while decision is None or decision.action != "grow":
        epoch += 1
        network, population, decision = adviser.advise(network, population, 0.9, epoch)
    assert [network.layers[n].out_features for n in (0, 2, 4)] == [3, 4, 1]
    np.testing.assert_allclose(network.predict(population.theta, x), before, rtol=1e-12)


def test_after_a_restart_the_best_of_all_still_wins():
    network, adviser = Network((Linear(1, 1),)), coach(growing=False)
    population = network.initialize((), np.random.default_rng(1), dtype=np.float64)
    best, decision, epoch = population.theta.copy(), None, 0
    while decision is None or decision.action != "restart":
        epoch += 1
        network, population, decision = adviser.advise(network, population, 0.9, epoch)
    assert not np.array_equal(population.theta, best)
    adviser.advise(network, population, 0.95, epoch + 1)  # no divergence: a new attempt
    np.testing.assert_array_equal(adviser.best(network, population, 0.92)[1].theta, best)
