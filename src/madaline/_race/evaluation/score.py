"""Out-of-fold scores: every row is predicted by networks that were not trained on it.

An out-of-fold score uses, for each row, only the networks of its own fold. But those of all folds
will predict together, and the mean errs less than one. How much less, a gain that scores include,
is estimated on rows that the other folds' networks were trained on: the score of their mean beside
the mean of their scores. They agree more there than on new rows, so this is a cautious estimate.

Networks that overfit know these rows by heart, and what their mean gains there is worth nothing on
new rows. So only a share of the gain counts: how much better than constants each row's own networks
are, which never saw it, beside how much better the others are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias, final

import numpy as np

from madaline._base.codec import NOT_STORED, Stored
from madaline._base.language import _, translate_word
from madaline._base.words import METRICS, format_distinct, format_with_error, metric_name
from madaline._race.evaluation.ranking import area_of_rows
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline.nn.arrays import Array
from madaline.nn.losses import Absolute, Loss, Poisson, Quantile, Squared

# From outputs and targets, (n_rows, n_outputs), to a number for each row.
Measure: TypeAlias = Callable[[Array, Array], Array]

# scikit-learn's name of the metric that is a multiple of a loss, and the multiple.
LOSS_METRICS: dict[type[Loss], tuple[str, float]] = {
    Absolute: ("mean_absolute_error", 1.0),
    Quantile: ("mean_pinball_loss", 1.0),
    Poisson: ("mean_poisson_deviance", 2.0),
}

_IN_UNIT = ("rmse", "mean_absolute_error", "mean_pinball_loss")
"""Metrics in the target's unit."""


def written_of(metric: str, target: NumberFormat | None) -> NumberFormat:
    """Return how a metric is written, given how the target is."""
    return PLAIN if target is None or metric not in _IN_UNIT else target


@dataclass(frozen=True, eq=False)
class FoldOutputs:
    """The outputs of the networks of each fold for the same rows.

    References
    ----------
    Krogh and Vedelsby (1995), "Neural network ensembles, cross validation, and active learning":
    the squared error of a mean is the mean of the squared errors less the scatter about the mean.

    Examples
    --------
    Three networks that are one too high, right, and one too low: each alone is 2/3 off in squares.

    >>> from madaline.nn.losses import Squared
    >>> outputs = np.array([[[1.0]] * 3, [[0.0]] * 3, [[-1.0]] * 3])
    >>> fold_outputs = FoldOutputs(outputs, np.arange(3), np.zeros((3, 1)), np.full((3, 1), 9.0))
    >>> round(fold_outputs.gain(lambda output, target: np.square(output - target)[:, 0]), 3)
    -0.667
    """

    outputs: Array  # (n_folds, n_rows, n_outputs), raw outputs of each fold's networks
    own: Array  # (n_rows,) ints, the fold of each row, whose networks are left out
    target: Array  # (n_rows, n_outputs), the true values
    prior: Array  # (n_rows, n_outputs), raw outputs of the best constants
    weight: Array | None = None  # (n_rows,)

    def of_output(self, index: int) -> FoldOutputs:
        """Return one of several outputs."""
        column = slice(index, index + 1)
        parts = {name: getattr(self, name)[..., column] for name in ("outputs", "target", "prior")}
        return replace(self, **parts)

    def gain(self, measure: Measure, weight: Array | None = None) -> float:
        """Return by how much a measure of all folds' mean is above that of one fold's networks.

        It is measured with the k - 1 networks other than the row's own, whose mean keeps a share of
        ``1 / (k - 1)`` of their scatter, and extrapolated to all k, whose mean keeps ``1 / k``.
        With fewer than three folds nothing can be measured, and the gain is zero.
        """
        n_folds = len(self.outputs)
        if n_folds < 3:
            return 0.0
        others = np.arange(n_folds)[:, None] != self.own  # (n_folds, n_rows)
        together = np.einsum("kno,kn->no", self.outputs, others) / (n_folds - 1)
        single = np.stack([measure(output, self.target) for output in self.outputs])
        mean_single = np.where(others, single, 0.0).sum(axis=0) / (n_folds - 1)
        own = self.outputs[self.own, np.arange(len(self.own))]
        measured = mean_single, measure(together, self.target), measure(own, self.target)
        weights = self.weight if weight is None else weight
        trained, mean, new, constant = (
            float(np.average(rows, weights=weights))
            for rows in (*measured, measure(self.prior, self.target))
        )
        share = (new - constant) / (trained - constant) if trained != constant else 0.0
        more = (1 - 1 / n_folds) / (1 - 1 / (n_folds - 1))
        return more * min(1.0, max(0.0, share)) * (mean - trained)


@dataclass(frozen=True)
class Score(Stored):
    """A metric of out-of-fold predictions, beside that of a baseline.

    Attributes
    ----------
    metric : str
        Its name in scikit-learn.
    value : float
        That of the networks of all folds together.
    standard_error : float
        Of the value, from the scatter of the rows.
    baseline : float
        The value of the best constant prediction.
    higher_is_better : bool
        Whether more is better.
    gain : float
        What averaging over folds adds to the out-of-fold value.
    written : NumberFormat
        How it is written: in the target's unit, as far as it has that.
    """

    metric: str
    value: float
    standard_error: float
    baseline: float
    higher_is_better: bool
    gain: float = 0.0
    written: NumberFormat = field(default=PLAIN, compare=False, metadata=NOT_STORED)

    def in_unit(self, target: NumberFormat | None) -> Score:
        """Return the score as it is written where the target is written so."""
        return replace(self, written=written_of(self.metric, target))

    def texts(self, numbers: Iterable[float]) -> list[str]:
        """Return numbers like the value, with the decimals of its standard error."""
        return self.written.texts(format_with_error, numbers, self.standard_error)

    @property
    def estimate(self) -> str:
        """The value with its standard error."""
        return " ± ".join(self.texts((self.value, self.standard_error)))

    @property
    def out_of_fold(self) -> float:
        """The value of the out-of-fold predictions, each by the networks of one fold."""
        return self.value - self.gain

    @property
    def cells(self) -> tuple[str, str, str]:
        """What the metric means, the value with its standard error, and the baseline's."""
        value, error, baseline = self.texts((self.value, self.standard_error, self.baseline))
        shorter = min(baseline, *self.written.texts(format_distinct, [self.baseline]), key=len)
        name = translate_word(METRICS.get(self.metric, self.metric))
        return name, f"{value} ± {error}", shorter

    def __repr__(self) -> str:
        """Return the score in one line."""
        return f"<Score {self}>"

    def __str__(self) -> str:
        """Return the score in one line."""
        value, error = self.texts((self.value, self.standard_error))
        baseline = self.written.show(self.baseline, 4)
        return _("{metric} {value} ± {error} (baseline: {baseline})").format(
            metric=metric_name(self.metric), value=value, error=error, baseline=baseline
        )


@final
@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Raw outputs of networks and of constants for the same rows."""

    output: Array  # (n_samples, n_outputs), raw outputs of the networks
    prior: Array  # of the same shape: those of the constants with the lowest loss
    target: Array  # (n_samples, n_outputs): numbers, one-hot classes, or 0 and 1
    weight: Array | None = None  # (n_samples,)
    groups: Array | None = None  # (n_samples,), rows of one group are not independent
    fold_outputs: FoldOutputs | None = None  # what tells the gain from averaging over folds

    def take(self, rows: Array) -> ScoredRows:
        """Return some rows, each for itself: without groups, and without a gain from averaging."""
        weight = None if self.weight is None else self.weight[rows]
        return ScoredRows(self.output[rows], self.prior[rows], self.target[rows], weight)

    def lowered(self, cut: float) -> ScoredRows:
        """Return the rows with outputs of which the second class is predicted above zero."""
        of_folds = self.fold_outputs
        if of_folds is not None:
            of_folds = replace(of_folds, outputs=of_folds.outputs - cut)
        return replace(self, output=self.output - cut, fold_outputs=of_folds)

    def mean_score(self, metric: str, measure: Measure, *, higher_is_better: bool) -> Score:
        """Return the mean of a measure over the rows."""
        value, error = self._mean(measure(self.output, self.target))
        baseline, _ = self._mean(measure(self.prior, self.target))
        return _score(metric, value, self._gain(measure), error, baseline, higher_is_better)

    def accuracy(self) -> Score:
        """Return the share of rows that are predicted correctly."""
        hits, of_prior = (_hits(output, self.target) for output in (self.output, self.prior))
        value, error = share_and_error(hits, self.weight, self.groups)
        baseline, _ = self._mean(of_prior)
        return _score("accuracy", value, self._gain(_hits), error, baseline, True)

    def r2(self, squares: Measure, means: Array) -> Score:
        """Return R², given the squared errors of outputs and the mean targets."""
        of_model = squares(self.output, self.target)
        of_means = _squares(means, self.target)
        (model, _), (baseline, _) = self._mean(of_model), self._mean(of_means)
        if not baseline:
            return Score("r2", 0.0, 0.0, 0.0, True)
        r2 = 1 - model / baseline
        relative = of_model - (1 - r2) * of_means  # delta method for a ratio of means
        error = self._mean(relative)[1] / baseline
        return _score("r2", r2, -self._gain(squares) / baseline, error, 0.0, True)

    def rmse(self, squares: Measure, scale: float) -> Score:
        """Return the root mean squared error in the target's own unit."""
        (model, error), (baseline, _) = (
            self._mean(squares(output, self.target)) for output in (self.output, self.prior)
        )
        averaged = max(0.0, model + self._gain(squares))
        root, root_averaged, root_baseline = np.sqrt([model, averaged, baseline]).tolist()
        error = scale * error / (2 * root_averaged) if root_averaged else 0.0
        gain = scale * (root_averaged - root)
        return _score("rmse", scale * root, gain, error, scale * root_baseline, False)

    def balanced_accuracy(self) -> Score:
        """Return the mean recall of the classes.

        Its error is that of a mean of rows in which each class has the same total weight, and of
        which only the deviation from the recall of its class is random.
        """
        codes = _codes(self.target)
        totals = np.bincount(codes, self.weight)
        present = totals > 0
        share = 1 / np.where(present, totals, 1)
        hits = [_hits(output, self.target) for output in (self.output, self.prior)]
        recalls, baselines = (
            np.bincount(codes, _times(rows, self.weight)) * share for rows in hits
        )
        even = _times(share[codes], self.weight)
        error = mean_and_error(hits[0] - recalls[codes], even, self.groups)[1]
        if not error:  # of each class all rows are hits, or none is
            error = self._error_of_recalls(codes, present)
        gain = 0.0
        if self.fold_outputs is not None:
            codes = _codes(self.fold_outputs.target)
            weight = self.fold_outputs.weight
            share = 1 / np.maximum(np.bincount(codes, weight), np.finfo(np.float64).tiny)
            gain = self.fold_outputs.gain(_hits, _times(share[codes], weight))
        value, baseline = (float(x[present].mean()) for x in (recalls, baselines))
        return _score("balanced_accuracy", value, gain, error, baseline, True)

    def _error_of_recalls(self, codes: Array, present: Array) -> float:
        """Return the standard error of the mean of recalls that are all 0 or 1."""
        errors = [certain_error(self._size(codes == index)) for index in np.flatnonzero(present)]
        return float(np.sqrt(np.square(errors).sum())) / len(errors)

    def _size(self, rows: Array) -> float:
        """Return how many equal rows tell as much as some rows."""
        parts = (None if part is None else part[rows] for part in (self.weight, self.groups))
        return effective_size(int(rows.sum()), *parts)

    def areas(self, loss: Loss) -> tuple[Score, ...]:
        """Return the area under the ROC curve, in a tuple that is empty where it is not defined."""
        shares = area_of_rows(loss.prediction(self.output), self.target, self.weight)
        if shares is None:
            return ()
        area, error = self._mean(shares)
        if np.ptp(shares) < 1e-12:  # no row is on the wrong side of another
            error = self._error_of_areas()
        gain = 0.0
        if self.fold_outputs is not None:
            weight = self.fold_outputs.weight

            def measure(output: Array, target: Array) -> Array:
                areas = area_of_rows(loss.prediction(output), target, weight)
                return np.zeros(len(output)) if areas is None else areas

            gain = self.fold_outputs.gain(measure)
        return (_score("roc_auc", area, gain, error, 0.5, True),)

    def _error_of_areas(self) -> float:
        """Return the standard error of areas that are all 0 or 1, by the rule of three.

        Rows of both kinds count as twice their harmonic mean, by which an area's variance goes.
        """
        positive = self.target > 0.5
        columns = range(positive.shape[1]) if positive.shape[1] > 2 else [-1]
        sizes = [[self._size(rows) for rows in (positive[:, k], ~positive[:, k])] for k in columns]
        errors = [certain_error(4 / (1 / one + 1 / other)) for one, other in sizes if one * other]
        return float(np.mean(errors))

    def _mean(self, values: Array) -> tuple[float, float]:
        return mean_and_error(values, self.weight, self.groups)

    def _gain(self, measure: Measure) -> float:
        return 0.0 if self.fold_outputs is None else self.fold_outputs.gain(measure)


def classification_scores(
    loss: Loss,
    rows: ScoredRows,
    *,
    weighted: Array | None = None,  # like `prior`, of constants that weigh classes as networks did
    cut: float = 0.0,  # the raw output above which the second of two classes is predicted
    probabilities: Array | None = None,  # like `target`: those that its classes were drawn with
) -> tuple[Score, ...]:
    """Return accuracy, area under the ROC curve and log loss, beside those of the best constants.

    The area is missing where it is not defined: if all rows are of one class, or classes are many.
    """

    def loss_rows(output: Array, target: Array) -> Array:
        return np.asarray(loss.rows(output, target), np.float64)

    decided = rows if cut == 0 else rows.lowered(cut)
    accuracy = decided.accuracy()
    alike = rows if weighted is None else replace(rows, prior=weighted)
    if probabilities is not None:
        alike = replace(alike, target=probabilities)
    log_loss = alike.mean_score("log_loss", loss_rows, higher_is_better=False)
    even = () if weighted is None else (decided.balanced_accuracy(),)
    return (accuracy, *even, *rows.areas(loss), log_loss)


def regression_scores(
    loss: Loss,
    rows: ScoredRows,  # the truth in units of `scale`
    *,
    means: Array | None = None,  # (n_samples, 1), the baseline of R²; those of `prior` by default
    scale: float,  # one, in the target's own unit
) -> tuple[Score, ...]:
    """Return the scores of predicted numbers, in the target's own unit.

    Of a mean, R² and the root mean squared error; of a median, a quantile or a mean count, their
    own loss and R².
    """

    def squares(output: Array, target: Array) -> Array:
        return _squares(loss.prediction(output), target)

    r2 = rows.r2(squares, loss.prediction(rows.prior) if means is None else means)
    if isinstance(loss, Squared):
        return r2, rows.rmse(squares, scale)
    name, factor = LOSS_METRICS[type(loss)]

    def loss_rows(output: Array, target: Array) -> Array:
        return factor * scale * np.asarray(loss.rows(output, target), np.float64)

    return rows.mean_score(name, loss_rows, higher_is_better=False), r2


def standard_errors_better(loss: Loss, rows: ScoredRows) -> float:
    """Return by how many standard errors the networks' loss is below that of constants.

    The difference is taken row by row, so what makes a row hard for both cancels.
    """
    of_prior, of_output = (loss.rows(one, rows.target) for one in (rows.prior, rows.output))
    gain = (of_prior - of_output).astype(np.float64)
    mean, error = mean_and_error(gain, rows.weight, rows.groups)
    return mean / error if error else (0.0 if mean == 0 else float(np.sign(mean)) * np.inf)


def mean_and_error(
    values: Array, weight: Array | None, groups: Array | None
) -> tuple[float, float]:
    """Return the weighted mean and its standard error by the jackknife.

    Leaving out a group of weight ``w`` and mean ``v`` out of a total weight ``W`` moves the mean by
    ``w / (W - w) * (v - mean)``; without groups every row is its own group. So the error stays
    honest where a few rows have most of the weight, and where rows resemble one another. Where one
    group has all the weight, nothing is known of the error: it is infinite.
    """
    weight = np.ones(len(values)) if weight is None else np.asarray(weight, np.float64)
    mean = float(np.average(values, weights=weight))
    excess = weight * (values - mean)
    if groups is not None:
        weight, excess = (np.bincount(groups, rows).astype(np.float64) for rows in (weight, excess))
    total = weight.sum()
    rest = total - weight
    if len(values) > 1 and rest.min() <= np.finfo(np.float64).eps * total:
        return mean, np.inf
    rest = np.maximum(rest, np.finfo(np.float64).tiny)
    return mean, float(np.sqrt(np.square(excess / rest).sum()))


def share_and_error(
    hits: Array, weight: Array | None = None, groups: Array | None = None
) -> tuple[float, float]:
    """Return the weighted share of hits and its standard error, which is never zero.

    Where all of ``n`` rows are hits, or none is, the truth is within ``3 / n`` of that with 95 %
    confidence, the *rule of three* (Hanley and Lippman-Hand 1983,
    https://doi.org/10.1001/jama.1983.03330370053031). A standard error is half of that. Rows with
    weights, or in groups, count as the number of equal ones that tell as much.

    >>> share_and_error(np.array([1, 0, 1, 1]))[0], share_and_error(np.ones(300))
    (0.75, (1.0, 0.005))
    """
    if len(hits) and hits.min() == hits.max():
        return float(hits[0]), certain_error(effective_size(len(hits), weight, groups))
    return mean_and_error(hits, weight, groups)


def certain_error(n_rows: float) -> float:
    """Return the standard error of a share of 0 or 1 by the rule of three, at most a half."""
    return min(0.5, 1.5 / n_rows)


def effective_size(n_rows: int, weight: Array | None, groups: Array | None) -> float:
    """Return how many rows of equal weight tell as much, groups counted once (Kish 1965)."""
    weight = np.ones(n_rows) if weight is None else np.asarray(weight, np.float64)
    if groups is not None:
        weight = np.bincount(groups, weight)
    return float(weight.sum() ** 2 / max(np.square(weight).sum(), np.finfo(np.float64).tiny))


def _score(
    metric: str,
    out_of_fold: float,
    gain: float,
    error: float,
    baseline: float,
    higher_is_better: bool,
) -> Score:
    """Return a score with its gain, which ends where the score is perfect."""
    value = out_of_fold + gain
    value = min(1.0, value) if higher_is_better else max(0.0, value)
    return Score(metric, value, error, baseline, higher_is_better, value - out_of_fold)


def _squares(prediction: Array, target: Array) -> Array:
    return np.square((prediction - target).astype(np.float64)[:, 0])


def _hits(output: Array, target: Array) -> Array:
    if target.shape[1] == 1:
        hits = ((output > 0) == (target > 0.5))[:, 0]
    else:
        hits = output.argmax(axis=1) == target.argmax(axis=1)
    return np.asarray(hits, np.float64)


def _codes(target: Array) -> Array:
    """Return the index of each row's class, shape (n_samples,)."""
    if target.shape[1] == 1:
        return (target[:, 0] > 0.5).astype(np.intp)
    return np.asarray(target.argmax(axis=1))


def _times(values: Array, weight: Array | None) -> Array:
    return values if weight is None else values * weight
