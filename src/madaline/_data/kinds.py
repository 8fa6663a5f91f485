"""The kinds of columns, and the schema of one column: its kind and what is in it."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._data.formats.columns import READINGS, Format

NUMBER, CATEGORY, BOOLEAN, DATETIME = "number", "category", "boolean", "datetime"
IMAGE, TEXT, SEQUENCE, SOUND = "image", "text", "sequence", "sound"
DROPPED = "dropped"
KINDS = (NUMBER, CATEGORY, BOOLEAN, DATETIME, IMAGE, TEXT, SEQUENCE, SOUND, DROPPED)
"""All kinds of columns."""

GIVEN_KINDS = (*KINDS, *(f"{kind}:{one}" for kind, ones in READINGS.items() for one in ones))
"""All that may be given as the kind of a column: kinds, some also with a reading of text."""

ORDERED = (NUMBER, BOOLEAN, DATETIME)
"""Kinds of columns whose values have an order."""

OF_MANY_VALUES = (IMAGE, TEXT, SEQUENCE, SOUND)
"""Kinds of columns that hold many values a row."""


@dataclass(frozen=True)
class ColumnSchema:
    """The kind of one column, and what is in it.

    Parameters
    ----------
    name : str
        Name of the column.
    kind : {"number", "category", "boolean", "datetime", "image", "text", "sequence", "sound",
        "dropped"}
        How it is encoded.
    n_missing : int
        Number of rows without a value.
    n_distinct : int
        Number of distinct values, not counting missing ones.
    detail : str
        What is in it; of a dropped column, why it is left out.
    quartiles : tuple of float
        Of numbers, and of moments in seconds since 1970: the smallest, the quartiles, the largest;
        each a value that occurs.
    whole : bool, default=False
        Whether there are only whole numbers.
    written : NumberFormat or DateFormat, optional
        How its numbers or dates are written, where they were read from text.
    note : str
        How it was read, or why text that looks like numbers or dates was not; empty if there is
        nothing to tell.
    """

    name: str
    kind: str
    n_missing: int
    n_distinct: int
    detail: str
    quartiles: tuple[float, ...] = ()
    whole: bool = False
    written: Format | None = None
    note: str = ""

    @property
    def kept(self) -> bool:
        """Whether it is a column to learn from."""
        return self.kind != DROPPED
