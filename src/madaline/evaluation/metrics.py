"""A metric judges instead of the loss: it chooses recipes, epochs and the mix, not the gradient."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, TypeAlias

import numpy as np

from madaline.data.target import ClassEncoder, TargetEncoder
from madaline.errors import InputError
from madaline.evaluation.score import Score
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss

Function: TypeAlias = Callable[[Array, Array, Array | None], float]
"""From the truth, predictions and weights to a value."""

TIE = 1e-6
"""Share of the loss in what is made small: it tells outputs apart that a metric does not."""

BLOCKS = 20
"""Parts of the rows, one of which is left out at a time, to see how far off a value may be."""


@dataclass(frozen=True, eq=False)
class Metric:
    """A metric and the rows that it judges (final).

    Parameters
    ----------
    name : str
        As in scikit-learn.
    function : callable
        From truth, predictions (probabilities of classes, or numbers) and weights to a value.
    higher_is_better : bool
        Whether large values are good.
    truth : ndarray of shape (n_samples,)
        Class numbers, labels or numbers, as `function` wants them, in the order of the examples.
    perfect : ndarray of shape (n_samples,) or (n_samples, n_classes)
        What predictions would be if they were right.
    target_encoder : TargetEncoder
        Makes numbers in the target's own unit of predictions.
    loss : Loss
        Owns the inverse link.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row, without those of classes.
    n_judged : int
        The first so many rows are judged.
    """

    name: str
    function: Function
    higher_is_better: bool
    truth: Array
    perfect: Array
    target_encoder: TargetEncoder
    loss: Loss
    weight: Array | None
    n_judged: int

    @cached_property
    def best(self) -> float:
        """The value of perfect predictions of the judged rows.

        Raises
        ------
        InputError
            If there is none: the metric does not suit these rows.
        """
        cannot = f"metric {self.name} cannot judge these {self.n_judged} rows"
        remedy = "choose another metric, or other rows to be judged."
        try:
            best = self._of(self.perfect[: self.n_judged], slice(0, self.n_judged))
        except (ValueError, TypeError, ArithmeticError) as error:
            if isinstance(error, InputError):
                raise
            raise InputError(f"{cannot} ({str(error).rstrip('.')}): {remedy}") from error
        if not np.isfinite(best):
            raise InputError(f"{cannot} (it makes {best} of perfect predictions): {remedy}")
        return best

    def value(self, output: Array, places: slice | Array) -> float:
        """Return the metric of the raw output of some rows; NaN of outputs that diverged."""
        with np.errstate(over="ignore", invalid="ignore"):
            prediction = self._prediction(output)
        if not np.isfinite(prediction).all():
            return float("nan")
        return self._of(prediction, places)

    def shortfall(self, output: Array, places: slice | Array) -> float:
        """Return by how much the metric of some rows is worse than that of perfect predictions."""
        value = self.value(output, places)
        if np.isnan(value):
            return float("inf")
        return self.best - value if self.higher_is_better else value - self.best

    def score(self, output: Array, prior: Array, groups: Array | None) -> Score:
        """Return the metric of the judged rows, beside that of a constant.

        The standard error is that of the jackknife: the rows, or groups of rows, are dealt into
        `BLOCKS` blocks, and the metric is taken without each of them in turn.

        Parameters
        ----------
        output, prior : ndarray of shape (n_judged, n_outputs)
            Raw outputs of the networks and of constants, of which the mean is taken.
        groups : int ndarray of shape (n_judged,), optional
            Rows of one group are not independent.
        """
        places = np.arange(self.n_judged)
        constant = np.broadcast_to(prior.mean(axis=0), prior.shape)
        blocks = (places if groups is None else groups) % BLOCKS
        without = [
            self.value(output[blocks != block], places[blocks != block])
            for block in np.unique(blocks)
        ]
        known = [value for value in without if np.isfinite(value)]  # a block may be all of a class
        spread = np.sqrt((len(known) - 1) * np.var(known)) if known else 0.0
        return Score(
            self.name,
            self.value(output, places),
            float(spread),
            self.value(constant, places),
            self.higher_is_better,
        )

    def _of(self, prediction: Array, places: slice | Array) -> float:
        weight = None if self.weight is None else self.weight[places]
        value: Any = self.function(self.truth[places], prediction, weight)
        try:
            return float(value)
        except (TypeError, ValueError):
            raise InputError(
                f"metric {self.name} returned {value!r}: let it return a number, larger for better."
            ) from None

    def _prediction(self, output: Array) -> Array:
        prediction = self.loss.prediction(output.astype(np.float64))
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
    n_judged: int,
) -> Metric:
    """Return the metric that is wanted.

    Parameters
    ----------
    wanted : str or callable
        One of `CLASS_METRICS` or `NUMBER_METRICS`, or a function of truth and predictions.
    target_encoder : TargetEncoder
        Of the target.
    loss : Loss
        What networks make small.
    target : ndarray of shape (n_samples,)
        Labels or numbers, in the order of the examples.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    quantile : float
        Which one the pinball loss is about.
    n_judged : int
        The first so many rows are judged.

    Raises
    ------
    InputError
        If the metric does not suit the target.
    """
    codes = target_encoder.encode(target)
    if isinstance(target_encoder, ClassEncoder):
        truth, perfect = codes, np.eye(len(target_encoder.classes))[codes]
    else:
        truth = perfect = np.asarray(target, np.float64)
    if callable(wanted):
        name = getattr(wanted, "__name__", type(wanted).__name__)
        truth = target_encoder.classes[codes] if isinstance(target_encoder, ClassEncoder) else truth
        function: Function = partial(_unweighted, wanted)
        higher_is_better = True
    elif wanted == "quantile":
        name, higher_is_better = "mean_pinball_loss", False
        function = partial(_pinball, level=quantile)
    else:
        name, function, higher_is_better = (CLASS_METRICS | NUMBER_METRICS)[wanted]
    metric = Metric(
        name, function, higher_is_better, truth, perfect, target_encoder, loss, weight, n_judged
    )
    _ = metric.best  # complain before training, not after
    return metric


def _unweighted(
    function: Callable[[Array, Array], float], truth: Array, prediction: Array, _: Array | None
) -> float:
    return function(truth, prediction)


def _accuracy(truth: Array, probability: Array, weight: Array | None) -> float:
    from sklearn.metrics import accuracy_score

    return float(accuracy_score(truth, probability.argmax(axis=1), sample_weight=weight))


def _balanced_accuracy(truth: Array, probability: Array, weight: Array | None) -> float:
    from sklearn.metrics import recall_score

    # The mean recall of the classes that there are; scikit-learn's own name for it warns where a
    # class is predicted that no row has.
    present = np.unique(truth)
    labels = probability.argmax(axis=1)
    return float(recall_score(truth, labels, labels=present, average="macro", sample_weight=weight))


def _f1(truth: Array, probability: Array, weight: Array | None) -> float:
    from sklearn.metrics import f1_score

    average = "binary" if probability.shape[1] == 2 else "macro"
    labels = probability.argmax(axis=1)
    return float(f1_score(truth, labels, average=average, sample_weight=weight, zero_division=0.0))


def _roc_auc(truth: Array, probability: Array, weight: Array | None) -> float:
    from sklearn.metrics import roc_auc_score

    facts = _one_against_all(truth, probability)
    if facts[0].size == 0 or np.ptp(facts[0]) == 0:  # nothing to be ranked
        return float("nan")
    return float(roc_auc_score(*facts, sample_weight=weight))


def _average_precision(truth: Array, probability: Array, weight: Array | None) -> float:
    from sklearn.metrics import average_precision_score

    facts = _one_against_all(truth, probability)
    return float(average_precision_score(*facts, sample_weight=weight))


def _brier(truth: Array, probability: Array, weight: Array | None) -> float:
    if probability.shape[1] == 2:
        rows = np.square(probability[:, 1] - truth)
    else:
        rows = np.square(probability - np.eye(probability.shape[1])[truth]).sum(axis=1)
    return float(np.average(rows, weights=weight))


def _one_against_all(truth: Array, probability: Array) -> tuple[Array, Array]:
    """Return which rows are of each class, and its probability; of two, of the second class.

    Of several classes, those that no row or every row has are left out: nothing can be ranked.
    """
    if probability.shape[1] == 2:
        return truth, probability[:, 1]
    one_hot = np.eye(probability.shape[1])[truth]
    some = (one_hot.min(axis=0) == 0) & (one_hot.max(axis=0) == 1)
    return one_hot[:, some], probability[:, some]


def _r2(truth: Array, prediction: Array, weight: Array | None) -> float:
    from sklearn.metrics import r2_score

    return float(r2_score(truth, prediction, sample_weight=weight))


def _squared(truth: Array, prediction: Array, weight: Array | None) -> float:
    from sklearn.metrics import mean_squared_error

    return float(mean_squared_error(truth, prediction, sample_weight=weight))


def _absolute(truth: Array, prediction: Array, weight: Array | None) -> float:
    from sklearn.metrics import mean_absolute_error

    return float(mean_absolute_error(truth, prediction, sample_weight=weight))


def _poisson(truth: Array, prediction: Array, weight: Array | None) -> float:
    from sklearn.metrics import mean_poisson_deviance

    # The deviance of a count that was predicted as impossible is infinite: as nearly impossible.
    possible = np.maximum(prediction, 1e-6 * max(float(np.mean(truth)), 1e-300))
    return float(mean_poisson_deviance(truth, possible, sample_weight=weight))


def _pinball(truth: Array, prediction: Array, weight: Array | None, level: float = 0.5) -> float:
    from sklearn.metrics import mean_pinball_loss

    return float(mean_pinball_loss(truth, prediction, sample_weight=weight, alpha=level))


CLASS_METRICS: dict[str, tuple[str, Function, bool]] = {
    "accuracy": ("accuracy", _accuracy, True),
    "balanced_accuracy": ("balanced_accuracy", _balanced_accuracy, True),
    "roc_auc": ("roc_auc", _roc_auc, True),
    "average_precision": ("average_precision", _average_precision, True),
    "f1": ("f1", _f1, True),
    "brier": ("brier", _brier, False),
}
"""What may judge classes instead of the log loss: its name, and whether large is good."""

NUMBER_METRICS: dict[str, tuple[str, Function, bool]] = {
    "r2": ("r2", _r2, True),
    "squared": ("mean_squared_error", _squared, False),
    "absolute": ("mean_absolute_error", _absolute, False),
    "quantile": ("mean_pinball_loss", _pinball, False),
    "poisson": ("mean_poisson_deviance", _poisson, False),
}
"""What may judge numbers instead of the loss."""
