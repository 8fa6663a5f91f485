"""A metric may choose recipes, epochs and the ensemble; gradients remain those of the loss.

A metric of decisions is a function of the confusion matrix. The most probable class is the best
decision for accuracy. For other such metrics, or where mistakes cost differently, another threshold
of two classes is better. It is tuned on out-of-fold probabilities and evaluated on folds that it
was not tuned on; probabilities stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from madaline._base.language import _
from madaline._race.evaluation.score import Score
from madaline._tables.target import ClassEncoder, JointEncoder, TargetEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss
from madaline.records.model_decisions import ThresholdChosen

# From the truth, predictions (probabilities of classes, or numbers) and weights to a value.
_Function: TypeAlias = Callable[[Array, Array, Array | None], float]

# From confusion matrices, (..., true class, predicted class), to values.
Measure: TypeAlias = Callable[[Array], Array]

TIE_BREAK = 1e-6  # share of the loss added to a metric, to tell outputs of equal value apart
BLOCKS = 20  # parts of the rows for the jackknife, which leaves one of them out at a time
_DEFAULT_THRESHOLD = 0.5  # that of the most probable class
_MIN_THRESHOLD = 1e-12  # distance of a threshold from 0 and 1


class MetricKind(NamedTuple):
    """A metric, whatever rows it is computed for."""

    name: str  # in scikit-learn
    function: _Function
    higher_is_better: bool = True
    measure: Measure | None = None  # of metrics of decisions, for which the threshold is tuned


@dataclass(frozen=True, eq=False)
class Metric:
    """A metric and the rows to evaluate it on."""

    name: str  # in scikit-learn
    function: _Function
    higher_is_better: bool
    truth: Array  # (n_samples,), indices or labels of classes, or numbers
    perfect: Array  # (n_samples,) or (n_samples, n_classes), perfect predictions
    target_encoder: TargetEncoder  # converts predictions to the target's own unit
    loss: Loss  # owns the inverse link
    weight: Array | None  # (n_samples,), weight of each row, without those of classes
    n_evaluated: int  # number of rows to evaluate, the first ones

    @cached_property
    def best(self) -> float:
        """The value of perfect predictions; `InputError` if the metric does not suit these rows."""
        cannot = _("metric {name} cannot be computed on these {n_evaluated} rows").format(
            name=self.name, n_evaluated=self.n_evaluated
        )
        remedy = "choose another metric, or other rows to evaluate."
        try:
            best = self._of(self.perfect[: self.n_evaluated], slice(0, self.n_evaluated))
        except InputError:
            raise
        except (ValueError, TypeError, ArithmeticError) as error:
            raise InputError(
                "{cannot} ({error}): {remedy}",
                cannot=cannot,
                error=str(error).rstrip("."),
                remedy=remedy,
            ) from error
        if not np.isfinite(best):
            raise InputError(
                "{cannot} (perfect predictions give {best}): {remedy}",
                cannot=cannot,
                best=best,
                remedy=remedy,
            )
        return best

    def value(self, output: Array, rows: slice | Array) -> float:
        """Return the metric of the raw output of some rows; NaN of outputs that diverged."""
        with np.errstate(over="ignore", invalid="ignore"):
            prediction = self._prediction(output)
        return self._of(prediction, rows) if np.isfinite(prediction).all() else float("nan")

    def distance(self, output: Array, rows: slice | Array) -> float:
        """Return the distance of the metric of some rows to that of perfect predictions."""
        value = self.value(output, rows)
        if np.isnan(value):
            return float("inf")
        return self.best - value if self.higher_is_better else value - self.best

    def score(
        self,
        output: Array,  # (n_evaluated, n_outputs), raw outputs of the networks
        prior: Array,  # of the same shape: those of constants, of which the mean is taken
        groups: Array | None,  # (n_evaluated,), rows of one group are not independent
    ) -> Score:
        """Return the metric of the evaluated rows, beside that of a constant.

        The standard error is that of the jackknife over `BLOCKS` blocks of rows, or of groups.
        """
        rows = np.arange(self.n_evaluated)
        constant = np.broadcast_to(prior.mean(axis=0), prior.shape)
        blocks = (rows if groups is None else groups) % BLOCKS
        values = [self.value(output[blocks != b], rows[blocks != b]) for b in np.unique(blocks)]
        finite = [value for value in values if np.isfinite(value)]  # a block may be all of a class
        error = np.sqrt((len(finite) - 1) * np.var(finite)) if finite else 0.0
        value, baseline = self.value(output, rows), self.value(constant, rows)
        return Score(self.name, value, float(error), baseline, self.higher_is_better)

    def _of(self, prediction: Array, rows: slice | Array) -> float:
        weight = None if self.weight is None else self.weight[rows]
        value: Any = self.function(self.truth[rows], prediction, weight)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise InputError(
                "metric {name} returned {value!r}: let it return a number, larger for better.",
                name=self.name,
                value=value,
            ) from None

    def _prediction(self, output: Array) -> Array:
        prediction = self.loss.prediction(output.astype(np.float64))
        if isinstance(self.target_encoder, JointEncoder) and self.target_encoder.of_classes:
            return prediction
        if not isinstance(self.target_encoder, ClassEncoder):
            return self.target_encoder.decode(prediction)
        if prediction.shape[1] == 1:
            return np.concatenate([1 - prediction, prediction], axis=1)
        return prediction


def make_metric(
    wanted: str | Callable[[Array, Array], float],
    target_encoder: TargetEncoder,
    loss: Loss,
    target: Array,
    weight: Array | None,
    *,
    quantile: float,
    n_evaluated: int,
) -> Metric:
    """Return one of `CLASS_METRICS` or `NUMBER_METRICS`, or a function of truth and predictions.

    `InputError` if the metric does not suit the target.
    """
    joint = target_encoder if isinstance(target_encoder, JointEncoder) else None
    if joint is not None and joint.of_classes:
        truth = perfect = target_encoder.encode(target).astype(np.float64)
    elif isinstance(target_encoder, ClassEncoder):
        truth = target_encoder.encode(target)
        perfect = np.eye(len(target_encoder.classes))[truth]
    else:
        truth = perfect = np.asarray(target, np.float64)
    if callable(wanted):
        name = getattr(wanted, "__name__", type(wanted).__name__)
        higher_is_better = True
        function: _Function = partial(_unweighted, wanted)
        if isinstance(target_encoder, ClassEncoder):
            truth = target_encoder.classes[truth]
    else:
        name, function, higher_is_better, _ = (CLASS_METRICS | NUMBER_METRICS)[wanted]
        if wanted == "quantile":
            function = partial(_sklearn, "mean_pinball_loss", alpha=quantile)
        if joint is not None:
            function = partial(_mean_over_targets, function, joint.of_classes)
    metric = Metric(
        name, function, higher_is_better, truth, perfect, target_encoder, loss, weight, n_evaluated
    )
    _ = metric.best  # raises an error now, not after training
    return metric


def tune_threshold(
    metric: MetricKind,  # of decisions
    probability: Array,  # (n_samples,), out of fold, of the second class, fold after fold
    positive: Array,  # (n_samples,) Booleans, whether a row is of that class
    bounds: Sequence[int],  # (n_folds + 1,), where each fold starts, and where the last one ends
    weight: Array | None = None,  # (n_samples,)
    *,
    epoch: int = 0,
) -> ThresholdChosen:
    """Find the best threshold, and evaluate it on folds that it was not tuned on."""
    measure = metric.measure
    assert measure is not None
    weights = np.ones(len(positive)) if weight is None else weight.astype(np.float64)
    score = measure if metric.higher_is_better else lambda counts: -measure(counts)
    counts = np.zeros((2, 2))
    indices = np.arange(len(positive))
    for start, stop in pairwise(bounds):
        others = np.delete(indices, slice(start, stop))
        best = _best_threshold(score, probability[others], positive[others], weights[others])
        fold = slice(start, stop)
        counts += _confusion(positive[fold], probability[fold] > best, weights[fold])
    before = measure(_confusion(positive, probability > _DEFAULT_THRESHOLD, weights))
    best = _best_threshold(score, probability, positive, weights)
    values = float(before), float(measure(counts))
    subject = "the ensemble"
    return ThresholdChosen(epoch, subject, best, metric.name, *values, metric.higher_is_better)


def cost_metric(costs: Array) -> MetricKind:
    """Return the mean cost of a row, given those by true and by predicted class."""
    measure = partial(_mean_cost, np.asarray(costs, np.float64))
    return _of_decisions("cost", measure, higher_is_better=False)


def _best_threshold(score: Measure, probability: Array, positive: Array, weight: Array) -> float:
    """Return the threshold of the highest score, in the middle between two probabilities."""
    order = np.argsort(probability, kind="stable")
    ordered = probability[order]
    of_class = np.stack([~positive, positive]) * weight  # (true class, row)
    below = np.cumsum(of_class[:, order], axis=1)
    ends = np.flatnonzero(np.diff(ordered))  # the last row below each possible threshold
    if not len(ends):
        return _DEFAULT_THRESHOLD
    predicted_first = below[:, ends].T  # (threshold, true class)
    values = score(np.stack([predicted_first, below[:, -1] - predicted_first], axis=2))
    # Of equally good ones, the one in the middle is the least a matter of chance.
    good = np.flatnonzero(values >= values.max() - 1e-12)
    end = ends[good[len(good) // 2]]
    middle = float((ordered[end] + ordered[end + 1]) / 2)
    return min(max(middle, _MIN_THRESHOLD), 1 - _MIN_THRESHOLD)


def _confusion(truth: Array, predicted: Array, weight: Array | None, n_classes: int = 2) -> Array:
    """Return the weights of rows by true and by predicted class, (n_classes, n_classes)."""
    index = n_classes * truth.astype(np.intp) + predicted
    counts = np.bincount(index, weight, minlength=n_classes**2)
    return counts.reshape(n_classes, n_classes).astype(np.float64)


def _of_decisions(name: str, measure: Measure, *, higher_is_better: bool = True) -> MetricKind:
    """Return the metric that measures the confusion matrix of the most probable classes."""
    return MetricKind(name, partial(_measure_decisions, measure), higher_is_better, measure)


def _measure_decisions(
    measure: Measure, truth: Array, probability: Array, weight: Array | None
) -> float:
    predicted = probability.argmax(axis=1)
    n_classes = probability.shape[1]
    return float(measure(_confusion(truth, predicted, weight, n_classes)))


def _accuracy(counts: Array) -> Array:
    return np.asarray(np.trace(counts, axis1=-2, axis2=-1) / counts.sum(axis=(-2, -1)))


def _balanced_accuracy(counts: Array) -> Array:
    """Return the mean recall of the classes that rows have."""
    totals = counts.sum(axis=-1)
    return _mean_over(_divided(np.diagonal(counts, axis1=-2, axis2=-1), totals), totals > 0)


def _f1(counts: Array) -> Array:
    """Return F1 of the second of two classes, or its mean over several that occur."""
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    totals = counts.sum(axis=-1) + counts.sum(axis=-2)
    f1 = _divided(2 * hits, totals)
    return f1[..., 1] if counts.shape[-1] == 2 else _mean_over(f1, totals > 0)


def _matthews(counts: Array) -> Array:
    """Return Matthews' correlation, of several classes that of Gorodkin (2004)."""
    true, predicted = counts.sum(axis=-1), counts.sum(axis=-2)  # weights by class
    hits = np.trace(counts, axis1=-2, axis2=-1)
    total = predicted.sum(axis=-1)
    covariance = hits * total - (true * predicted).sum(axis=-1)
    of_predicted = total**2 - (predicted**2).sum(axis=-1)
    of_true = total**2 - (true**2).sum(axis=-1)
    return _divided(covariance, np.sqrt(of_predicted * of_true))


def _mean_cost(costs: Array, counts: Array) -> Array:
    return _divided((costs * counts).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))


def _divided(values: Array, by: Array) -> Array:
    return np.divide(values, by, out=np.zeros(np.shape(values)), where=np.asarray(by) > 0)


def _mean_over(values: Array, counted: Array) -> Array:
    """Return the mean over the last axis of the values that count."""
    return np.asarray(
        np.mean(values, axis=-1, where=counted | ~counted.any(axis=-1, keepdims=True))
    )


def _unweighted(
    function: Callable[[Array, Array], float], truth: Array, prediction: Array, _: Array | None
) -> float:
    return function(truth, prediction)


def _mean_over_targets(
    function: _Function, of_classes: bool, truth: Array, prediction: Array, weight: Array | None
) -> float:
    """Return the mean of a metric over several targets, of labels by their probabilities."""
    if of_classes:
        truth, prediction = truth.astype(np.intp), np.stack([1 - prediction, prediction], axis=2)
    pairs = zip(truth.T, np.moveaxis(prediction, 1, 0), strict=True)
    return float(np.mean([function(*pair, weight) for pair in pairs]))


def _sklearn(
    name: str, truth: Array, prediction: Array, weight: Array | None, **options: Any
) -> float:
    import sklearn.metrics

    function = getattr(sklearn.metrics, name)
    return float(function(truth, prediction, sample_weight=weight, **options))


def _roc_auc(truth: Array, probability: Array, weight: Array | None) -> float:
    positive, scores = _one_against_all(truth, probability)
    if positive.size == 0 or np.ptp(positive) == 0:  # nothing to rank
        return float("nan")
    return _sklearn("roc_auc_score", positive, scores, weight)


def _average_precision(truth: Array, probability: Array, weight: Array | None) -> float:
    return _sklearn("average_precision_score", *_one_against_all(truth, probability), weight)


def _brier(truth: Array, probability: Array, weight: Array | None) -> float:
    if probability.shape[1] == 2:
        rows = np.square(probability[:, 1] - truth)
    else:
        rows = np.square(probability - np.eye(probability.shape[1])[truth]).sum(axis=1)
    return float(np.average(rows, weights=weight))


def _one_against_all(truth: Array, probability: Array) -> tuple[Array, Array]:
    """Return which rows are of each class, and its probability; of two, of the second class.

    Of several classes, those of no row or of every row are left out: nothing can be ranked.
    """
    if probability.shape[1] == 2:
        return truth, probability[:, 1]
    one_hot = np.eye(probability.shape[1])[truth]
    mixed = (one_hot.min(axis=0) == 0) & (one_hot.max(axis=0) == 1)
    return one_hot[:, mixed], probability[:, mixed]


def _poisson(truth: Array, prediction: Array, weight: Array | None) -> float:
    # A count whose prediction is 0 has an infinite deviance: clip at almost impossible.
    possible = np.maximum(prediction, 1e-6 * max(float(np.mean(truth)), 1e-300))
    return _sklearn("mean_poisson_deviance", truth, possible, weight)


def _of_errors(name: str) -> MetricKind:
    return MetricKind(name, partial(_sklearn, name), higher_is_better=False)


# Metrics of classes other than the log loss.
CLASS_METRICS: dict[str, MetricKind] = {
    kind.name: kind
    for kind in (
        _of_decisions("accuracy", _accuracy),
        _of_decisions("balanced_accuracy", _balanced_accuracy),
        MetricKind("roc_auc", _roc_auc),
        MetricKind("average_precision", _average_precision),
        _of_decisions("f1", _f1),
        _of_decisions("matthews_corrcoef", _matthews),
        MetricKind("brier", _brier, higher_is_better=False),
    )
}

DECISION_METRICS = tuple(name for name, kind in CLASS_METRICS.items() if kind.measure)
TUNED_METRICS = tuple(name for name in DECISION_METRICS if name != "accuracy")

# Metrics of numbers, by the names of their losses.
NUMBER_METRICS: dict[str, MetricKind] = {
    "r2": MetricKind("r2", partial(_sklearn, "r2_score")),
    "squared": _of_errors("mean_squared_error"),
    "absolute": _of_errors("mean_absolute_error"),
    "quantile": _of_errors("mean_pinball_loss"),
    "poisson": MetricKind("mean_poisson_deviance", _poisson, higher_is_better=False),
}
