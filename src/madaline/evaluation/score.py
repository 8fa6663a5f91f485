"""An honest score: every row was judged by networks that never saw it.

What the networks of all folds add to that, as they predict together, comes from `FoldOutputs`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.evaluation.averaging import FoldOutputs
from madaline.nn.arrays import Array
from madaline.nn.losses import Absolute, Loss, Poisson, Quantile, Squared

LOSS_METRICS: dict[type[Loss], tuple[str, float]] = {
    Absolute: ("mean_absolute_error", 1.0),
    Quantile: ("mean_pinball_loss", 1.0),
    Poisson: ("mean_poisson_deviance", 2.0),
}
"""What scikit-learn calls a loss, and how many times the loss that is."""


@dataclass(frozen=True)
class Score:
    """One metric on out-of-fold predictions, beside what a constant reaches.

    Parameters
    ----------
    metric : str
        Name of the metric, as in scikit-learn.
    value : float
        The networks' value, all folds' together.
    standard_error : float
        How far off the value may easily be, from the scatter of the rows.
    constant : float
        What always predicting the same, as well as that can be done, reaches.
    higher_is_better : bool
        Whether large is good.
    gain : float, default=0
        How much of the value is averaging over folds adds to the out-of-fold predictions.
    """

    metric: str
    value: float
    standard_error: float
    constant: float
    higher_is_better: bool
    gain: float = 0.0

    @property
    def out_of_fold(self) -> float:
        """The value of the out-of-fold predictions, each of the networks of one fold."""
        return self.value - self.gain

    def __str__(self) -> str:
        """Say the score in one line."""
        return (
            f"{self.metric} {self.value:.4g} ± {self.standard_error:.2g}"
            f" (a constant: {self.constant:.4g})"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the score as JSON-able values."""
        return asdict(self)


def classification_scores(
    loss: Loss,
    output: Array,
    prior: Array,
    target: Array,
    weight: Array | None = None,
    groups: Array | None = None,
    *,
    balanced: bool = False,
    fold_outputs: FoldOutputs | None = None,
) -> tuple[Score, ...]:
    """Return accuracy and log loss of raw outputs beside those of the best constants.

    Parameters
    ----------
    loss : Loss
        A cross-entropy.
    output, prior : ndarray of shape (n_samples, n_outputs)
        Raw out-of-fold outputs of the networks and of constants.
    target : ndarray of shape (n_samples, n_outputs)
        One-hot classes, or 0 and 1.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    groups : int ndarray of shape (n_samples,), optional
        Rows of one group are not independent: errors are those of groups.
    balanced : bool, default=False
        Whether the mean of the classes' accuracies is also wanted.
    fold_outputs : FoldOutputs, optional
        The outputs of the networks of all folds, which tell how much averaging them gains.
    """

    def loss_rows(output: Array, target: Array) -> Array:
        return np.asarray(loss.rows(output, target), np.float64)

    hits = [_hits(one, target) for one in (output, prior)]
    losses = [loss_rows(one, target) for one in (output, prior)]
    gains = [_gain(fold_outputs, measure) for measure in (_hits, loss_rows)]
    accuracy = _mean_score("accuracy", hits, weight, groups, gains[0], higher_is_better=True)
    log_loss = _mean_score("log_loss", losses, weight, groups, gains[1], higher_is_better=False)
    if not balanced:
        return accuracy, log_loss
    codes = _codes(target)
    return accuracy, _balanced_accuracy(hits, codes, weight, groups, fold_outputs), log_loss


def regression_scores(
    loss: Loss,
    output: Array,
    prior: Array,
    target: Array,
    weight: Array | None = None,
    groups: Array | None = None,
    *,
    means: Array | None = None,
    scale: float,
    fold_outputs: FoldOutputs | None = None,
) -> tuple[Score, ...]:
    """Return how well numbers are predicted, in the target's own unit.

    Of a mean, R² and the root mean squared error; of a median, a quantile or the mean of amounts,
    the mean of their own loss, and R².

    Parameters
    ----------
    loss : Loss
        What the networks make small.
    output, prior : ndarray of shape (n_samples, 1)
        Raw outputs of the networks and of the constants that make the loss smallest.
    target : ndarray of shape (n_samples, 1)
        The truth, in units of `scale`.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    groups : int ndarray of shape (n_samples,), optional
        Rows of one group are not independent: errors are those of groups.
    means : ndarray of shape (n_samples, 1), optional
        Mean targets, which R² compares with; the predictions of `prior` by default.
    scale : float
        How many of the target's units is one.
    fold_outputs : FoldOutputs, optional
        The outputs of the networks of all folds, which tell how much averaging them gains.
    """

    def squares(output: Array, target: Array) -> Array:
        return _squares(loss.prediction(output), target)

    predictions = [loss.prediction(one) for one in (output, prior)]
    reference = predictions[1] if means is None else means
    gain = _gain(fold_outputs, squares)
    explained = _explained(predictions[0], reference, target, weight, groups, gain)
    if isinstance(loss, Squared):
        return explained, _root_mean_square(predictions, target, weight, groups, scale, gain)
    name, factor = LOSS_METRICS[type(loss)]

    def loss_rows(output: Array, target: Array) -> Array:
        return factor * scale * np.asarray(loss.rows(output, target), np.float64)

    losses = [loss_rows(one, target) for one in (output, prior)]
    own = _gain(fold_outputs, loss_rows)
    return _mean_score(name, losses, weight, groups, own, higher_is_better=False), explained


def standard_errors_better(
    loss: Loss,
    output: Array,
    prior: Array,
    target: Array,
    weight: Array | None = None,
    groups: Array | None = None,
) -> float:
    """Return by how many standard errors the networks' loss is below that of constants.

    The difference is taken row by row, so what makes a row hard for both cancels.
    """
    gain = (loss.rows(prior, target) - loss.rows(output, target)).astype(np.float64)
    mean, error = mean_and_error(gain, weight, groups)
    return mean / error if error else (0.0 if mean == 0 else float(np.sign(mean)) * np.inf)


def _gain(fold_outputs: FoldOutputs | None, measure: Callable[[Array, Array], Array]) -> float:
    return 0.0 if fold_outputs is None else fold_outputs.gain(measure)


def _explained(
    prediction: Array,
    means: Array,
    target: Array,
    weight: Array | None,
    groups: Array | None,
    gain: float,
) -> Score:
    """Return R²."""
    squares = [_squares(one, target) for one in (prediction, means)]
    model, constant = (mean_and_error(values, weight, groups)[0] for values in squares)
    if not constant:
        return Score("r2", 0.0, 0.0, 0.0, True)
    explained = 1 - model / constant
    relative = squares[0] - (1 - explained) * squares[1]  # delta method for a ratio of means
    error = mean_and_error(relative, weight, groups)[1] / constant
    return _averaged_score("r2", explained, -gain / constant, error, 0.0, higher_is_better=True)


def _root_mean_square(
    predictions: list[Array],
    target: Array,
    weight: Array | None,
    groups: Array | None,
    scale: float,
    gain: float,
) -> Score:
    """Return the root mean squared error in the target's own unit."""
    squares = [_squares(one, target) for one in predictions]
    (model, error), (constant, _) = (mean_and_error(one, weight, groups) for one in squares)
    alone, root, root_constant = np.sqrt([model, max(0.0, model + gain), constant]).tolist()
    error = scale * error / (2 * root) if root else 0.0
    return _averaged_score(
        "rmse",
        scale * alone,
        scale * (root - alone),
        error,
        scale * root_constant,
        higher_is_better=False,
    )


def _squares(prediction: Array, target: Array) -> Array:
    return np.square((prediction - target).astype(np.float64)[:, 0])


def _hits(output: Array, target: Array) -> Array:
    if target.shape[1] == 1:
        hits = ((output > 0) == (target > 0.5))[:, 0]
    else:
        hits = output.argmax(axis=1) == target.argmax(axis=1)
    return np.asarray(hits, np.float64)


def _codes(target: Array) -> Array:
    """Return the number of each row's class, shape (n_samples,)."""
    if target.shape[1] == 1:
        return (target[:, 0] > 0.5).astype(np.intp)
    return np.asarray(target.argmax(axis=1))


def _balanced_accuracy(
    hits: list[Array],
    codes: Array,
    weight: Array | None,
    groups: Array | None,
    fold_outputs: FoldOutputs | None,
) -> Score:
    """Return the mean over the classes of the share of their rows that are right.

    Its error is that of a mean of rows of which each class has the same weight in all, and of which
    only what is better or worse than the rest of its class is left to chance.
    """
    totals = np.bincount(codes, weight)
    present = totals > 0
    shares = [np.bincount(codes, _times(one, weight))[present] / totals[present] for one in hits]
    of_class = np.zeros(len(totals))
    of_class[present] = shares[0]
    even = _times((1 / np.where(present, totals, 1))[codes], weight)
    error = mean_and_error(hits[0] - of_class[codes], even, groups)[1]
    value, constant = (float(one.mean()) for one in shares)
    gain = 0.0
    if fold_outputs is not None:
        asked = _codes(fold_outputs.target)
        share = 1 / np.maximum(np.bincount(asked, fold_outputs.weight), np.finfo(np.float64).tiny)
        gain = fold_outputs.gain(_hits, _times(share[asked], fold_outputs.weight))
    return _averaged_score("balanced_accuracy", value, gain, error, constant, higher_is_better=True)


def _times(values: Array, weight: Array | None) -> Array:
    return values if weight is None else values * weight


def _mean_score(
    metric: str,
    values: list[Array],
    weight: Array | None,
    groups: Array | None,
    gain: float,
    *,
    higher_is_better: bool,
) -> Score:
    """Return the mean over the rows of the networks' values, beside that of the constants'."""
    mean, error = mean_and_error(values[0], weight, groups)
    constant, _ = mean_and_error(values[1], weight, groups)
    return _averaged_score(metric, mean, gain, error, constant, higher_is_better=higher_is_better)


def _averaged_score(
    metric: str,
    out_of_fold: float,
    gain: float,
    error: float,
    constant: float,
    *,
    higher_is_better: bool,
) -> Score:
    """Return a score with its gain, which ends where nothing is left to gain."""
    together = out_of_fold + gain
    value = min(1.0, together) if higher_is_better else max(0.0, together)
    return Score(metric, value, error, constant, higher_is_better, value - out_of_fold)


def mean_and_error(
    values: Array, weight: Array | None, groups: Array | None
) -> tuple[float, float]:
    """Return the weighted mean and its standard error by the jackknife.

    Leaving out a group of weight ``w`` and mean ``v`` out of a weight ``W`` in all moves the mean
    by ``w / (W - w) * (v - mean)``; without groups every row is one of its own. So the error stays
    honest where a few rows have most of the weight, and where rows resemble one another.
    """
    weight = np.ones(len(values)) if weight is None else np.asarray(weight, np.float64)
    mean = float(np.average(values, weights=weight))
    excess = weight * (values - mean)
    if groups is not None:
        weight, excess = (np.bincount(groups, rows).astype(np.float64) for rows in (weight, excess))
    rest = np.maximum(weight.sum() - weight, np.finfo(np.float64).tiny)
    return mean, float(np.sqrt(np.square(excess / rest).sum()))
