"""The number or date format of a column of text, decided by all of its distinct texts.

What one column leaves open, another one of the table may decide.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from madaline._base.language import Names, _
from madaline._tables.formats.characters import is_not_given, is_term
from madaline._tables.formats.date_format import ORDERS, DateFormat
from madaline._tables.formats.number_format import COMMA, POINT, NumberFormat

SAMPLE = 20  # texts that are looked at first; if most are neither, a column is of ordinary text
MIN_SHARE, MIN_TEXTS = 0.9, 10  # with this share of numbers or dates, and as many, there are errors

MIN_BESIDE_TERMS = 3
"""Fewer numbers or dates are levels, and words for missing values beside them are levels, too."""


@dataclass(frozen=True)
class Choice:
    """The format that was chosen for a column."""

    # None where the texts stand for neither, or where it cannot be decided for what
    format: NumberFormat | DateFormat | None = None
    # how the column is read, or why it is not: part of a sentence; empty if there is nothing to
    # tell
    words: str = ""
    sure: bool = True  # whether the column by itself decides among the formats that fit
    # whether it holds nothing but whole numbers as Python writes them, which may be codes
    plain: bool = False
    how: str = ""  # of what is read: `words` without the kind


ORDINARY = Choice()  # the choice for ordinary text


def joined(parts: Sequence[str]) -> str:
    """Return parts as a sentence lists them."""
    if len(parts) < 2:
        return "".join(parts)
    return _("{names} and {last}").format(names=Names(parts[:-1]), last=parts[-1])


def parted(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the texts that stand for a value, and those for a missing one but for empty ones."""
    present = [text for text in texts if not is_not_given(text)]
    missing = (text.strip() for text in texts if is_not_given(text))
    return present, [*dict.fromkeys(filter(None, missing))]


def are_levels(missing: Sequence[str], values: Collection[object]) -> bool:
    """Return whether words for missing values may be levels beside a few others."""
    return len(values) < MIN_BESIDE_TERMS and any(map(is_term, missing))


def not_all_read(values: str, others: Sequence[str], n_texts: int) -> Choice:
    """Return that a column of numbers or dates holds a few other words, if it does."""
    few = n_texts - len(others) >= max(MIN_TEXTS, MIN_SHARE * n_texts)
    return not_read(values, others[0]) if few else ORDINARY


def not_read(values: str, word: str) -> Choice:
    """Return that a column of numbers or dates stays text because of a word."""
    remedy = "correct it, leave it empty, or name it as missing"
    return Choice(
        words=_("not read as {values} because of {word!r}; {remedy}").format(
            values=values, word=word[:40], remedy=remedy
        )
    )


DECIMAL_POINT, DECIMAL_COMMA = "decimal-point", "decimal-comma"
MARKS = {DECIMAL_POINT: POINT, DECIMAL_COMMA: COMMA}
"""The decimal mark of each reading of numbers that can be given."""

Format: TypeAlias = NumberFormat | DateFormat
NUMBERS, DATES = "number", "datetime"

READINGS: Mapping[str, tuple[str, ...]] = {NUMBERS: tuple(MARKS), DATES: ORDERS}
"""What may be given behind a kind, as in ``number:decimal-comma``, for each kind."""


@dataclass(frozen=True)
class Given:
    """What the user said of a column: the kind, and the reading; both may be empty."""

    kind: str = ""
    reading: str = ""

    @classmethod
    def of(cls, kind: str | None) -> Given:
        """Return a kind such as "number:decimal-comma" taken apart."""
        name, _, reading = (kind or "").partition(":")
        return cls(name, reading)
