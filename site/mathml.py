"""Formulas become MathML while the site is built: browsers draw it themselves, without a script."""

from __future__ import annotations

import re

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.errors import SphinxError

# docutils does not know these sizes of parentheses, which readers can do without.
SIZE = re.compile(r"\\[Bb]igg?(?![a-zA-Z])\s*")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_block, None))
    app.config.html_math_renderer = "mathml"
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def visit_math(writer: nodes.NodeVisitor, node: nodes.math) -> None:
    """Write a formula within a line."""
    writer.body.append(mathml(node, as_block=False))
    raise nodes.SkipNode


def visit_block(writer: nodes.NodeVisitor, node: nodes.math_block) -> None:
    """Write a formula that stands alone."""
    formula = mathml(node, as_block=True)
    writer.body.append(f'<div class="math" tabindex="0">{formula}</div>\n')  # scrolls, with keys
    raise nodes.SkipNode


def mathml(node: nodes.Element, *, as_block: bool) -> str:
    """Return the formula of a node."""
    latex = SIZE.sub("", node.astext())
    try:
        return tex2mathml(latex, as_block=as_block)
    except MathError as error:
        place = f"{node.source}:{node.line}"
        raise SphinxError(
            f"{place}: {error} in the formula {latex!r}: write it simpler."
        ) from error
