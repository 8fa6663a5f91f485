"""Rows of a request: the columns that a model needs, in Python's values, checked by kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import IMAGE
from madaline._data.table import Table, listed
from madaline._serve.messages import Refusal, json_word
from madaline.errors import InputError

PLAIN_TYPES: Mapping[str, frozenset[type]] = {
    "number": frozenset({int, float, type(None)}),
    "boolean": frozenset({bool, type(None)}),
    "string": frozenset({str, type(None)}),
}
"""For each type in JSON those of values that are read the same way alone and beside other rows."""

MAX_ROWS = 10_000
"""Rows of a request, at most, unless a server was told otherwise."""


@dataclass(frozen=True, eq=False)
class RequestedRows:
    """Rows of one request."""

    columns: Mapping[str, list[Any]]  # the values of each column that the model needs
    n_rows: int  # how many there are
    # Whether they can be predicted together with those of other requests: no value is of a type
    # that would change how a column is read.
    plain: bool

    def table(self) -> Table:
        """Return the rows as a table; `InputError` if a value cannot be used."""
        return Table.from_columns(self.columns)


def joined(parts: Sequence[RequestedRows]) -> Table:
    """Return the rows of several requests as one table."""
    if len(parts) == 1:
        return parts[0].table()
    names = parts[0].columns
    return Table.from_columns(
        {name: [value for part in parts for value in part.columns[name]] for name in names}
    )


def check_rows(n_rows: int, most: int) -> None:
    """Raise `Refusal` if there are too many rows, before anything is made of them."""
    if n_rows > most:
        raise Refusal(413, f"{n_rows:,} rows are too many: send {most:,} at a time.")


def rows_of_records(
    records: Sequence[Any],
    kinds: Mapping[str, str],
    most: int = MAX_ROWS,
    known: Mapping[str, str] | None = None,
) -> RequestedRows:
    """Return rows that were given as objects; a name that one of them lacks is missing there.

    What is `known` by now may be among their columns, by kind.
    """
    check_rows(len(records), most)
    for number, record in enumerate(records):
        if type(record) is not dict:
            raise InputError(
                f"Row {number} (counted from 0) is {json_word(record)}: give an object with a value"
                " for each column."
            )
    absent = [name for name in kinds if not any(name in record for record in records)]
    if absent and records:
        raise _lacking(absent)
    told = {
        name: kind
        for name, kind in ({} if known is None else known).items()
        if any(name in record for record in records)
    }
    kinds = {**kinds, **told}
    columns = {name: [record.get(name) for record in records] for name in kinds}
    return rows_of_columns(columns, kinds, most)


def rows_of_columns(
    columns: Mapping[str, Any], kinds: Mapping[str, str], most: int = MAX_ROWS
) -> RequestedRows:
    """Return rows that were given as columns; those that the model does not need are left out."""
    absent = [name for name in kinds if name not in columns]
    if absent:
        raise _lacking(absent)
    for name in kinds:
        if type(columns[name]) is not list:
            raise InputError(f"Column {name!r} is {json_word(columns[name])}: give a list.")
    used = {name: columns[name] for name in kinds}
    n_rows = len(next(iter(used.values())))
    check_rows(n_rows, most)
    for name, values in used.items():
        if len(values) != n_rows:
            first = next(iter(used))
            raise InputError(
                f"Column {name!r} has {len(values)} rows but column {first!r} has {n_rows}: give"
                " columns of equal length."
            )
    if not n_rows:
        raise InputError("There are no rows: give at least one.")
    plain = all(_is_plain(values, kinds[name]) for name, values in used.items())
    if plain:
        return RequestedRows(used, n_rows, plain)
    return RequestedRows(
        {name: _checked(name, values, kinds[name]) for name, values in used.items()}, n_rows, False
    )


def _is_plain(values: list[Any], kind: str) -> bool:
    types = PLAIN_TYPES.get(KINDS[kind].json)
    return types is not None and types.issuperset(map(type, values))


def _checked(name: str, values: list[Any], kind: str) -> list[Any]:
    """Return values that a column may be made of: no text is ever taken for the path of a file."""
    if KINDS[kind].json == "array":
        return [_array(name, value, kind) for value in values]
    for value in values:
        if type(value) in (dict, list):
            raise InputError(
                f"Column {name!r} holds {json_word(value)}: give one number, text, Boolean or null"
                " a row."
            )
    return values


def _array(name: str, value: Any, kind: str) -> Any:
    if value is None and kind != IMAGE:
        return None
    if type(value) is not list:
        raise InputError(
            f"Column {name!r} holds {json_word(value)}: give each {kind} as lists of numbers."
        )
    try:
        array = np.asarray(value, np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InputError(
            f"Column {name!r} holds lists that are no array of numbers: give each {kind} as lists"
            " of numbers, all of one length."
        ) from None
    if not array.size:
        raise InputError(f"Column {name!r} holds an empty list: give each {kind} as numbers.")
    return array


def _lacking(absent: Sequence[str]) -> InputError:
    single = len(absent) == 1
    return InputError(
        f"The rows lack {'a column' if single else 'columns'} that the model needs:"
        f" {listed(absent)}; add {'it' if single else 'them'} (null where unknown)."
    )
