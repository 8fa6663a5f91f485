"""Tables of other formats than CSV, compressed or not, from files and from standard input."""

from __future__ import annotations

import bz2
import datetime
import io
import json
import lzma
import sys
import zipfile
from xml.sax.saxutils import escape

import numpy as np
import polars as pl
import pytest

from madaline._tables.io.table_files import read_file, write_predictions
from madaline._tables.table import Table
from madaline.errors import InputError

FRAME = pl.DataFrame(
    {
        "size": [1.5, None, 3.25],
        "rooms": [1, 2, 3],
        "color": ["red", "blue", None],
        "sold": [True, False, True],
        "day": [datetime.date(2026, 1, day) for day in (1, 2, 3)],
    }
)
COLUMNS = {
    "label": np.array(["a", 'ü,"c"'], dtype=object),
    "probability": np.array([0.1, 1 / 3]),
    "sure": np.array([True, False]),
}


def check(table) -> None:
    assert table.names == ("size", "rooms", "color", "sold", "day")
    np.testing.assert_array_equal(table["size"], [1.5, np.nan, 3.25])
    assert table["rooms"].tolist() == [1, 2, 3]
    assert table["color"].tolist() == ["red", "blue", None]
    assert table["sold"].tolist() == [True, False, True]
    assert table["day"].astype("datetime64[D]").tolist() == FRAME["day"].to_list()


@pytest.mark.parametrize("name", ["t.jsonl", "t.json", "t.feather", "anything"])
def test_formats_are_recognized_by_content(tmp_path, name) -> None:
    path = tmp_path / name
    if name.endswith("jsonl"):
        FRAME.write_ndjson(path)
    elif name.endswith("json"):
        FRAME.write_json(path)
    else:
        FRAME.write_ipc(path)
    check(read_file(path).table)


def test_values_that_appear_late_in_lines_of_json(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    lines = [{"a": row} for row in range(300)] + [{"a": 0.5, "b": "late"}]
    path.write_text("\n".join(map(json.dumps, lines)))
    table = read_file(path).table
    assert table["a"].tolist()[-2:] == [299, 0.5]
    assert table["b"].tolist()[-2:] == [None, "late"]


@pytest.mark.parametrize("text", ['{"a": 1}\n{"a": \n', "[1, 2]", '{"a": 1} and more'])
def test_json_that_is_no_table_is_refused(tmp_path, text) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"t\.json is not a table in JSON .*one object a line"):
        read_file(path)


def test_a_workbook(tmp_path) -> None:
    pytest.importorskip("fastexcel")
    path = tmp_path / "t.xlsx"
    path.write_bytes(workbook(FRAME.drop("day"), ["houses", "notes"]))
    with pytest.warns(UserWarning, match=r"t\.xlsx has 2 sheets; only the first, houses, is read"):
        table = read_file(path).table
    check(Table(dict(table.columns) | {"day": FRAME["day"].to_numpy()}))
    path.write_bytes(workbook(FRAME.drop("day"), ["houses"])[:-30])
    with pytest.raises(InputError, match=r"t\.xlsx is a damaged zip archive or Excel workbook"):
        read_file(path)


def test_an_archive_of_one_file_is_read(tmp_path) -> None:
    path = tmp_path / "t.zip"
    for names, outcome in ((["t.csv", "__MACOSX/t.csv"], 1), (["a.csv", "b.csv"], 2)):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "a,b\n1,2\n")
        if outcome == 1:
            assert read_file(path).table["a"].tolist() == [1]
            continue
        with pytest.raises(InputError, match=f"zip archive of {outcome} files: unpack it"):
            read_file(path)


def test_a_workbook_with_a_password_is_named(tmp_path) -> None:
    content = b"\xd0\xcf\x11\xe0" + bytes(512) + "EncryptedPackage".encode("utf-16-le")
    (tmp_path / "t.xlsx").write_bytes(content)
    with pytest.raises(InputError, match=r"is protected by a password: save it without one"):
        read_file(tmp_path / "t.xlsx")


def test_a_workbook_needs_an_extra(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "fastexcel", None)
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    with pytest.raises(InputError, match=r"needs fastexcel: .*\(the extra files"):
        read_file(tmp_path / "t.xlsx")


@pytest.mark.parametrize(("ending", "module"), [("bz2", bz2), ("xz", lzma)])
def test_compressed_files(tmp_path, ending, module) -> None:
    path = tmp_path / f"t.tsv.{ending}"
    content = FRAME.write_csv(separator="\t").encode()
    path.write_bytes(module.compress(content))
    check(read_file(path).table)
    path.write_bytes(module.compress(content)[:-9])
    with pytest.raises(InputError, match=r"is damaged \(its .* data is cut short or changed\)"):
        read_file(path)


def test_files_of_zstandard(tmp_path) -> None:
    if sys.version_info < (3, 14):
        pytest.importorskip("zstandard")
    write_predictions(tmp_path / "t.jsonl.zst", COLUMNS)
    assert (tmp_path / "t.jsonl.zst").read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    assert read_file(tmp_path / "t.jsonl.zst").table["sure"].tolist() == [True, False]
    (tmp_path / "t.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfdnothing of it")
    with pytest.raises(InputError, match=r"is damaged \(its Zstandard data"):
        read_file(tmp_path / "t.jsonl.zst")


@pytest.mark.parametrize("content", [FRAME.write_csv().encode(), FRAME.write_ndjson().encode()])
def test_standard_input(monkeypatch, content) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    check(read_file("-").table)
    with pytest.raises(InputError, match="standard input is empty"):
        read_file("-")


@pytest.mark.parametrize("name", ["p.jsonl", "p.feather", "p.csv.bz2", "p.parquet.xz", "p.tsv.gz"])
def test_predictions_come_back(tmp_path, name) -> None:
    write_predictions(tmp_path / name, COLUMNS)
    table = read_file(tmp_path / name).table
    for column, values in COLUMNS.items():
        assert table[column].tolist() == values.tolist()


def test_lines_of_json_hold_one_object_each(tmp_path) -> None:
    write_predictions(tmp_path / "p.jsonl", {"a": np.array([1.5, np.nan]), "b": np.array([1, 2])})
    lines = (tmp_path / "p.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [{"a": 1.5, "b": 1}, {"a": None, "b": 2}]


def workbook(frame, sheets) -> bytes:
    """Return an Excel workbook with the same frame in each sheet."""
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    numbers = range(1, len(sheets) + 1)
    listed = "".join(
        f'<sheet name="{sheet}" sheetId="{n}" r:id="r{n}"/>'
        for n, sheet in zip(numbers, sheets, strict=True)
    )
    related = "".join(
        f'<Relationship Id="r{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in numbers
    )
    rows = "".join(
        f"<row>{''.join(map(cell, row))}</row>" for row in (frame.columns, *frame.rows())
    )
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="a"'
        f' Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">{related}'
        "</Relationships>",
    }
    for n in numbers:
        sheet = f'<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>'
        parts[f"xl/worksheets/sheet{n}.xml"] = sheet
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-8"?>{text}')
    return buffer.getvalue()


def cell(value) -> str:
    """Return a value as a cell of a sheet."""
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{value:d}</v></c>'
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"
