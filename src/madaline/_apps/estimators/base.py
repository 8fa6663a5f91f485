"""What the classifier and the regressor share: fitting, predicting and saving."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from sklearn.utils.validation import check_is_fitted

from madaline._apps.estimators.callbacks import Listeners, with_teardown
from madaline._apps.estimators.counted_rows import CountedRows, count_rows
from madaline._apps.estimators.files import RowsOfFiles
from madaline._apps.estimators.sources import is_name, read_source
from madaline._apps.estimators.tables import read_table
from madaline._apps.estimators.typed_bases import BaseEstimator, CallbackSupport
from madaline._apps.estimators.upkeep import Upkeep
from madaline._base.language import _
from madaline._base.words import warn
from madaline._models import arguments
from madaline._tables.io.recognition import recognize
from madaline._tables.table import Table
from madaline._tables.target import drawn_classes
from madaline.errors import (
    InterruptedFitWarning,
    LaterRowsWarning,
    LeakWarning,
    MemoryWarning,
    NothingLearnedWarning,
    TextReadWarning,
)
from madaline.nn._engine.executors.choice import address_of
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.fitting import Fitting
    from madaline._models.fitting.means import Means, TimeLimit
    from madaline._models.model import FittedModel
    from madaline._models.request import FitRequest
    from madaline.records.decision import Decision
    from madaline.records.history import Record

_OF_MODEL = frozenset(
    ("n_iter_", "scores_", "oof_score_", "decisions_", "history_", "quality_", "diagnosis_")
)
"""Attributes that are parts of `model_`."""


class AdaptiveEstimator(CallbackSupport, RowsOfFiles, Upkeep, BaseEstimator):
    """Abstract base of `AdaptiveClassifier` and `AdaptiveRegressor`."""

    preset: str
    members: str
    effort: int
    time_limit: float | None
    kinds: Mapping[str, str] | None
    missing: Sequence[str | float] | None
    monotone: Mapping[str, int] | None
    keep_rows: int
    executor: Any

    _task: ClassVar[str]
    _metrics_of_score: ClassVar[tuple[str, ...]]

    @with_teardown
    def fit(
        self,
        X: Any,
        y: Any = None,
        sample_weight: Any = None,
        groups: Any = None,
        folds: Any = None,
        on_event: Callable[[Record | Decision], object] | None = None,
        *,
        time: Any = None,
        gap: Any = None,
        horizon: Any = None,
        series: str | Sequence[str] | None = None,
        lags: Any = None,
        past: Any = None,
        on_epoch: Callable[[Record], object] | None = None,
        live: bool = False,
    ) -> Self:
        """Find networks that predict `y` from `X`.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features), or images
            The columns to learn from: numbers, text, categories, booleans, dates. Missing values
            are welcome. Or images, an array of shape (n_samples, height, width) or (n_samples,
            height, width, channels); or texts, a list of them; or sequences, a list of arrays of
            different lengths; or sounds (`madaline.sounds`). Or a table that is read block by
            block, and may be larger than memory: the path of a file or a folder (Parquet, Arrow,
            CSV, JSON lines), a pattern such as ``"folder/*.parquet"``, a list of paths, a LazyFrame
            of polars, a Dataset of pyarrow, a relation of DuckDB.
        y : array-like of shape (n_samples,) or (n_samples, n_targets), or str
            What to predict. Several targets are predicted together, by networks of several outputs.
            Of a table in files, or of a query, the name of a column, or a list of names; then
            `sample_weight` and `groups` are names of columns, too.
            A classifier takes fractions in several columns for the probabilities of classes, one
            in each row, such as those that another model predicts.
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
            rows of a series ahead of the last known value, by default the first behind the gap, or
            a season with ``lags=True``.
        series : str or sequence of str, optional
            The columns that tell series of rows apart, such as stores and products. With `lags`, by
            default the one column or two that do, where several rows have the same time.
        lags : int, sequence of int or True, optional
            Rows before a row whose `y` is known when it is predicted, such as ``[1, 7, 28]``: from
            them the fit makes columns of earlier values, changes and means. True takes the latest
            row and the season that the times and values show. It needs `time`. The
            model keeps the last values of each series; `predict` makes the columns of these, and of
            values that `X` holds itself, in a column named like `y`.
        past : str or sequence of str, optional
            Columns whose values are not known in advance, such as the customers of a day: only
            their past is used, by the same `lags`.
        on_epoch : callable, optional
            Called once after each epoch with the `Record` of the recipe whose loss is lowest, of
            those that race; its `best_loss` is the lowest of all recipes so far. If it returns
            True, training ends with the best so far; what it raises, `fit` raises
            (`docs/budgets.md`).
        live : bool, default=False
            Whether to show the fit on a page while it runs, served by this process to this machine
            alone (extra `serve`); the address is printed. The page keeps what it shows. The result
            is the same (`docs/playground.md`).

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
        from madaline._models.fitting import Fitting
        from madaline._models.fitting.training import first_interrupt

        limit = arguments.read_time_limit(self.time_limit)
        request = self._request(
            arguments.read_seed(self.random_state),
            arguments.read_number_of_folds(folds),
            time=time,
            gap=gap,
            horizon=horizon,
            series=series,
            lags=lags,
            past=past,
        )
        with arguments.unchanged_if_refused(self):
            rows = self._read_rows(
                X, arguments.computed(y), sample_weight, groups, folds, time, request
            )
            self.__dict__.pop("sampled_rows_", None)
            if rows.drawn is not None:
                self.sampled_rows_ = rows.drawn
            means = self._means(limit)
            fitting = Fitting(request, rows.table, rows.roles, means).prepare()
            _warn_before_training(fitting)
            listeners = Listeners(self, X, y, fitting, on_event, on_epoch, live=live)
            with first_interrupt(fitting.stop) as check, listeners:
                self._run(fitting, rows, listeners)
                check()
            _warn_of_fit(self.model_)
        return self

    def predict(self, X: Any) -> Array:
        """Predict every row.

        Parameters
        ----------
        X : data frame, array or sparse matrix of shape (n_samples, n_features), or images
            The same columns as in `fit`. Where they have names, these count, not their order, and
            others are ignored. Categories never seen in `fit` are welcome. Files, such as
            ``"sales/*.parquet"``, and queries are read block by block; see `predict_file`.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The most probable class, or the expected value; of several targets or quantiles a column
            for each. It does not depend on the rows beside it, but for rounding, and is the same
            from a saved model.
        """
        return self._of_rows(X, self._model().predict)

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

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy holds: arguments, a fitted model as its file, arrays of rows."""
        state = {n: v for n, v in super().__getstate__().items() if n not in _OF_MODEL}
        if "background_" in state:
            state["background_"] = dict(self.background_.columns)
        # What is connected to a cluster cannot be copied: its address can.
        return state | {"executor": address_of(self.executor)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Be such a copy."""
        super().__setstate__(state)
        if "model_" in state:
            self._remember(self.model_)
        if "background_" in state:
            self.background_ = Table(state["background_"])

    def __sklearn_clone__(self) -> Self:
        twin: Self = super(AdaptiveEstimator, copy(self)).__sklearn_clone__()
        twin.executor = self.executor
        return twin

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.sparse = True
        tags.input_tags.categorical = True
        tags.input_tags.three_d_array = True
        tags.target_tags.multi_output = True
        # Text is understood, but tags.input_tags.string would also promise any Python object.
        return tags

    @abstractmethod
    def _read_target(self, y: Any, n_samples: int) -> Array:
        """Return the target as an array of shape (n_samples,) or (n_samples, n_targets)."""

    def _classes_of_columns(self, y: Any, target: Array) -> Array | None:
        """Return the classes that the columns of a target are probabilities of; None of others."""
        del y, target
        return None

    def _check_target(self, target: Array) -> None:
        """Refuse a target without missing values that this estimator cannot learn."""

    @abstractmethod
    def _keep_out_of_fold(self, output: Array) -> None:
        """Keep the out-of-fold predictions, given their raw outputs with NaN where weight is 0."""

    def _read_rows(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        groups: Any,
        folds: Any,
        time: Any,
        request: FitRequest,
    ) -> CountedRows:
        """Return the rows to learn from, whatever they were given as."""
        from madaline._models.fitting.training_data import Roles

        given = recognize(X, in_blocks=is_name(y))
        source = read_source(self, given, y, sample_weight, groups, folds, time, request)
        if source is not None:
            X, y, sample_weight, groups = source.X, source.y, source.weight, source.groups
            given = recognize(X)
        arguments.warn_of_other_order(X, y)
        table = read_table(self, given, fitting=True)
        weight = arguments.read_weight(sample_weight, table.n_samples)
        target = self._read_target(y, table.n_samples)
        classes = self._classes_of_columns(y, target)
        if not request.time.lags:  # they count rows, so none may be left out
            target, weight = arguments.with_known_targets(target, weight)
        self._check_target(target)
        groups = arguments.read_groups(groups, table.n_samples)
        labels = target if classes is None else drawn_classes(target)
        names = arguments.read_names(y) if source is None else source.target_names
        roles = Roles(
            target,
            weight,
            groups,
            arguments.read_times(time, table.n_samples),
            arguments.read_folds(folds, labels, groups),
            names if classes is None else "target",
            classes,
            drawn_from=None if source is None else source.sampled,
        )
        rows = count_rows(table, roles, in_order=request.time.column is True)
        return rows if source is None else replace(rows, drawn=source.numbers)

    def _means(self, limit: TimeLimit | None) -> Means:
        from madaline._models.fitting.means import Means

        return Means(
            n_jobs=self.n_jobs,
            executor=self.executor,
            memory_limit=self.memory_limit,
            time_limit=limit,
        )

    def _request(self, seed: int, folds: Any = None, **times: Any) -> FitRequest:
        """Return what the arguments ask; `InputError` if one of them is wrong."""
        from madaline._models.request import FitRequest
        from madaline._race.time.time_request import TimeRequest

        return FitRequest(
            task=self._task,
            objective=self._objective(),
            kinds=arguments.read_kinds(self.kinds),
            missing=arguments.read_missing(self.missing),
            monotone=arguments.read_monotone(self.monotone),
            preset=self.preset,
            members=self.members,
            effort=arguments.read_whole(self.effort),
            seed=seed,
            folds=folds,
            keep_rows=arguments.read_whole(self.keep_rows),
            time=TimeRequest.given(**times),
        )

    def _run(self, fitting: Fitting, rows: CountedRows, listeners: Listeners) -> None:
        """Train, tell the listeners, and keep all results."""
        from madaline._tell.explain.attributions.comparison import some_rows

        for event in fitting:
            if listeners.tell(*event):
                fitting.stop(by_callback=True)
        self._remember(fitting.model())
        self._keep_out_of_fold(rows.spread(fitting.out_of_fold()))
        lagged = fitting.prepared.time.lagged is not None  # then rows are shown with their past
        table = fitting.prepared.data.table if lagged else rows.table
        self.background_ = fitting.schema.read(some_rows(table, seed=fitting.race.seed))
        self._keep_diagnosis(fitting, rows)
        listeners.end()

    def _remember(self, model: FittedModel) -> None:
        from madaline._race.evaluation.scores import Scores
        from madaline.records.decision import Decisions

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


def _warn_before_training(fitting: Fitting) -> None:
    """Warn of what the rows themselves show."""
    from madaline._race.evaluation.leakage import join_leaks

    empty = [column.name for column in fitting.schema.columns if column.n_distinct == 0]
    if empty:
        warn(
            _("These columns hold no value at all and are left out: {empty}.").format(
                empty=_(", ").join(empty)
            ),
            UserWarning,
        )
    if fitting.schema.notes:
        warn("\n".join(fitting.schema.notes), TextReadWarning)
    for leak in join_leaks(fitting.leaks):
        warn(str(leak), LeakWarning)
    if fitting.advice:
        warn(fitting.advice, LaterRowsWarning)
    if fitting.cheaper is not None:
        warn(fitting.cheaper.sentence, MemoryWarning)


def _warn_of_fit(model: FittedModel) -> None:
    """Warn of what nobody asked for: an early end, nothing learned, and what flatters scores."""
    from madaline.records.race_decisions import Interrupted

    for decision in model.decisions:
        if isinstance(decision, Interrupted):
            warn(
                _("{sentence} The model is the best so far.").format(sentence=decision.sentence),
                InterruptedFitWarning,
            )
    if not model.summary.learned:
        warn(
            _(
                "On held-out rows the model is not clearly better than the baseline: X does not predict y, or {n_samples:,} rows are too few to learn how."
            ).format(n_samples=model.summary.n_samples),
            NothingLearnedWarning,
        )
    for sentence in model.summary.unexpected:
        warn(sentence, LaterRowsWarning)
    for finding in model.diagnosis or ():
        if finding.kind == "one column":
            warn(finding.sentence, LeakWarning)
