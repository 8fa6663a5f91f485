"""Predictions of a large table: block by block, into a file that goes on where it stopped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._data.io.atomic import alone
from madaline._data.io.part_files import PartFile
from madaline._data.io.table_files import check_output, without_formulas
from madaline._data.table import Table
from madaline._model.columns import PredictedRows, predict_columns
from madaline._model.large_table import LargeTable, RowBlock, counted_from
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_SAMPLE = 200_000
"""Rows that scores are computed of, at most."""


@final
class RowSample:
    """Rows that are drawn as they come, evenly over all of them, with what was predicted.

    Whether a row is drawn depends on its number alone, not on the blocks.
    """

    def __init__(self) -> None:
        self._share = 1.0
        self._blocks: list[tuple[Array, Table, Array, Array]] = []

    def drawn(self, block: RowBlock) -> Array:
        """Return the indices of the rows of a block that are drawn so far."""
        numbers = np.arange(block.first, block.first + block.table.n_samples)
        return np.flatnonzero(_uniform(numbers) < self._share)

    def add(self, block: RowBlock, rows: Array, prediction: Array, output: Array) -> None:
        """Take in the rows of a block that are drawn, with their predictions and raw outputs."""
        numbers = _uniform(block.first + rows)
        self._blocks.append((numbers, block.table.take(rows), prediction, output))
        while self.n_rows > MAX_SAMPLE:
            self._share /= 2
            self._blocks = [_below(self._share, *one) for one in self._blocks]

    @property
    def n_rows(self) -> int:
        """Rows that are drawn."""
        return sum(len(numbers) for numbers, *_ in self._blocks)

    def rows(self) -> tuple[Table, Array, Array]:
        """Return the table, the predictions and the raw outputs of the rows that were drawn."""
        _, tables, predictions, outputs = zip(*self._blocks, strict=True)
        columns = {n: np.concatenate([table[n] for table in tables]) for n in tables[0].names}
        table = Table(columns, tables[0].levels)
        return table, np.concatenate(predictions), np.concatenate(outputs)


def _below(
    share: float, numbers: Array, table: Table, prediction: Array, output: Array
) -> tuple[Array, Table, Array, Array]:
    """Return the rows whose number is below a share."""
    kept = np.flatnonzero(numbers < share)
    return numbers[kept], table.take(kept), prediction[kept], output[kept]


def _uniform(rows: Array) -> Array:
    """Return a number from 0 to 1 for each number of a row, as if drawn at random.

    Source: the mixing of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    z = rows.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) / 2.0**64


@final
class LargePrediction:
    """Predictions of all rows of a large table, and what is known of them in the end."""

    def __init__(
        self,
        rows: LargeTable,
        *,
        probabilities: bool = False,
        coverage: float | None = None,
        spreadsheet: bool = False,  # whether no text may look like a formula
        n_jobs: int | None = -1,
    ) -> None:
        self.rows = rows
        self._asked: dict[str, Any] = {"probabilities": probabilities, "coverage": coverage}
        self._spreadsheet, self._n_jobs = spreadsheet, n_jobs
        self.n_rows = 0  # that are predicted
        self.unseen: Counter[str] = Counter()  # rows of levels that were not in training
        self.sample = RowSample() if rows.has_target else None  # rows whose truth may be known

    def columns(self) -> Iterator[dict[str, Array]]:
        """Yield what is written of each block."""
        for block in self.rows.blocks():
            predicted = self._predict(block)
            self._count(block.table.n_samples, predicted.unseen)
            yield self._written(block, predicted)

    @contextmanager
    def file(self, path: Path) -> Iterator[PartFile]:
        """Open the file in the making, with what an earlier process wrote of the same."""
        check_output(path)
        with alone(path):
            yield self._opened(path)

    def _opened(self, path: Path) -> PartFile:
        key = {**self._asked, "spreadsheet": self._spreadsheet, **self.rows.key}
        file = PartFile(path, key)
        for note in file.notes:
            self._count(**note)
        return file

    def write(self, file: PartFile) -> Iterator[int]:
        """Write all predictions, and yield after each block how many rows are done.

        After an `InputError` nothing is left behind; after anything else, the parts that are whole.
        """
        try:
            yield from self._written_parts(file)
        except InputError:
            file.discard()
            raise
        file.finish()

    def _written_parts(self, file: PartFile) -> Iterator[int]:
        n_done = self.n_rows
        for block in self.rows.blocks(0 if self.sample is not None else n_done):
            if block.first < n_done:
                self._draw(block)
                continue
            predicted = self._predict(block)
            note: dict[str, Any] = {
                "n_rows": block.table.n_samples,
                "unseen": dict(predicted.unseen),
            }
            file.write(self._written(block, predicted), note)
            self._count(**note)
            yield self.n_rows

    def _predict(self, block: RowBlock) -> PredictedRows:
        with counted_from(block.first):
            predicted = predict_columns(
                self.rows.model, block.table, n_jobs=self._n_jobs, **self._asked
            )
        if self.sample is not None:
            drawn = self.sample.drawn(block)
            self.sample.add(block, drawn, predicted.prediction[drawn], predicted.output[drawn])
        return predicted

    def _count(self, n_rows: int, unseen: Mapping[str, int]) -> None:
        self.n_rows += n_rows
        self.unseen += Counter(unseen)

    def _draw(self, block: RowBlock) -> None:
        """Predict those rows again of a block that is written whose scores count."""
        assert self.sample is not None
        drawn = self.sample.drawn(block)
        table = block.table.take(drawn)
        predicted = predict_columns(self.rows.model, table, n_jobs=self._n_jobs)
        self.sample.add(block, drawn, predicted.prediction, predicted.output)

    def _written(self, block: RowBlock, predicted: PredictedRows) -> dict[str, Array]:
        columns = {**block.carried, **predicted.columns}
        return without_formulas(columns) if self._spreadsheet else columns
