"""The site has every page in its contents and every public name in its reference.

What needs the built site is checked by `make docs` (`site/check.py`).
"""

from __future__ import annotations

import ast
import fnmatch
import inspect
import re
from collections import Counter
from pathlib import Path

import pytest
from tests.test_package import PUBLIC

from madaline import AdaptiveClassifier, AdaptiveRegressor

PROJECT = Path(__file__).resolve().parents[1]
DOCS = PROJECT / "docs"
IN_CHINESE = (".zh-CN.md",)  # in the contents where the page in English is
PAGES = sorted(
    page.relative_to(DOCS).with_suffix("").as_posix()
    for page in DOCS.rglob("*.md")
    if not page.name.endswith(IN_CHINESE)
)
SETTINGS = (DOCS / "reference" / "settings.md").read_text()
TOCTREE = re.compile(r"^```\{toctree\}\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)
DIRECTIVE = re.compile(
    r"^\.\. (?:currentmodule|autoclass|autofunction|autoexception|py:data):: (\S+)", re.MULTILINE
)
CELL = re.compile(r"^```\{code-cell\}", flags=re.MULTILINE)
FRONT_MATTER = "---\nfile_format: mystnb\nkernelspec:\n  name: python3\n---\n"


def test_every_page_is_in_the_contents_once() -> None:
    listed = Counter(page for name in PAGES for page in contents(name))
    missing = [page for page in PAGES if page != "index" and not listed[page]]
    assert missing == [], "name these in the toctree of docs/guides/index.md, or where they belong"
    assert [page for page, times in listed.items() if times > 1] == []
    assert set(listed) <= set(PAGES)


def contents(name: str) -> list[str]:
    """Return the pages that a page lists in its tables of contents."""
    found = []
    for entry in "".join(TOCTREE.findall((DOCS / f"{name}.md").read_text())).split("\n"):
        if entry and not entry.startswith(":"):
            path = (DOCS / name).parent.joinpath(entry).resolve().relative_to(DOCS).as_posix()
            found += [page for page in PAGES if fnmatch.fnmatch(page, path) and page != name]
    return found


def documented() -> dict[str, set[str]]:
    """Return the names that the reference describes, by their modules."""
    found: dict[str, set[str]] = {}
    module = ""
    for page in sorted((DOCS / "reference").glob("*.md")):
        for line in page.read_text().splitlines():
            if match := DIRECTIVE.match(line):
                if "currentmodule" in line:
                    module = match[1]
                else:
                    found.setdefault(module, set()).add(match[1])
    return found


def test_every_public_name_is_in_the_reference() -> None:
    names = {module: set(names.split()) for module, names in PUBLIC.items()}
    names["madaline.nn.gradcheck"] = {"GradientError"}  # the others are names of madaline, too
    described = documented()
    others = {
        module: own ^ described.get(module, set())
        for module, own in names.items()
        if own != described.get(module, set())
    }
    assert others == {}, "describe these in docs/reference, or no longer"


def test_pages_with_cells_say_that_they_run() -> None:
    texts = {name: (DOCS / f"{name}.md").read_text() for name in PAGES}
    runs = [name for name, text in texts.items() if CELL.search(text)]
    assert {"index", "start"} <= set(runs)
    assert [name for name in runs if not texts[name].startswith(FRONT_MATTER)] == []


def test_guides_answer_briefly_with_code_that_runs() -> None:
    """Each has cells, what may go wrong, and links to the reference, in 120 lines."""
    guides = {page.name: page.read_text() for page in (DOCS / "guides").glob("*.md")}
    del guides["index.md"]
    assert [name for name, text in guides.items() if not CELL.search(text)] == []
    assert [name for name, text in guides.items() if text.count("\n") > 120] == []
    parts = ("\n## What to look at, and what may go wrong\n", "](../")
    assert [name for name, text in guides.items() if not all(part in text for part in parts)] == []


@pytest.mark.slow
def test_the_reader_of_the_file_format_predicts_what_madaline_does(monkeypatch) -> None:
    """The cells of the page are a reader without madaline; the last one compares."""
    monkeypatch.chdir(PROJECT)
    (PROJECT / "build").mkdir(exist_ok=True)
    text = (DOCS / "reference" / "file_format.md").read_text()
    names: dict[str, object] = {}
    for cell in re.findall(r"^```\{code-cell\}\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        exec(compile(cell, "file_format.md", "exec"), names)
    assert names["ours"].shape == names["theirs"].shape == (2, 3)
    assert abs(names["ours"] - names["theirs"]).max() < 1e-5


SETTING = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \| (C|R|C, R) \|(.*?)\|", flags=re.MULTILINE)
PARTS = re.split(r"^## Arguments of `fit`$", SETTINGS, flags=re.MULTILINE)


@pytest.mark.parametrize("letter", "CR")
@pytest.mark.parametrize("of_fit", [False, True], ids=["estimator", "fit"])
def test_the_table_of_settings_has_every_argument_and_its_default(letter, of_fit) -> None:
    estimator = {"C": AdaptiveClassifier, "R": AdaptiveRegressor}[letter]
    signature = inspect.signature(estimator.fit if of_fit else estimator)
    defaults = {
        name: None if one.default is inspect.Parameter.empty else one.default
        for name, one in signature.parameters.items()
        if name != "self"
    }
    listed = {
        name: ast.literal_eval(default.strip("` ") or "None")
        for names, estimators, default in SETTING.findall(PARTS[of_fit])
        for name in re.findall(r"\w+", names)
        if letter in estimators
    }
    assert listed == defaults
