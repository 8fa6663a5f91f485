"""What the benchmark of dated tables cuts, and how its table is summed up."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from tests.scripts import run_here

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
MODULES = (
    "dated_noticed",
    "dated_stretches",
    "dated_updates",
    "dated",
    "dated_methods",
    "dated_tables",
    "dated_tables_fresh",
    "dated_sources",
    "peers",
    "tables",
    "measuring",
)

pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")


@pytest.fixture
def dated(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Return the module of the benchmark."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield pytest.importorskip("dated")
    for name in MODULES:
        sys.modules.pop(name, None)


@pytest.fixture
def shops(dated: ModuleType, monkeypatch: pytest.MonkeyPatch) -> pd.DataFrame:
    """Return two shops, three rows a day over ten days, known to the benchmark as `shops`."""
    days = np.repeat(pd.date_range("2024-01-01", periods=10), 3)
    frame = pd.DataFrame({"date": days, "shop": ["a", "b", "a"] * 10, "sales": np.arange(30.0)})
    methods = sys.modules["dated_methods"]
    tables = sys.modules["dated_tables"]
    source = tables.Source(lambda: frame.sample(frac=1, random_state=0), "sales", series="shop")
    monkeypatch.setitem(methods.SOURCES, "shops", source)
    return frame


def load(dated: ModuleType, test: str) -> Any:
    """Return the shops as cut for a test."""
    return dated.load(dated.Job("shops", "last", 0, ".", {"test": test}))


def test_fresh_tables_are_measured_only_where_they_are_asked_for(dated: ModuleType) -> None:
    tables = sys.modules["dated_tables"]
    assert len(tables.names_of()) == 36
    assert tables.names_of(["fresh"]) == list(tables.FRESH)
    assert sorted([*tables.names_of(), *tables.FRESH]) == sorted(tables.SOURCES)


def test_days_are_not_cut_in_two(dated: ModuleType, shops: pd.DataFrame) -> None:
    tables = sys.modules["dated_tables"]
    assert tables.cuts(shops.iloc[:-1], "date") == {"fifth": (21, 21), "tenth": (21, 24)}
    assert tables.cuts(shops.iloc[:-1], None) == {"fifth": (23, 23), "tenth": (23, 26)}


def test_the_latest_whole_days_are_kept(
    dated: ModuleType, shops: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = sys.modules["dated_tables"]
    monkeypatch.setattr(tables, "MAX_ROWS", 10)
    frame = tables.load_frame("shops", Path())
    assert frame.date.tolist() == shops.date[21:].tolist()


def test_the_test_rows_come_after_all_others(dated: ModuleType, shops: pd.DataFrame) -> None:
    fifth, tenth = load(dated, "fifth"), load(dated, "tenth")
    assert fifth.x_train.date.max() < fifth.x_test.date.min()
    assert len(fifth.y_train) == len(tenth.y_train) == 24
    assert sorted(fifth.y_test) == [24, 25, 26, 27, 28, 29]
    assert sorted(tenth.y_test) == [27, 28, 29]
    assert fifth.gap is None
    assert tenth.gap == timedelta(days=2)


def test_the_value_before_is_that_of_the_series(dated: ModuleType, shops: pd.DataFrame) -> None:
    table = load(dated, "tenth")
    b = table.series_test == "b"
    assert b.sum() == 1
    assert table.y_before[b][0] == table.y_test[b][0] - 3
    last = dated.METHODS["last"](table, 0)
    last.fit(table.x_train, table.y_train)
    assert last.predict(table.x_test)[b] == table.y_train[table.series_train == "b"][-1]


def test_classes_follow_the_class_before(dated: ModuleType) -> None:
    """After a comes b; the first of a series is as all are."""
    methods = sys.modules["dated_methods"]
    y = np.array(["a", "b"] * 10, object)
    before = np.array(["a", None], object)
    series = np.zeros(20)
    table = methods.DatedTable("t", True, y, y, y, y, None, None, before, series, series[:2])
    previous = dated.METHODS["previous"](table, 0)
    previous.fit(None, y)
    expected = [[0.5 / 11, 10.5 / 11], [1.5 / 2, 0.5 / 2]]
    np.testing.assert_allclose(previous.predict_proba(None), expected)


def test_dates_are_days_and_their_parts(dated: ModuleType) -> None:
    frame = pd.DataFrame({"date": pd.to_datetime(["1970-01-02 12:00"]), "x": [1]})
    numbers = sys.modules["dated_methods"].dates_as_numbers(frame)
    assert numbers.iloc[0].to_dict() == {
        "x": 1,
        "date": 1.5,
        "date month": 1,
        "date day_of_week": 4,
        "date hour": 12,
    }


def test_the_summary_counts_promises_and_losses(dated: ModuleType) -> None:
    """Distances of 2.4 and -1 standard errors; losses of 1.2 and .5 of the best learner's."""

    def fit(name: str, method: str, loss: float, *promised: float) -> Any:
        own = (*promised, 0.9) if promised else (None, None, None)
        return dated.Forecast(name, method, 80, loss, 0.4, 0.5, *own)

    learned = [fit(n, m, 10) for n in "xy" for m in ("catboost", "lightgbm", "ridge")]
    ours = [fit("x", "random", 12, 10.8, 0.3), fit("y", "random", 5, 5.5, 0.3)]
    lines = list(dated._lines([*ours, *learned], ["random", "catboost"]))
    assert lines[2] == "| x | 80 | 10.8 ± 0.3 | 12 | +2.4 | 1.11 | 10 |"
    text = "\n".join(lines)
    assert "1 of 2 promises within 2 standard errors, 1 too good, the worst by x1.11 (x)" in text
    assert (
        "catboost or lightgbm or ridge: loss x0.775, worst x1.20 (x), above x1.05 on 1 of 2,"
        " behind by more than a standard error on 1" in text
    )


def test_stretches_above_all_before_are_counted(dated: ModuleType) -> None:
    """The seventh is above all six before, the eighth far above; chance is a seventh, an eighth."""
    stretches = pytest.importorskip("dated_stretches")
    losses = [1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 2.5, 4.0, 1.0]
    assert stretches.compare(losses) == (3, 2, pytest.approx(1 / 7 + 1 / 8 + 1 / 9), 1)


def test_measures_a_table_of_classes_in_a_file(tmp_path: Path) -> None:
    """Electricity is read from the data folder, rows 20,000 and later."""
    pytest.importorskip("pyarrow", reason="the tables of the benchmarks are Parquet files")
    (tmp_path / "streams").mkdir()
    x = np.random.default_rng(0).standard_normal(20_060)
    frame = pd.DataFrame({"x": x, "class": (x > 0).astype(int)})
    frame.to_parquet(tmp_path / "streams" / "electricity.parquet")
    output = tmp_path / "dated.csv"
    words = ["--folder", str(tmp_path), "--output", str(output), "--tables", "electricity"]
    result = run_here(BENCHMARKS / "dated.py", *words, "--methods", "random", "last")
    assert result.returncode == 0, result.stderr
    with output.open(newline="") as file:
        rows = {row["method"]: row for row in csv.DictReader(file)}
    assert rows["random"]["n_train"] == "48"
    assert float(rows["random"]["loss"]) < float(rows["last"]["loss"])
    assert float(rows["random"]["promised_error"]) > 0
    assert rows["last"]["promised"] == ""
    assert "| electricity | 48 |" in result.stdout


def test_what_is_noticed(
    dated: ModuleType, shops: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    noticed = pytest.importorskip("dated_noticed")
    assert noticed.main(["--dated", "--tables", "shops"]) == 0
    assert "0 of 1 tables are taken for dated" in capsys.readouterr().out  # 30 rows are too few
    many = pd.concat([shops] * 4, ignore_index=True)
    many["date"] = pd.date_range("2024-01-01", periods=len(many))
    walk = np.random.default_rng(0).normal(size=len(many)).cumsum()
    found = noticed.find(many[["date", "shop"]], walk, "regression")
    assert noticed.told(found).startswith("date: ")


def test_an_update_learns_from_the_fifth_before_the_test(dated: ModuleType, shops: Any) -> None:
    updates = pytest.importorskip("dated_updates")
    old, both = updates._load(updates.Job("shops", "update", 0, ".", {}))
    assert (len(old.y_train), len(both.y_train), len(old.y_test)) == (18, 24, 6)
    facts = ("shops", "update", 18)
    fits = [updates.Update(*facts, 1.0, 0.1, 0.9, 0.1, "adjusted", 1.0)]
    fits += [
        updates.Update("shops", method, 18, 2.0, 0.1, 1.9, 0.1, "", 0.0)
        for method in updates.METHODS
        if method != "update"
    ]
    told = list(updates._lines(fits))
    assert told[2] == "| shops | 2 | 1 (adjusted) | 2 | 2 |"
    assert "update: loss x0.500 of never on 1; 1 of 1 promises within 2" in told[5]
