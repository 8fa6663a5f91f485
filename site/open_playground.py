"""The playground is a folder of the site, to open without installing anything.

Its page and the first page lead there, and so do the addresses that the course gives for it.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import chinese
from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.osutil import relative_uri

ROOT = Path(__file__).resolve().parents[1]
FOLDER = "playground"
PAGE = "playground"  # the document that describes it
ADDRESS = re.compile(r"http://127\.0\.0\.1:8000/(\w*)(#.*)?")
SOURCES = ("src/madaline/_apps/playground", "src/madaline/_base/language")


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to what the builder does."""
    app.connect("doctree-read", offer_to_open, priority=50)  # before links lead to pages
    app.connect("build-finished", write_playground, priority=950)  # its pages need no mending
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def offer_to_open(app: Sphinx, doctree: nodes.document) -> None:
    """Add links to the folder where a page speaks of the playground."""
    name = app.env.docname
    if name.removesuffix(chinese.TWIN) == PAGE:
        line = nodes.paragraph("", _("Open it here, with nothing to install: "))
        line += reference(_("the playground"), address(app, "", ""))
        title = next(iter(doctree.findall(nodes.title)))
        title.parent.insert(title.parent.index(title) + 1, line)
    elif name == "index":
        for link in list(doctree.findall(addnodes.pending_xref)):
            if link["reftarget"] == PAGE:
                link.replace_self(reference(link.astext(), address(app, "", "")))
    elif name.startswith("course/"):
        for link in list(doctree.findall(nodes.reference)):
            if found := ADDRESS.fullmatch(link.get("refuri", "")):
                here = reference(
                    _("here, with nothing to install"), address(app, *found.groups(""))
                )
                link.parent.insert(
                    link.parent.index(link) + 1, [nodes.Text(_(" (or ")), here, nodes.Text(_(")"))]
                )


def address(app: Sphinx, page: str, settings: str) -> str:
    """Return where a page of the playground is, from the page that is read."""
    is_chinese = chinese.is_chinese(app)
    path = f"{FOLDER}/{page or 'index'}{'.zh' if is_chinese else ''}.html"
    here = app.builder.get_target_uri(app.env.docname)
    return relative_uri(here, f"../{path}" if is_chinese else path) + settings


def reference(words: str, uri: str) -> nodes.reference:
    """Return a link to the folder."""
    return nodes.reference("", words, refuri=uri, internal=True)


def write_playground(app: Sphinx, error: Exception | None) -> None:
    """Write the folder; its recorded runs are kept until what they depend on has changed."""
    if error or app.builder.format != "html" or chinese.is_chinese(app):
        return
    whole = sha256(app.config.outputs_depend_on.encode())
    for folder in SOURCES:
        for path in sorted(path for path in (ROOT / folder).rglob("*") if path.suffix != ".pyc"):
            whole.update(path.read_bytes() if path.is_file() else b"")
    made = ROOT / "build" / "site-playground" / whole.hexdigest()[:16]
    if not made.is_dir():
        from madaline._apps.playground import write_folder

        rmtree(made.parent, ignore_errors=True)
        write_folder(made.with_suffix(".part"), language="en")
        made.with_suffix(".part").rename(made)
    copytree(made, Path(app.outdir) / FOLDER, dirs_exist_ok=True)
