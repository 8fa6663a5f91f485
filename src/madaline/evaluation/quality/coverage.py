"""Whether intervals and sets hold as many truths as they promise, tried on rows unseen by both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from madaline.errors import InputError
from madaline.evaluation.conformal.intervals import Intervals
from madaline.evaluation.conformal.sets import Sets
from madaline.nn.arrays import Array

ASKED = (0.5, 0.8, 0.9, 0.95)
"""Coverages that are tried."""

MOST_PROBABILITIES = 1_000_000
"""Probabilities that sets are tried on, at most: of more, every k-th row of a fold is."""


@dataclass(frozen=True)
class Coverage:
    """What was promised, and what was held.

    Parameters
    ----------
    asked : float
        Share of truths that should be held.
    held : float
        Share that was.
    size : float
        Mean width of the intervals in the target's unit, or mean number of classes in the sets.

    Examples
    --------
    >>> print(Coverage(0.9, 0.913, 1.2))
    asked for 90%, held 91.3%
    """

    asked: float
    held: float
    size: float

    def __str__(self) -> str:
        """Say it in a line."""
        return f"asked for {self.asked:.0%}, held {self.held:.1%}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON-able values."""
        return asdict(self)


def of_sets(sets: Array, codes: Array, asked: float, weight: Array | None = None) -> Coverage:
    """Return how often sets of classes hold the truth.

    Parameters
    ----------
    sets : Boolean ndarray of shape (n_rows, n_classes)
        Which classes are in the set of each row.
    codes : int ndarray of shape (n_rows,)
        Numbers of the true classes.
    asked : float
        What was promised.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.
    """
    held = sets[np.arange(len(codes)), codes]
    return Coverage(asked, _mean(held, weight), _mean(sets.sum(axis=1), weight))


def of_intervals(
    bounds: Array, truth: Array, asked: float, weight: Array | None = None
) -> Coverage:
    """Return how often intervals hold the truth.

    Parameters
    ----------
    bounds : ndarray of shape (n_rows, 2)
        Lower and upper bounds.
    truth : ndarray of shape (n_rows,)
        The numbers.
    asked : float
        What was promised.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.
    """
    held = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
    return Coverage(asked, _mean(held, weight), _mean(bounds[:, 1] - bounds[:, 0], weight))


def crossed_sets(
    probabilities: Array, codes: Array, bounds: Sequence[int], weight: Array | None = None
) -> tuple[Coverage, ...]:
    """Return what sets hold of each fold that were learned from the other folds.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_classes)
        By networks that never saw the row, fold after fold.
    codes : int ndarray of shape (n_rows,)
        Numbers of the true classes.
    bounds : sequence of int, of length n_folds + 1
        Where each fold starts, and where the last one ends.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.
    """
    folds = _crossings(bounds)
    step = max(1, -(-probabilities.size // MOST_PROBABILITIES))
    places = [np.arange(own.start, own.stop, step) for own, _ in folds]
    known = [
        Sets.fit(probabilities[rest], codes[rest], (0, len(rest)), _rows(weight, rest))
        for _, rest in folds
    ]
    found = []
    for asked in ASKED if folds else ():
        sets = [
            one.predict(probabilities[None, tried], asked, probabilities[tried].argmax(axis=1))
            for one, tried in zip(known, places, strict=True)
        ]
        tried = np.concatenate(places)
        found.append(of_sets(np.concatenate(sets), codes[tried], asked, _rows(weight, tried)))
    return tuple(found)


def crossed_intervals(
    prediction: Array, truth: Array, bounds: Sequence[int], weight: Array | None = None
) -> tuple[Coverage, ...]:
    """Return what intervals hold of each fold that were learned from the other folds.

    Parameters
    ----------
    prediction, truth : ndarray of shape (n_rows,)
        By networks that never saw the row, fold after fold, and what is right.
    bounds : sequence of int, of length n_folds + 1
        Where each fold starts, and where the last one ends.
    weight : ndarray of shape (n_rows,), optional
        Weight of each row.

    Returns
    -------
    tuple of Coverage
        Without those that so few rows cannot promise.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> prediction = rng.standard_normal(900)
    >>> truth = prediction + rng.standard_normal(900)
    >>> [round(one.held, 1) for one in crossed_intervals(prediction, truth, (0, 300, 600, 900))]
    [0.5, 0.8, 0.9, 0.9]
    """
    folds = _crossings(bounds)
    known = [
        Intervals.fit(prediction[rest], truth[rest], (0, len(rest)), _rows(weight, rest))
        for _, rest in folds
    ]
    found = []
    for asked in ASKED if folds else ():
        try:
            ends = [
                one.around(prediction[own], asked)
                for one, (own, _) in zip(known, folds, strict=True)
            ]
        except InputError:  # too few rows for so high a coverage
            break
        found.append(of_intervals(np.concatenate(ends), truth, asked, weight))
    return tuple(found)


def _crossings(bounds: Sequence[int]) -> list[tuple[slice, Array]]:
    """Return each fold and the rows of all others; nothing where there is but one."""
    places, folds = np.arange(bounds[-1]), pairwise(bounds)
    if len(bounds) < 3:
        return []
    return [
        (slice(start, stop), places[(places < start) | (places >= stop)]) for start, stop in folds
    ]


def _mean(values: Array, weight: Array | None) -> float:
    return float(np.average(values, weights=weight))


def _rows(weight: Array | None, chosen: Array) -> Array | None:
    return None if weight is None else weight[chosen]
