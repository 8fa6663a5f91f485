import gzip
import sys

import numpy as np
import pytest

from madaline._tables.io import csv_files
from madaline._tables.io.table_files import format_predictions, read_file, write_predictions
from madaline._tables.schema import Schema
from madaline.errors import InputError

pl = pytest.importorskip("polars")

CSV = """name,age,member,since,score
Ann,31,true,2020-01-02,1.5
Bob,,false,,NA
"O'Neil, Cy",45,,2021-03-04T05:06,-2e3
"""


def written(tmp_path, text, name="table.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def test_a_csv_file_is_read_with_its_types(tmp_path):
    table = read_file(written(tmp_path, CSV)).table
    assert table.names == ("name", "age", "member", "since", "score")
    assert table["name"].tolist() == ["Ann", "Bob", "O'Neil, Cy"]
    np.testing.assert_array_equal(table["age"], [31, np.nan, 45])
    assert table["member"].tolist() == [True, False, None]
    expected = np.array(["2020-01-02", "NaT", "2021-03-04T05:06"], "M8[us]")
    np.testing.assert_array_equal(table["since"], expected)
    np.testing.assert_array_equal(table["score"], [1.5, np.nan, -2000])


@pytest.mark.filterwarnings("ignore:.*was read as windows-1252")
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_separators_and_encodings_are_found_out(tmp_path, separator, encoding):
    rows = [["ort", "größe", "n"], ["Köln", "1.5", "1"], ["Bonn", "2.5", "2"]]
    text = "\r\n".join(separator.join(row) for row in rows)
    table = read_file(written(tmp_path, text, encoding=encoding)).table
    assert table.names == ("ort", "größe", "n")
    assert table["ort"].tolist() == ["Köln", "Bonn"]
    assert table["größe"].tolist() == [1.5, 2.5]


def test_gzip_tsv_and_parquet(tmp_path):
    compressed = written(tmp_path, gzip.compress(CSV.encode()), "table.csv.gz")
    assert read_file(compressed).table["age"][0] == 31
    assert read_file(written(tmp_path, "a\tb\n1,5\t2\n", "t.tsv")).table["a"].tolist() == ["1,5"]
    path = tmp_path / "table.parquet"
    pl.DataFrame({"a": [1, None], "b": ["x", "y"], "zip": [53111, 24103]}).write_parquet(path)
    table = read_file(path, categories=["zip", "b"]).table
    np.testing.assert_array_equal(table["a"], [1, np.nan])
    assert table["zip"].tolist() == ["53111", "24103"]
    assert (
        read_file(written(tmp_path, gzip.compress(path.read_bytes()), "p.gz")).table.n_samples == 2
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["x", "NaN", "-"], ["x", None, "-"]),
        (["NA", "N/A", "null"], [np.nan] * 3),
        ([" a", "b ", "  "], ["a", "b", None]),
        (["TRUE", "False", ""], [True, False, None]),
        (["25.11.2026", "1.2.2026"], np.array(["2026-11-25", "2026-02-01"], "M8[us]")),
        (["2026/11/25", ""], np.array(["2026-11-25", "NaT"], "M8[us]")),
        (["2026-11-25T10:00Z", "2026-11-25T10:00+02:00"],
         np.array(["2026-11-25T10:00", "2026-11-25T08:00"], "M8[us]")),
        (["3/4/2026", "5/6/2026"], ["3/4/2026", "5/6/2026"]),
        (["2026-02-30", "2026-01-01"], ["2026-02-30", "2026-01-01"]),
        (["1e3", "+.5", "7."], [1000, 0.5, 7]),
        (["0", "0.5", "-0"], [0, 0.5, 0]),
        (["01", "02", "11"], ["01", "02", "11"]),
        (["1", "?", "-"], [1, np.nan, np.nan]),
        (["a", "?", "-"], ["a", "?", "-"]),
    ],
)  # fmt: skip
def test_columns_are_read_as_what_they_hold(tmp_path, values, expected):
    text = "k;c\n" + "".join(f"x;{value}\n" for value in values)
    table = read_file(written(tmp_path, text)).table
    column = Schema.infer(table).read(table)["c"]
    if isinstance(expected, np.ndarray) or column.dtype == float:
        np.testing.assert_array_equal(column, expected)
    else:
        assert column.tolist() == expected


def test_categories_stay_text(tmp_path):
    path = written(tmp_path, "zip,n\n01234,1\n99999,2\n")
    assert read_file(path, categories=["zip", "not there"]).table["zip"].tolist() == [
        "01234",
        "99999",
    ]
    assert read_file(path).table["zip"].tolist() == ["01234", "99999"]  # 1234 is another code
    assert read_file(path, categories=["n"]).table["n"].tolist() == ["1", "2"]


def test_words_among_numbers_are_named(tmp_path):
    rows = [str(i) for i in range(100)]
    rows[41] = "4l"
    path = written(tmp_path, "size\n" + "\n".join(rows) + "\n")
    with pytest.raises(
        InputError, match=r"'size'.*'4l' in row 41 \(counted from 0\).*`--category size`"
    ):
        read_file(path)
    assert read_file(path, categories=["size"]).table["size"][41] == "4l"
    codes = written(tmp_path, "code\n" + "\n".join(["1", "2", "3"] * 20 + ["x"]) + "\n", "c.csv")
    assert read_file(codes).table["code"][-1] == "x"  # few distinct numbers: names of classes


def test_one_word_again_and_again_among_numbers_is_named(tmp_path):
    rows = [str(i) if i % 3 else "low" for i in range(60)]
    path = written(tmp_path, "body mass\n" + "\n".join(rows) + "\n")
    with pytest.raises(
        InputError, match=r"'low' in row 0 .*`--missing low`.*`--category 'body mass'`"
    ):
        read_file(path)
    file = read_file(path, missing=["low"])
    assert np.isnan(file.table["body mass"]).sum() == 20
    several = [str(i) if i % 3 else f"{i}a" for i in range(60)]  # numbers of houses
    streets = written(tmp_path, "house\n" + "\n".join(several) + "\n", "houses.csv")
    assert read_file(streets).table["house"][0] == "0a"


def test_known_words_among_numbers_are_missing_unless_numbers_are_few(tmp_path):
    rows = [str(i) if i % 3 else "unknown" for i in range(60)]
    file = read_file(written(tmp_path, "size\n" + "\n".join(rows) + "\n"))
    assert np.isnan(file.table["size"]).sum() == 20
    assert file.notes == ("size: 'unknown' in 20 rows counts as missing.",)
    rows = [str(i % 2) if i % 3 else "unknown" for i in range(60)]
    file = read_file(written(tmp_path, "code\n" + "\n".join(rows) + "\n"))
    assert file.table["code"][0] == "unknown"


@pytest.mark.parametrize("words", [["-999", "tbc"], ["tbc", "-999.0"]])
def test_words_that_are_named_are_missing_in_every_column(tmp_path, words):
    path = written(tmp_path, "size,city\n1.5,Bonn\n-999,tbc\n2,Kiel\n")
    table = read_file(path, missing=words).table
    np.testing.assert_array_equal(table["size"], [1.5, np.nan, 2])
    assert table["city"].tolist() == ["Bonn", None, "Kiel"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_all_systems(tmp_path, end):
    table = read_file(written(tmp_path, end.join(["a,b", "1,x", "2,y", ""]).encode())).table
    assert table["a"].tolist() == [1, 2]
    assert table["b"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"a,b\n", "no rows"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 values where the first line has 2"),
        (b"a,b\n1,2\n3\n", "line 3 has 1 values where the first line has 2"),
        (b"a,b,a\n1,2,3\n", "more than one column 'a'"),
        (b'a,b\n1,x\n2,"y\n3,z\n', "check that every quote is closed"),
        (b"a,b\n1,inf\n", r"'b' .*infinity \(inf\) in row 0"),
        (bytes(range(256)) * 8, "not a table"),
        (b"\x89PNG\r\n\x1a\n\0\0", "is an image"),
        (b"PK\x03\x04junk", "Excel workbook"),
        (b"<!DOCTYPE html><html>\n<body>\n</body></html>\n", "is a web page"),
        (gzip.compress(CSV.encode(), mtime=0)[:-12], "cut short"),
        (gzip.compress(CSV.encode(), mtime=0)[:20], "cut short"),
        (b"PAR1\0\0\0\0", "Parquet file that is cut short"),
        (b"PAR1\0\0\0\0PAR1", r"is damaged \(Parquet: (?!parquet)"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as error:
        read_file(written(tmp_path, content))
    assert "table.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_truncated_parquet_is_refused(tmp_path):
    path = tmp_path / "table.parquet"
    pl.DataFrame({"a": range(1000)}).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(InputError, match="cut short"):
        read_file(path)


def test_what_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"There is no file .*nothing\.csv"):
        read_file(tmp_path / "nothing.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_file(tmp_path)


def test_without_polars_the_remedy_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "polars", None)
    with pytest.raises(InputError, match=r"`pip install polars rich` \(the extra cli"):
        read_file(written(tmp_path, CSV))


def test_quoted_line_ends_and_empty_names(tmp_path):
    table = read_file(written(tmp_path, '"",text\n0,"two\nlines"\n1,"one"\n')).table
    assert table.names == ("column_1", "text")
    assert table["text"].tolist() == ["two\nlines", "one"]


@pytest.mark.parametrize("name", ["p.csv", "p.tsv", "p.csv.gz", "p.parquet"])
def test_predictions_come_back(tmp_path, name):
    columns = {
        "label": np.array(["a", 'b,"c"'], dtype=object),
        "probability": np.array([0.1, 1 / 3]),
        "sure": np.array([True, False]),
    }
    write_predictions(tmp_path / name, columns)
    table = read_file(tmp_path / name).table
    assert table["label"].tolist() == ["a", 'b,"c"']
    assert table["probability"].tolist() == [0.1, 1 / 3]
    assert table["sure"].tolist() == [True, False]
    assert len(list(tmp_path.iterdir())) == 1


def test_predictions_that_cannot_be_written_are_refused(tmp_path):
    columns = {"a": np.array([1])}
    assert format_predictions(columns) == b"a\n1\n"
    with pytest.raises(InputError, match=r"not to 'p.xlsx'"):
        write_predictions(tmp_path / "p.xlsx", columns)
    with pytest.raises(InputError, match="no folder"):
        write_predictions(tmp_path / "no" / "p.csv", columns)
    (tmp_path / "d.csv").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        write_predictions(tmp_path / "d.csv", columns)


def test_the_penguins(penguins):
    if not penguins.is_file():
        pytest.skip("the example table is not there")
    table = read_file(penguins).table
    assert table.n_samples == 344
    assert set(table["species"].tolist()) == {"Adelie", "Chinstrap", "Gentoo"}


@pytest.mark.parametrize("block", [1, 7, 2**20])
def test_lines_are_the_same_in_blocks_of_any_size(monkeypatch, block):
    monkeypatch.setattr(csv_files, "_BLOCK", block)
    text = 'a,b\r\n"one\ntwo\r\nthree",2\n\n"3",4'
    rows = [["a", "b"], ["one\ntwo\r\nthree", "2"], [], ["3", "4"]]
    assert list(csv_files._rows(text, ",")) == rows


def test_na_among_codes_of_two_letters_is_told(tmp_path):
    rows = ["DE,1", "NA,2", "FR,3", "IT,4", "ZA,5", "US,6"]
    file = read_file(written(tmp_path, "country,n\n" + "\n".join(rows) + "\n"))
    assert "country: 'NA' counts as missing; if it is a code" in file.notes[0]
    rows[-1] = "US,NA"  # where other columns hold it, it means that there is no value
    assert not read_file(written(tmp_path, "country,n\n" + "\n".join(rows) + "\n")).notes


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (b"  <!doctype html><p>403", "is a web page or XML"),
        (b"<HTML><body>404", "is a web page or XML"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "is a pointer of Git LFS"),
        (b"a,b\n" + b"1,2\n" * 8 + b'"1,2\n' + b"1,2\n" * 20, "a quote in line 10 is not closed"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(content, shown, tmp_path):
    with pytest.raises(InputError, match=shown):
        read_file(written(tmp_path, content))


def test_line_ends_of_all_kinds_and_marks_in_the_middle(tmp_path):
    table = read_file(written(tmp_path, "a,b\r1,x\n2,y\r\n\ufeff3,x\n".encode())).table
    assert table["a"].tolist() == [1, 2, 3]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('[{"a": 1, "at": {"x": 2}}, {"a": 3, "at": {"x": 4}}]', ("a", "at.x")),
        ('{"rows": [{"a": 1, "b": 2}, {"a": 3, "b": 4}], "count": 2}', ("a", "b")),
        ('{"a": [1, 3], "b": [2, 4]}', ("a", "b")),
    ],
)
def test_json_in_other_forms(text, names, tmp_path):
    (tmp_path / "t.json").write_text(text)
    table = read_file(tmp_path / "t.json").table
    assert table.names == names
    assert [table[name].tolist() for name in names] == [[1, 3], [2, 4]]
