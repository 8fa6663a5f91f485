"""Reads tables from files: CSV with any separator, Parquet, gzip."""

from __future__ import annotations

import csv
import gzip
import io
import os
import shlex
import zlib
from collections import Counter
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.column import number_text
from madaline.data.frames import read_frame
from madaline.data.polars_library import load_polars
from madaline.data.table import Table, listed
from madaline.errors import InputError

MISSING_WORDS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""What stands for a missing value in a text file: the list of pandas."""

MISSING_MARKS = ("?", "-", "--", ".", "*")
"""What stands for a missing value among numbers; elsewhere it may be a level like any other."""

MOSTLY, FEWEST_NUMBERS = 0.9, 10
"""Text of which so large a share are numbers, that many of them different, has typing errors."""

MOSTLY_BESIDE_ONE_WORD = 0.5
"""The share of numbers that is enough where all the rest is one word, such as "unknown"."""

_CODE = r"^0\d+$"
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$|^[+-]?(?i:inf|infinity)$"
_DECIMAL_COMMA = r"^[+-]?\d*,?\d+([eE][+-]?\d+)?$"
_ISO_DATE = (
    r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?$"
)
_OTHER_DATES = {r"^\d{4}/\d{1,2}/\d{1,2}$": "%Y/%m/%d", r"^\d{1,2}\.\d{1,2}\.\d{4}$": "%d.%m.%Y"}
_SEPARATORS = (",", ";", "\t", "|")
_SNIFFED_LINES = 50
_LONGEST_VALUE = 2**31 - 1
_FOREIGN = {
    b"PK\x03\x04": "an Excel workbook or a zip archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF document",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"SQLite format 3": "an SQLite database",
    b"ARROW1": "an Arrow (Feather) file",
    b"\x89HDF": "an HDF5 file",
    b"<!DOCTYPE": "a web page",
    b"<!doctype": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML document",
}


def read_file(
    path: str | os.PathLike[str],
    *,
    categories: Collection[str] = (),
    columns: Collection[str] | None = None,
) -> Table:
    """Read a table from a file.

    The separator of a text file (comma, semicolon, tab, bar) is found out. Spaces around values
    are dropped, `MISSING_WORDS` are missing values, and so are `MISSING_MARKS` among numbers.
    Columns of numbers (with a decimal comma, too, where that does not separate columns), of true
    and false, and of dates (2026-11-25, with or without a time, 2026/11/25, 25.11.2026) are read as
    such. Dates such as 3/4/2026 stay text, as their order cannot be known, and so do codes such as
    007, which the number 7 would not tell from 7.

    Parameters
    ----------
    path : path
        A CSV, TSV or Parquet file; any of them may be compressed with gzip.
    categories : collection of str
        Columns to be read as text whatever they hold. Names that are not in the file do not matter.
    columns : collection of str, optional
        Columns that are wanted, all by default; what is wrong with others does not matter.

    Returns
    -------
    Table
        At least one row and one column.

    Raises
    ------
    InputError
        If there is no such file, or it is no table, or a column cannot be used as it is.
    """
    path = Path(path)
    content = _content(path)
    read = _read_parquet if content[:4] == b"PAR1" else _read_text
    frame = read(path, content)
    if frame.height == 0:
        raise InputError(f"{path} has column names but no rows: give at least one row.")
    wanted = [name for name in frame.columns if columns is None or name in columns]
    if wanted:
        frame = frame.select(wanted)
    return read_frame(_typed(path, frame, set(categories)))


def _content(path: Path) -> bytes:
    """Return the bytes of a file, decompressed."""
    if not path.exists():
        raise InputError(f"There is no file {path}: check the name.")
    if path.is_dir():
        raise InputError(f"{path} is a folder: give the name of a file.")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from None
    if content[:2] == b"\x1f\x8b":
        content = _decompressed(path, content)
    if not content.strip():
        raise InputError(f"{path} is empty: give a table with column names and rows.")
    return content


def _decompressed(path: Path, content: bytes) -> bytes:
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error):
        raise InputError(
            f"{path} is damaged (its gzip data is cut short or changed): copy it again."
        ) from None


def _read_parquet(path: Path, content: bytes) -> Any:
    polars = load_polars()
    if content[-4:] != b"PAR1":
        raise InputError(f"{path} is damaged (a Parquet file that is cut short): copy it again.")
    try:
        return polars.read_parquet(io.BytesIO(content))
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0][:100]
        raise InputError(f"{path} is damaged (Parquet: {reason}): copy it again.") from None


def _read_text(path: Path, content: bytes) -> Any:
    """Return a polars frame in which all columns are text."""
    polars = load_polars()
    text = _decoded(path, content)
    if "\n" not in text:
        text = text.replace("\r", "\n")  # the line ends of old Macs, and of Excel's "Macintosh"
    separator = _separator(path, text)
    names = _names(path, text, separator)
    try:
        frame = polars.read_csv(
            text.encode(), separator=separator, infer_schema=False, null_values=list(MISSING_WORDS)
        )
    except polars.exceptions.NoDataError:
        raise InputError(f"{path} is empty: give a table with column names and rows.") from None
    except polars.exceptions.PolarsError as error:
        _check_widths(path, text, separator)
        reason = str(error).splitlines()[0][:100]
        raise InputError(
            f"{path} is not a table that can be read ({reason}): check that every quote is closed."
        ) from None
    if frame.width != len(names):
        raise InputError(f"{path} is not a table: its first line and the rows do not fit together.")
    if frame.width > 1 and frame[:, -1].null_count():
        _check_widths(path, text, separator)  # a row that is too short looks like missing values
    frame = frame.rename(dict(zip(frame.columns, names, strict=True)))
    return frame if separator == "," else polars.DataFrame(map(_with_point, frame.get_columns()))


def _with_point(series: Any) -> Any:
    """Return numbers with a decimal comma as numbers with a decimal point, all else as it is."""
    fits = series.str.strip_chars().str.contains(_DECIMAL_COMMA)
    return series.str.replace(",", ".", literal=True) if fits.all() else series


def _decoded(path: Path, content: bytes) -> str:
    for start, description in _FOREIGN.items():
        if content.startswith(start):
            raise InputError(f"{path} is {description}, not a table in text: export it as CSV.")
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", errors="replace")
    head = content[:65536]
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    if controls > len(head) / 1000:
        raise InputError(f"{path} is not a table (it is not text): give a CSV or Parquet file.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")  # what Excel writes in Western Europe


def _separator(path: Path, text: str) -> str:
    """Return what separates the values: it gives the first lines equally many, and most."""
    head = "\n".join(text[: 1 << 20].splitlines()[:_SNIFFED_LINES])
    widths = {separator: _width(head, separator) for separator in _SEPARATORS}
    if path.name.lower().removesuffix(".gz").endswith((".tsv", ".tab")) and widths["\t"][1] > 1:
        return "\t"
    return max(_SEPARATORS, key=lambda separator: widths[separator])


def _width(head: str, separator: str) -> tuple[float, int]:
    """Return the share of lines that are as wide as the first, and that width."""
    widths = [len(row) for row in _rows(head, separator) if row]
    if not widths or widths[0] < 2:
        return 0.0, 1
    return round(sum(width == widths[0] for width in widths) / len(widths), 1), widths[0]


def _names(path: Path, text: str, separator: str) -> list[str]:
    header: list[str] = next((row for row in _rows(text, separator) if row), [])
    names = [name.strip() or f"column_{place}" for place, name in enumerate(header, 1)]
    repeated = [name for name, count in Counter(names).items() if count > 1]
    if repeated:
        raise InputError(
            f"{path} has more than one column {listed(repeated)}: rename or remove the duplicates."
        )
    return names


def _rows(text: str, separator: str) -> Any:
    """Return a reader of values of any length: a text may be longer than the limit of `csv`."""
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_VALUE))
    return csv.reader(io.StringIO(text, newline=""), delimiter=separator)


def _check_widths(path: Path, text: str, separator: str) -> None:
    """Name the first line that has more or fewer values than the first one."""
    reader = _rows(text, separator)
    expected = 0
    try:
        for row in reader:
            expected = expected or len(row)
            if row and len(row) != expected:
                raise InputError(
                    f"{path} is not a table: line {reader.line_num} has {len(row)} values where the"
                    f" first line has {expected}; correct that line."
                )
    except csv.Error as error:
        raise InputError(f"{path} is not a table: line {reader.line_num}: {error}.") from None


def _typed(path: Path, frame: Any, categories: set[str]) -> Any:
    """Return the frame with text columns read as numbers, Booleans or dates, where they are."""
    polars = load_polars()
    columns = []
    for series in frame.get_columns():
        if series.dtype != polars.String:
            kept = _as_text(series) if series.name in categories else series
        elif series.name in categories:
            kept = _stripped(series)
        else:
            kept = _typed_text(path, _stripped(series))
        columns.append(_checked_finite(path, kept))
    return polars.DataFrame(columns)


def _stripped(series: Any) -> Any:
    """Return text without spaces around it; what is a missing word then is missing."""
    polars = load_polars()
    stripped = series.str.strip_chars()
    missing = stripped.is_in(list(MISSING_WORDS))
    return polars.select(
        polars.when(missing).then(None).otherwise(stripped).alias(series.name)
    ).to_series()


def _as_text(series: Any) -> Any:
    """Return numbers as the text that stands for them as levels."""
    polars = load_polars()
    if not series.dtype.is_numeric():
        return series
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
    """Return Booleans or dates, or None where it is plain text."""
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
    """Refuse numbers with a few words, or with one word again and again, among them."""
    words = present.filter(~numeric)
    share = MOSTLY if words.n_unique() > 1 else MOSTLY_BESIDE_ONE_WORD
    if numeric.mean() < share or present.filter(numeric).n_unique() < FEWEST_NUMBERS:
        return
    word = words[0]
    row = int((series == word).arg_max())
    raise InputError(
        f"Column {series.name!r} of {path} holds numbers but for {word!r} in row {row + 1} (the"
        " column names not counted): correct it, leave it empty, or, if the numbers are names,"
        f" fit with `--category {shlex.quote(series.name)}`."
    )


def _checked_finite(path: Path, series: Any) -> Any:
    if series.dtype.is_float():
        infinite = series.is_infinite().fill_null(value=False)
        if infinite.any():
            raise InputError(
                f"Column {series.name!r} of {path} holds an infinity (inf) in row"
                f" {int(infinite.arg_max()) + 1} (the column names not counted): correct it, or"
                " leave it empty."
            )
    return series
