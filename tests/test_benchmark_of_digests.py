"""The benchmark of digests gives the same sums for the same fit, and notices others."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def folder(tmp_path):
    """Return a data folder with a set of numbers, of 80 rows."""
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    pytest.importorskip("pyarrow", reason="the tables of the benchmarks are Parquet files")
    (tmp_path / "tabular").mkdir()
    x, noise = np.random.default_rng(0).standard_normal((2, 80))
    pd.DataFrame({"x": x, "y": x + noise}).to_parquet(tmp_path / "tabular" / "numbers.parquet")
    manifest = "name,task,target,large\nnumbers,regression,y,0\n"
    (tmp_path / "tabular" / "manifest.csv").write_text(manifest)
    return tmp_path


@pytest.fixture
def digests(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import digests

    yield digests
    for name in ("digests", "tables"):
        sys.modules.pop(name, None)


def test_a_second_fit_is_the_same_and_another_is_noticed(
    digests, capsys, folder, monkeypatch
) -> None:
    before = folder / "before"
    short = ["--folder", str(folder), "--tables", "numbers", "--backends", "numpy"]
    assert digests.main([*short, "--output", str(before)]) == 0
    line = capsys.readouterr().out.strip()
    assert before.read_text().strip() == line
    assert line.startswith("numbers numpy predictions=")
    assert digests.main([*short, "--compare", str(before)]) == 0
    assert capsys.readouterr().out.strip() == f"same      {line}"
    before.write_text(line.replace("predictions=", "predictions=0"))
    monkeypatch.setattr(digests, "_in_a_fresh_process", lambda *_: line)
    assert digests.main([*short, "--compare", str(before)]) == 1
    assert capsys.readouterr().out.startswith("DIFFERENT numbers")
