"""A date format knows the order of day, month and year; the rest a date shows by itself.

Understood are 31/01/2026, 31.1.26, 2026-01-31, 31 Jan 2026, Sat, 31-January-26, Jan 31st, 2026 and
2026 Jan 31, each with or without a time: 13:45, 13:45:59.5, 1:45 PM, and a time zone, Z or +01:00.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from madaline._data.codec import Stored
from madaline._data.formats.characters import NOT_GIVEN, folded
from madaline._data.json_checks import OneOf

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
ORDERS = (DAY_FIRST, MONTH_FIRST)

_LENGTHS = {(4, 1), (4, 2), (1, 4), (2, 4), (1, 2), (2, 2)}
"""Digits of the first and of the last number of a date: a year has four, or is the last and has
two."""

_PIVOT = 69
"""Years of two digits from here on are of the last century, as in POSIX."""

_MONTHS = {
    name: number
    for number, names in enumerate(
        ("jan january", "feb february", "mar march", "apr april", "may", "jun june", "jul july",
         "aug august", "sep sept september", "oct october", "nov november", "dec december"), 1)
    for name in names.split()
}  # fmt: skip
_NAME = r"(?P<name>[A-Za-z]{3,9})\.?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?\.?,?\ )?"
_TIME = r"""(?:
    (?:[T,]\ ?|\ )
    (?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?
    (?:\ ?(?P<half>[ap])\.?m\.?)?
    (?:\ ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}))?
)?"""
_DAY, _ORDINAL, _YEAR = r"(?P<day>\d{1,2})", "(?:st|nd|rd|th)?", r"(?P<year>\d{4})"
_SHORT = r"(?P<year>\d{4}|\d{2})"
_FORMS = tuple(
    re.compile(form + _TIME, re.VERBOSE | re.IGNORECASE)
    for form in (
        r"(?P<first>\d{1,4})(?P<separator>[-/.])(?P<middle>\d{1,2})(?P=separator)"
        r"(?P<last>\d{4}|\d{1,2})",
        rf"{_WEEKDAY}{_DAY}(?:st|nd|rd|th|\.)?[-\ /]{_NAME}(?:[-\ /]|,\ ?){_SHORT}",
        rf"{_WEEKDAY}{_NAME}\ {_DAY}{_ORDINAL}(?:,\ ?|\ ){_YEAR}",
        rf"{_YEAR}[-\ /]{_NAME}[-\ /]{_DAY}",
    )
)


@dataclass(frozen=True)
class WrittenDate:
    """A date as it is written."""

    fields: tuple[int, int, int]  # day, month and year in the order of the text, or the year first
    separator: str  # what stands between them; empty where the month has a name
    time: datetime.timedelta  # since midnight, in UTC if the text has a time zone

    @classmethod
    def of(cls, text: str) -> WrittenDate | None:
        """Return the parts of a date, possibly of no calendar; None for other text."""
        plain = folded(text)
        if not 6 <= len(plain) <= 60:
            return None
        for form in _FORMS:
            match = form.fullmatch(plain)
            if match is not None:
                return cls._of_parts(match.groupdict())
        return None

    @classmethod
    def _of_parts(cls, parts: dict[str, str | None]) -> WrittenDate | None:
        time = _time(parts)
        if time is None:
            return None
        if parts.get("separator"):
            first, middle, last = (int(parts[place] or 0) for place in ("first", "middle", "last"))
            lengths = len(parts["first"] or ""), len(parts["last"] or "")
            if lengths not in _LENGTHS:
                return None
            last = last if 4 in lengths else _full_year(last)
            return cls((first, middle, last), parts["separator"] or "", time)
        month = _MONTHS.get((parts["name"] or "").lower())
        if month is None:
            return None
        year = parts["year"] or ""
        full = int(year) if len(year) == 4 else _full_year(int(year))
        return cls((full, month, int(parts["day"] or 0)), "", time)

    @property
    def year_first(self) -> bool:
        """Whether the first field is the year, so that no order is needed."""
        return self.fields[0] > 31

    def moment(self, order: str) -> datetime.datetime:
        """Return the moment, given the order of day and month."""
        one, two, three = self.fields
        if self.year_first:
            return datetime.datetime(one, two, three) + self.time
        if order not in ORDERS:
            raise ValueError(f"{one} or {two} may be the day")
        day, month = (one, two) if order == DAY_FIRST else (two, one)
        return datetime.datetime(three, month, day) + self.time


@dataclass(frozen=True)
class DateFormat(Stored):
    """How the dates of a column are written.

    Examples
    --------
    >>> print(DateFormat("day-first").parse("03/04/26 1:45 PM"))
    2026-04-03T13:45:00.000000
    """

    # {"", "day-first", "month-first"}: which of them comes first where both are numbers and the
    # year comes last; empty where no date of the column was written so
    order: Annotated[str, OneOf(("", *ORDERS))]

    def parse(self, text: str) -> Any:
        """Return the moment that a text stands for, datetime64[us], NaT where it is missing."""
        if text.strip() in NOT_GIVEN:
            return np.datetime64("NaT", "us")
        written = WrittenDate.of(text)
        if written is None:
            raise ValueError(text)
        return np.datetime64(written.moment(self.order), "us")

    @property
    def example(self) -> str:
        """A date in this format, for messages."""
        return {DAY_FIRST: "31/01/2026", MONTH_FIRST: "01/31/2026"}.get(self.order, "2026-01-31")


def _full_year(year: int) -> int:
    return year + (1900 if year >= _PIVOT else 2000)


def _time(parts: Mapping[str, str | None]) -> datetime.timedelta | None:
    """Return the time since midnight in UTC, or None if there is no such time."""
    hour, minute, second = (int(parts[unit] or 0) for unit in ("hour", "minute", "second"))
    half = (parts["half"] or "").lower()
    if half:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if half == "p" else 0)
    if hour > 23 or minute > 59 or second > 59:
        return None
    micros = int((parts["part"] or "").ljust(6, "0")[:6])
    time = datetime.timedelta(hours=hour, minutes=minute, seconds=second, microseconds=micros)
    zone = parts["zone"] or ""
    if zone[:1] in ("+", "-"):
        offset = datetime.timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
        time -= offset if zone[0] == "+" else -offset
    return time
