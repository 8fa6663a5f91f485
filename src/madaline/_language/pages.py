"""Pages of HTML, and texts in Markdown, in the language that people read.

The templates and the functions that make HTML write English. A finished page is translated piece by
piece: what stands between two tags of blocks is one text, with the tags inside of it (`<b>`), as it
is in the catalogs. Scripts, styles, code and what has the attribute `translate="no"` stay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import count

from madaline._language.choice import language
from madaline._language.translation import translate, translate_word

_TAG = re.compile(r"(<!--.*?-->|<[^>]+>)", re.DOTALL)
_BAR = re.compile(r"(?<!\\)\|")  # between the cells of a table in Markdown
_NAME = re.compile(r"</?([a-zA-Z0-9]+)")
_INLINE = {
    *("b", "i", "em", "strong", "code", "a"),
    *("small", "span", "wbr", "sub", "sup", "abbr", "var"),
}
_NO_VALUE = "(missing)"  # among options, which are values of a user
_KEPT = {"script", "style", "pre", "textarea", "option"}
_OF_MADALINE = {
    *("h1", "h2", "h3", "h4", "title", "caption", "figcaption", "text", "desc"),
    *("button", "summary", "label", "legend", "dt"),
}
"""Elements whose single words are madaline's; in the cells of a table, they may be a user's."""

_OF_USER = re.compile('class="(?:level|tick)')
"""Texts of pictures that may be values of a table."""

_ATTRIBUTE = re.compile(r'\b(aria-label|title|alt|placeholder|data-label)="([^"]*)"')
_QUOTES = {"&#39;": "'", "&#x27;": "'", "&#34;": '"', "&quot;": '"'}


def translate_page(page: str) -> str:
    """Return HTML in the language that people read; in English, it is the page as it is.

    >>> from madaline._language.choice import speaking
    >>> with speaking("zh"):
    ...     print(translate_page("<p>Wrote <code>a</code> (345 kB).</p><code>rows</code>"))
    <p>已写入 <code>a</code>（345 kB）。</p><code>rows</code>
    """
    return page if language() == "en" else "".join(_pieces(page))


def translate_markdown(lines: Iterable[str]) -> Iterator[str]:
    """Yield lines of Markdown in the language that people read; code stays.

    >>> list(translate_markdown(["## How good it is", "| a | 1 |"]))
    ['## How good it is', '| a | 1 |']
    """
    in_code, rows = False, list(lines)
    for line, after in zip(rows, [*rows[1:], ""], strict=True):
        in_code ^= line.startswith("```")
        if in_code or line.startswith(("```", "    ")):
            yield line
        elif line.startswith("|") and not after.startswith("| ---"):  # not the heading of a table
            yield "|".join(map(_cell, _BAR.split(line), count()))
        else:
            mark = re.match(r"(?:#+|-|\*|>) ", line)
            start = mark[0] if mark and translate(line) == line else ""
            yield start + translate(line[len(start) :])


def _cell(text: str, place: int) -> str:
    """Return a cell; the second one, behind that of a name, may be a word, such as a kind."""
    turn = translate_word if place == 2 else translate  # the line begins with an empty one
    return f" {turn(text.strip())} " if text.strip() else text


def _pieces(page: str) -> Iterator[str]:
    """Yield the tags of a page as they are, and its texts in the other language."""
    unit, around, kept = list[str](), "", ""
    for token in _TAG.split(page):
        name = found[1].lower() if (found := _NAME.match(token)) else ""
        if kept:
            yield translate_word(token) if token == _NO_VALUE else token
            kept = "" if token.startswith(f"</{kept}") else kept
        elif not token.startswith("<") or name in _INLINE:
            unit.append(_attributes(token) if token.startswith("<") else token)
        else:
            yield _unit(unit, around)
            unit = []
            yield _attributes(token)
            around = _around(token, name)
            if (name in _KEPT or 'translate="no"' in token) and not token.startswith("</"):
                kept = name
    yield _unit(unit, around)


def _around(token: str, name: str) -> str:
    """Return the element that a text stands in, as far as it decides how to translate it."""
    heading = name == "th" and 'scope="row"' not in token
    of_madaline = name in _OF_MADALINE and not _OF_USER.search(token)
    of_madaline = of_madaline or heading or 'translate="yes"' in token
    own = of_madaline and not token.startswith("</")
    return name if own else ""


def _unit(tokens: list[str], around: str) -> str:
    text = "".join(tokens)
    if not re.search("[A-Za-z\u4e00-\u9fff]", _TAG.sub("", text)) or _is_code(tokens):
        return text
    turn = translate_word if around else translate
    plain = " ".join(_unquoted(text).split())
    whole = turn(plain)
    if whole != plain:
        return _spaced(whole, text)
    return "".join(
        token if token.startswith("<") else _spaced(turn(_unquoted(token.strip())), token)
        for token in tokens
    )


def _is_code(tokens: list[str]) -> bool:
    """Return whether a text is nothing but code."""
    inside = [token for token in tokens if token.strip()]
    return len(inside) > 1 and inside[0].startswith("<code") and inside[-1] == "</code>"


def _spaced(text: str, like: str) -> str:
    """Return a text with the spaces around it that another has."""
    start = " " if like[:1].isspace() else ""
    return f"{start}{text}{' ' if like[-1:].isspace() and like.strip() else ''}"


def _unquoted(text: str) -> str:
    for code, char in _QUOTES.items():
        text = text.replace(code, char)
    return text


def _attributes(tag: str) -> str:
    """Return a tag with what its attributes say in the other language."""
    if tag.startswith("<html"):
        return re.sub(r'lang="en"', 'lang="zh-Hans"', tag)

    def value(found: re.Match[str]) -> str:
        text = translate_word(_unquoted(found[2])).replace('"', "&quot;")
        return f'{found[1]}="{text}"'

    return _ATTRIBUTE.sub(value, tag) if tag.startswith("<") else tag
