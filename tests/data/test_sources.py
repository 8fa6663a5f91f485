import gzip
import json
import os

import numpy as np
import pytest

from madaline._tables.io import source_parts
from madaline._tables.io.media_tables import read_folder
from madaline._tables.io.source_files import table_files
from madaline._tables.io.table_files import read_file
from madaline._tables.rows import TableRows, open_rows
from madaline._tables.table import Table
from madaline.errors import InputError

pl = pytest.importorskip("polars")


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    n = 1000
    return pl.DataFrame(
        {
            "size": rng.normal(size=n).round(6),
            "count": rng.integers(0, 50, n),
            "color": rng.choice(["red", "green, light", 'a "blue"'], n),
            "is_new": pl.Series(rng.choice([True, False, None], n).tolist()),
            "day": np.datetime64("2026-01-01") + rng.integers(0, 300, n).astype("m8[D]"),
            "note": [None] * 990 + ["late"] * 10,
        }
    )


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(source_parts, "FRAME_ROWS", 130)
    monkeypatch.setattr(source_parts, "_TEXT_BYTES", 5000)


def joined(source, **options):
    blocks = list(source.blocks(**options))
    assert len({tuple(b.columns[n].dtype for n in b.names) for b in blocks}) == 1
    return {name: np.concatenate([b[name] for b in blocks]) for name in blocks[0].names}


def check_like(source, table):
    for start, n_rows in ((0, 5000), (0, 7), (1, 300), (299, 300), (999, 7)):
        columns = joined(source, n_rows=n_rows, start=start)
        assert list(columns) == list(table.names)
        for name, column in columns.items():
            np.testing.assert_array_equal(column, table[name][start:])


def files_of(frame, folder, ending):
    parts = [frame[:400], frame[400:410], frame[410:]]
    for number, part in enumerate(parts):
        path = folder / f"part-{number}{ending}"
        match ending:
            case ".parquet":
                part.write_parquet(path, row_group_size=150)
            case ".arrow":
                part.write_ipc(path)
            case ".csv":
                part.write_csv(path)
            case ".csv.gz":
                path.write_bytes(gzip.compress(part.write_csv().encode()))
            case ".jsonl":
                part.with_columns(pl.col("day").dt.to_string()).write_ndjson(path)


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".csv", ".csv.gz", ".jsonl"])
def test_files_are_read_as_one_table_in_blocks(tmp_path, frame, ending):
    files_of(frame, tmp_path, ending)
    frame.write_parquet(tmp_path / "whole.pq")
    table = read_file(tmp_path / "whole.pq").table
    (tmp_path / "whole.pq").unlink()
    pattern = open_rows(f"{tmp_path}/*{ending}")
    check_like(pattern, table)
    in_folder = open_rows(tmp_path)
    assert in_folder.digest == pattern.digest
    assert in_folder.n_rows == (1000 if ending in (".parquet", ".arrow") else None)
    listed = open_rows([tmp_path / f"part-{number}{ending}" for number in range(3)])
    assert joined(listed, columns=["day", "size"]).keys() == {"size", "day"}
    if not ending.endswith(".gz"):
        assert in_folder.n_rows_about == pytest.approx(1000, rel=0.02)


def test_queries_are_read_in_blocks(tmp_path, frame):
    pytest.importorskip("pyarrow")
    import duckdb
    import pyarrow.dataset as datasets

    frame.write_parquet(tmp_path / "whole.parquet")
    table = read_file(tmp_path / "whole.parquet").table
    queries = (
        pl.scan_parquet(tmp_path / "whole.parquet"),
        datasets.dataset(tmp_path / "whole.parquet"),
        duckdb.sql(f"select * from '{tmp_path}/whole.parquet'"),
    )
    for query in queries:
        source = open_rows(query)
        check_like(source, table)
        assert source.digest == open_rows(query).digest
    assert open_rows(queries[0].head(10)).digest != open_rows(queries[0]).digest


def test_texts_of_queries_stay_as_they_are():
    frame = pl.DataFrame({"code": ["1", " 2", "NA"], "n": [1, 2, 3]})
    columns = joined(open_rows(frame.lazy(), missing=["3"], categories=["n"]))
    assert columns["code"].tolist() == ["1", " 2", "NA"]
    assert columns["n"].tolist() == ["1", "2", None]


def test_a_single_csv_file_is_read_as_it_is_at_once(tmp_path):
    rows = [f'{n},"a ""b"",\n{n % 7}",{n / 8:.3f},{n % 3 == 0}' for n in range(2000)]
    path = tmp_path / "odd.csv"
    text = "Results of 2026\n\nnumber,text,eighth,third\n" + "\n\n".join(rows)
    path.write_text(text, encoding="utf-16")
    table, source = read_file(path).table, open_rows(path)
    assert table.n_samples == 2000
    assert any("above the column names" in note for note in source.notes)
    check_like(source, table)


def test_notes_below_a_table_are_skipped(tmp_path):
    path = tmp_path / "noted.csv"
    path.write_text("a,b\n" + "".join(f"{n},x\n" for n in range(3000)) + "source: a survey\n")
    assert len(joined(open_rows(path))["a"]) == read_file(path).table.n_samples == 3000


def test_values_that_do_not_fit_later_count_as_missing(tmp_path):
    path = tmp_path / "typo.csv"
    rows = [f"{n},{n % 2 == 0},2026-01-{n % 28 + 1:02}" for n in range(3000)]
    rows[2500] = "12 o'clock,maybe,2026-02-31"
    path.write_text("n,even,day\n" + "\n".join(rows))
    source = open_rows(path)
    with pytest.warns(UserWarning, match="counts as missing") as caught:
        columns = joined(source)
    sentences = "\n".join({str(one.message) for one in caught})
    assert len(sentences.splitlines()) == 3
    assert (
        f"Column 'n' of {path} holds \"12 o'clock\" in row 2,500 (counted from 0), but numbers in"
        in sentences
    )
    assert np.isnan(columns["n"][2500])
    assert columns["even"][2500] is None
    assert np.isnat(columns["day"][2500])
    assert columns["n"][2501] == 2501


@pytest.mark.parametrize(
    ("later", "sentence"),
    [
        (
            ["A12"] * 2000,
            r"'A12' in row 2,000 \(counted from 0\), and many other values that are no numbers",
        ),
        (
            ["1"] * 1500 + ["007"] * 500,
            r"'007' in row 3,500 \(counted from 0\), which is no number but a code",
        ),
        (["1"] * 1500 + ["inf"] * 500, r"an infinity \(inf\) in row 3,500 \(counted from 0\)"),
    ],
)
def test_many_other_values_are_refused(tmp_path, later, sentence):
    path = tmp_path / "codes.csv"
    path.write_text("code\n" + "\n".join([*map(str, range(2000)), *later]))
    with pytest.raises(InputError, match=sentence):
        joined(open_rows(path))
    assert open_rows(path, categories=["code"]).blocks().__next__()["code"].dtype == object


@pytest.mark.parametrize(("first", "texts"), [("numbers", "123"), ("text", "abc")])
def test_numbers_in_one_file_and_text_in_another_are_told(tmp_path, first, texts):
    numbers = pl.DataFrame({"n": [1, 2, 3], "other": [0, 1, 2]})
    text = numbers.with_columns(n=pl.Series([*texts]))
    frames = [numbers, text] if first == "numbers" else [text, numbers]
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    for path, frame in zip(paths, frames, strict=True):
        frame.write_parquet(path)
    source = open_rows(tmp_path)
    with pytest.warns(UserWarning, match="Column 'n' holds") as caught:
        assert joined(source)["n"].tolist() == joined(source)["n"].tolist()
    (warning,) = caught
    assert f"holds {first} in {paths[0]}, but " in str(warning.message)
    assert f" in {paths[1]}: all of it is read as {first}; " in str(warning.message)


def test_whole_numbers_beyond_what_float64_holds_are_codes(tmp_path):
    late = pl.DataFrame({"id": [*range(500), 2**60]})
    late.write_parquet(tmp_path / "late.parquet")
    with pytest.raises(InputError, match=r"1152921504606846976 in row 500 .* is no number"):
        joined(open_rows(tmp_path / "late.parquet"))
    late[::-1].write_parquet(tmp_path / "early.parquet")
    assert joined(open_rows(tmp_path / "early.parquet"))["id"].tolist()[:2] == [str(2**60), "499"]


@pytest.mark.parametrize("dtype", [pl.Int8, pl.UInt16, pl.Int32, pl.UInt64, pl.Float32])
def test_numbers_of_any_width_are_read(tmp_path, dtype):
    pl.DataFrame({"n": [3, None, 100]}).cast(dtype).write_parquet(tmp_path / "narrow.parquet")
    assert joined(open_rows(tmp_path / "narrow.parquet"))["n"].tolist() == pytest.approx(
        [3, np.nan, 100], nan_ok=True
    )


def test_words_for_missing_values(tmp_path):
    path = tmp_path / "words.csv"
    path.write_text("a,b\n" + "1,x\n-999,tbc\n,NA\n" * 1000)
    columns = joined(open_rows(path, missing=["-999", "tbc"]), n_rows=100)
    assert np.isnan(columns["a"][1::3]).all()
    assert columns["b"][:3].tolist() == ["x", None, None]


def test_files_must_be_alike(tmp_path, frame):
    frame.write_parquet(tmp_path / "a.parquet")
    frame.drop("day").write_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b.parquet has no column 'day', as .*a.parquet has"):
        joined(open_rows(tmp_path))
    assert len(joined(open_rows(tmp_path), columns=["size"])["size"]) == 2000
    frame.with_columns(extra=1).write_parquet(tmp_path / "b.parquet")
    with pytest.raises(InputError, match=r"b.parquet has a column 'extra', which"):
        joined(open_rows(tmp_path))
    frame.with_columns(pl.col("count").cast(pl.Float32)).write_parquet(tmp_path / "b.parquet")
    assert len(joined(open_rows(tmp_path))["count"]) == 2000
    frame.write_csv(tmp_path / "c.csv")
    with pytest.raises(InputError, match=r"c.csv is text, but .*a.parquet is Parquet"):
        open_rows(tmp_path)
    with pytest.raises(InputError, match="check the pattern"):
        open_rows(f"{tmp_path}/*.feather")
    with pytest.raises(InputError, match=r"There is no file .*d.csv: check the name"):
        open_rows(str(tmp_path / "d.csv"))


def test_damaged_and_empty_files(tmp_path, frame):
    frame.write_parquet(tmp_path / "cut.parquet")
    content = (tmp_path / "cut.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(content[:3000])
    with pytest.raises(InputError, match=r"cut.parquet is damaged"):
        joined(open_rows(tmp_path / "cut.parquet"))
    path = tmp_path / "cut.csv.gz"
    path.write_bytes(gzip.compress(frame.write_csv().encode())[:-2000])
    with pytest.raises(InputError, match=r"cut.csv.gz is damaged"):
        joined(open_rows(path))
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(InputError, match="is empty"):
        open_rows(tmp_path / "empty.csv").names  # noqa: B018
    frame[:0].write_parquet(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="no rows"):
        joined(open_rows(tmp_path / "none.parquet"))
    (tmp_path / "late.csv").write_bytes(b"word\n" + b"abc\n" * 90_000 + "größe\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"is not in utf-8 in line 90,002"):
        joined(open_rows(tmp_path / "late.csv"))


def test_the_digest_tells_whether_files_were_changed(tmp_path, frame):
    frame.write_parquet(tmp_path / "a.parquet")
    before = open_rows(tmp_path).digest
    frame[::-1].write_parquet(tmp_path / "a.parquet")
    assert open_rows(tmp_path).digest != before


def test_folders_of_values_become_columns(tmp_path, frame):
    for year in (2025, 2026):
        (tmp_path / f"year={year}").mkdir()
        frame.write_parquet(tmp_path / f"year={year}" / "0.parquet")
    (tmp_path / "_SUCCESS").write_text("")
    columns = joined(open_rows(tmp_path))
    assert columns["year"][[0, 999, 1000]].tolist() == [2025, 2025, 2026]


def test_what_is_no_source(tmp_path, frame):
    assert open_rows(frame) is None
    assert open_rows(np.zeros((3, 2))) is None
    assert open_rows(["a text", "another.csv"]) is None
    assert open_rows("-") is None
    (tmp_path / "list.json").write_text(json.dumps([{"a": 1}, {"a": 2}]))
    assert open_rows(tmp_path / "list.json") is None
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    assert open_rows(tmp_path) is None


@pytest.mark.parametrize("of_images", [False, True])
def test_what_describes_tables_is_no_part_of_a_folder(tmp_path, frame, of_images):
    files_of(frame, tmp_path, ".csv")
    for name in ("_SUCCESS", ".part-0.csv.crc", "part-0.csv.sha256", "readme.md", "LICENSE"):
        (tmp_path / name).write_text("no table")
    if of_images:  # whose labels tables beside them may hold
        (tmp_path / "bar.png").write_bytes(b"")
    assert (table_files(tmp_path) is None) == of_images
    if not of_images:
        assert open_rows(tmp_path).names == tuple(frame.columns)
        with pytest.raises(InputError, match="is a folder of tables: give the name of one"):
            read_folder(tmp_path)


@pytest.mark.parametrize("form", ["folder", "pattern", "list"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("gone.csv", r"gone\.csv is a link to a missing file: fetch the file"),
        ("pipe.csv", r"pipe\.csv is no regular file"),
        ("year.csv", r"year\.csv is a link to a folder"),
        ("more.xlsx", r"holds more\.xlsx beside tables: .* such as '.*\*\.csv'"),
    ],
)
def test_what_would_be_left_out_is_refused_by_name(tmp_path, frame, name, words, form):
    folder, path = tmp_path / "tables", tmp_path / "tables" / name
    folder.mkdir()
    files_of(frame, folder, ".csv")
    make = {
        "gone.csv": lambda: path.symlink_to("nowhere"),
        "pipe.csv": lambda: os.mkfifo(path),
        "year.csv": lambda: path.symlink_to(tmp_path, target_is_directory=True),
        "more.xlsx": lambda: path.write_bytes(b"PK\x03\x04"),
    }
    make[name]()
    if name == "more.xlsx" and form != "folder":
        return
    files = {
        "folder": folder,
        "pattern": str(folder / "*.csv"),
        "list": [*sorted(folder.glob("part*")), path],
    }
    if form == "pattern" and name == "year.csv":  # a pattern names no folders
        assert open_rows(files[form]).names == tuple(frame.columns)
        return
    with pytest.raises(InputError, match=words):
        open_rows(files[form])


def test_a_table_in_memory_is_one_block():
    rows = TableRows(Table.from_columns({"a": np.arange(10.0), "b": ["x", "y"] * 5}))
    assert (rows.names, rows.n_rows, rows.notes) == (("a", "b"), 10, ())
    assert [block.n_samples for block in rows.blocks()] == [10]
    assert next(rows.blocks()) is rows.table
    (block,) = rows.blocks(["b", "none"], start=7)
    assert (block.names, block["b"].tolist()) == (("b",), ["y", "x", "y"])
    assert [block["a"].tolist() for block in rows.blocks(n_rows=4, start=1)] == [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
        [9],
    ]
    assert rows.digest == TableRows(rows.table.take(slice(None))).digest
    assert rows.digest != TableRows(rows.table.take(slice(None, None, -1))).digest
    assert not [*TableRows(rows.table.take([])).blocks()]
    drawn = rows.sample(4)
    assert (len(drawn.numbers), drawn.n_rows) == (4, 10)
    assert drawn.table["a"].tolist() == drawn.numbers.tolist()
    assert drawn.note == "The table is large: 4 of 10 rows are looked at, drawn at random."
    assert not rows.sample(10).note
