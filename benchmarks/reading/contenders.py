"""Who contends on texts: madaline with default arguments, and tuned logistic regression."""

from __future__ import annotations

import time
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np

from sensing.task import SMALLEST_PROBABILITY, Task

STRENGTHS = (1, 3, 10, 30, 100, 300)
"""How little the logistic regression may be regularized (`C`): five folds choose."""

RUNS_OF_CHARACTERS = ((1, 3), (1, 4))
"""Shortest and longest runs of characters; the folds choose among them, too."""


@dataclass(frozen=True)
class Answers:
    """What a contender answered on the test rows.

    Parameters
    ----------
    losses : ndarray of shape (n_rows,)
        Minus the logarithm of the true label's probability.
    hits : bool ndarray of shape (n_rows,)
        Whether the most probable label is the true one.
    seconds : float
        Of the processor, to learn and to answer.
    promised, promised_error : float
        The log loss that the model promises on new rows, and its standard error.
    precision : float
        The average precision of the rarer of two labels.
    """

    losses: Any
    hits: Any
    seconds: float
    promised: float = np.nan
    promised_error: float = np.nan
    precision: float = np.nan


def madaline(task: Task) -> Answers:
    """Return what madaline answers with default arguments."""
    from madaline import AdaptiveClassifier

    begun = time.process_time()
    model = AdaptiveClassifier(random_state=0).fit(task.train_x, task.train_y)
    probabilities = model.predict_proba(task.test_x)
    seconds = time.process_time() - begun
    promised = next(score for score in model.scores_ if score.metric == "log_loss")
    facts = task.test_y, model.classes_, probabilities
    promises = promised.value, promised.standard_error
    return Answers(*_rows(*facts), seconds, *promises, _precision(*facts))


def regression(task: Task, *, characters: bool = False) -> Answers:
    """Return what logistic regression on TF-IDF answers; five folds tune it.

    Its terms are words and pairs of words, or runs of up to three or four characters.
    """
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV, StratifiedKFold

    begun, folds = time.process_time(), StratifiedKFold(5, shuffle=True, random_state=0)
    best: tuple[float, Any, Any] = (-np.inf, None, None)
    for runs in RUNS_OF_CHARACTERS if characters else ((1, 2),):
        analyzer = "char_wb" if characters else "word"
        terms = TfidfVectorizer(sublinear_tf=True, ngram_range=runs, analyzer=analyzer)
        model = LogisticRegression(max_iter=300)
        search = GridSearchCV(model, {"C": STRENGTHS}, scoring=_minus_log_loss, cv=folds)
        with warnings.catch_warnings():  # a label may have fewer rows than there are folds
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            search.fit(terms.fit_transform(task.train_x), task.train_y)
        best = max(best, (search.best_score_, search, terms), key=lambda one: one[0])
    _, search, terms = best
    probabilities = search.predict_proba(terms.transform(task.test_x))
    seconds = time.process_time() - begun
    facts = task.test_y, search.classes_, probabilities
    return Answers(*_rows(*facts), seconds, precision=_precision(*facts))


def _rows(truth: Any, classes: Any, probabilities: Any) -> tuple[Any, Any]:
    """Return the loss of each row, and whether it is right."""
    known, table = np.asarray(classes), np.asarray(probabilities, float)
    of_truth = np.where(np.asarray(truth)[:, None] == known, table, 0).sum(axis=1)
    losses = -np.log(np.clip(of_truth, SMALLEST_PROBABILITY, 1))
    return losses, known[table.argmax(axis=1)] == truth


def _precision(truth: Any, classes: Any, probabilities: Any) -> float:
    """Return the average precision of the rarer of two labels."""
    from sklearn.metrics import average_precision_score

    if len(classes) != 2:
        return np.nan
    of_classes = np.asarray(truth)[:, None] == np.asarray(classes)
    rarer = int(of_classes.sum(axis=0).argmin())
    return float(average_precision_score(of_classes[:, rarer], probabilities[:, rarer]))


def _minus_log_loss(model: Any, x: Any, labels: Any) -> float:
    """Score a model, also where a fold lacks a class: scikit-learn's own scorer fails there."""
    losses, _ = _rows(labels, model.classes_, model.predict_proba(x))
    return -float(losses.mean())
