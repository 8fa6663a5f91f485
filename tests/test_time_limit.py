from __future__ import annotations

import os
from dataclasses import dataclass, replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import fitting_of

from madaline._models.fitting.evaluation import Evaluation
from madaline._models.fitting.means import TimeLimit
from madaline._models.fitting.outcome import Outcome
from madaline._models.model import FittedModel
from madaline._tables.table import Table
from madaline._tell.report.reproduce import how_to_reproduce
from madaline.errors import InputError
from madaline.nn._engine.numpy_backend import choose_backend
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
    fitting = fitting_of(table, target, time_limit=limit, checkpoint=checkpoint)
    for _, decision in fitting:
        clock.now += 0.0 if decision else each
    return fitting


def short_fit(columns, target, limit):
    """Return a fit of one recipe and two epochs."""
    table = Table.from_columns(columns)
    one = {"adjust": lambda plan: replace(plan, recipes=plan.recipes[:1])}
    return fitting_of(table, target, effort=2, time_limit=limit, **one)


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
    assert "--time-limit 40" in how_to_reproduce(model).command
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
    fitting = fitting_of(Table.from_columns(columns), target, time_limit=limit)
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
    fitting = fitting_of(Table.from_columns(columns), target, time_limit=limit)
    for record, _ in fitting:
        if record.epoch == 2:
            clock.now = 2000.0
    assert max(record.epoch for record in fitting.records) == 2
    assert len(fitting.records) < 2 * len(fitting.plan.recipes)
    assert fitting.model().summary.scores


def test_a_limit_that_is_not_reached_changes_nothing(make_columns):
    columns, target = make_columns("binary")
    table = Table.from_columns(columns)
    limited = fitting_of(table, target, effort=5, time_limit=TimeLimit(1e6, clock=Clock()))
    usual = fitting_of(table, target, effort=5)
    assert list(limited) == list(usual)
    assert limited.out_of_fold().tobytes() == usual.out_of_fold().tobytes()


@pytest.mark.slow
def test_a_limited_fit_goes_on_from_its_checkpoint(make_columns, tmp_path, monkeypatch):
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SECONDS", -1.0)
    monkeypatch.setattr("madaline._race.checkpoint.CHECKPOINT_SHARE", float("inf"))
    columns, target = make_columns("binary")
    table, path = Table.from_columns(columns), tmp_path / "state"
    limit = TimeLimit(1e6, clock=Clock())
    killed = fitting_of(table, target, effort=5, time_limit=limit, checkpoint=path)
    for record, _ in killed:
        if record.epoch == 3:
            break
    resumed = fitting_of(table, target, effort=5, time_limit=limit, checkpoint=path)
    assert resumed.race.epoch == 2
    list(resumed)
    usual = fitting_of(table, target, effort=5)
    list(usual)
    assert resumed.out_of_fold().tobytes() == usual.out_of_fold().tobytes()


@pytest.fixture(scope="module")
def finished(make_columns):
    """Return a fit that is over, of which nothing was computed that follows the race."""
    columns, target = make_columns("binary")
    clock = Clock()
    limit = TimeLimit(1e6, clock=clock)
    fitting = short_fit(columns, target, limit)
    list(fitting.training)
    return fitting, clock, fitting.race.ensemble()


@pytest.mark.parametrize("late", [False, True])
def test_what_follows_training_is_cut_short_where_it_is_late(finished, late, monkeypatch):
    fitting, clock, ensemble = finished
    clock.now = 1e6 if late else 0.0
    searched, looked_at = [], []

    def no_offsets(output, target, searches, weight):
        searched.append(len(output))
        return np.zeros(len(searches)), np.ones(len(searches))

    def diagnose(*_, hurried, **__):
        looked_at.append(hurried)

    monkeypatch.setattr("madaline._race.evaluation.calibration._best_corrections", no_offsets)
    monkeypatch.setattr("madaline._models.fitting.evaluation.diagnose_fit", diagnose)
    late_at = fitting.training.is_late
    outcome = Outcome(fitting.prepared, fitting.race, ensemble, late_at)
    assert (outcome.pruned.multiply_adds == 0) == late
    assert bool(searched) != late
    assert len(outcome.calibrations) == 1
    assert Evaluation(outcome, []).diagnosis is None
    assert looked_at == [late]


def test_seconds_of_a_busy_machine_do_less():
    clock, processor = Clock(), Clock()
    limit = TimeLimit(100.0, clock=clock, processor=processor)
    clock.now, processor.now = 20.0, 4.0
    assert limit.slowness == 5.0
    quiet = TimeLimit(100.0, clock=Clock(), processor=Clock())
    assert quiet.slowness == 1.0
    assert limit.affordable_work == pytest.approx(quiet.affordable_work * 0.8 / 5)


def test_what_follows_training_takes_longer_on_a_busy_machine(make_columns):
    columns, target = make_columns("binary")
    rests = []
    for used in (4.0, 1.0):
        clock, processor = Clock(), Clock()
        limit = TimeLimit(100.0, clock=clock, processor=processor)
        fitting = short_fit(columns, target, limit)
        clock.now, processor.now = 4.0, used
        list(fitting.training)
        clock.now = 100.0
        rests.append([share for share in (0.5, 2, 8) if fitting.training.is_late(share)])
        clock.now = 98.0
        rests[-1] += [share for share in (0.5, 1, 2, 8) if fitting.training.is_late(share)]
    assert rests == [[0.5, 2, 8, 8], [0.5, 2, 8, 1, 2, 8]]


def test_nothing_is_compiled_where_there_is_no_time(monkeypatch):
    pytest.importorskip("numba", reason="numba is not installed")
    known = [False]
    monkeypatch.setattr("madaline.nn._engine.numba_backend.is_compiled", lambda: known[0])
    assert choose_backend(1e12, compiles=False).name == "numpy"
    assert choose_backend(1e12).name == "numba"
    known[0] = True
    assert choose_backend(1e12, compiles=False).name == "numba"


def test_it_is_known_whether_the_loop_was_compiled(monkeypatch, tmp_path):
    pytest.importorskip("numba", reason="numba is not installed")
    from madaline.nn._engine import numba_backend

    source = tmp_path / "compiled_training.py"
    source.touch()
    stats = SimpleNamespace(cache_path=str(tmp_path / "kept"))
    module = SimpleNamespace(__file__=str(source), train=SimpleNamespace(stats=stats))
    monkeypatch.setattr(numba_backend, "compiled", lambda: module)
    assert not numba_backend.is_compiled()
    kept = tmp_path / "kept" / "compiled_training.train-12.py311.nbi"
    kept.parent.mkdir()
    kept.touch()
    os.utime(kept, (1e9, 1e9))  # of a loop that has changed since
    assert not numba_backend.is_compiled()
    os.utime(kept, (4e9, 4e9))
    assert numba_backend.is_compiled()


def test_trees_that_grew_tell_how_long_others_take(make_columns, monkeypatch):
    clock, answers = Clock(), []

    def grow(race, stop, allows):
        answers.append(stop(1.0, 1))
        clock.now += 10.0
        answers.append(stop(30.0, 5))
        clock.now += 300.0
        answers.append(stop(100.0, 5))
        yield from ()

    monkeypatch.setattr("madaline._models.fitting.training.race_trees", grow)
    columns, target = make_columns("binary")
    limit = TimeLimit(1000.0, clock=clock)
    fitting = short_fit(columns, target, limit)
    list(fitting.training)
    assert answers == [False, False, True]
    assert of_type(fitting, TimeLimitReached)


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan"), float("inf")])
def test_limits_that_are_no_seconds(seconds):
    with pytest.raises(InputError, match="give a number of seconds, above 0"):
        TimeLimit(seconds)


def test_a_stop_before_the_first_epoch_waits_for_a_result(make_columns):
    columns, target = make_columns("binary")
    fitting = fitting_of(Table.from_columns(columns), target)
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
