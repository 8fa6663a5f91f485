"""The site in Chinese: `sphinx-build -t zh` translates pages that have a catalog as it reads them.

What they link to and is in English alone is in the English site, one folder above.
"""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import messages
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.osutil import relative_uri

TWIN = ".zh-CN"  # ends the name of a page that was written in Chinese
FOLDER = "zh"  # of the Chinese site, in the English one
NAMES = {"en": ("English", "en"), "zh_CN": ("中文", "zh-CN")}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to what the builder does."""
    app.connect("source-read", translate_page)
    app.connect("doctree-read", translate_buttons)
    app.connect("html-page-context", link_other_language)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def pages() -> list[str]:
    """Return the patterns of the pages that are in Chinese."""
    return [f"{name}.md" for name in [*messages.translated_pages(), *twins()]]


@cache
def twins() -> set[str]:
    """Return the names of the pages that were written in Chinese; no other site has them."""
    files = (path.relative_to(messages.DOCS) for path in messages.DOCS.rglob(f"*{TWIN}.md"))
    return {file.with_suffix("").as_posix() for file in files}


def chinese_pages() -> set[str]:
    """Return the names of the pages of the Chinese site."""
    return {*messages.translated_pages(), *twins(), "search"}


def is_chinese(app: Sphinx) -> bool:
    """Return whether the Chinese site is built."""
    return app.config.language == "zh_CN"


def translate_page(app: Sphinx, name: str, source: list[str]) -> None:
    """Replace the sentences of a page; its cells stay as they are, so their outputs are known."""
    if is_chinese(app):
        app.env.note_dependency(messages.CATALOGS / f"{name}.po", docname=name)
        page = messages.translated(source[0], messages.read(name))
        source[0] = "".join(_entry(name, line) for line in page.splitlines(keepends=True))


def _entry(name: str, line: str) -> str:
    """Return a line of a page; where it names another in the contents, the one in Chinese."""
    path = os.path.normpath(os.path.join(os.path.dirname(name), line.strip()))
    return f"{line.rstrip()}{TWIN}\n" if f"{path}{TWIN}" in twins() else line


def translate_buttons(app: Sphinx, doctree: nodes.document) -> None:
    """Replace what stands on the buttons that show a solution: it is part of a cell."""
    if is_chinese(app):
        catalog = messages.read(app.env.docname)
        for node in doctree.findall(lambda node: "prompt_show" in getattr(node, "attributes", {})):
            node["prompt_show"] = catalog.get(node["prompt_show"], node["prompt_show"])


def slug(title: str) -> str:
    """Return the anchor of a heading: that of the English one, so that links lead to both."""
    from myst_parser.slugs import github_slugify

    return github_slugify(english_titles().get(title, title))


@cache
def english_titles() -> dict[str, str]:
    """Return what is translated, by its translation."""
    catalogs = map(messages.read, messages.translated_pages())
    return {text: english for catalog in catalogs for english, text in catalog.items()}


def uri_of(app: Sphinx, path: str) -> str:
    """Return where a page or file that this site lacks is, from the page that is read."""
    if is_chinese(app):
        path = f"../{path}"
    elif path.removesuffix(".html") in twins():
        path = f"{FOLDER}/{path}"
    return relative_uri(app.builder.get_target_uri(app.env.docname), path)


def page_of(app: Sphinx, document: str) -> str:
    """Return the page of a document: where the Chinese one is a file of its own, that."""
    twin = f"{document}{TWIN}"
    return twin if is_chinese(app) and twin in twins() - {app.env.docname} else document


def link_other_language(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Tell the templates where this page is in the other language, or else the first page."""
    if is_chinese(app):
        there, other = "..", "en"
        page = name.removesuffix(TWIN)
    else:
        there, other = FOLDER, "zh_CN"
        found = [one for one in (name, f"{name}{TWIN}") if one in chinese_pages()]
        page = found[0] if found else "index"
    here = app.builder.get_target_uri(name)
    words, code = NAMES[other]
    context["other_language"] = {
        "href": relative_uri(here, f"{there}/{page}.html"),
        "words": words,
        "code": code,
    }
    context["in_english"] = [
        {"title": title, "href": relative_uri(here, f"../{page}.html")}
        for page, title in (
            ("guides/index", _("How-to guides")),
            ("gallery/index", _("Gallery")),
            ("reference/index", _("Reference")),
            ("trust/index", _("Why trust it")),
            ("contributors", _("For contributors")),
        )
        if page not in chinese_pages()
    ]
