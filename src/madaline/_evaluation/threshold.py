"""The threshold of two classes: from which probability on the second class is predicted.

The most probable class is the best decision for accuracy. Where classes are rare or mistakes cost
differently, another threshold is better. It is tuned on out-of-fold probabilities and evaluated on
folds that it was not tuned on; probabilities stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import TypeAlias

import numpy as np

from madaline.nn.arrays import Array
from madaline.records.ensemble_decisions import ThresholdChosen

Measure: TypeAlias = Callable[[Array], Array]
"""From confusion matrices, (..., true class, predicted class), to values; higher is better."""

EVEN = 0.5
"""The threshold of the most probable class."""

LEAST = 1e-12
"""Distance of a threshold from 0 and 1, at least."""


def tune_threshold(
    measure: Measure,
    name: str,
    probability: Array,
    positive: Array,
    bounds: Sequence[int],
    weight: Array | None = None,
    *,
    higher_is_better: bool = True,
    epoch: int = 0,
) -> ThresholdChosen:
    """Find the best threshold, and evaluate it on folds that it was not tuned on.

    Parameters
    ----------
    measure : callable
        What is to be as high as possible: one of `MEASURES`, or `cost_measure`.
    name : str
        Its metric.
    probability : ndarray of shape (n_samples,)
        Out-of-fold probability of the second class, fold after fold.
    positive : Boolean ndarray of shape (n_samples,)
        Whether a row is of that class.
    bounds : sequence of int, of length n_folds + 1
        Where each fold starts, and where the last one ends.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    higher_is_better : bool, default=True
        Whether the metric is the measure, or its negative.
    epoch : int, default=0
        The last epoch of training.

    Examples
    --------
    >>> probability = np.array([0.1, 0.2, 0.3, 0.4] * 4)
    >>> positive = probability > 0.25
    >>> chosen = tune_threshold(MEASURES["f1"], "f1", probability, positive, (0, 4, 8, 12, 16))
    >>> chosen.threshold, chosen.before, chosen.after
    (0.25, 0.0, 1.0)
    """
    weights = np.ones(len(positive)) if weight is None else weight.astype(np.float64)
    counts = np.zeros((2, 2))
    indices = np.arange(len(positive))
    for start, stop in pairwise(bounds):
        others = np.delete(indices, slice(start, stop))
        best = _best(measure, probability[others], positive[others], weights[others])
        own = slice(start, stop)
        counts += confusion(probability[own] > best, positive[own], weights[own])
    before = measure(confusion(probability > EVEN, positive, weights))
    best, sign = _best(measure, probability, positive, weights), 1 if higher_is_better else -1
    values = (sign * float(before), sign * float(measure(counts)))
    return ThresholdChosen(epoch, "the ensemble", best, name, *values, higher_is_better)


def confusion(predicted: Array, positive: Array, weight: Array) -> Array:
    """Return the weights of rows by true and by predicted class, shape (2, 2)."""
    index = 2 * positive.astype(np.intp) + predicted
    return np.bincount(index, weight, minlength=4).reshape(2, 2)


def cost_measure(costs: Array) -> Measure:
    """Return the negative mean cost of a row, given those by true and by predicted class."""
    return partial(_negative_cost, np.asarray(costs, np.float64))


def _best(measure: Measure, probability: Array, positive: Array, weight: Array) -> float:
    """Return the best threshold, in the middle between two neighboring probabilities."""
    order = np.argsort(probability, kind="stable")
    ordered = probability[order]
    of_class = np.stack([~positive, positive]) * weight  # (true class, row)
    below = np.cumsum(of_class[:, order], axis=1)
    ends = np.flatnonzero(np.diff(ordered))  # the last row below each possible threshold
    if not len(ends):
        return EVEN
    predicted_first = below[:, ends].T  # (threshold, true class)
    counts = np.stack([predicted_first, below[:, -1] - predicted_first], axis=2)
    values = measure(counts)
    # Of equally good ones, the one in the middle is the least a matter of chance.
    good = np.flatnonzero(values >= values.max() - 1e-12)
    end = ends[good[len(good) // 2]]
    middle = float((ordered[end] + ordered[end + 1]) / 2)
    return min(max(middle, LEAST), 1 - LEAST)


def _f1(counts: Array) -> Array:
    hits = counts[..., 1, 1]
    return _divided(2 * hits, 2 * hits + counts[..., 0, 1] + counts[..., 1, 0])


def _balanced_accuracy(counts: Array) -> Array:
    recalls = _divided(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))
    return np.asarray(recalls.mean(axis=-1))


def _matthews(counts: Array) -> Array:
    determinant = counts[..., 0, 0] * counts[..., 1, 1] - counts[..., 0, 1] * counts[..., 1, 0]
    margins = counts.sum(axis=-1).prod(axis=-1) * counts.sum(axis=-2).prod(axis=-1)
    return _divided(determinant, np.sqrt(margins))


def _negative_cost(costs: Array, counts: Array) -> Array:
    return -_divided((costs * counts).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))


def _divided(values: Array, by: Array) -> Array:
    return np.divide(values, by, out=np.zeros(np.shape(values)), where=np.asarray(by) > 0)


MEASURES: dict[str, Measure] = {
    "f1": _f1,
    "balanced_accuracy": _balanced_accuracy,
    "matthews_corrcoef": _matthews,
}
"""Metrics of decisions, for which the threshold of two classes is tuned."""
