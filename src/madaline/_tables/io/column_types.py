"""Infers the type of each column of text: numbers, Booleans, dates, or text."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline._base.words import split_names
from madaline._tables.column import number_text
from madaline._tables.formats.characters import (
    MISSING_WORDS,
    counted_as_missing,
    is_not_given,
    is_term,
)
from madaline._tables.formats.choice import MIN_BESIDE_TERMS
from madaline._tables.formats.column_formats import choose_number_format
from madaline._tables.formats.date_format import COMPACT
from madaline._tables.formats.number_format import MAX_EXACT
from madaline.errors import InputError

_MIN_NUMBER_SHARE, _MIN_DISTINCT_NUMBERS = 0.9, 10
"""A column with this share of numbers, that many of them distinct, has typing errors."""

_MIN_SHARE_BESIDE_ONE_WORD = 0.5
"""The share of numbers that suffices where all other values are one word, such as "unknown"."""

CODE = r"^0[0-9]+$"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$|^[+-]?(?i:inf|infinity)$"
ISO_DATE = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]{1,9})?)?"
    r"( ?(Z|UTC|[+-][0-9]{2}:?[0-9]{2}))?)?$"
)
_THREE_DIGITS = r"^[+-]?(0|[1-9][0-9]{0,2})$|^[+-]?[1-9][0-9]{0,2}\.[0-9]{3}$"
"""Whole numbers below 1,000, and numbers such as 7.678, which may be thousands."""

_DECIMAL_COMMA = r"^[+-]?[0-9]*,([0-9]{1,2}|[0-9]{4,})$"
_SAMPLE = 100


def infer_types(
    path: Path, frame: Any, categories: Collection[str], missing: Collection[str] = ()
) -> tuple[Any, tuple[str, ...]]:
    """Return the frame with text columns cast to numbers, Booleans or dates, and sentences on it.

    `categories` are columns to keep as text whatever they hold, or several with commas between.

    Numbers and dates in another form than 1.5 and 2026-11-25 stay text: `Schema` reads them.
    """
    polars = load_polars()
    categories = split_names(categories, frame.columns)
    columns, notes = [], [*_notes_of_codes(frame)]
    for series in frame.get_columns():
        is_text, is_category = series.dtype == polars.String, series.name in categories
        if is_text:
            text = stripped(series, missing)
            series = text if is_category else _typed_text(path, text, frame)
            notes += _notes_of_missing(text, series)
        elif is_category:
            series = as_text(series)
        _check_finite(path, series)
        columns.append(series)
    return polars.DataFrame(columns), tuple(notes)


def _notes_of_codes(frame: Any) -> Iterator[str]:
    """Yield that NA counts as missing in the only column with it, which holds codes like it."""
    polars = load_polars()
    of_text = frame.select(polars.col(polars.String))
    holds = [column for column in of_text.get_columns() if (column == _CODE_LIKE_MISSING).any()]
    if len(holds) == 1:
        codes = holds[0].str.strip_chars().drop_nulls()
        codes = codes.filter(~codes.is_in(MISSING_WORDS)).unique()
        if len(codes) >= _MIN_CODES and codes.str.contains("^[A-Z]{2}$").all():
            yield _(
                "{name}: 'NA' counts as missing; if it is a code, as of Namibia, write another one."
            ).format(name=holds[0].name)


_CODE_LIKE_MISSING, _MIN_CODES = "NA", 3


def stripped(series: Any, words: Collection[str]) -> Any:
    """Strip spaces, then set missing words to null."""
    polars = load_polars()
    stripped = series.str.strip_chars()
    missing = stripped.is_in([*MISSING_WORDS, *words])
    return polars.select(
        polars.when(missing).then(None).otherwise(stripped).alias(series.name)
    ).to_series()


def as_text(series: Any) -> Any:
    """Return numbers as text, to be used as levels."""
    polars = load_polars()
    if not series.dtype.is_numeric():
        return series
    if series.dtype.is_integer():  # as floats, large ones would change
        return series.cast(polars.String)
    texts = [None if item is None or item != item else number_text(float(item)) for item in series]
    return polars.Series(series.name, texts, dtype=polars.String)


def _typed_text(path: Path, series: Any, frame: Any) -> Any:
    polars = load_polars()
    present = series.drop_nulls()
    if len(present) == 0:
        return series.cast(polars.Float64)
    numeric = present.str.contains(_NUMBER)
    # Dates such as 20240822 are no amounts.
    if present.str.contains(CODE).any() or present.str.contains(f"^{COMPACT}$").all():
        return series
    if numeric.any() and _are_missing(present, numeric):
        numbers = series.cast(polars.Float64, strict=False)
        return series if _is_unclear(present.filter(numeric), numbers, frame) else numbers
    typed = _typed_words(series, present)
    if typed is not None:
        return typed
    _check_mixed(path, series, present, numeric)
    return series


def _are_missing(present: Any, numeric: Any) -> bool:
    """Return whether all words beside numbers stand for missing values."""
    words = present.filter(~numeric).unique().to_list()
    if not all(map(is_not_given, words)):
        return False
    return not any(map(is_term, words)) or present.filter(numeric).n_unique() >= MIN_BESIDE_TERMS


def _notes_of_missing(text: Any, typed: Any) -> Iterator[str]:
    """Yield which words of a column of numbers or dates count as missing, if any do."""
    if (
        not (typed.dtype.is_float() or typed.dtype.is_temporal())
        or typed.null_count() == text.null_count()
    ):
        return
    words = text.filter(typed.is_null()).drop_nulls().alias("word").value_counts(sort=True)
    yield counted_as_missing(text.name, dict(words.rows()))


def _is_unclear(texts: Any, numbers: Any, frame: Any) -> bool:
    """Return whether numbers would be misread: codes beyond 2^53, or points of thousands."""
    if numbers.abs().max() > MAX_EXACT and texts.str.contains("^[+-]?[0-9]+$").all():
        return bool(texts.n_unique() > texts.cast(load_polars().Float64).n_unique())
    if not texts.head(_SAMPLE).str.contains(_THREE_DIGITS).all():
        return False
    has_point = texts.str.contains(".", literal=True)
    if not has_point.any() or not texts.str.contains(_THREE_DIGITS).all():
        return False
    return not has_point.all() or any(map(_has_decimal_commas, frame.get_columns()))


def _has_decimal_commas(series: Any) -> bool:
    """Return whether numbers with a decimal comma are among the first texts of a column."""
    is_text = series.dtype == load_polars().String
    return is_text and bool(
        series.head(_SAMPLE).str.strip_chars().str.contains(_DECIMAL_COMMA).any()
    )


def _typed_words(series: Any, present: Any) -> Any:
    """Return Booleans or dates; None for plain text."""
    if present.str.to_lowercase().is_in(["true", "false"]).all():
        return series.str.to_lowercase() == "true"
    are_dates = present.str.contains(ISO_DATE).all() and not present.str.contains("^1[34]").all()
    return _iso_dates(series) if are_dates else None  # 1403 is no year of this calendar


def _iso_dates(series: Any) -> Any:
    from madaline._tables.conversion import as_moments

    polars = load_polars()
    texts = np.array(series.to_list(), dtype=object)
    try:
        moments = as_moments(series.name, texts)
    except InputError:  # 2026-02-30 looks like a date but is none
        return None
    return polars.Series(series.name, moments)


def _check_mixed(path: Path, series: Any, present: Any, numeric: Any) -> None:
    """Refuse a column of numbers with other words among them, unless these are seldom and few."""
    words = present.filter(~numeric)
    share = _MIN_NUMBER_SHARE if words.n_unique() > 1 else _MIN_SHARE_BESIDE_ONE_WORD
    if numeric.mean() < share or present.filter(numeric).n_unique() < _MIN_DISTINCT_NUMBERS:
        return
    formatted = choose_number_format(present.unique().to_list()).format
    if formatted is not None and (numeric.mean() >= _MIN_NUMBER_SHARE or not formatted.words):
        return  # the words are numbers, too, such as 1,234 or 5 %, or stand for missing values
    word = words[0]
    row = int((series == word).arg_max())
    raise InputError(
        "Column {name!r} of {path} holds numbers except {word!r} in row {row} (counted from 0): correct it, leave it empty, add `--missing {quote}`, or, if the numbers are codes, fit with `--category {quote2}`.",
        name=series.name,
        path=path,
        word=word,
        row=row,
        quote=shlex.quote(word),
        quote2=shlex.quote(series.name),
    )


def _check_finite(path: Path, series: Any) -> None:
    if series.dtype.is_float() and series.is_infinite().any():
        row = int(series.is_infinite().fill_null(value=False).arg_max())
        raise InputError(
            "Column {name!r} of {path} holds an infinity (inf) in row {row} (counted from 0): correct it, or leave it empty.",
            name=series.name,
            path=path,
            row=row,
        )
