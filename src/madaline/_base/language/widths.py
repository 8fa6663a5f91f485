"""Chinese among other scripts: the columns of a terminal that it takes, and spaces beside it."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from itertools import chain, repeat
from unicodedata import combining, east_asian_width

_NOT_FIRST = "，。；：、？！）】》”’…％,.;:?!)]}%"  # never at the start of a line
_NOT_LAST = "（【《“‘([{"  # never at its end
_WIDE = re.compile(
    r"[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uffe6]"
)


def display_width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    >>> display_width("price"), display_width("价格")
    (5, 4)
    """
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    return 0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1


def pad(text: str, width: int) -> str:
    """Return a text followed by so many spaces that it takes so many columns.

    >>> pad("价格", 6) + "|"
    '价格  |'
    """
    return text + " " * (width - display_width(text))


def pad_left(text: str, width: int) -> str:
    """Return a text behind so many spaces that it takes so many columns."""
    return " " * (width - display_width(text)) + text


def clip_to_width(text: str, width: int, end: str = "…") -> str:
    """Return a text, or its beginning if it takes more columns.

    >>> clip_to_width("petal_length", 12), clip_to_width("花瓣长度和宽度", 9)
    ('petal_length', '花瓣长度…')
    """
    if display_width(text) <= width:
        return text
    room, kept = width - display_width(end), 0
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        kept += 1
    return f"{text[:kept].rstrip()}{end}"


def wrap(text: str, width: int, first: str, rest: str) -> str:
    """Return a text in lines of so many columns, with a start for the first and the others."""
    if not _WIDE.search(text) and not _WIDE.search(first):
        return textwrap.fill(
            text,
            width,
            initial_indent=first,
            subsequent_indent=rest,
            break_on_hyphens=False,
            break_long_words=False,
        )
    lines, line = list[str](), first
    empty = True
    for unit in _units(" ".join(text.split())):
        if not empty and display_width(line) + display_width(unit.rstrip()) > width:
            lines.append(line.rstrip())
            line, unit = rest, unit.lstrip()
        line += unit
        empty = False
    return "\n".join([*lines, line.rstrip()])


def _units(text: str) -> Iterator[str]:
    """Yield what stands on one line: words with the space behind them, and single characters."""
    unit = ""
    for before, char in zip(" " + text, text, strict=False):
        if unit and _may_break(before, char):
            yield unit
            unit = ""
        unit += char
    yield unit


def _may_break(before: str, after: str) -> bool:
    if after in _NOT_FIRST or before in _NOT_LAST or after == " ":
        return False
    return before == " " or bool(_WIDE.match(before) or _WIDE.match(after))


def align(
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[int] = (),
    widths: Sequence[int] = (),
    start: str = "",
    apart: str = "  ",
) -> list[str]:
    """Return rows as lines with their cells below one another, so far apart.

    Columns are as wide as their widest cell, and no narrower than `widths`; those in `right` are
    flush right. Each line begins with `start`.

    >>> align([["name", "rows"], ["价格", "9"]], right=[1])
    ['name  rows', '价格     9']
    """
    cells = [*rows]
    least = chain(widths, repeat(0))
    wide = [max(map(display_width, column)) for column in zip(*cells, strict=True)]
    wide = [max(pair) for pair in zip(wide, least, strict=False)]
    return [
        start
        + apart.join(
            pad_left(cell, width) if number in right else pad(cell, width)
            for number, (cell, width) in enumerate(zip(row, wide, strict=True))
        ).rstrip()
        for row in cells
    ]


_OF_CHINESE = r"“”\u3000-\u303f\u4e00-\u9fff\uff00-\uffef"
_WIDE_END, _WIDE_START = re.compile(rf"[{_OF_CHINESE}]$"), re.compile(rf"[{_OF_CHINESE}]")
_IDEOGRAM_START, _IDEOGRAM_END = re.compile(r"[\u4e00-\u9fff]"), re.compile(r"[\u4e00-\u9fff]$")
_LATIN_START, _LATIN_END = re.compile(r"[A-Za-z0-9]"), re.compile(r"[A-Za-z0-9%²$€£¥]$")
_WIDE_NAME = re.compile(r"(?=.*[\u4e00-\u9fff])[^\s，、。：；！？“”'\"]+")
_AMOUNT = re.compile(r"\D{0,4}\d[\d,.]*[千万亿]?\D?")  # such as ￥374万, but not 3号楼
_TIGHT = re.compile(r"(?<=[。；，：！？）]) (?=\S)")


def is_glued(before: str, after: str, written: str) -> bool:
    """Return whether a name in wide characters would touch others."""
    glued = _IDEOGRAM_END.search(before.rstrip()) or _IDEOGRAM_START.match(after.lstrip())
    is_name = _WIDE_NAME.fullmatch(written) and not _AMOUNT.fullmatch(written)
    return bool(glued and is_name)


def spaced(before: str, after: str) -> str:
    """Return two parts one after the other: a space stands between Chinese and others alone."""
    if before.endswith(" ") and _WIDE_END.search(before.rstrip()) and _WIDE_START.match(after):
        return before.rstrip() + after
    wide = _WIDE_END.search(before) or after.startswith(" （")
    if after.startswith(" ") and wide and _WIDE_START.match(after.lstrip()):
        return before + after.lstrip()
    apart = (_IDEOGRAM_END.search(before) and _LATIN_START.match(after)) or (
        _LATIN_END.search(before) and _IDEOGRAM_START.match(after)
    )
    return f"{before} {after}" if apart else before + after


def tight(text: str) -> str:
    """Return sentences in a row without the spaces that none has behind wide marks.

    >>> tight("一。 二"), tight("One. Two")
    ('一。二', 'One. Two')
    """
    return text if text.isascii() else _TIGHT.sub("", text)
