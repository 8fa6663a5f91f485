"""The predictions of an online learner, and their losses."""

from __future__ import annotations

import numpy as np

from madaline._data.column import is_missing
from madaline._data.kinds.kind import CATEGORY, DATETIME, NUMBER
from madaline._data.table import Table
from madaline._online.columns import CATEGORY as STREAM_CATEGORY
from madaline._online.columns import MOMENT
from madaline._online.learner import OnlineLearner
from madaline._online.tasks import Classes, Numbers
from madaline._watching.facts import LEAST_PROBABILITY
from madaline._watching.source import checked_numbers
from madaline._watching.stream_source import StreamLosses
from madaline.nn.arrays import Array

MOST_CLASSES = 100
"""Classes whose probabilities are kept; a later one counts as unknown."""

KINDS = {STREAM_CATEGORY: CATEGORY, MOMENT: DATETIME}


class OnlineLosses(StreamLosses):
    """Predictions as the learner makes them at the time (final).

    Parameters
    ----------
    learner : OnlineLearner
        It may learn on.
    """

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
