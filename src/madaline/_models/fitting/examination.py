"""What a fit knows of its rows before it plans anything: kinds, the task, leaks, told times."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from madaline._models.fitting.columns import (
    infer_schema,
    read_by_letters,
    with_counters,
)
from madaline._models.fitting.memory import MemoryLimit
from madaline._models.fitting.training_data import EncodedTarget, TrainingData
from madaline._models.request import FitRequest
from madaline._race.evaluation.leak_sources import order_of_target
from madaline._race.evaluation.leakage import Leak, find_leaks
from madaline._race.evaluation.scores import label_text
from madaline._race.plan import Plan, Preset, preset_named
from madaline._race.time.hooks import TimeHooks
from madaline._race.time.lagged import LaggedData, TimedRows, check_times
from madaline._race.time.noticing import TimeOrder, find_time_order
from madaline._race.time.stretches import (
    RowTimes,
    read_times,
)
from madaline._tables.conversion import as_levels
from madaline._tables.kinds.kind import CATEGORY, DATETIME, DROPPED, TEXT
from madaline._tables.level_counts import LevelCounts, unknown_counts
from madaline._tables.schema import Schema
from madaline._tables.target import (
    CLASSIFICATION,
    ClassEncoder,
    TargetEncoder,
    infer_task,
    infer_task_of_several,
    target_numbers,
)
from madaline.nn._engine.memory import memory_limit
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True)
class FitContext:
    """What a fit was asked, what it has, and what is known of rows that it was not given."""

    request: FitRequest
    n_workers: int = 1  # tasks that may run at a time
    limit: MemoryLimit = field(default_factory=lambda: MemoryLimit(memory_limit()))
    adjust: Callable[[Plan], Plan] | None = None  # changes the plan, for experiments
    n_samples: int | None = None  # rows of a large table, where the rows are a sample of it
    # returns the levels of a column of text in all rows, where the rows are a sample
    all_rows: Callable[[str], LevelCounts | None] = unknown_counts

    @property
    def preset(self) -> Preset:
        """The choice between time and loss."""
        return preset_named(self.request.preset)


@final
@dataclass(frozen=True, eq=False)
class Examination:
    """What a fit knows of its rows before it plans anything."""

    data: TrainingData  # the rows to learn from
    schema: Schema  # the kind of each column
    task: str
    task_reason: str  # why it is that
    target_encoder: TargetEncoder
    goal: EncodedTarget
    leaks: tuple[Leak, ...]
    time: TimeHooks  # what is known of the time of the rows; see `in_order`

    @property
    def sorted_rows(self) -> str:
        """That the rows, or a column that was left out, are in the order of the target; or ""."""
        classes, data = self.task == CLASSIFICATION, self.data
        target = self.goal.codes if classes else data.target
        if target.ndim > 1 or self.time.times is not None:
            return ""
        dropped = [c.name for c in self.schema.columns if c.kind == DROPPED and c.n_distinct > 1]
        dropped = [name for name in dropped if data.table[name].ndim == 1]
        numbers = target if classes else target_numbers(target)
        return order_of_target(data.table, dropped, numbers, classes=classes)


def examine(data: TrainingData, context: FitContext) -> Examination:
    """Return what a table is: the kind of each column, the task, leaks, told times."""
    request, objective = context.request, context.request.objective
    data.table.sort(context.n_workers)
    schema = infer_schema(data, request.kinds, context.all_rows)
    data = _with_only_dates(replace(data, table=schema.read(data.table)), schema)
    times = _read_times(data, schema)
    given = request.told_task
    task, task_reason = (given, "as told") if given else _infer_task(data)
    objective.check_task(task, n_targets=len(data.target_names))
    data, schema, time = _in_time(data, schema, times, request, classes=task == CLASSIFICATION)
    encoder = objective.fit_target_encoder(
        task, data.target, data.weight, names=data.target_names, classes=data.classes
    )
    encoder = encoder.widened() if time.times else encoder
    learned = time.learned(data.target)
    if time.lagged is not None:
        names = data.target_names
        differences = objective.fit_target_encoder(task, learned, data.weight, names=names)
        encoder = time.lagged.encoder(encoder, differences)
    goal = EncodedTarget.of(encoder, objective, learned, data.weight)
    goal = replace(goal, weight=time.weight(goal.weight, objective.network_loss(encoder)))
    kept = {*request.kinds, *_repeating(schema, context)}
    schema = read_by_letters(schema, data.table, goal.matrix, data.groups, kept)
    _check_limits(context.limit, data, schema, encoder)
    leaks = _find_leaks(data, schema, goal, learned, time.lagged, classes=task == CLASSIFICATION)
    return Examination(data, schema, task, task_reason, encoder, goal, leaks, time)


def _read_times(data: TrainingData, schema: Schema) -> RowTimes | None:
    """Return when each row was recorded, where that was told."""
    asked = data.asked
    return read_times(
        data.time,
        data.table,
        schema,
        gap=asked.gap,
        horizon=None if asked.lags else asked.horizon,  # lags count it in rows
        complete=bool(asked.lags),
    )


def _in_time(
    data: TrainingData,
    schema: Schema,
    times: RowTimes | None,
    request: FitRequest,
    *,
    classes: bool,
) -> tuple[TrainingData, Schema, TimeHooks]:
    """Return the rows in stretches of time, with their past, where that is asked for."""
    check_times(data.asked, times)
    if times is None:
        return data, schema, TimeHooks()
    of_column, names = not isinstance(data.time, np.ndarray), data.target_names
    rows = TimedRows(data.table, schema, times, data.target, names, data.groups, classes, of_column)
    anchored = request.objective.loss != "poisson"
    time = TimeHooks.of(rows, data.asked, anchored=anchored, seed=request.seed)
    if time.lagged is not None:
        if time.lagged.past.lags.series != data.asked.series:  # groups stand in for series
            data = replace(data, groups=None)
        data = replace(data.take(time.lagged.given), table=time.lagged.table)
        schema = time.lagged.schema
    return replace(data, folds=time.folds(data.folds, data.groups)), schema, time


def _repeating(schema: Schema, context: FitContext) -> Iterator[str]:
    """Yield the columns whose levels repeat in all rows, where the rows are a sample."""
    for column in schema.columns:
        counts = context.all_rows(column.name) if column.kind == CATEGORY else None
        if counts is not None and counts.repeat:
            yield column.name


def in_order(seen: Examination) -> Examination:
    """Return what is known with the order of the rows, if later rows are harder to predict."""
    data = seen.data
    order = _find_order(data, seen.schema, seen.goal)
    time = seen.time.noticed(order)
    if order is None or not order.of_time:
        return replace(seen, time=time)
    encoder = seen.target_encoder.widened()
    return replace(
        seen,
        time=time,
        target_encoder=encoder,
        data=replace(data, folds=time.folds(data.folds, data.groups)),
        goal=replace(seen.goal, encoder=encoder),
        schema=with_counters(seen.schema, data.table, order.times),
    )


def _with_only_dates(data: TrainingData, schema: Schema) -> TrainingData:
    """Return the data with the only column of dates for times, where the user needs times."""
    dates = [column.name for column in schema.columns if column.kind == DATETIME]
    if data.time is None and len(dates) == 1 and data.asked.needs_times:
        return replace(data, time=dates[0])
    return data


def _find_order(data: TrainingData, schema: Schema, goal: EncodedTarget) -> TimeOrder | None:
    """Return the order of the rows in which later ones are harder to predict, if nobody told."""
    if data.time is not None or data.folds is not None:
        return None
    weight, groups = data.weight, data.groups
    return find_time_order(
        data.table, schema, goal.encoder, goal.drawn, weight=weight, groups=groups
    )


def _infer_task(data: TrainingData) -> tuple[str, str]:
    if data.target.ndim == 1:
        return infer_task(data.target, data.written)
    return infer_task_of_several(data.target_names, data.target)


def _find_leaks(
    data: TrainingData,
    schema: Schema,
    goal: EncodedTarget,
    learned: Array,  # (n_samples,) or (n_samples, n_targets), as it was given
    lagged: LaggedData | None,
    *,
    classes: bool,
) -> tuple[Leak, ...]:
    """Return the columns that reveal a target, each target by itself.

    With lags, times, series and columns of the past may: they are known when a row is predicted.
    """
    known = () if lagged is None else (*lagged.past.lags.names, *lagged.past.lags.sources)
    texts = [column.name for column in schema.columns if column.kind == TEXT]
    names = [name for name in (*schema.single, *texts) if name not in known]
    labels: list[str] = []
    if isinstance(goal.encoder, ClassEncoder):
        labels = [label_text(label) for label in goal.encoder.classes.tolist()]

    def leaks_of(target: Array) -> tuple[Leak, ...]:
        groups = data.groups
        return find_leaks(data.table, names, target, classes=classes, groups=groups, labels=labels)

    target = goal.codes if classes else learned
    each = [one if classes else target_numbers(one) for one in np.atleast_2d(target.T)]
    if target.ndim == 1:
        return leaks_of(each[0])
    named = zip(data.target_names, each, strict=True)
    return tuple(replace(leak, target=name) for name, one in named for leak in leaks_of(one))


def _check_limits(
    limit: MemoryLimit, data: TrainingData, schema: Schema, target_encoder: TargetEncoder
) -> None:
    """Refuse more classes, or longer texts, than there is memory for."""
    if isinstance(target_encoder, ClassEncoder) and len(target_encoder.classes) > 2:
        limit.check_outputs(data.table.n_samples, len(target_encoder.classes))
    for column in schema.columns:
        if column.kind == TEXT:
            texts = filter(None, as_levels(data.table[column.name]).tolist())
            limit.check_text(column.name, max(map(len, texts), default=0))
