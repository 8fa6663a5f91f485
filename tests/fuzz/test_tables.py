"""Odd tables are read, or refused with a sentence: no traceback, whatever their bytes are."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madaline._apps.cli import main
from madaline._tables.column import is_missing
from madaline._tables.io.table_files import read_file
from madaline._tables.schema import Schema
from madaline.errors import MadalineError

CELLS = tuple(json.loads((Path(__file__).parent / "odd_cells.json").read_text()))
"""What cells of tables were found to hold."""

NAMES = ("a", "b", "y", "", " ", "a", "x" * 300, '"q"', "=1", "\x1b[2J", "1", "ä", "a b", "a,b")
STARTS = (b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\xff", b"PK\x03\x04", b"PAR1", b"\x1f\x8b")
BYTES = (*STARTS, b"sep=;\n")


def table(rng: Random) -> bytes:
    """Return the bytes of a table in text, some of them wrong."""
    separator = rng.choice(",,,;\t|: ")
    n_columns, n_rows = rng.randint(1, 4), rng.choice((0, 1, 2, 5, 30))
    kinds = [rng.sample(CELLS, rng.randint(1, 4)) for _ in range(n_columns)]
    lines = [separator.join(rng.choice(NAMES) for _ in range(n_columns))]
    for _ in range(n_rows):
        cells = [rng.choice(kind) for kind in kinds]
        if rng.random() < 0.03:
            cells = rng.choice((cells[:-1], [*cells, "more"], []))
        lines.append(separator.join(_quoted(rng, cell, separator) for cell in cells))
    text = rng.choice(("\n", "\n", "\r\n", "\r")).join(lines) + rng.choice(("", "\n", "\n\n"))
    content = text.encode(rng.choice(("utf-8", "utf-8", "utf-8", "utf-16", "latin-1")), "replace")
    if rng.random() < 0.1:
        place = rng.randrange(len(content) + 1)
        content = content[:place] + rng.choice(BYTES) + content[place:]
    return content if rng.random() < 0.9 else rng.choice(BYTES) + content


def _quoted(rng: Random, cell: str, separator: str) -> str:
    must = separator in cell or "\n" in cell or '"' in cell
    if (must and rng.random() < 0.8) or rng.random() < 0.05:
        return '"' + cell.replace('"', '""') + '"'
    return cell


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The file of a small model of numbers and categories."""
    folder = tmp_path_factory.mktemp("model")
    lines = ["a,b,y", *(f"{row % 7},{'uvw'[row % 3]},{row % 2}" for row in range(40))]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")
    out = str(folder / "m.madaline")
    words = [str(folder / "t.csv"), "--target", "y", "--effort", "1", "--quiet", "-o", out]
    assert main(["fit", *words]) == 0
    return out


@pytest.mark.filterwarnings("ignore:.*was read as ")
@given(seed=st.integers(0, 2**32))
def test_a_table_is_read_or_refused_with_a_sentence(model, tmp_path_factory, seed):
    path = tmp_path_factory.getbasetemp() / "odd.csv"
    path.write_bytes(table(Random(seed)))
    with suppress(MadalineError):
        read = read_file(path).table
        schema = Schema.infer(read)
        assert [one.name for one in schema.columns] == list(read.names)
        assert all(len(is_missing(read[name])) == read.n_samples for name in read.names)
    assert main(["predict", model, str(path)]) in (0, 2)
