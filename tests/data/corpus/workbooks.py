"""Writes small Excel workbooks, the same bytes each time."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection, Sequence
from typing import Any
from xml.sax.saxutils import escape

_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"

_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types">'
    '<Default Extension="rels"'
    ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1"'
    f' Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
    '<sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    "</Relationships>",
}


def workbook(
    rows: Sequence[Sequence[Any]],
    *,
    hidden: Collection[int] = (),  # numbers of columns, counted from 1
    merged: Collection[str] = (),  # ranges such as A1:D1
) -> bytes:
    """Return the bytes of a workbook of one sheet: texts, and numbers as such."""
    columns = "".join(f'<col min="{n}" max="{n}" width="9" hidden="1"/>' for n in hidden)
    ranges = "".join(f'<mergeCell ref="{range_}"/>' for range_ in merged)
    sheet = f'<worksheet xmlns="{_MAIN}">'
    sheet += f"<cols>{columns}</cols>" if columns else ""
    sheet += f"<sheetData>{''.join(_row(n, row) for n, row in enumerate(rows, 1))}</sheetData>"
    sheet += f"<mergeCells>{ranges}</mergeCells>" if ranges else ""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in (_PARTS | {"xl/worksheets/sheet1.xml": f"{sheet}</worksheet>"}).items():
            archive.writestr(zipfile.ZipInfo(name), f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return buffer.getvalue()


def _row(number: int, cells: Sequence[Any]) -> str:
    written = (
        _cell(f"{chr(64 + column)}{number}", cell)
        for column, cell in enumerate(cells, 1)
        if cell not in (None, "")
    )
    return f'<row r="{number}">{"".join(written)}</row>'


def _cell(place: str, value: Any) -> str:
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f'<c r="{place}"><v>{value}</v></c>'
