"""The number or date format of a column of text, and what its texts leave open."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from madaline._base.language import Names, _
from madaline._tables.formats.characters import folded, may_be_missing
from madaline._tables.formats.choice import (
    DECIMAL_COMMA,
    DECIMAL_POINT,
    MARKS,
    MIN_TEXTS,
    ORDINARY,
    SAMPLE,
    Choice,
    are_levels,
    joined,
    not_all_read,
    parted,
)
from madaline._tables.formats.date_format import (
    BUDDHIST,
    DAY_FIRST,
    MINGUO,
    MONTH_FIRST,
    ORDERS,
    POSIX_PIVOT,
    DateFormat,
    WrittenDate,
)
from madaline._tables.formats.number_format import (
    COMMA,
    CURRENCY,
    MAX_EXACT,
    PARTS,
    POINT,
    SCALES,
    THOUSANDS,
    FormattedNumber,
    NumberFormat,
    is_same_symbol,
)

_MIN_MARKED = 10  # numbers needed to take "<5" and "~5" for numbers rather than names of classes

_MIN_THREE_DIGITS = 22
"""Numbers of which all have three digits behind the point: had the last zeros been left out, as
they were from those without a point, this would happen once in ten times (0.9 to the 22nd)."""

_MIN_THOUSANDS = 3  # numbers with a comma that leave no doubt beside smaller ones without

_SCIENTIFIC = re.compile("[0-9],[0-9]+[eE]")
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
    """Return the number format of a column."""
    present, missing = parted(texts)
    sample = [FormattedNumber.of(text) for text in present[:SAMPLE]]
    if not present or 2 * sum(number is not None for number in sample) < len(sample):
        return ORDINARY
    parts = dict(zip(present, map(FormattedNumber.of, present), strict=True))
    others = [text for text, number in parts.items() if number is None]
    if not may_be_missing(others, len(parts) - len(others)):
        return not_all_read("numbers", others, len(parts))
    missing += others
    read = [(text, number) for text, number in parts.items() if number is not None]
    numbers = _Numbers([text for text, _ in read], [number for _, number in read])
    refusal = _refusal(numbers)
    if refusal is not None:
        return refusal
    if not told and are_levels(missing, set(numbers.cores)):
        return ORDINARY
    return _of_numbers(numbers, given, hint, missing, tuple(others))


def _refusal(numbers: _Numbers) -> Choice | None:
    """Return why texts that look like numbers are not read as such; None if they are."""
    symbols = {number.symbol for number in numbers.formatted}
    if None in symbols or any(_CODE.fullmatch(n.core) and not n.symbol for n in numbers.formatted):
        return ORDINARY
    units = sorted(filter(None, symbols), key=lambda symbol: (symbol not in PARTS, symbol))
    if len(units) > 1 and not all(is_same_symbol(unit, units[0]) for unit in units):
        few = len(units) <= 5 and len(numbers.texts) >= MIN_TEXTS
        words = _("not read as numbers, as units differ ({units}); convert them to one").format(
            units=_(", ").join(units)
        )
        return Choice(words=words) if few else ORDINARY
    if units and "" in symbols and not _CURRENCY.fullmatch(units[0]):
        of_unit = [bool(number.symbol) for number in numbers.formatted]
        if 2 * sum(of_unit) < len(of_unit):  # no unit, such as "more" in "5more"
            rare = [text for text, has in zip(numbers.texts, of_unit, strict=True) if has]
            choice = not_all_read("numbers", rare, len(of_unit))
            if choice != ORDINARY or len(of_unit) < MIN_TEXTS:
                return choice
        bare = numbers.texts[of_unit.index(False)]
        return Choice(
            words=_("not read as numbers, as {bare!r} has no unit {units}; add it").format(
                bare=bare, units=units[0]
            )
        )
    return None


def _of_numbers(
    numbers: _Numbers, given: str, hint: str, missing: list[str], others: tuple[str, ...]
) -> Choice:
    symbols = Counter(number.symbol for number in numbers.formatted if number.symbol)
    symbol = max(symbols, key=lambda one: (one in PARTS, symbols[one]), default="")
    is_money = _CURRENCY.fullmatch(symbol) is not None
    fitting = {POINT: _fitting(numbers.cores, POINT), COMMA: _fitting(numbers.cores, COMMA)}
    decimal = _Decimal(MARKS[given]) if given else _decimal(numbers.cores, fitting, hint, is_money)
    thousands = fitting[decimal.mark]
    if thousands is None:
        return ORDINARY
    before, after, scale = _around(numbers) if symbol and symbol not in PARTS else ("", "", "")
    power = SCALES.get(scale, 0)
    chosen = NumberFormat(symbol, thousands, decimal.mark, others, before, after, power)
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
    how = _how(numbers, chosen, marks, missing)
    if decimal.from_others:
        how = _("{how}, as in other columns").format(how=how)
    if decimal.doubtful:
        how = _("{how}; {doubt}").format(how=how, doubt=_doubt(numbers.cores, decimal.mark))
    words = _("number, {how}").format(how=how)
    return Choice(chosen, words, decimal.sure, plain and not missing, how)


def _around(numbers: _Numbers) -> tuple[str, str, str]:
    """Return what stands before and behind most numbers, and the power of ten in it."""
    around = Counter[tuple[str, str, str]]()
    for text, number in zip(numbers.texts, numbers.formatted, strict=True):
        before, _core, after = text.strip().partition(number.core)
        end = f"{number.scale}{number.after}"
        if folded(before) == number.before and folded(after).replace(" ", "") == end:
            around[before, after, number.scale] += 1
    return around.most_common(1)[0][0] if around else ("", "", "")


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
    if any(map(_SCIENTIFIC.match, cores)):  # 7,900E+03
        return _Decimal(COMMA)
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


def _how(numbers: _Numbers, chosen: NumberFormat, marks: list[str], missing: list[str]) -> str:
    """Return what is taken off, and what is taken for what."""
    separator = {" ": "spaces", "'": "apostrophes"}.get(chosen.thousands, chosen.thousands)
    without = [chosen.symbol] if chosen.symbol and chosen.symbol not in PARTS else []
    without += (
        [_("thousands separators ({separator})").format(separator=separator)]
        if chosen.thousands
        else []
    )
    without += marks
    parts = [_("without {marks}").format(marks=joined(without))] if without else []
    parts += [_("in {unit}").format(unit=_(PARTS[chosen.symbol]))] if chosen.symbol in PARTS else []
    if chosen.decimal == COMMA and any(COMMA in core for core in numbers.cores):
        parts.append("with decimal commas")
    if any(number.brackets for number in numbers.formatted):
        parts.append("with brackets as minus signs")
    scales = sorted({number.scale for number in numbers.formatted} - {""}, key=SCALES.__getitem__)
    parts += [
        _("with {scale} as {number:,}").format(scale=scale, number=10 ** SCALES[scale])
        for scale in scales
    ]
    if missing:
        parts.append(_("with {words} as missing").format(words=joined(missing[:3])))
    return _("read {parts}").format(parts=Names(parts)) if parts else _("read from text")


def _doubt(cores: list[str], decimal: str) -> str:
    """Return the other reading, and how to choose it."""
    example = next(core for core in cores if POINT in core or COMMA in core)
    other = DECIMAL_COMMA if decimal == POINT else DECIMAL_POINT
    mark = POINT if POINT in example else COMMA
    plain, fraction = example.replace(mark, ""), example.replace(mark, POINT)
    meant = fraction if mark == MARKS[other] else plain
    return _("if {example} is {meant}, give the kind number:{other}").format(
        example=example, meant=meant, other=other
    )


def choose_date_format(
    texts: Sequence[str],  # the distinct texts of the column
    *,
    given: str = "",  # {"", "day-first", "month-first"}
    hint: str = "",  # {"", "day-first", "month-first"}: the order in other columns
    told: bool = False,  # whether the column is known to hold dates
) -> Choice:
    """Return the date format of a column.

    >>> choose_date_format(["31/01/2026", "03/04/2026"]).words
    'datetime, read with the day first'
    >>> choose_date_format(["03/04/2026", "05/06/2026"]).format is None
    True
    """
    present, missing = parted(texts)
    sample = [WrittenDate.of(text) for text in present[:SAMPLE]]
    if not present or 2 * sum(date is not None for date in sample) < len(sample):
        return ORDINARY
    parts = dict(zip(present, map(WrittenDate.of, present), strict=True))
    years = [date.year for date in parts.values() if date is not None]
    pivot, offset = _pivot([date for date in parts.values() if date]), _offset(years)
    possible, others = _orders_of(parts, offset)
    if not _may_hold_dates(parts, others, offset):
        return not_all_read("dates", others, len(parts))
    present = [text for text in parts if text not in others]
    dates = [date for text, date in parts.items() if date is not None and text not in others]
    missing += others
    if not told and are_levels(missing, dates):
        return ORDINARY
    as_missing = _(", with {words} as missing").format(words=joined(missing[:3]))
    if given and given not in possible:
        return ORDINARY
    how = _words_of_years(dates, pivot, offset) + (as_missing if missing else "")
    numeric = {t: d for t, d in zip(present, dates, strict=True) if d.has_order}
    order, choice = _chosen_order(numeric, possible, given, hint) if numeric else ("", None)
    if choice is not None:
        return choice
    format_ = DateFormat(order, tuple(others), pivot, offset)
    sure = not numeric or bool(given) or len(possible) == 1 or bool(_order([*numeric.values()]))
    read_how = _("read from text{how}").format(how=how)
    if numeric:
        read_how = _how_ordered(order, how, sure=sure)
    return Choice(format_, _("datetime, {how}").format(how=read_how), sure, how=read_how)


def _how_ordered(order: str, how: str, *, sure: bool) -> str:
    told = (
        "read with the day first{how}" if order == DAY_FIRST else "read with the month first{how}"
    )
    if not sure:
        told = (
            "read with the day first, as in another column{how}"
            if order == DAY_FIRST
            else "read with the month first, as in another column{how}"
        )
    return _(told).format(how=how)


def _may_hold_dates(
    parts: Mapping[str, WrittenDate | None], others: Sequence[str], offset: int
) -> bool:
    """Return whether the texts that are no dates may stand for missing values."""
    no_days = [text for text in others if parts[text] is not None]
    words = [text if text not in no_days else "no day" for text in others]
    are_missing = may_be_missing(words, len(parts) - len(others))
    return are_missing and not _mixed_orders(parts, no_days, offset)


def _chosen_order(
    numeric: Mapping[str, WrittenDate], possible: Sequence[str], given: str, hint: str
) -> tuple[str, Choice | None]:
    """Return whether the day or the month comes first; where that is not clear, how to tell."""
    may_have = _("dates such as {numeric} may have the day or the").format(
        numeric=next(iter(numeric))
    )
    dates = [*numeric.values()]
    if not given and _may_be_years(dates):
        remedy = _("give the kind datetime:{DAY_FIRST}, or write years with four digits").format(
            DAY_FIRST=DAY_FIRST
        )
        return "", Choice(
            words=_("{may_have} year first: {remedy}").format(may_have=may_have, remedy=remedy),
            sure=False,
        )
    order = given or (possible[0] if len(possible) == 1 else _order(dates)) or hint
    if order:
        return order, None
    remedy = _("give the kind datetime:{DAY_FIRST} or datetime:{MONTH_FIRST}").format(
        DAY_FIRST=DAY_FIRST, MONTH_FIRST=MONTH_FIRST
    )
    return "", Choice(
        words=_("{may_have} month first: {remedy}").format(may_have=may_have, remedy=remedy),
        sure=False,
    )


_OTHER_CALENDARS = 1300, 1500
"""Years of the calendars of Iran and of Islam, which in that of Gregory are long ago."""


def _may_be_years(dates: Sequence[WrittenDate]) -> bool:
    """Return whether the first fields may be years of two digits, which vary less than days."""
    if not all(
        date.is_short and date.fields[1] <= 12 and 1 <= date.fields[2] <= 31 for date in dates
    ):
        return False
    firsts, middles, lasts = ({date.fields[place] for date in dates} for place in range(3))
    return 2 * len(firsts) < len(lasts) and {1} not in (firsts, middles)  # of months' first days


def _words_of_years(dates: Sequence[WrittenDate], pivot: int, offset: int) -> str:
    """Return how years are counted, if it is not as usual."""
    if offset:
        written = dates[0].year
        return _(", with {first} as {second}").format(first=written, second=written + offset)
    shown = [date.year for date in dates if date.is_short]
    whole = [date.year for date in dates if not date.is_short]
    if (
        whole
        and not shown
        and _OTHER_CALENDARS[0] <= min(whole) <= max(whole) < _OTHER_CALENDARS[1]
    ):
        span = _("years from {first} to {last}").format(first=min(whole), last=max(whole))
        return _(
            ", with {span}: if they are of another calendar (Jalali, Hijri), convert them"
        ).format(span=span)
    first, last = (pivot + (year - pivot) % 100 for year in (pivot, pivot + 99))
    differs = any(pivot + (y - pivot) % 100 != POSIX_PIVOT + (y - POSIX_PIVOT) % 100 for y in shown)
    return (
        _(", with years from {first} to {last}").format(first=first, last=last) if differs else ""
    )


def _orders_of(dates: Mapping[str, WrittenDate | None], offset: int) -> tuple[list[str], list[str]]:
    """Return the orders that leave the fewest texts, and these: words, and days of no calendar."""
    others = {
        order: [
            text for text, date in dates.items() if date is None or not _fits(date, order, offset)
        ]
        for order in ORDERS
    }
    fewest = min(others.values(), key=len)
    return [order for order in ORDERS if len(others[order]) == len(fewest)], fewest


def _mixed_orders(
    dates: Mapping[str, WrittenDate | None], no_days: Sequence[str], offset: int
) -> bool:
    """Return whether days of no calendar are some in the other order."""
    found = [date for text in no_days if (date := dates[text]) is not None]
    return any(_fits(date, order, offset) for date in found for order in ORDERS)


def _fits(date: WrittenDate, order: str, offset: int) -> bool:
    try:
        date.moment(order, offset=offset)
    except (ValueError, OverflowError):
        return False
    return True


_LAST_YEAR = 2049  # the last year that two digits mean where the column does not tell the century


def _pivot(dates: Sequence[WrittenDate]) -> int:
    """Return the first year that two digits mean: what they tell lies close together."""
    years = sorted({date.year for date in dates if date.is_short})
    if not any(_LAST_YEAR % 100 < year < POSIX_PIVOT % 100 for year in years):
        return POSIX_PIVOT
    following = [*years[1:], years[0] + 100]
    gap, last = max(zip((b - a for a, b in zip(years, following, strict=True)), years, strict=True))
    last += 2000 if last <= _LAST_YEAR % 100 else 1900
    return last - 99 + gap // 2


def _offset(years: Collection[int]) -> int:
    """Return what is added to years that are those of Thailand or of Taiwan."""
    if years and 2400 < min(years) <= max(years) < 2700:
        return BUDDHIST
    return MINGUO if years and 99 < min(years) <= max(years) < 200 else 0


def _order(dates: Sequence[WrittenDate]) -> str:
    """Return the order where both are possible: that of points, or of months that begin."""
    if all(date.separator == "." for date in dates):
        return DAY_FIRST
    first, second = ({date.fields[place] for date in dates} for place in (0, 1))
    if first == {1} and len(second) > 1:
        return DAY_FIRST
    return MONTH_FIRST if second == {1} and len(first) > 1 else ""
