"""Lines that tell how far it is with the rows of a large table."""

from __future__ import annotations

import io

import numpy as np
import pytest

from madaline._data.table import Table
from madaline._story import row_progress
from madaline._story.row_progress import RowProgress, ShownSource


@pytest.fixture
def clock(monkeypatch):
    """Let each look at the clock take five seconds."""
    times = iter(range(0, 10_000, 5))
    monkeypatch.setattr(row_progress.time, "monotonic", lambda: float(next(times)))


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


class Source(row_progress.TableSource):
    names, digest, n_rows = ("x",), "digest", 40

    def blocks(self, columns=None, *, n_rows=10, start=0):
        for first in range(start, 40, n_rows):
            yield Table({"x": np.arange(first, min(first + n_rows, 40)).astype(float)})


def test_a_source_shows_how_far_it_is_read(clock):
    log = io.StringIO()
    shown = ShownSource(Source(), log)
    assert (shown.names, shown.digest, shown.n_rows, shown.notes) == (("x",), "digest", 40, ())
    rows = np.concatenate([block["x"] for block in shown.blocks(n_rows=10, start=10)])
    assert rows.tolist() == list(range(10, 40))
    assert log.getvalue().splitlines() == ["  reading: 30 of 40 rows, 2 a second, about 5 s left"]
