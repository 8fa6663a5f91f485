"""What the choice of a format comes to: the format, and what a user should know about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from madaline._data.formats.date_format import DateFormat
from madaline._data.formats.number_format import NumberFormat

SAMPLE = 20
"""Texts that are looked at first; if most of them are neither, a column is of ordinary text."""

MOSTLY, FEWEST = 0.9, 10
"""Texts with this share of numbers or dates, and as many, have typing errors."""


@dataclass(frozen=True)
class Choice:
    """The format that was chosen for a column.

    Parameters
    ----------
    format : NumberFormat, DateFormat or None
        None where the texts stand for neither, or where it cannot be decided for what.
    words : str
        How the column is read, or why it is not: part of a sentence; empty if there is nothing to
        tell.
    sure : bool
        Whether the column by itself decides among the formats that fit.
    plain : bool
        Whether it holds nothing but whole numbers as Python writes them, which may be codes.
    """

    format: NumberFormat | DateFormat | None = None
    words: str = ""
    sure: bool = True
    plain: bool = False


ORDINARY = Choice()
"""The choice for ordinary text."""


def joined(parts: Sequence[str]) -> str:
    """Return parts as a sentence lists them.

    Examples
    --------
    >>> joined(["$"]), joined(["$", "spaces", "marks"])
    ('$', '$, spaces and marks')
    """
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
