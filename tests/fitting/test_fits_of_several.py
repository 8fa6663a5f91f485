"""Fits of several targets, of tuned thresholds, of many groups: their numbers by other sums."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn import metrics
from tests.fits import fitting_of

from madaline._models.fitting import many, memory
from madaline._models.fitting.finished_fits import Done
from madaline._models.fitting.many import (
    COMMON,
    ManyOptions,
    _compare_groups,
    _tasks,
    compare_losses,
)
from madaline._models.fitting.memory import MemoryLimit, Proposal
from madaline._models.model.many import Entry
from madaline._race.evaluation.objective import Objective
from madaline._race.evaluation.score import mean_and_error
from madaline._race.plan import Plan
from madaline._race.recipe import TableRecipe
from madaline._tables.table import Table
from madaline.errors import InputError


def fitted(target, **options):
    rng = np.random.default_rng(0)
    n_rows = len(target)
    table = Table.from_columns({"x": rng.normal(size=n_rows), "z": rng.normal(size=n_rows)})
    fitting = fitting_of(table, target, effort=1, **options)
    list(fitting)
    return fitting


@pytest.fixture(scope="module")
def joint():
    """A fit of two numbers, later rows held out."""
    rng = np.random.default_rng(1)
    target = rng.normal(size=(100, 2)) * [1, 50] + [0, 7]
    return fitted(target, target_name=["u", "v"], time=True)


@pytest.fixture(scope="module")
def tuned():
    """A fit of a rare class, whose threshold is tuned for F1; rows are kept."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=150)
    labels = np.where(x + 0.5 * np.random.default_rng(1).normal(size=150) > 1, "b", "a")
    return fitted(labels.astype(object), objective=Objective(metric="f1"), keep_rows=40)


def test_scores_of_several_targets_are_means_of_theirs(joint):
    outcome = joint.outcome
    each = [one.scores for one in outcome.outputs]
    assert [one.name for one in outcome.outputs] == ["u", "v"]
    (r2,) = outcome.scoring.scores
    for name in ("value", "standard_error", "baseline"):
        own = [getattr(next(s for s in scores if s.metric == "r2"), name) for scores in each]
        assert getattr(r2, name) == pytest.approx(np.mean(own))
    views = outcome.views
    assert (views[0].scale, views[1].scale) == pytest.approx(
        [one.scale for one in joint.target_encoder.encoders]
    )
    assert views[1].scale > 20 * views[0].scale
    rmse = [next(s for s in scores if s.metric == "rmse") for scores in each]
    assert rmse[1].baseline == pytest.approx(50, rel=0.3)


def test_stretches_of_several_targets_are_means_of_theirs(joint):
    outcome, dataset, rows = joint.outcome, joint.prepared.own_dataset, joint.rows
    assert outcome.scoring.forward.metric == "r2"
    for fold, stretch in enumerate(outcome.scoring.forward.stretches):
        places, learned = rows.held_out(fold), rows.training(fold)
        error = (outcome.scoring.output[places] - dataset.target[places]).astype(float)
        constant = dataset.target[learned].mean(axis=0) - dataset.target[places].astype(float)
        r2 = 1 - np.mean(error**2, axis=0) / np.mean(constant**2, axis=0)
        assert stretch.value == pytest.approx(r2.mean(), rel=1e-3)
    assert joint.model().summary.promised is not None


def test_the_quality_of_several_targets_is_that_of_each(joint):
    quality = joint.evaluation.quality()
    output = joint.out_of_fold()
    evaluated = joint.prepared.evaluated_rows
    for index, name in enumerate(("u", "v")):
        encoder = joint.target_encoder.encoders[index]
        truth = joint.prepared.data.target[evaluated, index]
        predicted = encoder.center + encoder.scale * output[evaluated, index]
        error = truth - np.clip(predicted, encoder.low, encoder.high)
        assert quality[name].median_error == pytest.approx(np.median(np.abs(error)), rel=1e-2)
    assert joint.evaluation.unseen_facts() is None
    assert joint.evaluation.label_suspects is None


def test_a_tuned_threshold_is_used_for_decisions_and_scores(tuned):
    outcome = tuned.outcome
    chosen = outcome.threshold
    labels = tuned.prepared.data.target
    raw = outcome.ensemble.output[:, 0] / outcome.temperature
    p = 1 / (1 + np.exp(-raw))
    truth = labels[tuned.rows.order] == "b"
    values = np.unique(p)
    tried = [metrics.f1_score(truth, p > t) for t in (values[1:] + values[:-1]) / 2]
    assert metrics.f1_score(truth, p > chosen.best) == pytest.approx(max(tried), abs=1e-9)
    assert chosen.before == pytest.approx(metrics.f1_score(truth, p > 0.5))
    used = outcome.target_encoder.threshold
    assert used == chosen.threshold
    cut = np.log(used / (1 - used))
    assert outcome.cut == pytest.approx(cut)
    output = outcome.scoring.output[:, 0]
    scores = {one.metric: one for one in outcome.scoring.scores}
    assert next(iter(scores)) == "f1"
    assert scores["f1"].value == pytest.approx(metrics.f1_score(truth, output > cut))
    assert scores["accuracy"].out_of_fold == pytest.approx(np.mean((output > cut) == truth))


def test_suspects_are_those_of_all_rows_in_their_order(tuned):
    suspects = tuned.evaluation.label_suspects
    labels = tuned.prepared.data.target
    p = 1 / (1 + np.exp(-tuned.out_of_fold()[:, 0]))
    own = np.where(labels == "b", p, 1 - p)
    assert suspects.quality == pytest.approx(own, rel=1e-4)
    usual = {label: own[labels == label].mean() for label in "ab"}
    others = np.where(labels == "b", 1 - p, p)
    bound = np.where(labels == "b", usual["a"], usual["b"])
    expected = others >= np.maximum(bound, own)
    assert np.mean(suspects.suspected == expected) > 0.99


def test_rows_that_are_kept_know_their_folds(tuned):
    kept = tuned.model().kept_rows
    assert kept.n_rows == 40
    x = tuned.prepared.data.table["x"]
    rows = np.array([int(np.flatnonzero(x == value)[0]) for value in kept.table["x"]])
    fold_of = np.empty(150, int)
    for fold in range(tuned.rows.n_folds):
        fold_of[tuned.rows.order[tuned.rows.held_out(fold)]] = fold
    assert kept.folds.tolist() == fold_of[rows].tolist()


class Job:
    """Stands for a table of rows of two groups."""

    target = np.zeros(9)
    weight = None


def grouped_rows():
    numbers = np.array([0, 1, 0, 1, 0, 0, 0, 1, 0])
    return SimpleNamespace(
        keys=[("a",), ("b",)],
        numbers=numbers,
        rows=lambda: [np.flatnonzero(numbers == number) for number in range(2)],
    )


def test_each_group_of_enough_rows_is_a_task():
    by = (("store",), "y", "regression")
    tasks = list(_tasks(Job(), grouped_rows(), ManyOptions(*by, common=True, min_rows=4)))
    assert [task.number for task in tasks] == [COMMON, 0, 1]
    assert [task.entry.n_rows for task in tasks] == [9, 6, 3]
    assert [bool(task.entry.error) for task in tasks] == [False, False, True]
    assert tasks[2].entry.error == "It has 3 rows, fewer than 4."
    alone = list(_tasks(Job(), grouped_rows(), ManyOptions(*by, min_rows=3)))
    assert [task.number for task in alone] == [0, 1]
    assert not any(task.entry.error for task in alone)
    none = SimpleNamespace(keys=[], rows=list)
    with pytest.raises(InputError, match="There are 0 groups by store"):
        list(_tasks(Job(), none, ManyOptions(*by)))


def test_own_models_are_compared_on_the_rows_that_they_have():
    grouped, rng = grouped_rows(), np.random.default_rng(0)
    common, own = rng.exponential(size=9), rng.exponential(size=9)
    weight = rng.uniform(0.5, 2, 9)
    rows = grouped.rows()
    done = {
        COMMON: Done(Entry((), 9, 0), model=np.zeros(1), losses=common, metric="rmse"),
        0: Done(Entry(("a",), 6, 0), model=np.zeros(1), losses=own[rows[0]], metric="rmse"),
        1: Done(Entry(("b",), 3, 0, error="No.")),
    }
    found = _compare_groups(done, grouped, weight)
    expected = compare_losses("rmse", own[rows[0]], common[rows[0]], weight[rows[0]])
    assert found == expected
    assert found.n_rows == 6
    assert done[0].entry.compared == expected
    assert done[1].entry.compared is None
    mean, error = mean_and_error((common - own)[rows[0]], weight[rows[0]], None)
    roots = np.sqrt([np.average(x[rows[0]], weights=weight[rows[0]]) for x in (own, common)])
    assert found.difference == pytest.approx(mean / (roots.sum() * roots[1]))
    assert found.standard_error == pytest.approx(error / (roots.sum() * roots[1]))
    assert many.MIN_ROWS == 100


def proposal(monkeypatch, n_features=9, n_workers=2):
    """Return a proposal whose bytes count what its plan and encoder hold."""
    plan = Plan(
        tuple(TableRecipe(n, 3.0, (8,)) for n in (0, 0, 16, 16, 64, 64)), n_folds=8, batch_size=8
    )

    def encoder(width):
        widest = SimpleNamespace(name="city", n_features=width - 2)
        return SimpleNamespace(
            encoders=(SimpleNamespace(name="x", n_features=2), widest),
            columns=("x", "city"), n_features=lambda _, width=width: width,
        )  # fmt: skip

    def n_bytes(self, n_samples, n_outputs):
        width = self.encoder.n_features(0)
        return 1000 * self.n_workers + 100 * len(self.plan.recipes) + 10 * self.plan.n_folds + width

    monkeypatch.setattr(Proposal, "n_bytes", n_bytes)
    narrowed = {4: (encoder(7), plan), 16: (encoder(5), plan)}
    return Proposal(encoder(n_features), plan, n_workers), narrowed.__getitem__


@pytest.mark.parametrize(
    ("limit", "changes", "n_bytes"),
    [
        (2689, None, 2689),
        (2688, "networks train on one processor", 1689),
        (1688, "networks train on one processor; numbers get at most 16 bins", 1489),
        (1488, "networks train on one processor; numbers get at most 16 bins; numbers get no bins",
         1289),
        (1288, "one recipe of each kind races", 1189),
        (1188, "at most 5 folds", 1159),
        (1158, "categories keep 16 levels, texts 1/4 of their terms", 1157),
        (1156, "categories keep 4 levels, texts 1/16 of their terms", 1155),
    ],
)  # fmt: skip
def test_the_first_plan_within_the_limit_is_taken(monkeypatch, limit, changes, n_bytes):
    usual, narrowed = proposal(monkeypatch)
    monkeypatch.setattr(memory, "MAX_LEVEL_FEATURES", 64)
    chosen, cheaper = MemoryLimit(limit).choose(usual, narrowed, 100, 2, given_folds=False)
    assert chosen.n_bytes(100, 2) == n_bytes
    if changes is None:
        assert cheaper is None
        assert MemoryLimit(None).choose(usual, narrowed, 100, 2, given_folds=False)[1] is None
        return
    assert cheaper.changes.endswith(changes)
    assert (cheaper.n_bytes, cheaper.cheaper_bytes) == (2689, n_bytes)
    if "folds" in changes:
        kept, _ = MemoryLimit(limit).choose(usual, narrowed, 100, 2, given_folds=False)
        assert kept.plan.n_folds == 5
        with_folds, _ = MemoryLimit(limit).choose(usual, narrowed, 100, 2, given_folds=True)
        assert with_folds.plan.n_folds == 8


def test_what_no_plan_holds_is_refused_with_its_cause(monkeypatch):
    usual, narrowed = proposal(monkeypatch)
    with pytest.raises(InputError, match=r"most of them, 7, from column 'city'.* fewer columns"):
        MemoryLimit(1154).choose(usual, narrowed, 100, 2, given_folds=False)
    with pytest.raises(InputError, match=r"The target has 10 classes.* join rare classes"):
        MemoryLimit(1154).choose(usual, narrowed, 100, 10, given_folds=False)
    with pytest.raises(InputError, match=r"9 features"):
        MemoryLimit(1154).choose(usual, narrowed, 100, 9, given_folds=False)
    narrow = replace(usual, n_workers=1)
    chosen, cheaper = MemoryLimit(1688).choose(narrow, narrowed, 100, 2, given_folds=False)
    assert cheaper.changes == "numbers get at most 16 bins"
    assert len(chosen.plan.recipes) == 4
