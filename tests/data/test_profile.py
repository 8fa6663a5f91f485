"""The histogram of a column is NumPy's, and models from before it was kept have none."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from madaline._tables.profile import _MAX_BINS, ColumnProfile, TableProfile
from madaline._tables.schema import Schema
from madaline._tables.table import Table

RNG = np.random.default_rng(0)

COLUMNS = {
    "zeros and ones": np.repeat([0.0, 1.0], [542, 5093]),
    "few whole numbers": RNG.integers(3, 9, 200).astype(float),
    "many whole numbers": RNG.integers(-1000, 1000, 500).astype(float),
    "skewed": RNG.lognormal(0, 2, 1000),
    "constant": np.full(30, 2.25),
    "constant and whole": np.full(30, 1e17),
    "nearly constant": np.array([1e20, np.nextafter(1e20, 2e20)]),
    "one value": np.array([0.1]),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("n_missing", [0, 7])
def test_bins_hold_as_many_rows_as_those_of_numpy(name: str, n_missing: int) -> None:
    values = COLUMNS[name]
    column = RNG.permutation(np.concatenate([values, np.full(n_missing, np.nan)]))
    profile = ColumnProfile.of(Table.from_columns({"x": column}), "x", "number")
    low, high = profile.bounds
    assert low <= values.min() <= values.max() <= high
    assert 1 <= len(profile.counts) <= _MAX_BINS
    expected, _ = np.histogram(values, np.linspace(low, high, len(profile.counts) + 1))
    assert profile.counts == tuple(expected)
    assert sum(profile.counts) == len(values)
    assert profile.missing == pytest.approx(n_missing / len(column))


def test_whole_numbers_have_a_bin_each() -> None:
    profile = ColumnProfile.of(Table.from_columns({"x": COLUMNS["zeros and ones"]}), "x", "number")
    assert (profile.bounds, profile.counts) == ((-0.5, 1.5), (542, 5093))


def test_moments_are_binned_by_seconds() -> None:
    days = np.datetime64("2024-01-01") + RNG.integers(0, 900, 300)
    profile = ColumnProfile.of(Table.from_columns({"day": days}), "day", "datetime")
    seconds = days.astype("datetime64[s]").astype(float)
    assert profile.counts == tuple(np.histogram(seconds, _MAX_BINS)[0])


def test_booleans_are_counted_as_levels() -> None:
    column = np.repeat([True, False], [5093, 542])
    profile = ColumnProfile.of(Table.from_columns({"x": column}), "x", "boolean")
    assert (profile.levels, profile.counts) == (("true", "false"), ())
    assert profile.shares == (5093 / 5635, 542 / 5635)


def test_what_overflows_or_is_missing_has_no_histogram() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for column in ([-1e308, 1.5e308], [np.nan, np.nan]):
            table = Table.from_columns({"x": np.array(column)})
            assert ColumnProfile.of(table, "x", "number").counts == ()


def test_a_profile_from_before_histograms_were_kept_is_read() -> None:
    table = Table.from_columns({"x": COLUMNS["skewed"]})
    profile = TableProfile.of(table, Schema.infer(table))
    assert TableProfile.from_json(profile.to_json()) == profile
    (column,) = profile.to_json()
    old = {name: value for name, value in column.items() if name not in ("bounds", "counts")}
    (read,) = TableProfile.from_json([old]).columns
    assert (read.edges, read.counts) == (profile.columns[0].edges, ())
