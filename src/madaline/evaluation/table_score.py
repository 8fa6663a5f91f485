"""Scores of predictions for a table that has the target, too."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.data.column import is_missing, number_text
from madaline.data.conversion import as_numbers
from madaline.errors import InputError
from madaline.evaluation.score import Score, regression_scores
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Poisson


def score_predictions(
    prediction: Array, truth: Array, *, loss: Loss, name: str
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
        return (_accuracy(prediction[known], truth[known]),)
    numbers = as_numbers(name, truth)[known]
    # In units of the largest number, as squares of large numbers overflow.
    scale = float(max(np.abs(numbers).max(), np.abs(prediction[known]).max())) or 1.0
    output, target = prediction[known][:, None] / scale, numbers[:, None] / scale
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
