"""Terms are what a text is taken apart into: words, and pairs of neighboring words.

Where a script has no spaces between words they are characters and pairs of characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import TypeAlias

Span: TypeAlias = tuple[int, int]
"""Where a piece of a text begins and ends, in characters."""

_UNSPACED = r"\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_RUN = re.compile(rf"[{_UNSPACED}]+")
_PIECE = re.compile(rf"([{_UNSPACED}]+)|([^\W_{_UNSPACED}]+(?:['\u2019][^\W\d_{_UNSPACED}]+)?)")
"""Runs of Thai, Lao, Japanese and Chinese characters; words of all other scripts, with what stands
behind an apostrophe."""


def terms_of(text: str) -> Iterator[str]:
    """Yield every term of a text, in lower case, as often as it occurs.

    Examples
    --------
    >>> list(terms_of("Don't buy!"))
    ["don't", 'buy', "don't buy"]
    >>> list(terms_of("很好吃"))
    ['很', '好', '吃', '很好', '好吃']
    """
    units: list[str] = []
    for unspaced, word in _PIECE.findall(text.lower()):
        if unspaced:
            yield from unspaced
            yield from map("".join, pairwise(unspaced))
        else:
            yield word
            units.append(word)
    yield from map(" ".join, pairwise(units))


def terms_in(text: str) -> Iterator[tuple[str, tuple[Span, ...]]]:
    """Yield every term of a text as `terms_of` does, with where its one or two pieces stand.

    Examples
    --------
    >>> list(terms_in("So good"))
    [('so', ((0, 2),)), ('good', ((3, 7),)), ('so good', ((0, 2), (3, 7)))]
    """
    units: list[tuple[str, Span]] = []
    for piece in _PIECE.finditer(text.lower()):
        start, stop = piece.span()
        if piece[1]:
            signs = [(sign, (at, at + 1)) for at, sign in enumerate(piece[1], start)]
            yield from ((sign, (span,)) for sign, span in signs)
            yield from ((one + other, (a, b)) for (one, a), (other, b) in pairwise(signs))
        else:
            units.append((piece[2], (start, stop)))
            yield piece[2], ((start, stop),)
    yield from ((f"{one} {other}", (a, b)) for (one, a), (other, b) in pairwise(units))


def n_words(text: str) -> float:
    """Return how many words a text has; two characters of a script without spaces count as one.

    Numbers are no words, and what has no space inside, such as an identifier, is one at most.

    Examples
    --------
    >>> n_words("Don't buy!"), n_words("很好吃"), n_words("550e8400-e29b-41d4 17")
    (2.0, 1.5, 1.0)
    """
    unspaced = sum(map(len, _RUN.findall(text)))
    spaced = _RUN.sub(" ", text).split()
    return unspaced / 2 + sum(any(map(str.isalpha, word)) for word in spaced)
