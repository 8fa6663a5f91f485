"""Conversion of a column to numbers, levels, moments, sequences and so on."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from madaline._base.language import _
from madaline._tables.column import MOMENT, is_missing, number_text, to_moment
from madaline._tables.formats.characters import is_not_given
from madaline._tables.formats.date_format import DateFormat
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.media.files import read_sound
from madaline._tables.media.signals import Sequence, Sound, holds, sequences
from madaline.errors import InputError
from madaline.nn.arrays import Array

_Value = TypeVar("_Value")
_BOOLEANS = {
    "true": True, "false": False, "yes": True, "no": False, "1": True, "0": False,
    "t": True, "f": False, "y": True, "n": False,
}  # fmt: skip


def as_numbers(name: str, column: Array, written: NumberFormat | None = None) -> Array:
    """Return a column as float64 numbers, NaN where missing."""
    if column.dtype.kind == "f":
        return column
    if column.dtype.kind == "M":
        if np.isnat(column).all():
            return np.full(len(column), np.nan)
        raise _unreadable(name, "a number", "a date", str(column[~np.isnat(column)][0]))

    def number(item: str | bool) -> float:
        if isinstance(item, str) and is_not_given(item):
            return np.nan
        if written is not None and isinstance(item, str):
            return written.parse(item)
        value = float(item)
        if not np.isfinite(value):
            raise ValueError
        return value

    wanted = (
        "a number"
        if written is None
        else _("a number such as {example}").format(example=written.example)
    )
    return np.array(_each(name, column, number, np.nan, wanted), dtype=np.float64)


def as_images(name: str, column: Array) -> Array:
    """Return a column of images as it is."""
    if column.ndim == 1:
        raise InputError(
            "Column {name!r} cannot be read as images: give an array of shape (n_samples, height, width) or (n_samples, height, width, channels), or the names of files.",
            name=name,
        )
    return column


def as_sequences(name: str, column: Array) -> Array:
    """Return a column of sequences; arrays that are all alike were taken for gray images."""
    if holds(column, Sequence):
        return column
    if column.ndim == 1 and is_missing(column).all():
        return np.full(len(column), None)
    if column.ndim == 4 and column.shape[-1] == 1:
        return sequences(column[..., 0], name)
    raise InputError(
        "Column {name!r} cannot be read as sequences: give madaline.sequences(arrays), an array of shape (length, channels) for each row.",
        name=name,
    )


def as_sounds(name: str, column: Array) -> Array:
    """Return a column of sounds; the names of files are read."""
    if holds(column, Sound):
        return column
    if column.ndim == 1 and is_missing(column).all():
        return np.full(len(column), None)
    if column.dtype == object and column.ndim == 1 and holds(column, str):
        sounds = (None if path is None else read_sound(path) for path in column)
        return np.fromiter(sounds, object, len(column))
    raise InputError(
        "Column {name!r} cannot be read as sounds: give madaline.sounds(waveforms, rate), or the names of files.",
        name=name,
    )


def as_booleans(name: str, column: Array) -> Array:
    """Return Booleans, 1 and 0, or words for them as float64: 1 for true, NaN where missing."""
    if column.dtype.kind == "O" and set(map(type, column.tolist())) <= {bool, type(None)}:
        return column.astype(np.float64)  # None becomes NaN
    levels, words = as_levels(column), "true or false"
    booleans = _each(
        name, levels, lambda item: _BOOLEANS[item.strip().lower()], np.nan, words, of_rows=False
    )
    return np.array(booleans, dtype=np.float64)


def as_moments(name: str, column: Array, written: DateFormat | None = None) -> Array:
    """Return a column as datetime64[us], NaT where missing."""
    if column.dtype.kind == "M":
        return column
    if is_missing(column).all():
        return np.full(len(column), "NaT", dtype=MOMENT)

    def moment(item: str) -> Any:
        if is_not_given(item):
            return np.datetime64("NaT", "us")
        return to_moment(datetime.datetime.fromisoformat(item.strip()))

    levels, nat = as_levels(column), np.datetime64("NaT", "us")
    read, example = (moment, "2026-11-25") if written is None else (written.parse, written.example)
    return np.array(
        _each(name, levels, read, nat, _("a date such as {example}").format(example=example)),
        dtype=MOMENT,
    )


def as_levels(column: Array) -> Array:
    """Return a column as text levels, None where missing.

    A number's level is its shortest text, so that 3, 3.0 and "3" are one level.
    """
    if column.dtype.kind == "O":
        items = column.tolist()
        if set(map(type, items)) <= {str, type(None)}:
            return column
        texts = [None if item is None else str(item) for item in items]
        return np.fromiter(texts, object, len(items))
    distinct, inverse = np.unique(column, return_inverse=True)
    if column.dtype.kind == "f":
        texts = [None if np.isnan(number) else number_text(float(number)) for number in distinct]
    else:
        texts = [None if np.isnat(moment) else str(moment) for moment in distinct]
    return np.fromiter(texts, object, len(texts))[inverse]


def _each(
    name: str,
    column: Array,  # of rows, or of distinct values
    read: Callable[[Any], _Value],
    missing: Any,
    wanted: str,
    *,
    of_rows: bool = True,
) -> list[_Value]:
    """Read every distinct value once; the error names the first that cannot be read."""
    readings: dict[Any, Any] = {None: missing}
    items = column.tolist()
    for item in dict.fromkeys(items):
        if item is not None:
            try:
                readings[item] = read(item)
            except (ValueError, KeyError, OverflowError):
                row = (
                    _(" in row {index:,} (counted from 0)").format(index=items.index(item))
                    if of_rows
                    else ""
                )
                found = f"{type_word(item)}{row}"
                raise _unreadable(name, wanted, found, item) from None
    return list(map(readings.__getitem__, items))


def type_word(item: Any) -> str:
    """Return what a newcomer calls the type of an item."""
    words: Mapping[type, str] = {str: "text", bool: "a Boolean"}
    return words.get(type(item), "a number")


def _unreadable(name: str, wanted: str, found: str, item: Any) -> InputError:
    return InputError(
        "Column {name!r} must hold {wanted} in every row, but there is {found}: {item!r}; correct it, leave it empty, or name it as a missing value (missing=).",
        name=name,
        wanted=wanted,
        found=found,
        item=item,
    )
