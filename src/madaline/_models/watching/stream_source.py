"""The signals of a stream that an online model learns."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, final

import numpy as np

from madaline._models.online.columns import CATEGORY as STREAM_CATEGORY
from madaline._models.online.columns import MOMENT
from madaline._models.online.learner import OnlineLearner
from madaline._models.online.tasks import Classes, Numbers, StreamTask
from madaline._models.watching.detectors import WatchedSignal
from madaline._models.watching.facts import MIN_PROBABILITY
from madaline._models.watching.source import LevelCodes, Source, checked_numbers
from madaline._tables.column import is_missing
from madaline._tables.kinds.kind import BOOLEAN, CATEGORY, DATETIME, NUMBER
from madaline._tables.table import Table
from madaline.nn.arrays import Array

_COLUMNS_SHARE = 0.5  # of the false alarms; the other half is for the losses
_MAX_CLASSES = 100  # classes whose probabilities are kept; a later one counts as unknown
_LEVELS = (CATEGORY, BOOLEAN)  # kinds of columns whose values are levels
_KINDS = {STREAM_CATEGORY: CATEGORY, MOMENT: DATETIME}  # of columns of an online learner


@final
class StreamSource(Source):
    """The columns of a stream, and the losses as they were when rows came.

    There is no training table: the first values of each column become its reference. A learner
    predicts the rows at the time, and may learn on; without one, what `Monitor.observe` takes as
    labels are the losses.
    """

    def __init__(
        self,
        kinds: Mapping[str, str],
        loss_name: str,
        learner: OnlineLearner | None = None,
        read: Callable[[Any], Table] = Table.from_columns,
    ) -> None:
        self._kinds = dict(kinds)
        self._learner = learner
        self._read = read
        self.levels = {
            ("values", name): LevelCodes(())
            for name, kind in self._kinds.items()
            if kind in _LEVELS
        }
        share = _COLUMNS_SHARE / max(1, len(self._kinds))
        self.of_rows = [
            (WatchedSignal("values", name, "level" if kind in _LEVELS else kind, share), None)
            for name, kind in self._kinds.items()
        ]
        self.of_labels = [(WatchedSignal("errors", loss_name, "number", 1 - _COLUMNS_SHARE), None)]
        self.loss_name = loss_name
        self.n_kept = _MAX_CLASSES if learner and isinstance(learner.task, Classes) else 1
        text = json.dumps([self._kinds, loss_name])
        self.identity = hashlib.sha256(text.encode()).hexdigest()

    @classmethod
    def of_learner(cls, learner: OnlineLearner, read: Callable[[Any], Table]) -> StreamSource:
        """Return the source for a learner, of the columns that have had a value."""
        pairs = zip(learner.columns.names, learner.columns.kinds, strict=True)
        kinds = {name: _KINDS.get(kind, NUMBER) for name, kind in pairs if kind is not None}
        of_classes = isinstance(learner.task, Classes)
        return cls(kinds, "log loss" if of_classes else "mean absolute error", learner, read)

    def table(self, rows: Any) -> Table:
        return rows if isinstance(rows, Table) else self._read(rows)

    def observe(self, table: Table, uniform: Array) -> tuple[Array, Array]:  # noqa: ARG002
        """Return the columns as numbers, and the predictions."""
        missing = np.full(table.n_samples, np.nan)
        values = [
            self._column(table, name, kind) if name in table else missing
            for name, kind in self._kinds.items()
        ]
        return np.stack(values, axis=1), self._predictions(table)

    def labels(self, y: Array) -> Array:
        """Return classes as they are, numbers or the losses themselves as numbers."""
        if self._learner is None:
            return checked_numbers("loss", y)
        task = self._learner.task
        return checked_numbers("y", y, task.written) if isinstance(task, Numbers) else y

    def learn(self, predictions: Array, y: Array) -> Array:
        """Return the losses; NaN where a label is missing."""
        if self._learner is None:
            return y[:, None]
        losses = _losses(self._learner.task, predictions, y)
        losses[is_missing(y)] = np.nan
        return losses[:, None]

    def _predictions(self, table: Table) -> Array:
        """Return probabilities in the order in which classes appeared, or numbers."""
        if self._learner is None:
            return np.zeros((table.n_samples, 1))
        mixture = self._learner.predict(table).mixture
        if isinstance(self._learner.task, Numbers):
            return np.asarray(mixture)
        predictions = np.zeros((len(mixture), _MAX_CLASSES))
        predictions[:, : mixture.shape[1]] = mixture[:, :_MAX_CLASSES]
        return predictions


def _losses(task: StreamTask, predictions: Array, y: Array) -> Array:
    if not isinstance(task, Classes):
        return np.asarray(np.abs(y - predictions[:, 0]))
    missing = is_missing(y)
    codes = [None if gone else task.code(label) for label, gone in zip(y, missing, strict=True)]
    likely = [
        0.0 if code is None or code >= _MAX_CLASSES else row[code]
        for row, code in zip(predictions, codes, strict=True)
    ]
    return np.asarray(-np.log(np.maximum(likely, MIN_PROBABILITY)))


def kinds_of(table: Table) -> dict[str, str]:
    """Return the kind of each column of a table."""
    return {name: _kind(table[name]) for name in table.names}


def _kind(column: Array) -> str:
    if column.dtype.kind == "f":
        return NUMBER
    if column.dtype.kind == "M":
        return DATETIME
    present = column[~is_missing(column)].tolist()
    return BOOLEAN if present and all(isinstance(value, bool) for value in present) else CATEGORY
