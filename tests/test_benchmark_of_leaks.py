"""The benchmark of planted leaks plants each kind, and counts what was found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.scripts import run_here

SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "leaks.py"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a data folder with a set of two classes and one of numbers, of 500 rows each."""
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    pytest.importorskip("pyarrow", reason="the tables of the benchmarks are Parquet files")
    tables = tmp_path / "tabular"
    tables.mkdir()
    rng = np.random.default_rng(0)
    x, z, noise = rng.standard_normal((3, 500))
    y = x + z + 2 * noise
    pd.DataFrame({"x": x, "z": z, "y": np.where(y > 0, "a", "b")}).to_parquet(tables / "c.parquet")
    pd.DataFrame({"x": x, "z": z, "y": y}).to_parquet(tables / "n.parquet")
    (tables / "manifest.csv").write_text("name,task,target,large\nc,binary,y,0\nn,regression,y,0\n")
    return tmp_path


def test_every_kind_is_found_in_a_table_and_nothing_where_there_is_none(folder: Path) -> None:
    result = run_here(SCRIPT, "--folder", str(folder), "--sets", "c", "--parts", "0")
    assert result.returncode == 0, result.stderr
    assert "missed" not in result.stdout
    lines = {line[:22].strip(): line[22:].split() for line in result.stdout.splitlines()}
    assert lines["all"][:2] == ["11", "11,"]
    assert lines["tables as they are"][:2] == ["0", "2"]
