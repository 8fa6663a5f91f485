"""Puts the live pieces of the course into its pages: `:::{live} neuron`, and a caption."""

from __future__ import annotations

from typing import Any

import pieces
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util.docutils import SphinxDirective


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive, and the scripts of the pages that use it."""
    app.add_directive("live", Live)
    app.connect("html-page-context", add_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Live(SphinxDirective):
    """A piece that runs in the page: its name, and its caption."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the piece around its caption."""
        for path in (pieces.SCRIPT, pieces.__file__):
            self.env.note_dependency(str(path))
        before, after = pieces.figure(self.arguments[0], _)
        return [raw(before), *self.parse_content_to_nodes(), raw(after)]


def raw(html: str) -> nodes.raw:
    """Return HTML as a node."""
    return nodes.raw("", html, format="html")


def add_scripts(
    app: Sphinx, name: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Load the engine and the script where a page has pieces."""
    found = doctree.findall(nodes.raw) if doctree else ()
    if any(node.astext().startswith('<figure class="live"') for node in found):
        for script in (pieces.ENGINE, pieces.SCRIPT):
            app.add_js_file(script.name, loading_method="defer")
