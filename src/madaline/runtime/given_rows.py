"""What can be predicted, as a table: frames, mappings, records, and the values of one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from madaline.data.encoders.encoded import Encoded
from madaline.data.encoders.table_encoder import TableEncoder
from madaline.data.records import is_records, record_columns
from madaline.data.table import Table
from madaline.errors import InputError
from madaline.words import some

Columns: TypeAlias = Table | Mapping[str, Any] | Sequence[Mapping[str, Any]]
Rows: TypeAlias = Columns | Encoded
"""What can be predicted."""


def given_rows(rows: Any, encoder: TableEncoder) -> Table:
    """Return rows as a table, in which numbers and dates may still be text.

    Parameters
    ----------
    rows : Table, mapping of str to array, frame, list of dictionaries or structured array
        Of a model of one column, such as images, its values will do.
    encoder : TableEncoder
        It knows the columns that the model needs.

    Raises
    ------
    InputError
        If it is something else.
    """
    if isinstance(rows, Table):
        return rows
    if is_records(rows):
        return Table.from_columns(record_columns(rows))
    if isinstance(rows, Mapping):
        return Table.from_columns(rows)
    if hasattr(type(rows), "columns") and hasattr(rows, "__getitem__"):
        return Table.from_columns({str(name): rows[name] for name in rows.columns})
    columns = encoder.columns
    if len(columns) > 1 or not hasattr(rows, "__len__") or isinstance(rows, str):
        raise InputError(
            f"The rows are a {type(rows).__name__}: give a frame, or a mapping of the columns"
            f" that the model needs, {some(columns, limit=5)}."
        )
    return Table.from_columns({columns[0]: np.asarray(rows) if encoder.shape else rows})
