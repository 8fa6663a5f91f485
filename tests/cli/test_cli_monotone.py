"""`madaline fit --increasing COLUMN --decreasing COLUMN`: said, kept, and refused in a sentence."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

SENTENCE = "The probability of yes never falls when size grows, and never rises when age grows."


@pytest.fixture
def table(place) -> str:
    rows = [f"{row % 7},{row % 5},x{row % 3},{'yes' if row % 4 else 'no'}" for row in range(60)]
    Path("table.csv").write_text("\n".join(["size,age,code,answer", *rows]))
    return "table.csv"


def test_constraints_are_said_kept_and_reproduced(run, table) -> None:
    words = ("--target", "answer", "--effort", 1, "--increasing", "size", "--decreasing", "age")
    outcome = run("fit", table, *words)
    assert outcome.code == 0
    assert SENTENCE in " ".join(outcome.err.split())
    for command in (["info"], ["story", "--full"]):
        assert SENTENCE in " ".join(run(*command, "table.madaline").out.split())
    assert f" {SENTENCE}" in run("card", "table.madaline").out.replace("\n", " ")
    report = json.loads(run("report", "table.madaline", "--json").out)
    command = report["reproduce"]["command"]
    assert "--increasing size --decreasing age" in command
    before = Path("table.madaline").read_bytes()
    assert run(*shlex.split(command)[1:]).code == 0
    assert Path("table.madaline").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--increasing", "sise"), "there is no such column: did you mean 'size'?"),
        (("--increasing", "answer"), "Predictions are to be monotone in 'answer', but there is no"),
        (
            ("--decreasing", "code"),
            "a column of the kind category: only numbers, dates and Booleans",
        ),
        (
            ("--increasing", "size", "age", "--decreasing", "age"),
            "Column age is named by --increasing and by --decreasing: name it once.",
        ),
    ],
)
def test_what_cannot_be_is_one_sentence(run, table, words, sentence) -> None:
    assert sentence in run("fit", table, "--target", "answer", *words).sentence
