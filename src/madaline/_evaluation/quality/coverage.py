"""The observed coverage of prediction intervals and sets, cross-fitted over the folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from madaline._evaluation.conformal.intervals import PredictionIntervals
from madaline._evaluation.conformal.sets import PredictionSets
from madaline.errors import InputError
from madaline.nn.arrays import Array

LEVELS = (0.5, 0.8, 0.9, 0.95)
"""Coverages that are tried."""

MOST_PROBABILITIES = 1_000_000
"""Probabilities to evaluate sets on, at most: of more, every k-th row of a fold is taken."""


@dataclass(frozen=True)
class Coverage:
    """The nominal and the observed coverage of intervals or sets.

    Parameters
    ----------
    nominal : float
        The coverage asked for.
    observed : float
        Share of the rows whose interval or set contains the truth.
    size : float
        Mean width of the intervals in the target's unit, or mean number of classes in the sets.

    Examples
    --------
    >>> print(Coverage(0.9, 0.913, 1.2))
    asked for 90%, observed 91.3%
    """

    nominal: float
    observed: float
    size: float

    @classmethod
    def of_sets(
        cls, sets: Array, codes: Array, nominal: float, weight: Array | None = None
    ) -> Coverage:
        """Return the coverage of `sets`, Booleans of shape (n_rows, n_classes)."""
        observed, sizes = sets[np.arange(len(codes)), codes], sets.sum(axis=1)
        return cls(nominal, *(float(np.average(x, weights=weight)) for x in (observed, sizes)))

    @classmethod
    def of_intervals(
        cls, bounds: Array, truth: Array, nominal: float, weight: Array | None = None
    ) -> Coverage:
        """Return the coverage of intervals, whose `bounds` have the shape (n_rows, 2)."""
        observed, widths = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1]), np.diff(bounds)[:, 0]
        return cls(nominal, *(float(np.average(x, weights=weight)) for x in (observed, widths)))

    def __str__(self) -> str:
        """Return both coverages in a line."""
        return f"asked for {self.nominal:.0%}, observed {self.observed:.1%}"

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Coverage:
        """Return the coverage that `asdict` described."""
        return cls(**fields_from_json(values, asked="nominal", held="observed"))


def set_coverage(
    probabilities: Array, codes: Array, bounds: Sequence[int], weight: Array | None = None
) -> tuple[Coverage, ...]:
    """Return the coverage of each fold's sets, fitted on the other folds.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        Out-of-fold probabilities, fold after fold.
    codes : int ndarray of shape (n_rows,)
        Indices of the true classes.
    bounds : sequence of int, of length n_folds + 1
        Start of each fold, and end of the last one.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.
    """
    step = max(1, -(-probabilities.size // MOST_PROBABILITIES))
    folds = [
        (rows[::step], PredictionSets.fit(probabilities[rest], codes[rest], (0, len(rest)), w))
        for rows, rest, w in _folds(bounds, weight)
    ]
    found = []
    for nominal in LEVELS if folds else ():
        sets = [
            fitted.predict(probabilities[None, rows], nominal, probabilities[rows].argmax(axis=1))
            for rows, fitted in folds
        ]
        rows = np.concatenate([rows for rows, _ in folds])
        own = None if weight is None else weight[rows]
        found.append(Coverage.of_sets(np.concatenate(sets), codes[rows], nominal, own))
    return tuple(found)


def interval_coverage(
    prediction: Array, truth: Array, bounds: Sequence[int], weight: Array | None = None
) -> tuple[Coverage, ...]:
    """Return the coverage of each fold's intervals, fitted on the other folds.

    Coverages that are too high for so few rows are left out. The parameters are those of
    `set_coverage`, but for out-of-fold predictions and true values, both of shape (n_rows,).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> prediction = rng.standard_normal(900)
    >>> truth = prediction + rng.standard_normal(900)
    >>> [round(one.observed, 1) for one in interval_coverage(prediction, truth, (0, 300, 600, 900))]
    [0.5, 0.8, 0.9, 0.9]
    """
    folds = [
        (rows, PredictionIntervals.fit(prediction[rest], truth[rest], (0, len(rest)), w))
        for rows, rest, w in _folds(bounds, weight)
    ]
    found = []
    for nominal in LEVELS if folds else ():
        try:
            intervals = [fitted.around(prediction[rows], nominal) for rows, fitted in folds]
        except InputError:  # too few rows for so high a coverage
            break
        found.append(Coverage.of_intervals(np.concatenate(intervals), truth, nominal, weight))
    return tuple(found)


def fields_from_json(values: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """Return fields of a dataclass with lists as tuples, and new names for those of old files."""
    return {names.get(name, name): _as_tuples(value) for name, value in values.items()}


def _as_tuples(value: Any) -> Any:
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _folds(bounds: Sequence[int], weight: Array | None) -> list[tuple[Array, Array, Array | None]]:
    """Return the rows of each fold, and the rows of all others with their weight."""
    if len(bounds) < 3:  # a single fold has no others
        return []
    everything = np.arange(bounds[-1])
    folds = []
    for start, stop in pairwise(bounds):
        rest = np.delete(everything, slice(start, stop))
        folds.append((everything[start:stop], rest, None if weight is None else weight[rest]))
    return folds
