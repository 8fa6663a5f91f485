"""What stands around a table in a spreadsheet, and what only looks as if it did."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from corpus.workbooks import workbook

from madaline._tables.io.surroundings import count_above, count_below
from madaline._tables.io.table_files import read_file
from madaline.errors import InputError

pytest.importorskip("polars")

ROWS = [["A", "1"], ["B", "2"], ["C", "3"]]


@pytest.mark.parametrize(
    ("head", "n_above"),
    [
        ([["shop", "sold"], *ROWS], 0),
        ([["Sales"], ["shop", "sold"], *ROWS], 1),
        ([["Sales", ""], ["", ""], ["shop", "sold"], *ROWS], 2),
        ([["", "sold"], *ROWS], 0),
        ([[], ["shop", "sold"], *ROWS], 0),  # a blank line is no title
        ([["Sales"], *ROWS], 0),  # A and 1 are no names
        ([["shop"], ["A"], ["B"]], 0),
        ([["Sales"], ["shop", "city"], ["A", "Bonn"], ["B", "Kiel"]], 0),  # nothing tells names
    ],
)
def test_titles_stand_above_names_of_columns_of_numbers(head, n_above):
    assert count_above(head) == n_above


@pytest.mark.parametrize(
    ("tail", "n_below"),
    [
        (ROWS, 0),
        ([*ROWS, ["Total", "6"]], 1),
        ([*ROWS, [], ["Average", "2"], ["total:", "6"]], 3),
        ([*ROWS, ["Total", "6"], ["D", "4"]], 0),
        ([*ROWS, ["D", ""]], 0),  # a missing value
        ([*ROWS, ["", ""], ["as of today", ""]], 2),
        ([*ROWS, ["Source: shops"]], 1),
    ],
)
def test_totals_and_notes_stand_below(tail, n_below):
    assert count_below(tail, ROWS) == n_below


def test_a_level_that_is_called_average_is_no_total():
    body = [[word, "1"] for word in ("good", "bad", "average") * 5]
    assert count_below([["good", "2"], ["average", "3"]], body) == 0
    assert count_below([["red"], ["total"]], [["blue"], ["green"]]) == 0


@pytest.mark.parametrize(
    ("lines", "note"),
    [
        ([*"aba", "Subtotal,,3", *"bab"], r"Skipped 1 line among the rows: 'Subtotal'\."),
        ([*"abab", "Gesamtsumme,,9", "Stand: 2026,,"], "'Gesamtsumme', 'Stand: 2026'"),
        ([*"abab", "shop,day,sold", *"ab"], "Skipped 1 line among the rows: 'shop'"),
        ([*"abab", ",,", ",,"], r"Skipped 2 empty rows below the table\."),
        ([*"abab", *[",,"] * 40], r"Skipped 40 empty rows below the table\."),
        ([*"abab", "Összesen,,6"], "Skipped 1 line among the rows: 'Összesen'"),
        ([*"abab", ",Celkem,6"], "Skipped 1 line among the rows: 'Celkem'"),
        ([*"abab", "Keskiarvo,,1.5"], "Skipped 1 line among the rows: 'Keskiarvo'"),
        ([*"abab", "c,,7"], None),  # no total of the others
        ([*"abab", "b,,"], None),  # values may be missing
        ([*"abab", "average,2026-01-03,5"], None),
    ],
)
def test_totals_notes_and_names_stand_among_rows(lines, note, tmp_path):
    rows = [line if "," in line else f"{line},2026-01-0{n + 1},{n}" for n, line in enumerate(lines)]
    (tmp_path / "t.csv").write_text("\n".join(["shop,day,sold", *rows]))
    file = read_file(tmp_path / "t.csv")
    assert file.table.n_samples == sum(len(line) == 1 for line in lines) + (note is None)
    assert re.search(note, " ".join(file.notes)) if note else not file.notes


@pytest.mark.parametrize(
    "text",
    [
        "| shop | sold |\n|:---|---:|\n| a | 1 |\n| b | 2 |\n",
        "+----+----+\n|shop|sold|\n+----+----+\n|a|1|\n|b|2|\n+----+----+\n2 rows in set\n",
        " shop | sold \n------+------\n a    | 1\n b    | 2\n(2 rows)\n",
        '"shop,sold,"\n"a,1,"\n"b,2,"\n',
        "shop^sold\na^1\nb^2\n",
    ],
)
def test_tables_that_are_drawn_or_quoted_are_read(text, tmp_path):
    (tmp_path / "t.txt").write_text(text)
    table = read_file(tmp_path / "t.txt", columns=("shop", "sold")).table
    assert table["shop"].tolist() == ["a", "b"]
    assert table["sold"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("lines", "names", "note"),
    [
        (["shop,size,sold", ",cm,pieces"], "shop size sold", "units or further names"),
        (["2024,,2025", "shop,size,sold"], "2024 shop|2024 size|2025 sold", "in two lines"),
        (["shop,size,sold,"], "shop size sold", ""),
        (['"size" "sold"'], "row_names size sold", "name of the row"),
        (["shop,size,sold", "x,?,?"], None, ""),  # values are missing
        (["shop,size,sold", "a,withheld,withheld"], None, ""),
    ],
)
def test_names_of_columns_in_other_forms(lines, names, note, tmp_path):
    separator = " " if " " in lines[0] else ","
    rows = [separator.join([o, f"{n}.5", f"{n}"]) for n, o in enumerate("aabbab")]
    rows = [f'"{n}{row[0]}"{row[1:]}' for n, row in enumerate(rows)] if separator == " " else rows
    rows = [f"{row}," for row in rows] if lines[0].endswith(",") else rows
    (tmp_path / "t.csv").write_text("\n".join([*lines, *rows]))
    file = read_file(tmp_path / "t.csv")
    expected = "shop size sold" if names is None else names
    assert list(file.table.names) == expected.split("|" if "|" in expected else " ")
    assert file.table.n_samples == 6 + (names is None)
    assert note in " ".join(file.notes)


def test_a_first_line_of_values_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("a,2026-01-01,5\nb,2026-01-02,6\na,2026-01-03,7\n")
    assert "'a', '2026-01-01' are taken for names" in read_file(tmp_path / "t.csv").notes[0]


def test_lines_are_counted_from_the_start_of_the_file(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text('"Sales, ""2026""\nof shops",,\nshop,day,sold\nA,1,2\nB,1,2,3\n')
    with pytest.raises(InputError, match=r"line 5 has 4 values where the first line has 3"):
        read_file(path)
    path.write_text('"Sales, ""2026""\nof shops",,\nshop,day,sold\nA,1,2\nB,1,2\n')
    file = read_file(path)
    assert file.table["shop"].tolist() == ["A", "B"]
    assert file.notes == ("""Skipped 1 line above the column names: 'Sales, "2026"\\nof shops'.""",)


def test_headings_among_rows_are_told(tmp_path):
    rows = [*["a,1,2", "b,2,3"] * 9, "Page 1,,", "a,4,4", "Page 2,,", *["b,5,6"] * 3]
    (tmp_path / "t.csv").write_text("\n".join(["shop,day,sold", *rows]))
    assert "2 rows hold nothing but 'Page 1', 'Page 2'" in read_file(tmp_path / "t.csv").notes[0]


def test_totals_above_are_told(tmp_path):
    rows = ["All,,12.5", "a,x,1.5", "b,y,4", "a,x,7"]
    (tmp_path / "t.csv").write_text("\n".join(["shop,day,sold", *rows]))
    note = "The first row ('All') seems to hold totals of the others: remove it if it does."
    assert read_file(tmp_path / "t.csv").notes == (note,)


def test_names_that_are_numbers_are_no_rows_of_names(tmp_path):
    (tmp_path / "t.csv").write_text("1,2\n" * 20 + "3,4\n" * 300)
    assert read_file(tmp_path / "t.csv").table.n_samples == 319


def test_a_table_below_a_table_is_told(tmp_path):
    pytest.importorskip("fastexcel")
    rows = [["shop", "day", "sold"], *(["ab"[n % 2], "x", n] for n in range(20)), []]
    for below in (
        (["city", "people"], ["Bonn", 5]),
        (["city", "boss"], ["Bonn", "A"], ["Kiel", "B"]),
    ):
        (tmp_path / "t.xlsx").write_bytes(workbook([*rows, *below]))
        assert f"stand again ('city', '{below[0][1]}')" in read_file(tmp_path / "t.xlsx").notes[0]


def test_a_table_beside_a_table_is_told(tmp_path):
    pytest.importorskip("fastexcel")
    rows = [["shop", "sold", None, "boss"], ["a", 1, None, "x"], ["b", 2], ["c", 3]]
    (tmp_path / "t.xlsx").write_bytes(workbook(rows))
    assert "boss stands behind an empty column" in read_file(tmp_path / "t.xlsx").notes[0]


def test_the_first_sheet_with_rows_is_read(tmp_path):
    pytest.importorskip("fastexcel")
    content = io.BytesIO(workbook([["shop", "sold"], ["a", 1], ["b", 2]]))
    with zipfile.ZipFile(content, "a") as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    empty = re.sub("<sheetData>.*</sheetData>", "<sheetData/>", parts[sheet])
    parts |= {sheet: empty, "xl/worksheets/sheet2.xml": parts[sheet]}
    book, links = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    second = '<sheet name="Data" sheetId="2" r:id="rId2"/></sheets>'
    parts[book] = parts[book].replace("</sheets>", second)
    relation = re.search("<Relationship .*?/>", parts[links])[0]
    relation = relation.replace("rId1", "rId2").replace("sheet1", "sheet2")
    parts[links] = parts[links].replace("</Relationships>", f"{relation}</Relationships>")
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    with pytest.warns(UserWarning, match="only the first one with rows, Data, is read"):
        assert read_file(tmp_path / "t.xlsx").table["sold"].tolist() == [1, 2]
    parts[sheet] = parts["xl/worksheets/sheet2.xml"].replace("<v>1</v>", "<v>9</v>")
    parts[book] = parts[book].replace('sheetId="1"', 'sheetId="1" state="hidden"')
    with zipfile.ZipFile(tmp_path / "t.xlsx", "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    with pytest.warns(UserWarning, match="only the first visible one with rows, Data, is read"):
        assert read_file(tmp_path / "t.xlsx").table["sold"].tolist() == [1, 2]
    (tmp_path / "t.xlsx").write_bytes(workbook([]))
    with pytest.raises(InputError, match=r"t\.xlsx is empty: give a table"):
        read_file(tmp_path / "t.xlsx")


def test_a_workbook_without_its_parts_is_damaged(tmp_path):
    pytest.importorskip("fastexcel")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
    (tmp_path / "t.xlsx").write_bytes(content.getvalue())
    with pytest.raises(InputError, match=r"t\.xlsx is damaged \(Excel: .*copy it again"):
        read_file(tmp_path / "t.xlsx")
