"""The types of the columns of a large table, decided on some of its rows and held for all others.

A value of another type further on, such as a word among numbers, counts as missing, with a warning
that names the first; where such values are many, the table is refused.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline._base.words import warn
from madaline._tables.column import MOMENT, is_missing, to_moment
from madaline._tables.formats.characters import is_not_given
from madaline._tables.formats.number_format import MAX_EXACT
from madaline._tables.io.column_types import CODE, as_text, infer_types, stripped
from madaline._tables.table import Table
from madaline.errors import InputError

MAX_MISFITS, MIN_ROWS = 0.1, 1000
"""Share of values that may not fit, of the values of so many rows at least."""


@dataclass(frozen=True)
class HeldTypes:
    """The type that each column has in all rows."""

    types: Mapping[str, Any]  # of polars
    notes: tuple[str, ...] = ()  # what was decided, in sentences
    missing: Collection[str] = ()  # words that stand for missing values
    of_frames: bool = False  # whether texts stay as they are, as those of a data frame do
    told: set[str] = field(default_factory=set, compare=False)  # columns that were warned of

    @classmethod
    def of(
        cls, path: Path, rows: Any, categories: Collection[str], missing: Collection[str]
    ) -> HeldTypes:
        """Return the types that a polars frame of some rows shows."""
        typed, notes = infer_types(path, rows, categories, missing)
        types = {series.name: _held(series) for series in typed.get_columns()}
        return cls(types, notes, missing)

    @classmethod
    def of_frame(
        cls, rows: Any, categories: Collection[str], missing: Collection[str]
    ) -> HeldTypes:
        """Return the types that the columns of a data frame have."""
        polars = load_polars()
        types = {series.name: _held(series) for series in rows.get_columns()}
        types |= {name: polars.String for name in categories if name in types}
        return cls(types, missing=missing, of_frames=True)

    def decided(self, columns: Collection[str], by: HeldTypes) -> HeldTypes:
        """Return the types with those of some columns as other rows show them."""
        return replace(self, types={**self.types, **{name: by.types[name] for name in columns}})

    def undecided(self, rows: Any) -> list[str]:
        """Return the columns of text that have no value in the rows that decided."""
        if self.of_frames:
            return []
        polars = load_polars()
        texts = [n for n, dtype in rows.schema.items() if dtype in (polars.String, polars.Null)]
        return [name for name in texts if not _texts(rows[name], self.missing).count()]

    def apply(self, frame: Any, place: str, first: int) -> Any:
        """Return a frame with these types; `first` is the number of its first row in a place."""
        polars = load_polars()
        columns = [self._typed(frame[name], place, first) for name in frame.columns]
        return polars.DataFrame(columns)

    def table(self, table: Table) -> Table:
        """Return a table whose columns have these types also where they have no value at all."""
        table, changed = table.without(self.missing), {}
        for name, column in table.columns.items():
            dtype = _array_type(self.types[name])
            if column.ndim == 1 and column.dtype != dtype and is_missing(column).all():
                changed[name] = np.full(len(column), _NOTHING[dtype], dtype)
        return table.replaced(changed) if changed else table

    def _typed(self, series: Any, place: str, first: int) -> Any:
        held = self.types[series.name]
        if self.of_frames and series.dtype == held:
            return series
        given = series if self._is_read_as_is(series, held) else _texts(series, self.missing)
        self._check_exact(given, held, place, first)
        typed = _cast(given, held)
        if typed.null_count() > given.null_count():
            self._check(given.set(typed.is_not_null(), None), given, place, first)
        if typed.dtype.is_float() and typed.is_infinite().any():
            row = first + int(typed.is_infinite().fill_null(value=False).arg_max())
            raise InputError(
                "Column {name!r} of {place} holds an infinity (inf) in row {row:,} (counted from 0): correct it, or leave it empty.",
                name=series.name,
                place=place,
                row=row,
            )
        return typed

    def _is_read_as_is(self, series: Any, held: Any) -> bool:
        """Return whether a column needs no other reading than its type, as plain numbers do."""
        if series.dtype == load_polars().String and held.is_float():
            return bool(series.cast(held, strict=False).null_count() == series.null_count())
        return _is_cast(series.dtype, held)

    def _check_exact(self, given: Any, held: Any, place: str, first: int) -> None:
        """Refuse codes in a column of numbers: whole numbers that float64 rounds, and 007."""
        polars = load_polars()
        if not held.is_float():
            return
        if given.dtype.is_integer():
            are_codes = given.cast(polars.Int128).abs() > MAX_EXACT
        elif given.dtype == polars.String:
            zeros = given.filter(given.str.starts_with("0"))
            if not zeros.str.contains(CODE).any():
                return
            are_codes = given.str.contains(CODE)
        else:
            return
        if are_codes.any():
            row = int(are_codes.fill_null(value=False).arg_max())
            raise InputError(
                "Column {name!r} of {place} holds {given!r} in row {first:,} (counted from 0), which is no number but a code, unlike the first rows: fit with `--category {name}` (in Python, the argument kinds).",
                name=given.name,
                place=place,
                given=given[row],
                first=first + row,
            )

    def _check(self, misfits: Any, given: Any, place: str, first: int) -> None:
        """Warn of values that do not fit; refuse them where they are many."""
        words = misfits.drop_nulls().unique(maintain_order=True)
        words = [word for word in words.to_list() if not is_not_given(word)]
        if not words:
            return
        name, n_misfits = given.name, misfits.is_in(words).sum()
        row = first + int((given == words[0]).fill_null(value=False).arg_max())
        what = _(
            "Column {name!r} of {place} holds {words!r} in row {row:,} (counted from 0)"
        ).format(name=name, place=place, words=words[0], row=row)
        kind = _kind(self.types[name])
        if n_misfits > MAX_MISFITS * max(given.count(), MIN_ROWS):
            raise InputError(
                "{what}, and many other values that are no {kind}, as the first rows are: if they are codes, fit with `--category {name}` (in Python, the argument kinds).",
                what=what,
                kind=kind,
                name=name,
            )
        if name not in self.told:
            self.told.add(name)
            warn(
                "{what}, but {kind} in the first rows: it counts as missing, and so does what else is none.",
                what=what,
                kind=kind,
            )


def _held(series: Any) -> Any:
    """Return the type of a column in all rows, given that of some."""
    polars, dtype = load_polars(), series.dtype
    if dtype.is_integer() and series.count() and max(-series.min(), series.max()) > MAX_EXACT:
        return polars.String
    if dtype.is_numeric() or dtype == polars.Null:
        return polars.Float64
    if dtype in (polars.Date, polars.Datetime):
        return polars.Datetime("us", getattr(dtype, "time_zone", None))
    return dtype


def _is_cast(dtype: Any, held: Any) -> bool:
    """Return whether values of a type are cast as they are; others are read as text."""
    polars = load_polars()
    if held.is_float():
        return bool(dtype.is_numeric() or dtype in (polars.Boolean, polars.Null))
    is_moment = isinstance(held, polars.Datetime)
    return bool(
        (dtype == held != polars.String)
        or dtype == polars.Null
        or (is_moment and dtype in (polars.Date, polars.Datetime))
    )


def _texts(series: Any, missing: Collection[str]) -> Any:
    """Return a column of any type as text."""
    return stripped(as_text(series).cast(load_polars().String), missing)


def _cast(series: Any, held: Any) -> Any:
    """Return a column in its type, without values where one does not fit."""
    polars = load_polars()
    if series.dtype != polars.String or held in (polars.String, polars.Float64):
        return series.cast(held, strict=False)
    if held == polars.Boolean:
        return series.str.to_lowercase().replace_strict(
            ["true", "false"], [True, False], default=None, return_dtype=polars.Boolean
        )
    if isinstance(held, polars.Datetime):
        moments = {text: _moment(text) for text in series.unique().to_list()}
        read = np.array([moments[text] for text in series.to_list()], MOMENT)
        return polars.Series(series.name, read).cast(held)
    return series.cast(held, strict=False)


def _moment(text: str | None) -> Any:
    try:
        return None if text is None else to_moment(datetime.datetime.fromisoformat(text))
    except ValueError:
        return None


_NOTHING = {
    np.dtype(float): np.nan,
    np.dtype(MOMENT): np.datetime64("NaT", "us"),
    np.dtype(object): None,
}


def _array_type(held: Any) -> np.dtype[Any]:
    """Return the type of a column of a table."""
    polars = load_polars()
    if held.is_numeric() or held in (polars.Duration, polars.Time):
        return np.dtype(float)
    return np.dtype(MOMENT if isinstance(held, polars.Datetime) else object)


def _kind(held: Any) -> str:
    if held.is_float():
        return "numbers"
    return "true and false" if held == load_polars().Boolean else "dates"
