"""A table that is read block by block takes as much memory as its sample, however long it is."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from tests.fits import context_of, data_of

from madaline._models.fitting import sampling
from madaline._models.fitting.all_rows import blocks_of_files
from madaline._models.fitting.preparation import _prepare
from madaline._models.fitting.sampling import ColumnRoles, SampledRows, draw_rows
from madaline._race.evaluation.objective import Objective
from madaline._tables.rows import Rows
from madaline._tables.table import Table

pl = pytest.importorskip("polars")
SOURCE = Path(__file__).resolve().parents[2] / "src"
N_ROWS, N_COLUMNS, BLOCK = 300_000, 20, 5000


class Made(Rows):
    """Rows that are made when they are read."""

    names = (*(f"x{number}" for number in range(N_COLUMNS)), "y")
    digest, n_rows = "made", N_ROWS

    def blocks(self, columns=None, *, n_rows=BLOCK, start=0):
        for first in range(start, N_ROWS, n_rows):
            x = np.random.default_rng(first).normal(size=(N_COLUMNS + 1, n_rows))
            rows = dict(zip(self.names, x, strict=True))
            yield Table(
                {name: rows[name] for name in self.names if columns is None or name in columns}
            )


@pytest.mark.slow
def test_no_pass_holds_all_rows_in_memory(monkeypatch):
    monkeypatch.setattr("madaline._race.stored_rows.CHUNK", BLOCK)
    monkeypatch.setattr("madaline._race.row_store.CHUNK", BLOCK)
    monkeypatch.setattr(sampling, "SAMPLE", 2000)
    monkeypatch.setattr(sampling, "MAX_SAMPLE", 2000)
    source, roles = Made(), ColumnRoles(("y",))

    tracemalloc.start()
    drawn = draw_rows(source, roles, seed=0, classes=False)
    first = tracemalloc.get_traced_memory()[1]
    data = data_of(drawn.table.drop(["y"]), drawn.table["y"], None, None, None, time=False)
    ready = _prepare(data, context_of(Objective(), None, {}))
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    sampled = SampledRows(source, roles, drawn, lambda _, column: column)
    blocks = blocks_of_files(sampled, ready, lambda _: False, seed=0)
    second = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    table = 8 * N_ROWS * N_COLUMNS  # 48 MB
    assert blocks.rows.n_bytes > table
    assert blocks.n_samples == N_ROWS
    blocks.rows.close()
    assert first < table / 5
    assert second < table / 5


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs limits of the system")
def test_files_are_fitted_within_an_address_space(tmp_path):
    rng = np.random.default_rng(0)
    for number in range(2):
        x = rng.normal(size=(33_000, 2))
        frame = pl.DataFrame(x, schema=["a", "b"])
        y = x[:, 0] * x[:, 1] + 0.1 * rng.normal(size=len(x))
        frame.with_columns(pl.Series("y", y)).write_parquet(tmp_path / f"{number}.parquet")
    words = [sys.executable, "-m", "madaline", "fit", "'*.parquet'", "--target", "y", "--jobs", "1"]
    words += ["--effort", "1", "--preset", "quick", "--members", "networks", "-o", "y.madaline"]
    done = subprocess.run(
        ["bash", "-c", f"ulimit -v {3 * 2**20} && exec {' '.join(words)}"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(SOURCE), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "66,000 rows" in done.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"0.parquet", "1.parquet", "y.madaline"}
