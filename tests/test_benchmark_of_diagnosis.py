"""The benchmark of planted faults counts what was raised, named and found beside it."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.scripts import run_here

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "diagnosis.py"
HEADER = "name,method,n_train,raised,named,severity,area,other,medium,cpu_s,seed,arguments\n"
SETTINGS = '"{""effort"": 2}"'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with one set of two classes and 300 rows."""
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    pytest.importorskip("pyarrow", reason="the tables of the benchmarks are Parquet files")
    tables = tmp_path / "tabular"
    tables.mkdir()
    rng = np.random.default_rng(0)
    x, z = rng.standard_normal((2, 300))
    y = np.where(x + z + 0.5 * rng.standard_normal(300) > 0, "a", "b")
    pd.DataFrame({"x": x, "z": z, "y": y}).to_parquet(tables / "classes.parquet")
    (tables / "manifest.csv").write_text("name,task,target,large\nclasses,binary,y,0\n")
    return tmp_path


def run_script(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the benchmark on the folder."""
    return run_here(SCRIPT, "--folder", str(folder), "--effort", "2", *arguments)


def test_a_leak_that_was_planted_is_raised_and_named(folder: Path) -> None:
    output = folder / "outcomes.csv"
    words = ["--faults", "leak", "--sets", "classes", "--output", str(output)]
    words = [sys.executable, str(SCRIPT), "--folder", str(folder), "--effort", "2", *words]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    result = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    with output.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert (row["raised"], row["named"], row["severity"]) == ("1", "1", "high")


def test_sums_up_what_the_file_holds_already(folder: Path) -> None:
    output = folder / "outcomes.csv"
    output.write_text(
        f"{HEADER}classes,wrong labels,240,1,0,high,0.96,,1,1.0,0,{SETTINGS}\n"
        f"classes,wrong labels,240,0,0,,0.98,A leak.,0,1.0,1,{SETTINGS}\n"
    )
    words = ("--faults", "wrong labels", "--sets", "classes", "--seeds", "0", "1")
    result = run_script(folder, *words, "--output", str(output))
    assert result.returncode == 0, result.stderr
    (line,) = [line for line in result.stdout.splitlines() if line.startswith("wrong labels  ")]
    assert line.split()[2:] == ["2", "50%", "0%", "0.9600", "1", "1"]
    assert "seed 0: raised, but not named" in result.stdout
    assert "seed 1: missed" in result.stdout
    assert "seed 1: A leak." in result.stdout


def test_some_faults_are_found_without_any_network(folder: Path) -> None:
    output = folder / "outcomes.csv"
    result = run_script(folder, "--effort", "0", "--sets", "classes", "--output", str(output))
    assert result.returncode == 0, result.stderr
    with output.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["method"] for row in rows if row["named"] == "1"} >= {"leak", "identifier", "drift"}
    refused = run_script(folder, "--effort", "0", "--faults", "dead layer")
    assert refused.returncode == 1
    assert "only leak, identifier" in refused.stderr


@pytest.mark.parametrize("shuffled", [[], ["--shuffled"]])
def test_findings_are_counted_with_and_without_their_facts(folder: Path, shuffled) -> None:
    script = SCRIPT.with_name("findings.py")
    words = ["--folder", str(folder), "--effort", "2", "--draws", "2", "--tables", "classes"]
    result = run_here(script, *words, *shuffled)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("1 tables; the draws are 2 of each\n")
    assert ("nothing learned" in result.stdout) == bool(shuffled)
