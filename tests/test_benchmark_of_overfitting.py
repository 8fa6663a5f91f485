"""The benchmark of overfitting measures on rows that no network has seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.scripts import run_here

BENCHMARK = Path(__file__).resolve().parents[1] / "benchmarks" / "overfitting.py"


def test_it_prints_a_line_for_each_table_and_their_geometric_mean(tmp_path: Path) -> None:
    pd = pytest.importorskip("pandas", reason="the benchmarks read their tables with pandas")
    pytest.importorskip("pyarrow", reason="the tables of the benchmarks are Parquet files")
    (tmp_path / "tabular").mkdir()
    rng = np.random.default_rng(0)
    x, city = rng.standard_normal(200), rng.choice(["Ulm", "Kiel"], 200)
    y = x + (city == "Ulm") + 0.3 * rng.standard_normal(200)
    table = pd.DataFrame({"x": x, "city": city, "y": y})
    table.to_parquet(tmp_path / "tabular" / "numbers.parquet")
    table["y"] = np.where(y > 0, "a", "b")
    table.to_parquet(tmp_path / "tabular" / "classes.parquet")
    (tmp_path / "tabular" / "manifest.csv").write_text(
        "name,task,target,large\nnumbers,regression,y,0\nclasses,binary,y,0\n"
    )
    arguments = ["--folder", str(tmp_path), "--sets", "numbers", "classes", "--seeds", "1"]
    result = run_here(BENCHMARK, *arguments)
    assert result.returncode == 0, result.stderr
    head, numbers, classes, means = (line.split() for line in result.stdout.splitlines())
    assert head[0] == "table"
    assert [numbers[0], classes[0], means[:2]] == ["numbers", "classes", ["geometric", "mean"]]
    assert all(0 < float(loss) < 1 for loss in numbers[1:])  # one is that of the mean
    assert float(means[3]) == 1  # relative to rows held out, for stopping alone
