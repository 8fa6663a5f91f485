"""The gallery: what its index says of the pages, and what each page has; `make docs` runs them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

GALLERY = Path(__file__).resolve().parents[1] / "docs" / "gallery"
PAGES = sorted(page for page in GALLERY.glob("*.md") if page.name != "index.md")
CELL = re.compile(r"^```\{code-cell\}\n(.*?)^```", re.DOTALL | re.MULTILINE)


def test_the_index_shows_each_page_by_its_title() -> None:
    index = (GALLERY / "index.md").read_text()
    titles = {page.name: re.findall(r"^# (.*)$", page.read_text(), re.M)[0] for page in PAGES}
    assert dict(map(reversed, re.findall(r"^- \[(.*)\]\((.*)\)$", index, re.M))) == titles
    assert "Ten notebooks" in index
    assert len(PAGES) == 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_page_has_a_picture_and_ends_with_two_changes_to_try(page: Path) -> None:
    text = page.read_text()
    assert text.count(":tags: [thumbnail]") == 1
    tried = text.partition("\n## Try\n")[2]
    assert len(re.findall(r"^- ", tried, re.M)) == 2
    assert "```" not in tried


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_notebook_needs_no_file_of_the_project(page: Path) -> None:
    """Whoever downloads it has packages alone."""
    cells = "".join(CELL.findall(page.read_text()))
    assert cells
    assert not re.search(r"examples/|read_csv|open\(|^!", cells, re.M)
