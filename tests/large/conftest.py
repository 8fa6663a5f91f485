"""Tables in blocks of few rows, as if they were larger than memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from madaline._models.fitting import sampling
from madaline._race import row_store, stored_rows
from madaline._tables import drawing
from madaline._tables.rows import Rows
from madaline._tables.table import Table


class RowsInFile(Rows):
    """A table in memory, read as if it were in a file."""

    n_rows = None

    def __init__(self, table: Table) -> None:
        self._table = table

    @property
    def names(self) -> tuple[str, ...]:
        return self._table.names

    @property
    def digest(self) -> str:
        return "rows"

    def blocks(self, columns=None, *, n_rows=100, start=0) -> Iterator[Table]:
        wanted = [name for name in self.names if columns is None or name in columns]
        table = self._table.select(wanted)
        for first in range(start, table.n_samples, n_rows):
            yield table.take(slice(first, first + n_rows))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw samples of hundreds of rows, and keep blocks of as many."""
    monkeypatch.setattr(sampling, "MIN_ROWS", 400)
    monkeypatch.setattr(sampling, "SAMPLE", 300)
    monkeypatch.setattr(sampling, "MAX_SAMPLE", 900)
    monkeypatch.setattr(sampling, "_RARE_ROWS", 50)
    monkeypatch.setattr(drawing, "ROWS_OF_CLASS", 8)
    monkeypatch.setattr(stored_rows, "CHUNK", 256)
    monkeypatch.setattr(stored_rows, "MAX_BLOCK", 256)
    monkeypatch.setattr(row_store, "CHUNK", 256)


@pytest.fixture
def make_rows() -> Callable[..., RowsInFile]:
    """Return a maker of tables whose numbers and classes depend on other columns."""

    def make(n_rows: int = 2000, seed: int = 0, **more: np.ndarray) -> RowsInFile:
        rng = np.random.default_rng(seed)
        size, city = rng.normal(size=n_rows), rng.integers(0, 80, n_rows)
        price = 2 * size + 0.05 * city + rng.normal(size=n_rows)
        size[::11] = np.nan
        columns = {
            "row": np.arange(float(n_rows)),
            "size": size,
            "city": np.array([f"city {one}" for one in city], object),
            "color": np.array(["red", "green", None], object)[rng.integers(0, 3, n_rows)],
            "flag": rng.random(n_rows) < 0.3,
            "date": np.datetime64("2020-01-01", "us") + rng.integers(0, 10**14, n_rows),
            "price": price,
            "class": np.array(["low", "middle", "high"], object)[np.digitize(price, [0, 3])],
            **more,
        }
        return RowsInFile(Table.from_columns(columns))

    return make
