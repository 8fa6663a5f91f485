"""The date format of a column: the order of day and month, and how its years are counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from madaline._data.formats.characters import may_be_missing
from madaline._data.formats.choice import (
    ORDINARY,
    SAMPLE,
    Choice,
    are_levels,
    joined,
    not_all_read,
    parted,
)
from madaline._data.formats.date_format import (
    BUDDHIST,
    DAY_FIRST,
    MINGUO,
    MONTH_FIRST,
    ORDERS,
    POSIX_PIVOT,
    DateFormat,
    WrittenDate,
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
    no_days = [text for text in others if parts[text] is not None]
    words = [text if text not in no_days else "no day" for text in others]
    if not may_be_missing(words, len(parts) - len(others)) or _mixed_orders(parts, no_days, offset):
        return not_all_read("dates", others, len(parts))
    present = [text for text in parts if text not in others]
    dates = [date for text, date in parts.items() if date is not None and text not in others]
    missing += others
    if not told and are_levels(missing, dates):
        return ORDINARY
    as_missing = f", with {joined(missing[:3])} as missing" if missing else ""
    if given and given not in possible:
        return ORDINARY
    how = _words_of_years(dates, pivot, offset) + as_missing
    numeric = [date for date in dates if date.has_order]
    if not numeric:
        return Choice(
            DateFormat("", tuple(others), pivot, offset), f"datetime, read from text{how}"
        )
    example = next(t for t, d in zip(present, dates, strict=True) if d.has_order)
    may_have = f"dates such as {example} may have the day or the"
    if not given and _may_be_years(numeric):
        remedy = f"give the kind datetime:{DAY_FIRST}, or write years with four digits"
        return Choice(words=f"{may_have} year first: {remedy}", sure=False)
    order = given or (possible[0] if len(possible) == 1 else _order(numeric))
    sure = bool(order)
    order = order or hint
    if not order:
        remedy = f"give the kind datetime:{DAY_FIRST} or datetime:{MONTH_FIRST}"
        return Choice(words=f"{may_have} month first: {remedy}", sure=False)
    other = "" if sure else ", as in another column"
    words_of_order = f"datetime, read with the {order[:-6]} first{other}{how}"
    return Choice(DateFormat(order, tuple(others), pivot, offset), words_of_order, sure)


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
        return f", with {written} as {written + offset}"
    shown = [date.year for date in dates if date.is_short]
    whole = [date.year for date in dates if not date.is_short]
    if (
        whole
        and not shown
        and _OTHER_CALENDARS[0] <= min(whole) <= max(whole) < _OTHER_CALENDARS[1]
    ):
        span = f"years from {min(whole)} to {max(whole)}"
        return f", with {span}: if they are of another calendar (Jalali, Hijri), convert them"
    first, last = (pivot + (year - pivot) % 100 for year in (pivot, pivot + 99))
    differs = any(pivot + (y - pivot) % 100 != POSIX_PIVOT + (y - POSIX_PIVOT) % 100 for y in shown)
    return f", with years from {first} to {last}" if differs else ""


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
