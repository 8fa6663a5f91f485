r"""A table played back in the order of time: every row is predicted, then its label is learned.

What the networks are compared with is a linear model. At every label it takes a step against the
gradient of its loss, as long as the row allows:
:math:`w \leftarrow w - \frac{\alpha}{1 + \alpha \lVert x \rVert^2}\, x\, (p - t)`. It sees the
same inputs as the networks, without the latest labels, and learns each row once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, final

import numpy as np

from madaline._models.online.learner import OnlineLearner, Prediction
from madaline._models.online.tasks import Classes, Numbers, StreamTask, moved
from madaline._tables.table import Table
from madaline.nn.arrays import Array

_MIN_PROBABILITY = 1e-15  # log losses are cut off here
_RATE = 0.05  # length of a step of the linear model, the alpha of the formula


@dataclass(frozen=True, eq=False)
class Segment:
    """How well the rows of a part of the stream were predicted."""

    first: int
    last: int  # its rows, counted from 1
    score: float  # accuracy, or root mean squared error, of the predictions
    no_change: float  # the same of the latest label that was known
    linear: float  # the same of a linear model
    loss: float | None  # log loss of classes
    horizons: Mapping[int, float]  # for each memory, in rows, the mean weight of its networks
    losses: Array  # (n_rows,): the log loss, or the absolute error, of each row

    @classmethod
    def merged(cls, segments: Sequence[Segment]) -> Segment:
        """Return consecutive segments as one."""
        counts = np.array([segment.last - segment.first + 1 for segment in segments])
        losses = [segment.loss for segment in segments if segment.loss is not None]

        def mean(values: list[float]) -> float:
            return float(np.average(values, weights=counts))

        def mean_square(values: list[float]) -> float:
            shares = counts / counts.sum()
            return float(np.hypot.reduce(np.sqrt(shares) * values))  # no square overflows

        mean_score = mean if losses else mean_square  # an accuracy, or the root of a mean square
        horizons = segments[0].horizons
        return cls(
            segments[0].first,
            segments[-1].last,
            mean_score([segment.score for segment in segments]),
            mean_score([segment.no_change for segment in segments]),
            mean_score([segment.linear for segment in segments]),
            mean(losses) if losses else None,
            {rows: mean([segment.horizons[rows] for segment in segments]) for rows in horizons},
            np.concatenate([segment.losses for segment in segments]),
        )

    @property
    def leading(self) -> int:
        """The memory whose networks had the largest weight."""
        return max(self.horizons, key=self.horizons.__getitem__)


@final
class Playback:
    """Plays rows to a learner."""

    def __init__(self, learner: OnlineLearner, table: Table, y: Array, delay: int = 0) -> None:
        self._learner = learner
        self._table = table
        self._y = y
        self._delay = delay
        self._is_classes = isinstance(learner.task, Classes)
        self._linear = LinearModel(learner.task)
        self._waiting: deque[tuple[dict[str, Any], Array, Prediction]] = deque()

    def segments(self, count: int) -> Iterator[Segment]:
        """Play all rows; yield so many segments of about equal length as they are done."""
        bounds = np.linspace(0, len(self._y), min(count, len(self._y)) + 1).astype(int)
        for start, stop in pairwise(bounds):
            yield self._play(int(start), int(stop))

    def _play(self, start: int, stop: int) -> Segment:
        names = self._table.names
        columns = list(self._table.columns.values())
        measures = []  # of each row: loss, score, that of no change, that of the linear model
        weights = np.zeros(len(self._learner.scales))
        for row in range(start, stop):
            x = dict(zip(names, [column[row] for column in columns], strict=True))
            predicted = self._learner.observe(x)
            linear = self._linear.predict(self._plain(predicted))
            score_of_linear = self._evaluate(linear, self._y[row])[1]
            loss, score = self._evaluate(predicted.mixture, self._y[row])
            measures.append((loss, score, self._of_no_change(row), score_of_linear))
            weights += self._learner.weighting.weights
            self._waiting.append((x, self._y[row : row + 1], predicted))
            if len(self._waiting) > self._delay:
                x, y, predicted = self._waiting.popleft()
                self._learner.learn(x, y, predicted=predicted)
                self._linear.learn(self._plain(predicted), y)
        losses, *scores = np.array(measures).T
        score, no_change, of_linear = map(self._mean, scores)
        return Segment(
            start + 1,
            stop,
            score,
            no_change,
            of_linear,
            float(np.mean(losses)) if self._is_classes else None,
            self._learner.leads.weights_by_horizon(weights / (stop - start)),
            losses,
        )

    def _evaluate(self, predicted: Array, y: Any) -> tuple[float, float]:
        """Return the loss of a prediction, and whether it was right; of a number, its error."""
        task = self._learner.task
        prediction = predicted[0]
        if not isinstance(task, Classes):
            error = abs(float(prediction[0]) - float(y))
            return error, error
        if not task.classes:
            return float(-np.log(0.5)), 0.0
        code = task.code(y)
        probability = 0.0 if code is None or code >= len(prediction) else prediction[code]
        right = float(task.classes[int(prediction.argmax())] == y)
        return float(-np.log(max(probability, _MIN_PROBABILITY))), right

    def _of_no_change(self, row: int) -> float:
        latest = row - 1 - self._delay
        if self._is_classes:
            return float(latest >= 0 and self._y[latest] == self._y[row])
        return abs((float(self._y[latest]) if latest >= 0 else 0.0) - float(self._y[row]))

    def _mean(self, values: Array) -> float:
        """Return the mean, of errors the root of their mean square."""
        if self._is_classes:
            return float(np.mean(values))
        return float(np.hypot.reduce(values / len(values) ** 0.5))  # overflows nowhere

    def _plain(self, predicted: Prediction) -> Array:
        """Return the inputs of a row without the latest labels and the quarters of numbers."""
        x = predicted.x[0, predicted.history.size :].copy()
        quarters = self._learner.inputs.encoder.quarter_features
        x[quarters[quarters < len(x)]] = 0
        return np.asarray(x)


@final
class LinearModel:
    """Softmax or least squares, row by row."""

    def __init__(self, task: StreamTask) -> None:
        self._task = task
        self._weights = np.zeros((1, task.n_outputs))  # the first row is the bias
        self._scale = _scale(task)

    def predict(self, x: Array) -> Array:
        """Return the prediction for a row of inputs, shape (1, n_outputs)."""
        return self._task.predictions(self._output(x))

    def learn(self, x: Array, y: Array) -> None:
        """Learn a row, shape (n_inputs,), and its label, shape (1,), which the task knows."""
        error = self._task.loss.prediction(self._output(x)) - self._task.scaled(
            self._task.encode(y)
        )
        row = self._row(x)
        self._weights -= _RATE / (1 + _RATE * (row @ row)) * row[:, None] * error

    def _output(self, x: Array) -> Array:
        self._follow(len(x))
        return np.asarray(self._row(x)[None] @ self._weights)

    def _row(self, x: Array) -> Array:
        row = np.zeros(len(self._weights))
        row[0] = 1
        row[1 : 1 + len(x)] = x
        return row

    def _follow(self, n_inputs: int) -> None:
        """Make room for more inputs and classes; move to the present scale of numbers."""
        inputs, outputs = self._weights.shape
        more = max(0, 1 + n_inputs - inputs), max(0, self._task.n_outputs - outputs)
        if any(more):
            self._weights = np.pad(self._weights, [(0, more[0]), (0, more[1])])
        scale = _scale(self._task)
        if scale != self._scale:
            factor, shift = moved(self._scale, scale)
            self._weights *= factor
            self._weights[0] += shift
            self._scale = scale


def _scale(task: StreamTask) -> tuple[float, float]:
    return (task.center, task.spread) if isinstance(task, Numbers) else (0.0, 1.0)
