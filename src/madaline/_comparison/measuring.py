"""One method, measured: losses of the rows that each fold holds out, time and size."""

from __future__ import annotations

import os
import pickle
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import process_time
from typing import Any, final

import numpy as np

from madaline._comparison.methods import Method, Problem
from madaline._comparison.rows import ComparedRows, Fold
from madaline._data.kinds.kind import NUMBER
from madaline._data.target import CLASSIFICATION, REGRESSION
from madaline._engine.executors import count_workers
from madaline._fitting import Fitting
from madaline._model import FittedModel
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True)
class Work:
    """How much a method may do."""

    effort: int  # epochs of madaline's networks, at most
    n_jobs: int | None
    seed: int


@final
@dataclass(frozen=True, eq=False)
class Measured:
    """What came of a method."""

    losses: Array  # (n_held_out,): the log loss or the squared error of each row, fold after fold
    hits: Array  # (n_held_out,): whether the class is right; NaN of numbers
    fit_seconds: float  # of the processor, for a fold, on average
    row_seconds: float  # to predict a row, where all rows of a fold are predicted together
    n_bytes: float  # of madaline's file, of the others pickled; the mean over folds


def measure(method: Method, rows: ComparedRows, work: Work) -> Measured:
    """Fit a method in each fold, and predict the rows that are held out."""
    parts = []
    for fold in rows.all_folds:
        start = _seconds()
        if method.make is None:
            predict, n_bytes = _fit_madaline(fold, rows, work)
        else:
            predict, n_bytes = _fit_other(method, fold, rows, work)
        fitted = _seconds()
        prediction = predict()
        predicted = _seconds() - fitted
        of_fold = _losses(prediction, fold, rows)
        parts.append((*of_fold, fitted - start, predicted, n_bytes()))
    losses, hits, seconds, of_rows, sizes = zip(*parts, strict=True)
    return Measured(
        np.concatenate(losses),
        np.concatenate(hits),
        float(np.mean(seconds)),
        float(np.sum(of_rows)) / len(rows.held_out),
        float(np.mean(sizes)),
    )


def _seconds() -> float:
    """Return the processor seconds so far: unlike the clock's, they do not depend on other work."""
    spent = os.times()
    return process_time() + spent.children_user + spent.children_system


_Fitted = tuple[Callable[[], Array], Callable[[], int]]
"""What predicts the held-out rows of a fold, and what tells the size of the model."""


def _fit_madaline(fold: Fold, rows: ComparedRows, work: Work) -> _Fitted:
    """Fit madaline to the training rows of a fold alone, as if there were no others."""
    table, learned = rows.table, fold.training
    groups, times = rows.groups, rows.times
    fitting = Fitting(
        table.take(learned),
        rows.target[learned],
        task=REGRESSION if rows.classes is None else CLASSIFICATION,
        groups=None if groups is None else groups[learned],
        time=False if times is None else times.take(learned),
        kinds={**_numbers(rows), **rows.kinds},
        effort=work.effort,
        seed=work.seed,
        n_jobs=work.n_jobs,
    )
    for _ in fitting:
        pass
    model = fitting.model()

    def predict() -> Array:
        held_out = table.take(fold.held_out)
        if rows.classes is None:
            return model.predict(held_out, n_jobs=work.n_jobs)
        probabilities = model.predict_proba(held_out, n_jobs=work.n_jobs)
        return _aligned(probabilities, model.predictor.target_encoder.classes, rows)  # type: ignore[attr-defined]

    return predict, lambda: _file_size(model)


def _numbers(rows: ComparedRows) -> dict[str, str]:
    """Return the columns that are numbers in the whole table: they are so in each fold."""
    columns = rows.schema.columns
    return {
        c.name: NUMBER for c in columns if c.kind == NUMBER and rows.table[c.name].dtype.kind == "f"
    }


def _fit_other(method: Method, fold: Fold, rows: ComparedRows, work: Work) -> _Fitted:
    assert method.make is not None
    of_classes, target = rows.classes is not None, rows.target[fold.training]
    classes, labels = np.unique(target, return_inverse=True)  # XGBoost needs them from 0 up
    problem = Problem(fold, of_classes, work.seed, count_workers(work.n_jobs))
    estimator = method.make(problem)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        options = method.fit_options(problem)
        estimator.fit(fold.x_training, labels if of_classes else target, **options)

    def predict() -> Array:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not of_classes:
                return np.asarray(estimator.predict(fold.x_held_out), np.float64).reshape(-1)
            return _aligned(estimator.predict_proba(fold.x_held_out), classes, rows)

    return predict, lambda: len(pickle.dumps(_without_search(estimator)))


def _without_search(estimator: Any) -> Any:
    """Return what predicts, without the search for a hyperparameter."""
    if hasattr(estimator, "steps"):
        return [*(step for _, step in estimator.steps[:-1]), _without_search(estimator[-1])]
    return getattr(estimator, "best_estimator_", estimator)


def _aligned(probabilities: Array, classes: Array, rows: ComparedRows) -> Array:
    """Return probabilities with a column for each class, zero of those that were not learned."""
    assert rows.classes is not None
    aligned = np.zeros((len(probabilities), len(rows.classes)))
    aligned[:, classes] = probabilities
    return aligned


def _losses(prediction: Array, fold: Fold, rows: ComparedRows) -> tuple[Array, Array]:
    """Return the loss of each row, and whether its class is right."""
    truth = rows.target[fold.held_out]
    if not np.isfinite(prediction).all():
        raise ValueError("it predicts what is no finite number")
    if rows.classes is None:
        return np.square(prediction - truth), np.full(len(truth), np.nan)
    own = _cautious(prediction, rows.target[fold.training])[np.arange(len(truth)), truth]
    return -np.log(own), (prediction.argmax(axis=1) == truth).astype(np.float64)


def _cautious(probabilities: Array, learned: Array) -> Array:
    """Return probabilities mixed with the shares of classes, which count as one row.

    Of probabilities of zero the log loss would be infinite, and n rows support none below 1 / n.
    """
    n_classes = probabilities.shape[1]
    shares = (np.bincount(learned, minlength=n_classes) + 1) / (len(learned) + n_classes)
    return np.asarray((len(learned) * probabilities + shares) / (len(learned) + 1))


def _file_size(model: FittedModel) -> int:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.madaline"
        model.save(path)
        return path.stat().st_size


def sentence_of(error: Exception) -> str:
    """Return why a method failed, in a line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return str(lines[0]).strip()[:200]
