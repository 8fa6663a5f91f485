"""Values that a user gives of some columns, read as the cells that hold them."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np

from madaline._apps.sampling.cells import LEVEL, MOMENT_KIND, ColumnCells
from madaline._apps.sampling.chain import Chain
from madaline._apps.sampling.source import SampledColumn
from madaline._base.words import format_list, format_moment
from madaline._tables.column import in_seconds, is_missing, number_text, to_column
from madaline._tables.conversion import as_moments
from madaline._tables.table import alike
from madaline.errors import InputError
from madaline.nn.arrays import Array

_SEVERAL = (list, tuple, set, np.ndarray)


def drawable(chain: Chain, name: str) -> ColumnCells:
    """Return the cells of a column that is drawn."""
    if name not in chain.cells:
        raise InputError(
            "There is no column {name!r} to draw: {alike}",
            name=name,
            alike=alike(name, chain.names),
        )
    return chain.cells[name]


def read_given(cells: ColumnCells, column: SampledColumn, value: Any) -> tuple[Array, Array]:
    """Return the cells of a column that hold a value, or one of several, and the values."""
    name = column.name
    values = list(value) if isinstance(value, _SEVERAL) else [value]
    if not values:
        raise InputError("No value of column {name!r} is given: give one or more.", name=name)
    try:
        values = [_read(cells, column, item) for item in values]
    except ValueError:
        raise _no_value(cells, name, value) from None
    if cells.kind == LEVEL:
        known = {str(level): number for number, level in enumerate(cells.levels)}
        texts = [number_text(item) if isinstance(item, float) else str(item) for item in values]
        for item, text in zip(values, texts, strict=True):
            if text not in known:
                listed = format_list(cells.levels)
                raise InputError(
                    "Column {name!r} has no value {item!r}: there are {listed}.",
                    name=name,
                    item=item,
                    listed=listed,
                )
        places = np.array([known[text] for text in texts], np.int32)
        return places, places
    given = to_column(name, [np.nan if item is None else item for item in values])
    if given.dtype.kind != ("M" if cells.kind == MOMENT_KIND else "f"):
        raise _no_value(cells, name, value)
    if is_missing(given).any() and not np.isnan(cells.low[0]):
        raise InputError("Column {name!r} has no missing values.", name=name)
    numbers = in_seconds(given)
    _check_reach(cells, name, numbers)
    return cells.encode(given), numbers


def _check_reach(cells: ColumnCells, name: str, numbers: Array) -> None:
    """Refuse numbers beyond those that can be drawn."""
    present = ~np.isnan(cells.low)
    if not present.any():
        raise InputError("Column {name!r} holds missing values alone.", name=name)
    low, high = float(cells.low[present].min()), float(cells.high[present].max())
    beyond = numbers[(numbers < low) | (numbers > high)]
    if len(beyond):
        write = format_moment if cells.kind == MOMENT_KIND else "{:.6g}".format
        raise InputError(
            "Column {name!r} has no value {value}: its values are drawn from {low} to {high}.",
            name=name,
            value=write(float(beyond[0])),
            low=write(low),
            high=write(high),
        )


def _read(cells: ColumnCells, column: SampledColumn, item: Any) -> Any:
    """Return a given value; a text is read as the table is written."""
    if is_missing(to_column(column.name, [item]))[0]:
        return None
    if not isinstance(item, str):
        return item
    if column.writing is not None:
        with suppress(ValueError):
            return column.writing.read(item)
    if cells.kind == MOMENT_KIND:
        return as_moments(column.name, np.array([item], object))[0]
    return item if cells.kind == LEVEL else float(item)


def _no_value(cells: ColumnCells, name: str, value: Any) -> InputError:
    if cells.kind == LEVEL:
        return InputError(
            "Column {name!r} has no value {value!r}: give one, or a list of several.",
            name=name,
            value=value,
        )
    if cells.kind == MOMENT_KIND:
        return InputError(
            "Column {name!r} has no value {value!r}: it holds dates.", name=name, value=value
        )
    return InputError(
        "Column {name!r} has no value {value!r}: it holds numbers.", name=name, value=value
    )
