"""Parses tables of other formats than CSV: Parquet, Feather, lines of JSON, and Excel workbooks."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from madaline._data.io.compression import plain_name
from madaline._extras import load_extra, load_polars
from madaline.errors import InputError

JSON_ENDINGS = (".jsonl", ".ndjson", ".json")
"""How the names of files of JSON end."""


def parser_of(content: bytes) -> Callable[[Path, bytes], Any] | None:
    """Return the function that parses a file of one of these formats; None for text.

    Parameters
    ----------
    content : bytes
        The decompressed content.

    Examples
    --------
    >>> parser_of(b"PAR1").__name__, parser_of(b"size") is None
    ('parse_parquet', True)
    """
    if content.startswith(b"PAR1"):
        return parse_parquet
    if content.startswith((b"ARROW1", b"FEA1")):
        return parse_feather
    if content.startswith(b"PK\x03\x04") and _is_workbook(content):
        return parse_excel
    return None


def is_json(path: Path, content: bytes) -> bool:
    """Return whether a text is JSON, by the name of its file or by its content in UTF-8.

    Examples
    --------
    >>> is_json(Path("a"), b'{"size": 1}'), is_json(Path("a.csv"), b"size")
    (True, False)
    """
    start = content[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    return plain_name(path).endswith(JSON_ENDINGS) or start.startswith((b'{"', b'[{"'))


def parse_parquet(path: Path, content: bytes) -> Any:
    """Return a polars frame of a Parquet file."""
    if content[-4:] != b"PAR1":
        raise InputError(f"{path} is damaged (a Parquet file that is cut short): copy it again.")
    return _parsed(path, "Parquet", lambda: load_polars().read_parquet(io.BytesIO(content)))


def parse_feather(path: Path, content: bytes) -> Any:
    """Return a polars frame of a Feather file, which is an Arrow file."""
    if content.startswith(b"FEA1"):
        raise InputError(
            f"{path} is a Feather file of version 1, which is no longer used: write it again, for"
            " example with pandas."
        )
    return _parsed(path, "Feather", lambda: load_polars().read_ipc(io.BytesIO(content)))


def parse_json(path: Path, content: bytes) -> Any:
    """Return a polars frame of a file with one JSON object a line, or of a list of objects."""
    polars = load_polars()
    text = content.removeprefix(b"\xef\xbb\xbf").strip()
    read = polars.read_json if text.startswith(b"[") else polars.read_ndjson
    try:
        return read(io.BytesIO(text), infer_schema_length=None)
    except (polars.exceptions.PolarsError, ValueError) as error:
        raise InputError(
            f"{path} is not a table in JSON ({_reason(error)}): give one object a line, such as"
            ' {"size": 1.5, "color": "red"}, or a list of such objects.'
        ) from None


def parse_excel(path: Path, content: bytes) -> Any:
    """Return a polars frame of the first sheet of an Excel workbook."""
    reader = load_extra("fastexcel", extra="files", purpose="An Excel workbook").read_excel(content)
    first, *others = reader.sheet_names
    if others:
        warnings.warn(
            f"{path} has {len(reader.sheet_names)} sheets; only the first, {first}, is read.",
            UserWarning,
            stacklevel=2,
        )
    return _parsed(path, "Excel", lambda: load_polars().read_excel(content, sheet_name=first))


def _is_workbook(content: bytes) -> bool:
    try:
        return "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    except zipfile.BadZipFile:
        return False


def _parsed(path: Path, what: str, parse: Callable[[], Any]) -> Any:
    polars = load_polars()
    try:
        return parse()
    except (polars.exceptions.PolarsError, OSError) as error:
        raise InputError(f"{path} is damaged ({what}: {_reason(error)}): copy it again.") from None


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
