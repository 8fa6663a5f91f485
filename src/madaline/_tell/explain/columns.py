"""The columns of a table as explanations read them, and their values as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._tables.conversion import as_booleans, as_levels
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import LEVELS, NUMBERS, ColumnEncoder
from madaline._tables.media.images import CHANNELS, size_words
from madaline._tables.media.signals import Signal
from madaline._tables.table import Table, listed
from madaline.errors import InputError
from madaline.nn.arrays import Array


def as_table(table: Table | Mapping[str, Any]) -> Table:
    """Return a table of columns; `InputError` if it has no rows."""
    table = table if isinstance(table, Table) else Table.from_columns(table)
    if table.n_samples == 0:
        raise InputError("The table has no rows: give some, such as the training rows.")
    return table


def spread_rows(table: Table, most: int) -> Table:
    """Return at most so many rows of a table, evenly spread."""
    step = max(1, -(-table.n_samples // most))
    return table if step == 1 else table.take(slice(None, None, step))


def encoder_of(model: FittedModel, column: str) -> ColumnEncoder:
    """Return the encoder of a column that the model uses; `InputError` if it has no values to vary.

    The error says why the model does not use it, or that it holds images or texts.
    """
    for encoder in model.predictor.encoder.encoders:
        if encoder.name == column:
            if KINDS[encoder.kind].holds not in (NUMBERS, LEVELS):
                raise InputError(
                    "The column {column} holds {kind}s, which have no values to vary: name a column of numbers, categories or dates, or explain single predictions (explain).",
                    column=column,
                    kind=encoder.kind,
                )
            return encoder
    unused = {schema.name: schema.detail for schema in model.schema.columns}
    if column in unused:
        raise InputError(
            "The model does not use the column {column} ({unused}).",
            column=column,
            unused=unused[column],
        )
    names = listed(model.predictor.encoder.columns)
    raise InputError(
        "The model knows no column {column!r}: it uses {names}.", column=column, names=names
    )


def values_of(encoder: ColumnEncoder, column: Array) -> Array:
    """Return a column as numbers, moments, or levels (objects), shape (n_samples,)."""
    if isinstance(encoder, CategoryEncoder):
        return as_levels(column)
    if isinstance(encoder, BooleanEncoder):
        truth = as_booleans(encoder.name, column)
        levels: Array = (truth == 1).astype(object)
        levels[np.isnan(truth)] = None
        return levels
    return encoder.read(column)


def value_text(
    value: Any, *, digits: int = 6, longest: int | None = 24, written: NumberFormat = PLAIN
) -> str:
    """Return a value of a table as text, a number as `written`.

    >>> value_text(12500.0), value_text(0.1234567, digits=4), value_text("red"), value_text(True)
    ('12500', '0.1235', 'red', 'true')
    >>> value_text(np.zeros((8, 8, 1))), value_text(np.zeros((40, 26)))
    ('8 x 8 pixels, gray', '40 x 26 numbers')
    """
    if isinstance(value, np.ndarray):
        if value.ndim == 3 and value.shape[-1] in CHANNELS:
            return size_words(value.shape)
        return _("{shape} numbers").format(shape=" x ".join(map(str, value.shape)))
    if isinstance(value, Signal):
        return value.words
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    if isinstance(value, np.datetime64) and not np.isnat(value):
        return str(value.astype("datetime64[s]")).replace("T00:00:00", "").replace("T", " ")
    if value is None or value != value:  # NaN or NaT
        return _("missing")
    if isinstance(value, float | np.floating):
        number = float(value) / 10**written.power + 0.0  # no negative zero
        whole = number.is_integer() and abs(number) < 1e15
        return written.with_unit(f"{number:.0f}" if whole else f"{number:.{digits}g}")
    text = str(value)
    return text if longest is None or len(text) <= longest else f"{text[: longest - 3]}..."
