"""The columns of kept rows: as a model reads them, as arrays of a file, and back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np

from madaline._data.column import MOMENT
from madaline._data.conversion import as_levels, as_moments, as_numbers
from madaline._data.json_checks import Fields, Kinds, ListOf, Malformed, Text
from madaline._data.kinds.kind import IMAGE, SEQUENCE, SOUND, ColumnSchema
from madaline._data.schema import Schema
from madaline._data.table import Table
from madaline._runtime.file_checks.array_checks import FLOAT64, INT64, ArrayCheck
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_TEXT = 2**23
"""Characters of the distinct texts of all kept rows, at most."""

COLUMN = Kinds(
    "holds",
    {
        "numbers": Fields({"name": Text()}),
        "moments": Fields({"name": Text()}),
        "levels": Fields({"name": Text(), "levels": ListOf(Text(MOST_TEXT), distinct=True)}),
    },
)
"""The description of a column; its values are an array of numbers, moments, or level numbers."""


def as_learned(table: Table, schema: Schema, *, dropped: Collection[str] = ()) -> Table:
    """Return the columns that another fit could learn from, each as its kind is read.

    Those are the columns that the model uses, and constant ones, which may begin to differ.
    Identifiers and columns that the user left out are not among them.

    Parameters
    ----------
    table : Table
        Rows; columns that the model does not use may be missing.
    schema : Schema
        The kinds of the columns.
    dropped : collection of str
        Columns that the user left out.

    Raises
    ------
    InputError
        If a value cannot be read, or the columns hold images, sequences or sounds.
    """
    columns = {}
    for column in schema.columns:
        constant = column.n_distinct <= 1 and column.name not in dropped
        if column.kept or (constant and column.name in table):
            columns[column.name] = _read(table, column)
    return Table(columns)


def check_kinds(schema: Schema) -> None:
    """Refuse to keep rows of images, sequences or sounds."""
    for column in schema.columns:
        if column.kind in (IMAGE, SEQUENCE, SOUND):
            raise InputError(
                f"Rows with a column of kind {column.kind} ({column.name!r}) cannot be kept:"
                " leave keep_rows at 0."
            )


def _read(table: Table, column: ColumnSchema) -> Array:
    name, written = column.name, cast("Any", column.written)
    values = table[name] if name in table else np.full(table.n_samples, np.nan)
    match column.kind:
        case _ if values.ndim > 1 or column.kind in _OF_SIGNALS:
            return values
        case "number":
            return as_numbers(name, values, written)
        case "datetime":
            return as_moments(name, values, written)
        case "dropped" if values.dtype.kind in "fM":
            return values
        case _:
            return as_levels(values)


_OF_SIGNALS = (SEQUENCE, SOUND)


def columns_to_state(table: Table) -> tuple[list[dict[str, Any]], dict[str, Array]]:
    """Return a JSON-able description of columns, and their values as arrays of numbers."""
    described: list[dict[str, Any]] = []
    arrays: dict[str, Array] = {}
    for number, name in enumerate(table.names):
        values = table[name]
        match values.dtype.kind:
            case "f":
                described.append({"holds": "numbers", "name": name})
            case "M":
                described.append({"holds": "moments", "name": name})
                values = values.astype(MOMENT).astype(np.int64)
            case _:
                texts = as_levels(values).tolist()
                levels = [text for text in dict.fromkeys(texts) if text is not None]
                described.append({"holds": "levels", "name": name, "levels": levels})
                values = _level_numbers(texts, levels)
        arrays[f"column{number}"] = values
    n_characters = sum(len(one) for own in described for one in own.get("levels", ()))
    if n_characters > MOST_TEXT:
        raise InputError(
            f"The texts of the rows to keep have {n_characters:,} characters, more than a model"
            f" file holds ({MOST_TEXT:,}): keep fewer rows."
        )
    return described, arrays


def check_columns(
    described: Sequence[Mapping[str, Any]], n_rows: int
) -> Iterator[tuple[str, ArrayCheck]]:
    """Yield what the array of each described column must be, but for missing numbers."""
    names = [column["name"] for column in described]
    if len(set(names)) < len(names):
        raise Malformed("has two columns of one name")
    for number, column in enumerate(described):
        match column["holds"]:
            case "numbers":
                yield f"column{number}", ArrayCheck(FLOAT64, (n_rows,))
            case "moments":
                yield f"column{number}", ArrayCheck(INT64, (n_rows,))
            case _:
                last = len(column["levels"]) - 1
                yield f"column{number}", ArrayCheck(INT64, (n_rows,), -1, last)


def columns_from_state(
    described: Sequence[Mapping[str, Any]], arrays: Mapping[str, Array]
) -> Table:
    """Return the table that `columns_to_state` described."""
    columns = {}
    for number, column in enumerate(described):
        values = arrays[f"column{number}"]
        if column["holds"] == "moments":
            values = values.view(MOMENT)
        elif column["holds"] == "levels":
            levels = np.array([*column["levels"], None], dtype=object)
            values = levels[values]  # -1 is the last one, None
        columns[column["name"]] = values
    return Table(columns)


def _level_numbers(texts: Sequence[str | None], levels: Sequence[str]) -> Array:
    numbers: dict[str | None, int] = {level: number for number, level in enumerate(levels)}
    return np.array([numbers.get(text, -1) for text in texts], np.int64)


def joined(first: Table, second: Table) -> Table:
    """Return the rows of two tables below one another, with the columns that both have."""
    columns = {}
    for name in first.names:
        if name in second:
            parts = [first[name], second[name]]
            if len({one.dtype.kind for one in parts}) > 1:
                parts = [as_levels(one) for one in parts]
            columns[name] = np.concatenate(parts)
    return Table(columns)
