"""The benchmark of watching plants what it says, and counts right."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")


@pytest.fixture
def watching(monkeypatch) -> Any:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parents[1] / "benchmarks"))
    before = set(sys.modules)
    yield importlib.import_module("watching")
    for name in set(sys.modules) - before:
        del sys.modules[name]


@pytest.fixture
def watched(watching) -> Any:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"size": rng.normal(size=500), "city": rng.choice(["a", "b"], 500)})
    labels = np.where(rows["size"] > 0, "up", "down").astype(object)
    return watching.Watched("table", None, rows, labels, ["city", "size"])


def test_what_is_planted_is_there(watching, watched) -> None:
    some, rng = np.arange(100, 300), np.random.default_rng(0)
    plain, labels = watched.rows.iloc[some], watched.labels[some]
    shifted, _, column = watching.CHANGES["shift"](watched, some, rng)
    moved = (shifted["size"] - plain["size"]).abs()
    assert column == "size"
    np.testing.assert_allclose(moved, watched.rows["size"].std())
    changed, _, column = watching.CHANGES["new level"](watched, some, rng)
    assert column == "city"
    assert 0 < (changed["city"] == "new level").sum() < 20
    _, swapped, column = watching.CHANGES["swapped labels"](watched, some, rng)
    assert column is None
    assert set(zip(labels, swapped, strict=True)) == {("up", "down"), ("down", "up")}
    rows, turned, _ = watching.CHANGES["relation"](watched, some, rng)
    assert sorted(turned) == sorted(labels)
    assert np.mean((rows["size"] > 0) == (turned == "up")) < 0.2


def test_what_was_found_is_counted(watching) -> None:
    found = [
        watching.Planted("t", "shift", 0, 10, -2),
        watching.Planted("t", "shift", 1, 30, 4),
        watching.Planted("t", "shift", 2, None, None),
    ]
    _, line, whole = watching._planted_lines(found)
    assert line.split() == ["t", "shift", "2/3", "20", "30", "3"]
    assert whole.split() == ["all", "2/3", "66.7%"]
