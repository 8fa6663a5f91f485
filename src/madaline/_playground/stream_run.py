"""A stream that a page plays: rows are predicted, then learned, and their world may change.

Two columns tell two classes apart by a wavy line. A drift turns that line: suddenly, from one row
to the next, or gradually, as rows come more and more often from the new world.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any, final

import numpy as np

from madaline._data.kinds.kind import NUMBER
from madaline._data.table import Table
from madaline._online.learner import OnlineLearner, Prediction
from madaline._online.tasks import Classes
from madaline._watching.monitor import Monitor
from madaline._watching.stream_source import StreamSource
from madaline.errors import InputError
from madaline.nn.arrays import Array

COLUMNS, CLASSES = ("x1", "x2"), ("orange", "blue")
GRADUAL_ROWS = 400  # that a gradual drift takes
WINDOW = 200  # rows whose accuracy is told, and that are shown
_NOISE = 0.03  # share of rows whose label is wrong
_TURN = 2.1  # radians by which a drift turns the line
_SIZE = 40  # pixels of a side of the map
_MAX_ROWS = 200  # that are played at a time
_LEADING_WEIGHT = 0.65  # share of the weight from which on networks of a memory lead
_FALSE_ALARMS = 5000  # rows for each false alarm, at least, on average
DRIFTS = ("sudden", "gradual")
_PYTHON = """\
import numpy as np
from madaline import OnlineClassifier

drifts = {drifts}  # after so many rows
rng = np.random.default_rng({seed})
model, right = OnlineClassifier(random_state={seed}), []
angle, before, since = 0.0, 0.0, -{gradual}
for row in range({rows}):
    for kind in drifts.get(row, []):
        before, angle = angle, angle + {turn}
        since = row if kind == "gradual" else row - {gradual}
    (x1, x2), (chance, wrong) = rng.uniform(-1, 1, 2), rng.random(2)
    turn = angle if chance < (row - since) / {gradual} else before
    along = x1 * np.cos(turn) + x2 * np.sin(turn)
    across = x2 * np.cos(turn) - x1 * np.sin(turn)
    is_blue = (across > 0.45 * np.sin(3 * along)) != (wrong < {noise})
    given, label = {{"x1": x1, "x2": x2}}, "blue" if is_blue else "orange"
    right.append(model.predict_one(given) == label)
    model.learn_one(given, label)
print(f"accuracy of the latest {window} rows {{np.mean(right[-{window}:]):.3f}}")
print(*(one.sentence for one in model.decisions_), sep="\\n")
"""


@final
class StreamRun:
    """Rows of a changing world, and the networks that learn from them.

    Examples
    --------
    >>> run = StreamRun(seed=0)
    >>> told = run.play(200)
    >>> told["row"], round(sum(told["weights"]), 6)
    (200, 1.0)
    """

    def __init__(self, seed: int) -> None:
        self.row = 0
        self.learner = OnlineLearner(Classes(), list(COLUMNS), seed)
        self.frozen: OnlineLearner | None = None  # as it was before the first drift
        self._rng = np.random.default_rng(seed)
        self._angle, self._before, self._since = 0.0, 0.0, -GRADUAL_ROWS
        self._seed, self._drifts = seed, dict[int, list[str]]()  # by the rows before them
        source = StreamSource(dict.fromkeys(COLUMNS, NUMBER), "log loss")
        self._monitor = Monitor(source, _FALSE_ALARMS, seed)
        self._rows, self._labels = np.zeros((0, 2)), np.zeros(0, int)
        self._right, self._frozen_right = np.zeros(0, bool), np.zeros(0, bool)
        self._leading = 0  # the memory, in rows, of the networks that have most of the weight
        size = np.linspace(-1, 1, _SIZE)
        across, up = np.meshgrid(size, size[::-1])
        self._plane = np.stack([across.ravel(), up.ravel()], axis=1)

    def drift(self, kind: Any) -> dict[str, Any]:
        """Let the world change from the next row on; return the event."""
        if kind not in DRIFTS:
            raise InputError(f"The drift is {kind!r}: give sudden or gradual.")
        if self.frozen is None:
            self.frozen = deepcopy(self.learner)
        self._before, self._angle = self._angle, self._angle + _TURN
        self._drifts.setdefault(self.row, []).append(kind)
        self._since = self.row if kind == "gradual" else self.row - GRADUAL_ROWS
        return {"kind": kind, "row": self.row + 1, "rows": GRADUAL_ROWS}

    def play(self, n_rows: Any) -> dict[str, Any]:
        """Predict and learn so many rows, one after the other; return what came of it."""
        if not isinstance(n_rows, int) or not 1 <= n_rows <= _MAX_ROWS:
            raise InputError(f"rows is {n_rows!r}: give a whole number from 1 to {_MAX_ROWS}.")
        rows, labels = self._draw(n_rows)
        leads: list[dict[str, Any]] = []
        losses, right = np.empty(n_rows), np.empty(n_rows, bool)
        for number, (row, label) in enumerate(zip(rows.tolist(), labels, strict=True)):
            given = dict(zip(COLUMNS, row, strict=True))
            predicted = self.learner.observe(given) if self.learner.n_learned else None
            share = 0.5 if predicted is None else _shares(self.learner, predicted)[0, label]
            losses[number], right[number] = -np.log(max(float(share), 1e-15)), share > 0.5
            self.learner.learn(given, np.array([CLASSES[label]]), predicted=predicted)
            leads += self._follow_lead(self.row + number + 1)
        alarms = self._monitor.observe(_table(rows), losses)
        self._remember(rows, labels, right)
        self.row += n_rows
        return {
            "row": self.row,
            "accuracy": float(self._right.mean()),
            "frozen": float(self._frozen_right.mean()) if len(self._frozen_right) else None,
            "weights": self.learner.weighting.weights.tolist(),
            "new": self._share_of_new(self.row),
            "events": [
                *(
                    {
                        "kind": "alarm",
                        "row": alarm.row,
                        "since": alarm.since,
                        "before": alarm.before,
                        "now": alarm.now,
                    }
                    for alarm in alarms
                    if alarm.what == "errors"
                ),
                *leads,
            ],
        }

    def arrays(self) -> dict[str, Array]:
        """Return what the networks predict on the plane, where the line is, and the latest rows.

        The line is where `truth` is half of 255.
        """
        mixture = _shares(self.learner, self.learner.predict(_table(self._plane)))[:, 1]
        height = _height(self._plane, np.full(len(self._plane), self._angle))
        shape = _SIZE, _SIZE
        latest = np.column_stack([self._rows, self._labels, self._right])
        return {
            "map": np.round(255 * mixture).astype(np.uint8).reshape(shape),
            "truth": np.round(255 * np.clip(0.5 + height, 0, 1)).astype(np.uint8).reshape(shape),
            "rows": latest.astype(np.float32),
        }

    def python(self) -> str:
        """Return the lines that do the same, up to the latest row."""
        return _PYTHON.format(
            seed=self._seed,
            drifts=self._drifts,
            rows=self.row,
            turn=_TURN,
            noise=_NOISE,
            gradual=GRADUAL_ROWS,
            window=WINDOW,
        )

    @property
    def members(self) -> list[dict[str, Any]]:
        """What tells the networks apart."""
        scales = self.learner.scales
        settings = zip(scales.horizons[:, 0].tolist(), scales.learning_rates[:, 0], strict=True)
        return [
            {"memory": rows, "rate": round(float(rate), 4), "labels": number >= scales.n_without}
            for number, (rows, rate) in enumerate(settings)
        ]

    def _follow_lead(self, row: int) -> list[dict[str, Any]]:
        """Return the event that networks of another memory have most of the weight, if so."""
        weights = self.learner.leads.weights_by_horizon(self.learner.weighting.weights)
        memory = max(weights, key=weights.__getitem__)
        if memory == self._leading or weights[memory] < _LEADING_WEIGHT:
            return []
        self._leading = memory
        return [{"kind": "lead", "row": row, "memory": memory, "weight": weights[memory]}]

    def _draw(self, n_rows: int) -> tuple[Array, Array]:
        drawn = [(*self._rng.uniform(-1, 1, 2), *self._rng.random(2)) for _ in range(n_rows)]
        rows, (chance, wrong) = np.array(drawn)[:, :2], np.array(drawn)[:, 2:].T
        shares = np.array([self._share_of_new(self.row + place) for place in range(n_rows)])
        angles = np.where(chance < shares, self._angle, self._before)
        return rows, ((_height(rows, angles) > 0) ^ (wrong < _NOISE)).astype(int)

    def _share_of_new(self, row: int) -> float:
        """Return how many of the rows come from the new world, as a share."""
        return float(np.clip((row - self._since) / GRADUAL_ROWS, 0, 1))

    def _remember(self, rows: Array, labels: Array, right: Array) -> None:
        self._rows = np.concatenate([self._rows, rows])[-WINDOW:]
        self._labels = np.concatenate([self._labels, labels])[-WINDOW:]
        self._right = np.concatenate([self._right, right])[-WINDOW:]
        if self.frozen is not None:
            frozen = _shares(self.frozen, self.frozen.predict(_table(rows)))
            found = frozen.argmax(axis=1) == labels
            self._frozen_right = np.concatenate([self._frozen_right, found])[-WINDOW:]


def _shares(learner: OnlineLearner, predicted: Prediction) -> Array:
    """Return the probability of each of `CLASSES`, (rows, 2); 0 of one that has not come yet."""
    assert isinstance(learner.task, Classes)
    shares = np.zeros((len(predicted.mixture), len(CLASSES)))
    for place, name in enumerate(CLASSES):
        code = learner.task.code(name)
        if code is not None:
            shares[:, place] = predicted.mixture[:, code]
    return shares


def _table(rows: Array) -> Table:
    return Table(dict(zip(COLUMNS, rows.T, strict=True)))


def _height(rows: Array, angles: Array) -> Array:
    """Return how far each row is above the wavy line, which is turned by an angle."""
    x, y = rows.T
    along = x * np.cos(angles) + y * np.sin(angles)
    across = y * np.cos(angles) - x * np.sin(angles)
    return np.asarray(across - 0.45 * np.sin(3 * along))
