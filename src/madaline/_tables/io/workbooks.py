"""Reads the first sheet of an Excel workbook, which may hold more than a table."""

from __future__ import annotations

import io
import logging
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from madaline._base.extras import load_extra, load_polars
from madaline._base.language import _
from madaline._base.words import format_list, warn
from madaline._tables.io.surroundings import (
    HEAD,
    TAIL,
    count_above,
    count_below,
    second_table,
    skipped_words,
)
from madaline.errors import InputError

_OLD_EXCEL = b"\xd0\xcf\x11\xe0"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""How old workbooks start, and what those hold that are protected by a password."""

_DAMAGE = (
    *(KeyError, IndexError, ValueError, RuntimeError, OSError),
    *(zipfile.BadZipFile, zlib.error),
)
"""What reading an archive may raise that is damaged."""


def check_not_encrypted(path: Path, content: bytes) -> None:
    """Raise `InputError` for a workbook that is protected by a password."""
    if content.startswith(_OLD_EXCEL) and _ENCRYPTED in content:
        raise InputError(
            "{path} is protected by a password: save it without one, or export it as CSV.",
            path=path,
        )


def is_workbook(content: bytes) -> bool:
    """Return whether the bytes are those of a workbook of Excel, old or new, or of LibreOffice."""
    if content.startswith(_OLD_EXCEL):
        return "Workbook".encode("utf-16-le") in content and _ENCRYPTED not in content
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        names = archive.namelist()
        kind = archive.read("mimetype") if "mimetype" in names else b""
    except _DAMAGE:
        return False
    return kind.endswith(b"opendocument.spreadsheet") or not {
        "xl/workbook.xml",
        "xl/workbook.bin",
    }.isdisjoint(names)


def parse_excel(path: Path, content: bytes) -> tuple[Any, tuple[str, ...]]:
    """Return a polars frame of the first sheet of a workbook, and what was done, in sentences."""
    raw, number, sheet = _read_sheet(path, content)
    head, tail = raw.head(HEAD).rows(), raw.tail(TAIL).rows()
    n_above = count_above(head)
    tail = tail[max(0, n_above + 2 - (raw.height - len(tail))) :]
    n_below = count_below(tail, head[n_above + 1 : HEAD])
    layout, options = _Layout.of(content, number), dict[str, int]()
    if n_above or n_below:  # rows are counted from the first of the sheet, but none of the raw ones
        n_rows = raw.height - n_above - 1 - n_below
        options = {"header_row": layout.first_row - 1 + n_above, "n_rows": n_rows}
    frame = load_polars().read_excel(content, sheet_name=sheet, read_options=options or None)
    below = tail[len(tail) - n_below :]
    notes = [
        skipped_words(head[:n_above], "above the column names"),
        skipped_words(below, "below the table"),
        second_table(raw[n_above : raw.height - n_below]),
    ]
    names = dict(enumerate(raw.row(n_above), layout.first_column)) if raw.height > n_above else {}
    frame, merged = _filled_down(frame, layout, names, n_above + layout.first_row)
    hidden = [names[n] for n in layout.hidden if names.get(n) in frame.columns]
    notes += _notes_of_columns(frame, layout, hidden, _apart(raw, n_above))
    return frame, tuple(filter(None, (*notes, merged)))


def _read_sheet(path: Path, content: bytes) -> tuple[Any, int, str]:
    """Return the cells of the sheet to read, its number, and its name."""
    fastexcel = load_extra("fastexcel", extra="files", purpose="An Excel workbook")
    logging.getLogger("fastexcel").setLevel(logging.ERROR)  # columns without values are no news
    try:
        reader = fastexcel.read_excel(content)
        names = reader.sheet_names
        raw, number, which = _first_table(fastexcel, reader)
    except (fastexcel.FastExcelError, ValueError) as error:
        reason = str(error).partition("\n")[0][:100]
        raise InputError(
            "{path} is damaged (Excel: {reason}): copy it again.", path=path, reason=reason
        ) from None
    if raw is None:
        raise InputError("{path} is empty: give a table with column names and rows.", path=path)
    if len(names) > 1:
        shown = _("only {which}, {names}, is read").format(which=which, names=names[number])
        warn("{path} has {n_names} sheets; {shown}.", path=path, n_names=len(names), shown=shown)
    return raw, number, names[number]


def _notes_of_columns(
    frame: Any, layout: _Layout, hidden: list[str], apart: list[str]
) -> Iterator[str]:
    """Yield what stands out about columns: hidden ones, formulas, and those that stand apart."""
    if hidden:
        verb = "is hidden but was" if len(hidden) == 1 else "are hidden but were"
        yield _("{hidden} {verb} read: --drop leaves columns out.").format(
            hidden=format_list(hidden), verb=verb
        )
    uncomputed = [name for name in frame.columns if frame[name].null_count() == frame.height]
    if layout.has_uncomputed and uncomputed:
        yield _(
            "{uncomputed}: formulas were never computed; open the workbook in a spreadsheet, and save it."
        ).format(uncomputed=format_list(uncomputed))
    if apart:
        verb = "stands" if len(apart) == 1 else "stand"
        yield _("{apart} {verb} behind an empty column: --drop leaves columns out.").format(
            apart=format_list(apart), verb=verb
        )


def _first_table(fastexcel: Any, reader: Any) -> tuple[Any, int, str]:
    """Return the text of the first sheet with rows below names, its number, and which it is.

    Sheets that are hidden come after the others, and those without rows last. It is None if no
    sheet holds anything.
    """
    found: list[tuple[bool, Any, int]] = []
    n_hidden = 0
    for number, name in enumerate(reader.sheet_names):
        try:
            sheet = reader.load_sheet(name, header_row=None, dtypes="string")
            raw = sheet.to_polars()
        except fastexcel.FastExcelError:
            if number + 1 < len(reader.sheet_names) or found:
                continue
            raise
        is_table = raw.height > 1 and raw.width > 1
        if is_table and sheet.visible == "visible":
            visible = "visible one with rows" if n_hidden else "one with rows"
            return (
                raw,
                number,
                _("the first {visible}").format(visible=visible) if number else "the first",
            )
        n_hidden += is_table
        found += [(is_table, raw, number)] if raw.height else []
    __, raw, number = max(found, key=lambda sheet: sheet[0], default=(False, None, 0))
    return raw, number, "the first one with rows" if number else "the first"


def _apart(raw: Any, n_above: int) -> list[str]:
    """Return the names of columns behind a column without a name and without values."""
    if raw.height <= n_above:
        return []
    names = raw.row(n_above)
    empty = [n for n, name in enumerate(names) if name is None and raw[:, n].is_null().all()]
    inner = [n for n in empty if any(names[:n])]
    return [name for name in names[inner[0] :] if name] if inner else []


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
    return frame, _("The value of merged cells of {shown} stands in each row.").format(
        shown=shown
    ) if filled else ""


_PLACE = re.compile(rb'<c r="([A-Z]{1,3})(\d+)"(?:[^>]*[^/>])?>')
"""A cell with a value, and where it is."""

_COLUMN = re.compile(rb"<col\b[^>]*>")
_BOUNDS = re.compile(rb'\b(min|max)="(\d{1,9})"')
_HIDDEN = re.compile(rb'\bhidden="(?:1|true)"')
_UNCOMPUTED = re.compile(rb"<f>[^<]*</f>(?:<v ?/>|<v></v>)?</c>")
_MERGED = re.compile(rb'<mergeCell ref="([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)"')

_MAX_COLUMNS = 2**14  # columns of a sheet, at most


@final
@dataclass(frozen=True)
class _Layout:
    """Which columns of a sheet are hidden, and which cells merged; all counted from 1."""

    hidden: tuple[int, ...] = ()
    # of a column, the first and the last row of each merged cell
    merged: Mapping[int, list[tuple[int, int]]] = field(default_factory=dict)
    first_column: int = 1  # with a value
    first_row: int = 1
    has_uncomputed: bool = False  # whether there are formulas without a value

    @classmethod
    def of(cls, content: bytes, number: int) -> _Layout:
        """Return the layout of a sheet of a workbook."""
        sheet = _sheet(content, number)
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
        first_row = min((int(row) for _, row in places), default=1)
        has_uncomputed = _UNCOMPUTED.search(sheet) is not None
        return cls(tuple(hidden), merged, first_column, first_row, has_uncomputed)


def _numbers_of(bounds: Mapping[bytes, bytes]) -> range:
    """Return the numbers of the columns that an element of a sheet describes."""
    return range(int(bounds.get(b"min", 1)), min(int(bounds.get(b"max", 0)), _MAX_COLUMNS) + 1)


def _sheet(content: bytes, number: int) -> bytes:
    """Return the XML of a sheet of a workbook; nothing if it cannot be found."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
        described = archive.read("xl/workbook.xml")
        identifier = re.findall(rb'<sheet\b[^>]*\br:id="([^"]+)"', described)[number]
        relations = archive.read("xl/_rels/workbook.xml.rels")
        for relation in re.findall(rb"<Relationship\b[^>]*>", relations):
            if b'Id="%s"' % identifier in relation:
                target = re.search(rb'Target="/?(?:xl/)?([^"]+)"', relation)
                return b"" if target is None else archive.read(f"xl/{target[1].decode()}")
    except _DAMAGE:
        pass  # the reader of the cells says what is wrong
    return b""


def _number(letters: bytes) -> int:
    """Return the number of a column, from 1, whose letters are given."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
