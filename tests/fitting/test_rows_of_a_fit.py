"""The rows that fits and updates learn from: their folds, series, weights and past."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.fits import asked, context_of, data_of

from madaline._models.fitting.columns import infer_schema, with_counters
from madaline._models.fitting.examination import _find_order, _in_time, _with_only_dates
from madaline._models.fitting.updating import new_rows as updating
from madaline._models.fitting.updating.new_rows import JointRows, NewRows, is_too_few
from madaline._models.fitting.updating.update import _continuing, _known_objective, _smaller
from madaline._models.request import FitRequest
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._race.evaluation.objective import Objective
from madaline._race.plan import Plan
from madaline._race.recipe import TableRecipe
from madaline._race.time import lagged
from madaline._race.time.forward import ForwardScores, Stretch
from madaline._race.time.hooks import TimeHooks
from madaline._race.time.lagged import TimedRows
from madaline._race.time.stretches import ROW_ORDER, RowTimes
from madaline._tables.kinds.kind import DROPPED, NUMBER
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.table import Table
from madaline._tables.target import RegressionEncoder
from madaline.errors import EarlierRowsWarning, InputError

DAY = 86_400.0


def series_of(data, times):
    return lagged._series(timed_rows(data, times), data.asked.series)


def timed_rows(data, times):
    """Return rows as lags are made of them."""
    names = data.target_names
    return TimedRows(data.table, Schema.infer(data.table), times, data.target, names, data.groups)


def dates(n_rows):
    return RowTimes("day", np.arange(n_rows) * DAY, of_dates=True)


def test_a_gap_is_so_many_rows_of_a_series():
    times = replace(dates(9), gap=2 * DAY)
    for gap, n_rows in ((None, 0), (0, 0), (3, 3), ("2 days", 2)):
        assert lagged._gap(times, gap) == n_rows
    assert lagged._gap(replace(times, gap=2.5 * DAY), "2 days") == 3
    with pytest.raises(InputError, match="gap"):
        lagged._gap(times, 1.5)


def test_series_are_those_of_groups_unless_groups_are_periods():
    store = np.array(["a", "b", "c"] * 4, object)
    table = {"store": store, "x": np.arange(12.0), "half": np.array(["u", "v"] * 6, object)}
    data, times = data_of(table), dates(12)
    assert lagged._series(timed_rows(data, times), data.asked.series) == ()
    assert series_of(asked(data, series=("store",)), times) == ("store",)
    with pytest.raises(InputError, match="series names 'shop', but"):
        series_of(asked(data, series=("shop",)), times)
    groups = np.array([7, 3, 9] * 4)
    assert series_of(replace(data, groups=groups), times) == ("store",)
    periods = np.repeat([1, 2, 3], 4)
    assert series_of(replace(data, groups=periods), times) == ()
    back = np.repeat([1, 2, 1], 4)  # goes on after another one: no period, and no column tells it
    assert series_of(replace(data, groups=back), times) == ()


def test_a_column_agrees_with_groups_where_each_has_a_level_of_its_own():
    groups = np.array([0, 1, 2, 0, 1, 2])
    table = Table.from_columns(
        {
            "same": np.array([5.0, 1, 9, 5, 1, 9]),
            "more": np.array([5.0, 1, 9, 5, 1, 8]),
            "fewer": np.array([5.0, 5, 9, 5, 5, 9]),
            "mixed": np.array([5.0, 1, 9, 1, 5, 9]),
            "gaps": np.array([5.0, 1, np.nan, 5, 1, np.nan]),
        }
    )
    found = [lagged._agrees(table, name, groups) for name in table.names]
    assert found == [True, False, False, False, False]


def test_rows_of_one_time_are_told_or_told_apart_by_a_column():
    n = 60
    values = np.repeat(np.arange(20.0), 3)
    table = {
        "store": np.array(["a", "b", "c"] * 20, object),
        "x": np.random.default_rng(0).normal(size=n),
    }
    data, times = data_of(table), RowTimes("t", values)
    assert lagged._series(timed_rows(data, times), ()) == ("store",)
    alone = data_of({"x": table["x"]})
    assert lagged._series(timed_rows(alone, times), ()) == ()
    told = lagged._shared_times(values, np.full(n, ""))
    assert told.startswith("60 of 60 rows have the time of another: lags take them together")
    unlike = replace(times, values=np.r_[np.arange(58.0), 57, 57])
    assert lagged._shared_times(unlike.values, np.full(n, "")).startswith("3 of 60")
    assert lagged._shared_times(np.arange(60.0), np.full(n, "")) == ""


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"series": "x"}, "series is 'x', but the times"),
        ({"past": ["x"]}, "past names x, but there are no lags"),
        ({"lags": [1]}, "Lags need the order of the rows"),
        ({"lags": [1], "timed": True, "horizon": 2, "gap": 2}, "horizon is 2, but gap is 2"),
        ({"lags": [1, 30], "timed": True}, "lags holds 30, but the longest series has 30 rows"),
        ({"lags": [1], "timed": True, "past": ["q"]}, "past names 'q', but the table"),
        ({"lags": [1], "timed": True, "past": ["day"]}, "past names 'day', which|by which rows"),
        ({"lags": [1], "timed": True, "names": ("x",)}, "has a column 'x', the name of the target"),
    ],
)
def test_lags_that_cannot_be_made_are_refused(given, words):
    given = dict(given)
    timed, names = given.pop("timed", False), given.pop("names", ("y",))
    rng = np.random.default_rng(0)
    day = np.datetime64("2026-01-01", "us") + np.arange(30) * np.timedelta64(1, "D")
    data = data_of({"x": rng.normal(size=30), "day": day}, rng.normal(size=30), **given)
    data = replace(data, target_names=names)
    times = dates(30) if timed else None
    context = context_of(task="regression")
    with pytest.raises(InputError, match=words):
        _in_time(data, Schema.infer(data.table), times, context.request, classes=False)


def test_without_lags_there_is_no_past():
    data, times = data_of({"x": np.arange(9.0)}), RowTimes("t", np.arange(9.0))
    lagged.check_times(data.asked, None)
    found = TimeHooks.of(timed_rows(data, times), data.asked, anchored=True, seed=0)
    assert (found.times, found.lagged, found.steps) == (times, None, None)


def test_rows_with_lags_hold_what_was_known_so_far_before():
    rng = np.random.default_rng(1)
    y = rng.normal(size=40).cumsum()
    data = data_of({"x": rng.normal(size=40)}, y, lags=[1, 3], horizon=4)
    times = RowTimes(ROW_ORDER, np.arange(40.0), horizon=4.0)
    found = lagged.add_past(timed_rows(data, times), data.asked, anchored=True, seed=0)
    n_own, steps = found.made.n_own, found.made.steps
    assert (found.n_given, found.advice) == (40, "")
    assert found.times.horizon is None  # it counts rows of a series, in lags
    assert n_own == len(np.unique(found.given[:n_own]))
    assert set(steps) == {1, 2, 3, 4}
    last = found.table[found.past.lags.last]
    assert last == pytest.approx(y[found.given - steps])
    assert found.given_target == pytest.approx(y[found.given])
    if found.anchors is not None:
        assert found.target == pytest.approx(y[found.given] - found.anchors)
    encoder = RegressionEncoder(1.0, 2.0, -9.0, 9.0)
    assert found.last_known(encoder) == pytest.approx((last - 1) / 2)
    of_differences = RegressionEncoder(0.0, 5.0, -1.0, 1.0)
    made = found.encoder(encoder, of_differences)
    if found.anchors is not None:
        assert (made.scale, made.low, made.high) == (5.0, -9.0, 9.0)
    folds = GivenFolds(np.arange(len(found.given)) % 2)
    numbers = found.evaluated_once(folds).numbers
    assert (numbers[n_own:] == -1).all()
    assert (numbers[:n_own] == folds.numbers[:n_own]).all()


def test_the_only_column_of_dates_tells_the_time_where_that_is_needed():
    day = np.datetime64("2026-01-01", "us") + np.arange(9) * np.timedelta64(1, "D")
    data = data_of({"day": day, "x": np.arange(9.0)})
    schema = Schema.infer(data.table)
    assert _with_only_dates(data, schema).time is None
    for given in ({"gap": 0}, {"horizon": 2}, {"lags": (1,)}, {"series": "x"}):
        assert _with_only_dates(asked(data, **given), schema).time == "day"
    told = asked(replace(data, time="x"), gap=1)
    assert _with_only_dates(told, schema).time == "x"
    both = data_of({"day": day, "other": day + np.timedelta64(3, "D")})
    assert _with_only_dates(asked(both, gap=1), Schema.infer(both.table)).time is None


def test_stretches_are_folds_unless_others_were_given():
    data, times = data_of({"x": np.arange(40.0)}), RowTimes("t", np.arange(40.0))
    given = GivenFolds(np.arange(40) % 2)
    assert TimeHooks().folds(given, None) is given
    in_time = TimeHooks(times)
    assert in_time.folds(None, None).n_folds == 4
    assert in_time.folds(3, None).n_folds == 3
    with pytest.raises(InputError, match="Both folds and time are given"):
        in_time.folds(given, None)
    of_update = replace(given, n_final=2)
    assert in_time.folds(of_update, None) is of_update
    for told in ({"time": True}, {"time": False}, {"folds": 3}):
        assert _find_order(replace(data, **told), Schema.infer(data.table), None) is None


def test_columns_that_number_rows_are_used_where_they_tell_the_time():
    rng = np.random.default_rng(2)
    table = Table.from_columns({"row_id": np.arange(60.0), "x": rng.normal(size=60)})
    data = data_of(table, rng.normal(size=60), None, None, None)
    plain = infer_schema(data, {})
    assert plain["row_id"].kind == DROPPED
    assert infer_schema(replace(data, time="row_id"), {})["row_id"].kind == NUMBER
    assert infer_schema(replace(data, time="row_id"), {"row_id": DROPPED})["row_id"].kind == DROPPED
    times = RowTimes("t", np.arange(60.0))
    assert with_counters(plain, table, times)["row_id"].kind == NUMBER
    other = RowTimes("t", rng.permutation(60).astype(float))
    assert with_counters(plain, table, other)["row_id"].kind == DROPPED


def new_rows(n_rows, target=None, *, groups=None, times=None) -> NewRows:
    target = np.random.default_rng(0).normal(size=n_rows) if target is None else target
    data = data_of({"x": np.arange(float(n_rows))}, target, groups=groups)
    return NewRows(data, times=times)


def model_of(n_folds, task="regression", kept_rows=None):
    part = SimpleNamespace(theta=np.zeros((1, n_folds, 1)))
    return SimpleNamespace(
        predictor=SimpleNamespace(parts=[part]),
        summary=SimpleNamespace(task=task, forward=None),
        kept_rows=kept_rows,
    )


def test_new_rows_are_held_out_in_the_order_they_came():
    rng = np.random.default_rng(1)
    folds = new_rows(20).folds(model_of(4), rng)
    assert folds.tolist() == np.repeat([0, 1, 2, 3], 5).tolist()
    alone = new_rows(10).folds(model_of(1), rng)
    assert alone.tolist() == [-1] * 8 + [0] * 2
    ordered = new_rows(20, np.arange(20.0)).folds(model_of(4), rng)
    assert sorted(ordered.tolist()) == np.repeat([0, 1, 2, 3], 5).tolist()
    assert (np.diff(ordered) < 0).any()
    few = new_rows(7, np.arange(7.0)).folds(model_of(4), rng)
    assert few.tolist() == [0, 0, 1, 1, 2, 2, 3]
    timed = new_rows(20, np.arange(20.0), times=RowTimes("t", np.arange(20.0)))
    assert timed.folds(model_of(4), rng).tolist() == np.repeat([0, 1, 2, 3], 5).tolist()
    groups = np.arange(20) // 2
    grouped = new_rows(20, groups=groups).folds(model_of(4), rng)
    assert all(len(set(grouped[groups == group])) == 1 for group in range(10))


@pytest.mark.parametrize(
    ("n_rows", "n_folds", "few"), [(19, 3, True), (20, 3, False), (39, 20, True), (40, 20, False)]
)
def test_few_new_rows_are_nothing_to_compare_by(n_rows, n_folds, few):
    assert is_too_few(n_rows, model_of(n_folds)) is few


def test_kept_rows_weigh_at_most_as_much_as_new_ones():
    def kept(n_rows):
        table = Table.from_columns({"x": np.arange(float(n_rows))})
        return SimpleNamespace(
            n_rows=n_rows, table=table, target=np.zeros(n_rows), folds=np.full(n_rows, 2)
        )

    new = new_rows(20)
    new = replace(new, data=replace(new.data, weight=np.repeat([1.0, 3.0], 10)))
    for n_kept, share in ((80, 0.25), (10, 1.0)):
        rows = JointRows.of(new, model_of(4, kept_rows=kept(n_kept)), np.random.default_rng(0))
        assert rows.weight[:20].tolist() == np.repeat([0.5, 1.5], 10).tolist()
        assert set(rows.weight[20:]) == {share}
        assert (rows.n_rows, rows.n_new, rows.n_folds) == (20 + n_kept, 20, 4)
        assert rows.is_weighted
        folded = rows.rows
        assert folded.n_evaluated == 20
        learned = folded.order[folded.training(2)]
        assert not set(learned) & set(np.flatnonzero(rows.folds == 2))
        assert rows.group_numbers is None
    plain = JointRows.of(new_rows(20), model_of(4), np.random.default_rng(0))
    assert not plain.is_weighted
    grouped = replace(rows, groups=np.arange(20) // 2)
    numbers = grouped.group_numbers
    order = grouped.rows.order
    assert numbers[order < 20].tolist() == (order[order < 20] // 2).tolist()
    assert len(set(numbers[order >= 20])) == 10
    assert numbers[order >= 20].min() == 20


def test_rows_that_are_no_later_than_those_learned_are_told_of():
    stretch = Stretch(0.0, 50.0, 10, 20, 1.0, 2.0)
    forward = ForwardScores("t", False, "rmse", (stretch,), gap=2.0, horizon=7.0)
    schema = SimpleNamespace(read=lambda table: table)
    model = SimpleNamespace(summary=SimpleNamespace(forward=forward), schema=schema)
    data = data_of({"t": np.array([60.0, 55.0, 70.0])}, np.array([1.0, 2.0, 3.0]))
    found, times = updating._in_time(data, model)
    assert found.target.tolist() == [2, 1, 3]
    assert found.row_numbers.tolist() == [1, 0, 2]
    assert times.values.tolist() == [55, 60, 70]
    assert (times.gap, times.horizon, times.reach) == (2, 7, 7)
    with pytest.warns(EarlierRowsWarning, match="1 of 2 new rows are no later than"):
        updating._in_time(data_of({"t": np.array([50.0, 51.0])}), model)
    with pytest.raises(InputError, match="All new rows are no later"):
        updating._in_time(data_of({"t": np.array([50.0, 49.0])}), model)
    model.summary.forward = replace(forward, name=ROW_ORDER, ahead=9.0)
    _, times = updating._in_time(data, model)
    assert times.values.tolist() == [51, 52, 53]
    assert times.reach == 9
    model.summary.forward = None
    assert updating._in_time(data, model) == (data, None)


def test_networks_of_stretches_go_on_from_the_final_ones():
    part = NetworkPart(0, SimpleNamespace(), np.arange(6.0).reshape(1, 3, 2), np.ones(1))
    rows = SimpleNamespace(n_final=3, n_folds=4)
    (found,) = _continuing([part], rows)
    assert found.theta[0, :, 0].tolist() == [0, 2, 4, 0, 0, 2, 4]
    assert _continuing([part], SimpleNamespace(n_final=0, n_folds=3)) == (part,)


def test_a_fit_anew_races_with_the_encodings_that_were_left():
    recipes = tuple(TableRecipe(n, 3.0, (8,)) for n in (0, 16, 64))
    plan = Plan(recipes, n_folds=3, batch_size=8)
    assert [one.n_bins for one in _smaller(plan, [0, 64]).recipes] == [0, 64]
    assert _smaller(plan, [7]) is plan


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Objective(), Objective()),
        (Objective("absolute", metric="r2"), Objective("absolute", metric="r2")),
        (Objective("poisson", metric=np.dot), Objective("poisson")),
        (Objective(class_weight={"a": 2.0}), Objective(class_weight={"a": 2.0})),
    ],
)
def test_an_update_minimizes_what_the_fit_did(asked, expected):
    read = FitRequest.from_json(FitRequest(objective=asked).to_json())
    model = SimpleNamespace(summary=SimpleNamespace(request=read))
    assert _known_objective(model) == expected
