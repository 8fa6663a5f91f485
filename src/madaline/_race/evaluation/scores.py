"""The scores of a fit: as a table, of several targets together, of a table with its target."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from madaline._race.evaluation.metrics import BLOCKS
from madaline._race.evaluation.objective import class_weights
from madaline._race.evaluation.score import (
    Score,
    ScoredRows,
    certain_error,
    classification_scores,
    effective_size,
    regression_scores,
    share_and_error,
)
from madaline._tables.column import is_missing, number_text
from madaline._tables.conversion import as_numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson
from madaline.records._results.blocks import Section, TextTable
from madaline.records._results.result import Listing


class Scores(Listing[Score]):
    """Scores, the one to choose models by first."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return the metric, the value, its standard error, the baseline, and which is better."""
        names = ("metric", "value", "standard_error", "baseline", "higher_is_better")
        return {name: [getattr(score, name) for score in self] for name in names}

    def sections(self) -> Iterator[Section]:
        heads = ["score", "model ± standard error", "baseline"]
        yield Section([TextTable(heads, [score.cells for score in self], right=(1, 2))])


def mean_scores(each: Sequence[Sequence[Score]]) -> tuple[Score, ...]:
    """Return the mean over the targets of each metric that all of them have.

    As scikit-learn's uniform average. The standard error is the mean of theirs, too: it cannot be
    larger, and is smaller only as far as the targets' errors are independent.
    """
    metrics = [score.metric for score in each[0]]
    by_metric = [{score.metric: score for score in scores} for scores in each]
    shared = [metric for metric in metrics if all(metric in scores for scores in by_metric)]
    return tuple(_mean([scores[metric] for scores in by_metric]) for metric in shared)


def quantile_scores(each: Sequence[Sequence[Score]]) -> tuple[Score, ...]:
    """Return the scores of several quantiles: D², the share of the pinball loss that is explained.

    As scikit-learn's `d2_pinball_score`, averaged over the quantiles, with the mean pinball loss.
    """
    losses = [
        next(score for score in scores if score.metric == "mean_pinball_loss") for scores in each
    ]
    return _mean([_explained(score) for score in losses]), _mean(losses)


def label_scores(
    probability: Array,  # (n_samples, n_labels), of each label, by networks
    baseline: Array,  # of the same shape: by constants
    truth: Array,  # of the same shape, Booleans: which labels are there
    weight: Array | None = None,  # (n_samples,)
    groups: Array | None = None,  # (n_samples,), rows of one group are not independent
) -> tuple[Score, ...]:
    """Return the scores of rows of labels: subset accuracy, micro and macro F1.

    The standard errors are those of the jackknife over `BLOCKS` blocks of rows, or of groups.
    """
    counted = np.ones(len(truth)) if weight is None else np.asarray(weight, np.float64)
    blocks = (np.arange(len(truth)) if groups is None else groups) % BLOCKS
    predicted = probability > 0.5
    parts = [blocks != block for block in np.unique(blocks)]
    without_block = [
        _label_measures(predicted[rows], truth[rows], counted[rows]) for rows in parts if rows.any()
    ]
    values = _label_measures(predicted, truth, counted)
    constants = _label_measures(baseline > 0.5, truth, counted)
    errors = [
        float(np.sqrt((len(without_block) - 1) * np.var(of_measure)))
        for of_measure in zip(*without_block, strict=True)
    ] or [0.0] * len(values)
    if values[0] in (0, 1):  # a share of rows of which all are hits, or none is
        errors[0] = certain_error(effective_size(len(truth), weight, groups))
    names = ("subset_accuracy", "f1_micro", "f1_macro")
    facts = zip(names, values, errors, constants, strict=True)
    return tuple(Score(*score, higher_is_better=True) for score in facts)


def _mean(scores: Sequence[Score]) -> Score:
    names = ("value", "standard_error", "baseline", "gain")
    means: dict[str, Any] = {
        name: float(np.mean([getattr(score, name) for score in scores])) for name in names
    }
    return replace(scores[0], **means)


def _explained(score: Score) -> Score:
    """Return D² of a loss: 1 is perfect, 0 is the baseline."""
    unit = score.baseline or 1.0
    value, error = 1 - score.value / unit, score.standard_error / unit
    return Score("d2_pinball_score", value, error, 0.0, True, -score.gain / unit)


def _label_measures(predicted: Array, truth: Array, weight: Array) -> tuple[float, float, float]:
    """Return subset accuracy, micro F1 and macro F1."""
    hits, wrong = weight @ (predicted & truth), weight @ (predicted ^ truth)  # of each label
    complete = np.average((predicted == truth).all(axis=1), weights=weight)
    return float(complete), float(_f1(hits.sum(), wrong.sum())), float(_f1(hits, wrong).mean())


def _f1(hits: Array, wrong: Array) -> Array:
    return np.asarray(2 * hits / np.maximum(2 * hits + wrong, np.finfo(np.float64).tiny))


def score_predictions(
    prediction: Array,  # (n_samples,), labels or numbers
    truth: Array,  # (n_samples,), a column of a table; rows without a value are left out
    *,
    loss: Loss,
    name: str,
    classes: Array | None = None,  # (n_classes,), the labels of a classifier
    output: Array | None = None,  # (n_samples, n_outputs), its raw outputs
    cut: float = 0.0,  # the raw output above which the second of two classes is predicted
    class_weight: str | Mapping[Any, float] | None = None,  # that the networks learned with
) -> tuple[Score, ...]:
    """Return the scores of predictions, beside the best constant for these rows.

    Empty if no row has a true value. With raw outputs the area under the ROC curve and the log loss
    are computed, too, from the rows whose class the model knows, and after weights of classes the
    balanced accuracy. The log loss then stands beside that of a constant with these weights.
    """
    present = ~is_missing(truth)
    if not present.any():
        return ()
    if isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        accuracy = _accuracy(prediction[present], truth[present])
        if classes is None or output is None:
            return (accuracy,)
        index = class_index(classes, truth)
        output, index = output[index >= 0], index[index >= 0]
        weight = None if class_weight is None else _weight_of(class_weight, classes, index)
        return (accuracy, *_ranking_scores(loss, output, index, weight, cut))
    return _number_scores(prediction[present], as_numbers(name, truth)[present], loss, name)


def class_index(classes: Array, truth: Array) -> Array:
    """Return the index of the class of each row; -1 where it is missing or unknown.

    >>> class_index(np.array([1, 2]), np.array(["2", "1", "3", None], dtype=object)).tolist()
    [1, 0, -1, -1]
    """
    index = {label_text(label): number for number, label in enumerate(classes.tolist())}
    return np.array([index.get(label_text(label), -1) for label in truth.tolist()], np.intp)


def label_text(label: Any) -> str:
    """Return a label as text, the same for 1, 1.0 and "1", which files do not distinguish.

    >>> label_text(1), label_text(1.0), label_text("1")
    ('1', '1', '1')
    """
    return number_text(float(label)) if isinstance(label, float | np.floating) else str(label)


def _accuracy(prediction: Array, truth: Array) -> Score:
    labels = [label_text(label) for label in truth]
    hits = np.array([label_text(label) for label in prediction]) == np.array(labels)
    most_frequent = np.unique(labels, return_counts=True)[1].max()
    value, error = share_and_error(hits.astype(float))
    return Score("accuracy", value, error, float(most_frequent / len(hits)), True)


def _weight_of(class_weight: str | Mapping[Any, float], classes: Array, index: Array) -> Array:
    """Return the weight of each row by its class."""
    with np.errstate(divide="ignore"):  # of classes that no row has
        return class_weights(class_weight, classes, index)[index]


def _ranking_scores(
    loss: Loss, output: Array, index: Array, weight: Array | None, cut: float
) -> tuple[Score, ...]:
    """Return the scores of probabilities, and of decisions if classes had weights."""
    if not len(index):
        return ()
    n_outputs = output.shape[1]
    target = np.eye(n_outputs)[index] if n_outputs > 1 else index[:, None].astype(np.float64)
    prior = np.broadcast_to(loss.initial_output(target), target.shape)
    weighted = None
    if weight is not None:
        weighted = np.broadcast_to(loss.initial_output(target, weight), target.shape)
    return classification_scores(
        loss, ScoredRows(output, prior, target), weighted=weighted, cut=cut
    )[1:]


def _number_scores(prediction: Array, numbers: Array, loss: Loss, name: str) -> tuple[Score, ...]:
    # In units of the largest number, as squares of large numbers overflow.
    scale = float(max(np.abs(numbers).max(), np.abs(prediction).max())) or 1.0
    output, target = prediction[:, None] / scale, numbers[:, None] / scale
    if isinstance(loss, Poisson):
        if numbers.min() < 0:
            raise InputError(
                "The column {name} holds {min:g}, but the model predicts counts of 0 or more: correct it, or leave it out.",
                name=name,
                min=numbers.min(),
            )
        output = np.log(np.maximum(output, np.finfo(np.float64).tiny))
    prior = np.full_like(target, loss.initial_output(target))
    means = np.full_like(target, target.mean())
    return regression_scores(loss, ScoredRows(output, prior, target), means=means, scale=scale)
