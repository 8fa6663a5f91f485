"""The benchmark harness itself: right scores, right ratios, and a set that crashes is named."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

QUALITY = Path(__file__).resolve().parents[1] / "benchmarks" / "quality.py"

# Stands in for madaline, so that what the harness must print can be worked out by hand.
STUB = """
import numpy as np

class AdaptiveRegressor:
    def __init__(self, random_state=None, effort=0.0):
        self.effort = effort
    def fit(self, X, y):
        return self
    def predict(self, X):
        return np.full(len(X), 1.0 + self.effort)

class AdaptiveClassifier:
    def __init__(self, random_state=None, effort=0.0):
        pass
    def fit(self, X, y):
        if (X["x"] < 0).any():
            raise ValueError("negative x")
        self.classes_ = np.unique(y)
        return self
    def predict_proba(self, X):
        return np.tile([0.25, 0.75], (len(X), 1))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with three sets of ten rows; the classifier crashes on the third."""
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    pytest.importorskip("pyarrow", reason="the tables of the benchmarks are Parquet files")
    tables = tmp_path / "tabular"
    tables.mkdir()
    x = np.arange(10.0)
    pd.DataFrame({"x": x, "y": x % 2 * 2}).to_parquet(tables / "numbers.parquet")
    pd.DataFrame({"x": x, "y": ["a", "b"] * 5}).to_parquet(tables / "classes.parquet")
    pd.DataFrame({"x": -x, "y": ["a", "b"] * 5}).to_parquet(tables / "broken.parquet")
    (tables / "manifest.csv").write_text(
        "name,task,target,large\nnumbers,regression,y,0\nclasses,binary,y,0\nbroken,binary,y,0\n"
    )
    (tables / "BASELINES.csv").write_text(
        "name,method,n_train,log_loss,error,rmse,cpu_s\n"
        "numbers,peer,8,,,0.8,1\nclasses,peer,8,0.41849,0.5,,2\n"
    )
    (tmp_path / "stub").mkdir()
    (tmp_path / "stub" / "madaline.py").write_text(STUB)
    return tmp_path


def run_quality(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark on the folder, with the stub in madaline's place."""
    environment = os.environ | {"PYTHONPATH": str(folder / "stub"), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, str(QUALITY), "--folder", str(folder), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_losses_ratios_and_the_crashed_set(folder: Path) -> None:
    """Predicting the mean of 0 and 2 has a scaled error of 1; .25 and .75 a log-loss of .83698."""
    output = folder / "ours.csv"
    result = run_quality(folder, "--output", str(output))
    lines = {line.split()[0]: line.split() for line in result.stdout.splitlines() if line}
    assert result.returncode == 1
    assert "broken failed: ValueError: negative x" in result.stderr
    assert lines["numbers"][1] == "1.0000"
    assert lines["numbers"][3:] == ["0.8000", "1.250"]
    assert lines["classes"][1] == "0.8370"
    assert lines["classes"][3:] == ["0.4185", "2.000"]
    assert "loss x1.581; better on 0 of 2; worst classes x2.000" in result.stdout
    assert "broken" not in lines
    with output.open(newline="") as file:
        rows = {row["name"]: row for row in csv.DictReader(file)}
    assert float(rows["classes"]["error"]) == 0.5
    assert rows["numbers"]["n_train"] == "8"


def test_goes_on_with_its_output_and_tells_arguments_apart(folder: Path) -> None:
    """A measurement in the file is not repeated; one with other arguments is not taken for it."""
    output = folder / "ours.csv"
    output.write_text(
        "name,method,n_train,log_loss,error,rmse,cpu_s,seed,arguments\n"
        "numbers,madaline,8,,,0.4,1,0,{}\n"
    )
    default = run_quality(folder, "--sets", "numbers", "--output", str(output))
    assert "loss x0.500; better on 1 of 1" in default.stdout
    other = run_quality(
        folder, "--sets", "numbers", "--output", str(output), "--set-argument", "effort=1.0"
    )
    assert "loss x1.768; better on 0 of 1" in other.stdout
    assert len(output.read_text().splitlines()) == 3


def test_missing_data_folder_is_one_sentence(tmp_path: Path) -> None:
    """Without the data, the benchmark says what is missing and what to do."""
    result = run_quality(tmp_path)
    assert result.returncode == 1
    assert len(result.stderr.strip().splitlines()) == 1
    assert "give --folder" in result.stderr
