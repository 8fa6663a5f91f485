"""The signals of a stream that an online model learns."""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from madaline._data.column import is_missing
from madaline._data.kinds.kind import BOOLEAN, CATEGORY, DATETIME, NUMBER
from madaline._data.profile import read_levels, read_numbers
from madaline._data.table import Table
from madaline._online.columns import CATEGORY as STREAM_CATEGORY
from madaline._online.columns import MOMENT
from madaline._online.learner import OnlineLearner
from madaline._online.tasks import Classes, Numbers
from madaline._watching.detectors import Signal
from madaline._watching.facts import LEAST_PROBABILITY
from madaline._watching.source import LevelCodes, Source, checked_numbers
from madaline.nn.arrays import Array

SHARE_OF_COLUMNS = 0.5  # of the false alarms; the other half is for the losses


class StreamLosses(ABC):
    """Abstract base: what predicts a stream, and how its predictions are evaluated."""

    width: int  # how many numbers a prediction has

    @abstractmethod
    def predict(self, table: Table) -> Array:
        """Return the predictions of rows, float64 of shape (n_rows, width)."""

    @abstractmethod
    def labels(self, y: Array) -> Array:
        """Return labels as `evaluate` takes them; `InputError` if they are none."""

    @abstractmethod
    def evaluate(self, predictions: Array, y: Array) -> Array:
        """Return the loss of each row, shape (n_rows,)."""


@final
class StreamSource(Source):
    """The columns of a stream, and the losses as they were when rows came.

    There is no training table: the first values of each column become its reference.
    """

    def __init__(
        self,
        kinds: Mapping[str, str],
        loss_name: str,
        losses: StreamLosses | None = None,
        read: Callable[[Any], Table] | None = None,
    ) -> None:
        self._kinds, self._losses, self._read = dict(kinds), losses, read or Table.from_columns
        self.levels = {
            ("values", name): LevelCodes(())
            for name, kind in self._kinds.items()
            if kind in (CATEGORY, BOOLEAN)
        }
        share = SHARE_OF_COLUMNS / max(1, len(self._kinds))
        self.of_rows = [
            (Signal("values", name, "level" if self._has_levels(name) else kind, share), None)
            for name, kind in self._kinds.items()
        ]
        errors = Signal("errors", loss_name, "number", 1 - SHARE_OF_COLUMNS)
        self.of_labels = [(errors, None)]
        self.loss_name, self.n_kept = loss_name, 1 if losses is None else losses.width
        text = json.dumps([self._kinds, loss_name])
        self.identity = hashlib.sha256(text.encode()).hexdigest()

    def table(self, rows: Any) -> Table:
        """Return rows as a table."""
        return rows if isinstance(rows, Table) else self._read(rows)

    def observe(self, table: Table, uniform: Array) -> tuple[Array, Array]:  # noqa: ARG002
        """Return the columns as numbers, and the predictions."""
        values = [self._values(table, name, kind) for name, kind in self._kinds.items()]
        kept = np.zeros((table.n_samples, 1))
        if self._losses is not None:
            kept = self._losses.predict(table)
        return np.stack(values, axis=1), kept

    def labels(self, y: Array) -> Array:
        """Return labels as the losses take them, or the losses themselves."""
        return checked_numbers("loss", y) if self._losses is None else self._losses.labels(y)

    def learn(self, kept: Array, y: Array) -> Array:
        """Return the losses; NaN where a label is missing."""
        if self._losses is None:
            return y[:, None]
        losses = self._losses.evaluate(kept, y)
        losses[is_missing(y)] = np.nan
        return losses[:, None]

    def _has_levels(self, name: str) -> bool:
        return ("values", name) in self.levels

    def _values(self, table: Table, name: str, kind: str) -> Array:
        if name not in table:
            return np.full(table.n_samples, np.nan)
        if not self._has_levels(name):
            return read_numbers(name, kind, table[name])
        levels = read_levels(name, kind, table[name])
        levels[is_missing(levels)] = None
        return self.levels["values", name].read(levels)


def kinds_of(table: Table) -> dict[str, str]:
    """Return the kind of each column of a table."""
    return {name: _kind(table[name]) for name in table.names}


def _kind(column: Array) -> str:
    if column.dtype.kind == "f":
        return NUMBER
    if column.dtype.kind == "M":
        return DATETIME
    present = column[~is_missing(column)]
    return BOOLEAN if len(present) and all(isinstance(one, bool) for one in present) else CATEGORY


MOST_CLASSES = 100  # classes whose probabilities are kept; a later one counts as unknown

KINDS = {STREAM_CATEGORY: CATEGORY, MOMENT: DATETIME}


@final
class OnlineLosses(StreamLosses):
    """Predictions as the learner makes them at the time."""

    def __init__(self, learner: OnlineLearner) -> None:
        self._learner = learner
        self.width = MOST_CLASSES if isinstance(learner.task, Classes) else 1

    def predict(self, table: Table) -> Array:
        """Return probabilities in the order in which classes appeared, or numbers."""
        prediction = self._learner.predict(table).prediction
        if isinstance(self._learner.task, Numbers):
            return np.asarray(prediction)
        kept = np.zeros((len(prediction), MOST_CLASSES))
        kept[:, : prediction.shape[1]] = prediction[:, :MOST_CLASSES]
        return kept

    def labels(self, y: Array) -> Array:
        """Return classes as they are, numbers as numbers."""
        task = self._learner.task
        return checked_numbers("y", y, task.written) if isinstance(task, Numbers) else y

    def evaluate(self, predictions: Array, y: Array) -> Array:
        """Return log losses, or absolute errors."""
        task = self._learner.task
        if not isinstance(task, Classes):
            return np.asarray(np.abs(y - predictions[:, 0]))
        missing = is_missing(y)
        codes = [None if gone else task.code(one) for one, gone in zip(y, missing, strict=True)]
        likely = [
            0.0 if code is None or code >= MOST_CLASSES else row[code]
            for row, code in zip(predictions, codes, strict=True)
        ]
        return np.asarray(-np.log(np.maximum(likely, LEAST_PROBABILITY)))


def kinds_of_stream(learner: OnlineLearner) -> dict[str, str]:
    """Return the kind of each column that has had a value."""
    columns = learner.columns
    pairs = zip(columns.names, columns.kinds, strict=True)
    return {name: KINDS.get(kind, NUMBER) for name, kind in pairs if kind is not None}
