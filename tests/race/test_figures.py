"""Figures that decisions and reports tell, against formulas in plain NumPy."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._race.ensemble import Ensemble, EnsembleMember, Evaluator
from madaline._race.ensemble_weights import greedy_weights, weighted_mean
from madaline._race.recipe import TableRecipe
from madaline._race.state import Candidate, RaceState
from madaline._race.stopping_policies import StoppingPolicy, TimeLimitPolicy
from madaline._race.trees.racing import _OF_FEW, _Trees
from madaline.nn.layers import Linear
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Squared
from madaline.nn.network import Network


def row_losses(loss, output, target):
    """Return losses of rows by their textbook formulas."""
    if isinstance(loss, Squared):
        return ((output - target) ** 2).mean(axis=1)
    if isinstance(loss, BinaryCrossEntropy):
        p = 1 / (1 + np.exp(-output[:, 0]))
        return -np.log(np.where(target[:, 0] == 1, p, 1 - p))
    shares = np.exp(output) / np.exp(output).sum(axis=1, keepdims=True)
    return -np.log(shares[target == 1])


def searched(outputs, target, loss, steps, weight):
    """Return the weights of a greedy search that computes each mean anew."""
    taken = []
    for _ in range(steps):
        losses = [
            np.average(
                row_losses(loss, outputs[[*taken, one]].mean(axis=0), target), weights=weight
            )
            for one in range(len(outputs))
        ]
        taken.append(int(np.argmin(losses)))
    return np.bincount(taken, minlength=len(outputs)) / steps


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", [Squared(), BinaryCrossEntropy(), CrossEntropy()])
def test_weights_of_the_ensemble_are_those_of_a_search_that_means_anew(loss, weighted):
    rng = np.random.default_rng(3)
    n_samples = 1100  # more rows than are looked at together
    truth = rng.normal(size=(n_samples, 3 if isinstance(loss, CrossEntropy) else 1))
    outputs = truth + rng.normal(size=(5, *truth.shape)) * np.r_[1, 1.3, 2, 1.1, 3][:, None, None]
    target = truth
    if isinstance(loss, BinaryCrossEntropy):
        target = (truth + rng.logistic(size=truth.shape) > 0) * 1.0
    if isinstance(loss, CrossEntropy):
        target = np.eye(3)[(truth + rng.gumbel(size=truth.shape)).argmax(axis=1)]
    weight = rng.uniform(0, 3, n_samples) if weighted else None
    expected = searched(outputs, target, loss, 20, weight)
    assert np.count_nonzero(expected) > 2
    np.testing.assert_array_equal(greedy_weights(outputs, target, loss, weight=weight), expected)

    def objective(output):
        return np.average(row_losses(loss, output, target), weights=weight)

    found = greedy_weights(outputs, target, loss, weight=weight, objective=objective)
    np.testing.assert_array_equal(found, expected)
    mean = weighted_mean(outputs, expected)
    np.testing.assert_allclose(mean, np.einsum("c,crk->rk", expected, outputs), rtol=1e-12)


def error_of_mean(values):
    """Return how far the mean moves where one value after the other is left out, as a length."""
    without = [np.delete(values, place).mean() for place in range(len(values))]
    return np.linalg.norm(without - values.mean())


@pytest.fixture
def candidates(make_dataset):
    """A dataset, and recipes with outputs that err by chance, by more from each to the next."""
    dataset, rng = make_dataset("regression"), np.random.default_rng(0)
    errors = rng.normal(size=(3, *dataset.target.shape)) * np.r_[0.5, 0.7, 2][:, None, None]
    return dataset, [
        Candidate(str(k), TableRecipe(0, k + 1), None, 0.5 + k, epoch=4, output=dataset.target + e)
        for k, e in enumerate(errors)
    ]


def test_a_gain_counts_by_its_share_of_what_was_learned(candidates):
    """Or of the loss, if that is less."""
    dataset, _ = candidates
    rows, baseline = dataset.rows, []
    for fold in range(rows.n_folds):
        held_out = dataset.target[rows.held_out(fold)]
        baseline.append((held_out - dataset.target[rows.training(fold)].mean()) ** 2)
    state, base = RaceState(7, {}, dataset), float(np.concatenate(baseline).mean())
    assert state.baseline == pytest.approx(base, rel=1e-5)
    after = 0.8 * base  # a fifth was learned
    least = 0.1 * 0.2 * base
    assert state.gained(after + 1.01 * least, after, 0.1)
    assert not state.gained(after + 0.99 * least, after, 0.1)
    after = 0.2 * base  # four fifths were, more than is left
    assert state.gained(after * 1.101, after, 0.1)
    assert not state.gained(after * 1.099, after, 0.1)
    assert state.gained(after * 1.001, after, 0.0)
    assert state.gained(np.inf, after, 0.1)


def test_trees_are_compared_with_the_ensemble_row_by_row(candidates):
    dataset, (one, two, three) = candidates
    trees = object.__new__(_Trees)
    race = SimpleNamespace(epoch=9)
    trees.__dict__.update(dataset=dataset, before=two.output, race=race, patience=_OF_FEW)
    places = slice(10, 50)
    weights = np.array([0.25, 0.75])
    found = trees._compared(40, three.output[places], weights, one.output[places], places)
    of = [
        row_losses(Squared(), c.output[places], dataset.target[places]) for c in (one, two, three)
    ]
    assert (found.epoch, found.rounds, found.rows, found.weight) == (9, 40, 40, 0.75)
    assert found.loss == pytest.approx(of[2].mean())
    assert found.loss_before == pytest.approx(of[1].mean())
    assert found.loss_after == pytest.approx(of[0].mean())
    assert found.standard_error == pytest.approx(error_of_mean(of[1] - of[0]))
    gain = of[1].mean() - of[0].mean()
    assert found.gains(0.99 * gain / found.standard_error, 0.0)
    assert not found.gains(1.01 * gain / found.standard_error, 0.0)
    assert not found.gains(0.0, 1.01 * gain / of[1].mean())


def test_an_evaluator_compares_every_step_th_row(candidates):
    dataset, (one, two, _) = candidates
    network, theta = Network((Linear(4, 1),)), np.zeros((3, 5), np.float32)
    ensembles = [
        Ensemble((EnsembleMember("1", "1", "", 0, network, theta, c.output, 1.0),))
        for c in (one, two)
    ]
    evaluator = Evaluator(dataset, 3)
    losses = [evaluator.losses(evaluator.sampled(ensemble)) for ensemble in ensembles]
    expected = [((c.output - dataset.target) ** 2)[::3, 0] for c in (one, two)]
    np.testing.assert_allclose(losses, expected)
    found = evaluator.compare(losses[1], losses[0])
    assert found.loss == pytest.approx(expected[1].mean())
    assert found.best_loss == pytest.approx(expected[0].mean())
    assert found.standard_error == pytest.approx(error_of_mean(expected[1] - expected[0]))


def test_an_ensemble_predicts_the_weighted_mean_and_moves_by_offsets(candidates):
    dataset, (one, two, _) = candidates
    rng, network = np.random.default_rng(5), Network((Linear(4, 1),))
    thetas = rng.normal(size=(2, 3, network.layout.size)).astype(np.float32)
    members = tuple(
        EnsembleMember(str(k), str(k), "", 0, network, thetas[k], c.output, weight)
        for k, (c, weight) in enumerate(((one, 0.3), (two, 0.7)))
    )
    ensemble, places = Ensemble(members), np.array([3, 60, 17])
    expected = 0.0
    for theta, weight in zip(thetas[:, 1], (0.3, 0.7), strict=True):
        (parameters,) = network.bind(theta)
        x = dataset.features[0][places]
        expected = expected + weight * (x @ parameters["weight"] + parameters["bias"])
    np.testing.assert_allclose(ensemble.predict(dataset, 1, places), expected, rtol=1e-5)
    np.testing.assert_allclose(ensemble.output, 0.3 * one.output + 0.7 * two.output, rtol=1e-6)
    moved = ensemble.moved(np.array([2.5]), 1.0)
    np.testing.assert_allclose(moved.predict(dataset, 1, places), expected + 2.5, rtol=1e-4)
    np.testing.assert_allclose(moved.output[:], ensemble.output + 2.5, rtol=1e-5)
    assert ensemble.row_multiply_adds == 2 * 3 * 4
    outputs = ensemble.fold_outputs(dataset, temperature=2.0).outputs
    assert outputs.shape == (3, 61, 1)
    np.testing.assert_allclose(outputs[1][[3, 60, 17]], expected / 2, rtol=1e-5)


@pytest.mark.parametrize(("left", "stay"), [(17.0, 4), (12.1, 3), (8.1, 2), (7.9, 1), (-1.0, 1)])
def test_recipes_stay_for_which_four_epochs_are_left(candidates, left, stay):
    """The last epoch of all four took four seconds: one second for each."""
    dataset, few = candidates
    more = [*few, replace(few[2], recipe_id="3", recipe=TableRecipe(0, 9), loss=9.0)]
    clock = iter([100.0, 104.0]).__next__
    policy = TimeLimitPolicy(lambda: left, clock)
    state = RaceState(4, {one.key: one for one in more}, dataset)
    dropped = policy.decide(state)
    assert len(dropped) == 4 - stay
    assert all(one.seconds_left == max(0.0, left) for one in dropped)
    assert "0" not in [one.recipe_id for one in dropped]


def test_what_stops_tells_its_parent_s_loss_and_how_long_it_gained_little():
    parent = Candidate("1", TableRecipe(0, 3), None, 0.4, epoch=7, racing=False)
    copy = Candidate("2", TableRecipe(0, 10), None, 0.3, epoch=15, entered=8, parent_id="1")
    copy.inherited_epochs, copy.gained_epoch, copy.gained_loss = 7, 11, 0.31
    state = RaceState(16, {"1": parent, "2": copy}, None)
    (stopped,) = StoppingPolicy(9, 5, 50, least_gain=1.0).decide(state)
    assert (stopped.loss, stopped.best_epoch, stopped.parent_loss) == (0.3, 15, 0.4)
    assert stopped.slow_epochs == 5
    assert StoppingPolicy(9, 6, 50, least_gain=1.0).decide(state) == []
    copy.gained_epoch, copy.epoch = None, 0
    (stopped,) = StoppingPolicy(9, 8, 50, least_gain=1.0).decide(state)
    assert (stopped.best_epoch, stopped.slow_epochs) == (8, 0)
