"""Names and labels from strangers stay text: in a terminal, a spreadsheet and a model card."""

from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

from madaline._apps.cli.console import say_csv
from madaline._tables.io.table_files import without_formulas

TABLE = "strange.parquet"
ESCAPE = "\x1b[2J\x1b]0;owned\x07"


@pytest.fixture
def strange(run, place):
    """A model whose columns and labels are commands of a terminal, formulas and Markdown."""
    polars = pytest.importorskip("polars", reason="polars writes Parquet files")
    size = np.random.default_rng(0).normal(size=60)
    labels = ["=1+1" if one > 0 else f"@{ESCAPE}" for one in size]
    target = "a\n```\n# Broken out\n`b"
    polars.DataFrame({f"size{ESCAPE}": size, target: labels}).write_parquet(TABLE)
    assert run("fit", TABLE, "--target", target, "--effort", 12, "-o", "m.madaline").code == 0
    return "m.madaline"


def test_a_terminal_gets_printable_text(strange, run, place, monkeypatch):
    for words in (("info",), ("predict", TABLE), ("explain", TABLE)):
        told = run(words[0], strange, *words[1:])
        assert told.code == 0
        if words[0] == "predict":
            continue  # to a file, CSV is what it is
        assert "\x1b" not in told.out + told.err

    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self):
            return True

    monkeypatch.setattr(sys, "stdout", Terminal())
    say_csv(f"answer\n{ESCAPE}x\n".encode())
    assert sys.stdout.getvalue() == "answer\n?[2J?]0;owned?x\n"


def test_formulas_of_spreadsheets_become_text(strange, run, place):
    plain = run("predict", strange, TABLE).out
    assert "\n=1+1\n" in plain
    text = run("predict", strange, TABLE, "--spreadsheet").out
    assert "\n'=1+1\n" in text
    assert "\n=1+1\n" not in text
    assert f"\n'@{ESCAPE}\n" in text
    run("predict", strange, TABLE, "--spreadsheet", "-o", "out.csv")
    assert (place / "out.csv").read_text(encoding="utf-8") == text
    run("explain", strange, TABLE, "--spreadsheet", "-o", "why.csv")
    assert not re.search(
        r"(^|,)[=@]", (place / "why.csv").read_text(encoding="utf-8"), re.MULTILINE
    )
    columns = {"+n": np.array([-1.0, 2.0]), "x": np.array(["-a", None, "b"][:2], dtype=object)}
    found = without_formulas(columns)
    assert list(found) == ["'+n", "x"]
    assert found["'+n"].tolist() == [-1.0, 2.0]
    assert found["x"].tolist() == ["'-a", None]


def test_nothing_breaks_out_of_a_card(strange, run, place):
    assert run("card", strange, "-o", "README.md").code == 0
    card = (place / "README.md").read_text(encoding="utf-8")
    yaml = pytest.importorskip("yaml", reason="PyYAML reads the metadata")
    _, metadata, text = card.split("---\n", 2)
    assert yaml.safe_load(metadata)["library_name"] == "madaline"
    inside, fence = False, ""
    for line in text.splitlines():
        if not inside and (opening := re.match("`{3,}", line)):
            inside, fence = True, opening[0]
        elif inside and line.strip() == fence:
            inside = False
        elif not inside:
            assert not line.startswith("# Broken out")
    assert not inside
