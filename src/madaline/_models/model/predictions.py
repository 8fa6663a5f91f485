"""Predictions as the columns of a table: of what, with probabilities, with intervals or sets.

Those of a table in files are written block by block, into a file that goes on where it stopped.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._models.model.model import FittedModel
from madaline._models.model.model_rows import ModelRows, RowBlock, counted_from
from madaline._race.evaluation.scores import label_text
from madaline._tables.drawing import Drawing, row_keys
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.io.atomic import alone
from madaline._tables.io.part_files import PartFile
from madaline._tables.io.table_files import check_output, without_formulas
from madaline._tables.table import Table
from madaline._tables.target import CLASSIFICATION, ClassEncoder, JointEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """Predictions of some rows."""

    prediction: Array  # (n_rows,) or (n_rows, n_outputs)
    output: Array  # raw, (n_rows, n_outputs)
    columns: dict[str, Array]  # what is written
    unseen: Mapping[str, int]  # in how many rows a category has a level that no training row had


def predict_columns(
    model: FittedModel,
    table: Table,
    *,
    probabilities: bool = False,
    coverage: float | None = None,
    n_jobs: int | None = -1,
) -> PredictedRows:
    """Return the predictions of a table, with the columns that are asked for."""
    encoded = model.predictor.encode(table, n_jobs=n_jobs)
    output = model.predictor.output(encoded, n_jobs=n_jobs)
    prediction = model.predictor.decode(output)
    columns = dict(zip(model.output_names, np.atleast_2d(prediction.T), strict=True))
    if probabilities:
        columns |= _probability_columns(model, output)
    if coverage is not None:
        columns |= _coverage_columns(model, encoded, coverage)
    return PredictedRows(prediction, output, columns, encoded.unseen)


def _probability_columns(model: FittedModel, output: Array) -> dict[str, Array]:
    encoder: Any = model.predictor.target_encoder
    names = model.output_names if model.summary.outputs else map(label_text, encoder.classes)
    columns = zip(names, model.predictor.probabilities(output).T, strict=True)
    return {f"probability_{name}": values for name, values in columns}


def _coverage_columns(model: FittedModel, encoded: Encoded, coverage: float) -> dict[str, Array]:
    """Return the bounds of each row's interval, or the labels of its set in one text."""
    of_classes, encoder = model.summary.task == CLASSIFICATION, model.predictor.target_encoder
    covered = (model.predict_set if of_classes else model.predict_interval)(encoded, coverage)
    several = isinstance(encoder, JointEncoder) and covered.ndim == 3
    encoders = encoder.encoders if isinstance(encoder, JointEncoder) else [encoder]
    each = np.moveaxis(covered, 1, 0) if several else [covered]
    columns: dict[str, Array] = {}
    for name, target, values in zip(model.target_names, encoders, each, strict=False):
        if isinstance(target, ClassEncoder):
            labels = np.array([label_text(label) for label in target.classes], dtype=object)
            texts = [" | ".join(labels[chosen]) for chosen in values]
            columns[f"{name}_set"] = np.array(texts, dtype=object)
        else:
            columns |= {f"{name}_low": values[:, 0], f"{name}_high": values[:, 1]}
    return columns


MAX_SCORED = 200_000
"""Rows of a table in blocks that scores are computed of, at most."""


@final
@dataclass(frozen=True, eq=False)
class RowsWithTruth:
    """Rows whose truth may be known, and their predictions."""

    table: Table
    prediction: Array
    output: Array


@contextmanager
def parts_of(path: Path, key: Mapping[str, Any]) -> Iterator[PartFile]:
    """Open a file that is written in parts, which no other process writes at the same time.

    After an `InputError` nothing is left behind; after anything else, the parts that are whole.
    """
    check_output(path)
    with alone(path):
        file = PartFile(path, key)
        try:
            yield file
        except InputError:
            file.discard()
            raise


@final
class Predictions:
    """Predictions of all rows, block by block, and what is known of them in the end."""

    def __init__(
        self,
        rows: ModelRows,
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
        self.n_readable = 0  # of these, those whose files could be read
        self.unseen: Counter[str] = Counter()  # rows of levels that were not in training
        most = MAX_SCORED if rows.in_blocks else sys.maxsize
        self._scored = Drawing(most) if rows.has_target else None

    @property
    def scored(self) -> RowsWithTruth | None:
        """Rows whose truth may be known; None where there is no column of it."""
        if self._scored is None or not self._scored.n_samples:
            return None
        table, _, (prediction, output) = self._scored.result()
        return RowsWithTruth(table, prediction, output)

    def columns(self) -> Iterator[dict[str, Array]]:
        """Yield the predictions of each block, for all of its rows, behind what is carried."""
        for block in self.rows.blocks():
            predicted = self._predict(block)
            self._count(block.n_rows, predicted.unseen)
            self.n_readable += block.table.n_samples - block.n_rows
            yield block.spread(predicted.columns)

    @property
    def key(self) -> dict[str, Any]:
        """What is written, for `parts_of`."""
        return {**self._asked, "spreadsheet": self._spreadsheet, **self.rows.key}

    def write(self, file: PartFile) -> Iterator[int]:
        """Write all that an earlier process did not, and yield how many rows are done."""
        for note in file.notes:
            self._count(**note)
        n_done = self.n_rows
        for block in self.rows.blocks(0 if self._scored is not None else n_done):
            if block.first < n_done:
                self._draw(block)
                continue
            predicted = self._predict(block)
            note = {"n_rows": block.n_rows, "unseen": dict(predicted.unseen)}
            columns = block.spread(predicted.columns)
            file.write(without_formulas(columns) if self._spreadsheet else columns, note)
            self._count(**note)
            yield self.n_rows
        file.finish()

    def _predict(self, block: RowBlock) -> PredictedRows:
        with counted_from(block.first):
            predicted = predict_columns(
                self.rows.model, block.table, n_jobs=self._n_jobs, **self._asked
            )
        if self._scored is not None:
            keys = self._keys(block)
            self._scored.add(
                block.table, keys, block.numbers, predicted.prediction, predicted.output
            )
        return predicted

    def _count(self, n_rows: int, unseen: Mapping[str, int]) -> None:
        self.n_rows += n_rows
        self.n_readable += n_rows
        self.unseen += Counter(unseen)

    def _draw(self, block: RowBlock) -> None:
        """Predict those rows again of a block that is written whose scores count."""
        assert self._scored is not None
        keys = self._keys(block)
        drawn = np.flatnonzero(keys < self._scored.bound)
        table = block.table.take(drawn)
        predicted = predict_columns(self.rows.model, table, n_jobs=self._n_jobs)
        self._scored.add(
            table, keys[drawn], block.numbers[drawn], predicted.prediction, predicted.output
        )

    def _keys(self, block: RowBlock) -> Array:
        return row_keys(block.table.n_samples, seed=0, first=block.first)
