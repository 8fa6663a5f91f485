"""The task of a data set of ``senses.py``, the outcome of a contender, and how it is evaluated.

Every other module of this folder is about one data set and has

- ``NAME``, what the data set is called;
- ``load(folder)``, from the data folder to a `Task`;
- ``contenders(task)``, from the name of each contender to a function that fits it to the training
  part and returns the `Outcome` on the test part. It imports what it needs only when called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

SMALLEST_PROBABILITY = 1e-15
"""Probabilities are clipped here, as everywhere in these benchmarks."""


@dataclass(frozen=True)
class Task:
    """The training and the test part of a data set.

    Parameters
    ----------
    name : str
        Name of the data set.
    train_x, test_x : list or array
        Images, sounds, sequences or texts.
    train_y, test_y : list or array
        Their labels.
    """

    name: str
    train_x: Any
    train_y: Any
    test_x: Any
    test_y: Any


@dataclass(frozen=True)
class Outcome:
    """The quality of predictions of the test part.

    Parameters
    ----------
    accuracy : float
        Share of correct predictions.
    log_loss : float
        Mean of minus the logarithm of the true class's probability; NaN without probabilities.
    """

    accuracy: float
    log_loss: float


def evaluate(truth: Any, classes: Any, probabilities: Any) -> Outcome:
    """Return the quality of probabilities; the most probable class is the prediction.

    Parameters
    ----------
    truth : array-like of shape (n_samples,)
        The labels.
    classes : array-like of shape (n_classes,)
        The label of each column of `probabilities`.
    probabilities : array-like of shape (n_samples, n_classes)
        The probability of each class.

    Examples
    --------
    >>> evaluate(["a", "b"], ["a", "b"], [[0.5, 0.5], [0.5, 0.5]])
    Outcome(accuracy=0.5, log_loss=0.6931471805599453)
    """
    labels, table = np.asarray(truth), np.asarray(probabilities, float)
    known = np.asarray(classes)
    right = labels[:, None] == known
    of_truth = np.clip(np.where(right, table, 0).sum(axis=1), SMALLEST_PROBABILITY, 1)
    accuracy = np.mean(known[table.argmax(axis=1)] == labels)
    return Outcome(float(accuracy), float(-np.log(of_truth).mean()))
