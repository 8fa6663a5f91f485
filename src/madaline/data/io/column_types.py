"""Infers the type of each column of text: numbers, Booleans, dates, or text."""

from __future__ import annotations

import shlex
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.column import number_text
from madaline.data.io.csv_files import MISSING_WORDS
from madaline.errors import InputError
from madaline.extras import load_polars

MISSING_MARKS = ("?", "-", "--", ".", "*")
"""What stands for a missing value among numbers; elsewhere it may be an ordinary level."""

MOSTLY, FEWEST_NUMBERS = 0.9, 10
"""A column with this share of numbers, that many of them distinct, has typing errors."""

MOSTLY_BESIDE_ONE_WORD = 0.5
"""The share of numbers that suffices where all other values are one word, such as "unknown"."""

_CODE = r"^0\d+$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
_ISO_DATE = (
    r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?$"
)
_OTHER_DATES = {r"^\d{4}/\d{1,2}/\d{1,2}$": "%Y/%m/%d", r"^\d{1,2}\.\d{1,2}\.\d{4}$": "%d.%m.%Y"}


def infer_types(path: Path, frame: Any, categories: Collection[str]) -> Any:
    """Return the frame with text columns cast to numbers, Booleans or dates where they hold them.

    Parameters
    ----------
    path : path
        Name of the file, for messages.
    frame : polars.DataFrame
        Its columns.
    categories : collection of str
        Columns to keep as text whatever they hold.

    Raises
    ------
    InputError
        If a column of numbers holds a few words or an infinity.

    Examples
    --------
    >>> import polars
    >>> frame = polars.DataFrame({"size": ["1.5", "?"], "sold": ["true", "False"]})
    >>> infer_types(Path("sizes.csv"), frame, ()).to_dict(as_series=False)
    {'size': [1.5, None], 'sold': [True, False]}
    """
    polars = load_polars()
    columns = []
    for series in frame.get_columns():
        is_text, is_category = series.dtype == polars.String, series.name in categories
        if is_text:
            series = _stripped(series)
            series = series if is_category else _typed_text(path, series)
        elif is_category:
            series = _as_text(series)
        _check_finite(path, series)
        columns.append(series)
    return polars.DataFrame(columns)


def _stripped(series: Any) -> Any:
    """Strip spaces, then set missing words to null."""
    polars = load_polars()
    stripped = series.str.strip_chars()
    missing = stripped.is_in(list(MISSING_WORDS))
    return polars.select(
        polars.when(missing).then(None).otherwise(stripped).alias(series.name)
    ).to_series()


def _as_text(series: Any) -> Any:
    """Return numbers as text, to be used as levels."""
    polars = load_polars()
    if not series.dtype.is_numeric():
        return series
    if series.dtype.is_integer():  # as floats, large ones would change
        return series.cast(polars.String)
    texts = [None if item is None or item != item else number_text(float(item)) for item in series]
    return polars.Series(series.name, texts, dtype=polars.String)


def _typed_text(path: Path, series: Any) -> Any:
    polars = load_polars()
    present = series.drop_nulls()
    if len(present) == 0:
        return series.cast(polars.Float64)
    numeric = present.str.contains(_NUMBER)
    if present.str.contains(_CODE).any():
        return series
    if numeric.any() and (numeric | present.is_in(list(MISSING_MARKS))).all():
        return series.cast(polars.Float64, strict=False)
    typed = _typed_words(series, present)
    if typed is not None:
        return typed
    _check_mixed(path, series, present, numeric)
    return series


def _typed_words(series: Any, present: Any) -> Any:
    """Return Booleans or dates; None for plain text."""
    if present.str.to_lowercase().is_in(["true", "false"]).all():
        return series.str.to_lowercase() == "true"
    if present.str.contains(_ISO_DATE).all():
        return _iso_dates(series)
    for pattern, layout in _OTHER_DATES.items():
        if present.str.contains(pattern).all():
            return series.str.to_date(layout, strict=False)
    return None


def _iso_dates(series: Any) -> Any:
    from madaline.data.conversion import as_moments

    polars = load_polars()
    texts = np.array(series.to_list(), dtype=object)
    try:
        moments = as_moments(series.name, texts)
    except InputError:  # 2026-02-30 looks like a date but is none
        return None
    return polars.Series(series.name, moments)


def _check_mixed(path: Path, series: Any, present: Any, numeric: Any) -> None:
    """Refuse a column of numbers with a few words, or one repeated word, among them."""
    words = present.filter(~numeric)
    share = MOSTLY if words.n_unique() > 1 else MOSTLY_BESIDE_ONE_WORD
    if numeric.mean() < share or present.filter(numeric).n_unique() < FEWEST_NUMBERS:
        return
    word = words[0]
    row = int((series == word).arg_max())
    raise InputError(
        f"Column {series.name!r} of {path} holds numbers except {word!r} in row {row + 1} (the"
        " column names not counted): correct it, leave it empty, or, if the numbers are codes,"
        f" fit with `--category {shlex.quote(series.name)}`."
    )


def _check_finite(path: Path, series: Any) -> None:
    if series.dtype.is_float() and series.is_infinite().any():
        row = int(series.is_infinite().fill_null(value=False).arg_max())
        raise InputError(
            f"Column {series.name!r} of {path} holds an infinity (inf) in row {row + 1} (the column"
            " names not counted): correct it, or leave it empty."
        )
