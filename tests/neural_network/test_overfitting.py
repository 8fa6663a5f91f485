"""A network that overfits is simplified, on the evidence of rows held out, and says so."""

from __future__ import annotations

import numpy as np
import pytest
from coached import Coached

from madaline._apps.neural_network import NeuralNetwork
from madaline._apps.neural_network.coach import DECAYS, OVERFIT_EPOCHS
from madaline._apps.neural_network.settings import TrainingSettings
from madaline._apps.neural_network.training import LAST_SHARE
from madaline.errors import InputError
from madaline.nn.layers import Tanh


def noisy_rows(n_samples: int = 120, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows of ten columns, only one of which helps, and labels with much noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n_samples, 10))
    return x, x[:, 0] + 1.5 * rng.normal(size=n_samples) > 0


def seen(held_out, losses=None):
    """Return the coach and its decisions, given made-up losses."""
    coached = Coached()
    losses = 0.95 ** np.arange(len(held_out)) if losses is None else losses
    coached.see(losses, held_out)
    return coached, [d for d in coached.decisions if d.action == "simplify"]


def test_a_gap_that_widens_tries_each_weight_decay_and_then_stops():
    coached, decisions = seen(np.linspace(1, 3, 300))
    (decision,) = decisions
    assert decision.action == "simplify"
    assert decision.values == DECAYS
    assert decision.kept is False
    assert len(decision.losses) == 3
    assert decision.epoch == 1 + OVERFIT_EPOCHS
    assert "rose from 1 to 1.33 on held-out rows" in decision.sentence
    assert decision.sentence.endswith("for 0.1, not 1, so training stops.")
    assert coached.coach.finished
    assert coached.descent.weight_decay == 0  # of the best epoch


def test_a_loss_that_falls_or_stays_on_both_is_left_alone():
    assert seen(np.linspace(1, 0.5, 150))[1] == []
    assert seen(np.full(150, 1.01))[1] == []
    assert seen(np.linspace(1, 2, 150), np.linspace(1, 0.95, 150))[1] == []  # hardly learned


def test_a_weight_decay_that_helps_is_kept():
    coached, (decision, *_) = seen([1.0, *[1.5] * OVERFIT_EPOCHS, 0.9, *[0.95] * 60])
    assert decision.kept
    assert coached.descent.weight_decay == DECAYS[0]
    assert "the loss comes out at 0.9 for 0.001, not 1, so 0.001 is kept" in decision.sentence


def test_a_decay_that_diverges_at_once_is_told_with_the_loss_that_it_had():
    coached, _ = seen(np.linspace(1, 3, 1 + OVERFIT_EPOCHS))
    coached.see([5.0], [4.0])
    assert coached.decisions[0].losses == (4.0,)


def test_noise_is_noticed_and_the_best_on_the_held_out_rows_is_kept():
    x, y = noisy_rows()
    network = NeuralNetwork(10, 16, 1, activation=Tanh(), random_state=0)
    network.train(x, y, epochs=800, validation_fraction=0.2)
    actions = [decision.action for decision in network.decisions_]
    assert "simplify" in actions
    assert "grow" not in actions[actions.index("simplify") :]
    best = min(epoch.validation_loss for epoch in network.history_)
    assert network.validation_loss_ == pytest.approx(best, rel=1e-9)
    assert f"{network.validation_loss_:.4f} on held-out rows" in repr(network)


def test_the_last_epochs_learn_the_rows_held_out():
    x, y = noisy_rows()
    network, without = (NeuralNetwork(10, 4, 1, random_state=0) for _ in range(2))
    network.train(x, y, epochs=200)
    without.train(x, y, epochs=160, validation_fraction=0.2)
    *others, last = network.decisions_
    assert [one.sentence for one in others] == [one.sentence for one in without.decisions_]
    assert (last.action, last.kept) == ("learn", True)
    assert last.epochs == int(LAST_SHARE * last.best_epoch) > 0
    assert len(network.history_) == len(without.history_) + last.epochs <= 200
    assert {epoch.validation_loss for epoch in network.history_[-last.epochs :]} == {None}
    assert network.validation_loss_ == without.validation_loss_
    assert network.loss_ == pytest.approx(network.loss(y, network.forward(x)))
    assert network.loss_ < without.loss(y, without.forward(x))
    assert f"with all 120 rows at a learning rate of {last.learning_rate:.3g}" in last.sentence


def test_training_goes_on_from_weights_that_have_not_learned_the_rows_held_out(tmp_path):
    x, y = noisy_rows()
    network = NeuralNetwork(10, 4, 1, random_state=0)
    network.train(x, y, epochs=200)
    assert network.decisions_[-1].kept
    network.save(tmp_path / "network.npz")
    copy = NeuralNetwork.load(tmp_path / "network.npz")
    unseen = network.validation_loss_
    for each in (network, copy):
        epoch = next(each.training(x, y, 1))
        assert epoch.validation_loss == pytest.approx(unseen, rel=1e-12)


def test_last_epochs_that_do_not_help_are_undone():
    x, y = noisy_rows()
    network = NeuralNetwork(10, 4, 1, random_state=0)
    *_, last = network.training(x, y, 8, 1e-9)  # two epochs that change nothing
    assert last.validation_loss is None
    network.train(x, y, 8, 300.0)
    best = min(e.validation_loss for e in network.history_ if e.validation_loss is not None)
    assert network.validation_loss_ == pytest.approx(best)


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
    before, known = network.validation_loss_, len(network.history_)
    network.train(x, y, epochs=50)
    assert network.history_[known].validation_loss == pytest.approx(before)
    assert network.validation_loss_ <= before


def test_held_out_rows_have_no_influence_on_gradients():
    x, y = noisy_rows(200)
    networks = [NeuralNetwork(10, 4, 1, random_state=0) for _ in range(2)]
    _, held_out = TrainingSettings(validation_fraction=0.2).split(200)
    changed = y.copy()
    changed[held_out] ^= True
    for network, labels in zip(networks, (y, changed), strict=True):
        network.train(x, labels, epochs=20, adaptive=False, validation_fraction=0.2)
    np.testing.assert_array_equal(networks[0].weights[0], networks[1].weights[0])
    assert networks[0].validation_loss_ != networks[1].validation_loss_


@pytest.mark.parametrize("share", [1, -0.1, "a", 1.5])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(InputError, match="validation_fraction is"):
        NeuralNetwork(10, 4, 1).train(*noisy_rows(), validation_fraction=share)
