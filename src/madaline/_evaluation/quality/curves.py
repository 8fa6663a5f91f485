r"""The ROC and precision-recall curves of a class.

Rows are sorted by their score. At each threshold, the *true positive rate* or *recall* is the share
of the positives above it, the *false positive rate* that of the negatives, and the *precision* the
share of positives among all rows above. The area under the ROC curve is the probability that a
positive has a higher score than a negative (Fawcett, 2006,
https://doi.org/10.1016/j.patrec.2005.10.010).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._evaluation.quality.coverage import fields_from_json
from madaline.nn.arrays import Array

POINTS = 61
"""Points of a stored curve, at most."""


@dataclass(frozen=True)
class Curves:
    """The receiver operating characteristic (ROC) and the precision-recall curve of a class.

    Parameters
    ----------
    label : str
        The class, against all others.
    area : float
        Area under the ROC curve: 0.5 is chance, 1 is perfect.
    average_precision : float
        Mean precision over the recalls.
    prevalence : float
        Share of positives, the precision of chance.
    false_positive, true_positive : tuple of float
        The ROC curve.
    recall, precision : tuple of float
        The precision-recall curve.
    """

    label: str
    area: float
    average_precision: float
    prevalence: float
    false_positive: tuple[float, ...]
    true_positive: tuple[float, ...]
    recall: tuple[float, ...]
    precision: tuple[float, ...]

    @classmethod
    def of(
        cls, label: str, score: Array, positive: Array, weight: Array | None = None
    ) -> Curves | None:
        """Return the curves of a class; None if all rows are of it, or none.

        Parameters
        ----------
        label : str
            Its name.
        score : ndarray of shape (n_rows,)
            The higher, the more likely.
        positive : Boolean ndarray of shape (n_rows,)
            Which rows are of the class.
        weight : ndarray of shape (n_rows,), optional
            Weight of each row.

        Examples
        --------
        >>> positive = np.array([True, False, True, False])
        >>> curves = Curves.of("yes", np.array([0.9, 0.8, 0.4, 0.1]), positive)
        >>> curves.area, round(curves.average_precision, 3)
        (0.75, 0.833)
        """
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
    def from_json(cls, values: Mapping[str, Any]) -> Curves:
        """Return the curves that `asdict` described."""
        return cls(**fields_from_json(values))


def _thinned(x: Array, y: Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return a curve at no more than about `POINTS` points, evenly spaced along its length."""
    if len(x) > POINTS:
        length = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        inner = np.searchsorted(length, np.linspace(0, length[-1], POINTS))
        indices = np.unique([0, *inner, len(x) - 1])
        x, y = x[indices], y[indices]
    return tuple(x.round(4).tolist()), tuple(y.round(4).tolist())
