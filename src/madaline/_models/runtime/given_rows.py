"""What can be predicted, as a table: frames, mappings, records, and the values of one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from madaline._base.words import format_list
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.table import Table, is_records, record_columns
from madaline.errors import InputError

Columns: TypeAlias = Table | Mapping[str, Any] | Sequence[Mapping[str, Any]]
Rows: TypeAlias = Columns | Encoded
"""What can be predicted."""


def given_rows(rows: Any, encoder: TableEncoder, also: Sequence[str] = ()) -> Table:
    """Return rows as a table of the columns that a model needs; numbers and dates may be text.

    Of a model of one column, such as images, its values will do. Of a frame, columns to read `also`
    are in the table where there are any.
    """
    return _table(rows, encoder, also).without(encoder.missing)


def _table(rows: Any, encoder: TableEncoder, also: Sequence[str]) -> Table:
    if isinstance(rows, Table):
        return rows
    if is_records(rows):
        return Table.from_columns(record_columns(rows))
    if isinstance(rows, Mapping):
        return Table.from_columns(rows)
    columns = encoder.columns
    if hasattr(type(rows), "columns"):
        return Table.from_columns(_frame_columns(rows, [*columns, *also]))
    if len(columns) > 1 or not hasattr(rows, "__len__") or isinstance(rows, str):
        raise InputError(
            "The rows are a {name}: give a frame, or a mapping of the columns that the model needs, {columns}.",
            name=type(rows).__name__,
            columns=format_list(columns, limit=5),
        )
    return Table.from_columns({columns[0]: np.asarray(rows) if encoder.shape else rows})


def _frame_columns(frame: Any, needed: Sequence[str]) -> Mapping[str, Any]:
    """Return the columns of a frame that the model needs, with nothing but its own methods."""
    if hasattr(type(frame), "collect"):  # a lazy frame of polars
        frame = frame.collect()
    elif hasattr(type(frame), "fetchnumpy"):  # a relation of DuckDB
        frame = frame.fetchnumpy()
    elif hasattr(type(frame), "to_pyarrow"):  # a table of ibis
        frame = frame.to_pyarrow()
    if hasattr(type(frame), "column_names"):  # of pyarrow
        return {name: frame.column(name) for name in frame.column_names if name in needed}
    names = frame if isinstance(frame, Mapping) else frame.columns
    return {str(name): frame[name] for name in names if str(name) in needed}
