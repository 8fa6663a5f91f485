"""How the texts of a column are written: money, percent, dates; and how new ones are written so.

It is the other way of a format, learned from texts and the values that they stand for, and tried on
them: a column whose texts it does not give back is written plainly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Annotated, final

import numpy as np

from madaline._base.codec import Items, Stored
from madaline._base.json_checks import OneOf, Text, Whole
from madaline._tables.formats.number_format import (
    COMMA,
    POINT,
    SCALES,
    FormattedNumber,
    NumberFormat,
)
from madaline.nn.arrays import Array

_MAX_TEXTS = 500  # distinct texts that are looked at
_MIN_SAME = 0.8  # share of them that must come back as they are
_MAX_DECIMALS = 12

Short = Annotated[str, Text(100)]


@final
@dataclass(frozen=True)
class NumberWriting(Stored):
    """What stands around the digits of a number, and how these are written."""

    around: tuple[Short, Short] = ("", "")
    around_negative: tuple[Short, Short] = ("-", "")
    thousands: Short = ""
    decimal: Annotated[str, OneOf((POINT, COMMA))] = POINT
    decimals: Annotated[int, Whole(0, _MAX_DECIMALS)] = 0
    fixed: bool = False  # whether zeros fill the decimals up
    power: Annotated[int, Whole(0, 9)] = 0  # of ten, for which a word such as 万 stands

    def write(self, number: float) -> str:
        """Return a number as text.

        >>> NumberWriting(("$", ""), thousands=",", decimals=2, fixed=True).write(1234.5)
        '$1,234.50'
        """
        size = abs(number) / 10**self.power
        digits = f"{size:,.{self.decimals}f}"
        if not self.fixed:
            if size and not 1e-4 <= size < 1e15:
                digits = repr(size)
            elif POINT in digits:
                digits = digits.rstrip("0").removesuffix(POINT)
        digits = digits.translate({ord(COMMA): self.thousands, ord(POINT): self.decimal})
        before, after = self.around_negative if number < 0 else self.around
        return f"{before}{digits}{after}"

    def read(self, text: str) -> float:
        """Return the number that a text stands for; `ValueError` if it is none."""
        formatted = FormattedNumber.of(text)
        if formatted is None:
            raise ValueError(text)
        return NumberFormat("", self.thousands, self.decimal).parse_formatted(formatted)


@final
@dataclass(frozen=True)
class DateWriting(Stored):
    """The form of a date, with the marks of `strftime`; %-d has no zero before it.

    Names of months are English in any locale.
    """

    form: Annotated[str, Text(60)]

    def write(self, seconds: float) -> str:
        """Return a moment, in seconds since 1970, as text.

        >>> DateWriting("%-d/%m/%Y").write(86400.0)
        '2/01/1970'
        """
        moment = _EPOCH + timedelta(seconds=seconds)
        names = {"%B": _MONTHS[moment.month - 1], "%p": "AM" if moment.hour < 12 else "PM"}
        names["%b"] = names["%B"][:3]

        def write_mark(mark: re.Match[str]) -> str:
            if mark[0] in names:
                return names[mark[0]]
            text = moment.strftime(f"%{mark[2]}")
            return str(int(text)) if mark[1] else text

        return re.sub("%(-?)(.)", write_mark, self.form)

    def read(self, text: str) -> np.datetime64:
        """Return the moment that a text stands for; `ValueError` if it is written otherwise."""
        form = self.form.replace("%-", "%")
        if "%b" in form or "%B" in form:  # which strptime reads in the language of the locale
            text = _MONTH.sub(lambda name: f"{_NUMBERS[name[0][:3].lower()]:02}", text)
            form = form.replace("%b", "%m").replace("%B", "%m")
        afternoon = text.lower().endswith(" pm")
        if form.endswith(" %p") and text[-3:].lower() in (" am", " pm"):
            form, text = form[:-3], text[:-3]
        moment = datetime.strptime(text, form)
        return np.datetime64(moment + timedelta(hours=12 * afternoon), "us")


@final
@dataclass(frozen=True)
class TruthWriting(Stored):
    """The words for true and false."""

    words: Annotated[tuple[Short, ...], Items(2, 2)]  # for false and for true

    def write(self, truth: bool) -> str:
        """Return a word."""
        return self.words[bool(truth)]

    def read(self, text: str) -> bool:
        """Return what a word stands for; `ValueError` if it is none of the two."""
        return bool(self.words.index(text))


Writing = NumberWriting | DateWriting | TruthWriting


def write_column(writing: Writing, values: Array, missing: str | None) -> Array:
    """Return numbers, moments (as seconds) or Booleans as texts; a word where one is missing."""
    texts = {None: missing}
    column = np.empty(len(values), object)
    for row, value in enumerate(values.tolist()):
        if value != value:
            column[row] = missing
        else:
            if value not in texts:
                texts[value] = writing.write(value)
            column[row] = texts[value]
    return column


def learn_numbers(
    texts: Sequence[str], numbers: Sequence[float], read: NumberFormat
) -> NumberWriting | None:
    """Return how numbers are written, given their texts; None if it cannot be told."""
    around: dict[bool, Counter[tuple[str, str]]] = {False: Counter(), True: Counter()}
    decimals, has_thousands = Counter[int](), False
    for text in texts[:_MAX_TEXTS]:
        formatted = FormattedNumber.of(text)
        if formatted is None or formatted.core not in text:
            continue
        if SCALES.get(formatted.scale, 0) != read.power:
            continue
        before, _, after = text.partition(formatted.core)
        around[formatted.negative][before, after] += 1
        whole, _, part = formatted.core.partition(read.decimal)
        decimals[len(part) if part.isdigit() else 0] += 1
        has_thousands |= bool(read.thousands) and read.thousands in whole
    if not decimals or max(decimals) > _MAX_DECIMALS:
        return None
    positive, negative = (around[side].most_common(1) for side in (False, True))
    usual = positive[0][0] if positive else ("", "")
    writing = NumberWriting(
        usual,
        negative[0][0] if negative else (f"-{usual[0]}", usual[1]),
        read.thousands if has_thousands else "",
        read.decimal,
        max(decimals),
        fixed=len(decimals) == 1 and max(decimals) > 0,
        power=read.power,
    )
    return writing if _gives_back(writing, texts, numbers) else None


def learn_dates(texts: Sequence[str], seconds: Sequence[float]) -> DateWriting | None:
    """Return how dates are written, given their texts; None if it cannot be told."""
    for n in (3, 50):  # the first texts may be odd ones
        for writing in map(DateWriting, _forms()):
            if _gives_back(writing, texts[:n], seconds[:n]) and (
                n > 3 or _gives_back(writing, texts, seconds)
            ):
                return writing
    return None


def _gives_back(
    writing: NumberWriting | DateWriting, texts: Sequence[str], values: Sequence[float]
) -> bool:
    pairs = list(zip(texts[:_MAX_TEXTS], values[:_MAX_TEXTS], strict=True))
    same = sum(writing.write(value) == text for text, value in pairs)
    return same >= _MIN_SAME * len(pairs)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_NUMBERS = {name[:3].lower(): number for number, name in enumerate(_MONTHS, 1)}
_MONTH = re.compile("|".join(f"{name}|{name[:3]}" for name in _MONTHS), re.IGNORECASE)


def _forms() -> Iterator[str]:
    """Yield the forms of dates that are tried, the more usual first."""
    dates = ["%Y-%m-%d"]
    pads = (("", ""), ("-", "-"), ("-", ""), ("", "-"))
    for mark, (of_day, of_month) in product("/.-", pads):
        day, month = f"%{of_day}d", f"%{of_month}m"
        for year in ("%Y", "%y"):
            dates += [mark.join(p) for p in ((day, month, year), (month, day, year))]
        dates.append(mark.join(("%Y", month, day)))
    for name, day in product(("%b", "%B"), ("%d", "%-d")):
        dates += [f"{day} {name} %Y", f"{name} {day}, %Y", f"{day}-{name}-%Y", f"{day}-{name}-%y"]
    dates += ["%Y%m%d", "%m/%Y", "%B %Y", "%b %Y", "%Y年%-m月%-d日", "%Y年%m月%d日"]
    clocks = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M:%SZ", "T%H:%M", " %-H:%M"]
    clocks += [" %-I:%M %p", " %I:%M %p", " %H:%M:%S.%f", "T%H:%M:%S.%f"]
    for clock in clocks:
        for date in dates:
            yield date + clock
