"""Parts of the quality of predictions: observed coverage, ROC and precision-recall curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from madaline._base.codec import LabelText, RoundedShare, Stored, unequal
from madaline._base.language import _
from madaline._race.evaluation.conformal import PredictionIntervals, PredictionSets
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import TextTable

LEVELS = (0.5, 0.8, 0.9, 0.95)  # coverages that are tried
_MAX_PROBABILITIES = 1_000_000  # to evaluate sets on: of more, every k-th row of a fold is taken
MAX_POINTS = 61  # of a stored curve


@dataclass(frozen=True)
class Coverage(Stored):
    """The nominal and the observed coverage of intervals or sets, cross-fitted over the folds."""

    nominal: float  # the coverage asked for
    observed: float  # share of the rows whose interval or set contains the truth
    size: float  # mean width of intervals in the target's unit, or number of classes in sets

    @classmethod
    def of_sets(
        cls, sets: Array, codes: Array, nominal: float, weight: Array | None = None
    ) -> Coverage:
        """Return the coverage of `sets`, Booleans of shape (n_rows, n_classes)."""
        observed = sets[np.arange(len(codes)), codes]
        sizes = sets.sum(axis=1)
        return cls(nominal, *(float(np.average(x, weights=weight)) for x in (observed, sizes)))

    @classmethod
    def of_intervals(
        cls, bounds: Array, truth: Array, nominal: float, weight: Array | None = None
    ) -> Coverage:
        """Return the coverage of intervals, whose `bounds` have the shape (n_rows, 2)."""
        observed = (bounds[:, 0] <= truth) & (truth <= bounds[:, 1])
        widths = np.diff(bounds)[:, 0]
        return cls(nominal, *(float(np.average(x, weights=weight)) for x in (observed, widths)))

    def __str__(self) -> str:
        """Return both coverages in a line."""
        return _("asked for {nominal:.0%}, observed {observed:.1%}").format(
            nominal=self.nominal, observed=self.observed
        )


def set_coverage(
    probabilities: Array,  # (n_rows, n_classes), out-of-fold probabilities, fold after fold
    codes: Array,  # (n_rows,) ints, indices of the true classes
    bounds: Sequence[int],  # (n_folds + 1,), start of each fold, and end of the last one
    weight: Array | None = None,  # (n_rows,)
) -> tuple[Coverage, ...]:
    """Return the coverage of each fold's sets, fitted on the other folds."""
    step = max(1, -(-probabilities.size // _MAX_PROBABILITIES))
    folds = [
        (rows[::step], PredictionSets.fit(probabilities[rest], codes[rest], (0, len(rest)), w))
        for rows, rest, w in _folds(bounds, weight)
    ]
    coverages = []
    for nominal in LEVELS if folds else ():
        sets = [
            fitted.predict(probabilities[None, rows], nominal, probabilities[rows].argmax(axis=1))
            for rows, fitted in folds
        ]
        rows = np.concatenate([rows for rows, _ in folds])
        of_rows = None if weight is None else weight[rows]
        coverages.append(Coverage.of_sets(np.concatenate(sets), codes[rows], nominal, of_rows))
    return tuple(coverages)


def interval_coverage(
    prediction: Array, truth: Array, bounds: Sequence[int], weight: Array | None = None
) -> tuple[Coverage, ...]:
    """Return the coverage of each fold's intervals, fitted on the other folds.

    Coverages that are too high for so few rows are left out.
    """
    folds = [
        (rows, PredictionIntervals.fit(prediction[rest], truth[rest], (0, len(rest)), w))
        for rows, rest, w in _folds(bounds, weight)
    ]
    coverages = []
    for nominal in LEVELS if folds else ():
        try:
            intervals = [fitted.around(prediction[rows], nominal) for rows, fitted in folds]
        except InputError:  # too few rows for so high a coverage
            break
        coverages.append(Coverage.of_intervals(np.concatenate(intervals), truth, nominal, weight))
    return tuple(coverages)


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


@dataclass(frozen=True)
class Curves(Stored):
    """The receiver operating characteristic (ROC) and the precision-recall curve of a class.

    Rows are sorted by their score. At each threshold, the *true positive rate* or *recall* is the
    share of the positives above it, the *false positive rate* that of the negatives, and the
    *precision* the share of positives among all rows above. The area under the ROC curve is the
    probability that a positive has a higher score than a negative (Fawcett, 2006,
    https://doi.org/10.1016/j.patrec.2005.10.010).
    """

    label: LabelText  # the class, against all others
    area: float  # under the ROC curve: 0.5 is chance, 1 is perfect
    average_precision: float  # over the recalls
    prevalence: float  # share of positives, the precision of chance
    # points of the ROC curve
    false_positive: tuple[RoundedShare, ...]
    true_positive: tuple[RoundedShare, ...]
    # points of the precision-recall curve
    recall: tuple[RoundedShare, ...]
    precision: tuple[RoundedShare, ...]

    @classmethod
    def of(
        cls,
        label: str,
        score: Array,  # (n_rows,), the higher, the more likely
        positive: Array,  # (n_rows,) Booleans, which rows are of the class
        weight: Array | None = None,  # (n_rows,)
    ) -> Curves | None:
        """Return the curves of a class; None if all rows are of it, or none."""
        weight = np.ones(len(score)) if weight is None else np.asarray(weight, np.float64)
        order = np.argsort(-score, kind="stable")
        last_of_value = np.append(np.diff(score[order]) != 0, True)
        true = np.cumsum((weight * positive)[order])[last_of_value]
        false = np.cumsum((weight * ~positive)[order])[last_of_value]
        if not true[-1] or not false[-1]:
            return None
        recall, precision = true / true[-1], true / (true + false)
        roc = np.insert(false / false[-1], 0, 0.0), np.insert(recall, 0, 0.0)
        return cls(
            label,
            float(np.trapezoid(roc[1], roc[0])),
            float(np.sum(np.diff(recall, prepend=0.0) * precision)),
            float(true[-1] / (true[-1] + false[-1])),
            *_thinned(*roc),
            *_thinned(recall, precision),
        )

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the points of a curve."""
        return unequal(values, "false_positive", "true_positive") or unequal(
            values, "recall", "precision"
        )


def _thinned(x: Array, y: Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return a curve at no more than about `MAX_POINTS`, evenly spaced along its length."""
    if len(x) > MAX_POINTS:
        length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        inner = np.searchsorted(length, np.linspace(0, length[-1], MAX_POINTS))
        indices = np.unique([0, *inner, len(x) - 1])
        x, y = x[indices], y[indices]
    return tuple(x.round(4).tolist()), tuple(y.round(4).tolist())


def coverage_tables(
    coverage: Sequence[Coverage], size: str, written: NumberFormat = PLAIN
) -> list[TextTable]:
    """Return nominal and observed coverage as a table; none where none was measured."""
    rows = [[f"{c.nominal:.0%}", f"{c.observed:.1%}", written.show(c.size)] for c in coverage]
    heads = ["coverage asked for", "observed", _("mean {size}").format(size=size)]
    return [TextTable(heads, rows, right=(0, 1, 2))] if rows else []
