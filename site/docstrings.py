"""Docstrings as people write them become the markup that Sphinx reads."""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

import madaline

# The star of the shape (*members, n), and the last character of (n_features_in_,).
MARKUP = re.compile(r"(?<=[( ])\*(?=[a-z])|(?<=\w)_(?=[,)])")
CODE = re.compile(r"(`+[^`]*`+)")
NAMES = {name for name in madaline.__all__ if name[0].isupper()}


def setup(app: Sphinx) -> dict[str, Any]:
    """Connect to what the builder does."""
    app.connect("autodoc-process-docstring", mend, priority=100)
    app.connect("doctree-read", prefer_public_names)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mend(app: Sphinx, kind: str, name: str, thing: Any, options: Any, lines: list[str]) -> None:
    """Escape what would be markup, and leave out attributes that are described as properties."""
    of_class = without_properties(lines, thing) if kind == "class" else lines
    lines[:] = map(escaped, of_class)


def without_properties(lines: list[str], owner: type) -> list[str]:
    """Return the lines of a docstring without the entries of properties."""
    kept, left_out = [], False
    for line in lines:
        if line and not line.startswith(" "):
            name = line.partition(" :")[0]
            left_out = " :" in line and isinstance(getattr(owner, name, None), property)
        if not left_out:
            kept.append(line)
    return kept


def escaped(line: str) -> str:
    r"""Return a line whose shapes are no markup.

    >>> print(escaped("x : ndarray of shape (*members, n_features_in_), `*args`"))
    x : ndarray of shape (\*members, n_features_in\_), `*args`
    """
    parts = CODE.split(line)
    parts[::2] = [MARKUP.sub(lambda found: "\\" + found[0], part) for part in parts[::2]]
    return "".join(parts)


def prefer_public_names(app: Sphinx, doctree: nodes.document) -> None:
    """Let `OnlineClassifier` be that of madaline, where river's has the same name."""
    for link in doctree.findall(addnodes.pending_xref):
        if link["reftarget"] in NAMES and link.get("py:module") != "madaline.river":
            link["reftarget"] = f"madaline.{link['reftarget']}"
