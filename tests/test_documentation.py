"""The documentation keeps its word: its Python runs, and its links lead somewhere."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from pathlib import Path

import pytest

from madaline.cli import main

PROJECT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    page
    for folder, pattern in ((".", "*.md"), ("docs", "**/*.md"), ("examples", "**/*.md"))
    for page in (PROJECT / folder).glob(pattern)
)
PYTHON = re.findall(r"```python\n(.*?)```", (PROJECT / "README.md").read_text(), flags=re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?!https?:|#)([^)#\s]+)")


@pytest.mark.parametrize("code", PYTHON, ids=lambda code: code.splitlines()[-1].split("(")[0])
def test_python_of_the_readme_runs(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(PROJECT)
    exec(compile(code, "README.md", "exec"), {})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_links_lead_to_files_that_exist(page: Path) -> None:
    links = LINK.findall(page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_readme_opens_with_the_two_commands() -> None:
    first, second, *_ = (PROJECT / "README.md").read_text().splitlines()
    assert first.split()[:2] == ["make", "demo"]
    assert second.split()[:2] == ["make", "test"]


CONSOLE = re.findall(r"```console\n(.*?)```", (PROJECT / "README.md").read_text(), flags=re.DOTALL)
COMMANDS = re.findall(r"^\$ (madaline .*)$", "\n".join(CONSOLE), flags=re.MULTILINE)


def test_the_console_of_the_readme_shows_what_the_commands_print(
    tmp_path, monkeypatch, capfd
) -> None:
    """A short fit prints the same lines as in the README, but for numbers and bars."""
    model = tmp_path / "penguins.madaline"
    monkeypatch.chdir(PROJECT)
    printed = []
    for command in COMMANDS:
        words = shlex.split(command.replace("build/penguins.madaline", str(model)))[1:]
        assert main([*words, "--effort", "6"] if words[0] == "fit" else words) == 0
        captured = capfd.readouterr()
        printed += (captured.err + captured.out).replace(str(model), "build/penguins.madaline")
    lines = Counter(map(outline, "".join(printed).splitlines()))
    kinds = r"Read|Columns|Target|Validation|  accuracy|  ROC|  log|Permutation|Saved|  madaline"
    shown = [outline(line) for line in CONSOLE[0].splitlines() if re.match(kinds, line)]
    assert len(shown) >= 11
    assert [line for line in shown if not lines[line]] == []
    assert CONSOLE[0].count("\n") <= 40
    assert all(lines[line] for line in ("species", "Adelie", "Gentoo"))


def outline(line: str) -> str:
    """Return a line without its numbers, and with single spaces."""
    return " ".join(re.sub(r"\d[\d.,]*( kB| MB)?", "#", line).split())
