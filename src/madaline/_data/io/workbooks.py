"""Reads the first sheet of an Excel workbook, which may hold more than a table."""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from madaline._data.io.surroundings import HEAD, TAIL, count_above, count_below, skipped_words
from madaline._extras import load_extra, load_polars
from madaline._words import format_list, warn
from madaline.errors import InputError


def is_workbook(content: bytes) -> bool:
    """Return whether the bytes of a zip archive are those of an Excel workbook."""
    try:
        return "xl/workbook.xml" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    except zipfile.BadZipFile:
        return False


def parse_excel(path: Path, content: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return a polars frame of the first sheet of a workbook, and what was done, in sentences."""
    fastexcel = load_extra("fastexcel", extra="files", purpose="An Excel workbook")
    try:
        reader = fastexcel.read_excel(content)
        first, *others = reader.sheet_names
        raw = reader.load_sheet(first, header_row=None, dtypes="string").to_polars()
    except (fastexcel.FastExcelError, ValueError) as error:
        reason = str(error).partition("\n")[0][:100]
        raise InputError(f"{path} is damaged (Excel: {reason}): copy it again.") from None
    if others:
        warn(f"{path} has {len(reader.sheet_names)} sheets; only the first, {first}, is read.")
    head, tail = raw.head(HEAD).rows(), raw.tail(TAIL).rows()
    n_above = count_above(head)
    tail = tail[max(0, n_above + 2 - (raw.height - len(tail))) :]
    n_below = count_below(tail, head[n_above + 1 : HEAD])
    layout, options = _Layout.of(content), dict[str, int]()
    if n_above or n_below:  # rows are counted from the first of the sheet, but none of the raw ones
        n_rows = raw.height - n_above - 1 - n_below
        options = {"header_row": layout.first_row - 1 + n_above, "n_rows": n_rows}
    frame = load_polars().read_excel(content, sheet_name=first, read_options=options or None)
    below = tail[len(tail) - n_below :]
    notes = [
        skipped_words(head[:n_above], "above the column names"),
        skipped_words(below, "below the table"),
    ]
    names = dict(enumerate(raw.row(n_above), layout.first_column)) if raw.height > n_above else {}
    frame, merged = _filled_down(frame, layout, names, n_above + layout.first_row)
    hidden = [names[n] for n in layout.hidden if names.get(n) in frame.columns]
    if hidden:
        verb = "is hidden but was" if len(hidden) == 1 else "are hidden but were"
        notes.append(f"{format_list(hidden)} {verb} read: --drop leaves columns out.")
    return frame, tuple(filter(None, (*notes, merged)))


def _filled_down(
    frame: Any, layout: _Layout, names: dict[int, str], header: int
) -> tuple[Any, str]:
    """Return the frame with the values of merged cells in each of their rows, and a sentence."""
    polars, filled = load_polars(), []
    for number, name in names.items():
        lengths = [stop - start for start, stop in layout.merged.get(number, ()) if start > header]
        if lengths and name in frame.columns and frame[name].null_count() == sum(lengths):
            filled.append(name)
    frame = frame.with_columns(polars.col(name).forward_fill() for name in filled)
    shown = format_list(filled)
    return frame, f"The value of merged cells of {shown} stands in each row." if filled else ""


_PLACE = re.compile(rb'<c r="([A-Z]{1,3})(\d+)"(?:[^>]*[^/>])?>')
"""A cell with a value, and where it is."""

_COLUMN = re.compile(rb"<col\b[^>]*>")
_BOUNDS = re.compile(rb'\b(min|max)="(\d{1,9})"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')


_MAX_COLUMNS = 2**14
"""Columns of a sheet, at most."""


@final
@dataclass(frozen=True)
class _Layout:
    """Which columns of a sheet are hidden, and which cells merged; all counted from 1."""

    hidden: tuple[int, ...] = ()
    # of a column, the first and the last row of each merged cell
    merged: Mapping[int, list[tuple[int, int]]] = field(default_factory=dict)
    first_column: int = 1  # with a value
    first_row: int = 1

    @classmethod
    def of(cls, content: bytes) -> _Layout:
        """Return the layout of the first sheet of a workbook."""
        sheet = _first_sheet(content)
        hidden = [
            number
            for column in filter(_HIDDEN.search, _COLUMN.findall(sheet))
            for number in _numbers_of(dict(_BOUNDS.findall(column)))
        ]
        merged: dict[int, list[tuple[int, int]]] = {}
        for left, top, right, bottom in _MERGED.findall(sheet):
            if left == right:
                merged.setdefault(_number(left), []).append((int(top), int(bottom)))
        places = _PLACE.findall(sheet)
        first_column = min((_number(column) for column, _ in places), default=1)
        return cls(tuple(hidden), merged, first_column, min((int(r) for _, r in places), default=1))


def _numbers_of(bounds: Mapping[bytes, bytes]) -> range:
    """Return the numbers of the columns that an element of a sheet describes."""
    return range(int(bounds.get(b"min", 1)), min(int(bounds.get(b"max", 0)), _MAX_COLUMNS) + 1)


def _first_sheet(content: bytes) -> bytes:
    """Return the XML of the first sheet of a workbook; nothing if it cannot be found."""
    archive = zipfile.ZipFile(io.BytesIO(content))
    try:
        sheet = re.search(rb'<sheet\b[^>]*\br:id="([^"]+)"', archive.read("xl/workbook.xml"))
        relations = archive.read("xl/_rels/workbook.xml.rels")
        for relation in re.findall(rb"<Relationship\b[^>]*>", relations):
            if sheet is not None and b'Id="%s"' % sheet[1] in relation:
                target = re.search(rb'Target="/?(?:xl/)?([^"]+)"', relation)
                return b"" if target is None else archive.read(f"xl/{target[1].decode()}")
    except (KeyError, ValueError, RuntimeError, OSError, zipfile.BadZipFile, zlib.error):
        pass  # the reader of the cells says what is wrong
    return b""


def _number(letters: bytes) -> int:
    """Return the number of a column, from 1, whose letters are given.

    >>> _number(b"A"), _number(b"AB")
    (1, 28)
    """
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
