"""Small things that the commands say: counts, sizes, lists of names, wrapped to a page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TextIO

WIDTH = 80


def say(text: str, stream: TextIO | None) -> None:
    """Write lines to a stream, whatever its encoding, and at once.

    Column names and labels are the user's and may hold anything; what a terminal would obey, or
    the encoding lacks, becomes a question mark.
    """
    if stream is None:  # closed from the start, as by `>&-`
        return
    encoding = stream.encoding or "utf-8"
    stream.write(printable(text).encode(encoding, "replace").decode(encoding) + "\n")
    stream.flush()


def printable(text: str) -> str:
    """Return the text with a question mark for each character that a terminal would obey.

    Examples
    --------
    >>> printable("plain")
    'plain'
    >>> printable("bell" + chr(7))
    'bell?'
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one == "\n" else "?" for one in text)


def count(number: int, noun: str, plural: str | None = None) -> str:
    """Return a number with its noun.

    Examples
    --------
    >>> count(1, "row"), count(12345, "row"), count(2, "category", "categories")
    ('1 row', '12,345 rows', '2 categories')
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def size(n_bytes: float) -> str:
    """Return a file size in the unit that suits it.

    Examples
    --------
    >>> size(312), size(345_678), size(12_345_678)
    ('312 bytes', '346 kB', '12.3 MB')
    """
    if n_bytes < 1000:
        return f"{n_bytes:.0f} bytes"
    return f"{n_bytes / 1e3:.0f} kB" if n_bytes < 1e6 else f"{n_bytes / 1e6:.1f} MB"


def work(multiply_adds: float) -> str:
    """Return an amount of work in words.

    Examples
    --------
    >>> work(2.34e9), work(71_040)
    ('2.3 billion multiply-adds', '71,040 multiply-adds')
    """
    for name, unit in (("trillion", 1e12), ("billion", 1e9), ("million", 1e6)):
        if multiply_adds >= unit:
            return f"{multiply_adds / unit:.1f} {name} multiply-adds"
    return f"{multiply_adds:,.0f} multiply-adds"


def some(names: Iterable[object], limit: int = 8) -> str:
    """Return names in a row, and how many more there are.

    Examples
    --------
    >>> some(["a", "b", "c"]), some("abcdef", limit=2)
    ('a, b, c', 'a, b and 4 more')
    """
    texts = [str(name) for name in names]
    if len(texts) <= limit + 1:
        return ", ".join(texts)
    return f"{', '.join(texts[:limit])} and {len(texts) - limit:,} more"


def paragraph(text: str, first: str = "", rest: str | None = None) -> str:
    """Return the text wrapped to the page, with a start for the first and the other lines.

    Examples
    --------
    >>> print(paragraph("word " * 16, first="- "))
    - word word word word word word word word word word word word word word word
      word
    """
    return textwrap.fill(
        text,
        WIDTH,
        initial_indent=first,
        subsequent_indent=" " * len(first) if rest is None else rest,
        break_on_hyphens=False,
        break_long_words=False,
    )


def suggestion(name: str, names: Sequence[str]) -> str:
    """Return what somebody may have meant by a name that is not there.

    Examples
    --------
    >>> suggestion("specis", ["species", "sex"])
    'did you mean species?'
    >>> suggestion("price", ["species", "sex"])
    'there are species, sex.'
    """
    folded = {one.casefold(): one for one in reversed(names)}
    close = get_close_matches(name.casefold(), folded, n=3)
    if close:
        return f"did you mean {' or '.join(folded[one] for one in close)}?"
    return f"there are {some(names, limit=12)}."
