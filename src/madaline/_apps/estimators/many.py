"""A model for each group of rows: what is fitted, and to which rows."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Any, final

import numpy as np
from sklearn.base import clone

from madaline._apps.estimators.base import AdaptiveEstimator
from madaline._apps.estimators.classifier import AdaptiveClassifier
from madaline._apps.estimators.many_models import ManyModels
from madaline._apps.estimators.regressor import AdaptiveRegressor
from madaline._base.language import _
from madaline._base.words import format_count, warn
from madaline._models import arguments
from madaline._models.fitting.many import Job, ManyOptions, fit_models
from madaline._models.model import FittedModel
from madaline._models.model.many import ModelsByGroup
from madaline._models.request import FitRequest
from madaline._tables.io.atomic import alone
from madaline._tables.io.recognition import Form, RecognizedRows, recognize
from madaline._tables.io.targets import to_target
from madaline._tables.keys import GroupedRows
from madaline._tables.kinds.kind import CATEGORY
from madaline._tables.table import Table, alike
from madaline._tables.target import CLASSIFICATION, REGRESSION, infer_task
from madaline._tell.progress.groups import GroupProgress
from madaline.errors import GroupsWarning, InputError, RowsLeftOutWarning
from madaline.nn._engine.executors.choice import count_workers, find_executor
from madaline.nn._engine.memory import memory_limit
from madaline.nn.arrays import Array

_OF_FIT = (
    *("sample_weight", "groups", "folds", "time", "gap", "horizon", "series", "lags", "past"),
)
"""Arguments of an estimator's `fit`."""

_OF_MANY = ("random_state", "n_jobs", "executor", "verbose")
"""Arguments of an estimator that `fit_many` sets."""


def fit_many(
    frame: Any,
    target: str,
    by: str | Sequence[str],
    *,
    task: str | None = None,
    common: bool = False,
    min_rows: int | None = None,
    compare: bool = False,
    output: str | os.PathLike[str] | None = None,
    random_state: int | np.random.RandomState | None = 0,
    n_jobs: int | None = -1,
    executor: Any = None,
    verbose: int = 0,
    **settings: Any,
) -> ManyModels:
    """Fit a model for each group of rows: each store, sensor or customer.

    Each is fitted as `AdaptiveRegressor` or `AdaptiveClassifier` would fit the rows of its group
    without the columns `by`, with a seed made of `random_state` and the name of the group. What
    cannot be fitted, such as a group of one row, is listed with the reason, and stops nothing.

    Parameters
    ----------
    frame : data frame or mapping of str to array
        The columns to learn from, and the target.
    target : str
        The column to predict.
    by : str or sequence of str
        The columns that tell groups apart: texts or whole numbers. Rows without a value there are
        left out, but for the common model.
    task : {"classification", "regression"}, optional
        By default inferred from all values of the target.
    common : bool, default=False
        Fit one more model to all rows, with `by` among its columns. It answers for groups without
        a model of their own: new ones, those of fewer than `min_rows` rows, and those that failed.
    min_rows : int, optional
        Rows from which on a group gets a model of its own; by default 1, with `common` 100.
    compare : bool, default=False
        Compare with one model for all, out of fold and on the same rows; see `comparison`.
    output : path, optional
        Where to write the models, as `ManyModels.save`. Then each fit that is done is kept beside
        it until all are: a run that was killed goes on when the same call is made again.
    random_state : int, RandomState or None, default=0
        Seeds all fits.
    n_jobs : int, default=-1
        Processors: each fits one group at a time. The models do not depend on it.
    executor : str or object, optional
        A cluster of Ray or Dask whose processes do so instead, as for the estimators.
    verbose : int, default=0
        1 shows how many groups are done, and the time left.
    **settings
        Arguments of the estimators and of their `fit`, such as ``effort=20``, ``kinds=...`` or
        ``time="date"``. `sample_weight` and `groups` may be names of columns; `folds` is a number,
        or a number for each row; a `time_limit` is that of each fit.

    Returns
    -------
    ManyModels
        By group: ``models["Berlin"]`` is the estimator of one. Prints as a table of scores.

    Raises
    ------
    InputError
        If an argument is wrong, or nothing can be fitted at all.

    Warns
    -----
    GroupsWarning
        If groups could not be fitted, or of what their fits warn of, once for each kind.
    RowsLeftOutWarning
        If rows belong to no group, or have no target.

    Examples
    --------
    >>> import madaline
    >>> rng = np.random.default_rng(0)
    >>> x, store = rng.normal(size=200), np.repeat(["Berlin", "Bonn"], 100)
    >>> sales = np.where(store == "Bonn", x, -x) + rng.normal(scale=0.1, size=200)
    >>> frame = {"x": x, "store": store, "sales": sales}
    >>> models = madaline.fit_many(frame, target="sales", by="store", effort=10)
    >>> list(models), bool(models["Bonn"].oof_score_ > 0.8)
    (['Berlin', 'Bonn'], True)
    >>> models.predict({"x": [1.0, 1.0], "store": ["Bonn", "Berlin"]}).round()
    array([ 1., -1.])
    """
    by = (by,) if isinstance(by, str) else tuple(by)
    given = _GivenFrame.of(frame, target, by)
    job = _job(given, target, by, task, settings)
    options = ManyOptions(
        by,
        target,
        job.estimator._task,
        _checked_seed(random_state),
        _checked_rows(min_rows),
        bool(common),
        bool(compare),
    )
    _check_common(options, settings)
    grouped = GroupedRows.of(job.table, by)
    if left_out := int((grouped.numbers < 0).sum()):
        rows = format_count(left_out, "row")
        warn(
            _("{rows} without a value of {by}: in no group.").format(
                rows=rows, by=_(", ").join(by)
            ),
            RowsLeftOutWarning,
        )
    count_workers(n_jobs)
    find_executor(executor)
    n_rows = [*map(len, grouped.rows()), *[len(job.target)] * options.fits_common]
    progress = GroupProgress(sys.stdout if verbose else None, n_rows, every=verbose > 1)
    fits = partial(
        fit_models, job, grouped, options, n_jobs=n_jobs, executor=executor, each_fit=progress.show
    )
    return ManyModels(_fitted(fits, None if output is None else Path(output), progress))


def _fitted(
    fits: Callable[[Path | None], tuple[ModelsByGroup, list[str]]],
    path: Path | None,
    progress: GroupProgress,
) -> ModelsByGroup:
    """Return the models, written where there is a path; fits that are done are kept beside it."""
    kept = None if path is None else path.with_name(f"{path.name}.checkpoint")
    with nullcontext() if path is None else alone(path):
        with progress:
            models, notes = fits(kept)
        for note in notes:
            warn(note, GroupsWarning)
        if path is None or kept is None:
            return models
        models.save(path)
        kept.unlink()
        return ModelsByGroup.load(path)


@final
@dataclass(frozen=True, eq=False)
class _EstimatorJob(Job):
    """What an estimator is fitted to."""

    estimator: AdaptiveEstimator
    table: Table
    target: Array
    name: str  # of the target
    weight: Array | None
    columns: Mapping[str, Array]  # further arguments of `fit` that have a value for each row
    options: Mapping[str, Any]  # the others

    def take(self, rows: Any, without: Sequence[str]) -> _EstimatorJob:
        """Return the job of some rows, without some columns."""
        kinds = {n: k for n, k in (self.estimator.kinds or {}).items() if n not in without}
        return replace(
            self,
            estimator=clone(self.estimator).set_params(kinds=kinds or None),
            table=self.table.drop(without).take(rows),
            target=self.target[rows],
            weight=None if self.weight is None else self.weight[rows],
            columns={name: values[rows] for name, values in self.columns.items()},
        )

    def fit(self, seed: int) -> tuple[FittedModel, Array]:
        """Return the fitted model, and out-of-fold numbers or probabilities."""
        estimator = clone(self.estimator).set_params(random_state=seed)
        y = _NamedTarget(self.target, self.name)
        estimator.fit(self.table, y, self.weight, **self.columns, **self.options)
        of_classes = isinstance(estimator, AdaptiveClassifier)
        return estimator.model_, estimator.oof_proba_ if of_classes else estimator.oof_prediction_


@final
@dataclass(frozen=True, eq=False)
class _NamedTarget:
    """A target with a name, as a series has one."""

    values: Array
    name: str

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values."""
        return self.values.shape

    def __len__(self) -> int:
        return len(self.values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return self.values if dtype is None else self.values.astype(dtype)


@final
@dataclass(frozen=True, eq=False)
class _GivenFrame:
    """A frame whose columns are known by name."""

    rows: RecognizedRows
    names: tuple[str, ...]

    @classmethod
    def of(cls, frame: Any, target: Any, by: Sequence[Any]) -> _GivenFrame:
        """Return a frame that has the columns, each in one role."""
        rows = recognize(frame, in_blocks=True)
        if rows.form == Form.FILES:
            path = str(rows.path)
            raise InputError(
                "fit_many takes rows in memory, and {path!r} is the path of a file: read it first, such as with pandas.read_csv, or use `madaline fit --by`.",
                path=path,
            )
        rows = recognize(rows)  # a query is computed
        if rows.form not in (Form.FRAME, Form.COLUMNS):
            raise InputError("The frame has no names of columns: give a data frame or a mapping.")
        given = cls(
            rows,
            tuple(map(str, rows.content if rows.form == Form.COLUMNS else rows.content.columns)),
        )
        for role, name in [("target", target), *(("by", name) for name in by)]:
            given.check(role, name)
        if not by or len({target, *by}) <= len(by):
            raise InputError(
                "target is {target!r} and by {by!r}: name different columns.",
                target=target,
                by=list(by),
            )
        return given

    def check(self, role: str, name: Any) -> None:
        """Raise `InputError` if there is no such column."""
        if not isinstance(name, str):
            raise InputError("{role} is {name!r}: give the name of a column.", role=role, name=name)
        if name not in self.names:
            raise InputError(
                "{role} names {name!r}, which is no column: {alike}",
                role=role,
                name=name,
                alike=alike(name, self.names),
            )

    def values(self, name: str) -> Any:
        """Return the values of a column as they were given."""
        values = self.rows.content[name]
        return values.to_native() if hasattr(type(values), "to_native") else values


def _job(
    given: _GivenFrame,
    target: str,
    by: tuple[str, ...],
    task: str | None,
    settings: Mapping[str, Any],
) -> _EstimatorJob:
    """Return what is fitted, with every argument checked that does not depend on a group."""
    y = given.values(target)
    estimator, of_fit = _estimator(y, task, settings)
    named = {
        name: value
        for name in ("sample_weight", "groups")
        if isinstance(value := of_fit.get(name), str)
    }
    for role, name in named.items():
        given.check(role, name)
        of_fit[role] = given.values(name)
    series = of_fit.get("series") or ()
    series = [series] if isinstance(series, str) else series
    for role, name in [("time", of_fit.get("time")), *(("series", name) for name in series)]:
        if isinstance(name, str) and name in by:
            raise InputError(
                "{role} names {name!r}, which tells the groups apart, so that it is the same in all rows of a model: leave it out.",
                role=role,
                name=name,
            )
    learned = [name for name in given.names if name not in (target, *named.values())]
    table = given.rows.table(only=set(learned))
    if len(learned) == len(by):
        raise InputError("No column is left to learn from beside the target and by.")
    values = estimator._read_target(y, table.n_samples)
    _check_columns(estimator, table.drop(by).names)
    estimator.kinds = {**dict.fromkeys(by, CATEGORY), **(estimator.kinds or {})}  # common model
    weight = arguments.read_weight(of_fit.pop("sample_weight", None), table.n_samples)
    columns = _columns_of_rows(of_fit, table.n_samples)
    options = {name: value for name, value in of_fit.items() if name not in columns}
    return _EstimatorJob(estimator, table, values, target, weight, columns, options)


def _estimator(
    y: Any, task: str | None, settings: Mapping[str, Any]
) -> tuple[AdaptiveEstimator, dict[str, Any]]:
    """Return an estimator with checked arguments, and those of its `fit`."""
    if task not in (None, CLASSIFICATION, REGRESSION):
        raise InputError(
            "task is {task!r}: give {CLASSIFICATION!r} or {REGRESSION!r}.",
            task=task,
            CLASSIFICATION=CLASSIFICATION,
            REGRESSION=REGRESSION,
        )
    task = task or infer_task(to_target(arguments.computed(y)))[0]
    kind = AdaptiveClassifier if task == CLASSIFICATION else AdaptiveRegressor
    of_fit = {name: value for name, value in settings.items() if name in _OF_FIT}
    own = {name: value for name, value in settings.items() if name not in _OF_FIT}
    names = [name for name in kind._get_param_names() if name not in _OF_MANY]
    for name in own:
        if name not in names:
            raise InputError(
                "fit_many takes no argument {name!r} for {task}: {alike}",
                name=name,
                task=task,
                alike=alike(name, [*names, *_OF_FIT]),
            )
    estimator = kind(**own, n_jobs=1)
    estimator._request(0)  # checks what does not depend on a group
    memory_limit(estimator.memory_limit)
    arguments.read_time_limit(estimator.time_limit)
    return estimator, of_fit


def _check_columns(estimator: AdaptiveEstimator, names: Sequence[str]) -> None:
    """Raise `InputError` for kinds and constraints of columns that are not learned from."""
    request = estimator._request(0)
    for role, named in (("kinds", request.kinds), ("monotone", request.monotone)):
        for name in named:
            if name not in names:
                raise InputError(
                    "{role} names {name!r}, which is not learned from: {alike}",
                    role=role,
                    name=name,
                    alike=alike(name, names),
                )


def _columns_of_rows(of_fit: Mapping[str, Any], n_samples: int) -> dict[str, Array]:
    """Return the arguments of `fit` that have a value for each row."""
    groups, folds = arguments.read_groups(of_fit.get("groups"), n_samples), of_fit.get("folds")
    time = arguments.read_times(of_fit.get("time"), n_samples)
    columns = {} if groups is None else {"groups": groups}
    if time is not None:
        columns["time"] = time
    if folds is not None and not isinstance(folds, Integral):
        numbers = np.asarray(arguments.computed(folds))
        if numbers.shape != (n_samples,) or numbers.dtype.kind not in "iu":
            raise InputError("folds is no number, nor one for each row: splitters see all groups.")
        columns["folds"] = numbers
    return columns


def _check_common(options: ManyOptions, settings: Mapping[str, Any]) -> None:
    """Raise `InputError` where one model for all rows cannot be fitted in the same way."""
    if options.fits_common and settings.get("lags") is not None:
        raise InputError(
            "With lags there is no common model, as it would need other series: leave out common"
            " and compare, or fit one model to all rows with series= instead."
        )


def _checked_seed(random_state: Any) -> int:
    return FitRequest(seed=arguments.read_seed(random_state)).seed


def _checked_rows(min_rows: Any) -> int | None:
    if min_rows is None:
        return None
    if isinstance(min_rows, bool) or not isinstance(min_rows, Integral) or min_rows < 1:
        raise InputError(
            "min_rows is {min_rows!r}: give a whole number, 1 or more.", min_rows=min_rows
        )
    return int(min_rows)
