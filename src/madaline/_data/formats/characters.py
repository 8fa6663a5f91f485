"""Digits and signs of all scripts as the ASCII characters that mean the same."""

from __future__ import annotations

import unicodedata

MISSING_WORDS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""What stands for a missing value in a text file: the list of pandas."""

MISSING_MARKS = ("?", "-", "--", ".", "*")
"""What stands for a missing value among numbers and dates; elsewhere it may be a level."""

NOT_GIVEN = frozenset((*MISSING_WORDS, *MISSING_MARKS))
"""All of them."""


def folded(text: str) -> str:
    """Return text without spaces around it, its digits and signs in ASCII.

    Examples
    --------
    >>> folded(" \u2212\uff11\u0662\u066b5 "), folded("12\u202f500")
    ('-12.5', '12 500')
    """
    return text.strip() if text.isascii() else text.translate(_FOLDED).strip()


class _Folding(dict[int, str]):
    """The ASCII character of each code point, found when it is first needed."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if 0xFF01 <= code <= 0xFF5E:  # full-width forms
            character = chr(code - 0xFEE0)
        elif not character.isascii():
            digit = unicodedata.decimal(character, None)
            if digit is not None:
                character = str(digit)
            elif unicodedata.category(character) == "Zs":
                character = " "
        self[code] = character
        return character


_FOLDED = _Folding(
    {
        **dict.fromkeys(map(ord, "\u2212\u2010\u2011\u2012\u2013\uff0d\ufe63"), "-"),
        **dict.fromkeys(map(ord, "\u2019\u02bc"), "'"),
        **dict.fromkeys(map(ord, "\ufeff\u200e\u200f\u200b\u061c"), ""),  # marks without a width
        **dict(zip(map(ord, "\uffe0\uffe1\uffe5\uffe6"), "\u00a2\u00a3\u00a5\u20a9", strict=True)),
        ord("\u066b"): ".",  # the decimal mark of Arabic
        ord("\u066c"): ",",  # its separator of thousands
    }
)
