"""Counting puts numbers into the same order as sorting, whatever they are."""

from __future__ import annotations

import numpy as np
import pytest

from madaline._tables import statistics
from madaline._tables.statistics import in_order

N = 3_000
RNG = np.random.default_rng(0)
DAYS = RNG.integers(-900, 900, N)

COUNTED = {
    "whole": DAYS.astype(np.float64),
    "far away": 2.0**53 - 2 * RNG.integers(0, 9, N),
    "halves": DAYS + 0.5,
    "one": np.full(N, 7.0),
    "days": np.datetime64("1960-01-01") + DAYS,
    "noons": np.datetime64("2026-11-25T12:00") + DAYS.astype("timedelta64[D]"),
}
SORTED = {
    "fractions": RNG.standard_normal(N),
    "fractions at last": np.append(np.arange(float(N)), 0.25),
    "wide": np.append(DAYS, 1e300),
    "widest": np.append(DAYS, [-1.7e308, 1.7e308]),
    "hours": np.datetime64("2026-11-25T00") + DAYS,
    "centuries": np.datetime64("2026-11-25") + 10 * N * DAYS,
    "few": np.array([3.0, 1.0, 2.0]),
    "none": np.array([], np.float64),
}


@pytest.mark.parametrize("name", [*COUNTED, *SORTED])
def test_they_come_in_ascending_order(name: str) -> None:
    values = _column({**COUNTED, **SORTED}[name])
    ordered = in_order(values)
    assert ordered.dtype == values.dtype
    np.testing.assert_array_equal(ordered, np.sort(values))


@pytest.mark.parametrize("name", COUNTED)
def test_whole_ones_that_lie_close_together_are_counted(name: str, monkeypatch) -> None:
    monkeypatch.setattr(statistics.np, "sort", None)
    in_order(_column(COUNTED[name]))


@pytest.mark.parametrize("name", SORTED)
def test_others_are_not(name: str, monkeypatch) -> None:
    monkeypatch.setattr(statistics.np, "sort", None)
    with pytest.raises(TypeError):
        in_order(_column(SORTED[name]))


def test_the_sign_of_zero_does_not_depend_on_the_order_of_rows() -> None:
    zeros = np.where(DAYS % 2 == 0, -0.0, 0.0)
    assert not np.signbit(in_order(zeros)).any()


def _column(values: np.ndarray) -> np.ndarray:
    return values.astype("datetime64[us]") if values.dtype.kind == "M" else values
