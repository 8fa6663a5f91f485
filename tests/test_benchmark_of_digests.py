"""The benchmark of digests gives the same sums for the same fit, and notices others."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.fixture
def digests(monkeypatch, shared_tables):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import digests

    yield digests
    for name in ("digests", "tables"):
        sys.modules.pop(name, None)


def test_a_second_fit_is_the_same_and_another_is_noticed(digests, capsys, tmp_path) -> None:
    before = tmp_path / "before"
    short = ["--tables", "abalone", "--backends", "numpy"]
    assert digests.main([*short, "--output", str(before)]) == 0
    line = capsys.readouterr().out.strip()
    assert before.read_text().strip() == line
    assert line.startswith("abalone numpy predictions=")
    assert digests.main([*short, "--compare", str(before)]) == 0
    assert capsys.readouterr().out.strip() == f"same      {line}"
    before.write_text(line.replace("predictions=", "predictions=0"))
    assert digests.main([*short, "--compare", str(before)]) == 1
    assert capsys.readouterr().out.startswith("DIFFERENT abalone")
