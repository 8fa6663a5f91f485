"""The coach of a network tries a change, keeps it only if it helps, and says so in order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from coached import Coached

from madaline import NeuralNetwork
from madaline._neural_network import coach as rules

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])


def test_slow_learning_tries_a_higher_rate_and_keeps_what_helps():
    coached = Coached()
    assert coached.see(np.linspace(0.9, 0.85, 10)) == []
    assert coached.see([0.845]) == ["raise"]
    assert coached.coach.learning_rate == pytest.approx(0.3)
    assert coached.decisions[0].on_trial
    coached.see(np.linspace(0.83, 0.6, rules.TRIAL))
    (decision,) = coached.decisions
    assert decision.kept
    assert coached.coach.learning_rate == pytest.approx(0.3)
    assert decision.sentence == (
        "Slow: the loss fell by 6.1% in 10 epochs, so a learning rate of 0.3 is tried, up from 0.1;"
        " in 10 epochs the loss fell by 29.0% to 0.6, so 0.3 is kept."
    )


def test_a_higher_rate_that_is_no_better_is_undone_and_not_tried_again_soon():
    coached = Coached()
    assert coached.see(np.linspace(0.9, 0.85, 11)) == ["raise"]
    assert coached.see([0.85] * rules.TRIAL) == []
    assert coached.decisions[0].kept is False
    assert coached.coach.learning_rate == pytest.approx(0.1)
    assert coached.see([0.85] * 21) == ["lower"]  # after twice the wait, something else
    assert "Still slow" in coached.decisions[-1].sentence


def test_a_trial_that_diverges_ends_at_once_and_weights_are_put_back():
    coached = Coached()
    coached.see(np.linspace(0.9, 0.85, 11))
    weights = coached.network.weights[0].copy()
    coached.network.weights[0] += 1
    coached.see([2.0])
    assert coached.decisions[0].kept is False
    assert coached.coach.learning_rate == pytest.approx(0.1)
    np.testing.assert_array_equal(coached.network.weights[0], weights)
    assert (
        "so training returns to the weights before, at 0.1 again" in coached.decisions[0].sentence
    )


@pytest.mark.parametrize("loss", [2.0, math.inf, math.nan])
def test_a_loss_that_shoots_up_restores_and_lowers(loss):
    coached = Coached()
    coached.see([1.0, 0.5])
    best = coached.network.weights[0].copy()
    coached.network.weights[0] += 1
    assert coached.see([loss]) == ["restore"]
    np.testing.assert_array_equal(coached.network.weights[0], best)
    assert coached.coach.learning_rate == pytest.approx(0.1 / 3)
    assert "goes back to the weights of epoch 2" in coached.decisions[0].sentence


def test_a_loss_that_creeps_up_has_not_diverged():
    assert "restore" not in Coached().see(np.linspace(0.4, 0.6, 300))


def test_a_falling_loss_and_a_good_one_are_left_alone():
    assert Coached().see(0.96 ** np.arange(80)) == []
    assert Coached().see([0.01, 0.04] * 40) == []


def test_a_loss_counts_from_the_smallest_possible():
    assert Coached(floor=-10).see(-10 + 0.96 ** np.arange(80)) == []
    assert Coached(floor=-10).see([-9.5, -9.0]) == ["restore"]


@pytest.mark.parametrize("losses", [(0.80, 0.85, 200), (0.10, 0.109, 500)], ids=["weak", "good"])
def test_a_loss_that_rises_never_raises_the_rate(losses):
    coached = Coached()
    coached.see(np.linspace(*losses))
    assert coached.decisions
    raised = [decision for decision in coached.decisions if decision.action == "raise"]
    assert all(decision.fall >= 0 for decision in raised)
    (first, *_) = [decision for decision in coached.decisions if decision.action == "lower"]
    assert first.sentence.startswith("Too fast: the loss rose by")


def test_a_weak_fit_grows_every_hidden_layer_and_returns_if_that_does_not_help():
    coached = Coached((1, 2, 3, 1))
    x = np.linspace(-1, 1, 5)[:, None]
    before = coached.network.forward(x)
    while "grow" not in coached.see([0.9]):
        assert len(coached.history) < 500
    assert coached.network.hidden_size == (4, 6)
    np.testing.assert_allclose(coached.network.forward(x), before, rtol=1e-12)
    while coached.decisions[-1].on_trial:
        coached.see([0.9])
    assert coached.network.hidden_size == (2, 3)
    assert "from 2 + 3 to 4 + 6 hidden units" in coached.decisions[-1].sentence


@pytest.mark.parametrize(("sizes", "loss"), [((1, 1), 0.9), ((1, 2, 1), 0.1)])
def test_no_layer_and_no_weak_fit_do_not_grow(sizes, loss):
    assert "grow" not in Coached(sizes).see([loss] * 500)


def test_a_flat_loss_makes_a_handful_of_decisions():
    coached = Coached()
    coached.see([0.9] * 1000)
    assert 4 <= len(coached.decisions) <= 8


@pytest.mark.parametrize("seed", range(3))
def test_decisions_come_in_order_and_the_loss_falls(seed):
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    x, y = datasets.make_moons(300, noise=0.2, random_state=seed)
    network = NeuralNetwork(2, 8, 1, random_state=seed)
    network.train(x, y)
    epochs = [decision.epoch for decision in network.decisions_]
    assert epochs == sorted(epochs)
    assert len(epochs) <= 12
    losses = np.array([epoch.loss for epoch in network.history_])
    assert (losses[1:] > 1.1 * losses[:-1]).sum() <= 3  # back to better weights on held-out rows
    assert network.score(x, y) > 0.95
    assert not any("the loss rose" in d.reason for d in network.decisions_ if d.action == "raise")
    assert not any("learning rate" in finding.remedy for finding in network.diagnose(x, y))


def test_verbose_prints_decisions_in_order(capsys):
    network = NeuralNetwork(2, 2, 1, random_state=0)
    network.train(X, Y, epochs=400, verbose=True)
    lines = [line for line in capsys.readouterr().out.splitlines() if ": loss " not in line]
    assert lines == [f"epoch {d.epoch}: {d.sentence}" for d in network.decisions_]
    assert len(lines) > 2
