"""Fits of arrays, as tests ask for them: settings by name, as an estimator has them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from madaline._models.arguments import read_monotone
from madaline._models.fitting import Fitting
from madaline._models.fitting.examination import FitContext
from madaline._models.fitting.means import Means
from madaline._models.fitting.training_data import Roles, TrainingData
from madaline._models.request import FitRequest
from madaline._race.time.time_request import TimeRequest
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.table import Table

_MEANS = (*("n_jobs", "executor", "memory_limit", "time_limit", "checkpoint", "compiled_from"),)
_TIMES = ("time", "gap", "horizon", "series", "lags", "past")


def roles_of(
    target, sample_weight=None, groups=None, folds=None, target_name="target", time=None, **more
) -> Roles:
    """Return roles of arrays; what is not an array is asked for in `request_of`."""
    return Roles(
        target,
        sample_weight,
        groups,
        None if time is None or isinstance(time, str | bool) else time,
        folds if isinstance(folds, GivenFolds) else None,
        target_name,
        **more,
    )


def request_of(folds=None, **settings) -> FitRequest:
    """Return what settings ask."""
    told = {name: settings.pop(name) for name in _TIMES if name in settings}
    settings = {name: value for name, value in settings.items() if value is not None}
    settings["monotone"] = read_monotone(settings.get("monotone"))
    number = None if isinstance(folds, GivenFolds) else folds
    return FitRequest(**settings, folds=number, time=TimeRequest.given(**told))


def data_of(
    columns, target=None, weight=None, groups=None, folds=None, target_name="target",
    *, classes=None, **told,
) -> TrainingData:  # fmt: skip
    """Return checked rows to learn from."""
    table = columns if isinstance(columns, Table) else Table.from_columns(columns)
    target = np.arange(float(table.n_samples)) if target is None else target
    time = told.get("time")
    roles = roles_of(target, weight, groups, folds, target_name, time, classes=classes)
    return TrainingData.checked(table, roles, request_of(folds, **told))


def asked(data: TrainingData, **given) -> TrainingData:
    """Return rows of which something else was told of their time."""
    return replace(data, asked=replace(data.asked, **given))


def context_of(objective=None, task=None, kinds=None, **settings) -> FitContext:
    """Return what a fit is asked, with what is known of rows it was not given."""
    of_rows = ("n_workers", "limit", "adjust", "n_samples", "all_rows")
    known = {name: settings.pop(name) for name in of_rows if name in settings}
    return FitContext(request_of(objective=objective, task=task, kinds=kinds, **settings), **known)


def fitting_of(
    table,
    target,
    *,
    sample_weight=None,
    groups=None,
    folds=None,
    target_name="target",
    target_format=None,
    classes=None,
    adjust=None,
    drawn_from=None,
    **settings,
) -> Fitting:
    """Return a fit that is ready to train."""
    means = Means(**{name: settings.pop(name) for name in _MEANS if name in settings})
    time = settings.get("time")
    roles = roles_of(
        target, sample_weight, groups, folds, target_name, time, classes=classes,
        written=target_format, drawn_from=drawn_from,
    )  # fmt: skip
    request = request_of(folds, **settings)
    return Fitting(request, table, roles, means, adjust=adjust).prepare()
