"""One method, measured: losses of the rows that each fold holds out, time and size."""

from __future__ import annotations

import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from inspect import signature
from math import isfinite
from pathlib import Path
from time import monotonic, process_time
from typing import Any, final

import numpy as np

from madaline._apps.comparison.compared_rows import ComparedRows, Fold
from madaline._apps.comparison.methods import POISSON, QUANTILE, Method, Problem, Settings
from madaline._base.language import _
from madaline._base.words import format_duration
from madaline._models.fitting import Fitting
from madaline._models.fitting.means import Means, TimeLimit
from madaline._models.fitting.training_data import Roles
from madaline._race.time.time_request import TimeRequest
from madaline._tables.kinds.kind import NUMBER
from madaline._tables.target import CLASSIFICATION, REGRESSION
from madaline.nn._engine.executors.choice import count_workers
from madaline.nn.arrays import Array
from madaline.records.race_decisions import DroppedForTime, RecipesLeftOut, TimeLimitReached

ABSOLUTE = "absolute"
_CELLS_OF_THREADS = 1_000_000  # of a table, from which on more threads than one pay
_CUT_SHORT = (DroppedForTime, RecipesLeftOut, TimeLimitReached)
_SECONDS, _CELLS = 120.0, 100_000  # for each method, by default, and each so many cells
N_TIMED = 2000
"""Rows that are predicted together to measure how long one of them takes."""


@final
@dataclass(frozen=True)
class Work:
    """How much a method may do."""

    n_jobs: int | None
    seconds: float = np.inf  # that a method may take in all folds
    clock: Callable[[], float] = monotonic

    def n_threads(self, rows: ComparedRows) -> int:
        """Return how many threads a method gets: on a small table, they would wait for others."""
        return 1 if rows.n_cells < _CELLS_OF_THREADS else count_workers(self.n_jobs)


@final
class Budget:
    """The time of a method in all folds."""

    def __init__(self, work: Work) -> None:
        self.clock, self.seconds = work.clock, work.seconds
        self._end = self._end_of_fold = self.clock() + self.seconds
        self.cut_short = False  # whether more time might have made it better

    def start_fold(self, n_left: int) -> None:
        """Give a fold its share of what is left; raise `TimeoutError` if that is nothing."""
        left = self.left()
        if left <= 0:
            raise TimeoutError(
                _("it was not done in all folds after {seconds}").format(
                    seconds=format_duration(self.seconds)
                )
            )
        self._end_of_fold = self._end - left * (1 - 1 / n_left) if isfinite(left) else np.inf

    def left(self) -> float:
        """Return the seconds that are left in all folds."""
        return self._end - self.clock()

    def left_in_fold(self) -> float:
        """Return the seconds that are left in this fold."""
        return self._end_of_fold - self.clock()


@final
@dataclass(frozen=True, eq=False)
class MeasuredMethod:
    """What came of a method."""

    losses: Array  # (n_held_out,): the loss of each row (of numbers, see `losses_of`), by folds
    hits: Array  # (n_held_out,): whether the class is right; NaN of numbers
    fit_seconds: float  # of the processor, for a fold; all costs are medians over the folds
    row_seconds: float  # to predict a row, where `N_TIMED` rows are predicted together
    n_bytes: float  # of madaline's file, of the others pickled
    cut_short: bool = False  # whether the time was not enough for all that it would have tried


def usual_seconds(rows: ComparedRows) -> float:
    """Return how long a method may take by default: two minutes, or more on a large table."""
    return _SECONDS * max(1.0, rows.n_cells / _CELLS)


def measure(method: Method, rows: ComparedRows, work: Work) -> MeasuredMethod:
    """Fit a method in each fold, and predict the rows that are held out."""
    limits = _quiet(work.n_threads(rows)) if method.learners else nullcontext()
    folds, parts = rows.all_folds, []
    budget = Budget(work)
    with limits:
        for number, fold in enumerate(folds):
            budget.start_fold(len(folds) - number)
            parts.append(_measured(method, fold, rows, work, budget))
    losses, hits, *costs = zip(*parts, strict=True)
    fit, row, size = (float(np.median(cost)) for cost in costs)
    joined = np.concatenate(losses), np.concatenate(hits)
    return MeasuredMethod(*joined, fit, row, size, budget.cut_short)


@contextmanager
def _quiet(n_threads: int) -> Iterator[None]:
    """Keep warnings of other packages from the user, and their libraries to so many threads."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(n_threads):
        warnings.simplefilter("ignore")
        yield


def _measured(
    method: Method, fold: Fold, rows: ComparedRows, work: Work, budget: Budget
) -> tuple[Array, Array, float, float, int]:
    """Return losses and hits of the held-out rows, and the costs as in `MeasuredMethod`."""
    start = _seconds()
    fitted: _Other | _Own
    if method.learners:
        fitted = _Other(method, fold, rows, work, budget)
    else:
        fitted = _Own(fold, rows, work, budget)
    seconds, held_out = _seconds() - start, np.arange(len(fold.held_out))
    prediction, truth = fitted.predict(held_out), rows.target[fold.held_out]
    start = _seconds()
    fitted.predict(np.resize(held_out, N_TIMED))
    of_row = (_seconds() - start) / N_TIMED
    losses = losses_of(prediction, truth, rows.target[fold.training], rows)
    hits = np.full(len(truth), np.nan)
    if rows.classes is not None:
        hits = (prediction.argmax(axis=1) == truth).astype(np.float64)
    return losses, hits, seconds, of_row, fitted.n_bytes()


def _seconds() -> float:
    """Return the processor seconds so far: unlike the clock's, they do not depend on other work."""
    spent = os.times()
    return process_time() + spent.children_user + spent.children_system


@final
class _Own:
    """Madaline, fitted to the training rows of a fold alone, as if there were no others."""

    def __init__(self, fold: Fold, rows: ComparedRows, work: Work, budget: Budget) -> None:
        learned, times = fold.training, rows.times
        seconds = budget.left_in_fold()
        self._rows, self._held_out, self._n_jobs = rows, fold.held_out, work.n_jobs
        request = replace(
            rows.request,
            task=REGRESSION if rows.classes is None else CLASSIFICATION,
            kinds={**_numbers(rows), **rows.request.kinds},
            folds=None,
            time=TimeRequest(False if times is None else None),
        )
        roles = Roles(
            rows.target[learned],
            weight=None if rows.weight is None else rows.weight[learned],
            groups=None if rows.groups is None else rows.groups[learned],
            times=None if times is None else times.take(learned),
        )
        limit = TimeLimit(seconds, clock=budget.clock) if isfinite(seconds) else None
        means = Means(n_jobs=work.n_jobs, time_limit=limit)
        fitting = Fitting(request, rows.table.take(learned), roles, means)
        for __, decision in fitting:
            budget.cut_short |= isinstance(decision, _CUT_SHORT)
        self._model = fitting.model()

    def predict(self, numbers: Array) -> Array:
        """Return predictions of some held-out rows."""
        table = self._rows.table.take(self._held_out[numbers])
        if self._rows.classes is None:
            return self._model.predict(table, n_jobs=self._n_jobs)
        probabilities = self._model.predict_proba(table, n_jobs=self._n_jobs)
        encoder: Any = self._model.predictor.target_encoder
        return _aligned(probabilities, encoder.classes, self._rows)

    def n_bytes(self) -> int:
        """Return the size of the model's file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.madaline"
            self._model.save(path)
            return path.stat().st_size


def _numbers(rows: ComparedRows) -> dict[str, str]:
    """Return the columns that are numbers in the whole table: they are so in each fold."""
    columns = rows.schema.columns
    return {
        c.name: NUMBER for c in columns if c.kind == NUMBER and rows.table[c.name].dtype.kind == "f"
    }


@final
class _Other:
    """Another method, fitted to the training rows of a fold with the best of its choices."""

    def __init__(
        self, method: Method, fold: Fold, rows: ComparedRows, work: Work, budget: Budget
    ) -> None:
        self._budget = budget
        self._rows, self._fold, self._method = rows, fold, method
        self._target = rows.target[fold.training]
        level, n_jobs = rows.request.objective.levels[0], work.n_threads(rows)
        self._problem = Problem(fold, self._target, rows.loss, level, rows.request.seed, n_jobs)
        x, self._features = method.features(self._problem)
        self._trained = self._fit(x, np.arange(len(self._target)), self._chosen(x))

    def predict(self, numbers: Array) -> Array:
        """Return predictions of some held-out rows."""
        return self._trained.predict(self._features(self._fold.predicted.take(numbers)))

    def n_bytes(self) -> int:
        """Return the size of the method's pickle."""
        return len(pickle.dumps((self._features, self._trained.estimator)))

    def _chosen(self, x: Any) -> Settings:
        """Return the choice of the lowest loss in the inner folds; one that fails is none.

        Where a choice is worse than one before, those beyond it are not tried; nor is one that
        may take longer than there is time.
        """
        choices = self._method.learners[self._rows.loss].choices
        best, lowest, before = choices[0], np.inf, self._budget.left_in_fold()
        for number, settings in enumerate(choices if len(choices) > 1 else ()):
            left = self._budget.left_in_fold()
            if number and left < 2 * (before - left):
                self._budget.cut_short = True
                break
            before = left
            try:
                pairs = self._fold.inner
                loss = float(np.mean([self._loss(x, settings, *pair) for pair in pairs]))
            except Exception:  # of another package, which may fail in any way
                continue
            if loss > lowest:
                break
            best, lowest = settings, loss
        return best

    def _loss(self, x: Any, settings: Settings, learned: Array, held_out: Array) -> float:
        prediction = self._fit(x[learned], learned, settings).predict(x[held_out])
        losses = losses_of(prediction, self._target[held_out], self._target[learned], self._rows)
        weight = self._rows.weight
        if weight is not None:
            weight = weight[self._fold.training[held_out]]
        return float(np.average(losses, weights=weight))

    def _fit(self, x: Any, numbers: Array, settings: Settings) -> _Trained:
        """Fit to some of the training rows; numbers get a unit size, but for counts."""
        target, options = self._target[numbers], self._method.fit_options(self._problem)
        estimator = self._method.learners[self._rows.loss].make(self._problem, settings)
        if self._rows.weight is not None and "sample_weight" in signature(estimator.fit).parameters:
            options["sample_weight"] = self._rows.weight[self._fold.training[numbers]]
        center, scale, classes = 0.0, 1.0, None
        if self._rows.classes is not None:
            classes, target = np.unique(target, return_inverse=True)  # XGBoost needs 0, 1, ...
        elif self._rows.loss != POISSON:
            center, scale = target.mean(), target.std() or 1.0
            target = (target - center) / scale
        estimator.fit(x, target, **options)
        return _Trained(estimator, self._rows, classes, center, scale)


@final
@dataclass(frozen=True)
class _Trained:
    """An estimator that is fitted, and what its predictions mean."""

    estimator: Any
    rows: ComparedRows
    classes: Array | None  # that were learned
    center: float
    scale: float

    def predict(self, x: Any) -> Array:
        """Return probabilities of all classes, or numbers."""
        if self.classes is not None:
            return _aligned(self.estimator.predict_proba(x), self.classes, self.rows)
        predicted = np.asarray(self.estimator.predict(x), np.float64).reshape(-1)
        return np.asarray(self.center + self.scale * predicted)


def _aligned(probabilities: Array, classes: Array, rows: ComparedRows) -> Array:
    """Return probabilities with a column for each class, zero of those that were not learned."""
    assert rows.classes is not None
    aligned = np.zeros((len(probabilities), len(rows.classes)))
    aligned[:, classes] = probabilities
    return aligned


def losses_of(prediction: Array, truth: Array, learned: Array, rows: ComparedRows) -> Array:
    """Return the loss of each row: the log loss, the deviance, pinball loss or squared error."""
    if not np.isfinite(prediction).all():
        raise ValueError("it predicts what is no finite number")
    if rows.classes is not None:
        n_classes = len(rows.classes)
        shares = (np.bincount(learned, minlength=n_classes) + 1) / (len(learned) + n_classes)
        return np.asarray(
            -np.log(_cautious(prediction, shares, learned)[np.arange(len(truth)), truth])
        )
    error: Array = truth - prediction
    if rows.loss == POISSON:
        expected = _cautious(np.maximum(prediction, 0), max(learned.mean(), 1e-12), learned)
        ratio = np.where(truth > 0, truth, 1) / expected
        return np.asarray(2 * (truth * np.log(ratio) - truth + expected))
    if rows.loss == QUANTILE:
        level = rows.request.objective.levels[0]
        pinball = np.maximum(level * error, (level - 1) * error)
        return np.asarray(2 * pinball if rows.request.objective.loss == ABSOLUTE else pinball)
    return np.asarray(np.square(error))


def _cautious(predicted: Array, constant: Any, learned: Array) -> Array:
    """Return predictions mixed with a constant one, which counts as one row.

    Of probabilities or rates of zero the loss would be infinite, and n rows support none below
    1 / n.
    """
    return np.asarray((len(learned) * predicted + constant) / (len(learned) + 1))


def sentence_of(error: Exception) -> str:
    """Return why a method failed, in a line."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return str(lines[0]).strip()[:200]
