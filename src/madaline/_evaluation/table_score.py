"""Scores of predictions for a table that has the target, too."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._data.column import is_missing, number_text
from madaline._data.conversion import as_numbers
from madaline._evaluation.score import Score, classification_scores, regression_scores
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson


def score_predictions(
    prediction: Array,
    truth: Array,
    *,
    loss: Loss,
    name: str,
    classes: Array | None = None,
    output: Array | None = None,
) -> tuple[Score, ...]:
    """Return the scores of predictions, beside the best constant for these rows.

    Parameters
    ----------
    prediction : ndarray of shape (n_samples,)
        Labels or numbers.
    truth : ndarray of shape (n_samples,)
        A column of a table; rows without a value are left out.
    loss : Loss
        The loss that the model minimized.
    name : str
        Name of the column, for messages.
    classes : ndarray of shape (n_classes,), optional
        The labels of a classifier.
    output : ndarray of shape (n_samples, n_outputs), optional
        Its raw outputs. With them the area under the ROC curve and the log loss are computed, too,
        from the rows whose class it knows.

    Returns
    -------
    tuple of Score
        Empty if no row has a true value.

    Raises
    ------
    InputError
        If numbers were predicted, but the truth holds other values.

    Examples
    --------
    >>> truth = np.array(["a", "b", "a", None], dtype=object)
    >>> print(*score_predictions(truth, truth, loss=BinaryCrossEntropy(), name="letter"))
    accuracy 1 ± 0 (baseline: 0.6667)
    """
    known = ~is_missing(truth)
    if not known.any():
        return ()
    if isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        accuracy = _accuracy(prediction[known], truth[known])
        if classes is None or output is None:
            return (accuracy,)
        return (accuracy, *_ranking_scores(loss, output, class_index(classes, truth)))
    return _number_scores(prediction[known], as_numbers(name, truth)[known], loss, name)


def class_index(classes: Array, truth: Array) -> Array:
    """Return the index of the class of each row; -1 where it is missing or unknown.

    Examples
    --------
    >>> class_index(np.array([1, 2]), np.array(["2", "1", "3", None], dtype=object)).tolist()
    [1, 0, -1, -1]
    """
    index = {label_text(label): number for number, label in enumerate(classes.tolist())}
    return np.array([index.get(label_text(label), -1) for label in truth.tolist()], np.intp)


def label_text(label: Any) -> str:
    """Return a label as text, the same for 1, 1.0 and "1", which files do not distinguish.

    Examples
    --------
    >>> label_text(1), label_text(1.0), label_text("1")
    ('1', '1', '1')
    """
    return number_text(float(label)) if isinstance(label, float | np.floating) else str(label)


def _accuracy(prediction: Array, truth: Array) -> Score:
    labels = [label_text(label) for label in truth]
    hits = np.array([label_text(label) for label in prediction]) == np.array(labels)
    most_frequent = np.unique(labels, return_counts=True)[1].max()
    error = float(np.std(hits) / np.sqrt(len(hits)))
    return Score("accuracy", float(hits.mean()), error, float(most_frequent / len(hits)), True)


def _ranking_scores(loss: Loss, output: Array, index: Array) -> tuple[Score, ...]:
    """Return the scores of probabilities."""
    output, index = output[index >= 0], index[index >= 0]
    if not len(index):
        return ()
    n_outputs = output.shape[1]
    target = np.eye(n_outputs)[index] if n_outputs > 1 else index[:, None].astype(np.float64)
    prior = np.broadcast_to(loss.initial_output(target), target.shape)
    return classification_scores(loss, output, prior, target)[1:]


def _number_scores(prediction: Array, numbers: Array, loss: Loss, name: str) -> tuple[Score, ...]:
    # In units of the largest number, as squares of large numbers overflow.
    scale = float(max(np.abs(numbers).max(), np.abs(prediction).max())) or 1.0
    output, target = prediction[:, None] / scale, numbers[:, None] / scale
    if isinstance(loss, Poisson):
        if numbers.min() < 0:
            raise InputError(
                f"The column {name} holds {numbers.min():g}, but the model predicts counts of 0 or"
                " more: correct it, or leave it out."
            )
        output = np.log(np.maximum(output, np.finfo(np.float64).tiny))
    prior = np.full_like(target, loss.initial_output(target))
    means = np.full_like(target, target.mean())
    return regression_scores(loss, output, prior, target, means=means, scale=scale)
