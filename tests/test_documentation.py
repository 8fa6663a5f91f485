"""The documentation keeps its word: its Python runs, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from madaline._apps.comparison.compared_rows import MAX_ROWS
from madaline._base.codec import LabelText, LongText
from madaline._base.json_checks import Text
from madaline._models.fitting.arguments import MAX_RATIO, MAX_WEIGHT
from madaline._models.fitting.memory import OUTPUT_BYTES, TEXT_BYTES
from madaline._models.model.kept_rows import MAX_TEXT
from madaline._models.model.model_rows import MAX_DRAWN
from madaline._models.model.predictions import MAX_SCORED
from madaline._models.request import MAX_WHOLE
from madaline._race import planning
from madaline._race.evaluation.objective import MAX_FACTOR, MIN_QUANTILE
from madaline._race.trees import growing
from madaline._tables.io.compression import CELL_BYTES
from madaline._tables.io.held_types import MAX_MISFITS, MIN_ROWS
from madaline._tables.io.source_files import LARGE_FILE
from madaline._tables.io.tensor_header import MAX_HEADER, MAX_MEMORY
from madaline._tables.kinds import category, text
from madaline._tables.media.files import MAX_PIXELS
from madaline._tables.target.encoders import MAX_ENCODED
from madaline._tables.target.joint_encoder import MAX_OUTPUTS
from madaline._tables.target.values import MAX_TARGET

PROJECT = Path(__file__).resolve().parents[1]
FOLDERS = ("benchmarks", "docs", "examples")
PAGES = sorted(page for folder in FOLDERS for page in (PROJECT / folder).rglob("*.md"))
PAGES += PROJECT.glob("*.md")
README, CHINESE = ((PROJECT / name).read_text() for name in ("README.md", "README.zh-CN.md"))
BLOCK = re.compile(r"```(python|console|text)\n(.*?)```", flags=re.DOTALL)
DOCS = PROJECT / "docs"
TAUGHT = README + (DOCS / "distilling.md").read_text()
PYTHON = list(dict.fromkeys(code for kind, code in BLOCK.findall(TAUGHT) if kind == "python"))
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.slow
@pytest.mark.parametrize("code", PYTHON, ids=lambda code: code.splitlines()[-1].split("(")[0])
def test_python_of_the_readme_runs(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    exec(compile(code, "README.md", "exec"), {})


def test_links_lead_to_files_that_exist() -> None:
    links = [(page, link) for page in PAGES for link in LINK.findall(page.read_text())]
    assert len(links) > 100
    lost = [(page, link) for page, link in links if not (page.parent / link).exists()]
    assert not lost, "\n".join(f"{page.relative_to(PROJECT)}: {link}" for page, link in lost)


@pytest.mark.parametrize("page", [README, CHINESE], ids=["English", "Chinese"])
def test_readme_opens_with_its_name_and_the_two_commands(page: str) -> None:
    lines = page.splitlines()
    assert lines[0] == "# madaline"
    typed = [line.split()[:2] for line in lines[:10] if line.startswith("    ")]
    assert typed == [["make", "demo"], ["make", "test"]]
    assert len(lines) <= 150


def test_the_chinese_readme_has_the_same_sections_code_and_figures() -> None:
    """Prose and comments are translated; code, console, files and figures are the same."""
    for pattern in (r"^#+ ", r"^\|", r"^```", r"^    \w"):
        counts = [len(re.findall(pattern, page, flags=re.MULTILINE)) for page in (README, CHINESE)]
        assert counts[0] == counts[1], pattern
    assert without_comments(CHINESE) == without_comments(README)
    words = r"`[^`\n]+`|\]\((?!README)[^)]+\)"  # code, and links but for those to one another
    of_chinese = ["`--lang zh`", "`MADALINE_LANG=zh`", "](docs/glossary.md)"]
    of_english = re.findall(words, README)
    of_both = [word.replace(".zh-CN.md", ".md") for word in re.findall(words, CHINESE)]
    assert sorted(of_both) == sorted([*of_english, *of_chinese])
    figures = r"(?<![\w.])0?(\.\d{2,3})\b"  # Chinese keeps the zero
    assert re.findall(figures, CHINESE) == re.findall(figures, README)


def without_comments(page: str) -> list[str]:
    """Return the blocks of code of a page, without comments."""
    return [re.sub(r" *#.*", "", code) for _, code in BLOCK.findall(page)]


LIMITS = {
    "header of a model": (MAX_HEADER,),
    "objects of that header": (MAX_MEMORY,),
    "name of a column": (Text().longest,),
    "class that is text": (LabelText.__metadata__[0].longest,),
    "level of a category, word": (LongText.__metadata__[0].longest,),
    "texts of rows": (MAX_TEXT,),
    "targets predicted together": (MAX_OUTPUTS,),
    "size of a number": (MAX_TARGET, MAX_ENCODED),
    "weight of a row": (MAX_WEIGHT, 1 / MAX_WEIGHT, MAX_RATIO),
    "weight of a class": (MAX_FACTOR,),
    "distance of a quantile": (MIN_QUANTILE,),
    "epochs, seed": (MAX_WHOLE,),
    "features of numbers in bins": (
        *(one.max_features for n, one in planning.ENCODINGS.items() if n),
        *filter(None, planning.ENCODINGS),
    ),
    "features of boosted trees": (growing.MAX_FEATURES,),
    "levels of a category with": (category.MAX_LEVEL_FEATURES,),
    "levels that are remembered": (category.MAX_LEVELS,),
    "terms of texts": (text.MAX_TERMS_ALONE, text.MAX_TERMS),
    "terms counted": (text.MAX_COUNTED,),
    "pixels of an image": (MAX_PIXELS,),
    "cells of a text file": (CELL_BYTES,),
    "characters of one text": (TEXT_BYTES,),
    "classes": (OUTPUT_BYTES,),
    "rows that methods": (MAX_ROWS,),
    "bytes of a file on disk": (LARGE_FILE,),
    "rows of a large table that commands": (MAX_DRAWN,),
    "rows of a large table that are scored": (MAX_SCORED,),
    "values among numbers or dates": (100 * MAX_MISFITS, MAX_MISFITS * MIN_ROWS),
}


def test_the_table_of_limits_says_what_the_code_does() -> None:
    lines = (PROJECT / "docs" / "limits.md").read_text().splitlines()
    rows = {row: [one for one in lines if one.startswith(f"| {row}")] for row in LIMITS}
    assert [row for row, found in rows.items() if len(found) != 1] == []
    others = {row: set(map(float, LIMITS[row])) - defaults(line) for row, (line,) in rows.items()}
    assert {row: lacking for row, lacking in others.items() if lacking} == {}


def defaults(line: str) -> set[float]:
    """Return the numbers in the second column of a line of the table."""
    numbers = re.findall(r"\d[\d,]*(?:e-?\d+)?", line.split("|")[2])
    return {float(one.replace(",", "")) for one in numbers}


CONSOLE = [code for kind, code in BLOCK.findall(README) if kind == "console"]
COMMANDS = re.findall(r"^\$ (madaline .*)$", "\n".join(CONSOLE), flags=re.MULTILINE)


def test_the_console_of_the_readme_shows_what_the_commands_print(tmp_path) -> None:
    """All lines before training are the same, and the scores within what processors differ by.

    The demo has no numba.
    """
    model, printed = tmp_path / "penguins.madaline", ""
    for command in COMMANDS:
        words = shlex.split(command.replace("build/penguins.madaline", str(model)))[1:]
        code = (
            "import sys; sys.modules['numba'] = None; from madaline._apps.cli import main;"
            f" sys.exit(main({words!r}))"
        )
        both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=PROJECT, check=False, encoding="utf-8", **both
        )
        assert done.returncode == 0, done.stdout
        printed += f"$ {command}\n{done.stdout}\n".replace(str(model), "build/penguins.madaline")
    shown = CONSOLE[0]
    assert shown.count("\n") <= 40
    assert opening(printed) == opening(shown)
    assert printed.rstrip().endswith(shown[shown.rindex("$ madaline predict") :].rstrip())
    assert [*scores(printed)] == [*scores(shown)]
    for name, (value, baseline) in scores(shown).items():
        now, baseline_now = scores(printed)[name]
        assert now == pytest.approx(value, abs=0.02), name
        assert baseline_now == baseline, name
    lines = Counter(map(outline, printed.splitlines()))
    kinds = r"A linear|Permutation|  bill_length|Saved|  madaline"
    others = [outline(line) for line in shown.splitlines() if re.match(kinds, line)]
    assert len(others) == 6
    assert [line for line in others if not lines[line]] == []


def opening(console: str) -> str:
    """Return what is printed before training begins."""
    return console[: console.index("  epoch ")]


def scores(console: str) -> dict[str, tuple[float, float]]:
    """Return each score and its baseline, by its name."""
    line = r"^  (\S.*?) {2,}([\d.]+) ± [\d.]+ +([\d.]+)$"
    found = re.findall(line, console, flags=re.MULTILINE)
    return {name: (float(value), float(baseline)) for name, value, baseline in found}


def outline(line: str) -> str:
    """Return a line without its numbers, and with single spaces."""
    return " ".join(re.sub(r"\d[\d.,]*( kB| MB)?", "#", line).rstrip("█").split())
