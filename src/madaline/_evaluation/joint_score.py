"""Scores of several targets together: the mean over them, and those of whole rows of labels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from madaline._evaluation.metrics import BLOCKS
from madaline._evaluation.score import Score
from madaline.nn.arrays import Array

PINBALL = "mean_pinball_loss"


def mean_scores(each: Sequence[Sequence[Score]]) -> tuple[Score, ...]:
    """Return the mean over the targets of each metric that all of them have.

    As scikit-learn's uniform average. The standard error is the mean of theirs, too: it cannot be
    larger, and is smaller only as far as the targets' errors are independent.

    Parameters
    ----------
    each : sequence of sequence of Score
        The scores of each target.

    Examples
    --------
    >>> width, height = Score("r2", 0.8, 0.01, 0.0, True), Score("r2", 0.6, 0.03, 0.0, True)
    >>> print(*mean_scores([[width], [height]]))
    R² 0.700 ± 0.020 (baseline: 0)
    """
    metrics = [score.metric for score in each[0]]
    by_metric = [{score.metric: score for score in scores} for scores in each]
    shared = [metric for metric in metrics if all(metric in scores for scores in by_metric)]
    return tuple(_mean([scores[metric] for scores in by_metric]) for metric in shared)


def quantile_scores(each: Sequence[Sequence[Score]]) -> tuple[Score, ...]:
    """Return the scores of several quantiles: D², the share of the pinball loss that is explained.

    As scikit-learn's `d2_pinball_score`, averaged over the quantiles, with the mean pinball loss.
    """
    losses = [next(score for score in scores if score.metric == PINBALL) for scores in each]
    return _mean([_explained(score) for score in losses]), _mean(losses)


def label_scores(
    probability: Array,
    baseline: Array,
    truth: Array,
    weight: Array | None = None,
    groups: Array | None = None,
) -> tuple[Score, ...]:
    """Return the scores of rows of labels: subset accuracy, micro and macro F1.

    The standard errors are those of the jackknife over `BLOCKS` blocks of rows, or of groups.

    Parameters
    ----------
    probability, baseline : ndarray of shape (n_samples, n_labels)
        Probability of each label, by networks and by constants.
    truth : Boolean ndarray of shape (n_samples, n_labels)
        Which labels are there.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    groups : int ndarray of shape (n_samples,), optional
        Rows of one group are not independent.

    Examples
    --------
    >>> truth = np.array([[True, False], [True, True]])
    >>> print(label_scores(np.array([[0.9, 0.1], [0.8, 0.3]]), np.full((2, 2), 0.6), truth)[0])
    subset accuracy 0.50 ± 0.50 (baseline: 0.5)
    """
    counted = np.ones(len(truth)) if weight is None else np.asarray(weight, np.float64)
    blocks = (np.arange(len(truth)) if groups is None else groups) % BLOCKS
    measures = {"subset_accuracy": _subset_accuracy, "f1_micro": _micro, "f1_macro": _macro}
    scores = []
    for name, measure in measures.items():
        value, error = _jackknife(measure, probability > 0.5, truth, counted, blocks)
        constant = measure(baseline > 0.5, truth, counted)
        scores.append(Score(name, value, error, constant, True))
    return tuple(scores)


def _mean(scores: Sequence[Score]) -> Score:
    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    return replace(
        scores[0],
        value=mean([score.value for score in scores]),
        standard_error=mean([score.standard_error for score in scores]),
        baseline=mean([score.baseline for score in scores]),
        gain=mean([score.gain for score in scores]),
    )


def _explained(score: Score) -> Score:
    """Return D² of a loss: 1 is perfect, 0 is the baseline."""
    unit = score.baseline or 1.0
    value, error = 1 - score.value / unit, score.standard_error / unit
    return Score("d2_pinball_score", value, error, 0.0, True, -score.gain / unit)


_Of_rows = Callable[[Array, Array, Array], float]


def _jackknife(
    measure: _Of_rows, predicted: Array, truth: Array, weight: Array, blocks: Array
) -> tuple[float, float]:
    parts = [blocks != block for block in np.unique(blocks)]
    values = [measure(predicted[own], truth[own], weight[own]) for own in parts if own.any()]
    error = np.sqrt((len(values) - 1) * np.var(values)) if values else 0.0
    return measure(predicted, truth, weight), float(error)


def _subset_accuracy(predicted: Array, truth: Array, weight: Array) -> float:
    return float(np.average((predicted == truth).all(axis=1), weights=weight))


def _micro(predicted: Array, truth: Array, weight: Array) -> float:
    hits, wrong = _hits_and_errors(predicted, truth, weight)
    return float(_f1(hits.sum(), wrong.sum()))


def _macro(predicted: Array, truth: Array, weight: Array) -> float:
    return float(_f1(*_hits_and_errors(predicted, truth, weight)).mean())


def _hits_and_errors(predicted: Array, truth: Array, weight: Array) -> tuple[Array, Array]:
    """Return for each label the true positives, and the false positives and negatives."""
    return weight @ (predicted & truth), weight @ (predicted ^ truth)


def _f1(hits: Array, wrong: Array) -> Array:
    return np.asarray(2 * hits / np.maximum(2 * hits + wrong, np.finfo(np.float64).tiny))
