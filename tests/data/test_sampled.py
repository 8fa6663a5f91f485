"""Rows outside of a sample are not learned from by networks that are evaluated on their group."""

from __future__ import annotations

import numpy as np

from madaline._race.time.stretches import ROW_ORDER, RowTimes, make_stretches
from madaline._race.time.told_times import times_of_rows
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.splits.sampled import SampleSplit
from madaline._tables.table import Table

NOWHERE = np.full(6, -1)  # rows that are not in the sample


def test_all_networks_learn_from_rows_of_no_group_and_no_time():
    split = SampleSplit.of(FoldedRows.from_folds(np.array([2, 0, 1, 0, -1])))
    folds, learned = split.assign(np.array([0, -1, 1, 2, -1, 3, 4]))
    assert learned is None
    assert folds.tolist() == [0, -1, 0, 1, -1, 2, -1]


def test_networks_do_not_learn_from_a_group_that_they_are_evaluated_on():
    groups = np.array(["a", "b", "c", "a", "b", "c"], object)
    split = SampleSplit.of(FoldedRows.from_folds(np.array([0, 1, -1, 0, 1, -1])), groups)
    folds, learned = split.assign(NOWHERE, np.array(["b", "new", "a", "c", "b", "a"], object))
    assert learned is None
    assert folds.tolist() == [1, -1, 0, -1, 1, 0]


def make_split(times, *, groups=None, n_stretches=3):
    folds = make_stretches(times, n_stretches=n_stretches, groups=groups)
    rows = FoldedRows.from_folds(folds.numbers, folds.training, folds.n_final)
    return SampleSplit.of(rows, groups, times.limits), rows


def test_networks_of_stretches_learn_from_earlier_rows_alone():
    times = RowTimes("day", np.arange(100.0), gap=3)
    split, rows = make_split(times)
    starts = [times.values[rows.order[rows.held_out(fold)]].min() for fold in range(3)]
    others = np.array([0.5, 39.9, 50, 70, 99.5, np.nan])
    folds, learned = split.assign(NOWHERE, None, others)
    assert (folds == -1).all()
    assert (learned == (others[:, None] < np.array(starts) - 3)).all()
    assert learned[0].all()
    assert not learned[-1].any()


def test_rows_of_the_sample_are_learned_from_as_before():
    times = RowTimes("day", np.arange(100.0))
    split, rows = make_split(times)
    folds, learned = split.assign(np.arange(100), None, times.values[rows.order])
    for fold in range(3):
        assert (np.flatnonzero(folds == fold) == np.arange(100)[rows.held_out(fold)]).all()
        assert (np.flatnonzero(learned[:, fold]) == rows.training(fold)).all()


def test_groups_and_times_both_count():
    times, groups = RowTimes("day", np.arange(100.0)), np.array(["old"] * 50 + ["new"] * 50, object)
    split, rows = make_split(times, groups=groups, n_stretches=1)
    held_out = set(groups[rows.order[rows.held_out(0)]])
    names = np.array(["old", "new", "other"] * 2, object)
    _, learned = split.assign(NOWHERE, names, np.zeros(6))
    assert learned[:, 0].tolist() == [name not in held_out for name in names]
    assert not split.assign(NOWHERE, names, np.full(6, 100.0))[1].any()


def test_times_of_other_rows_are_told_as_those_of_the_sample():
    table = Table.from_columns(
        {
            "date": np.array(["2026-01-02", "2026-03-01"], "M8[us]"),
            "year": [2025.0, 2026.0],
            "month": [2.0, 1.0],
            "word": ["x", "y"],
        }
    )
    drawn, others = np.array([0, 10]), np.array([5, 20])

    def told(name, *, of_dates):
        times = RowTimes(name, np.array([0.0, 1.0]), of_dates)
        return times_of_rows(times, drawn, table, others)

    assert told(ROW_ORDER, of_dates=False).tolist() == [0.5, 1]
    assert told("date", of_dates=True).astype("M8[s]").astype(str).tolist() == [
        "2026-01-02T00:00:00",
        "2026-03-01T00:00:00",
    ]
    assert told("year", of_dates=False).tolist() == [2025, 2026]
    months = told("year, month", of_dates=True).astype("M8[s]").astype("M8[M]")
    assert months.astype(str).tolist() == ["2025-02", "2026-01"]
    for name in ("word", "none"):
        assert np.isnan(told(name, of_dates=False)).all()
