r"""A linear model of the stream: what the networks are compared with.

At every label it takes a step against the gradient of its loss, as long as the row allows:
:math:`w \leftarrow w - \frac{\alpha}{1 + \alpha \lVert x \rVert^2}\, x\, (p - t)`. It sees the same
inputs as the networks, without the latest labels, and learns each row once.
"""

from __future__ import annotations

import numpy as np

from madaline._online.tasks import Numbers, StreamTask, moved
from madaline.nn.arrays import Array

RATE = 0.05
"""Length of a step, the alpha of the formula."""


class LinearModel:
    """Softmax or least squares, row by row (final).

    Parameters
    ----------
    task : StreamTask
        What is predicted. Its classes may become more, its scale may change.

    Examples
    --------
    >>> from madaline._online.tasks import Classes
    >>> model = LinearModel(Classes(["up", "down"]))
    >>> for _ in range(20):
    ...     model.learn(np.array([1.0]), np.array(["up"]))
    ...     model.learn(np.array([-1.0]), np.array(["down"]))
    >>> model.predict(np.array([2.0])).round(2)
    array([[0.92, 0.08]])
    """

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
        self._weights -= RATE / (1 + RATE * (row @ row)) * row[:, None] * error

    def _output(self, x: Array) -> Array:
        self._follow(len(x))
        return np.asarray(self._row(x)[None] @ self._weights)

    def _row(self, x: Array) -> Array:
        row = np.zeros(len(self._weights))
        row[0], row[1 : 1 + len(x)] = 1, x
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
