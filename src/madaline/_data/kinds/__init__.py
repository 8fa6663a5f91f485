"""The encoder of each kind of column, fitted and applied."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeAlias, cast

from madaline._data.formats.date_format import DateFormat
from madaline._data.formats.number_format import NumberFormat
from madaline._data.kinds.boolean import BooleanEncoder
from madaline._data.kinds.category import MOST_FEATURES, CategoryEncoder
from madaline._data.kinds.image import ImageEncoder
from madaline._data.kinds.kind import ColumnEncoder, ColumnSchema
from madaline._data.kinds.moment import DatetimeEncoder
from madaline._data.kinds.number import NumberEncoder
from madaline._data.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._data.kinds.sound import SoundEncoder
from madaline._data.kinds.text import TextEncoder
from madaline._data.media.kernels import MAX_PATTERNS
from madaline._data.table import Table
from madaline.nn.arrays import Array

FEW_ROWS = 64
"""Rows up to which levels are read one by one: finding the distinct ones takes longer."""

_SORTABLE = {(NumberEncoder.kind, "f"), (DatetimeEncoder.kind, "M")}
"""Kinds of columns with the type of those that need not be converted first."""

OtherEncoder: TypeAlias = (
    CategoryEncoder
    | BooleanEncoder
    | DatetimeEncoder
    | ImageEncoder
    | TextEncoder
    | SequenceEncoder
    | PatternEncoder
    | SoundEncoder
)
"""Encoders of columns other than numbers."""

ENCODERS: Mapping[str, type[ColumnEncoder]] = {
    encoder.kind: encoder
    for encoder in (
        NumberEncoder,
        CategoryEncoder,
        BooleanEncoder,
        DatetimeEncoder,
        ImageEncoder,
        TextEncoder,
        SequenceEncoder,
        PatternEncoder,
        SoundEncoder,
    )
}
"""The encoder of each kind of column."""


def fit_column(
    table: Table,
    described: ColumnSchema,  # the kind of the column
    weight: Array | None,  # (n_samples,)
    n_bins: tuple[int, ...],  # numbers of bins to prepare
    target: Array | None,  # (n_samples, n_outputs): what the networks learn to predict
    *,
    alone: bool,  # whether it is the only column
    # by what the largest number of levels or terms with a feature of their own is divided
    narrowing: int = 1,
    # whether its features must rise with its values: dates then have no cycles
    monotone: bool = False,
) -> ColumnEncoder:
    """Return the fitted encoder of a column; the table frees its sorted numbers."""
    name, kind = described.name, described.kind
    column = table[name]
    is_sortable = weight is None and (kind, column.dtype.kind) in _SORTABLE
    ascending = table.ascending(name) if is_sortable else None
    table.forget_ascending(name)
    match kind:
        case NumberEncoder.kind:
            number = NumberEncoder.fit(name, column, weight, n_bins, ascending=ascending)
            return replace(number, written=cast("NumberFormat | None", described.written))
        case CategoryEncoder.kind:
            most = MOST_FEATURES // narrowing
            category = CategoryEncoder.fit(
                name, *_weighted(table, name, weight), most_features=most
            )
            if target is None or not category.has_rare:
                return category
            return category.with_means(read_column(category, table), target, weight)
        case BooleanEncoder.kind:
            return BooleanEncoder.fit(name, *_weighted(table, name, weight))
        case TextEncoder.kind:
            return TextEncoder.fit(name, column, alone=alone, narrowing=narrowing)
        case ImageEncoder.kind:
            return ImageEncoder.fit(name, column, weight)
        case SequenceEncoder.kind:
            if alone:
                most = MAX_PATTERNS // narrowing
                return PatternEncoder.fit(name, column, weight, most=most)
            return SequenceEncoder.fit(name, column, weight)
        case SoundEncoder.kind:
            return SoundEncoder.fit(name, column, weight)
        case _:
            moment = DatetimeEncoder.fit(name, column, weight, ascending=ascending)
            cycles = () if monotone else moment.cycles
            written = cast("DateFormat | None", described.written)
            return replace(moment, written=written, cycles=cycles)


def read_column(encoder: ColumnEncoder, table: Table) -> Array:
    """Return a column of a table as its encoder reads it, each distinct level only once.

    Examples
    --------
    >>> table = Table.from_columns({"color": ["red", "blue", "red"] * 100})
    >>> encoder = CategoryEncoder.fit("color", table["color"])
    >>> read_column(encoder, table)[:3]
    array([0, 1, 0])
    """
    column = table[encoder.name]
    if len(column) <= FEW_ROWS or not isinstance(encoder, CategoryEncoder | BooleanEncoder):
        return encoder.read(column)
    distinct = table.distinct(encoder.name)
    return encoder.read(distinct.values).take(distinct.codes)


def _weighted(table: Table, name: str, weight: Array | None) -> tuple[Array, Array | None]:
    """Return values of a column and their weights; without weights, each distinct value once."""
    if weight is not None:
        return table[name], weight
    distinct = table.distinct(name)
    return distinct.values, distinct.counts
