"""The benchmark of competitions scores series by themselves, and its Theta is the textbook's."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pandas", reason="the benchmarks make frames")
pytest.importorskip("threadpoolctl")


@pytest.fixture
def competitions(monkeypatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "benchmarks"))
    before = set(sys.modules)
    yield importlib.import_module("competitions")
    for name in set(sys.modules) - before:
        del sys.modules[name]


def _series(competitions, factor: float = 1.0, name: str = "a") -> Any:
    months = np.arange(60)
    values = factor * (10 + 0.1 * months + 3 * np.sin(np.pi * months / 6))
    return competitions.Series(name, 12, values[:48], values[48:])


def test_scores_do_not_depend_on_size(competitions) -> None:
    small, large = _series(competitions), _series(competitions, 1e6)
    means, more = (competitions.theta(one) for one in (small, large))
    np.testing.assert_allclose(more, 1e6 * means)
    assert competitions.mase(large, more) == pytest.approx(competitions.mase(small, means))
    percent = competitions.smape(small.ahead, means)
    assert competitions.smape(large.ahead, more) == pytest.approx(percent)


def test_theta_halves_the_trend_and_keeps_the_season(competitions) -> None:
    line = competitions.Series("a", 1, np.arange(20.0), np.zeros(4))
    np.testing.assert_allclose(competitions.theta(line), 19 + np.arange(1, 5) / 2, atol=0.6)
    months = _series(competitions)
    assert competitions.is_seasonal(months.known, 12)
    assert not competitions.is_seasonal(np.arange(1.0, 49.0), 1)
    assert competitions.mase(months, competitions.theta(months)) < 0.6
    naive = competitions.mase(months, competitions.naive(months))
    assert naive == pytest.approx(1)


def test_a_series_without_changes_has_no_scaled_error(competitions) -> None:
    constant = competitions.Series("a", 1, np.ones(9), np.zeros(2))
    assert np.isnan(competitions.mase(constant, np.ones(2)))
    assert competitions.smape(np.zeros(2), np.zeros(2)) == 0


def test_tables_hold_each_method_and_each_series(competitions) -> None:
    series = [_series(competitions), _series(competitions, 2.0, "b")]
    known, ahead = competitions.frames(series)
    assert known.groupby("name")["step"].max().tolist() == [-1, -1]
    assert ahead["step"].tolist() == [*range(12)] * 2
    exact = competitions.Forecast([one.ahead for one in series], ([np.zeros((12, 2))] * 2,) * 2)
    title, _, row = competitions.lines("two", series, {"exact": competitions.join([exact])})
    assert title.startswith("| two |")
    assert [cell.strip() for cell in row.split("|")][1:6] == ["exact", "0.00", "0.000"] + [
        "0.0%"
    ] * 2
    whole = competitions.join([exact, exact])
    assert len(whole.means) == 4
    assert [len(bounds) for bounds in whole.bounds] == [4, 4]
