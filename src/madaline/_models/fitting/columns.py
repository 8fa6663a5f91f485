"""Columns of a fit: how each is read, and the dataset that they become."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

import numpy as np

from madaline._base.language import _
from madaline._models.fitting.memory import Proposal
from madaline._models.fitting.training_data import EncodedTarget, TrainingData
from madaline._race.dataset import Dataset
from madaline._race.evaluation.letters import letters_tell
from madaline._race.evaluation.metrics import Metric
from madaline._race.evaluation.objective import Objective
from madaline._race.features import NetworkInputs, RowFeatures
from madaline._race.time.hooks import TimeHooks
from madaline._race.time.stretches import RowTimes, rising_columns
from madaline._tables.encoders.encoded import FoldFeatures
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import CATEGORY, DROPPED, NUMBER, TEXT, ColumnSchema
from madaline._tables.level_counts import LevelCounts, unknown_counts
from madaline._tables.schema import Schema, numbering_of
from madaline._tables.splits.folds import FoldedRows
from madaline._tables.table import Table
from madaline.nn.arrays import Array


def infer_schema(
    data: TrainingData,
    kinds: Mapping[str, str],
    all_rows: Callable[[str], LevelCounts | None] = unknown_counts,
) -> Schema:
    """Return the kind of each column; a column of times is no identifier, though it may count.

    Texts that hardly repeat in a sample are levels where they do in all rows.
    """
    schema = Schema.infer(data.table, kinds)
    time = data.time
    again = {
        column.name: CATEGORY
        for column in schema.columns
        if column.kind == DROPPED and column.name not in kinds and column.n_distinct > 1
        if (counts := all_rows(column.name)) is not None and counts.repeat
    }
    if again:
        kinds = {**kinds, **again}
        schema = Schema.infer(data.table, kinds)
    dropped = {column.name for column in schema.columns if column.kind == DROPPED}
    if isinstance(time, str) and time in dropped - kinds.keys():
        return Schema.infer(data.table, {**kinds, time: NUMBER})
    return schema


def with_counters(schema: Schema, table: Table, times: RowTimes) -> Schema:
    """Return the schema with columns that count the rows in time as numbers, not as identifiers."""
    columns: list[ColumnSchema] = []
    for column in schema.columns:
        values = table[column.name]
        counts = values.ndim == 1 and values.dtype.kind == "f" and column.kind == DROPPED
        if counts and rising_columns(times.values, values[:, None]).all():
            columns += Schema.infer(table.select([column.name]), {column.name: NUMBER}).columns
        else:
            columns.append(column)
    return replace(schema, columns=tuple(columns))


def read_by_letters(
    schema: Schema, table: Table, target: Array, groups: Array | None, given: Collection[str]
) -> Schema:
    """Return the schema where names are texts whose letters tell more than the names themselves.

    Only columns of many levels, most of them in few rows, come into question; some of them have a
    new level in nearly each row, and would be left out otherwise.
    """
    columns = tuple(
        column if column.name in given else _by_letters(column, table, target, groups)
        for column in schema.columns
    )
    return replace(schema, columns=columns)


def _by_letters(
    column: ColumnSchema, table: Table, target: Array, groups: Array | None
) -> ColumnSchema:
    values = table[column.name]
    if column.kind not in (CATEGORY, DROPPED) or values.dtype != object or values.ndim > 1:
        return column
    if column.kind == DROPPED and numbering_of(table, column.name) is not None:
        return column
    told = letters_tell(table.distinct(column.name), target, groups)
    if told is None or not told.more:
        return column
    explained = _("its letters explain {by_letters:.0%}, its values {by_levels:.0%}").format(
        by_letters=told.by_letters, by_levels=told.by_levels
    )
    detail = _("{detail}; {explained}").format(
        detail=KINDS[TEXT].detail(table, column.name), explained=explained
    )
    return replace(column, kind=TEXT, detail=detail)


def make_dataset(
    data: TrainingData,
    objective: Objective,
    goal: EncodedTarget,
    chosen: Proposal,
    rows: FoldedRows,
    monotone: Mapping[str, int],
    time: TimeHooks,
) -> Dataset:
    """Return the encoded rows, fold after fold, and what is to be learned from them."""
    order = rows.order
    encoder = chosen.encoder
    table = data.table.take(order)
    target = goal.matrix[order]
    encoded = encoder.encode(table)
    groups = None if data.groups is None else np.unique(data.groups[order], return_inverse=True)[1]
    of_folds = FoldFeatures.of(
        encoder.encoders,
        table,
        target,
        None if goal.weight is None else goal.weight[order],
        [rows.training(network) for network in range(rows.n_networks)],
        np.arange(len(order)) if groups is None else groups,
    )
    used = sorted({recipe.n_bins for recipe in chosen.plan.recipes})
    hidden = time.hidden(encoder, encoded, order, used)
    return Dataset(
        rows,
        RowFeatures.of(encoded, used, of_folds),
        NetworkInputs.of(encoder, used, monotone=monotone, hidden=hidden),
        target,
        objective.network_loss(goal.encoder),
        unit_mean(goal.weight, order),
        time.blocks(rows) if groups is None else groups,
        _metric(data, objective, goal, rows),
        time.offset(goal.encoder, encoder.columns, order),
    )


def _metric(
    data: TrainingData, objective: Objective, goal: EncodedTarget, rows: FoldedRows
) -> Metric | None:
    """Return what evaluates outputs instead of the loss, if anything does."""
    return objective.make_metric(
        goal.encoder,
        (data.target if data.classes is None else data.classes[goal.codes])[rows.order],
        unit_mean(data.weight, rows.order),
        n_evaluated=rows.n_evaluated,
    )


def unit_mean(weight: Array | None, order: Array) -> Array | None:
    if weight is None:
        return None
    sorted_weight = weight[order]
    return np.asarray(sorted_weight / sorted_weight.mean(), np.float32)
