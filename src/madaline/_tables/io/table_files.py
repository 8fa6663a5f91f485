"""Reads tables from files and writes predictions to them, in the formats that people use."""

from __future__ import annotations

import csv
import errno
import io
import json
import math
import os
import sys
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from madaline._base.extras import load_polars
from madaline._tables.io.atomic import check_place, write_atomically
from madaline._tables.io.column_types import infer_types
from madaline._tables.io.compression import (
    check_cells,
    check_frame,
    check_rows,
    check_size,
    compressed,
    decompressed,
    most_bytes,
    plain_name,
    unzipped,
)
from madaline._tables.io.csv_files import parse_csv
from madaline._tables.io.encodings import check_encoding, in_utf8
from madaline._tables.io.recognition import to_table
from madaline._tables.io.surroundings import without_stray_rows
from madaline._tables.io.workbooks import check_not_encrypted, is_workbook, parse_excel
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn._engine.memory import check_address_space, memory_limit
from madaline.nn.arrays import Array

STANDARD_INPUT = Path("-")  # the path that stands for standard input


@dataclass(frozen=True, eq=False)
class FileTable:
    """The table of a file, and what was done to read it, in sentences."""

    table: Table
    notes: tuple[str, ...]
    encoding: str = ""  # of a text file, where it is not UTF-8 or said by a mark


def read_file(
    path: str | os.PathLike[str],
    *,
    categories: Collection[str] = (),
    columns: Collection[str] | None = None,
    memory: int | str | None = None,
    encoding: str | None = None,
    otherwise: str | None = None,
    missing: Collection[str] = (),
) -> FileTable:
    """Read a table from a file.

    The separator of a text file (comma, semicolon, tab, bar; spaces where none of these fits) is
    detected, and blank lines are skipped. Spaces around values are dropped, `MISSING_WORDS` and
    those that are given as `missing` are missing values, and so are others among numbers. Columns
    of numbers, of true and false, and of dates (2026-11-25, with or without a time) are converted.
    Numbers and dates in another form stay text, which `Schema` reads, and so do codes such as 007,
    and `categories`.

    The encoding is by default UTF-8, UTF-16 or, with a warning, the likeliest one; `otherwise` is
    what a file is in that is none of the first two, if that is plausible. Errors in others than the
    `columns` are ignored.
    """
    path, frame, notes, encoding = _frame_of(path, memory, encoding, otherwise)
    wanted = [name for name in frame.columns if columns is None or name in columns]
    if wanted:
        frame = frame.select(wanted)
    typed, of_columns = infer_types(path, frame, categories, missing)
    check_frame(path, typed, memory_limit(memory))
    return FileTable(to_table(typed).without(missing), (*notes, *of_columns), encoding)


@dataclass(frozen=True, eq=False)
class WrittenTable:
    """The columns of a file in their types, and as they are written there."""

    typed: Any  # a polars frame
    written: Any  # the same of a text file as text, of others as they are
    notes: tuple[str, ...]


def read_as_written(
    path: str | os.PathLike[str],
    *,
    categories: Collection[str] = (),
    encoding: str | None = None,
    missing: Collection[str] = (),
) -> WrittenTable:
    """Read a table from a file as `read_file` does, and keep how its values are written."""
    path, frame, notes, _ = _frame_of(path, None, encoding, None)
    typed, of_columns = infer_types(path, frame, categories, missing)
    return WrittenTable(typed, frame, (*notes, *of_columns))


def _frame_of(
    path: str | os.PathLike[str],
    memory: int | str | None,
    encoding: str | None,
    otherwise: str | None,
) -> tuple[Path, Any, tuple[str, ...], str]:
    """Return the name of a file, a polars frame of its rows, what was done, and its encoding."""
    for name in filter(None, (encoding, otherwise)):
        check_encoding(name)
    if "polars" not in sys.modules:
        check_address_space()
    path, limit = Path(path), memory_limit(memory)
    content = _content(path, most_bytes(limit))
    path = Path("standard input") if path == STANDARD_INPUT else path
    frame, notes, encoding = _parsed(path, content, limit, encoding, otherwise)
    del content
    frame, *sentences = without_stray_rows(frame)
    if frame.height == 0:
        raise InputError("{path} has column names but no rows: give at least one row.", path=path)
    return path, frame, (*notes, *sentences), encoding


def _parsed(
    path: Path, content: bytes, limit: int | None, encoding: str | None, otherwise: str | None
) -> tuple[Any, tuple[str, ...], str]:
    check_not_encrypted(path, content)
    if is_workbook(content):
        return *undamaged(path, "Excel", lambda: parse_excel(path, content)), ""
    parse = _parser_of(content)
    if parse is not None:
        return parse(path, content, limit), (), ""
    read = in_utf8(path, content, encoding, otherwise)
    if is_json_text(path, read.content):
        return parse_json(path, read.content), read.notes, read.encoding
    check_cells(path, read.content, limit)
    frame, notes = parse_csv(path, read.content)
    return frame, (*read.notes, *notes), read.encoding


def write_predictions(path: str | os.PathLike[str], columns: Mapping[str, Array]) -> None:
    """Write columns to a file, atomically, in the format and the compression that its name says."""
    path = Path(path)
    check_output(path)
    write_atomically(path, compressed(path, format_columns(path, columns)))


def format_columns(path: Path, columns: Mapping[str, Array], *, header: bool = True) -> bytes:
    """Return columns in the format that the name of a file says, without its compression.

    Only text may come without its line of names.
    """
    ending = Path(plain_name(path)).suffix
    if ending in BINARY_ENDINGS:
        return _format_binary(columns, method=BINARY_ENDINGS[ending])
    if ending in _LINES_ENDINGS:
        return _format_lines(columns)
    return format_predictions(columns, separator=_SEPARATORS[ending], header=header)


def write_frame(path: Path, frame: Any) -> None:
    """Write a polars frame to a file of JSON lines, Parquet or Feather, as its name says."""
    ending, buffer = Path(plain_name(path)).suffix, io.BytesIO()
    method = BINARY_ENDINGS.get(ending, "write_ndjson")
    getattr(frame, method)(buffer)
    write_atomically(path, compressed(path, buffer.getvalue()))


def check_output(path: Path) -> None:
    """Refuse the path of a file that predictions cannot be written to."""
    check_place(path)
    check_ending(path)


def check_ending(path: Path) -> None:
    """Refuse the name of a file that predictions cannot be written to."""
    if Path(plain_name(path)).suffix not in (*_SEPARATORS, *_LINES_ENDINGS, *BINARY_ENDINGS):
        raise InputError(
            "Predictions go to .csv, .tsv, .jsonl, .parquet or .feather, not to {name!r}: rename it.",
            name=path.name,
        )


def format_predictions(
    columns: Mapping[str, Array], *, separator: str = ",", header: bool = True
) -> bytes:
    """Return columns as the bytes of a CSV file."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, lineterminator="\n")
    if header:
        writer.writerow(columns)
    writer.writerows(zip(*(column.tolist() for column in columns.values()), strict=True))
    return text.getvalue().encode()


def _format_lines(columns: Mapping[str, Array]) -> bytes:
    """Return columns as one JSON object a line, with null for what JSON lacks."""
    values = [
        [
            None if isinstance(item, float) and not math.isfinite(item) else item
            for item in x.tolist()
        ]
        for x in columns.values()
    ]
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True))
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows).encode()


def _format_binary(columns: Mapping[str, Array], *, method: str) -> bytes:
    """Return columns as the bytes that a method of polars writes."""
    values = {name: x.tolist() if x.dtype.kind == "O" else x for name, x in columns.items()}
    buffer = io.BytesIO()
    getattr(load_polars().DataFrame(values), method)(buffer)
    return buffer.getvalue()


_SEPARATORS, _LINES_ENDINGS = {".csv": ",", ".tsv": "\t"}, (".jsonl", ".ndjson")
BINARY_ENDINGS = {".parquet": "write_parquet", ".pq": "write_parquet", ".feather": "write_ipc"}
"""What can be written, by the ending of a file's name; of binary files, the method of polars."""


def _content(path: Path, most: int | None) -> bytes:
    """Return the bytes of a file, decompressed; `InputError` if there are more than `most`."""
    if path == STANDARD_INPUT:
        content = sys.stdin.buffer.read(-1 if most is None else most + 1)
        path = Path("standard input")
    else:
        content = _bytes_of(path, most)
    check_size(path, len(content), most)
    content = decompressed(path, content, most)
    if not is_workbook(content):
        content = unzipped(path, content, most)
    if not content.strip():
        raise InputError("{path} is empty: give a table with column names and rows.", path=path)
    return content


def _bytes_of(path: Path, most: int | None) -> bytes:
    if not path.exists():
        raise InputError("There is no file {path}: check the name.", path=path)
    if path.is_dir():
        raise InputError("{path} is a folder: give the name of a file.", path=path)
    try:
        check_size(path, path.stat().st_size, most)
        return path.read_bytes()
    except OSError as error:
        raise InputError(
            "{path} cannot be read: {strerror}.", path=path, strerror=error.strerror
        ) from None


JSON_ENDINGS = (".jsonl", ".ndjson", ".json")  # how the names of files of JSON end


def _parser_of(content: bytes) -> Callable[[Path, bytes, int | None], Any] | None:
    """Return the function that parses a file of one of these formats; None for text."""
    if content.startswith(b"PAR1"):
        return _parse_parquet
    if content.startswith((b"ARROW1", b"FEA1")):
        return _parse_feather
    return None


def is_json_text(path: Path, content: bytes) -> bool:
    """Return whether a text is JSON, by the name of its file or by its content in UTF-8."""
    start = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    return plain_name(path).endswith(JSON_ENDINGS) or start.startswith((b'{"', b'[{"'))


def _parse_parquet(path: Path, content: bytes, limit: int | None) -> Any:
    """Return a polars frame of a Parquet file."""
    if content[-4:] != b"PAR1":
        raise InputError(
            "{path} is damaged (a Parquet file that is cut short): copy it again.", path=path
        )
    return undamaged(path, "Parquet", lambda: _scanned(path, content, limit, "parquet"))


def _parse_feather(path: Path, content: bytes, limit: int | None) -> Any:
    """Return a polars frame of a Feather file, which is an Arrow file."""
    if content.startswith(b"FEA1"):
        raise InputError(
            "{path} is a Feather file of version 1, which is no longer used: write it again, for example with pandas.",
            path=path,
        )
    return undamaged(path, "Feather", lambda: _scanned(path, content, limit, "ipc"))


def _scanned(path: Path, content: bytes, limit: int | None, form: str) -> Any:
    """Return a polars frame of a file whose end tells how many rows it holds: few bytes may."""
    polars = load_polars()
    scanned = getattr(polars, f"scan_{form}")(io.BytesIO(content))
    n_rows = scanned.select(polars.len()).collect().item()
    check_rows(path, n_rows, scanned.collect_schema().dtypes(), limit)
    return getattr(polars, f"read_{form}")(io.BytesIO(content))


def parse_json(path: Path, content: bytes) -> Any:
    """Return a polars frame of a file with one JSON object a line, or of a list of objects."""
    polars = load_polars()
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    read = polars.read_json if text.startswith(b"[") else polars.read_ndjson
    try:
        return _unnested(read(io.BytesIO(text), infer_schema_length=None))
    except (polars.exceptions.PolarsError, ValueError) as error:
        raise InputError(
            '{path} is not a table in JSON ({reason}): give one object a line, such as {{"size": 1.5, "color": "red"}}, or a list of such objects.',
            path=path,
            reason=_reason(error),
        ) from None


def _unnested(frame: Any) -> Any:
    """Return a frame with a column for each field of inner objects, as "place.city".

    An only list of objects is the table, and lists alone are its columns.
    """
    polars = load_polars()
    lists = [name for name, dtype in frame.schema.items() if dtype == polars.List]
    objects = [name for name in lists if frame.schema[name].inner == polars.Struct]
    if frame.height == 1 and len(objects) == 1:
        frame = frame.select(objects).explode(objects).unnest(objects)
    elif frame.height == 1 and len(lists) == frame.width:
        frame = frame.explode(lists)
    while inner := [name for name, dtype in frame.schema.items() if dtype == polars.Struct]:
        for name in inner:
            fields = [f"{name}.{one.name}" for one in frame.schema[name].fields]
            frame = frame.with_columns(polars.col(name).struct.rename_fields(fields)).unnest(name)
    return frame


_NO_MEMORY = os.strerror(errno.ENOMEM)


def undamaged(path: Path, what: str, parse: Callable[[], Any]) -> Any:
    """Return what polars reads of a file; `InputError` if that is damaged."""
    polars = load_polars()
    try:
        return parse()
    except (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError) as error:
        if _NO_MEMORY in str(error):
            raise MemoryError from None
        reason = _reason(error).removeprefix(f"{what.lower()}: ")
        raise InputError(
            "{path} is damaged ({what}: {reason}): copy it again.",
            path=path,
            what=what,
            reason=reason,
        ) from None


def _reason(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]


_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
"""What a formula may begin with (https://owasp.org/www-community/attacks/CSV_Injection)."""


def without_formulas(columns: Mapping[str, Array]) -> dict[str, Array]:
    """Return columns with an apostrophe before texts that a spreadsheet would take for formulas.

    A formula in a table from a stranger may send what is in other cells to somebody. Numbers stay.
    """
    return {_plain(name): _plain_column(column) for name, column in columns.items()}


def _plain_column(column: Array) -> Array:
    if column.dtype.kind not in "OUT":
        return column
    cells = [_plain(cell) if isinstance(cell, str) else cell for cell in column.tolist()]
    return np.fromiter(cells, object, len(cells))


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
