"""The site has every page in its contents and every public name in its reference.

What needs the built site is checked by `make docs` (`site/check.py`).
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from pathlib import Path

import pytest
from tests.test_package import PUBLIC

PROJECT = Path(__file__).resolve().parents[1]
DOCS = PROJECT / "docs"
PAGES = sorted(page.relative_to(DOCS).with_suffix("").as_posix() for page in DOCS.rglob("*.md"))
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


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_in_the_reference(module: str) -> None:
    names = set(PUBLIC[module].split())
    if module == "madaline.nn.gradcheck":  # the others are names of madaline, too
        names = {"GradientError"}
    assert names == documented().get(module, set()), f"describe these in docs/reference: {module}"


def test_pages_with_cells_say_that_they_run() -> None:
    texts = {name: (DOCS / f"{name}.md").read_text() for name in PAGES}
    runs = [name for name, text in texts.items() if CELL.search(text)]
    assert {"index", "start"} <= set(runs)
    assert [name for name in runs if not texts[name].startswith(FRONT_MATTER)] == []
