"""A stream that a page plays: each row is predicted, and then its label is learned."""

from __future__ import annotations

from collections import Counter, deque
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._apps.playground.stream_rows import (
    CLASSES,
    GRADUAL_ROWS,
    WINDOW,
    StreamRows,
    World,
    plane_table,
)
from madaline._base.language import translate
from madaline._models.online.learner import OnlineLearner, Prediction
from madaline._models.online.tasks import Classes
from madaline._models.watching.alarm import Alarm
from madaline._models.watching.monitor import Monitor
from madaline._models.watching.source import MAX_LABEL
from madaline._models.watching.stream_source import StreamSource
from madaline._race.evaluation.scores import label_text
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records.regimes import long_stretches

MAX_ROWS = 200  # that are played at a time
_SIZE = 32  # pixels of a side of the map
_LEADING_WEIGHT = 0.65  # share of the weight from which on networks of a memory lead
_FALSE_ALARMS = 5000  # rows for each false alarm, at least, on average
_RESTLESS_ROWS = 2000  # a column that changed more often than once in so many rows always does

Event = dict[str, Any]  # what a page marks below its curves; of a `kind`, and a `row`


@final
@dataclass(frozen=True)
class PlayedRow:
    """A row that has come, and what was predicted of it."""

    values: list[Any]
    label: Any
    predicted: Any  # None before anything was learned
    share: float | None  # the probability of the predicted class

    def to_json(self, row: int) -> dict[str, Any]:
        """Return what a page shows of the row of this number."""
        return {
            "row": row,
            "label": label_text(self.label),
            "predicted": None if self.predicted is None else label_text(self.predicted),
            "share": self.share,
            "right": bool(self.predicted == self.label),
        }


@final
class LatestMean:
    """The mean of hits, or of absolute errors, of the latest rows."""

    def __init__(self) -> None:
        self._values = deque[float](maxlen=WINDOW)

    def add(self, predicted: Any, label: Any, *, of_classes: bool) -> None:
        """Take in what was predicted of a row, and its label."""
        hit = predicted == label if of_classes else abs(predicted - float(label))
        self._values.append(float(hit))

    @property
    def value(self) -> float | None:
        """The mean; None of no row."""
        return float(np.mean(self._values)) if self._values else None


@final
class StreamRun:
    """Rows that come one after another, and the networks that learn from them.

    Examples
    --------
    >>> run = StreamRun(World(seed=0), seed=0)
    >>> told = run.play(200)
    >>> told["row"], round(sum(told["weights"]), 6)
    (200, 1.0)
    """

    def __init__(self, rows: StreamRows, seed: int) -> None:
        self.rows = rows
        self.row = 0
        self._seed = seed
        self.learner = OnlineLearner(rows.task(), list(rows.names), seed)
        self.frozen: OnlineLearner | None = None  # a copy that learns no more
        self._of_classes = isinstance(self.learner.task, Classes)
        self._loss_name = "log loss" if self._of_classes else "mean absolute error"
        self._monitor = Monitor(StreamSource(rows.kinds, self._loss_name), _FALSE_ALARMS, seed)
        self._alarms = Counter[str]()  # by the columns whose values changed
        self._before: Any = None if self._of_classes else 0.0  # the latest label
        self._score = LatestMean()
        self._score_of_repeating = LatestMean()  # of the label before
        self._score_of_frozen = LatestMean()
        self._latest = deque[PlayedRow](maxlen=WINDOW)
        self._leading = 0  # the memory, in rows, of the networks that have most of the weight

    def drift(self, kind: str) -> Event:
        """Let the world change from the next row on; return the event."""
        if not isinstance(self.rows, World):
            raise InputError("The rows of a table are as they are: only a made-up world changes.")
        self.rows.drift(kind, self.row)
        if self.frozen is None:
            self.freeze()
        return {"kind": kind, "row": self.row + 1, "rows": GRADUAL_ROWS}

    def freeze(self) -> Event:
        """Keep a copy of the networks that learns no more; return the event."""
        self.frozen = deepcopy(self.learner)
        self._score_of_frozen = LatestMean()
        return {"kind": "frozen", "row": self.row + 1}

    def play(self, n_rows: int) -> dict[str, Any]:
        """Predict and learn so many rows, one after the other; return what came of it."""
        table, labels = self.rows.take(self.row, n_rows)
        columns = [_values(table[name]) for name in table.names]
        events: list[Event] = []
        losses = np.empty(len(labels))
        for place, label in enumerate(labels):
            values = [column[place] for column in columns]
            given = dict(zip(table.names, values, strict=True))
            predicted = self.learner.observe(given) if self.learner.n_learned else None
            losses[place] = self._note(predicted, values, label)
            self.learner.learn(given, labels[place : place + 1], predicted=predicted)
            events += [*self._lead(self.row + place + 1), *self._back(self.row + place + 1)]
        alarms = self._monitor.observe(table, np.minimum(losses, MAX_LABEL)) if len(labels) else ()
        events = [*(event for alarm in alarms for event in self._of_alarm(alarm)), *events]
        self._judge_frozen(table, labels)
        self.row += len(labels)
        return {
            "row": self.row,
            "ended": self.row == self.rows.n_rows,
            "score": self._score.value,
            "same": self._score_of_repeating.value,
            "frozen": self._score_of_frozen.value,
            "weights": self.learner.weighting.weights.tolist(),
            "regimes": self._regimes(),
            "events": sorted(events, key=lambda event: event["row"]),
        }

    def arrays(self) -> dict[str, Array]:
        """Return what the networks predict on a world's plane, where its line is, and rows.

        The line is where `truth` is half of 255. Of numbers, the arrays are the latest labels, and
        what was predicted.
        """
        if not self._of_classes:
            pairs = [(played.label, played.predicted) for played in self._latest]
            return {"pairs": np.array(pairs, np.float32).reshape(-1, 2)}
        if not isinstance(self.rows, World):
            return {}
        size = np.linspace(-1, 1, _SIZE)
        across, up = np.meshgrid(size, size[::-1])
        plane = np.stack([across.ravel(), up.ravel()], axis=1)
        blue = self._shares(self.learner.predict(plane_table(plane)), CLASSES[1])
        height = np.clip(0.5 + self.rows.height(plane), 0, 1)
        shades = (np.round(255 * shares).astype(np.uint8) for shares in (blue, height))
        drawn, truth = (pixels.reshape(_SIZE, _SIZE) for pixels in shades)
        latest = [
            (*played.values, CLASSES.index(played.label), played.label == played.predicted)
            for played in self._latest
        ]
        return {"map": drawn, "truth": truth, "rows": np.array(latest, np.float32)}

    def latest(self, n_rows: int) -> list[dict[str, Any]]:
        """Return the latest rows, the newest first: their labels, and what was predicted."""
        newest = reversed(list(self._latest)[-n_rows:])
        return [played.to_json(self.row - place) for place, played in enumerate(newest)]

    def python(self) -> str:
        """Return the lines that do the same, up to the latest row."""
        return self.rows.python(self._seed, self.row)

    @property
    def facts(self) -> dict[str, Any]:
        """What stays the same while the stream plays."""
        scales = self.learner.scales
        settings = zip(scales.horizons[:, 0].tolist(), scales.learning_rates[:, 0], strict=True)
        return {
            "members": [
                {"memory": rows, "rate": round(float(rate), 4), "labels": place >= scales.n_without}
                for place, (rows, rate) in enumerate(settings)
            ],
            "task": self.learner.task.kind,
            "world": isinstance(self.rows, World),
            "rows": self.rows.n_rows,
            "columns": len(self.rows.names),
            "left_out": list(self.rows.left_out),
        }

    def _note(self, predicted: Prediction | None, values: list[Any], label: Any) -> float:
        """Note how well a row was predicted, and return the loss."""
        share, best = self._best(predicted)
        self._score.add(best, label, of_classes=self._of_classes)
        self._score_of_repeating.add(self._before, label, of_classes=self._of_classes)
        self._latest.append(PlayedRow(values, label, best, share))
        self._before = label
        if not self._of_classes:
            return float(abs(best - float(label)))
        likely = 0.5 if predicted is None else float(self._shares(predicted, label)[0])
        return float(-np.log(max(likely, 1e-15)))

    def _best(self, predicted: Prediction | None) -> tuple[float | None, Any]:
        """Return the most probable class and its probability; or a number."""
        task = self.learner.task
        if not isinstance(task, Classes):
            return None, 0.0 if predicted is None else float(predicted.mixture[0, 0])
        if predicted is None:
            return None, None
        place = int(predicted.mixture[0].argmax())
        return float(predicted.mixture[0, place]), task.classes[place]

    def _shares(self, predicted: Prediction, label: Any) -> Array:
        """Return the probability of a class, (rows,); 0 of one that has not come yet."""
        task = self.learner.task
        code = task.code(label) if isinstance(task, Classes) else None
        is_known = code is not None and code < predicted.mixture.shape[1]
        return predicted.mixture[:, code] if is_known else np.zeros(len(predicted.mixture))

    def _judge_frozen(self, table: Table, labels: Array) -> None:
        """Note how well the copy that learns no more predicts rows."""
        if self.frozen is None or not len(labels):
            return
        mixture = self.frozen.predict(table).mixture
        task = self.frozen.task
        if isinstance(task, Classes):
            best = [task.classes[place] for place in mixture.argmax(axis=1)]
        else:
            best = mixture[:, 0].tolist()
        for predicted, label in zip(best, labels, strict=True):
            self._score_of_frozen.add(predicted, label, of_classes=self._of_classes)

    def _of_alarm(self, alarm: Alarm) -> list[Event]:
        """Return the event of an alarm, if there is something to tell."""
        facts = {"row": alarm.row, "since": alarm.since}
        if alarm.what == "errors":
            measures = {"measure": self._loss_name, "before": alarm.before, "now": alarm.now}
            return [{"kind": "alarm", **facts, **measures}]
        if isinstance(self.rows, World):
            return []
        self._alarms[alarm.name] += 1
        most = max(2, alarm.row // _RESTLESS_ROWS)
        if self._alarms[alarm.name] > most + 1:
            return []
        kind = "column" if self._alarms[alarm.name] <= most else "restless"
        return [{"kind": kind, **facts, "name": alarm.name, "sentence": translate(alarm.seen)}]

    def _lead(self, row: int) -> list[Event]:
        """Return the event that networks of another memory have most of the weight, if so.

        In a table, whose rows may be restless, it is that of the estimator's decisions.
        """
        if not isinstance(self.rows, World):
            sentences = [
                decision.sentence
                for decision in self.learner.leads.decisions
                if decision.epoch == row
            ]
            return [
                {"kind": "lead", "row": row, "sentence": translate(sentence)}
                for sentence in sentences
            ]
        weights = self.learner.leads.weights_by_horizon(self.learner.weighting.weights)
        memory = max(weights, key=weights.__getitem__)
        if memory == self._leading or weights[memory] < _LEADING_WEIGHT:
            return []
        self._leading = memory
        return [{"kind": "lead", "row": row, "memory": memory, "weight": weights[memory]}]

    def _regimes(self) -> list[list[str | int]]:
        """Return the name, the first and the last row of each stretch of a regime."""
        return [
            [regime.name, *stretch]
            for regime in self.learner.memory.table(self.row)
            for stretch in long_stretches(regime.stretches)
        ]

    def _back(self, row: int) -> list[Event]:
        """Return the event that a regime is back, if that was known at this row."""
        latest = self.learner.memory.decisions[-1:]
        return [
            {"kind": "back", "row": row, "sentence": translate(decision.sentence)}
            for decision in latest
            if decision.epoch == row
        ]


def _values(column: Array) -> list[Any]:
    """Return the values of a column as types of Python; moments as those of NumPy."""
    return list(column) if column.dtype.kind == "M" else column.tolist()
