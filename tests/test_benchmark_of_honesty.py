"""What the benchmark of honesty counts, on tables and on numbers that can be checked by hand."""

from __future__ import annotations

import csv
import subprocess
from pathlib import Path

import numpy as np
import pytest
from tests.scripts import run_here

HONESTY = Path(__file__).resolve().parents[1] / "benchmarks" / "honesty.py"
HEADER = (
    "name,method,n_train,metric,promised,promised_error,test,test_error,coverage,size,temperature,"
    "error_before,error_after,cpu_s,seed,arguments\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with a set of numbers and one of classes, 60 rows each."""
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    pytest.importorskip("pyarrow", reason="the tables of the benchmarks are Parquet files")
    tables = tmp_path / "tabular"
    tables.mkdir()
    rng = np.random.default_rng(0)
    x = rng.standard_normal(60)
    y = x + 0.3 * rng.standard_normal(60)
    pd.DataFrame({"x": x, "y": y}).to_parquet(tables / "numbers.parquet")
    pd.DataFrame({"x": x, "y": np.where(y > 0, "a", "b")}).to_parquet(tables / "classes.parquet")
    (tables / "manifest.csv").write_text(
        "name,task,target,large\nnumbers,regression,y,0\nclasses,binary,y,0\n"
    )
    return tmp_path


def run_honesty(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark on the folder."""
    return run_here(HONESTY, "--folder", str(folder), *arguments)


def test_measures_numbers_and_classes_in_a_file(folder: Path) -> None:
    """Twelve test rows, so every share is of twelve."""
    output = folder / "honesty.csv"
    result = run_honesty(folder, "--output", str(output))
    assert result.returncode == 0, result.stderr
    with output.open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    for row in rows.values():
        assert float(row["coverage"]) * 12 == pytest.approx(round(float(row["coverage"]) * 12))
        assert float(row["coverage"]) > 0.6
        assert float(row["promised_error"]) > 0
    assert rows["numbers"]["metric"] == "r2"
    assert rows["numbers"]["error_after"] == ""
    assert 0.5 < float(rows["numbers"]["size"]) < 3
    assert 1 <= float(rows["classes"]["size"]) <= 2
    assert 0 < float(rows["classes"]["error_before"]) < 0.5


def test_sums_up_what_the_file_holds_already(folder: Path) -> None:
    """Distances of 2.4 and -1 standard errors (4 and -1.25 of the promise's own)."""
    output = folder / "honesty.csv"
    lines = (
        "numbers,honesty,48,r2,0.5,0.03,0.62,0.04,0.95,1.5,1.0,,,1.0,0,{}\n"
        "classes,honesty,48,accuracy,0.9,0.04,0.85,0.03,0.875,1.2,1.5,0.06,0.02,1.0,0,{}\n"
    )
    output.write_text(HEADER + lines)
    result = run_honesty(folder, "--output", str(output))
    assert result.returncode == 0, result.stderr
    assert output.read_text() == HEADER + lines
    assert "90% intervals held 0.950 of the test rows in the mean of 1 tables" in result.stdout
    assert "90% sets held 0.875" in result.stdout
    assert "calibration error 0.0600 before and 0.0200 after" in result.stdout
    assert "a temperature was used on 1 of 1" in result.stdout
    assert "within 2 standard errors of the promise on 1 of 2" in result.stdout
    assert "alone on 1); mean distance +0.70" in result.stdout
