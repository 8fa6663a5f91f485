"""Texts that look like numbers or dates, but in no form that is read: they are told, not guessed.

Codes such as QA-48213, telephone numbers, versions and addresses do not look so.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

_SAMPLE, _MIN_TEXTS = 1000, 20
"""Texts that are looked at, and how many are needed to tell what they have in common."""

_MIN_SHARE, _MAX_SHAPES = 0.9, 4
"""The share of texts that the most frequent shapes must have, and how many shapes these are."""

_MAX_WORDS, _MAX_UNITS = 24, 5
"""Different words between numbers, such as the names of months, and behind one, at most."""

_MIN_ALIKE = 4  # texts for each of these words, at least

_DIGITS, _WORD = re.compile(r"\d+"), re.compile(r"[^\W\d_]+")
_CODE = re.compile(r"0\d+$|\d*[^\d.,].*\d{5}|\d{5,}[^\d.,]+\d.*")
"""Digits with a zero before them, and long runs of digits beside others."""

_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_OF_CODES = re.compile(r"0(?:\.0){2,}|.*[-+()#@_*\\|a]0.*|.*0-.*|.*0 0.*")
"""Shapes of versions and addresses, telephone numbers, spans, and letters right before digits."""

_OF_UNITS = re.compile(r"[^0]*0[^0]*a[^0]*")
"""Shapes of a number and words behind it, as of postal codes, houses and streets."""


def likeness(texts: Sequence[str]) -> str:
    """Return in words what the distinct texts of a column look like; empty if ordinary.

    >>> likeness([f"{number} min {number % 7} s" for number in range(40)])
    "looks like numbers, such as '0 min 0 s', but was not read as such; give plain numbers"
    >>> likeness([f"QA-{number}" for number in range(40)])
    ''
    """
    texts = texts[:_SAMPLE]
    if len(texts) < _MIN_TEXTS:
        return ""
    shapes = Counter(_WORD.sub("a", _DIGITS.sub("0", text.strip())) for text in texts)
    usual = [shape for shape, _ in shapes.most_common(_MAX_SHAPES) if "0" in shape]
    words = {word for text in texts for word in _WORD.findall(text)}
    if (
        sum(map(shapes.__getitem__, usual)) < _MIN_SHARE * len(texts)
        or len(words) > min(_MAX_WORDS, len(texts) / _MIN_ALIKE)
        or (words and max(map(len, words)) < 2 and any("0a" in shape for shape in usual))
        or any(map(_OF_CODES.fullmatch, usual))
        or any(_CODE.match(text.strip()) for text in texts)
        or (len(words) > _MAX_UNITS and all(map(_OF_UNITS.fullmatch, usual)))
        or 2 * sum(text.strip()[:1].isdigit() for text in texts) < len(texts)
    ):
        return ""
    of_days = 2 * sum(_YEAR.search(text) is not None for text in texts) > len(texts)
    what, remedy = (
        ("dates", "write them as 2019-01-16") if of_days else ("numbers", "give plain numbers")
    )
    example = next(text for text in texts if text.strip()[:1].isdigit())
    if words:  # a text that shows the words
        example = next(filter(_WORD.search, texts))
    return f"looks like {what}, such as {example[:40]!r}, but was not read as such; {remedy}"
