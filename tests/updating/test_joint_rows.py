"""New rows beside kept ones: their times, stretches and labels, and what is decided by them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._models.fitting.training_data import Roles, TrainingData
from madaline._models.fitting.updating import adjusting
from madaline._models.fitting.updating.new_rows import (
    JointRows,
    NewRows,
    _joint_times,
    _new_label,
    read_as_known,
)
from madaline._models.fitting.updating.update import _Update
from madaline._models.request import FitRequest
from madaline._race.time.stretches import RowTimes
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, CountEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.nn.losses import Absolute, Squared
from madaline.records.model_decisions import ADJUSTED, ANEW, AS_IT_IS


def model_of(n_folds=3, *, times_of=None, last=50.0):
    forward = SimpleNamespace(
        stretches=[SimpleNamespace(last=1.0), SimpleNamespace(last=last)],
        times_of=lambda table: times_of,
    )
    return SimpleNamespace(
        predictor=SimpleNamespace(parts=[SimpleNamespace(theta=np.zeros((1, n_folds, 1)))]),
        summary=SimpleNamespace(task="regression", forward=forward, n_samples=90),
        schema=SimpleNamespace(read=lambda table: table),
        kept_rows=None,
    )


def kept_of(n_rows, folds=0):
    table = Table({"x": np.arange(float(n_rows))})
    return SimpleNamespace(
        n_rows=n_rows, table=table, target=np.zeros(n_rows), folds=np.full(n_rows, folds)
    )


def new_of(n_rows, *, groups=None, times=None, target=None):
    table = Table({"x": np.arange(float(n_rows))})
    target = np.random.default_rng(0).normal(size=n_rows) if target is None else target
    return NewRows(TrainingData.checked(table, Roles(target, groups=groups)), times=times)


def test_kept_rows_are_no_later_than_those_learned():
    times = RowTimes("t", np.array([60.0, 61]), gap=2.0)
    told = _joint_times(times, kept_of(3), model_of(times_of=np.array([7.0, np.nan, 9])))
    assert told.values.tolist() == [60, 61, 7, 50, 9]  # one of unknown time is the latest of them
    assert told.gap == 2
    untold = _joint_times(times, kept_of(3), model_of())
    assert untold.values.tolist() == [60, 61, 48, 49, 50]
    assert _joint_times(None, kept_of(3), model_of()) is None
    without = model_of()
    without.summary.forward = None
    assert _joint_times(times, kept_of(3), without) is None


def test_the_latest_new_rows_are_held_out_in_three_stretches():
    """The first fourth of the new rows is learned from, and all that are kept."""
    times = RowTimes("t", 51 + np.arange(40.0))
    model = model_of()
    model.kept_rows = kept_of(20)
    joint = JointRows.of(new_of(40, times=times), model, np.random.default_rng(0))
    assert joint.folds.tolist() == [-1] * 10 + [0] * 10 + [1] * 10 + [2] * 10 + [-1] * 20
    assert joint.n_folds == joint.rows.n_folds == 3
    assert joint.rows.n_final == 3
    order = joint.rows.order
    for fold in range(3):
        learned = order[joint.rows.training(fold)]
        assert set(learned.tolist()) == {*range(10 + 10 * fold), *range(40, 60)}
    assert joint.given_folds is joint.stretches
    numbers = joint.group_numbers
    assert len(numbers) == 60
    assert len(set(numbers[:30])) > 3  # neighbors in time are of one group
    assert len(set(numbers[30:])) == 1
    assert numbers[30] == numbers[:30].max() + 1
    few = JointRows.of(new_of(19, times=replace(times, values=times.values[:19])), model_of(),
                       np.random.default_rng(0))  # fmt: skip
    assert few.stretches is None
    assert few.given_folds.numbers.tolist() == few.folds.tolist()
    alike = replace(times, values=np.full(40, 60.0))
    assert JointRows.of(
        new_of(40, times=alike), model_of(), np.random.default_rng(0)
    ).stretches is (None)


def test_groups_are_in_one_stretch():
    times, groups = RowTimes("t", 51 + np.arange(40.0)), np.repeat(np.arange(8), 5)[::-1]
    joint = JointRows.of(
        new_of(40, times=times, groups=groups), model_of(), np.random.default_rng(0)
    )
    assert joint.stretches is not None
    for fold in range(joint.n_folds):
        learned = joint.rows.order[joint.rows.training(fold)]
        own = joint.rows.order[joint.rows.held_out(fold)]
        assert not set(groups[learned]) & set(groups[own])


@pytest.mark.parametrize(
    ("label", "whole", "expected"),
    [(2.0, True, 2), (2.5, True, 2.5), (2.0, False, 2.0), ("2", True, "2"), (3, True, 3)],
)
def test_new_labels_are_whole_where_the_others_are(label, whole, expected):
    found = _new_label(label, whole=whole)
    assert (found, type(found)) == (expected, type(expected))


def test_targets_are_read_as_the_model_knows_them():
    numbers, unknown = read_as_known(CountEncoder.fit(np.array([1.0, 2])), np.array([0, 3]))
    assert (numbers.tolist(), unknown) == ([0, 3], ())
    with pytest.raises(InputError, match="0 or more, but y holds -1"):
        read_as_known(CountEncoder.fit(np.array([1.0, 2])), np.array([0.0, -1, 4]))
    below = read_as_known(RegressionEncoder(0.0, 1.0, 0, 9), np.array([-1.0, 4]))
    assert (below[0].tolist(), below[1]) == ([-1, 4], ())
    classes = ClassEncoder(np.array([1, 2]))
    labels, unknown = read_as_known(classes, np.array(["2", "1"], object))
    assert (labels.tolist(), labels.dtype.kind, unknown) == ([2, 1], "i", ())
    labels, unknown = read_as_known(classes, np.array([2.0, 4.0, 3.0, 4.0]))
    assert (labels.tolist(), unknown) == ([2, 4, 3, 4], ("4", "3"))


def update_of(n_new, *, loss=None, encoder=None, unknown=(), n_kept=0, stretches=None):
    """Return an update whose candidates were not made."""
    predictor = SimpleNamespace(
        loss=loss or Squared(), target_encoder=encoder or RegressionEncoder(0.0, 1.0, 0, 9),
        parts=[SimpleNamespace(network=SimpleNamespace(of_trees=True))],
    )  # fmt: skip
    before = SimpleNamespace(
        predictor=predictor, kept_rows=None, updates=(), summary=SimpleNamespace(n_samples=n_new)
    )
    made = _Update(before, replace(new_of(n_new), unknown=unknown), None, 0, "2027-01-31")
    rows = SimpleNamespace(
        stretches=stretches, rows=SimpleNamespace(n_evaluated=7),
        target=np.arange(float(n_new + n_kept)), n_rows=n_new + n_kept,
    )  # fmt: skip
    made.__dict__["_rows"] = rows
    made.__dict__["_adjusting"] = SimpleNamespace(best=(SimpleNamespace(epoch=4), []))
    return made


def test_what_is_kept_is_told_with_its_losses():
    rng = np.random.default_rng(0)
    made = update_of(30, n_kept=10)
    before, better = rng.uniform(2, 3, 40), rng.uniform(0, 1, 40)
    before[35:] = np.nan
    made.__dict__["_losses"] = {AS_IT_IS: before, ADJUSTED: better, ANEW: better + 0.01}
    found = made._decision
    assert (found.kept, found.epoch, found.rows, found.latest_rows) == (ADJUSTED, 4, 30, 0)
    assert (found.metric, found.date) == ("mean_squared_error", "2027-01-31")
    assert found.loss == pytest.approx(before[:30].mean())
    assert found.adjusted_loss == pytest.approx(better[:30].mean())
    assert found.anew_loss == pytest.approx(better[:30].mean() + 0.01)
    difference = (better - before)[:30]
    left = [np.delete(difference, row).mean() for row in range(30)]
    error = np.sqrt(np.sum((np.array(left) - difference.mean()) ** 2))
    assert found.adjusted_error == pytest.approx(error)
    assert found.old_rows == 5
    assert found.old_loss == pytest.approx(before[30:35].mean())
    assert found.old_loss_now == pytest.approx(better[30:35].mean())
    made.__dict__["_losses"] = {AS_IT_IS: better, ADJUSTED: better + 1}
    found = made._decision
    assert (found.kept, found.epoch, found.old_rows) == (AS_IT_IS, 0, 0)


def test_an_update_without_candidates_says_why():
    made = update_of(30, loss=Absolute(), stretches=object())
    made.__dict__["_losses"] = {AS_IT_IS: np.ones(30)}
    found = made._decision
    assert found.reason.startswith("trees are not adjusted")
    assert (found.metric, found.latest_rows) == ("mean_absolute_error", 7)
    made.before.predictor.parts[0].network.of_trees = False
    assert made._decision.reason.startswith("networks of constrained predictions are not")
    classes = ClassEncoder(np.array(["a", "b"], object))
    made = update_of(30, encoder=classes, unknown=("c", "d"))
    made.__dict__["_losses"] = {AS_IT_IS: np.ones(30), ANEW: np.full(30, 2.0)}
    found = made._decision
    assert (found.kept, found.metric) == (ANEW, "log_loss")
    assert found.reason == (
        "the new rows hold the classes c, d, which the old networks do not have."
    )
    assert update_of(30, unknown=("c",))._unknown == "class c"


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ({}, True),
        ({"n_samples": 31}, False),
        ({"n_samples": 31, "kept": object()}, True),
        ({"past": object()}, False),
        ({"target": np.zeros(30)}, False),
        ({"classes": "ab", "target": np.array([*"ab"] * 15, object)}, True),
        ({"classes": "abc", "target": np.array([*"ab"] * 15, object)}, False),
        ({"classes": "ab", "target": np.array([*"abc"] * 10, object)}, True),
    ],
)
def test_networks_are_fitted_anew_on_rows_that_hold_all_they_must_know(more, fits):
    classes = more.get("classes")
    encoder = ClassEncoder(np.array([*classes], object)) if classes else None
    made = update_of(30, encoder=encoder)
    made.before.summary.n_samples = more.get("n_samples", 30)
    made.before.kept_rows = more.get("kept")
    made._rows.target = more.get("target", np.arange(30.0))
    made = replace(made, new=replace(made.new, past=more.get("past")))
    made.__dict__["_rows"] = SimpleNamespace(target=more.get("target", np.arange(30.0)))
    assert made._can_fit_anew == fits


@pytest.mark.parametrize(("constrained", "unknown", "of_trees", "goes_on"), [
    (None, (), False, True), ({"x": 1}, (), False, False), (None, ("c",), False, False),
    (None, (), True, False),
])  # fmt: skip
def test_networks_go_on_unless_something_hinders_them(constrained, unknown, of_trees, goes_on):
    made = update_of(30, unknown=unknown)
    made.before.predictor.parts[0].network.of_trees = of_trees
    made.before.summary.request = FitRequest(monotone=constrained or {})
    assert made._can_adjust == goes_on


def test_an_update_takes_the_next_seed_of_the_model():
    made = update_of(30)
    made.before.summary.request = FitRequest(seed=7)
    made.before.updates = (1, 2)
    assert (made._seed, made._number) == (7, 3)
    made.before.summary.request = FitRequest()
    assert made._seed == 0
    assert made._kept_rows is None


def test_networks_go_on_at_lower_rates_than_new_ones():
    shares = adjusting._RATE_SHARES
    assert all(0 < share < 1 for share in shares)
    assert len(set(shares)) == len(shares)
