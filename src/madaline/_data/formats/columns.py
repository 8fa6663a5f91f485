"""The formats of all columns of a table: what one column leaves open, another may decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from madaline._data.formats.choice import ORDINARY, Choice
from madaline._data.formats.date_choice import choose_date_format
from madaline._data.formats.date_format import ORDERS, DateFormat
from madaline._data.formats.number_choice import MARKS, choose_number_format, decimal_mark
from madaline._data.formats.number_format import NumberFormat

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
        """Return a kind such as "number:decimal-comma" taken apart.

        Examples
        --------
        >>> Given.of("number:decimal-comma"), Given.of(None)
        (Given(kind='number', reading='decimal-comma'), Given(kind='', reading=''))
        """
        name, _, reading = (kind or "").partition(":")
        return cls(name, reading)


def choose_formats(
    columns: Mapping[str, Sequence[str]], given: Mapping[str, Given] | None = None
) -> dict[str, Choice]:
    """Return the choice for each column of distinct texts.

    Examples
    --------
    >>> texts = {"price": ["7.678", "999"], "weight": ["1,5", "2,25"], "name": ["Ann", "Bob"]}
    >>> for name, choice in choose_formats(texts).items():
    ...     print(name, choice.words, sep=": ")
    price: number, read without thousands separators (.), as in other columns
    weight: number, read with decimal commas
    name:
    """
    given = given or {}
    choices = {name: _choose(texts, given.get(name, Given())) for name, texts in columns.items()}
    marks = {decimal_mark(one, columns[name]) for name, one in choices.items()} - {""}
    orders = {
        one.format.order
        for one in choices.values()
        if isinstance(one.format, DateFormat) and "first" in one.words
    }
    mark, order = (one.pop() if len(one) == 1 else "" for one in (marks, orders))
    return choices | {
        name: _choose(columns[name], given.get(name, Given()), mark, order)
        for name, one in choices.items()
        if not one.sure
    }


def _choose(texts: Sequence[str], given: Given, mark: str = "", order: str = "") -> Choice:
    if given.kind in ("", NUMBERS):
        choice = choose_number_format(texts, given=given.reading, hint=mark)
        if choice != ORDINARY or given.kind:
            return choice
    if given.kind in ("", DATES):
        return choose_date_format(texts, given=given.reading, hint=order)
    return ORDINARY


def format_from_json(values: Mapping[str, Any] | None) -> Format | None:
    """Return the format that `to_json` described, of numbers or of dates."""
    if values is None:
        return None
    return DateFormat.from_json(values) if "order" in values else NumberFormat.from_json(values)
