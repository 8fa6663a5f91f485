"""Links to files of the project lead to pages of the site that show them.

Pages link to code, tests and examples by relative paths, as they must where they are read as
files. Here such a path becomes the page of that document, or a page with the file's text.
"""

from __future__ import annotations

import inspect
import os
import re
import subprocess
from collections.abc import Iterator
from html import escape
from importlib import import_module
from pathlib import Path
from shutil import rmtree
from typing import Any

import chinese
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util import logging

ROOT = Path(__file__).resolve().parents[1]
# Documents that are pages of the site though they stand elsewhere: each page includes its file.
PAGES = {
    "CHANGELOG.md": "changelog",
    "CONTRIBUTING.md": "contributing",
    "SECURITY.md": "security",
    "benchmarks/README.md": "benchmarks",
}
FILES = {page: path for path, page in PAGES.items()}
LANGUAGES = {".py": "python", ".md": "markdown", ".yaml": "yaml", ".json": "json", ".js": "js"}
LINK = re.compile(r'href="[./]*sources/([^"#]+)\.html')
PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{file}</title>
<link rel="stylesheet" href="{up}_static/pygments.css">
<link rel="stylesheet" href="{up}_static/sources.css">
</head>
<body>
<main>
<p><a href="{up}index.html">madaline</a></p>
<h1>{file}</h1>
{body}
</main>
</body>
</html>
"""
LOGGER = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to what the builder does."""
    # Before Sphinx collects files to download, which such links are for it.
    app.connect("doctree-read", lead_links_to_pages, priority=100)
    app.connect("missing-reference", find_document)
    app.connect("env-get-outdated", remove_pages)
    app.connect("build-finished", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def remove_pages(
    app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], removed: set[str]
) -> list[str]:
    """Remove the pages of documents that are gone; no others become outdated."""
    if app.builder.format == "html":
        for name in removed:
            Path(app.builder.get_outfilename(name)).unlink(missing_ok=True)
    return []


def lead_links_to_pages(app: Sphinx, doctree: nodes.document) -> None:
    """Replace links to files by links to the pages that show them."""
    links = list(doctree.findall(addnodes.download_reference))
    links += [link for link in doctree.findall(addnodes.pending_xref) if link["reftype"] == "myst"]
    for link in links:
        path, _, anchor = link["reftarget"].partition("#")
        anchor = anchor or link.get("reftargetid") or ""
        if link["refdomain"] == "doc":  # a page, or a document elsewhere: its path without suffix
            if path in app.env.found_docs:
                continue
            path = f"{path}.md" if path.startswith("/") else str(ROOT / "docs" / f"{path}.md")
        file = file_of(path, app.env.docname)
        if file is None:
            continue
        document = document_of(file)
        if document:
            document = chinese.page_of(app, document)
        if document is None:
            link.replace_self(reference(link, chinese.uri_of(app, page_of(file))))
        elif document in app.env.found_docs:
            link.replace_self(cross_reference(link, document, anchor))
        else:  # a page of the English site
            uri = chinese.uri_of(app, f"{document}.html")
            link.replace_self(reference(link, f"{uri}#{anchor}" if anchor else uri))


def file_of(path: str, document: str) -> str | None:
    """Return the path, from the root, of the file that a document links to, if there is one."""
    base = (ROOT / FILES.get(document, f"docs/{document}.md")).parent
    file = Path(os.path.normpath(base / path))
    if path and file.exists() and file.is_relative_to(ROOT):
        return file.relative_to(ROOT).as_posix()
    return None


def document_of(file: str) -> str | None:
    """Return the page of a document.

    >>> document_of("docs/reference/index.md"), document_of("CHANGELOG.md")
    ('reference/index', 'changelog')
    """
    path = Path(file)
    if path.parts[0] == "docs" and path.suffix == ".md":
        return path.relative_to("docs").with_suffix("").as_posix()
    return PAGES.get(file)


def page_of(file: str) -> str:
    """Return the page that shows a file.

    >>> page_of("tests/test_model.py")
    'sources/tests/test_model.py.html'
    """
    return f"sources/{file}.html"


def reference(link: nodes.Element, uri: str) -> nodes.reference:
    """Return a link to a file of the site, be it a page or not."""
    return nodes.reference("", "", *link.children, refuri=uri, internal=True)


def cross_reference(link: nodes.Element, document: str, anchor: str) -> addnodes.pending_xref:
    """Return a link to a heading of another page, which MyST looks up and checks."""
    return addnodes.pending_xref(
        "",
        *link.children,
        refdoc=link["refdoc"],
        refdomain="doc",
        refexplicit=link["refexplicit"],
        reftarget=document,
        reftargetid=anchor or None,
        reftype="myst",
    )


def find_document(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.Element
) -> nodes.reference | None:
    """Lead `docs/budgets.md` in a docstring to that page."""
    document = document_of(node["reftarget"]) if node["reftarget"].endswith(".md") else None
    if document not in env.all_docs:
        return None
    uri = app.builder.get_relative_uri(node["refdoc"], document)
    title = nodes.inline("", env.titles[document].astext())
    return nodes.reference("", "", title, refuri=uri, internal=True)


def link_to_code(domain: str, info: dict[str, str]) -> str | None:
    """Return where the code of a documented thing is shown, from a page of the reference."""
    try:
        thing: Any = import_module(info["module"])
        for name in info["fullname"].split("."):
            thing = getattr(thing, name)
        thing = inspect.unwrap(getattr(thing, "fget", None) or thing)
        file = Path(inspect.getsourcefile(thing) or "").relative_to(ROOT / "src").as_posix()
        line = inspect.getsourcelines(thing)[1]
    except (AttributeError, TypeError, ValueError, OSError):
        return None  # data, or the code of another package
    return f"../{page_of(f'src/{file}')}#L-{line}"


def write_pages(app: Sphinx, error: Exception | None) -> None:
    """Write a page for each file that a page links to; of a folder, for each file in it."""
    if error or app.builder.format != "html" or chinese.is_chinese(app):
        return
    out = Path(app.outdir)
    rmtree(out / "sources", ignore_errors=True)
    pages = (page for page in out.rglob("*.html") if page.relative_to(out).parts[0] != "sources")
    linked = {file for page in pages for file in LINK.findall(page.read_text())}
    kept = set(tracked_files())
    for file, inside in sorted(whole(linked, kept).items()):
        if not inside and file not in kept:
            LOGGER.warning("%s is linked to, but git does not keep it", file)
            continue
        body = listing(file, inside) if inside else highlighted(app, file)
        page = out / page_of(file)
        page.parent.mkdir(parents=True, exist_ok=True)
        up = "../" * page_of(file).count("/")
        page.write_text(PAGE.format(file=escape(file), up=up, body=body))


def tracked_files() -> Iterator[str]:
    """Yield the files that git keeps or would keep; in a source distribution, all of them."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode == 0:
        yield from listed.stdout.splitlines()
    else:
        yield from (path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*"))


def whole(linked: set[str], kept: set[str]) -> dict[str, list[str]]:
    """Return each linked file, each linked folder with its files, and these files.

    >>> whole({"a.py", "b"}, {"a.py", "b/c.py", "d.py"})
    {'a.py': [], 'b': ['b/c.py'], 'b/c.py': []}
    """
    found = {
        name: sorted(file for file in kept if file.startswith(f"{name}/"))
        for name in sorted(linked)
    }
    return found | {file: [] for inside in list(found.values()) for file in inside}


def listing(folder: str, files: list[str]) -> str:
    """Return a list of the files in a folder."""
    names = [file.removeprefix(f"{folder}/") for file in files]
    here = Path(folder).name
    lines = [f'<li><a href="{here}/{escape(name)}.html">{escape(name)}</a></li>' for name in names]
    return f"<ul>{''.join(lines)}</ul>"


def highlighted(app: Sphinx, file: str) -> str:
    """Return the text of a file, colored by its language; each line has a name, such as L-12."""
    language = LANGUAGES.get(Path(file).suffix, "text")
    text = (ROOT / file).read_text()
    return app.builder.highlighter.highlight_block(text, language, lineanchors="L")
