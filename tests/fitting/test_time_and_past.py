"""What a fit has time for, and what its lags are made of."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import data_of

from madaline._models.fitting import training
from madaline._models.fitting.training import TimeLimit, TrainingRun
from madaline._race.time import lagged
from madaline._race.time.lagged import (
    LaggedData,
    TimedRows,
    _check_length,
    _lags,
    _others,
    _past_column,
    offset_of,
)
from madaline._race.time.lags import Lags
from madaline._race.time.stretches import ROW_ORDER, RowTimes
from madaline._tables.kinds.kind import BOOLEAN, CATEGORY, DROPPED, NUMBER, ColumnSchema
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline._tables.target import ClassEncoder, JointEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.records import race_decisions as decisions

DAY = 86_400.0


class Clock:
    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


@pytest.mark.parametrize(
    ("passed", "used", "slowness"),
    [(6.0, 3.0, 2.0), (6.0, 12.0, 1.0), (6.0, 0.0, 10.0), (60.0, 3.0, 10.0), (30.0, 3.0, 10.0)],
)
def test_a_busy_machine_is_slower_by_what_others_take(passed, used, slowness):
    clock, processor = Clock(5.0), Clock(2.0)
    limit = TimeLimit(100, clock=clock, processor=processor)
    clock.now, processor.now = 5 + passed, 2 + used
    assert limit.slowness == slowness
    assert (limit.seconds_passed, limit.seconds_left) == (passed, 100 - passed)
    assert limit.affordable_work == pytest.approx(1e10 * (100 - passed) / slowness)
    clock.now = 5 + 101
    assert limit.affordable_work == 0


@pytest.mark.parametrize("seconds", [0, -1, np.inf, np.nan])
def test_limits_that_are_none_are_refused(seconds):
    with pytest.raises(InputError, match="time_limit is"):
        TimeLimit(seconds)
    assert TimeLimit(1e-9).seconds == 1e-9


class Race:
    """A race that ends after some epochs, of which each takes a second."""

    def __init__(self, clock, n_epochs=3):
        self.clock, self.n_epochs, self.epoch = clock, n_epochs, 0
        self.evaluated, self.candidates, self.first = False, {"a": 1, "b": 2}, None
        self.executor = Executor()
        self.state = SimpleNamespace(racing=["a", "b"], best=SimpleNamespace(loss=0.5))

    @property
    def finished(self):
        return self.epoch >= self.n_epochs

    def run_epoch(self, stops):
        self.epoch += 1
        self.clock.now += 1
        yield SimpleNamespace(epoch=self.epoch), None
        self.evaluated = True


class Executor:
    n_workers = 2

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


class Checkpoint:
    def __init__(self):
        self.saved = []

    def resume(self, race):
        return [], []

    def start(self):
        pass

    def save_if_due(self, race, records, told):
        self.saved.append(len(records))


def run_of(n_epochs=3, **more):
    clock, checkpoint = Clock(), Checkpoint()
    return TrainingRun(Race(clock, n_epochs), checkpoint, None, **more), clock, checkpoint


def test_a_race_ends_by_itself_without_a_word():
    run, _, checkpoint = run_of()
    events = list(run)
    assert [record.epoch for record, _ in events] == [1, 2, 3]
    assert (run.decisions, checkpoint.saved) == ([], [1, 2, 3])
    assert [record.epoch for record in run.records] == [1, 2, 3]
    assert not run.is_late(1.0)


@pytest.mark.parametrize("by_callback", [False, True])
def test_a_race_that_is_stopped_says_why(by_callback):
    run, _, checkpoint = run_of()
    for record, _ in run:
        if record.epoch == 2:
            run.ask_to_stop(by_callback=by_callback)
            run.ask_to_stop(by_callback=not by_callback)  # the first one counts
    (told,) = run.decisions
    kind = decisions.StoppedByCallback if by_callback else decisions.Interrupted
    assert type(told) is kind
    assert (told.epoch, told.loss, told.racing) == (2, 0.5, 2)
    assert checkpoint.saved == [1]


def test_a_race_is_not_stopped_before_it_has_a_result():
    run, _, _ = run_of()
    run.ask_to_stop()
    assert [record.epoch for record, told in run if told is None] == [1]
    assert run.race.evaluated


def timed(run, clock, left, allows=True):
    run._time = SimpleNamespace(
        left=lambda share=1.0: left(clock.now) * share, allows_epoch=allows, speed=100.0,
        limit=SimpleNamespace(clock=clock), start_epoch=lambda: None, end_epoch=lambda: None,
    )  # fmt: skip
    run._limit = SimpleNamespace(seconds=9.0, affordable_work=1.0)
    run._start_limit = lambda: None


def test_the_end_of_the_time_is_told_with_the_trees_that_it_costs(monkeypatch):
    monkeypatch.setattr(training, "first_answer", lambda *_: None)
    run, clock, _ = run_of(trees_allowed=lambda _: True)
    timed(run, clock, lambda now: 2 - now)
    assert [record.epoch for record, told in run if told is None] == [1, 2]
    reached, trees = run.decisions
    assert type(reached) is decisions.TimeLimitReached
    assert (reached.epoch, reached.seconds) == (2, 9.0)
    assert type(trees) is decisions.TreesLeftOut
    assert run.is_late(1.0) is False  # nothing is left, and nothing is lacking
    clock.now = 2.5
    assert run.is_late(1.0)
    without, clock, _ = run_of()
    timed(without, clock, lambda now: 9, allows=False)
    assert [record.epoch for record, told in without if told is None] == [1]
    assert [type(one) for one in without.decisions] == [decisions.TimeLimitReached]


def test_trees_grow_as_long_as_there_is_time():
    run, clock, _ = run_of()
    assert not run._lacks_time_for(1e12, 1)
    timed(run, clock, lambda now: 10 - now)
    assert not run._lacks_time_for(2000, 8)  # by two workers at 100 a second
    run._tree_work = 0.0
    assert run._lacks_time_for(2002, 8)
    run._tree_work = 0.0
    assert run._lacks_time_for(1001, 1)  # of one network, which one worker grows
    run._tree_work = 0.0
    assert not run._lacks_time_for(1000, 1)
    clock.now = 2.0  # two seconds for 1,000
    assert run._lacks_time_for(4001, 1)
    clock.now = 3.0  # a second for 4,001
    assert not run._lacks_time_for(4001 * 7, 1)
    clock.now = 3.1
    assert run._cut_short is False
    run.race.evaluated, run._asked = True, decisions.Interrupted
    assert run._lacks_time_for(1, 1)
    assert run._cut_short


def column(name, kind):
    return ColumnSchema(name, kind, 0, 3, "")


def test_pasts_of_columns_are_numbers_truths_or_levels():
    numbers = _past_column(column("x", NUMBER), np.arange(3.0))
    assert (numbers.name, numbers.classes, numbers.of_truth) == ("x", (), False)
    truths = _past_column(column("b", BOOLEAN), np.array([True, False]))
    assert truths.of_truth
    levels = _past_column(column("c", CATEGORY), np.array(["v", None, "u", "v"], object))
    assert (levels.classes, levels.of_truth) == (("u", "v"), False)
    for kind, words in ((DROPPED, "is left out"), ("datetime", "is read as dates")):
        with pytest.raises(InputError, match=f"past names 'd', which {words}"):
            _past_column(column("d", kind), np.arange(3.0))


def timed_data(target=None, **more):
    day = np.datetime64("2026-01-01", "us") + np.arange(12) * np.timedelta64(1, "D")
    table = Table.from_columns(
        {"day": day, "store": np.array([*"ab"] * 6, object), "x": np.arange(12.0) % 5}
    )
    given = {"weight": None, "groups": None, "folds": None, "lags": [1]} | more
    data = data_of(table, np.arange(12.0) if target is None else target, **given)
    return data, Schema.infer(table)


TIMES = RowTimes("day", np.arange(12) * DAY, of_dates=True)


def rows_of(data, schema, times=TIMES, **more):
    return TimedRows(data.table, schema, times, data.target, data.target_names, **more)


@pytest.mark.parametrize(
    ("given", "gap", "horizon"),
    [({}, 0, 1), ({"gap": 2}, 2, 3), ({"gap": 2, "horizon": 3}, 2, 3), ({"horizon": 5}, 0, 5)],
)
def test_rows_are_predicted_from_behind_the_gap_on(given, gap, horizon):
    data, schema = timed_data(series="store", past=["x"], **given)
    lags, values = _lags(rows_of(data, schema), data.asked)
    assert (lags.gap, lags.horizon, lags.rows) == (gap, horizon, (1,))
    assert (lags.time, lags.series, lags.of_dates) == ("day", ("store",), True)
    assert [one.name for one in lags.others] == ["x"]
    assert values.tolist() == list(range(12))


def test_lags_of_classes_are_of_their_labels():
    labels = np.array(["no", "yes", "no"] * 4, object)
    data, schema = timed_data(labels)
    in_order = RowTimes(ROW_ORDER, np.arange(12.0))
    lags, values = _lags(rows_of(data, schema, in_order, of_classes=True), data.asked)
    assert (lags.classes, lags.time, lags.of_dates) == (("no", "yes"), None, False)
    assert values.tolist() == [0, 1, 0] * 4
    beside = rows_of(data, schema, replace(TIMES, name="x"), of_classes=True, of_column=False)
    assert _lags(beside, data.asked)[0].time is None
    several, schema = timed_data(np.zeros((12, 2)), target_name=("u", "v"))
    with pytest.raises(InputError, match="but there are 2"):
        _lags(rows_of(several, schema), several.asked)


def test_pasts_are_not_of_what_places_the_rows():
    data, schema = timed_data(past=["x"])
    assert _others(rows_of(data, schema), (), ()) == ()
    for name in ("day", "store"):
        with pytest.raises(InputError, match=f"past names '{name}', by which"):
            _others(rows_of(data, schema), (name,), ("day", "store"))
    with pytest.raises(InputError, match="no such column"):
        _others(rows_of(data, schema), ("y",), ())


@pytest.mark.parametrize(("longest", "fits"), [(5, True), (6, False)])
def test_a_lag_is_shorter_than_the_longest_series(longest, fits):
    table = Table.from_columns({"store": np.array([*"aabbbbbb"], object)})
    lags = Lags("y", (1, longest), 1, None, ("store",), False, None)
    if fits:
        _check_length(lags, table)
        return
    with pytest.raises(InputError, match="the longest series has 6 rows"):
        _check_length(lags, table)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (np.array([5.0, 1, 5]), [1, 0, 1]),
        (np.array(["b", "a", "b"], object), [1, 0, 1]),
        (np.array([5.0, np.nan, 5]), None),
        (np.array(["b", None, "b"], object), None),
        (np.zeros((3, 2)), None),
        (np.array(["2026-01-01"] * 3, "datetime64[us]"), None),
    ],
)
def test_levels_of_series_are_numbers_or_texts_without_gaps(values, codes):
    found = lagged._level_codes(Table({"c": values}), "c")
    assert (found if found is None else found.tolist()) == codes


def lagged_data(target, anchors=None):
    lags = SimpleNamespace(
        last="last", series=(), rows=(1, 7), anchors=lambda _: anchors, sizes=lambda _: None,
        differences=lambda target, _: target - anchors,
        naive=lambda table, _: table["last"],
        anchor=SimpleNamespace(kind="none" if anchors is None else "last"),
    )  # fmt: skip
    made = SimpleNamespace(past=SimpleNamespace(lags=lags), columns={}, rows=None, n_own=3)
    table, times = Table({"last": np.array([1.0, 2, 3, 4])}), RowTimes("t", np.arange(4.0))
    return LaggedData(made, table, None, times, target, 4)


def test_differences_have_the_range_of_the_target():
    target = np.array([5.0, 6, 7, 9])
    numbers, differences = RegressionEncoder(1.0, 2.0, -9, 9), RegressionEncoder(0.0, 5.0, -1, 1)
    plain = lagged_data(target)
    assert plain.target is target
    assert plain.encoder(numbers, differences) is numbers
    assert plain.offset(numbers, (), np.arange(4)) is None
    assert plain.score_series(np.arange(3), target) is None
    anchored = lagged_data(target, anchors=np.array([1.0, 1, 2, 2]))
    assert anchored.target.tolist() == [4, 5, 5, 7]
    made = anchored.encoder(numbers, differences)
    assert (made.center, made.scale, made.low, made.high) == (0, 5, -9, 9)
    joint = JointEncoder(("u", "v"), (numbers, numbers))
    made = anchored.encoder(joint, JointEncoder(("u", "v"), (differences, differences)))
    assert [(one.scale, one.low) for one in made.encoders] == [(5, -9)] * 2
    classes = ClassEncoder(np.array(["a", "b"], object))
    assert anchored.encoder(classes, classes) is classes
    assert plain.last_known(classes) is None
    assert (
        plain.last_known(joint).tolist() == plain.last_known(numbers).tolist() == [0, 0.5, 1, 1.5]
    )
    past = SimpleNamespace(
        parts=lambda _: {"b": np.array([4.0, 0])},
        lags=SimpleNamespace(anchors=lambda _: np.array([2.0, 1]), sizes=lambda _: np.array([3.0, 5])),
    )  # fmt: skip
    offset = offset_of(numbers, past, None, ("a", "b"))
    np.testing.assert_allclose(np.ravel(offset.values), np.array([2, 1]) / 2)
    np.testing.assert_allclose(np.ravel(offset.parts[1]), [2, 0])
    np.testing.assert_allclose(offset.added(np.ones((2, 1)), slice(None)), [[4], [5.5]])
