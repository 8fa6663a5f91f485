"""The benchmark of regimes deals rows as it says, and counts what it says."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def regimes(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import regimes

    yield regimes
    for name in [name for name in sys.modules if name.split(".")[0] in ("streaming", "regimes")]:
        del sys.modules[name]


@pytest.mark.parametrize("again", [False, True])
def test_rows_are_dealt_in_laps_and_no_regime_follows_itself(regimes, again):
    rows = regimes.Rows([{"x": n} for n in range(60)], [*range(60)], np.arange(60) % 3)
    dealt = regimes.deal(rows, np.random.default_rng(0), 4, again=again)
    assert np.count_nonzero(np.diff(dealt.regimes)) == 11
    values, counts = np.unique(dealt.y, return_counts=True)
    assert len(values) == 60
    assert set(counts) == {4 if again else 1}
    assert [row["x"] for row in dealt.x] == dealt.y


def test_regimes_are_recognized_by_the_best_name_of_each(regimes):
    true = np.repeat([0, 1], 10)
    assert regimes.recognition(true, true + 5) == 1
    assert regimes.recognition(true, np.zeros(20, int)) == pytest.approx(2 / 3)
    told = regimes.in_the_end(np.array([-1, -1, 0, 3, 3, 1]), np.array([0, 1]))
    assert told.tolist() == [0, 0, 0, 1, 1, 1]


def test_rows_after_returns_are_those_of_regimes_that_were_there_before(regimes):
    after = regimes.after_returns(np.repeat([0, 1, 0, 2], 700))
    assert np.flatnonzero(after).tolist() == [*range(1400, 1900)]


def test_kappa_is_zero_for_one_guess_and_one_for_the_truth(regimes):
    y = ["a", "b"] * 5
    assert regimes.kappa(y, np.array(y, object)) == pytest.approx(1)
    assert regimes.kappa(y, np.array(["a"] * 10, object)) == pytest.approx(0)
