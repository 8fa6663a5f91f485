"""Pruning step by step: which widths are tried, what leaves, and in which order."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._race import pruning as pruning_module
from madaline._race.ensemble import Ensemble, EnsembleMember, Evaluator, LossComparison
from madaline._race.pruning import (
    Pruning,
    PruningResult,
    _spread,
    _work,
    fewer_units,
    prune_ensemble,
)
from madaline.nn.layers import Linear, SiLU
from madaline.nn.network import Network
from madaline.records.model_decisions import MemberRemoved, UnitsRemoved

WIDTHS = fewer_units(16)  # 12, 8, 6, 4, 3, 2, 1


def member(key="1", units=16, weight=1.0, output=None):
    network = Network((Linear(4, units), SiLU(), Linear(units, 1)))
    theta = np.zeros((3, network.layout.size), np.float32)
    return EnsembleMember(key, key, f"recipe {key}", 0, network, theta, output, weight)


@pytest.fixture
def bisected(monkeypatch):
    """Return what a layer is pruned to if so few units are enough, and what was tried."""

    def bisect(enough):
        tried, one = [], member()
        ensemble = Ensemble((one, member("2")))
        evaluator = SimpleNamespace(layer_inputs=lambda *_: None)
        pruning = Pruning(evaluator, ensemble, np.zeros(5), np.zeros(5), 0.05, 7)
        monkeypatch.setattr(
            Pruning, "_rank", lambda *_: SimpleNamespace(order=np.zeros((3, 16)), layer=0)
        )
        monkeypatch.setattr(
            Pruning, "_narrowed", lambda self, old, ranking, units, inputs: member("1", units)
        )

        def take(self, smaller):
            tried.append(smaller.members[0].units[0])
            assert [one.key for one in smaller.members] == ["1", "2"]
            assert smaller.members[1] is ensemble.members[1]
            if tried[-1] < enough:
                return None
            self.ensemble = smaller
            return LossComparison(0.1, 0.1, tried[-1])

        monkeypatch.setattr(Pruning, "_take", take)
        latest = pruning._shrink_layer(one, 0)
        return tried, latest, pruning

    return bisect


@pytest.mark.parametrize("enough", [*WIDTHS, 13])
def test_the_fewest_units_that_are_enough_are_found_in_three_steps(bisected, enough):
    tried, latest, pruning = bisected(enough)
    assert tried[0] == 4  # the middle of seven widths
    assert len(tried) == 3
    if enough > 12:
        assert latest is None
        assert pruning.ensemble.members[0].units == (16,)
    else:
        assert latest.standard_error == enough == min(one for one in tried if one >= enough)
        assert pruning.ensemble.members[0].units == (enough,)
    assert pruning.multiply_adds == 0  # nothing is below the first layer


def test_rows_are_spread_evenly():
    assert _spread(np.arange(100, 110), 5).tolist() == [100, 102, 104, 106, 108]
    assert _spread(np.arange(100, 110), 4).tolist() == [100, 102, 105, 107]
    assert _spread(np.arange(100, 110), 10).tolist() == list(range(100, 110))


def test_work_is_that_of_the_layers_that_are_run():
    network = member().network
    assert _work(network, slice(None)) == 4 * 16 + 16
    assert _work(network, slice(2)) == 4 * 16
    assert _work(network, slice(1, None)) == 16


@pytest.fixture
def planted(make_dataset):
    """A dataset, and ensembles of outputs with planted errors."""
    dataset, rng = make_dataset("regression", n_samples=300), np.random.default_rng(0)
    noise = rng.normal(size=(3, *dataset.target.shape))

    def of(*parts):
        members = []
        for k, (weight, errors) in enumerate(parts, 1):
            output = dataset.target + np.tensordot(errors, noise, 1)
            members.append(member(str(k), weight=weight, output=output))
        return Ensemble(tuple(members))

    return dataset, of


def pruning_of(dataset, ensemble, tolerance=0.05):
    evaluator = Evaluator(dataset, 1)
    losses = evaluator.losses(ensemble)
    return Pruning(evaluator, ensemble, losses, evaluator.baseline_losses(), tolerance, 7)


def test_what_is_left_out_leaves_its_weight_to_the_others(planted):
    dataset, of = planted
    ensemble = of((0.2, (0, 0, 3)), (0.5, (0.1, 0, 0)), (0.3, (0, 0.1, 0)))
    pruning = pruning_of(dataset, ensemble)
    before = pruning.best
    pruning.leave_out("1")
    assert pruning.ensemble.weights == pytest.approx({"2": 0.625, "3": 0.375})
    (decision,) = pruning.decisions
    assert isinstance(decision, MemberRemoved)
    assert (decision.epoch, decision.subject, decision.recipe_id) == (7, "recipe 1", "1")
    assert decision.weight == pytest.approx(0.2)
    assert decision.best_loss == pytest.approx(before.mean())
    assert decision.loss == pytest.approx(pruning.best.mean())  # lower: it is the best now
    assert pruning.best.mean() < before.mean()
    pruning.leave_out("2")
    assert list(pruning.ensemble.weights) == ["2", "3"]  # alone, the third would be worse
    alone = pruning_of(dataset, of((1.0, (1, 0, 0))))
    alone.leave_out("1")
    assert list(alone.ensemble.weights) == ["1"]


def test_a_loss_within_the_tolerance_is_taken_and_the_best_stays(planted):
    dataset, of = planted
    ensemble, worse = of((1.0, (1, 0, 0))), of((1.0, (1.01, 0, 0)))
    pruning = pruning_of(dataset, ensemble)
    best = pruning.best
    comparison = pruning._take(worse)
    assert comparison.loss > comparison.best_loss
    assert pruning.best is best
    assert pruning.ensemble is worse
    assert pruning._take(of((1.0, (1.1, 0, 0)))) is None
    assert pruning.ensemble is worse
    assert pruning._take(of((1.0, (np.nan, 0, 0)))) is None


def test_the_lightest_leave_first_and_the_most_expensive_are_narrowed_first(planted, monkeypatch):
    dataset, of = planted
    order = []
    monkeypatch.setattr(Pruning, "leave_out", lambda self, key: order.append(("out", key)))
    monkeypatch.setattr(Pruning, "shrink", lambda self, key: order.append(("shrink", key)))
    ensemble = of((0.5, (1, 0, 0)), (0.2, (1, 0, 0)), (0.3, (1, 0, 0)))
    wide = replace(ensemble.members[2], network=member(units=32).network)
    ensemble = Ensemble((*ensemble.members[:2], wide))
    result = prune_ensemble(ensemble, dataset, epoch=7, tolerance=0.1)
    assert order == [*[("out", k) for k in "231"], *[("shrink", k) for k in "312"]]
    assert result.before is ensemble
    assert result.ensemble is not ensemble
    assert [one.key for one in result.ensemble.members] == ["1", "2", "3"]


@pytest.mark.parametrize(("n_evaluated", "step"), [(100, 3), (150, 2), (299, 2), (300, 1)])
def test_of_many_rows_every_kth_is_evaluated(planted, monkeypatch, n_evaluated, step):
    dataset, of = planted
    monkeypatch.setattr(pruning_module, "EVALUATED_ROWS", n_evaluated)
    steps = []
    monkeypatch.setattr(Pruning, "leave_out", lambda self, _: steps.append(self.evaluator.step))
    monkeypatch.setattr(Pruning, "shrink", lambda *_: None)
    prune_ensemble(of((1.0, (1, 0, 0))), dataset, epoch=7, tolerance=0.1)
    assert steps == [step]


def test_what_was_narrowed_is_told_with_its_units_and_work(planted, monkeypatch):
    dataset, of = planted
    pruning, layers = pruning_of(dataset, of((1.0, (1, 0, 0)))), []

    def shrink_layer(self, one, layer):
        layers.append(layer)
        narrow = member("1", 4, output=one.output)
        self.ensemble = Ensemble((narrow,))
        return LossComparison(0.3, 0.2, 0.01)

    monkeypatch.setattr(Pruning, "_shrink_layer", shrink_layer)
    pruning.shrink("1")
    (decision,) = pruning.decisions
    assert isinstance(decision, UnitsRemoved)
    assert (decision.loss, decision.best_loss, decision.standard_error) == (0.3, 0.2, 0.01)
    assert (decision.units, decision.previous_units) == (4, 16)
    assert decision.work == pytest.approx((4 * 4 + 4) / (4 * 16 + 16))
    assert layers == [0]
    monkeypatch.setattr(Pruning, "_shrink_layer", lambda *_: None)
    pruning.shrink("1")
    assert len(pruning.decisions) == 1


def test_layers_are_narrowed_from_the_last_and_one_is_enough_to_tell(monkeypatch):
    network = Network((Linear(4, 8), SiLU(), Linear(8, 6), SiLU(), Linear(6, 1)))
    deep = replace(member(), network=network)
    pruning = Pruning(None, Ensemble((deep,)), np.zeros(5), np.zeros(5), 0.05, 7)
    told = iter([LossComparison(0.3, 0.2, 0.01), None])
    layers = []
    monkeypatch.setattr(
        Pruning, "_shrink_layer", lambda self, _, layer: layers.append(layer) or next(told)
    )
    pruning.shrink("1")
    assert layers == [2, 0]
    assert len(pruning.decisions) == 1


def test_results_without_outputs_of_members_predict_the_same(planted):
    _, of = planted
    before, after = of((0.5, (1, 0, 0)), (0.5, (0, 1, 0))), of((1.0, (1, 0, 0)))
    result = PruningResult(after, before, (), 5.0).without_member_outputs()
    assert all(not len(one.output) for one in result.before.members)
    assert all(not len(one.output) for one in result.ensemble.members)
    np.testing.assert_array_equal(result.before.output, before.output)
    np.testing.assert_array_equal(result.ensemble.output, after.output)
    same = PruningResult(before, before, (), 5.0).without_member_outputs()
    assert same.ensemble is same.before


def test_what_was_narrowed_on_some_rows_has_outputs_for_all(planted):
    dataset, of = planted
    ensemble = of((0.5, (1, 0, 0)), (0.5, (0, 1, 0)))
    evaluator = Evaluator(dataset, 2)
    sample = evaluator.sampled(ensemble)
    narrow = replace(sample.members[0], network=member(units=4).network)
    narrow = replace(narrow, theta=np.ones((3, narrow.network.layout.size), np.float32))
    pruning = Pruning(evaluator, Ensemble((narrow, sample.members[1])), None, None, 0.05, 7)
    whole = pruning.whole(ensemble)
    np.testing.assert_allclose(whole.members[0].output, evaluator.output(narrow, 1))
    assert whole.members[1].output is ensemble.members[1].output
    assert whole.weights == ensemble.weights
    assert pruning.multiply_adds == 300 * (4 * 4 + 4)
