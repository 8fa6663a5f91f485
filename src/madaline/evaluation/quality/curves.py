r"""Curves of a yes-or-no question: how many are found, and at what price, as the threshold falls.

Rows are sorted by their score. At each threshold, the *true positive rate* is the share of the
positives above it, the *false positive rate* that of the negatives, and the *precision* the share
of positives among all that are above. The area under the first against the second is the
probability that a positive has a higher score than a negative (Fawcett, 2006,
https://doi.org/10.1016/j.patrec.2005.10.010).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.nn.arrays import Array

POINTS = 61
"""Points of a curve that are kept, at most."""


@dataclass(frozen=True)
class Curves:
    """The curve of Receiver Operating Characteristic (ROC) of a class, and that of precision.

    Parameters
    ----------
    label : str
        The class that is told from all others.
    area : float
        Area under the ROC curve: 0.5 is a coin, 1 perfect.
    average_precision : float
        Precision at every positive, on average.
    prevalence : float
        Share of positives, which a coin's precision is.
    false_positive, true_positive : tuple of float
        The ROC curve.
    recall, precision : tuple of float
        The curve of precision; recall is another name of the true positive rate.
    """

    label: str
    area: float
    average_precision: float
    prevalence: float
    false_positive: tuple[float, ...]
    true_positive: tuple[float, ...]
    recall: tuple[float, ...]
    precision: tuple[float, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the curves as JSON-able values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Curves:
        """Return the curves that `to_json` described."""
        own: dict[str, Any] = {
            name: tuple(one) if isinstance(one, list) else one for name, one in values.items()
        }
        return cls(**own)


def curves(label: str, score: Array, positive: Array, weight: Array | None = None) -> Curves | None:
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
    >>> found = curves("yes", np.array([0.9, 0.8, 0.4, 0.1]), np.array([True, False, True, False]))
    >>> found.area, round(found.average_precision, 3)
    (0.75, 0.833)
    """
    weight = np.ones(len(score)) if weight is None else np.asarray(weight, np.float64)
    order = np.argsort(-score, kind="stable")
    last_of_value = np.append(np.diff(score[order]) != 0, True)
    hits = np.cumsum((weight * positive)[order])[last_of_value]
    alarms = np.cumsum((weight * ~positive)[order])[last_of_value]
    if not hits[-1] or not alarms[-1]:
        return None
    found, wrong, precision = hits / hits[-1], alarms / alarms[-1], hits / (hits + alarms)
    roc = _thinned(np.insert(wrong, 0, 0.0), np.insert(found, 0, 0.0))
    shown = _thinned(found, precision)
    return Curves(
        label,
        float(np.trapezoid(np.insert(found, 0, 0.0), np.insert(wrong, 0, 0.0))),
        float(np.sum(np.diff(found, prepend=0.0) * precision)),
        float(hits[-1] / (hits[-1] + alarms[-1])),
        *roc,
        *shown,
    )


def _thinned(x: Array, y: Array) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return a curve at some of its points, evenly spread along its length."""
    if len(x) > POINTS:
        way = np.append(0.0, np.cumsum(np.abs(np.diff(x)) + np.abs(np.diff(y))))
        places = np.unique(np.searchsorted(way, np.linspace(0, way[-1], POINTS)))
        places = np.unique(np.concatenate([[0], places, [len(x) - 1]]))
        x, y = x[places], y[places]
    return tuple(x.round(4).tolist()), tuple(y.round(4).tolist())
