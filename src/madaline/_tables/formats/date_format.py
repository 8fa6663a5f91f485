"""A date format knows the order of day, month and year; the rest a date shows by itself.

Understood are 31/01/2026, 31.1.26, 31. 1. 2026, 2026-01-31, 31 Jan 2026, Sat, 31-January-26, Jan
31st, 2026, 2026 Jan 31, 20260131 and 2026年1月31日, each with or without a time: 13:45, 13.45,
13:45:59.5, 1:45 PM, and a time zone, Z or +01:00. January 2026, 01/2026 and
2026年1月 are the first day of the month. Months may have their names in the languages of `_MONTHS`.
"""

# ruff: noqa: RUF001

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import Stored
from madaline._base.json_checks import OneOf, Whole
from madaline._base.language import _
from madaline._tables.formats.characters import Words, folded, is_not_given, words_for

DAY_FIRST, MONTH_FIRST = "day-first", "month-first"
ORDERS = (DAY_FIRST, MONTH_FIRST)

_LENGTHS = {(4, 1), (4, 2), (3, 2), (1, 4), (2, 4), (1, 2), (2, 2)}
"""Digits of the first and of the last number of a date: a year has four, or is the last and has
two."""

POSIX_PIVOT = 1969  # the first year that two digits may mean, as in POSIX
BUDDHIST, MINGUO = -543, 1911  # added to years of Thailand, above 2400, and Taiwan, of 3 digits

_ERAS = {"大正": 1911, "昭和": 1925, "平成": 1988, "令和": 2018, "民國": 1911, "民国": 1911}
_ERA = re.compile(rf"({'|'.join(_ERAS)})\ ?(\d{{1,3}}|元)(?=\ ?年)")
"""Years of emperors and of the Republic of China."""

_HALF = re.compile(r"(?:(上午|午前|오전)|(?:下午|午後|오후))\ ?(\d{1,2}[:时時시点點][^a-zA-Z]*)")
"""The half of a day before a time."""

COMPACT = (
    r"(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:(?:[01]\d|2[0-3])(?:[0-5]\d){2})?"
)
"""A date of the digits of year, month and day alone, possibly with those of a time."""

_MONTHS = {
    name: number
    for number in range(1, 13)
    for name in words_for(_("month {number}").format(number=number))
}
"""The names of months, and what they are shortened to, in languages of Europe: Russian, German,
French, English, Turkish, Italian, Spanish, Ukrainian, Polish, Portuguese, Romanian, Dutch, Greek,
Czech, Slovak, Hungarian, Swedish, Danish, Norwegian and Finnish."""
_WEEKDAYS = frozenset(words_for("weekday"))  # which add nothing to a date

_NAME = r"(?P<name>[^\W\d_]{3,12})\.?"
_WEEKDAY = r"(?:(?P<weekday>[^\W\d_](?:[^\W\d_]|'){1,12})(?:-feira)?\.?,?\ )?"
_TIME = r"""(?:
    (?:[T,]\ ?|\ )
    (?P<hour>\d{1,2})[:h.](?P<minute>\d{2})(?:[:.](?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?
    (?:\ ?(?:(?P<half>[ap])\.?m\.?|Uhr|h))?
    (?:\ ?(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2}))?
)?"""
_DAY, _ORDINAL, _YEAR = r"(?P<day>\d{1,2})", "(?:st|nd|rd|th)?", r"(?P<year>\d{4})"
_OF, _YEAR_SIGN = r"(?:[-\ /]|\ del?\ )", r"(?:\ ?[гpрr]\.)?"
_SHORT = r"(?P<year>\d{4}|\d{2})"
_FORMS = tuple(
    re.compile(form + _TIME, re.VERBOSE | re.IGNORECASE)
    for form in (
        r"(?P<first>\d{1,4})(?P<separator>[-/.])\ ?(?P<middle>\d{1,2})(?P=separator)\ ?"
        r"(?P<last>\d{4}|\d{1,2})\.?",
        rf"{_WEEKDAY}{_DAY}(?:st|nd|rd|th|er|[.º])?{_OF}{_NAME}(?:{_OF}|,\ ?){_SHORT}{_YEAR_SIGN}",
        rf"{_WEEKDAY}{_NAME}\ {_DAY}{_ORDINAL}(?:,\ ?|\ ){_YEAR}",
        rf"{_NAME}(?:{_OF}|,\ ){_YEAR}{_YEAR_SIGN}",
        rf"{_YEAR}\.?[-\ /]{_NAME}(?:[-\ /]{_DAY}\.?)?",
        r"(?P<month>0[1-9]|1[0-2])/(?P<year>(?:19|20)\d{2})",
    )
)
_EASTERN = re.compile(
    r"""(?P<year>\d{4})\ ?[年년]\ ?(?P<month>\d{1,2})\ ?[月월](?:\ ?(?P<day>\d{1,2})\ ?[日일号號])?
    (?:\ ?(?:\(\w{1,3}\)|(?:星期|周|週)\w|\w(?:요일|曜日?)))?(?P<rest>(?:\ ?\d.*)?)""",
    re.VERBOSE,
)
_VIETNAMESE = re.compile(r"(?:ngày\ )?(\d{1,2})\ tháng\ (\d{1,2})(?:,|\ năm|)\ (\d{4})", re.I)
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T\ ]?(\d\d)(\d\d)(\d\d)?)?(Z?)")
_CLOCK = re.compile(r"(\d{1,2})\ ?[时時시点點]\ ?(\d{1,2})\ ?[分분](?:\ ?(\d{1,2})\ ?[秒초])?")
_FIRST_YEAR = 1000


@dataclass(frozen=True)
class WrittenDate:
    """A date as it is written."""

    fields: tuple[int, int, int]  # day, month and year in the order of the text, or the year first
    separator: str  # what stands between them; empty where the month has a name
    time: datetime.timedelta  # since midnight, in UTC if the text has a time zone
    is_short: bool = False  # whether the year, which comes last, has two digits

    @classmethod
    def of(cls, text: str) -> WrittenDate | None:
        """Return the parts of a date, possibly of no calendar; None for other text."""
        plain = folded(text)
        if not 6 <= len(plain) <= 60:
            return None
        plain = _in_digits(plain)
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
            return cls((first, middle, last), parts["separator"] or "", time, max(lengths) < 3)
        number = parts.get("month")
        month = _MONTHS.get(_lower(parts.get("name"))) if number is None else int(number)
        if month is None or _lower(parts.get("weekday")) not in ("", *_WEEKDAYS):
            return None
        year, day = parts["year"] or "", int(parts.get("day") or 1)
        if len(year) < 4:
            return cls((day, month, int(year)), "", time, is_short=True)
        return cls((int(year), month, day), "", time)

    @property
    def year_first(self) -> bool:
        """Whether the first field is the year, so that no order is needed."""
        return self.fields[0] > 31

    @property
    def has_order(self) -> bool:
        """Whether an order of day and month is needed."""
        return not self.year_first and bool(self.separator)

    @property
    def year(self) -> int:
        """The year, as it is written."""
        return self.fields[0 if self.year_first else 2]

    def moment(self, order: str, *, pivot: int = POSIX_PIVOT, offset: int = 0) -> datetime.datetime:
        """Return the moment, given the order of day and month, and how years are counted."""
        one, two, three = self.fields
        if self.year_first:
            year, month, day = self.fields
        elif not self.separator or order == DAY_FIRST:
            day, month, year = self.fields
        elif order == MONTH_FIRST:
            month, day, year = self.fields
        else:
            raise ValueError(_("{one} or {two} may be the day").format(one=one, two=two))
        year = pivot + (three - pivot) % 100 if self.is_short else year + offset
        if year < _FIRST_YEAR:
            raise ValueError(_("{year} is no year").format(year=year))
        return datetime.datetime(year, month, day) + self.time


@dataclass(frozen=True)
class DateFormat(Stored):
    """How the dates of a column are written.

    >>> print(DateFormat("day-first").parse("03/04/26 1:45 PM"))
    2026-04-03T13:45:00.000000
    """

    # {"", "day-first", "month-first"}: which of them comes first where both are numbers and the
    # year comes last; empty where no date of the column was written so
    order: Annotated[str, OneOf(("", *ORDERS))]
    words: Words = ()
    pivot: Annotated[int, Whole(1800, 2200)] = POSIX_PIVOT  # the first year that two digits mean
    offset: Annotated[int, Whole(-543, 1911)] = 0  # what is added to years of another calendar

    def parse(self, text: str) -> Any:
        """Return the moment that a text stands for, datetime64[us], NaT where it is missing."""
        if is_not_given(text) or text.strip() in self.words:
            return np.datetime64("NaT", "us")
        written = WrittenDate.of(text)
        if written is None:
            raise ValueError(text)
        moment = written.moment(self.order, pivot=self.pivot, offset=self.offset)
        return np.datetime64(moment, "us")

    @property
    def example(self) -> str:
        """A date in this format, for messages."""
        return {DAY_FIRST: "31/01/2026", MONTH_FIRST: "01/31/2026"}.get(self.order, "2026-01-31")


def _lower(word: str | None) -> str:
    return (word or "").lower().replace("\u0307", "")  # the dot of a lower İ


def _in_digits(text: str) -> str:
    """Return 2024年8月22日 13时45分 as 2024-8-22 13:45; other text as it is.

    >>> _in_digits("2024년 8월 22일"), _in_digits("2024年8月"), _in_digits("2024-08-22")
    ('2024-8-22', '2024-8-1', '2024-08-22')
    """
    if text.isascii():
        return _COMPACT.sub(_spread, text) if text[:8].isdigit() else text
    text = _VIETNAMESE.sub(r"\3-\2-\1", text)
    text = _ERA.sub(lambda o: str(_ERAS[o[1]] + (1 if o[2] == "元" else int(o[2]))), text)
    text = _HALF.sub(lambda o: f"{o[2]} {'A' if o[1] else 'P'}M", text)
    match = _EASTERN.fullmatch(text)
    if match is None:
        return text
    clock = _CLOCK.sub(
        lambda o: ":".join(part.zfill(2) for part in o.groups() if part), match["rest"]
    )
    return f"{match['year']}-{match['month']}-{match['day'] or 1} {clock.strip()}".strip()


def _spread(compact: re.Match[str]) -> str:
    """Return 20240822154500 as 2024-08-22 15:45:00."""
    time = ":".join(filter(None, compact.group(4, 5, 6)))
    return f"{'-'.join(compact.group(1, 2, 3))} {time}{compact[7]}".strip()


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
