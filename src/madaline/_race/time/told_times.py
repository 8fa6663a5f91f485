"""Columns that tell when rows were recorded: dates, parts of dates, years, numbers like times."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from madaline._race.time.stretches import MAX_UNDATED, ROW_ORDER, RowTimes
from madaline._tables.column import is_missing
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DATETIME, ColumnSchema
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

TIME_NAME = re.compile(
    r"date|time|year|month|week|day|hour|minute|quarter|period|epoch|julian|stamp|^(t|ts|dt)$",
    re.IGNORECASE,
)
"""Names of columns whose numbers may be times."""

_BIRTH_NAME = re.compile(r"birth|born|dob", re.IGNORECASE)
_MIN_TIMES = 4  # distinct times, at least
_SORTED = 0.98  # rank correlation of a column with the rows that are sorted by it, at least
_MONOTONE = 0.99  # share of steps in one direction, from which numbers count as sorted
_MAX_DROPS = 0.5  # falling steps for each rising one, at most, in series one below the other
_COMPARED_ROWS = 2000  # of a larger table, evenly spread

# Names of columns that hold a part of a date, from years to minutes
_PARTS: Mapping[str, tuple[str, ...]] = {
    "year": ("year", "yr"),
    "quarter": ("quarter", "qtr"),
    "month": ("month", "mo", "mon"),
    "day": ("day", "mday"),
    "hour": ("hour", "hr"),
    "minute": ("minute",),
}
_UNITS = {"year": "Y", "quarter": "M", "month": "M", "day": "D", "hour": "h", "minute": "m"}
_MAX_VALUES = {"quarter": 4, "month": 12, "day": 31, "hour": 24, "minute": 60}

_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_MONTH_TEXTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?P<year>\d{4})[-/. ]?Q(?P<quarter>[1-4])",  # 2026Q4
        r"Q(?P<quarter>[1-4])[-/. ]?(?P<year>\d{4})",
        r"(?P<year>\d{4})[-/. ]?M?(?P<month>0?[1-9]|1[0-2])",  # 2026-11, 2026M11
        r"(?P<month>0?[1-9]|1[0-2])[-/.](?P<year>\d{4})",
        rf"(?P<name>{'|'.join(_MONTHS)})[a-z]*[-/., ]+(?P<year>\d{{4}})",  # November 2026
        rf"(?P<year>\d{{4}})[-/. ]+(?P<name>{'|'.join(_MONTHS)})[a-z]*",
    )
)


@final
@dataclass(frozen=True, eq=False)
class RowOrder:
    """An order that rows may have in time."""

    times: RowTimes
    is_told: bool  # by a column of dates or the like
    is_sorted: bool  # whether the rows of the table are in this order, or in its reverse
    columns: tuple[str, ...] = ()  # that tell it

    @classmethod
    def told(cls, columns: tuple[str, ...], values: Array, *, of_dates: bool = False) -> Self:
        """Return the order by the values of some columns."""
        times = RowTimes(", ".join(columns), values, of_dates)
        return cls(times, True, is_sorted(times.present), columns)


def told_orders(table: Table, schema: Schema) -> list[RowOrder]:
    """Return the orders that columns tell; the table is as its schema reads it."""
    return [
        *_of_dates(table, schema),
        *_of_texts(table, schema),
        *_of_numbers(table, schema),
        *_of_parts(table, schema),
    ]


def read_moments(name: str, table: Table) -> Array | None:
    """Return the moments, in seconds since 1970, that a column told in a fit, or several columns.

    The table is as the schema of the fit reads it. Missing moments are NaN; None where the columns
    are not there, or do not tell any.
    """
    if name not in table:
        return read_parts(name, table)
    values = table[name]
    present = ~is_missing(values)
    told: Array | None = None
    if values.dtype.kind == "f" and present.any():
        told = _read_dates(values[present])
    elif values.dtype.kind == "O":
        months = [_month(value) for value in values[present].tolist()]
        told = None if None in months else np.array(months, np.float64)
    if told is not None:
        return _with_missing(told, present)
    try:
        return np.asarray(KINDS[DATETIME].numbers(name, values), np.float64)
    except InputError:
        return None


def read_parts(name: str, table: Table) -> Array | None:
    """Return the moments, in seconds since 1970, that columns such as "year, month" tell.

    None where they do not, or are not there.
    """
    parts: dict[str, Array] = {}
    for column in name.split(", "):
        part = _part(column)
        if part is None or column not in table or not _is_part(part, table[column]):
            return None
        parts[part] = table[column]
    return _moments(parts)


def times_of_rows(
    times: RowTimes,  # of a sample
    numbers: Array,  # (n_samples,): which rows of the table the sample has, ascending
    table: Table,  # other rows, as the schema of the fit reads them
    others: Array,  # which rows of the table these are
) -> Array:
    """Return the times of other rows of a table, as those of its sample are counted.

    NaN where they are not told: from such rows, networks of no stretch learn.
    """
    name = times.name
    if name == ROW_ORDER:
        return np.interp(others, numbers, times.values)
    told = read_moments(name, table) if times.of_dates else table.columns.get(name)
    if told is None or told.dtype.kind != "f":
        return np.full(len(others), np.nan)
    return told


def is_sorted(values: Array) -> bool:
    """Return whether the rows are sorted by these values, but for a few."""
    rows = np.linspace(0, len(values) - 1, min(len(values), _COMPARED_ROWS)).astype(np.intp)
    ranks = np.unique(values[rows], return_inverse=True)[1]
    if ranks[0] == ranks[-1]:
        return False
    return bool(abs(np.corrcoef(ranks, np.arange(len(rows)))[0, 1]) >= _SORTED)


def is_monotone(values: Array) -> bool:
    """Return whether all steps go in one direction; a few need not where ranks rise alike."""
    before, after = values[:-1], values[1:]
    share = max(np.mean(after >= before), np.mean(after <= before))
    return bool(share == 1) or (bool(share >= _MONOTONE) and is_sorted(values))


def numbers_of(table: Table, schema: Schema) -> Iterator[tuple[ColumnSchema, Array]]:
    """Yield the columns of numbers without missing ones, those that are left out, too."""
    for column, values in _columns_of_numbers(table, schema):
        if not column.n_missing:
            yield column, values


def _columns_of_numbers(table: Table, schema: Schema) -> Iterator[tuple[ColumnSchema, Array]]:
    for column in schema.columns:
        values = table[column.name]
        if values.ndim == 1 and values.dtype.kind == "f":
            yield column, values


def _of_dates(table: Table, schema: Schema) -> Iterator[RowOrder]:
    """Yield the orders by columns of dates; those of births are no times of a row."""
    for column in schema.columns:
        values = table[column.name]
        if values.dtype.kind != "M" or not _is_dated(column, table):
            continue
        if not _BIRTH_NAME.search(column.name):
            seconds = KINDS[DATETIME].numbers(column.name, values)
            yield RowOrder.told((column.name,), seconds, of_dates=True)


def _of_texts(table: Table, schema: Schema) -> Iterator[RowOrder]:
    """Yield the orders by texts of months and quarters, such as 2026-11 or 2026Q4."""
    for column in schema.columns:
        values = table[column.name]
        if values.ndim > 1 or values.dtype.kind != "O" or not _is_dated(column, table):
            continue
        first = next(value for value in values if value is not None)
        if not isinstance(first, str):
            continue
        if any(pattern.fullmatch(first.strip()) for pattern in _MONTH_TEXTS):
            levels = table.distinct(column.name)
            moments = [
                float("nan") if level is None else _month(level) for level in levels.values.tolist()
            ]
            if None not in moments:
                seconds = np.array(moments, np.float64)[levels.codes]
                yield RowOrder.told((column.name,), seconds, of_dates=True)


def _is_dated(column: ColumnSchema, table: Table) -> bool:
    """Return whether a column has enough values to tell the times of rows."""
    complete = column.n_missing <= MAX_UNDATED * table.n_samples
    return complete and column.n_distinct >= _MIN_TIMES


def _of_numbers(table: Table, schema: Schema) -> Iterator[RowOrder]:
    """Yield the orders by numbers that are years, dates such as 20261129, or named like times.

    Numbers other than dates count only where the rows are sorted by them, years also where series
    stand one below the other.
    """
    for column, values in _columns_of_numbers(table, schema):
        if not _is_dated(column, table):
            continue
        present = ~np.isnan(values)
        numbers = values[present]
        whole = bool((numbers == np.floor(numbers)).all())
        dates = _read_dates(numbers) if whole else None
        if dates is not None:
            moments = _with_missing(dates, present)
            yield RowOrder.told((column.name,), moments, of_dates=True)
        elif whole and numbers.min() >= 1700 and numbers.max() <= 2100:
            in_series = column.name.lower() == "year" and _in_series(numbers)
            if in_series or is_sorted(numbers):
                yield RowOrder.told((column.name,), values)
        elif TIME_NAME.search(column.name) and is_monotone(numbers):
            yield RowOrder.told((column.name,), values)


def _with_missing(values: Array, present: Array) -> Array:
    """Return a value for each row, NaN for those without one."""
    spread = np.full(len(present), np.nan)
    spread[present] = values
    return spread


def _of_parts(table: Table, schema: Schema) -> Iterator[RowOrder]:
    """Yield the order by columns of years, months, days and so on, if they make a date.

    Rows must be sorted by it, unless months and days are among them.
    """
    columns: dict[str, tuple[str, Array]] = {}
    for column, values in numbers_of(table, schema):
        part = _part(column.name)
        if part and part not in columns and _is_part(part, values):
            columns[part] = column.name, values
    if "month" in columns:
        columns.pop("quarter", None)
    parts = [part for part in _PARTS if part in columns]
    if len(parts) < 2 or parts[0] not in ("year", "month"):
        return
    seconds = _moments({part: columns[part][1] for part in parts})
    order = RowOrder.told(tuple(columns[part][0] for part in parts), seconds, of_dates=True)
    if len(np.unique(seconds)) >= _MIN_TIMES and (
        order.is_sorted or {"month", "day"} <= columns.keys()
    ):
        yield order


def _moments(parts: Mapping[str, Array]) -> Array:
    """Return the seconds since 1970 that parts of dates tell; without years, those of 2000."""
    n_rows = len(next(iter(parts.values())))
    years = parts.get("year", np.full(n_rows, 2000.0)).astype(np.int64)
    moments = (years - 1970).astype("M8[Y]")
    for part in _PARTS:
        if part in parts and part != "year":
            step = parts[part].astype(np.int64) - (_UNITS[part] in "MD")
            moments = moments.astype(f"M8[{_UNITS[part]}]") + step * (3 if part == "quarter" else 1)
    return moments.astype("M8[s]").astype(np.float64)


def _part(name: str) -> str | None:
    """Return which part of a date a column is, by a word of its name."""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
    return next((part for part, names in _PARTS.items() if words & set(names)), None)


def _is_part(part: str, values: Array) -> bool:
    """Return whether numbers can be that part of a date."""
    if values.dtype.kind != "f" or not (values == np.floor(values)).all():
        return False
    if part == "year":
        return bool(np.abs(values).max() <= 9999)
    low = 0 if part in ("hour", "minute") else 1
    return bool(values.min() >= low and values.max() <= _MAX_VALUES[part])


def _month(text: object) -> float | None:
    """Return when a month or a quarter begins, in seconds since 1970; None if it is neither."""
    matches = (pattern.fullmatch(str(text).strip()) for pattern in _MONTH_TEXTS)
    found = next((match.groupdict() for match in matches if match), None)
    if found is None:
        return None
    month = int(found.get("month") or 3 * int(found.get("quarter") or 1) - 2)
    if found.get("name"):
        month = 1 + _MONTHS.index(found["name"].lower())
    parts = {"year": np.array([float(found["year"])]), "month": np.array([float(month)])}
    return float(_moments(parts)[0])


def _read_dates(numbers: Array) -> Array | None:
    """Return the seconds since 1970 of numbers such as 20261129 or 202611; None if they are none.

    Whole numbers are given.
    """
    low = numbers.min()
    high = numbers.max()
    if low >= 170_000 and high < 220_000:
        numbers = 100 * numbers + 1
    elif not (low >= 17_000_000 and high < 22_000_000):
        return None
    parts = {"year": numbers // 10_000, "month": numbers // 100 % 100, "day": numbers % 100}
    dates = all(_is_part(part, values) for part, values in parts.items())
    return _moments(parts) if dates else None


def _in_series(values: Array) -> bool:
    """Return whether numbers rise again and again, as those of series one below the other."""
    steps = np.diff(values)
    fewer, more = sorted((np.count_nonzero(steps < 0), np.count_nonzero(steps > 0)))
    return bool(fewer <= _MAX_DROPS * more)
