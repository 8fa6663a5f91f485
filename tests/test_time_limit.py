from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from madaline._data.table import Table
from madaline._fitting import Fitting
from madaline._fitting.training import TimeLimit
from madaline._model import FittedModel
from madaline.errors import InputError
from madaline.records.race_decisions import (
    DroppedForTime,
    Interrupted,
    RecipesLeftOut,
    TimeLimitReached,
)
from madaline.records.reading import DECISION


@dataclass
class Clock:
    """A clock that goes on when it is told to."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def run(make_columns, clock, *, seconds, each, task="binary", checkpoint=None):
    """Return a fit of which each record takes `each` seconds."""
    columns, target = make_columns(task)
    limit = TimeLimit(seconds, clock=clock)
    table = Table.from_columns(columns)
    fitting = Fitting(table, target, time_limit=limit, checkpoint=checkpoint)
    for _, decision in fitting:
        clock.now += 0.0 if decision else each
    return fitting


def of_type(fitting, kind):
    return [one for one in fitting.decisions if isinstance(one, kind)]


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_training_ends_before_the_limit_with_a_whole_model(make_columns, task, tmp_path):
    clock = Clock()
    fitting = run(make_columns, clock, seconds=40.0, each=1.0, task=task)
    (ended,) = of_type(fitting, TimeLimitReached)
    assert clock.now <= 41.0
    assert ended.seconds == 40.0
    assert 1 < ended.epoch < 60
    assert "Time limit of 40 s: training ended after" in ended.sentence
    model = fitting.model()
    assert model.summary.scores
    assert model.diagnosis is not None
    assert model.quality is not None
    assert model.summary.settings["time_limit"] == 40.0
    assert np.isfinite(fitting.out_of_fold()).all()
    model.save(tmp_path / "limited.madaline")
    assert FittedModel.load(tmp_path / "limited.madaline").decisions == model.decisions


def test_recipes_are_dropped_as_the_limit_nears(make_columns):
    fitting = run(make_columns, Clock(), seconds=90.0, each=3.0)
    dropped = of_type(fitting, DroppedForTime)
    assert dropped
    assert "as the time limit leaves" in dropped[0].sentence
    before = {record.recipe_id for record in fitting.records if record.epoch == 1}
    assert len({one.recipe_id for one in dropped}) == len(dropped) < len(before)


def test_the_shortest_limit_leaves_one_recipe_and_one_epoch(make_columns):
    clock = Clock()
    columns, target = make_columns("binary")
    limit = TimeLimit(1.0, clock=clock)
    clock.now = 5.0  # it is over before it begins
    fitting = Fitting(Table.from_columns(columns), target, time_limit=limit)
    list(fitting)
    (left_out,) = of_type(fitting, RecipesLeftOut)
    assert left_out.recipes == 1
    assert left_out.planned_recipes == len(fitting.plan.recipes)
    assert [record.epoch for record in fitting.records] == [1]
    assert of_type(fitting, TimeLimitReached)
    assert fitting.model().summary.members


def test_an_epoch_is_abandoned_when_the_time_is_over(make_columns):
    clock = Clock()
    columns, target = make_columns("binary")
    limit = TimeLimit(1000.0, clock=clock)
    fitting = Fitting(Table.from_columns(columns), target, time_limit=limit)
    for record, _ in fitting:
        if record.epoch == 2:
            clock.now = 2000.0
    assert max(record.epoch for record in fitting.records) == 2
    assert len(fitting.records) < 2 * len(fitting.plan.recipes)
    assert fitting.model().summary.scores


def test_a_limit_that_is_not_reached_changes_nothing(make_columns):
    columns, target = make_columns("binary")
    table = Table.from_columns(columns)
    limited = Fitting(table, target, effort=5, time_limit=TimeLimit(1e6, clock=Clock()))
    usual = Fitting(table, target, effort=5)
    assert list(limited) == list(usual)
    assert limited.out_of_fold().tobytes() == usual.out_of_fold().tobytes()


@pytest.mark.slow
def test_a_limited_fit_goes_on_from_its_checkpoint(make_columns, tmp_path, monkeypatch):
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SHARE", float("inf"))
    columns, target = make_columns("binary")
    table, path = Table.from_columns(columns), tmp_path / "state"
    limit = TimeLimit(1e6, clock=Clock())
    killed = Fitting(table, target, effort=5, time_limit=limit, checkpoint=path)
    for record, _ in killed:
        if record.epoch == 3:
            break
    resumed = Fitting(table, target, effort=5, time_limit=limit, checkpoint=path)
    assert resumed.race.epoch == 2
    list(resumed)
    usual = Fitting(table, target, effort=5)
    list(usual)
    assert resumed.out_of_fold().tobytes() == usual.out_of_fold().tobytes()


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_limits_that_are_no_seconds(seconds):
    with pytest.raises(InputError, match="give a number of seconds, above 0"):
        TimeLimit(seconds)


def test_a_stop_before_the_first_epoch_waits_for_a_result(make_columns):
    columns, target = make_columns("binary")
    fitting = Fitting(Table.from_columns(columns), target)
    fitting.stop()
    list(fitting)
    assert {record.epoch for record in fitting.records} == {1}
    (interrupted,) = of_type(fitting, Interrupted)
    assert interrupted.loss == min(record.loss for record in fitting.records)
    assert fitting.model().summary.scores


@pytest.mark.parametrize(
    "decision",
    [
        RecipesLeftOut(0, "the race", 10.0, 1, 9),
        DroppedForTime(3, "plain", 0.5, 0.4, 0.1, 2.5, recipe_id="1"),
        TimeLimitReached(3, "the race", 0.4, 2, 10.0),
        Interrupted(1, "the race", 0.4, 1),
    ],
)
def test_decisions_are_read_back(decision):
    assert DECISION.read(decision.to_json()) == decision
    assert decision.sentence.endswith(".")
