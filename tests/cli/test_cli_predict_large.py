"""`madaline predict` of tables that are read and written block by block."""

from __future__ import annotations

import csv
import errno
import gzip
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from madaline._models.model import model_rows, predictions
from madaline._tables.io import part_files, source_files, source_parts
from madaline._tables.io.table_files import read_file

pl = pytest.importorskip("polars")

N_ROWS = 1000


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch) -> None:
    monkeypatch.setattr(model_rows, "BLOCK_ROWS", 128)
    monkeypatch.setattr(source_parts, "FRAME_ROWS", 90)


@pytest.fixture
def many(place, fruit_rows) -> Path:
    """A folder of three Parquet files."""
    folder = place / "many"
    folder.mkdir()
    frame = pl.read_csv(io.StringIO(fruit_rows(N_ROWS))).with_row_index("number", offset=7)
    for number, part in enumerate((frame[:300], frame[300:310], frame[310:])):
        part.write_parquet(folder / f"{number}.parquet")
    frame.write_csv("whole.csv")
    return folder


def columns_of(path: Path | str) -> dict[str, list]:
    table = read_file(path).table
    return {name: table[name].tolist() for name in table.names}


def assert_alike(found: dict, expected: dict) -> None:
    assert list(found) == list(expected)
    for name, values in expected.items():
        if isinstance(values[0], float):
            np.testing.assert_allclose(found[name], values, rtol=1e-5)
        else:
            assert found[name] == values


@pytest.mark.parametrize(
    "output", ["out.csv", "out.tsv.gz", "out.jsonl", "out.parquet", "out.feather", "out.csv.zst"]
)
def test_writes_what_a_small_table_gets(run, model, many, output) -> None:
    options = ["--proba", "--id", "number", "--coverage", "0.8"]
    assert run("predict", model, "whole.csv", *options, "-o", "expected.csv").code == 0
    outcome = run("predict", model, "many/*.parquet", *options, "-o", output)
    assert outcome.code == 0, outcome.err
    assert_alike(columns_of(output), columns_of("expected.csv"))
    assert sorted(os.listdir()) == sorted(["many", "whole.csv", "expected.csv", output])


def test_scores_are_those_of_a_small_table(run, model, many, monkeypatch) -> None:
    expected = json.loads(run("predict", model, "whole.csv", "--json", "-o", "a.csv").out)
    outcome = run("predict", model, many, "--json", "-o", "b.csv")
    facts = json.loads(outcome.out)
    assert facts["n_samples"] == N_ROWS
    assert facts["confusion"] == expected["confusion"]
    assert [s["value"] for s in facts["scores"]] == pytest.approx(
        [s["value"] for s in expected["scores"]], rel=1e-4
    )
    assert facts["unseen"] == expected["unseen"]
    monkeypatch.setattr(predictions, "MAX_SCORED", 400)
    outcome = run("predict", model, many, "-o", "b.csv")
    assert " of 1,000 rows, drawn at random" in outcome.err


def test_prints_csv_block_by_block(run, model, many) -> None:
    expected = run("predict", model, "whole.csv").out
    assert run("predict", model, many).out == expected
    assert "name a file with -o" in run("predict", model, many, "--json").sentence


def test_a_large_text_file_is_read_in_blocks(run, model, many, monkeypatch) -> None:
    expected = run("predict", model, "whole.csv").out
    Path("whole.csv.gz").write_bytes(gzip.compress(Path("whole.csv").read_bytes()))
    monkeypatch.setattr(source_files, "LARGE_FILE", 1)
    monkeypatch.setattr(source_parts, "_TEXT_BYTES", 3000)
    assert run("predict", model, "whole.csv").out == expected
    assert run("predict", model, "whole.csv.gz").out == expected


def test_numbers_in_another_form_are_read_alike_in_all_blocks(
    run, model, fruit_rows, monkeypatch
) -> None:
    rows = list(csv.DictReader(io.StringIO(fruit_rows(N_ROWS))))
    Path("plain.csv").write_text(fruit_rows(N_ROWS))
    with Path("comma.csv").open("w") as file:
        writer = csv.DictWriter(file, rows[0], delimiter=";")
        writer.writeheader()
        writer.writerows([{**row, "weight": row["weight"].replace(".", ",")} for row in rows])
    expected = run("predict", model, "plain.csv").out
    monkeypatch.setattr(source_files, "LARGE_FILE", 1)
    outcome = run("predict", model, "comma.csv")
    assert outcome.out == expected
    assert outcome.err.count("weight: ") == 1


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the peak of memory so")
def test_memory_does_not_grow_with_the_file(model, fruit_rows, environment) -> None:
    header, *rows = fruit_rows(1000).splitlines()
    with Path("noted.csv").open("w") as file:
        file.write(f"{header},note\n")
        file.writelines(f"{row},{'word ' * 480}\n" for row in rows * 30)
    code = (
        "import re, pathlib, madaline._apps.cli\n"
        f"madaline._apps.cli.main(['predict', {str(model)!r}, 'noted.csv', '-o', 'out.csv'])\n"
        r"print(re.search(r'VmHWM:\s+(\d+)', pathlib.Path('/proc/self/status').read_text())[1])"
    )
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, env=environment, capture_output=True, check=True)
    size = Path("noted.csv").stat().st_size
    assert len(Path("out.csv").read_bytes().splitlines()) == 30_001
    assert size > source_files.LARGE_FILE
    assert int(done.stdout) * 1024 < 4 * size  # read at once, five times its size


KILLED = """
import os, signal, sys
from madaline._apps import cli
from madaline._tables.io.part_files import PartFile
from madaline._models.model import model_rows

model_rows.BLOCK_ROWS, write = 128, PartFile.write

def killed(parts, *arguments):
    if len(parts.notes) == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    write(parts, *arguments)

PartFile.write = killed
cli.main(sys.argv[1:])
"""


@pytest.mark.slow
def test_goes_on_after_it_was_killed(run, model, many, environment) -> None:
    words = ["predict", model, many, "--proba", "-o", "out.csv"]
    first = run(*words)
    assert "Wrote 1,000 predictions" in first.err
    expected = Path("out.csv").read_bytes()
    Path("out.csv").unlink()
    command = [sys.executable, "-c", KILLED, *map(str, words)]
    assert subprocess.run(command, env=environment, check=False).returncode == -signal.SIGKILL
    assert not Path("out.csv").exists()
    assert "Going on after 256 rows" in run(*words).err
    assert Path("out.csv").read_bytes() == expected
    assert sorted(os.listdir()) == ["many", "out.csv", "whole.csv"]


@pytest.mark.parametrize("output", ["out.parquet", "out.csv.gz"])
def test_goes_on_after_a_failure_with_the_same_bits(run, model, many, monkeypatch, output) -> None:
    words = ["predict", model, many, "--proba", "-o", output]
    first = run(*words)
    expected = Path(output).read_bytes()
    Path(output).unlink()
    write, calls = part_files.write_atomically, []

    def failing(path, content, more=()) -> None:
        calls.append(path)
        if len(calls) == 8:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        write(path, content, more)

    monkeypatch.setattr(part_files, "write_atomically", failing)
    sentence = run(*words).sentence
    assert "no space left on device: free some space" in sentence
    assert f"goes on after 384 rows, kept in .{output}.madaline-parts" in sentence
    assert not Path(output).exists()
    monkeypatch.setattr(part_files, "write_atomically", write)
    again = run(*words)
    assert again.err == "Going on after 384 rows that are done.\n" + first.err
    assert Path(output).read_bytes() == expected
    assert not list(Path().glob(".*"))


@pytest.mark.parametrize("output", ["out.parquet", "out.feather"])
def test_a_full_disk_at_the_end_keeps_all_parts(run, model, many, monkeypatch, output) -> None:
    sinks = {name: getattr(pl.LazyFrame, name) for name in ("sink_parquet", "sink_ipc")}

    def full(name: str):
        def sink(frame, target, *options, **others):
            if not isinstance(target, Path):
                return sinks[name](frame, target, *options, **others)
            target.write_text("half")
            raise pl.exceptions.ComputeError("IO error: No space left on device (os error 28)")

        return sink

    for name in sinks:
        monkeypatch.setattr(pl.LazyFrame, name, full(name))
    outcome = run("predict", model, many, "-o", output)
    assert "no space left on device: free some space" in outcome.sentence
    assert "goes on after 1,000 rows" in outcome.sentence
    assert not Path(f".{output}.madaline-parts/whole").exists()


def test_other_options_begin_anew(run, model, many, monkeypatch) -> None:
    monkeypatch.setattr(part_files.PartFile, "finish", lambda self: None)
    assert run("predict", model, many, "-o", "out.csv").code == 0
    assert "Going on after 1,000 rows" in run("predict", model, many, "-o", "out.csv").err
    assert "Going on" not in run("predict", model, many, "--proba", "-o", "out.csv").err
    frame = pl.read_parquet(many / "1.parquet")
    frame[::-1].write_parquet(many / "1.parquet")
    assert "Going on" not in run("predict", model, many, "--proba", "-o", "out.csv").err


def test_what_cannot_be_read_leaves_nothing_behind(run, model, many) -> None:
    frame = pl.read_parquet(many / "2.parquet")
    frame.drop("weight").write_parquet(many / "2.parquet")
    sentence = run("predict", model, many, "-o", "out.csv").sentence
    assert f"2.parquet has no column 'weight', as {many}/0.parquet has" in sentence
    frame.with_columns(weight=float("inf")).write_parquet(many / "2.parquet")
    sentence = run("predict", model, many, "-o", "out.csv").sentence
    assert f"'weight' of {many}/2.parquet holds an infinity (inf) in row 0 " in sentence
    assert sorted(os.listdir()) == ["many", "whole.csv"]


def test_what_is_refused(run, model, many) -> None:
    assert "as it is read: write" in run("predict", model, many, "-o", "many/out.parquet").sentence
    assert "give out.parquet" in run("predict", model, many, "-o", "out.parquet.gz").sentence
    assert "The table has no column name" in run("predict", model, many, "--id", "name").sentence
    assert "check the pattern" in run("predict", model, "many/*.csv").sentence
    frame = pl.read_parquet(many / "0.parquet")
    for number in range(3):
        frame.drop("weight").write_parquet(many / f"{number}.parquet")
    assert "lacks a column that the model needs" in run("predict", model, many).sentence
