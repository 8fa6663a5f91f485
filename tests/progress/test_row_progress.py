"""Lines that tell how far it is with the rows of a large table."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest

from madaline._tables.rows import open_rows
from madaline._tell.progress import row_progress
from madaline._tell.progress.row_progress import RowProgress, shown


@pytest.fixture
def clock(monkeypatch):
    """Let each look at the clock take five seconds."""
    times = iter(range(0, 10_000, 5))
    # its own clock alone: event loops of servers in other threads go by time.monotonic, too
    clock = SimpleNamespace(monotonic=lambda: float(next(times)))
    monkeypatch.setattr(row_progress, "time", clock)


def test_a_log_gets_a_line_now_and_then(clock):
    log = io.StringIO()
    RowProgress(100_000, log).follow(range(1000, 20_000, 1000))
    lines = log.getvalue().splitlines()
    assert lines[0] == "  2,000 of 100,000 rows, 200 a second, about 8 min 10 s left"
    assert 3 <= len(lines) <= 6


def test_the_end_is_unknown_where_rows_are_not_counted(clock):
    log = io.StringIO()
    progress = RowProgress(None, log, doing="reading: ")
    progress.show(500)
    progress.show(1000)
    assert log.getvalue() == "  reading: 1,000 rows, 100 a second\n"


def test_a_source_shows_how_far_it_is_read(clock, tmp_path):
    log, polars = io.StringIO(), pytest.importorskip("polars")
    polars.DataFrame({"x": np.arange(40.0)}).write_parquet(tmp_path / "x.parquet")
    source = open_rows(tmp_path / "x.parquet")
    blocks = shown(source, log).blocks(n_rows=10, start=10)
    rows = np.concatenate([block["x"] for block in blocks])
    assert rows.tolist() == list(range(10, 40))
    assert log.getvalue().splitlines() == ["  reading: 30 of 40 rows, 2 a second, about 5 s left"]
