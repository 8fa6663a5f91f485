"""Digits and signs of all scripts as the ASCII characters that mean the same."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Annotated

from madaline._base.codec import Items
from madaline._base.language import _
from madaline._base.words import format_count, format_list
from madaline.errors import InputError

MISSING_WORDS = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN",
    "<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
"""What stands for a missing value in a text file: the list of pandas."""

MISSING_MARKS = ("?", "-", "--", ".", "*")
"""What stands for a missing value among numbers and dates; elsewhere it may be a level."""

_NOT_GIVEN = frozenset((*MISSING_WORDS, *MISSING_MARKS))


@cache
def words_for(meaning: str) -> tuple[str, ...]:
    """Return the words of all languages for something, in small letters, from `words.txt`."""
    text = files("madaline._tables.formats").joinpath("words.txt").read_text("utf-8")
    lines = (line.partition(": ") for line in text.splitlines())
    return tuple(word for name, _, words in lines if name == meaning for word in words.split("|"))


_TERMS = frozenset(words_for("missing"))

_NO_DATE = re.compile(r"(?:0{4}([-/.])00\1(?:00)|00([-/.])00\2(?:0{4})|9999-12-31)(?:[T ][\d:.]+)?")
"""What data bases hold where there is no date."""

_MAX_OTHERS, _MIN_VALUES = 3, 10
"""Different words that may stand for missing values though they are not known, at most, and the
different numbers or dates beside them."""

_OTHER_WORD = re.compile(r"(?![<>=~])(?:[^\d]{2,30}|[^\w\s])")


def may_be_missing(words: Sequence[str], n_values: int) -> bool:
    """Return whether words beside so many numbers or dates may stand for missing values.

    >>> may_be_missing(["withheld"], 50), may_be_missing(["12 kg"], 50), may_be_missing(["M"], 50)
    (True, False, False)
    """
    few = len(words) <= _MAX_OTHERS and n_values >= _MIN_VALUES
    return not words or (few and all(map(_OTHER_WORD.fullmatch, words)))


MAX_WORDS, MAX_WORD = 100, 1000  # given words for missing values, and letters of one, at most

Words = Annotated[tuple[str, ...], Items(most=MAX_WORDS)]
"""Words of a column, besides those that are known, that stand for missing values."""


def counted_as_missing(name: str, counts: Mapping[str, int]) -> str:
    """Return in a sentence which words of a column count as missing, given in how many rows."""
    shown = [
        _("{word!r} in {rows}").format(word=word, rows=format_count(count, "row"))
        for word, count in counts.items()
    ]
    verb = "counts" if len(shown) == 1 else "count"
    return _("{name}: {shown} {verb} as missing.").format(
        name=name, shown=format_list(shown, limit=3), verb=verb
    )


def check_missing(words: Sequence[str]) -> tuple[str, ...]:
    """Return words for missing values, or raise `InputError` if they are too many or too long."""
    if len(words) > MAX_WORDS or any(len(word) > MAX_WORD for word in words):
        raise InputError(
            "There are {n_words} words for missing values, of up to {longest} letters: give {MAX_WORDS} at most, of {MAX_WORD:,} letters.",
            n_words=len(words),
            longest=max(map(len, words)),
            MAX_WORDS=MAX_WORDS,
            MAX_WORD=MAX_WORD,
        )
    return tuple(dict.fromkeys(words))


def is_not_given(text: str) -> bool:
    """Return whether a text among numbers or dates stands for a missing value.

    >>> [is_not_given(text) for text in ("?", "n/a", "K.A.", "未知", "red")]
    [True, True, True, True, False]
    """
    text = folded(text)
    return text in _NOT_GIVEN or text.casefold() in _TERMS or _NO_DATE.fullmatch(text) is not None


def is_term(text: str) -> bool:
    """Return whether a text is a word for missing values, which may be a level, too."""
    text = folded(text)
    return text not in _NOT_GIVEN and text.casefold() in _TERMS


def folded(text: str) -> str:
    """Return text without spaces around it, its digits and signs in ASCII.

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
