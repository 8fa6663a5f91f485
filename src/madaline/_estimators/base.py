"""What the classifier and the regressor share: fitting, predicting, saving, watching, updating."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from madaline._data.schema import Schema
from madaline._data.table import Table
from madaline._estimators import arguments
from madaline._estimators.callbacks import CallbackSupport, Listeners, with_teardown
from madaline._estimators.counted_rows import CountedRows, count_rows
from madaline._estimators.explanations import Explanations
from madaline._estimators.tables import read_table
from madaline._evaluation.objective import Objective
from madaline._evaluation.scores import Scores
from madaline._explain.attributions.comparison import some_rows
from madaline._fitting import Fitting
from madaline._fitting.training import TimeLimit, first_interrupt
from madaline._fitting.updating.update import update_model
from madaline._model import FittedModel
from madaline._model.kept_rows import check_keep_rows
from madaline._story.summary import Summary
from madaline._watching import Monitor
from madaline._watching.monitor import FALSE_ALARMS
from madaline._words import warn
from madaline.errors import (
    InterruptedFitWarning,
    LaterRowsWarning,
    LeakWarning,
    MemoryWarning,
    NothingLearnedWarning,
    TextReadWarning,
)
from madaline.nn.arrays import Array
from madaline.records.decision import Decision, Decisions
from madaline.records.history import Record
from madaline.records.race_decisions import Interrupted

_OF_TRAINING_ROWS = {
    "background_": "give rows to compare with, explain(X, background=rows)",
    "oof_proba_": "predict_proba(X) predicts rows that you give",
    "oof_prediction_": "predict(X) predicts rows that you give",
    "label_quality_": "fit again to look for wrong labels",
    "label_suspects_": "fit again to look for wrong labels",
}
"""Attributes that a file does not hold, and what to do instead."""


class AdaptiveEstimator(
    CallbackSupport,  # type: ignore[misc]
    Explanations,
    BaseEstimator,  # type: ignore[misc]
):
    """Abstract base of `AdaptiveClassifier` and `AdaptiveRegressor`."""

    preset: str
    effort: int
    time_limit: float | None
    kinds: Mapping[str, str] | None
    missing: Sequence[str | float] | None
    monotone: Mapping[str, int] | None
    random_state: int | np.random.RandomState | None
    n_jobs: int | None
    memory_limit: int | str | None
    keep_rows: int
    metric: Any
    model_: FittedModel

    _task: ClassVar[str]
    _metrics_of_score: ClassVar[tuple[str, ...]]

    @with_teardown
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        folds: Any = None,
        on_event: Callable[[Record | Decision], object] | None = None,
        *,
        time: Any = None,
        gap: Any = None,
        horizon: Any = None,
        series: str | None = None,
        lags: Any = None,
        past: Any = None,
    ) -> Self:
        """Find networks that predict `y` from `X`.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features), or images
            The columns to learn from: numbers, text, categories, booleans, dates. Missing values
            are welcome. Or images, an array of shape (n_samples, height, width) or (n_samples,
            height, width, channels); or texts, a list of them; or sequences, a list of arrays of
            different lengths; or sounds (`madaline.sounds`).
        y : array-like of shape (n_samples,) or (n_samples, n_targets)
            What to predict. Several targets are predicted together, by networks of several outputs.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row. Rows of weight zero are left out.
        groups : array-like of shape (n_samples,), optional
            Rows of one group (a patient, a day) are never in the training set and the held-out fold
            of the same network.
        folds : int, array-like of shape (n_samples,), splitter or iterable, optional
            How many folds; or the number of each row's fold, -1 for rows that are always learned
            from and never held out (so -1 and 0 make one validation set); or a splitter of
            scikit-learn, or pairs of (train, test) row numbers, whose test sets do not overlap. By
            default three to ten folds, the fewer the more rows there are.
        on_event : callable, optional
            Called with each `Record` (an epoch of a recipe) and each `Decision` as they come, both
            of `madaline.records`. If it returns True, training ends with the best so far. Callbacks
            of scikit-learn are called after each epoch (`set_callbacks`, from release 1.9 on).
        time : str, array-like of shape (n_samples,) or bool, optional
            When each row was recorded: the name of a column of dates or numbers, or the times
            themselves; True if the rows are in the order of time. Then networks are evaluated on
            stretches of later rows and learn from earlier ones, so that scores are those of rows
            to come. By default the fit looks whether later rows are harder to predict than others,
            and does the same if they are; False deals rows to folds at random. With `folds`, a
            number, as the number of stretches.
        gap : float, str or timedelta, optional
            Time between the last row learned from and the first one predicted: "7 days", or a
            number, which counts steps from date to date, rows, or units of numeric times. With
            `lags`, values within it are not known when a row is predicted.
        horizon : float, str or timedelta, optional
            How far ahead rows are predicted, given like `gap`. Scores are of rows within it. By
            default as far as stretches go, about a seventh of the rows. With `lags`, a number of
            rows of a series ahead of the last known value, by default the first behind the gap.
        series : str, optional
            The column that tells series of rows apart, such as stores or sensors.
        lags : int or sequence of int, optional
            Rows before a row whose `y` is known when it is predicted, such as ``[1, 7, 28]``: from
            them the fit makes columns of earlier values, changes and means. It needs `time`. The
            model keeps the last values of each series; `predict` makes the columns of these, and of
            values that `X` holds itself, in a column named like `y`.
        past : str or sequence of str, optional
            Columns whose values are not known in advance, such as the customers of a day: only
            their past is used, by the same `lags`.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        InputError
            If nothing can be learned, with the reason and the remedy; it is a `ValueError`.

        Warns
        -----
        LeakWarning
            If a column all but gives the target away.
        MemoryWarning
            If a cheaper plan was chosen to stay within `memory_limit`.
        RowsLeftOutWarning
            If rows are left out because their `y` is missing.
        TextReadWarning
            If a column of text was read as numbers or dates, or looks so and was not.
        NothingLearnedWarning
            If the out-of-fold predictions are not significantly better than a constant.
        InterruptedFitWarning
            If the fit was interrupted: the model is then the best so far. A second interrupt raises
            KeyboardInterrupt. These are in `madaline.errors`.
        """
        limit = arguments.read_time_limit(self.time_limit)
        y = arguments.computed(y)
        with arguments.unchanged_if_refused(self):
            table = read_table(self, X, fitting=True)
            weight = arguments.read_weight(sample_weight, table.n_samples)
            target = self._read_target(y, table.n_samples)
            if lags is None:  # they count rows, so none may be left out
                target, weight = arguments.with_known_targets(target, weight)
            self._check_target(target)
            groups = arguments.read_groups(groups, table.n_samples)
            when = arguments.read_time(time, table.n_samples)
            rows = count_rows(
                table,
                target,
                weight,
                groups,
                arguments.read_folds(folds, target, groups),
                when,
            )
            fitting = self._fitting(
                rows, y, limit, gap=gap, horizon=horizon, series=series, lags=lags, past=past
            )
            _warn_of_empty_columns(fitting.schema)
            if fitting.schema.notes:
                warn("\n".join(fitting.schema.notes), TextReadWarning)
            for leak in fitting.leaks:
                warn(str(leak), LeakWarning)
            if fitting.advice:
                warn(fitting.advice, LaterRowsWarning)
            if fitting.cheaper is not None:
                warn(fitting.cheaper.sentence, MemoryWarning)
            listeners = Listeners(self, X, y, fitting, on_event)
            with first_interrupt(fitting.stop) as check, listeners:
                self._run(fitting, rows, listeners)
                check()
            _warn_of_interrupt(self.decisions_)
            _warn_of_nothing_learned(self.model_.summary)
            _warn_of_later_rows(self.model_.summary)
        return self

    def predict(self, X: Any) -> Array:
        """Predict every row.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features), or images
            The same columns as in `fit`. Where they have names, these count, not their order, and
            others are ignored. Categories never seen in `fit` are welcome.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The most probable class, or the expected value; of several targets or quantiles a column
            for each. It does not depend on the rows beside it, but for rounding, and is the same
            from a saved model.
        """
        return self._model().predict(self._read(X), n_jobs=self.n_jobs)

    def forecast(
        self, horizon: int | None = None, X: Any = None, *, coverage: float = 0.9
    ) -> dict[str, Array]:
        """Predict the rows that follow the last known ones, series by series.

        Parameters
        ----------
        horizon : int, optional
            How many rows of each series; by default as many as in `fit`.
        X : data frame or mapping of str to array, optional
            Later rows, with their times. Those whose `y` is in a column of its name are known from
            then on; the others are predicted where the model needs more than times and lags, such
            as a price, which they tell.
        coverage : float, default=0.9
            Share of new rows whose number should lie in its interval.

        Returns
        -------
        dict of str to ndarray
            The series, the time and the steps ahead of each row, its prediction, and the bounds of
            its interval (of classes, their probabilities): ``pandas.DataFrame`` makes a table of
            it.

        Raises
        ------
        InputError
            If the fit had no `lags`, the horizon is beyond that of the fit, or rows to come need
            columns that are not given.

        Examples
        --------
        >>> from madaline import AdaptiveRegressor
        >>> month = np.arange("2020-01", "2026-01", dtype="datetime64[M]")
        >>> sales = 100 + np.arange(72) + 20 * np.sin(np.arange(72) * np.pi / 6)
        >>> model = AdaptiveRegressor(effort=10, random_state=0).fit(
        ...     {"month": month}, sales, time="month", lags=[1, 12], horizon=6
        ... )
        >>> ahead = model.forecast(3)
        >>> list(ahead)
        ['month', 'steps ahead', 'target', 'target_low', 'target_high']
        >>> ahead["month"].astype("datetime64[D]")
        array(['2026-01-01', '2026-02-01', '2026-03-01'], dtype='datetime64[D]')
        >>> ahead["target"].round(-1)
        array([170., 180., 190.])
        """
        return self._model().predictor.forecast(horizon, X, coverage=coverage)

    def watch(
        self,
        *,
        false_alarms: float = FALSE_ALARMS,
        random_state: int | np.random.RandomState | None = 0,
        file: str | os.PathLike[str] | None = None,
    ) -> Monitor:
        """Return a monitor that raises an alarm when new rows are not like the training rows.

        Give it rows with ``monitor.observe(X, y)``, and labels that come later with
        ``monitor.learn(key, y)``. It tests each column, the predictions, their errors and their
        calibration.

        Parameters
        ----------
        false_alarms : float, default=10_000
            As long as nothing changes, there is one false alarm in so many rows, on average and at
            most, of all tests together. This holds for rows that are independent of one another.
        random_state : int or RandomState, default=0
            Breaks ties of values, and draws which fold's networks predict a row.
        file : path, optional
            What ``monitor.save`` wrote, to go on from; it has its own `false_alarms` and
            `random_state`.

        Returns
        -------
        Monitor
            With `observe`, `learn`, `alarms`, `accept` and `save`.

        Raises
        ------
        InputError
            If the model's file is from before profiles of the training table were kept.
        ModelFileError
            If `file` holds no state of a monitor of this model.
        """
        return self._model().watch(
            false_alarms=false_alarms,
            seed=arguments.read_seed(random_state),
            file=file,
            read=self._read,
        )

    def update(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        groups: Any = None,
        *,
        keep_rows: int | None = None,
    ) -> Self:
        """Go on with new rows: keep the model as it is, adjust its networks, or fit new ones.

        The three candidates are compared on the new rows, each predicted by networks that did not
        learn from it, and from earlier rows alone if the model was evaluated on later rows. A
        change is kept only if it lowers the loss by more than a standard error;
        ``model_.updates[-1]`` says what was kept and why. Learned from are the new rows and, beside
        them, the old rows that the model keeps (`keep_rows`).

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features)
            The same columns as for `predict`; rows in the order of time, where there is one. If the
            model was evaluated on later rows, they are sorted by its column of times, and warned of
            (`EarlierRowsWarning`) as far as they are no later than those learned from.
        y : array-like of shape (n_samples,)
            Their labels or numbers. A class that the model does not know needs kept rows with all
            its own classes, and new networks.
        sample_weight : array-like of shape (n_samples,), optional
            Weight of each row. Rows of weight zero are left out.
        groups : array-like of shape (n_samples,), optional
            Rows of one group are never learned from by networks that are evaluated on another.
        keep_rows : int, optional
            How many rows the model keeps from now on, and its file holds: a random sample of all
            rows so far. By default as many as before; none if the fit was not allowed to keep any.

        Returns
        -------
        self
            The updated estimator. Attributes of the rows of the fit (`oof_proba_`,
            `oof_prediction_`, `label_quality_`, `label_suspects_`) are gone.

        Raises
        ------
        InputError
            If a column is missing, a value cannot be used, all rows are no later than those learned
            from, or `y` holds a new class and no rows of the old classes are kept.

        Examples
        --------
        >>> from sklearn.datasets import load_breast_cancer
        >>> from madaline import AdaptiveClassifier
        >>> X, y = load_breast_cancer(return_X_y=True)
        >>> model = AdaptiveClassifier(effort=3, keep_rows=200, random_state=0).fit(
        ...     X[:300], y[:300]
        ... )
        >>> model = model.update(X[300:], y[300:])
        >>> model.model_.updates[-1].rows, model.model_.kept_rows.n_rows
        (269, 200)
        """
        before = self._model()
        before.check_one_output("updated")
        most = None if keep_rows is None else check_keep_rows(keep_rows)
        check_is_fitted(self, "model_")
        table = read_table(self, X, fitting=False, with_past=False)
        model = update_model(
            before,
            table,
            arguments.read_labels(y, table.n_samples),
            date=datetime.now(UTC).date().isoformat(),
            sample_weight=arguments.read_weight(sample_weight, table.n_samples),
            groups=arguments.read_groups(groups, table.n_samples),
            keep_rows=most,
            objective=self._objective() if callable(self.metric) else None,
            n_jobs=self.n_jobs,
            memory_limit=self.memory_limit,
        )
        for name in _OF_TRAINING_ROWS.keys() - {"background_"}:
            if name in vars(self):
                delattr(self, name)
        self._remember(model)
        return self

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to one file that `madaline.load` reads, and NumPy alone runs.

        Parameters
        ----------
        path : path
            Where to write. An existing file is replaced only when the new one is complete.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        self._model().save(path)

    def __getattr__(self, name: str) -> Any:
        """Raise `AttributeError`, of a loaded estimator with what to do instead."""
        if name in _OF_TRAINING_ROWS and "model_" in vars(self) and "background_" not in vars(self):
            raise AttributeError(
                f"{name} is about the training rows, which a model file does not hold:"
                f" {_OF_TRAINING_ROWS[name]}, or keep the fitted estimator with joblib.dump."
            )
        if name in _OF_TRAINING_ROWS and "model_" in vars(self) and self.model_.updates:
            raise AttributeError(
                f"{name} is about the rows of the fit, and the model was updated since:"
                f" {_OF_TRAINING_ROWS[name]}."
            )
        return object.__getattribute__(self, name)  # raises again what a property raised

    def __sklearn_tags__(self) -> Any:
        """Return the kinds of input that are understood, for scikit-learn."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        # Text is understood, but tags.input_tags.string would also promise any Python object.
        return tags

    @abstractmethod
    def _objective(self) -> Objective:
        """Return the loss that is minimized and the metric."""

    @abstractmethod
    def _read_target(self, y: Any, n_samples: int) -> Array:
        """Return the target as an array of shape (n_samples,) or (n_samples, n_targets)."""

    def _check_target(self, target: Array) -> None:
        """Refuse a target without missing values that this estimator cannot learn."""

    @abstractmethod
    def _keep_out_of_fold(self, output: Array) -> None:
        """Keep the out-of-fold predictions, given their raw outputs with NaN where weight is 0."""

    def _fitting(self, rows: CountedRows, y: Any, limit: TimeLimit | None, **ahead: Any) -> Fitting:
        return Fitting(
            rows.table,
            rows.target,
            task=self._task,
            objective=self._objective(),
            sample_weight=rows.weight,
            groups=rows.groups,
            folds=rows.folds,
            time=rows.time,
            **ahead,
            kinds=arguments.read_kinds(self.kinds),
            missing=arguments.read_missing(self.missing),
            monotone=self.monotone,
            effort=self.effort,
            preset=self.preset,
            seed=arguments.read_seed(self.random_state),
            n_jobs=self.n_jobs,
            memory_limit=self.memory_limit,
            keep_rows=check_keep_rows(self.keep_rows),
            time_limit=limit,
            target_name=arguments.read_names(y),
        )

    def _run(self, fitting: Fitting, rows: CountedRows, listeners: Listeners) -> None:
        """Train, tell the listeners, and keep all results."""
        for event in fitting:
            if listeners.tell(*event):
                fitting.stop(by_callback=True)
        self._remember(fitting.model())
        self._keep_out_of_fold(rows.spread(fitting.out_of_fold()))
        self.background_ = fitting.schema.read(some_rows(rows.table, seed=fitting.race.seed))
        self._keep_diagnosis(fitting, rows)
        listeners.end()

    def _remember(self, model: FittedModel) -> None:
        """Keep what the model's file holds, too."""
        self.model_ = model
        self.n_iter_ = model.summary.epochs
        self.scores_ = Scores(model.summary.scores)
        self.oof_score_ = next(
            score.out_of_fold for score in self.scores_ if score.metric in self._metrics_of_score
        )
        self.decisions_ = Decisions(model.decisions)
        self.history_ = model.history
        self.quality_ = model.quality
        self.diagnosis_ = model.diagnosis

    def _keep_diagnosis(self, fitting: Fitting, rows: CountedRows) -> None:
        """Keep what was found, with the numbers that rows have in `X`."""
        self.diagnosis_ = fitting.evaluation.diagnosis.renumbered(rows.numbers)
        self.model_ = replace(self.model_, diagnosis=self.diagnosis_)

    def _model(self) -> FittedModel:
        check_is_fitted(self, "model_")
        model: FittedModel = self.model_
        return model

    def _read(self, X: Any) -> Table:
        check_is_fitted(self, "model_")
        return read_table(self, X, fitting=False)


def _warn_of_empty_columns(schema: Schema) -> None:
    empty = [column.name for column in schema.columns if column.n_distinct == 0]
    if empty:
        warn(
            f"These columns hold no value at all and are left out: {', '.join(empty)}.",
            UserWarning,
        )


def _warn_of_interrupt(decisions: Sequence[Decision]) -> None:
    for decision in decisions:
        if isinstance(decision, Interrupted):
            sentence = f"{decision.sentence} The model is the best so far."
            warn(sentence, InterruptedFitWarning)


def _warn_of_later_rows(summary: Summary) -> None:
    for sentence in summary.unexpected:
        warn(sentence, LaterRowsWarning)


def _warn_of_nothing_learned(summary: Summary) -> None:
    if not summary.learned:
        warn(
            "On held-out rows the networks are not clearly better than the baseline: X does not"
            f" predict y, or {summary.n_samples:,} rows are too few to learn how.",
            NothingLearnedWarning,
        )
