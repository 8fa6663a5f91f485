"""The index of the gallery shows a picture of each page, of its cell with the tag `thumbnail`."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.osutil import relative_uri

INDEX = "gallery/index"


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to what the builder does, when all pages are read."""
    app.connect("doctree-resolved", show_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def show_pictures(app: Sphinx, doctree: nodes.document, name: str) -> None:
    """Put the picture of each page that the index lists above its name."""
    if name != INDEX or app.builder.format != "html":
        return
    for item in doctree.findall(nodes.list_item):
        link = next(iter(item.findall(nodes.reference)))
        pages = {app.builder.get_target_uri(page): page for page in app.env.all_docs}
        page = next(page for uri, page in pages.items() if leads_to(app, link["refuri"], uri))
        picture = picture_of(app.env.get_doctree(page))
        if picture is None:  # its cells did not run
            continue
        picture["alt"] = app.env.titles[page].astext()
        to_page = nodes.reference("", "", picture, refuri=link["refuri"], internal=True)
        to_page["classes"].append("thumbnail")
        item.insert(0, nodes.paragraph("", "", to_page))


def leads_to(app: Sphinx, link: str, uri: str) -> bool:
    """Tell whether a link of the index leads to a page."""
    return link == relative_uri(app.builder.get_target_uri(INDEX), uri)


def picture_of(doctree: nodes.document) -> nodes.image | None:
    """Return a copy of the picture that stands for a page, if its cells ran.

    It is the one in pixels: ten with all their lines would be a megabyte.
    """
    cells = (node for node in doctree.findall(nodes.container) if "cell" in node["classes"])
    tagged = next(cell for cell in cells if "tag_thumbnail" in cell["classes"])
    pictures = [image for image in tagged.findall(nodes.image) if image["uri"].endswith(".png")]
    return pictures[0].deepcopy() if pictures else None
