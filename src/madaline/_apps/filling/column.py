"""How the gaps of one column follow from all other columns, as far as out-of-bag rows say.

Of a column of numbers, a forest predicts the number, or what is left of it after a straight line
through the other numbers; trees may be fine or coarse. Which is best is tried on rows that the
trees did not see. There is also measured how far the predictions are to be trusted: where the other
columns tell nothing, the mean is kept.

The line is a weighted sum of numbers and of frequent levels, of ridge regression. How strongly the
weights are shrunk is what predicts best rows that are left out, one at a time; that takes no
further fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from madaline._apps.filling.forest import N_TREES, SHAPES, Forest, GapTask, Shape, grow
from madaline.nn.arrays import Array, Rng

# What was tried, and came out, is in benchmarks/experiments/filling.md.
_RIDGES = (1e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)  # times the rows
_MAX_ROWS = 20_000
_MIN_SHARE = 0.03  # rows of a level that gets a weight
_MAX_LEVELS = 200  # of all columns, the most frequent


@final
@dataclass(frozen=True, eq=False)
class Others:
    """The other columns of some rows."""

    codes: Array  # uint8 (n_rows, n_columns)
    levels: Array  # int64: which of these columns are categories
    numbers: Array  # (n_rows, n_numbers): the values of the rest

    def take(self, rows: Array) -> Others:
        """Return some of the rows."""
        return Others(self.codes[rows], self.levels, self.numbers[rows])


@final
@dataclass(frozen=True, eq=False)
class RidgeLine:
    """A weighted sum of the other columns."""

    places: Array  # (n_levels,): the column of each level that has a weight
    codes: Array  # and its code
    center: Array  # (n_numbers + n_levels,)
    weights: Array
    constant: float
    roots: Array  # (n_inputs, n_inputs): of the covariance of the weights
    error: float  # the standard error of the constant

    def __call__(self, others: Others) -> Array:
        """Return the sum for each row."""
        x = _inputs(others, self.places, self.codes)
        return np.asarray((x - self.center) @ self.weights + self.constant)

    def drawn(self, rng: Rng) -> RidgeLine:
        """Return a line that may as well be the true one: weights vary as they are uncertain."""
        weights = self.weights + self.roots @ rng.normal(size=len(self.weights))
        return replace(self, weights=weights, constant=self.constant + self.error * rng.normal())


def learn_line(others: Others, target: Array, seed: int) -> tuple[RidgeLine, Array]:
    """Return the line, and what it would say of each row if it had not learned from this row."""
    places, codes = _frequent(others)
    rows = np.arange(len(target))
    if len(rows) > _MAX_ROWS:
        rows = np.sort(np.random.default_rng([seed, 2]).permutation(len(rows))[:_MAX_ROWS])
    x = _inputs(others.take(rows), places, codes)
    y = target[rows]
    center = x.mean(axis=0)
    scale = x.std(axis=0)
    constant = float(y.mean())
    scale = np.where(scale > 1e-9 * (1 + np.abs(center)), scale, np.inf)
    z = (x - center) / scale
    values, axes = np.linalg.eigh(z.T @ z)
    along = z @ axes  # (n_rows, n_inputs)
    products = along.T @ (y - constant)
    best: tuple[float, Array, Array, Array] | None = None
    for ridge in _RIDGES:
        shrunk = 1 / (np.maximum(values, 0) + ridge * len(y))
        leverage = 1 / len(y) + (along**2) @ shrunk
        unseen = (y - constant - along @ (shrunk * products)) / np.maximum(1 - leverage, 1e-9)
        error = float(np.mean(unseen**2))
        if best is None or error < best[0]:
            best = error, axes @ (shrunk * products), unseen, axes * np.sqrt(shrunk)
    assert best is not None
    deviation = best[0] ** 0.5
    roots = deviation * best[3] / scale[:, None]
    error = deviation / len(y) ** 0.5
    line = RidgeLine(places, codes, center, best[1] / scale, constant, roots, error)
    predicted = line(others)
    predicted[rows] = y - best[2]
    return line, predicted


def _frequent(others: Others) -> tuple[Array, Array]:
    """Return the levels that get a weight: their columns, and their codes."""
    counts = np.zeros((len(others.levels), 256), np.int64)
    for place, column in enumerate(others.levels.tolist()):
        counts[place] = np.bincount(others.codes[:, column], minlength=256)
    places, code = np.nonzero(counts >= max(2.0, _MIN_SHARE * len(others.codes)))
    order = np.argsort(-counts[places, code], kind="stable")[:_MAX_LEVELS]
    return others.levels[places[order]], code[order]


def _inputs(others: Others, places: Array, codes: Array) -> Array:
    """Return numbers, and whether each level is there, (n_rows, n_numbers + n_levels)."""
    return np.hstack([others.numbers, others.codes[:, places] == codes])


_TREES_TRIED = 10
_ROWS_TRIED = 1000
_MIN_GAIN = 0.02  # share of the error that a line must take off, to be added
Choice = tuple[bool, Shape]
"""Whether a line comes first, and the shape of the trees."""
PLAIN: Choice = (False, SHAPES[0])

MAX_CLASSES = 100  # levels that may be filled in: the most frequent ones


@final
@dataclass(frozen=True, eq=False)
class GapModel:
    """Fills the gaps of a column."""

    forest: Forest
    line: RidgeLine | None
    trust: float  # how much of what the forest says is believed, from 0 to 1
    prior: Array  # (n_outputs,): the mean, or the shares of classes, in all rows
    low: float  # the least and the greatest number
    high: float
    choice: Choice

    def best(self, others: Others) -> Array:
        """Return the mean of numbers, or the most probable class, for each row."""
        prediction = self.prior + self.trust * (self.forest.mean(others.codes) - self.prior)
        if len(self.prior) > 1:
            return np.asarray(prediction.argmax(axis=1).astype(np.float64))
        return self._within(prediction[:, 0], others, self.line)

    def draw(self, others: Others, rng: Rng) -> Array:
        """Return a number or class for each row, drawn."""
        drawn = self.forest.draw(others.codes, rng).astype(np.float64)
        line = None if self.line is None else self.line.drawn(rng)
        return drawn if len(self.prior) > 1 else self._within(drawn, others, line)

    def _within(self, numbers: Array, others: Others, line: RidgeLine | None) -> Array:
        if line is not None:
            numbers = numbers + line(others)
        return np.clip(numbers, self.low, self.high)


def learn_gaps(
    others: Others,
    target: Array,  # (n_rows,): numbers, or classes from 0 up
    task: GapTask,
    *,
    choice: Choice | None = None,  # None: it is tried
    n_trees: int = N_TREES,
) -> GapModel:
    """Return the model of a column, given the rows in which it is known."""
    choice = choice or _chosen(others, target, task)
    with_line, shape = choice
    line = None
    goal = target
    trust = 1.0
    if with_line:
        line, left_out = learn_line(others, target, task.seed)
        goal = target - left_out
    kind = np.int64 if task.n_classes else np.float64
    forest, held_out = grow(others.codes, goal.astype(kind), shape, task, n_trees)
    if task.n_classes:
        prior = np.bincount(goal.astype(np.int64), minlength=task.n_classes) / len(goal)
    else:
        prior = np.array([goal.mean()])
        trust = _trust(held_out[:, 0], goal) if len(held_out) == len(goal) else 1.0
    low, high = float(target.min()), float(target.max())
    return GapModel(forest, line, trust, prior, low, high, choice)


def _chosen(others: Others, target: Array, task: GapTask) -> Choice:
    """Return whether a line comes first, and the shape of trees with the least error.

    A line is tried with the shape that does best without one.
    """
    rows = np.random.default_rng([task.seed, 1]).permutation(len(target))[:_ROWS_TRIED]
    some = others.take(rows)
    known = target[rows]

    def error(goal: Array, shape: Shape) -> float:
        goal = goal.astype(np.int64) if task.n_classes else goal
        _, held_out = grow(some.codes, goal, shape, task, _TREES_TRIED)
        return _error(held_out, goal, task.n_classes)

    shapes = [shape for shape in SHAPES if len(known) >= 4 * shape.rows_of_leaf]
    errors = {shape: error(known, shape) for shape in shapes}
    if not errors:
        return PLAIN
    best = min(errors, key=lambda shape: errors[shape])
    if task.n_classes:
        return False, best
    left = error(known - learn_line(some, known, task.seed)[1], best)
    return left < (1 - _MIN_GAIN) * errors[best], best


def _error(held_out: Array, goal: Array, n_classes: int) -> float:
    """Return the root mean squared error; of classes, that of their shares (Brier)."""
    seen = ~np.isnan(held_out[:, 0])
    if n_classes:
        truth = np.eye(held_out.shape[1])[goal[seen]]
        return float(np.sqrt(((held_out[seen] - truth) ** 2).sum(axis=1).mean()))
    trust = _trust(held_out[:, 0], goal)
    left = trust * held_out[seen, 0] + (1 - trust) * goal.mean() - goal[seen]
    return float(np.sqrt((left**2).mean()))


def _trust(held_out: Array, goal: Array) -> float:
    """Return the share of a prediction's distance from the mean that has the least error."""
    seen = ~np.isnan(held_out)
    x, y = held_out[seen] - goal.mean(), goal[seen] - goal.mean()
    return float(np.clip(x @ y / max(x @ x, 1e-300), 0, 1))
