"""No file that is dropped on a page ends the server or takes its memory."""

from __future__ import annotations

import gc
import gzip
import io
import subprocess
import sys
import zipfile

import pytest

from madaline._apps.playground import reading
from madaline._apps.playground.pandas_code import reading_lines
from madaline._apps.playground.tables import UserTable, file_name
from madaline.errors import InputError

polars = pytest.importorskip("polars")


def parquet(frame):
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    return buffer.getvalue()


def zipped(content):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("t.csv", content)
    return buffer.getvalue()


def contents():
    lines = b"a,b,c\n" + b"1,2,3\n" * 400_000
    zeros = polars.DataFrame({"a": polars.zeros(30_000_000, polars.Int8, eager=True)})
    return {
        "rows.parquet": parquet(zeros),
        "letters.parquet": parquet(polars.DataFrame({"a": ["x" * 10_000_000], "b": [1]})),
        "t.csv.gz": gzip.compress(lines),
        "t.csv.zip": zipped(lines),
    }


@pytest.fixture
def small(monkeypatch):
    """Let what is read apart have little memory, and be read in this process."""
    gc.collect()  # what other tests leave must not go while memory is measured
    monkeypatch.setattr(reading, "_MAX_BYTES", 5_000_000)
    monkeypatch.setattr(reading, "_limit_this_process", lambda: None)

    def run(command, **settings):
        out, code = io.TextIOWrapper(io.BytesIO()), 0
        with monkeypatch.context() as here:
            here.setattr(sys, "argv", ["-c", *map(str, command[3:])])
            here.setattr(sys, "stdout", out)
            try:
                reading.main()
            except SystemExit as end:
                code = end.code
        return subprocess.CompletedProcess(command, code, out.buffer.getvalue())

    monkeypatch.setattr(subprocess, "run", run)


def test_few_bytes_that_become_many_are_refused(small):
    for name, content in contents().items():
        assert len(content) < 600_000, name
        with pytest.raises(InputError, match=rf"^{name} is too large for a page: .* fewer rows"):
            UserTable.of_content(name, content)


def test_another_process_reads_what_may_be_large():
    rows = polars.DataFrame({"a": [*range(30)], "b": ["x", "y"] * 15})
    table = UserTable.of_content("t.parquet", parquet(rows))
    assert (table.name, table.table.names, table.table.n_samples) == ("t.parquet", ("a", "b"), 30)


def test_a_sentence_of_the_other_process_is_told(small):
    with pytest.raises(InputError, match=r"^t\.parquet is damaged"):
        UserTable.of_content("t.parquet", contents()["letters.parquet"][:-9])


@pytest.mark.parametrize("code", [1, -6, -9])
def test_a_process_that_ends_is_a_sentence(code, monkeypatch):
    ended = subprocess.CompletedProcess([], code, b"")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: ended)
    with pytest.raises(InputError, match="is too large for a page"):
        UserTable.of_content("t.parquet", b"PAR1" + bytes(9))


@pytest.mark.skipif(sys.platform == "win32", reason="no such name there")
def test_a_name_with_quotes_and_a_backslash_stays():
    name = "a'\"\\.csv"
    assert file_name(name) == name
    assert file_name("C:\\tables\\t.csv") == "t.csv"
    table = UserTable.of_content(name, b"a,b,c\n" + b"1,2,3\n4,5,6\n" * 9)
    assert any(repr(name) in line for line in reading_lines(table, ["a", "b"]))
