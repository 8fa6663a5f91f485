"""Orders that the rows of a table may have in time: dates, years, or the order of the rows itself.

Where no column tells the time, rows may as well be sorted by something else, such as their groups.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from madaline._data.kinds.kind import ColumnSchema
from madaline._data.schema import Schema
from madaline._data.splits.stretches import ROW_ORDER, RowTimes
from madaline._data.table import Table
from madaline.nn.arrays import Array

_MIN_TIMES = 4  # distinct times, at least
_MAX_ORDERS = 3  # columns of dates that are looked at
_SORTED = 0.98  # rank correlation of a column with the rows that are sorted by it, at least
_MONOTONE = 0.99  # share of steps in one direction, from which numbers count as sorted
_REGULAR = 0.75  # spread of steps by their mean: those of sorted random numbers have one or more
_MAX_RUNS = 1.2  # runs of equal values for each value, at most, where rows are in blocks of them
_HALVES = 0.25  # from one half: the share of the first of two values, at most, if in blocks
_MAX_CLASS_RUNS = 2  # runs of rows of one class for each class, at most, where they are in blocks
_MAX_DROPS = 0.5  # falling steps for each rising one, at most, in series one below the other
_COMPARED_ROWS = 2000

_TIME_NAME = re.compile(
    r"date|time|year|month|week|day|hour|minute|quarter|period|epoch|julian|stamp|^(t|ts|dt)$",
    re.IGNORECASE,
)
_BIRTH_NAME = re.compile(r"birth|born|dob", re.IGNORECASE)

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


@final
@dataclass(frozen=True, eq=False)
class RowOrder:
    """An order that rows may have in time."""

    times: RowTimes
    is_told: bool  # by a column of dates or the like
    is_sorted: bool  # whether the rows of the table are in this order, or in its reverse
    columns: tuple[str, ...] = ()  # that tell it
    of_years: bool = False  # whether the numbers are years

    @classmethod
    def by(
        cls,
        columns: tuple[str, ...],
        values: Array,
        *,
        of_dates: bool = False,
        of_years: bool = False,
    ) -> Self:
        """Return the order by the values of some columns."""
        times = RowTimes(", ".join(columns), values, of_dates)
        return cls(times, True, _is_sorted(values), columns, of_years)


def row_orders(
    table: Table,  # as its schema reads it
    schema: Schema,
    target: Array,  # (n_samples, n_outputs), numbers or one-hot classes
    groups: Array | None = None,  # (n_samples,)
) -> list[RowOrder]:
    """Return the orders that rows may have in time, those told by a column first.

    If the rows are sorted by dates, it is that order alone. The order of the rows is not among them
    if they are sorted by something else, or are in blocks of one class, group or value.

    Examples
    --------
    >>> table = Table.from_columns({"year": [2019.0, 2020, 2021, 2022, 2023], "x": [3, 1, 4, 1, 5]})
    >>> target = np.array([[0.2], [0.1], [0.4], [0.3], [0.9]])
    >>> [order.times.name for order in row_orders(table, Schema.infer(table), target)]
    ['year']
    """
    told = [*_of_dates(table, schema), *_of_numbers(table, schema), *_of_parts(table, schema)]
    in_order = [order for order in told if order.is_sorted]
    if in_order:  # dates before numbers, and minutes before years
        return [max(in_order, key=lambda order: _n_distinct(order.times.values))]
    if _in_blocks(table, schema, target, groups):
        return told[:_MAX_ORDERS]
    rows = np.arange(float(table.n_samples))
    return [*told[:_MAX_ORDERS], RowOrder(RowTimes(ROW_ORDER, rows), False, True)]


def _of_dates(table: Table, schema: Schema) -> Iterator[RowOrder]:
    """Yield the orders by columns of dates; those of births are no times of a row."""
    for column in schema.columns:
        values = table[column.name]
        if (
            values.dtype.kind == "M"
            and not column.n_missing
            and column.n_distinct >= _MIN_TIMES
            and not _BIRTH_NAME.search(column.name)
        ):
            seconds = values.astype("M8[us]").astype(np.float64) / 1e6
            yield RowOrder.by((column.name,), seconds, of_dates=True)


def _of_numbers(table: Table, schema: Schema) -> Iterator[RowOrder]:
    """Yield the orders by numbers that are years, dates written as 20261129, or named like times.

    Numbers other than dates count only where the rows are sorted by them, years also where series
    stand one below the other.
    """
    for column, values in _numbers(table, schema):
        if column.n_distinct < _MIN_TIMES:
            continue
        whole = bool((values == np.floor(values)).all())
        low, high = values.min(), values.max()
        if whole and low > 1.5e7 and high < 2.2e7:
            dates = _read_dates(values)
            if dates is not None:
                yield RowOrder.by((column.name,), dates, of_dates=True)
        elif whole and low >= 1700 and high <= 2100:
            order = RowOrder.by((column.name,), values, of_years=True)
            named = column.name.lower() == "year"
            if order.is_sorted or (named and _in_series(values)):
                yield order
        elif _TIME_NAME.search(column.name) and _is_sorted(values) and _is_monotone(values):
            yield RowOrder.by((column.name,), values)


def _of_parts(table: Table, schema: Schema) -> Iterator[RowOrder]:
    """Yield the order by columns of years, months, days and so on, if they make a date.

    Rows must be sorted by it, unless months and days are among them.
    """
    parts: dict[str, tuple[str, Array]] = {}
    for column, values in _numbers(table, schema):
        part = _part(column.name)
        if part and part not in parts and _is_part(part, values):
            parts[part] = column.name, values
    if "month" in parts:
        parts.pop("quarter", None)
    names = [part for part in _PARTS if part in parts]
    if len(names) < 2 or names[0] not in ("year", "month"):
        return
    moments = (parts["year"][1] if "year" in parts else np.full(table.n_samples, 2000)) - 1970
    moments = moments.astype("M8[Y]")
    for part in names[names[0] == "year" :]:
        step = parts[part][1].astype(np.int64) - (_UNITS[part] in "MD")
        step = step * 3 if part == "quarter" else step
        moments = moments.astype(f"M8[{_UNITS[part]}]") + step
    seconds = moments.astype("M8[s]").astype(np.float64)
    order = RowOrder.by(tuple(parts[part][0] for part in names), seconds, of_dates=True)
    if _n_distinct(seconds) >= _MIN_TIMES and (order.is_sorted or {"month", "day"} <= set(names)):
        yield order


def _numbers(table: Table, schema: Schema) -> Iterator[tuple[ColumnSchema, Array]]:
    """Yield the columns of numbers without missing ones, those that are left out, too."""
    for column in schema.columns:
        values = table[column.name]
        if values.ndim == 1 and values.dtype.kind == "f" and not column.n_missing:
            yield column, values


def _part(name: str) -> str | None:
    """Return which part of a date a column is, by a word of its name."""
    words = set(re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower()))
    return next((part for part, names in _PARTS.items() if words & set(names)), None)


def _is_part(part: str, values: Array) -> bool:
    """Return whether numbers can be that part of a date."""
    if not (values == np.floor(values)).all() or np.abs(values).max() > 9999:
        return False
    low = 0 if part in ("hour", "minute") else 1
    return part == "year" or bool(values.min() >= low and values.max() <= _MAX_VALUES[part])


def _read_dates(numbers: Array) -> Array | None:
    """Return the seconds since 1970 of numbers such as 20261129; None if they are no dates."""
    whole = numbers.astype(np.int64)
    year, month, day = whole // 10000, whole // 100 % 100, whole % 100
    if not ((month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)).all():
        return None
    months = (year - 1970).astype("M8[Y]").astype("M8[M]") + (month - 1)
    return np.asarray((months.astype("M8[D]") + (day - 1)).astype("M8[s]").astype(np.float64))


def _n_distinct(values: Array) -> int:
    return len(np.unique(values))


def _is_sorted(values: Array) -> bool:
    """Return whether the rows are sorted by these values, but for a few."""
    rows = np.linspace(0, len(values) - 1, min(len(values), _COMPARED_ROWS)).astype(np.intp)
    ranks = np.unique(values[rows], return_inverse=True)[1]
    if ranks[0] == ranks[-1]:
        return False
    return bool(abs(np.corrcoef(ranks, np.arange(len(rows)))[0, 1]) >= _SORTED)


def _is_monotone(values: Array) -> bool:
    """Return whether all but a few steps go in one direction."""
    steps = np.diff(values)
    return bool(max(np.mean(steps >= 0), np.mean(steps <= 0)) >= _MONOTONE) and _is_sorted(values)


def _in_series(values: Array) -> bool:
    """Return whether numbers rise again and again, as those of series one below the other."""
    steps = np.diff(values)
    fewer, more = sorted((np.count_nonzero(steps < 0), np.count_nonzero(steps > 0)))
    return bool(fewer <= _MAX_DROPS * more)


def _in_blocks(table: Table, schema: Schema, target: Array, groups: Array | None) -> bool:
    """Return whether rows are sorted by their target, a group or a column that tells no time."""
    if ((target == 0) | (target == 1)).all():
        classes = target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0]
        if _n_runs(classes) <= _MAX_CLASS_RUNS * _n_distinct(classes):
            return True
    elif target.shape[1] == 1:
        steps = np.diff(target[:, 0])
        if _is_monotone(target[:, 0]) or (steps >= 0).all() or (steps <= 0).all():
            return True
    if groups is not None:
        numbers = np.unique(groups, return_inverse=True)[1]
        if _n_runs(numbers) <= _MAX_RUNS * (numbers.max() + 1):
            return True
    return any(_sorts(table, column) for column in schema.columns)


def _sorts(table: Table, column: ColumnSchema) -> bool:
    """Return whether rows are sorted by a column, or in blocks of its values."""
    values = table[column.name]
    if values.ndim > 1 or values.dtype.kind == "M" or column.n_distinct < 2 or column.n_missing:
        return False
    if _TIME_NAME.search(column.name):
        return False
    codes = values if values.dtype.kind == "f" else table.distinct(column.name).codes
    if column.n_distinct <= len(values) / 2:
        in_halves = column.n_distinct > 2 or abs(np.mean(codes == codes[0]) - 0.5) <= _HALVES
        return in_halves and _n_runs(codes) <= _MAX_RUNS * column.n_distinct
    if values.dtype.kind != "f" or not _is_monotone(values):
        return False
    steps = np.diff(values)
    return bool(steps.std() >= _REGULAR * abs(steps.mean()))


def _n_runs(values: Array) -> int:
    """Return the number of runs of equal values."""
    return 1 + int(np.count_nonzero(values[1:] != values[:-1]))


# Periods in rows: hours of a day, days of a week, months, weeks and days of a year; halves and
# quarters of hours of a day; hours and half hours of a week, hours of a fortnight
_PERIODS = (7, 12, 24, 48, 52, 96, 144, 168, 288, 336, 365)
_MIN_PERIODS = 4  # in the rows
_PERIODIC = 0.6  # autocorrelation after one and two periods above that halfway, at least
_MIN_ERRORS = 4.0  # standard errors by which it is above
_MIN_ROWS, _MAX_ROWS = 100, 20_000  # that are looked at
_MIN_NEAR = 0.9  # autocorrelation of neighbors along a path, at least
_MIN_DECAY = 1.6  # its fall over two more rows, by that over the first: noise would fall at once
_MAX_OF_JUMPS = 0.75  # share of the squared steps along a path in their largest tenth, at most
_MAX_ONE_WAY = 0.75  # share of steps in one direction along a path, at most
_MIN_VARIED = 0.1  # share of rows that differ from the row before along a path, at least


def shows_time(table: Table, schema: Schema, target: Array) -> bool:
    """Return whether columns or targets run like time: in calendar periods, or along a path.

    The rows of a table in other orders, of blocks or along a sorted column, hardly ever do.

    Examples
    --------
    >>> hours = np.arange(200.0)
    >>> table = Table.from_columns({"load": np.sin(hours * 2 * np.pi / 24)})
    >>> shows_time(table, Schema.infer(table), np.zeros((200, 1)))
    True
    """
    columns = [values for _, values in _numbers(table, schema)]
    columns += [
        np.asarray(table.distinct(column.name).codes == 0, np.float64)
        for column in schema.columns
        if table[column.name].ndim == 1 and table[column.name].dtype == object
    ]
    return any(_runs_like_time(values[:_MAX_ROWS]) for values in [*columns, *target.T])


def _runs_like_time(values: Array) -> bool:
    if len(values) < _MIN_ROWS or values.min() == values.max():
        return False
    near = _autocorrelation(values)
    return any(_is_periodic(near, period) for period in _PERIODS) or _is_path(values, near)


def _autocorrelation(values: Array) -> Array:
    """Return the autocorrelation of lags up to half of the rows, by the fast Fourier transform."""
    centered = values.astype(np.float64) - values.mean()
    n_rows = len(values)
    power = np.abs(np.fft.rfft(centered / np.abs(centered).max(), 2 * n_rows)) ** 2
    lags = np.arange(n_rows // 2 + 1)
    products = np.fft.irfft(power)[lags]
    return np.asarray(products / products[0] * n_rows / (n_rows - lags))


def _is_periodic(near: Array, period: int) -> bool:
    """Return whether values repeat after one period, and after two."""
    if _MIN_PERIODS * period > 2 * (len(near) - 1):
        return False
    half, width = period // 2, period // 8
    at_half = near[half - width : half + width + 2].mean()
    # Bartlett 1946: the standard error of autocorrelations of values that are alike for some rows
    until = max(1, int(np.argmax(near <= 0)))
    error = np.sqrt((1 + 2 * np.square(near[1:until]).sum()) / (2 * len(near)))
    peaks = near[period] >= near[period - 1]
    least = max(_PERIODIC, _MIN_ERRORS * error)
    return bool(peaks and min(near[period], near[2 * period]) - at_half >= least)


def _is_path(values: Array, near: Array) -> bool:
    """Return whether values wander without jumps: neither in blocks nor sorted."""
    steps = np.diff(values)
    steps = steps[steps != 0]
    if near[1] < _MIN_NEAR or len(steps) < _MIN_VARIED * len(values):
        return False
    rising, squares = np.mean(steps > 0), np.sort(np.square(steps))
    jumps = squares[-(len(steps) // 10) :].sum() > _MAX_OF_JUMPS * squares.sum()
    decays = near[1] - near[3] >= _MIN_DECAY * (1 - near[1])
    return bool(decays and not jumps and 1 - _MAX_ONE_WAY <= rising <= _MAX_ONE_WAY)
