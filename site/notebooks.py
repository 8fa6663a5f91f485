"""Chapters of the course and pages of the gallery can be downloaded as notebooks to work in."""

from __future__ import annotations

import re
from pathlib import Path
from shutil import rmtree
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import chinese
import messages
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.osutil import relative_uri

DOCS = Path(__file__).resolve().parents[1] / "docs"
CHAPTER = re.compile(r"course/\d_\w+")
PICTURES = re.compile(r"gallery/(?!index)\w+")
BESIDE = "notebooks/course/checks.py"  # what the notebooks import
WHOLE = "notebooks/course.zip"
TO_CHAPTER = re.compile(r"\]\((\d_\w+)\.md(?:#[^)]*)?\)")
LIVE = re.compile(r"^:::\{live\}.*?^:::\n\n?", flags=re.DOTALL | re.MULTILINE)
TO_PAGE = re.compile(r"\[([^\]]*)\]\([^)]*\.(?:md|py)(?:#[^)]*)?\)")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to what the builder does."""
    app.connect("doctree-read", offer_download)
    app.connect("build-finished", write_notebooks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def offer_download(app: Sphinx, doctree: nodes.document) -> None:
    """Put links below the title of a page that is a notebook, and below that of the course."""
    name = app.env.docname
    if CHAPTER.fullmatch(name):
        links = {
            _("this page as a notebook"): f"notebooks/{name}.ipynb",
            _("its checks.py"): BESIDE,
        }
    elif PICTURES.fullmatch(name):
        links = {_("this page as a notebook"): f"notebooks/{name}.ipynb"}
    elif name == "course/index":
        links = {_("all chapters as notebooks"): WHOLE}
    else:
        return
    line = nodes.paragraph("", _("Download: "))
    for words, path in links.items():
        line += nodes.Text(_(", ") if len(line) > 1 else "")
        uri = relative_uri(app.builder.get_target_uri(name), path)
        line += nodes.reference("", words, refuri=uri, internal=True)
    title = next(iter(doctree.findall(nodes.title)))
    title.parent.insert(title.parent.index(title) + 1, line)


def write_notebooks(app: Sphinx, error: Exception | None) -> None:
    """Write the notebook of each page, and those of the course in one file, too."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    made = {BESIDE: (DOCS / "course" / "checks.py").read_text()}
    for name in sorted(app.env.all_docs):
        if not (CHAPTER.fullmatch(name) or PICTURES.fullmatch(name)):
            continue
        page = (DOCS / f"{name}.md").read_text()
        if chinese.is_chinese(app):
            page = messages.translated(page, messages.read(name))
        made[f"notebooks/{name}.ipynb"] = notebook(page)
    rmtree(out / "notebooks", ignore_errors=True)
    for path, text in made.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_text(text)
    with ZipFile(out / WHOLE, "w", ZIP_DEFLATED) as whole:
        for path, text in made.items():
            entry = ZipInfo(path.removeprefix("notebooks/"))  # dated 1980: same text, same bytes
            if entry.filename.startswith("course/"):
                whole.writestr(entry, text, ZIP_DEFLATED)


def notebook(text: str) -> str:
    r"""Return a page as a notebook, without what is live in the page; its solutions are folded.

    >>> page = "# Title\n\n[two](2_xor.md#a), [more](../x.md)\n\n```{code-cell}\n1 + 1\n```\n"
    >>> import nbformat
    >>> [cell.source for cell in nbformat.reads(notebook(page), 4).cells]
    ['# Title\n\n[two](2_xor.ipynb), more', '1 + 1']
    """
    import nbformat
    from myst_nb.core.read import read_myst_markdown_notebook

    made = read_myst_markdown_notebook(LIVE.sub("", text))
    for number, cell in enumerate(made.cells, start=1):
        cell["id"] = f"cell-{number}"  # nbformat's own are random
        if cell.cell_type == "markdown":
            cell.source = TO_PAGE.sub(r"\1", TO_CHAPTER.sub(r"](\1.ipynb)", cell.source))
        elif "hide-cell" in cell.metadata.get("tags", ()):
            cell.metadata["jupyter"] = {"source_hidden": True}
    nbformat.validate(made)
    return nbformat.writes(made) + "\n"
