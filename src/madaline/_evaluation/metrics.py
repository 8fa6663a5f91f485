"""A metric may choose recipes, epochs and the ensemble; gradients remain those of the loss."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np

from madaline._data.target import ClassEncoder, JointEncoder, TargetEncoder
from madaline._evaluation.score import Score
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss
from madaline.records.model_decisions import ThresholdChosen

# From confusion matrices, (..., true class, predicted class), to values; higher is better.
Measure: TypeAlias = Callable[[Array], Array]

EVEN = 0.5  # the threshold of the most probable class
LEAST = 1e-12  # distance of a threshold from 0 and 1, at least

# From the truth, predictions and weights to a value.
Function: TypeAlias = Callable[[Array, Array, Array | None], float]

# Share of the loss that is added to a metric, to tell outputs of equal value apart.
TIE_BREAK = 1e-6
BLOCKS = 20  # parts of the rows for the jackknife, which leaves one of them out at a time


def tune_threshold(
    measure: Measure,
    name: str,
    # (n_samples,), out-of-fold probability of the second class, fold after fold
    probability: Array,
    positive: Array,  # (n_samples,) Booleans, whether a row is of that class
    bounds: Sequence[int],  # (n_folds + 1,), where each fold starts, and where the last one ends
    weight: Array | None = None,  # (n_samples,)
    *,
    higher_is_better: bool = True,
    epoch: int = 0,
) -> ThresholdChosen:
    """Find the best threshold, and evaluate it on folds that it was not tuned on.

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


def _f1_of_counts(counts: Array) -> Array:
    hits = counts[..., 1, 1]
    return _divided(2 * hits, 2 * hits + counts[..., 0, 1] + counts[..., 1, 0])


def _balanced_accuracy_of_counts(counts: Array) -> Array:
    recalls = _divided(np.diagonal(counts, axis1=-2, axis2=-1), counts.sum(axis=-1))
    return np.asarray(recalls.mean(axis=-1))


def _matthews_of_counts(counts: Array) -> Array:
    determinant = counts[..., 0, 0] * counts[..., 1, 1] - counts[..., 0, 1] * counts[..., 1, 0]
    margins = counts.sum(axis=-1).prod(axis=-1) * counts.sum(axis=-2).prod(axis=-1)
    return _divided(determinant, np.sqrt(margins))


def _negative_cost(costs: Array, counts: Array) -> Array:
    return -_divided((costs * counts).sum(axis=(-2, -1)), counts.sum(axis=(-2, -1)))


def _divided(values: Array, by: Array) -> Array:
    return np.divide(values, by, out=np.zeros(np.shape(values)), where=np.asarray(by) > 0)


# Metrics of decisions, for which the threshold of two classes is tuned.
MEASURES: dict[str, Measure] = {
    "f1": _f1_of_counts,
    "balanced_accuracy": _balanced_accuracy_of_counts,
    "matthews_corrcoef": _matthews_of_counts,
}


@dataclass(frozen=True, eq=False)
class Metric:
    """A metric and the rows to evaluate it on (final)."""

    name: str  # as in scikit-learn
    # From truth, predictions (probabilities of classes, or numbers) and weights to a value
    function: Function
    higher_is_better: bool  # whether higher values are better
    truth: Array  # (n_samples,), class indices, labels or numbers, as `function` expects them
    perfect: Array  # (n_samples,), perfect predictions
    target_encoder: TargetEncoder  # converts predictions to the target's own unit
    loss: Loss  # owns the inverse link
    weight: Array | None  # (n_samples,), weight of each row, without those of classes
    n_evaluated: int  # number of rows to evaluate, the first ones

    @cached_property
    def best(self) -> float:
        """The value of perfect predictions."""
        cannot = f"metric {self.name} cannot be computed on these {self.n_evaluated} rows"
        remedy = "choose another metric, or other rows to evaluate."
        try:
            best = self._of(self.perfect[: self.n_evaluated], slice(0, self.n_evaluated))
        except InputError:
            raise
        except (ValueError, TypeError, ArithmeticError) as error:
            raise InputError(f"{cannot} ({str(error).rstrip('.')}): {remedy}") from error
        if not np.isfinite(best):
            raise InputError(f"{cannot} (perfect predictions give {best}): {remedy}")
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
        # (n_evaluated, n_outputs), raw outputs of the networks and of constants, of which the mean
        # is taken
        output: Array,
        # (n_evaluated, n_outputs), raw outputs of the networks and of constants, of which the mean
        # is taken
        prior: Array,
        groups: Array | None,  # (n_evaluated,) ints, rows of one group are not independent
    ) -> Score:
        """Return the metric of the evaluated rows, beside that of a constant.

        The standard error is that of the jackknife over `BLOCKS` blocks of rows, or of groups.
        """
        rows = np.arange(self.n_evaluated)
        constant = np.broadcast_to(prior.mean(axis=0), prior.shape)
        blocks = (rows if groups is None else groups) % BLOCKS
        values = [self.value(output[blocks != b], rows[blocks != b]) for b in np.unique(blocks)]
        known = [
            value for value in values if np.isfinite(value)
        ]  # without a block, all may be alike
        error = np.sqrt((len(known) - 1) * np.var(known)) if known else 0.0
        value, baseline = self.value(output, rows), self.value(constant, rows)
        return Score(self.name, value, float(error), baseline, self.higher_is_better)

    def _of(self, prediction: Array, rows: slice | Array) -> float:
        weight = None if self.weight is None else self.weight[rows]
        value: Any = self.function(self.truth[rows], prediction, weight)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise InputError(
                f"metric {self.name} returned {value!r}: let it return a number, larger for better."
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

    See `Metric` for the other parameters. It raises `InputError` if the metric does not suit the
    target.
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
        name, higher_is_better = getattr(wanted, "__name__", type(wanted).__name__), True
        function: Function = partial(_unweighted, wanted)
        if isinstance(target_encoder, ClassEncoder):
            truth = target_encoder.classes[truth]
    else:
        name, function, higher_is_better = (CLASS_METRICS | NUMBER_METRICS)[wanted]
        if wanted == "quantile":
            function = partial(_sklearn, "mean_pinball_loss", alpha=quantile)
        if joint is not None:
            function = partial(_mean_over_targets, function, joint.of_classes)
    metric = Metric(
        name, function, higher_is_better, truth, perfect, target_encoder, loss, weight, n_evaluated
    )
    _ = metric.best  # raises an error now, not after training
    return metric


def _unweighted(
    function: Callable[[Array, Array], float], truth: Array, prediction: Array, _: Array | None
) -> float:
    return function(truth, prediction)


def _mean_over_targets(
    function: Function, of_classes: bool, truth: Array, prediction: Array, weight: Array | None
) -> float:
    """Return the mean of a metric over several targets, of labels by their probabilities."""
    if of_classes:
        truth, prediction = truth.astype(np.intp), np.stack([1 - prediction, prediction], axis=2)
    pairs = zip(truth.T, np.moveaxis(prediction, 1, 0), strict=True)
    return float(np.mean([function(own, found, weight) for own, found in pairs]))


def _sklearn(
    name: str, truth: Array, prediction: Array, weight: Array | None, **options: Any
) -> float:
    import sklearn.metrics

    function = getattr(sklearn.metrics, name)
    return float(function(truth, prediction, sample_weight=weight, **options))


def _accuracy(truth: Array, probability: Array, weight: Array | None) -> float:
    return _sklearn("accuracy_score", truth, probability.argmax(axis=1), weight)


def _balanced_accuracy(truth: Array, probability: Array, weight: Array | None) -> float:
    # The mean recall of the classes in `truth`; scikit-learn's balanced_accuracy_score warns where
    # a class is predicted that no row has.
    labels, predicted = np.unique(truth), probability.argmax(axis=1)
    return _sklearn("recall_score", truth, predicted, weight, labels=labels, average="macro")


def _f1(truth: Array, probability: Array, weight: Array | None) -> float:
    average = "binary" if probability.shape[1] == 2 else "macro"
    predicted = probability.argmax(axis=1)
    return _sklearn("f1_score", truth, predicted, weight, average=average, zero_division=0.0)


def _matthews(truth: Array, probability: Array, weight: Array | None) -> float:
    return _sklearn("matthews_corrcoef", truth, probability.argmax(axis=1), weight)


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


# Metrics of classes other than the log loss: name, function, and whether higher is better.
CLASS_METRICS: dict[str, tuple[str, Function, bool]] = {
    "accuracy": ("accuracy", _accuracy, True),
    "balanced_accuracy": ("balanced_accuracy", _balanced_accuracy, True),
    "roc_auc": ("roc_auc", _roc_auc, True),
    "average_precision": ("average_precision", _average_precision, True),
    "f1": ("f1", _f1, True),
    "matthews_corrcoef": ("matthews_corrcoef", _matthews, True),
    "brier": ("brier", _brier, False),
}

# Metrics of numbers: name, function, and whether higher is better.
NUMBER_METRICS: dict[str, tuple[str, Function, bool]] = {
    "r2": ("r2", partial(_sklearn, "r2_score"), True),
    "squared": ("mean_squared_error", partial(_sklearn, "mean_squared_error"), False),
    "absolute": ("mean_absolute_error", partial(_sklearn, "mean_absolute_error"), False),
    "quantile": ("mean_pinball_loss", partial(_sklearn, "mean_pinball_loss"), False),
    "poisson": ("mean_poisson_deviance", _poisson, False),
}
