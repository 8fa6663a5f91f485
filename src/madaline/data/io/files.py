"""Reads tables from files: CSV with any separator, Parquet, gzip."""

from __future__ import annotations

import gzip
import io
import os
import zlib
from collections.abc import Collection
from pathlib import Path
from typing import Any

from madaline.data.io.csv_text import read_csv_text
from madaline.data.io.frames import read_frame
from madaline.data.io.polars_library import load_polars
from madaline.data.io.text_columns import typed_columns
from madaline.data.table import Table
from madaline.errors import InputError


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
    read = _read_parquet if content[:4] == b"PAR1" else read_csv_text
    frame = read(path, content)
    if frame.height == 0:
        raise InputError(f"{path} has column names but no rows: give at least one row.")
    wanted = [name for name in frame.columns if columns is None or name in columns]
    if wanted:
        frame = frame.select(wanted)
    return read_frame(typed_columns(path, frame, categories))


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
