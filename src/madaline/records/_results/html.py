"""The sections of a result as HTML: what a notebook shows, and pages that load and run nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from hashlib import sha256
from html import escape
from importlib.resources import files
from itertools import groupby

from madaline._base.language import _, translate, translate_word
from madaline._base.language.choice import html_language
from madaline._tables.profile import ColumnProfile
from madaline.records._results.blocks import (
    Bar,
    Block,
    Cell,
    Charts,
    Findings,
    Found,
    Name,
    Paragraph,
    Section,
    TextTable,
    finding_blocks,
)
from madaline.records._results.diagram import diagram_key, diagram_svg
from madaline.records._results.figure import Figure
from madaline.records._results.svg import bar_svg, distribution_svg, figure_svg

_MAX_TOGETHER = 24  # characters of a text that stays on one line


def render_html(sections: Iterable[Section]) -> str:
    """Return sections with their style sheet: what a notebook shows of a result.

    >>> render_html([Section([Paragraph("a < b")])])[-21:]
    '<p>a &lt; b</p></div>'
    """
    inner = "".join(map(_section, sections))
    return f'<div class="madaline"><style>{_style()}</style>{inner}</div>'


def render_page(title: str, sections: Iterable[Section]) -> str:
    """Return sections as a page of its own, which loads nothing and runs nothing.

    >>> "default-src 'none'" in render_page("Rows", [Section([Paragraph("a < b")])])
    True
    """
    digest = b64encode(sha256(_style().encode()).digest()).decode()
    head = (
        f'<!doctype html><html lang="{html_language()}"><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src'
        f" 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'\">"
        f"<title>{escape(translate(title))}</title>"
    )
    return f"{head}{render_html([Section((), title), *sections])}</html>\n"


@cache
def _style() -> str:
    return files("madaline.records._results").joinpath("notebook.css").read_text("utf-8")


def _section(section: Section) -> str:
    title = _element("h4", _known(section.title)) if section.title else ""
    return title + "".join(
        f"<ul>{''.join(map(_block, blocks))}</ul>" if of_points else "".join(map(_block, blocks))
        for of_points, blocks in groupby(section.blocks, _is_point)
    )


def _is_point(block: Block) -> bool:
    return isinstance(block, Paragraph) and block.style == "point"


def _block(block: Block) -> str:
    match block:
        case Paragraph(text, "point"):
            return _element("li", escape(translate(text)))
        case Paragraph(text, style):
            return _element("p", escape(translate(text)), style)
        case TextTable():
            return _table(block)
        case Charts():
            return _charts(block)
        case Findings():
            return _findings(block.each)


def _table(table: TextTable) -> str:
    above = _element("p", escape(translate(table.caption)), "caption") if table.caption else ""
    rows = [[*map(_cell, row)] for row in table.rows]
    return above + _rows(table.heads, rows, table.right, table.unclear)


def _rows(
    heads: Iterable[str],
    rows: Iterable[Sequence[str]],
    right: Collection[int] = (),
    unclear: Collection[int] = (),
) -> str:
    def cells(tag: str, texts: Iterable[str]) -> str:
        return "".join(
            _element(tag, text, "right" if number in right else "")
            for number, text in enumerate(texts)
        )

    body = "".join(
        _element("tr", cells("td", row), "unclear" if number in unclear else "")
        for number, row in enumerate(rows)
    )
    head = f"<thead><tr>{cells('th', map(_known, heads))}</tr></thead>"
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'


def _cell(cell: Cell) -> str:
    match cell:
        case Paragraph(text, "together"):
            return _element("span", escape(text), "together" if len(text) <= _MAX_TOGETHER else "")
        case Paragraph(text, style):
            return _element("span", escape(translate_word(text)), style)
        case Bar(text=text):
            drawn = bar_svg(cell.value, cell.most, spread=cell.spread, both=cell.both)
            return f"{drawn} {escape(text)}" if text else drawn
        case ColumnProfile():
            return distribution_svg(cell)
    return escape(cell.strip())


def _charts(charts: Charts) -> str:
    network = charts.network
    key = "" if network is None else _element("p", diagram_key(network), "muted")
    figures = "".join(map(_figure, charts.figures))
    return "".join(
        [
            "" if network is None else diagram_svg(network),
            key,
            f'<div class="figures">{figures}</div>' if figures else "",
        ]
    )


def _figure(figure: Figure) -> str:
    legend = _(", ").join(
        _element("span", escape(translate(line.label)), f"key {line.style}")
        for line in figure.legend
    )
    caption = f"<figcaption>{escape(translate(figure.caption))} {legend}</figcaption>"
    return f"<figure>{figure_svg(figure)}{caption}</figure>"


def _findings(findings: Sequence[Found]) -> str:
    if not findings:
        return _block(Paragraph("No problem was found."))
    heads = ["severity", "finding", "what was seen, and what to do"]
    rows = [
        [
            _element("span", _known(each.severity), each.severity),
            _known(each.kind),
            "".join(map(_block, finding_blocks(each))),
        ]
        for each in findings
    ]
    return _rows(heads, rows)


def _known(text: str) -> str:
    """Return a head or a title, looked up in the catalog unless somebody gave it."""
    return escape(text if isinstance(text, Name) else translate_word(text))


def _element(tag: str, inner: str, style: str = "") -> str:
    return f'<{tag} class="{style}">{inner}</{tag}>' if style else f"<{tag}>{inner}</{tag}>"
