"""A straight line through the other columns: a weighted sum of numbers and of frequent levels.

The weights are those of ridge regression. How strongly they are shrunk is what predicts best rows
that are left out, one at a time; that takes no further fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import final

import numpy as np

from madaline.nn.arrays import Array, Rng

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
    x, y = _inputs(others.take(rows), places, codes), target[rows]
    center, scale, constant = x.mean(axis=0), x.std(axis=0), float(y.mean())
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
    for one, place in enumerate(others.levels.tolist()):
        counts[one] = np.bincount(others.codes[:, place], minlength=256)
    number, code = np.nonzero(counts >= max(2.0, _MIN_SHARE * len(others.codes)))
    order = np.argsort(-counts[number, code], kind="stable")[:_MAX_LEVELS]
    return others.levels[number[order]], code[order]


def _inputs(others: Others, places: Array, codes: Array) -> Array:
    """Return numbers, and whether each level is there, (n_rows, n_numbers + n_levels)."""
    return np.hstack([others.numbers, others.codes[:, places] == codes])
