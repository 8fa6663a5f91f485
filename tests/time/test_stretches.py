"""Stretches of time: what is held out, and what is learned from."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._models import arguments
from madaline._race.time.stretches import (
    ROW_ORDER,
    RowTimes,
    make_stretches,
    read_times,
)
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.table import Table
from madaline.errors import InputError

DAYS = np.datetime64("2026-01-01") + np.arange(60).astype("timedelta64[D]")
DAY = 86_400.0


def read(time, **spans):
    table = Table.from_columns(
        {"day": DAYS, "size": np.arange(60.0) % 7, "color": list("rgb") * 20}
    )
    schema = Schema.infer(table, {})
    return read_times(time, schema.read(table), schema, **spans)


@given(
    st.lists(st.integers(0, 30), min_size=20, max_size=80).filter(lambda t: len(set(t)) > 9),
    st.integers(1, 5),
    st.sampled_from([0.0, 1.0, 3.0]),
)
def test_networks_learn_from_earlier_rows_only_and_rows_of_a_time_stay_together(times, n, gap):
    values = np.array(times, np.float64)
    try:
        folds = make_stretches(RowTimes("t", values, gap=gap), n_stretches=n)
    except InputError:
        return
    for fold in range(folds.n_folds):
        held_out, learned = values[folds.numbers == fold], values[folds.training[fold]]
        assert learned.max() + gap < held_out.min()
        assert np.isin(values[folds.numbers != fold], held_out).sum() == 0
    order = [values[folds.numbers == fold].min() for fold in range(folds.n_folds)]
    assert order == sorted(order)
    assert folds.n_final > 0


def test_final_networks_learn_from_all_rows():
    folds = make_stretches(RowTimes("t", np.arange(50.0)))
    rows = FoldedRows.from_folds(folds.numbers, folds.training, folds.n_final)
    for network in range(rows.n_folds, rows.n_networks):
        assert np.array_equal(rows.training(network), np.arange(50))
    sizes = [len(order) for order in rows.batches(5, np.random.default_rng(0))]
    assert sizes == rows.steps(5) == [4, 5, 7, 8, 10, 10, 10]


def test_rows_without_a_time_are_never_held_out_and_the_final_networks_learn_from_them():
    values = np.arange(40.0)
    values[[0, 7, 25, 39]] = np.nan
    folds = make_stretches(RowTimes("day", values))
    undated = np.isnan(values)
    assert set(folds.numbers[undated].tolist()) == {-1}
    assert not folds.training[:, undated].any()
    assert len(np.unique(folds.numbers)) == 5
    rows = FoldedRows.from_folds(folds.numbers, folds.training, folds.n_final)
    assert len(rows.training(rows.n_folds)) == 40


def test_rows_with_lags_need_a_time_each():
    values = np.arange(60.0)
    values[5] = np.nan
    table = Table.from_columns({"x": np.arange(60.0)})
    schema = Schema.infer(table)
    assert len(read_times(values, table, schema).present) == 59
    with pytest.raises(InputError, match="The time of 1 row of 60 is missing in time"):
        read_times(values, table, schema, complete=True)


def test_only_rows_within_the_horizon_are_held_out():
    folds = make_stretches(RowTimes("t", np.arange(100.0), horizon=5.0))
    assert (np.bincount(folds.numbers[folds.numbers >= 0]) == 5).all()
    assert folds.n_folds > make_stretches(RowTimes("t", np.arange(100.0))).n_folds


@pytest.mark.parametrize("groups", [np.arange(100) // 10, np.arange(100) % 10])
def test_groups_stay_apart(groups):
    folds = make_stretches(RowTimes("t", np.arange(100.0)), groups=groups)
    for fold in range(folds.n_folds):
        learned = groups[folds.training[fold]]
        assert not np.isin(groups[folds.numbers == fold], learned).any()


def test_times_are_columns_of_dates_or_numbers_arrays_or_the_order_of_the_rows():
    assert read(None) is None
    assert read(False) is None
    assert read("day").of_dates
    assert np.array_equal(np.diff(read("day").values), np.full(59, DAY))
    assert read(True).name == ROW_ORDER
    assert np.array_equal(read(DAYS).values, read("day").values)
    assert np.array_equal(read(np.arange(60) / 2).values, np.arange(60) / 2)


@pytest.mark.parametrize(
    ("time", "given", "expected"),
    [
        ("day", "2 weeks", 14 * DAY),
        ("day", "36 hours", 1.5 * DAY),
        ("day", 7, 7 * DAY),
        ("day", timedelta(days=3), 3 * DAY),
        ("day", np.timedelta64(3, "D"), 3 * DAY),
        (True, 7, 7.0),
        ("size", 0.5, 0.5),
    ],
)
def test_lengths_of_time(time, given, expected):
    assert read(time, gap=given).gap == expected
    assert read(time, horizon=given).horizon == expected


@pytest.mark.parametrize(
    ("time", "spans", "words"),
    [
        ("color", {}, "color, is read as categories"),
        ("colour", {}, "no such column: the columns are day, size, color"),
        (np.arange(3), {}, r"shape \(3,\), but there are 60 rows"),
        (np.repeat(1.0, 60), {}, "1 different time, too few"),
        (
            np.where(np.arange(60) >= 5, np.nan, 1.0),
            {},
            r"The time of 55 rows of 60 is missing in time, first that of row 5 \(counted from 0\)",
        ),
        ("day", {"gap": "soon"}, "gap is 'soon': give a length such as '7 days'"),
        ("day", {"gap": -1}, "gap is -1"),
        ("day", {"gap": True}, "gap is True"),
        ("size", {"horizon": "7 days"}, "horizon is '7 days': give a number"),
        ("day", {"horizon": 0}, "horizon is 0"),
        ("day", {"horizon": "1 year"}, "more than half of the time"),
        (None, {"gap": 2}, "the times of the rows are not known"),
        (False, {"horizon": 2}, "the times of the rows are not known"),
    ],
)
def test_what_is_no_time_is_refused(time, spans, words):
    with pytest.raises(InputError, match=words):
        read(time, **spans)


@pytest.mark.parametrize("time", [5, 2.5])
def test_one_number_is_no_time(time):
    with pytest.raises(InputError, match="give the name of a column, the time of each row"):
        arguments.read_times(time, 3)
