"""The coach of a network tries a change, keeps it only if it helps, and says so in order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from coached import Coached

from madaline import NeuralNetwork
from madaline._apps.neural_network import coach as rules
from madaline._apps.neural_network.decisions import Trial
from madaline.errors import InputError
from madaline.nn.layers import ReLU

X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
Y = np.array([0, 1, 1, 0])


N = rules.TRIAL_EPOCHS


def test_slow_epochs_are_repeated_at_higher_rates_up_to_the_best():
    coached = Coached()
    weights = []
    for loss in np.linspace(0.9, 0.85, 2 * N + 1):
        weights.append(coached.network.weights[0].copy())
        assert coached.descent.learning_rate == pytest.approx(0.1)
        coached.see([loss])
        if coached.decisions:
            break
        coached.network.weights[0] += 1
    start = weights[-1 - N]
    assert len(weights) == 2 * N
    rates = []
    for losses in (
        np.linspace(0.83, 0.7, N),
        np.linspace(0.83, 0.6, N),
        np.linspace(0.83, 0.65, N),
    ):
        np.testing.assert_array_equal(coached.network.weights[0], start)
        assert coached.decisions[0].on_trial
        assert coached.coach.steps[0] == pytest.approx(0.1)
        for loss in losses:
            rates.append(coached.descent.learning_rate)
            coached.network.weights[0] += 1
            coached.see([loss])
    expected = [*[0.3] * 8, 0.1, 0.1, *[0.9] * 8, 0.1, 0.1, *[2.7] * 8, 0.1, 0.1]
    assert rates == pytest.approx(expected)  # the last epochs are at the rate of before
    (decision,) = coached.decisions
    assert decision.kept
    assert coached.descent.learning_rate == coached.coach.steps[0] == pytest.approx(0.9)
    assert decision.sentence == (
        "Slow: the loss fell by 2.8% in 10 epochs, so they are repeated with a learning rate of"
        " 0.3 or more, up from 0.1; the loss comes out at 0.707 for 0.3, 0.613 for 0.9 and"
        " 0.66 for 2.7, not 0.854, so 0.9 is kept."
    )


@pytest.mark.parametrize("loss", [0.8625, 2.0, math.inf])
def test_a_higher_rate_that_is_no_better_is_undone_and_not_tried_again_soon(loss):
    coached = Coached()
    assert coached.see(np.linspace(0.9, 0.85, 2 * N + 1)[:-1]) == ["raise"]
    before = coached.coach._trial.best.place.parameters.weights[0].copy()
    coached.network.weights[0] += 1
    coached.see([loss] * (N if loss < 1 else 1))
    assert coached.decisions[0].kept is False
    assert "so it is 0.1 again" in coached.decisions[0].sentence
    assert coached.descent.learning_rate == pytest.approx(0.1)
    np.testing.assert_array_equal(coached.network.weights[0], before)
    assert "raise" not in coached.see(np.linspace(0.85, 0.8, int(rules.LONGER * N)))


def test_what_failed_is_tried_again_over_more_epochs_or_from_half_the_loss_and_that_is_said():
    coached = Coached((1, 1))
    coached.see([0.9] * 1000)
    epochs = [decision.epochs for decision in coached.decisions]
    assert epochs == [N * rules.LONGER**power for power in range(len(epochs))]
    assert len(epochs) == 3
    first, second, _ = coached.decisions
    assert "tried before" not in first.sentence
    failed = f"It was tried before, in epoch {first.epoch}, over 10 epochs from a loss of 0.9."
    assert failed in second.sentence
    coached = Coached((1, 1))
    coached.see([0.9] * 3 * N)
    again = ["raise"]
    assert coached.see([0.4] * 6 * N) == again
    assert coached.decisions[1].epochs == N
    assert "in epoch 20, over 10 epochs from a loss of 0.9" in coached.decisions[1].sentence


def test_a_loss_that_goes_up_and_down_tries_a_lower_rate_after_a_higher_one():
    coached = Coached()
    actions = coached.see(0.15 + 0.01 * (np.arange(200) % 2))
    assert actions[:2] == ["raise", "lower"]
    assert "Uneven: the loss rose in 5 of 10 epochs" in coached.decisions[1].sentence


def test_the_jitter_of_batches_is_neither_progress_nor_divergence():
    rng = np.random.default_rng(0)
    coached = Coached()
    coached.see(0.3 * np.exp(0.1 * rng.normal(size=500)))
    assert sum(decision.action == "restore" for decision in coached.decisions) <= 1
    assert sum(bool(decision.kept) for decision in coached.decisions) <= 1
    assert len(coached.decisions) <= 6


@pytest.mark.parametrize("loss", [2.0, math.inf, math.nan])
def test_a_loss_that_shoots_up_restores_and_lowers(loss):
    coached = Coached()
    coached.see([1.0, 0.5])
    best = coached.network.weights[0].copy()
    coached.network.weights[0] += 1
    assert coached.see([loss]) == ["restore"]
    np.testing.assert_array_equal(coached.network.weights[0], best)
    assert coached.descent.learning_rate == pytest.approx(0.1 / 3)
    assert "goes back to the weights of epoch 2" in coached.decisions[0].sentence
    assert ("infinity" in coached.decisions[0].sentence) == (not math.isfinite(loss))


def test_a_loss_that_creeps_up_has_not_diverged():
    assert "restore" not in Coached().see(np.linspace(0.4, 0.6, 300))


def test_a_falling_loss_and_a_good_one_are_left_alone():
    assert Coached().see(0.96 ** np.arange(80)) == []
    assert Coached().see([0.01, 0.04] * 40) == []


def test_a_loss_counts_from_the_smallest_possible():
    assert Coached(floor=-10).see(-10 + 0.96 ** np.arange(80)) == []
    assert Coached(floor=-10).see([-9.5, -9.0]) == ["restore"]


@pytest.mark.parametrize("losses", [(0.80, 0.85, 200), (0.10, 0.109, 500)], ids=["weak", "good"])
def test_a_loss_that_rises_steadily_is_no_matter_of_the_rate(losses):
    coached = Coached()
    coached.see(np.linspace(*losses))
    assert coached.decisions == []


@pytest.mark.parametrize("relu", [False, True])
def test_a_wild_first_rate_ends_as_good_as_a_sane_one(relu):
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    x, y = datasets.make_moons(300, noise=0.2, random_state=0)
    network = NeuralNetwork(2, 8, 1, activation=ReLU() if relu else None, random_state=0)
    network.train(x, y, learning_rate=1000)
    rates = [d.learning_rate for d in network.decisions_ if d.action == "restore"]
    assert rates[:3] == [
        pytest.approx(1000 / 3),
        pytest.approx(1000 / 27),
        pytest.approx(1.3717, 1e-3),
    ]
    assert max(epoch.loss for epoch in network.history_) == network.history_[0].loss
    assert network.score(x, y) > 0.95


@pytest.mark.parametrize("options", [{"momentum": 0}, {}, {"optimizer": "adam"}], ids=str)
def test_mini_batches_make_a_handful_of_decisions(options):
    datasets = pytest.importorskip("sklearn.datasets", reason="scikit-learn is not installed")
    x, y = datasets.make_moons(300, noise=0.2, random_state=0)
    network = NeuralNetwork(2, 8, 1, random_state=0)
    network.train(x, y, 150, 0.03, batch_size=16, **options)
    assert len(network.decisions_) <= 8
    assert sum(decision.action == "restore" for decision in network.decisions_) <= 1


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
    assert (
        "with more than 2 + 3 hidden units; the loss comes out at 0.9 for 4 + 6"
        in coached.decisions[-1].sentence
    )


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
    assert len(epochs) <= 9
    on_trial = {
        epoch
        for one in network.decisions_
        if isinstance(one, Trial)
        for epoch in range(one.epoch, one.epoch + one.epochs * len(one.losses) + 1)
    }
    settled = [epoch.loss for epoch in network.history_ if epoch.epoch not in on_trial]
    losses = np.array(settled)
    assert (losses[1:] > 1.1 * losses[:-1]).sum() <= 3  # back to better weights on held-out rows
    assert network.score(x, y) > 0.95
    assert not any("the loss rose" in d.reason for d in network.decisions_ if d.action == "raise")
    assert not any("learning rate" in finding.remedy for finding in network.diagnose(x, y))


def test_verbose_prints_decisions_in_order(capsys):
    network = NeuralNetwork(2, 2, 1, random_state=0)
    network.train(X, Y, epochs=400, verbose=True)
    lines = [line for line in capsys.readouterr().out.splitlines() if ": loss " not in line]
    assert lines == [f"epoch {d.epoch}: {d.sentence}" for d in network.decisions_]
    assert len(lines) >= 2


def test_columns_of_very_different_scales_are_said_once():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 2)) * [1, 500], rng.integers(0, 2, 60)
    network = NeuralNetwork(2, 2, 1, random_state=0)
    with pytest.warns(UserWarning, match="not of a similar, small scale .* StandardScaler"):
        network.train(x, y, 2)
    network.train(x, y, 2)  # warnings are errors
    NeuralNetwork(2, 2, 1).train(x / [1, 500], y, 2)


def test_one_class_and_missing_sizes_are_refused_in_a_sentence():
    with pytest.raises(InputError, match="one class only, 1: give rows of at least two classes"):
        NeuralNetwork(2, 2, 1).train(X, [1, 1, 1, 1])
    with pytest.raises(InputError, match=r"needs three sizes, .* NeuralNetwork\(2, 5, 1\)"):
        NeuralNetwork()
