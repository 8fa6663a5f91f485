"""What people need who read with a screen reader or without a mouse, and the theme leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

MENDED = {
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer">': '<aside class="toc-drawer" aria-label="On this page">',
    # Code wider than the window scrolls, with keys, too.
    "<pre>": '<pre tabindex="0">',
    '<summary aria-label="Toggle hidden content">': "<summary>",
    'class="table-wrapper': 'tabindex="0" class="table-wrapper',
    # The corner of a table.
    "<th></th>": "<td></td>",
    '<th class="head"><p></p></th>': "<td></td>",
    '<div id="search-results"></div>': '<h1>Search</h1>\n<div id="search-results"></div>',
}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the end of the build, after all pages are written."""
    app.connect("build-finished", mend_pages, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mend_pages(app: Sphinx, error: Exception | None) -> None:
    """Mend all pages that are not mended yet."""
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        page = path.read_text()
        if (better := mended(page)) != page:
            path.write_text(better)


def mended(page: str) -> str:
    """Return a page with what was missing; one that has it stays as it is.

    >>> mended(mended("<pre>madaline</pre>"))
    '<pre tabindex="0">madaline</pre>'
    """
    for old, new in MENDED.items():
        if old not in new or new not in page:  # the heading of the search is added once
            page = page.replace(old, new)
    return page
