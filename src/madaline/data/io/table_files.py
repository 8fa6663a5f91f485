"""Reads tables from files and writes predictions to them: CSV, TSV and Parquet, also gzipped."""

from __future__ import annotations

import csv
import gzip
import io
import os
import zlib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from madaline.data.io.atomic import write_atomically
from madaline.data.io.column_types import infer_types
from madaline.data.io.csv_files import parse_csv
from madaline.data.io.inputs import to_table
from madaline.data.table import Table
from madaline.errors import InputError
from madaline.extras import load_polars
from madaline.nn.arrays import Array


def read_file(
    path: str | os.PathLike[str],
    *,
    categories: Collection[str] = (),
    columns: Collection[str] | None = None,
) -> Table:
    """Read a table from a file.

    The separator of a text file (comma, semicolon, tab, bar) is detected. Spaces around values are
    dropped, `MISSING_WORDS` are missing values, and so are `MISSING_MARKS` among numbers. Columns
    of numbers (also with a decimal comma, if that is not the separator), of true and false, and of
    dates (2026-11-25, with or without a time, 2026/11/25, 25.11.2026) are converted. Dates such as
    3/4/2026 stay text, as their order is ambiguous, and so do codes such as 007.

    Parameters
    ----------
    path : path
        A CSV, TSV or Parquet file; any of them may be compressed with gzip.
    categories : collection of str
        Columns to read as text whatever they hold. Names that are not in the file are ignored.
    columns : collection of str, optional
        Columns to read, all by default; errors in others are ignored.

    Returns
    -------
    Table
        At least one row and one column.

    Raises
    ------
    InputError
        If the file does not exist, is no table, or has a column that cannot be used.
    """
    path = Path(path)
    content = _content(path)
    frame = (_parse_parquet if content[:4] == b"PAR1" else parse_csv)(path, content)
    if frame.height == 0:
        raise InputError(f"{path} has column names but no rows: give at least one row.")
    wanted = [name for name in frame.columns if columns is None or name in columns]
    if wanted:
        frame = frame.select(wanted)
    return to_table(infer_types(path, frame, categories))


def write_predictions(path: str | os.PathLike[str], columns: Mapping[str, Array]) -> None:
    """Write columns to a file, atomically.

    Parameters
    ----------
    path : path
        The name ends in ``.csv``, ``.tsv``, ``.csv.gz``, ``.tsv.gz`` or ``.parquet``.
    columns : mapping of str to ndarray of shape (n_samples,)
        The columns.

    Raises
    ------
    InputError
        If the name has another ending, or its folder does not exist.
    OSError
        If the file cannot be written, for example because the disk is full.
    """
    path = Path(path)
    name = path.name.lower()
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}: create it, or choose another.")
    if path.is_dir():
        raise InputError(f"{path} is a folder: give the name of a file.")
    plain = name.removesuffix(".gz")
    if plain.endswith((".csv", ".tsv")):
        content = format_predictions(columns, separator="\t" if plain.endswith(".tsv") else ",")
        write_atomically(path, gzip.compress(content, mtime=0) if name.endswith(".gz") else content)
    elif name.endswith((".parquet", ".pq")):
        write_atomically(path, _format_parquet(columns))
    else:
        raise InputError(
            f"Predictions go to .csv, .tsv or .parquet, not to {path.name!r}: rename it."
        )


def format_predictions(columns: Mapping[str, Array], *, separator: str = ",") -> bytes:
    r"""Return columns as the bytes of a CSV file.

    Examples
    --------
    >>> import numpy as np
    >>> format_predictions({"species": np.array(["Gentoo"]), "probability": np.array([0.5])})
    b'species,probability\nGentoo,0.5\n'
    """
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return text.getvalue().encode()


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
    try:
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (EOFError, OSError, zlib.error):
        raise InputError(
            f"{path} is damaged (its gzip data is cut short or changed): copy it again."
        ) from None
    if not content.strip():
        raise InputError(f"{path} is empty: give a table with column names and rows.")
    return content


def _parse_parquet(path: Path, content: bytes) -> Any:
    polars = load_polars()
    if content[-4:] != b"PAR1":
        raise InputError(f"{path} is damaged (a Parquet file that is cut short): copy it again.")
    try:
        return polars.read_parquet(io.BytesIO(content))
    except (polars.exceptions.PolarsError, OSError) as error:
        reason = str(error).splitlines()[0][:100]
        raise InputError(f"{path} is damaged (Parquet: {reason}): copy it again.") from None


def _format_parquet(columns: Mapping[str, Array]) -> bytes:
    polars, buffer = load_polars(), io.BytesIO()
    values = {name: x.tolist() if x.dtype.kind == "O" else x for name, x in columns.items()}
    polars.DataFrame(values).write_parquet(buffer)
    return buffer.getvalue()
