"""How the commands speak: printable text, wrapped to a page."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from difflib import get_close_matches
from typing import TextIO

from madaline.words import some

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
