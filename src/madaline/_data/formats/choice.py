"""The number or date format of a column of text, decided by all of its distinct texts.

What one column leaves open, another one of the table may decide.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from madaline._data.formats.characters import is_not_given, is_term, may_be_missing
from madaline._data.formats.date_format import (
    DAY_FIRST,
    MONTH_FIRST,
    ORDERS,
    DateFormat,
    WrittenDate,
)
from madaline._data.formats.number_format import (
    COMMA,
    CURRENCY,
    MAX_EXACT,
    POINT,
    SCALES,
    THOUSANDS,
    FormattedNumber,
    NumberFormat,
)

_SAMPLE = 20
"""Texts that are looked at first; if most of them are neither, a column is of ordinary text."""

_MIN_SHARE, _MIN_TEXTS = 0.9, 10
"""Texts with this share of numbers or dates, and as many, have typing errors."""

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


ORDINARY = Choice()
"""The choice for ordinary text."""


def joined(parts: Sequence[str]) -> str:
    """Return parts as a sentence lists them."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _choose_date_format(
    texts: Sequence[str],  # the distinct texts of the column
    *,
    given: str = "",  # {"", "day-first", "month-first"}
    hint: str = "",  # {"", "day-first", "month-first"}: the order in other columns
    told: bool = False,  # whether the column is known to hold dates
) -> Choice:
    """Return the date format of a column.

    Examples
    --------
    >>> _choose_date_format(["31/01/2026", "03/04/2026"]).words
    'datetime, read with the day first'
    >>> _choose_date_format(["03/04/2026", "05/06/2026"]).format is None
    True
    """
    present, missing = _parted(texts)
    sample = [WrittenDate.of(text) for text in present[:_SAMPLE]]
    if not present or 2 * sum(date is not None for date in sample) < len(sample):
        return ORDINARY
    parts = dict(zip(present, map(WrittenDate.of, present), strict=True))
    possible, others = _orders_of(parts)
    no_days = [text for text in others if parts[text] is not None]
    words = [text if text not in no_days else "no day" for text in others]
    if not may_be_missing(words, len(parts) - len(others)) or _mixed_orders(parts, no_days):
        return _not_all_read("dates", others, len(parts))
    present = [text for text in parts if text not in others]
    dates = [date for text, date in parts.items() if date is not None and text not in others]
    missing += others
    if not told and _are_levels(missing, dates):
        return ORDINARY
    as_missing = f", with {joined(missing[:3])} as missing" if missing else ""
    if given and given not in possible:
        return ORDINARY
    numeric = [date for date in dates if not date.year_first]
    if not numeric:
        return Choice(DateFormat("", tuple(others)), f"datetime, read from text{as_missing}")
    order = given or (possible[0] if len(possible) == 1 else _order(numeric))
    sure = bool(order)
    order = order or hint
    if not order:
        example = next(t for t, d in zip(present, dates, strict=True) if not d.year_first)
        how = (
            f"dates such as {example} may have the day or the month first: give the kind"
            f" datetime:{DAY_FIRST} or datetime:{MONTH_FIRST}"
        )
        return Choice(words=how, sure=False)
    other = "" if sure else ", as in another column"
    how = f"datetime, read with the {order[:-6]} first{other}{as_missing}"
    return Choice(DateFormat(order, tuple(others)), how, sure)


def _parted(texts: Sequence[str]) -> tuple[list[str], list[str]]:
    """Return the texts that stand for a value, and those for a missing one but for empty ones."""
    present = [text for text in texts if not is_not_given(text)]
    missing = (text.strip() for text in texts if is_not_given(text))
    return present, [*dict.fromkeys(filter(None, missing))]


def _are_levels(missing: Sequence[str], values: Collection[object]) -> bool:
    """Return whether words for missing values may be levels beside a few others."""
    return len(values) < MIN_BESIDE_TERMS and any(map(is_term, missing))


def _orders_of(dates: Mapping[str, WrittenDate | None]) -> tuple[list[str], list[str]]:
    """Return the orders that leave the fewest texts, and these: words, and days of no calendar."""
    others = {
        order: [text for text, date in dates.items() if date is None or not _fits([date], order)]
        for order in ORDERS
    }
    fewest = min(others.values(), key=len)
    return [order for order in ORDERS if len(others[order]) == len(fewest)], fewest


def _mixed_orders(dates: Mapping[str, WrittenDate | None], no_days: Sequence[str]) -> bool:
    """Return whether days of no calendar are some in the other order."""
    return any(
        _fits([date], order) for text in no_days if (date := dates[text]) for order in ORDERS
    )


def _fits(dates: Sequence[WrittenDate], order: str) -> bool:
    try:
        for date in dates:
            date.moment(order)
    except (ValueError, OverflowError):
        return False
    return True


def _order(dates: Sequence[WrittenDate]) -> str:
    """Return the order where both are possible: that of points, or of months that begin."""
    if all(date.separator == "." for date in dates):
        return DAY_FIRST
    first, second = ({date.fields[place] for date in dates} for place in (0, 1))
    if first == {1} and len(second) > 1:
        return DAY_FIRST
    return MONTH_FIRST if second == {1} and len(first) > 1 else ""


DECIMAL_POINT, DECIMAL_COMMA = "decimal-point", "decimal-comma"
MARKS = {DECIMAL_POINT: POINT, DECIMAL_COMMA: COMMA}
"""The decimal mark of each reading of numbers that can be given."""

_MIN_MARKED = 10
"""Numbers that are needed to take "<5" and "~5" for numbers rather than for names of classes."""

_MIN_THREE_DIGITS = 22
"""Numbers of which all have three digits behind the point: had the last zeros been left out, as
they were from those without a point, this would happen once in ten times (0.9 to the 22nd)."""

_MIN_THOUSANDS = 3
"""Numbers with a comma that leave no doubt beside smaller ones without."""

_CODE = re.compile("0[0-9]+")
_WHOLE = re.compile("[0-9]+")
_CURRENCY = re.compile(CURRENCY)


@dataclass(frozen=True)
class _Numbers:
    """The distinct numbers of a column, taken apart."""

    texts: list[str]
    formatted: list[FormattedNumber]

    @property
    def cores(self) -> list[str]:
        return [number.core for number in self.formatted]


@dataclass(frozen=True)
class _Decimal:
    """The decimal mark, and whether the column by itself, or the user, decides it."""

    mark: str
    sure: bool = True
    doubtful: bool = False
    from_others: bool = False


def choose_number_format(
    texts: Sequence[str],  # the distinct texts of the column
    *,
    given: str = "",  # {"", "decimal-point", "decimal-comma"}
    hint: str = "",  # {"", ".", ","}: the decimal mark of other columns
    told: bool = False,  # whether the column is known to hold numbers
) -> Choice:
    """Return the number format of a column.

    Examples
    --------
    >>> choose_number_format(["$7,677.59", "$12.5", "?"]).words
    'number, read without $ and thousands separators (,), with ? as missing'
    >>> choose_number_format(["12 kg", "500 g"]).format is None
    True
    """
    present, missing = _parted(texts)
    sample = [FormattedNumber.of(text) for text in present[:_SAMPLE]]
    if not present or 2 * sum(number is not None for number in sample) < len(sample):
        return ORDINARY
    parts = dict(zip(present, map(FormattedNumber.of, present), strict=True))
    others = [text for text, number in parts.items() if number is None]
    if not may_be_missing(others, len(parts) - len(others)):
        return _not_all_read("numbers", others, len(parts))
    missing += others
    read = [(text, number) for text, number in parts.items() if number is not None]
    numbers = _Numbers([text for text, _ in read], [number for _, number in read])
    refusal = _refusal(numbers)
    if refusal is not None:
        return refusal
    if not told and _are_levels(missing, set(numbers.cores)):
        return ORDINARY
    return _of_numbers(numbers, given, hint, missing, tuple(others))


def _not_all_read(values: str, others: Sequence[str], n_texts: int) -> Choice:
    """Return that a column of numbers or dates holds a few other words, if it does."""
    few = n_texts - len(others) >= max(_MIN_TEXTS, _MIN_SHARE * n_texts)
    return not_read(values, others[0]) if few else ORDINARY


def not_read(values: str, word: str) -> Choice:
    """Return that a column of numbers or dates stays text because of a word."""
    remedy = "correct it, leave it empty, or name it as missing"
    return Choice(words=f"not read as {values} because of {word[:40]!r}; {remedy}")


def _refusal(numbers: _Numbers) -> Choice | None:
    """Return why texts that look like numbers are not read as such; None if they are."""
    symbols = {number.symbol for number in numbers.formatted}
    if None in symbols or any(map(_is_code, numbers.formatted)):
        return ORDINARY
    units = sorted(filter(None, symbols))
    if len(units) > 1:
        few = len(units) <= 5 and len(numbers.texts) >= _MIN_TEXTS
        words = f"not read as numbers, as units differ ({', '.join(units)}); convert them to one"
        return Choice(words=words) if few else ORDINARY
    if units and "" in symbols and not _CURRENCY.fullmatch(units[0]):
        bare = next(
            t
            for t, number in zip(numbers.texts, numbers.formatted, strict=True)
            if not number.symbol
        )
        return Choice(words=f"not read as numbers, as {bare!r} has no unit {units[0]}; add it")
    return None


def _is_code(formatted: FormattedNumber) -> bool:
    return _CODE.fullmatch(formatted.core) is not None and not formatted.symbol


def _of_numbers(
    numbers: _Numbers, given: str, hint: str, missing: list[str], others: tuple[str, ...]
) -> Choice:
    symbol = next(filter(None, (number.symbol for number in numbers.formatted)), "") or ""
    is_money = _CURRENCY.fullmatch(symbol) is not None
    fitting = {POINT: _fitting(numbers.cores, POINT), COMMA: _fitting(numbers.cores, COMMA)}
    decimal = _Decimal(MARKS[given]) if given else _decimal(numbers.cores, fitting, hint, is_money)
    thousands = fitting[decimal.mark]
    if thousands is None:
        return ORDINARY
    chosen = NumberFormat(symbol, thousands, decimal.mark, others)
    try:
        values = list(map(chosen.parse_formatted, numbers.formatted))
    except ValueError:  # an infinity
        return ORDINARY
    marks = sorted({number.mark for number in numbers.formatted} - {""})
    plain = not symbol and not thousands and all(map(_is_plain, numbers.formatted))
    if plain and max(map(abs, values)) > MAX_EXACT and len(set(values)) < len(values):
        return Choice(words="whole numbers above 2^53, which are told apart as codes only")
    if len(set(values)) < (_MIN_MARKED if marks else len(values) / 2):
        return ORDINARY
    words = _words(numbers, chosen, marks, missing)
    words += ", as in other columns" if decimal.from_others else ""
    words += f"; {_doubt(numbers.cores, decimal.mark)}" if decimal.doubtful else ""
    return Choice(chosen, words, decimal.sure, plain and not missing)


def _is_plain(formatted: FormattedNumber) -> bool:
    return _WHOLE.fullmatch(formatted.core) is not None and not (
        formatted.brackets or formatted.mark or formatted.scale
    )


def _fitting(cores: list[str], decimal: str) -> str | None:
    """Return the first separator of thousands with which all fit; None if there is none."""
    for thousands in THOUSANDS:
        if thousands != decimal and all(map(NumberFormat("", thousands, decimal).fits, cores)):
            return thousands
    return None


def _decimal(
    cores: list[str], fitting: Mapping[str, str | None], hint: str, is_money: bool
) -> _Decimal:
    """Return the decimal mark that a column decides, or a hint, or what is usual."""
    point, comma = fitting[POINT], fitting[COMMA]
    if point is None or comma is None:
        return _Decimal(POINT if comma is None else COMMA)
    if point == comma:  # no mark in any of them
        return _Decimal(POINT)
    unmarked = [core for core in cores if POINT not in core and COMMA not in core]
    small, n_marked = bool(unmarked) and max(map(len, unmarked)) <= 3, len(cores) - len(unmarked)
    mark = COMMA if point == COMMA else POINT
    if small and n_marked >= _MIN_THREE_DIGITS:
        return _Decimal(POINT if mark == COMMA else COMMA)
    if hint:
        return _Decimal(hint, from_others=True)
    if mark == COMMA:  # 7,678: thousands, unless a number has four digits without a comma
        return _Decimal(POINT, sure=False, doubtful=not small or n_marked < _MIN_THOUSANDS)
    return _Decimal(POINT, sure=False, doubtful=small or is_money)


def _words(numbers: _Numbers, chosen: NumberFormat, marks: list[str], missing: list[str]) -> str:
    """Return what is taken off, and what is taken for what."""
    separator = {" ": "spaces", "'": "apostrophes"}.get(chosen.thousands, chosen.thousands)
    without = [chosen.symbol] if chosen.symbol else []
    without += [f"thousands separators ({separator})"] if chosen.thousands else []
    without += marks
    parts = [f"without {joined(without)}"] if without else []
    if chosen.decimal == COMMA and any(COMMA in core for core in numbers.cores):
        parts.append("with decimal commas")
    if any(number.brackets for number in numbers.formatted):
        parts.append("with brackets as minus signs")
    scales = sorted({number.scale for number in numbers.formatted} - {""}, key=SCALES.__getitem__)
    parts += [f"with {scale} as {10 ** SCALES[scale]:,}" for scale in scales]
    if missing:
        parts.append(f"with {joined(missing[:3])} as missing")
    return f"number, read {', '.join(parts) if parts else 'from text'}"


def _doubt(cores: list[str], decimal: str) -> str:
    """Return the other reading, and how to choose it."""
    example = next(core for core in cores if POINT in core or COMMA in core)
    other = DECIMAL_COMMA if decimal == POINT else DECIMAL_POINT
    mark = POINT if POINT in example else COMMA
    plain, fraction = example.replace(mark, ""), example.replace(mark, POINT)
    meant = fraction if mark == MARKS[other] else plain
    return f"if {example} is {meant}, give the kind number:{other}"


def _decimal_mark(chosen: Choice, texts: Sequence[str]) -> str:
    """Return the decimal mark that a column shows beyond doubt; empty if none."""
    if not isinstance(chosen.format, NumberFormat) or not chosen.sure:
        return ""
    marked = any(POINT in text or COMMA in text for text in texts)
    return chosen.format.decimal if marked else ""


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
    marks = {_decimal_mark(choice, columns[name]) for name, choice in choices.items()} - {""}
    orders = {
        choice.format.order
        for choice in choices.values()
        if isinstance(choice.format, DateFormat) and "first" in choice.words
    }
    mark, order = (shown.pop() if len(shown) == 1 else "" for shown in (marks, orders))
    return choices | {
        name: _choose(columns[name], given.get(name, Given()), mark, order)
        for name, choice in choices.items()
        if not choice.sure
    }


def _choose(texts: Sequence[str], given: Given, mark: str = "", order: str = "") -> Choice:
    told = bool(given.kind)
    if given.kind in ("", NUMBERS):
        choice = choose_number_format(texts, given=given.reading, hint=mark, told=told)
        if choice != ORDINARY or given.kind:
            return choice
    if given.kind in ("", DATES):
        return _choose_date_format(texts, given=given.reading, hint=order, told=told)
    return ORDINARY
