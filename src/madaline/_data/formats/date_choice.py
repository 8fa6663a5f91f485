"""The date format of a column, decided by all of its distinct texts."""

from __future__ import annotations

from collections.abc import Sequence

from madaline._data.formats.characters import NOT_GIVEN
from madaline._data.formats.choice import FEWEST, MOSTLY, ORDINARY, SAMPLE, Choice
from madaline._data.formats.date_format import (
    DAY_FIRST,
    MONTH_FIRST,
    ORDERS,
    DateFormat,
    WrittenDate,
)


def choose_date_format(texts: Sequence[str], *, given: str = "", hint: str = "") -> Choice:
    """Return the date format of a column.

    Parameters
    ----------
    texts : sequence of str
        The distinct texts of the column.
    given : {"", "day-first", "month-first"}
        What the user knows.
    hint : {"", "day-first", "month-first"}
        The order in other columns.

    Examples
    --------
    >>> choose_date_format(["31/01/2026", "03/04/2026"]).words
    'datetime, read with the day first'
    >>> choose_date_format(["03/04/2026", "05/06/2026"]).format is None
    True
    """
    present = [text for text in texts if text.strip() not in NOT_GIVEN]
    sample = [WrittenDate.of(text) for text in present[:SAMPLE]]
    if not present or 2 * sum(one is not None for one in sample) < len(sample):
        return ORDINARY
    parts = [WrittenDate.of(text) for text in present]
    dates = [date for date in parts if date is not None]
    possible = [order for order in ORDERS if _fits(dates, order)]
    if len(dates) < len(present) or not possible:
        return _with_other_text(present, parts)
    if given and given not in possible:
        return ORDINARY
    numeric = [date for date in dates if not date.year_first]
    if not numeric:
        return Choice(DateFormat(""), "datetime, read from text")
    order = given or (possible[0] if len(possible) == 1 else _order(numeric))
    sure = bool(order)
    order = order or hint
    if not order:
        example = next(t for t, d in zip(present, dates, strict=True) if not d.year_first)
        words = (
            f"dates such as {example} may have the day or the month first: give the kind"
            f" datetime:{DAY_FIRST} or datetime:{MONTH_FIRST}"
        )
        return Choice(words=words, sure=False)
    other = "" if sure else ", as in another column"
    return Choice(DateFormat(order), f"datetime, read with the {order[:-6]} first{other}", sure)


def _with_other_text(texts: Sequence[str], dates: Sequence[WrittenDate | None]) -> Choice:
    """Return that a column of dates holds a few words, or days of no calendar, if it does."""
    wrong: dict[str, list[str]] = {}
    for order in ORDERS:
        pairs = zip(texts, dates, strict=True)
        wrong[order] = [text for text, date in pairs if date is None or not _fits([date], order)]
    fewest = min(wrong.values(), key=len)
    if len(texts) - len(fewest) < max(FEWEST, MOSTLY * len(texts)):
        return ORDINARY
    words = f"not read as dates because of {fewest[0][:40]!r}; correct it, or leave it empty"
    return Choice(words=words)


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
