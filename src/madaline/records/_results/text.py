"""The sections of a result as text, for terminals and for what `print` shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from madaline._base.language import translate, translate_word
from madaline._base.language.widths import align, display_width, wrap
from madaline._tables.profile import ColumnProfile
from madaline.records._results.blocks import (
    Bar,
    Cell,
    Findings,
    Name,
    Paragraph,
    Section,
    TextTable,
)

_BAR = 24  # characters of the longest bar


def render_text(sections: Iterable[Section], width: int | None = None) -> str:
    """Return sections as lines of text, of at most so many columns; figures have none.

    Of sections of which some are first, only these.

    >>> table = TextTable(["name", "rows"], [["a", "9"]], right=[1])
    >>> print(render_text([Section([Paragraph("Two sentences."), table]), Section([])]))
    Two sentences.
    name  rows
    a        9
    """
    given = [*sections]
    chosen = [section for section in given if section.first] or given
    texts = ("\n".join(_lines(section, width)) for section in chosen)
    return "\n\n".join(text for text in texts if text)


def _lines(section: Section, width: int | None) -> Iterator[str]:
    if section.title:
        yield _known(section.title)
    for block in section.blocks:
        match block:
            case Paragraph(text):
                yield _wrapped(text, width)
            case TextTable():
                yield from _table(block, width)
            case Findings():
                for each in block.each:
                    severity = translate_word(each.severity)
                    yield _wrapped(f"{severity}: {each.sentence}", width)
                if not block.each:
                    yield translate("No problem was found.")


def _table(table: TextTable, width: int | None) -> list[str]:
    rows = [[*map(_known, table.heads)], *([*map(_cell, row)] for row in table.rows)]
    lines = align(rows, right=table.right)
    if width is not None and max(map(display_width, lines)) > width:
        lines = align(rows, right=table.right, apart=" ")
    if width is None or max(map(display_width, lines)) <= width:
        return lines
    starts = [line[:-1] for line in align([[*row[:-1], "|"] for row in rows], right=table.right)]
    indent = " " * display_width(starts[0])
    return [
        wrap(row[-1], width, start, indent) or start.rstrip()
        for row, start in zip(rows, starts, strict=True)
    ]


def _wrapped(text: str, width: int | None) -> str:
    return translate(text) if width is None else wrap(translate(text), width, "", "")


def _cell(cell: Cell) -> str:
    match cell:
        case Paragraph(text):
            return text
        case Bar(value, most, text):
            return text or "█" * round(_BAR * min(1.0, abs(value) / most))
        case ColumnProfile():
            return ""
    return cell


def _known(text: str) -> str:
    return text if isinstance(text, Name) else translate_word(text)
