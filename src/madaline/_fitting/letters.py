"""Columns of names and codes beside others: their letters are read where they tell more."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from madaline._data.details import detail_of
from madaline._data.kinds.kind import CATEGORY, DROPPED, TEXT, ColumnSchema
from madaline._data.schema import Schema
from madaline._data.table import Table
from madaline._evaluation.letters import letters_tell
from madaline.nn.arrays import Array


def read_by_letters(
    schema: Schema, table: Table, target: Array, groups: Array | None, given: Collection[str]
) -> Schema:
    """Return the schema where names are texts whose letters tell more than the names themselves.

    Only columns of many levels, most of them in few rows, come into question; some of them have a
    new level in nearly each row, and would be left out otherwise.

    Parameters
    ----------
    schema : Schema
        The kind of each column.
    table : Table
        The columns, with the names as text.
    target : ndarray of shape (n_samples, n_outputs)
        What the networks learn to predict.
    groups : ndarray of shape (n_samples,), optional
        Rows of one group stay together.
    given : collection of str
        Columns whose kind is given: they stay as they are.
    """
    columns = tuple(
        one if one.name in given else _by_letters(one, table, target, groups)
        for one in schema.columns
    )
    return replace(schema, columns=columns)


def _by_letters(
    column: ColumnSchema, table: Table, target: Array, groups: Array | None
) -> ColumnSchema:
    values = table[column.name]
    if column.kind not in (CATEGORY, DROPPED) or values.dtype != object or values.ndim > 1:
        return column
    found = letters_tell(table.distinct(column.name), target, groups)
    if found is None or not found.more:
        return column
    explained = f"its letters explain {found.by_letters:.0%}, its values {found.by_levels:.0%}"
    detail = f"{detail_of(TEXT, table, column.name)}; {explained}"
    return replace(column, kind=TEXT, detail=detail)
