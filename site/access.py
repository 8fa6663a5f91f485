"""What people need who read with a screen reader or without a mouse, and the theme leaves out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import chinese
import open_playground
from sphinx.application import Sphinx
from sphinx.locale import _


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to the end of the build, after all pages are written."""
    app.connect("build-finished", mend_pages, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mend_pages(app: Sphinx, error: Exception | None) -> None:
    """Mend all pages that are not mended yet."""
    if error or app.builder.format != "html":
        return
    for path in Path(app.outdir).rglob("*.html"):
        if path.relative_to(app.outdir).parts[0] in {chinese.FOLDER, open_playground.FOLDER}:
            continue  # another build
        page = path.read_text()
        if (better := mended(page)) != page:
            path.write_text(better)


def mended(page: str) -> str:
    """Return a page with what was missing; one that has it stays as it is.

    >>> mended(mended("<pre>madaline</pre>"))
    '<pre tabindex="0">madaline</pre>'
    """
    for old, new in mendings().items():
        if old not in new or new not in page:  # the heading of the search is added once
            page = page.replace(old, new)
    return page


def mendings() -> dict[str, str]:
    """Return what is missing, in the language of the site."""
    labels = (
        "Toggle Light / Dark / Auto color theme",
        "Toggle site navigation sidebar",
        "Toggle table of contents sidebar",
    )
    left, right, results = "sidebar-drawer", "toc-drawer", '<div id="search-results"></div>'
    return {
        f'<aside class="{left}">': f'<aside class="{left}" aria-label="{_("All pages")}">',
        f'<aside class="{right}">': f'<aside class="{right}" aria-label="{_("On this page")}">',
        # Code wider than the window scrolls, with keys, too.
        "<pre>": '<pre tabindex="0">',
        '<summary aria-label="Toggle hidden content">': "<summary>",
        'class="table-wrapper': 'tabindex="0" class="table-wrapper',
        # The corner of a table.
        "<th></th>": "<td></td>",
        '<th class="head"><p></p></th>': "<td></td>",
        results: f"<h1>{_('Search')}</h1>\n{results}",
    } | {f'aria-label="{label}"': f'aria-label="{_(label)}"' for label in labels}
