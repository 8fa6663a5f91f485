"""How the texts of a column are written: money, percent, dates; and how new ones are written so.

It is learned from texts and the values that they stand for, and tried on them: a column whose texts
it does not give back is written plainly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Annotated, final

import numpy as np

from madaline._data.codec import Items, Stored
from madaline._data.column import number_text
from madaline._data.formats.number_format import FormattedNumber, NumberFormat
from madaline._data.json_checks import OneOf, Text, Whole
from madaline.nn.arrays import Array

_MAX_TEXTS = 500  # distinct texts that are looked at
_MIN_SAME = 0.8  # share of them that must come back as they are
_MAX_DECIMALS = 12

Short = Annotated[str, Text(100)]


@final
@dataclass(frozen=True)
class NumberWriting(Stored):
    """What stands around the digits of a number, and how these are written."""

    before: Short = ""
    after: Short = ""
    before_negative: Short = "-"
    after_negative: Short = ""
    thousands: Short = ""
    decimal: Annotated[str, OneOf((".", ","))] = "."
    decimals: Annotated[int, Whole(0, _MAX_DECIMALS)] = 0
    fixed: bool = False  # whether zeros fill the decimals up

    def write(self, number: float) -> str:
        """Return a number as text.

        >>> NumberWriting("$", thousands=",", decimals=2, fixed=True).write(1234.5)
        '$1,234.50'
        """
        size = abs(number)
        if self.fixed or 1e-4 <= size < 1e15 or size == 0:
            digits = f"{size:,.{self.decimals}f}"
            if not self.fixed and "." in digits:
                digits = digits.rstrip("0").removesuffix(".")
        else:
            digits = number_text(size)
        marks = {",": self.thousands, ".": self.decimal}
        digits = "".join(marks.get(character, character) for character in digits)
        if number < 0:
            return f"{self.before_negative}{digits}{self.after_negative}"
        return f"{self.before}{digits}{self.after}"

    def read(self, text: str) -> float:
        """Return the number that a text stands for; `ValueError` if it is written otherwise."""
        around = ((1, self.before, self.after), (-1, self.before_negative, self.after_negative))
        for sign, before, after in around:
            core = text.removeprefix(before).removesuffix(after)
            if before + core + after == text and core[:1].isdigit():
                plain = core.replace(self.thousands, "") if self.thousands else core
                return sign * float(plain.replace(self.decimal, "."))
        return float(text)


@final
@dataclass(frozen=True)
class DateWriting(Stored):
    """The form of a date, with the marks of `strftime`; %-d has no zero before it."""

    form: Annotated[str, Text(60)]

    def write(self, seconds: float) -> str:
        """Return a moment, in seconds since 1970, as text.

        >>> DateWriting("%-d/%m/%Y").write(86400.0)
        '2/01/1970'
        """
        moment = _EPOCH + timedelta(seconds=seconds)
        return _MARK.sub(lambda mark: _PARTS.get(mark[0], str)(moment), self.form)

    def read(self, text: str) -> np.datetime64:
        """Return the moment that a text stands for; `ValueError` if it is written otherwise."""
        return np.datetime64(datetime.strptime(text, self.form.replace("%-", "%")), "us")


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
    texts: dict[object, str | None] = {None: missing}
    column = np.empty(len(values), object)
    for row, value in enumerate(values.tolist()):
        if value is None or value != value:
            column[row] = missing
        else:
            if value not in texts:
                texts[value] = writing.write(value)
            column[row] = texts[value]
    return column


def learn_numbers(
    texts: Sequence[str], numbers: Sequence[float], read: NumberFormat | None = None
) -> NumberWriting | None:
    """Return how numbers are written, given their texts; None if it cannot be told."""
    form = NumberFormat() if read is None else read
    around: dict[bool, Counter[tuple[str, str]]] = {False: Counter(), True: Counter()}
    decimals, has_thousands = Counter[int](), False
    for text in texts[:_MAX_TEXTS]:
        formatted = FormattedNumber.of(text)
        place = -1 if formatted is None else text.find(formatted.core)
        if formatted is None or place < 0 or formatted.scale:
            continue
        core = formatted.core
        before, after = text[:place], text[place + len(core) :]
        around[formatted.negative][before, after] += 1
        whole, _, part = core.partition(form.decimal)
        decimals[len(part) if part.isdigit() or not part else 0] += 1
        has_thousands |= bool(form.thousands) and form.thousands in whole
    if not decimals or max(decimals) > _MAX_DECIMALS:
        return None
    positive, negative = (around[side].most_common(1) for side in (False, True))
    before, after = positive[0][0] if positive else ("", "")
    before_negative, after_negative = negative[0][0] if negative else (f"-{before}", after)
    writing = NumberWriting(
        before,
        after,
        before_negative,
        after_negative,
        form.thousands if has_thousands else "",
        form.decimal,
        max(decimals),
        len(decimals) == 1 and max(decimals) > 0,
    )
    return writing if _gives_back(writing, texts, numbers) else None


def learn_dates(texts: Sequence[str], seconds: Sequence[float]) -> DateWriting | None:
    """Return how dates are written, given their texts; None if it cannot be told."""
    for n in (3, 50):  # the first texts may be odd ones
        for writing in map(DateWriting, _forms()):
            some = texts[:n], seconds[:n]
            if _gives_back(writing, *some) and (n > 3 or _gives_back(writing, texts, seconds)):
                return writing
    return None


def _gives_back(
    writing: NumberWriting | DateWriting, texts: Sequence[str], values: Sequence[float]
) -> bool:
    pairs = list(zip(texts[:_MAX_TEXTS], values[:_MAX_TEXTS], strict=True))
    same = sum(writing.write(value) == text for text, value in pairs)
    return same >= _MIN_SAME * len(pairs)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MARK = re.compile("%-?[a-zA-Z]")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip
_PARTS: Mapping[str, Callable[[datetime], str]] = {
    "%Y": lambda m: f"{m.year:04d}",
    "%y": lambda m: f"{m.year % 100:02d}",
    "%m": lambda m: f"{m.month:02d}",
    "%-m": lambda m: str(m.month),
    "%d": lambda m: f"{m.day:02d}",
    "%-d": lambda m: str(m.day),
    "%b": lambda m: _MONTHS[m.month - 1][:3],
    "%B": lambda m: _MONTHS[m.month - 1],
    "%H": lambda m: f"{m.hour:02d}",
    "%-H": lambda m: str(m.hour),
    "%I": lambda m: f"{(m.hour - 1) % 12 + 1:02d}",
    "%-I": lambda m: str((m.hour - 1) % 12 + 1),
    "%p": lambda m: "PM" if m.hour > 11 else "AM",
    "%M": lambda m: f"{m.minute:02d}",
    "%S": lambda m: f"{m.second:02d}",
    "%f": lambda m: f"{m.microsecond:06d}",
}
"""What each mark of a form stands for."""


def _forms() -> Iterator[str]:
    """Yield the forms of dates that are tried, the more usual first."""
    dates = ["%Y-%m-%d"]
    for mark, pad in product("/.-", ("", "-")):
        day, month = f"%{pad}d", f"%{pad}m"
        for year in ("%Y", "%y"):
            dates += [mark.join(p) for p in ((day, month, year), (month, day, year))]
        dates.append(mark.join(("%Y", month, day)))
    for name, day in product(("%b", "%B"), ("%d", "%-d")):
        dates += [f"{day} {name} %Y", f"{name} {day}, %Y", f"{day}-{name}-%Y", f"{day}-{name}-%y"]
    dates += ["%Y%m%d", "%m/%Y", "%B %Y", "%b %Y", "%Y年%-m月%-d日"]
    clocks = ["", " %H:%M", " %H:%M:%S", "T%H:%M:%S", "T%H:%M:%SZ", "T%H:%M", " %-H:%M"]
    clocks += [" %-I:%M %p", " %I:%M %p", " %H:%M:%S.%f", "T%H:%M:%S.%f"]
    for clock in clocks:
        for date in dates:
            yield date + clock
