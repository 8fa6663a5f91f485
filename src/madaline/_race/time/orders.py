"""Orders that rows may have in time: as columns tell, or as they stand in the table.

Where no column tells the time, rows may as well be sorted by something else, such as their groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from madaline._race.time.stretches import ROW_ORDER, RowTimes
from madaline._race.time.told_times import (
    TIME_NAME,
    RowOrder,
    is_monotone,
    numbers_of,
    told_orders,
)
from madaline._tables.kinds.kind import ColumnSchema
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.nn.arrays import Array

_MIN_PAIRS = 0.99  # share of the rows that are the only one of their series at their time, at least
_MIN_ROWS_OF_SERIES = 4  # on average
_MAX_PAIRED = 8  # columns with the fewest levels, of which two together may tell series apart
_MIN_FILLED = 0.5  # share of the times at which a series of two columns has a row, on average
_MAX_TIMES = 0.5  # distinct times, as a share of the rows: with more there is nothing to tell apart
_MAX_ORDERS = 3  # columns of dates that are looked at
_REGULAR = 0.75  # spread of steps by their mean: those of sorted random numbers have one or more
_MAX_RUNS = 1.2  # runs of equal values for each value, at most, where rows are in blocks of them
_HALVES = 0.25  # from one half: the share of the first of two values, at most, if in blocks
_MAX_CLASS_RUNS = 2  # runs of rows of one class for each class, at most, where they are in blocks


def row_orders(
    table: Table,  # as its schema reads it
    schema: Schema,
    target: Array,  # (n_samples, n_outputs), numbers or one-hot classes
    groups: Array | None = None,  # (n_samples,)
) -> list[RowOrder]:
    """Return the orders that rows may have in time, those told by a column first.

    If the rows are sorted by dates, it is that order alone. The order of the rows is not among them
    if they are sorted by something else, or are in blocks of one class, group or value.
    """
    told = told_orders(table, schema)
    in_order = [order for order in told if order.is_sorted]
    if in_order:  # dates before numbers, and minutes before years
        return [max(in_order, key=lambda order: len(np.unique(order.times.values)))]
    if _in_blocks(table, schema, target, groups):
        return told[:_MAX_ORDERS]
    rows = np.arange(float(table.n_samples))
    return [*told[:_MAX_ORDERS], RowOrder(RowTimes(ROW_ORDER, rows), False, True)]


def find_series(times: Array, table: Table, schema: Schema) -> tuple[str, ...]:
    """Return the column or two that tell apart series, each with one row a time, if any do.

    Of several it is that with the fewest levels; two only where no column does it alone.
    """
    n_rows = table.n_samples
    moments, codes, counts = np.unique(times, return_inverse=True, return_counts=True)
    if len(moments) > _MAX_TIMES * n_rows:
        return ()
    columns = [
        column.name
        for column in schema.columns
        if table[column.name].ndim == 1
        and table[column.name].dtype.kind != "M"
        and not column.n_missing
        and 1 < column.n_distinct <= n_rows / _MIN_ROWS_OF_SERIES
    ]
    columns.sort(key=lambda name: (schema[name].n_distinct, name))
    pairs = combinations(columns[:_MAX_PAIRED], 2)
    for names in (*((name,) for name in columns), *pairs):
        levels = level_codes(table, names)
        n_levels = int(levels.max()) + 1
        if not _MIN_PAIRS * counts.max() <= n_levels <= n_rows / _MIN_ROWS_OF_SERIES:
            continue
        if len(names) > 1 and n_rows < _MIN_FILLED * n_levels * len(moments):
            continue
        if len(np.unique(levels * len(moments) + codes)) >= _MIN_PAIRS * n_rows:
            return names
    return ()


def level_codes(table: Table, names: Sequence[str]) -> Array:
    """Return the number of the levels that some columns have together, int (n_samples,)."""
    codes = np.zeros(table.n_samples, np.int64)
    for name in names:
        levels = table.distinct(name).codes.astype(np.int64)
        codes = np.unique(codes * (levels.max() + 1) + levels, return_inverse=True)[1]
    return codes


def _in_blocks(table: Table, schema: Schema, target: Array, groups: Array | None) -> bool:
    """Return whether rows are sorted by their target, a group or a column that tells no time."""
    if ((target == 0) | (target == 1)).all():
        classes = target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0]
        if _n_runs(classes) <= _MAX_CLASS_RUNS * len(np.unique(classes)):
            return True
    elif target.shape[1] == 1 and is_monotone(target[:, 0]):
        return True
    if groups is not None:
        numbers = np.unique(groups, return_inverse=True)[1]
        if _n_runs(numbers) <= _MAX_RUNS * (numbers.max() + 1):
            return True
    return sorting_column(table, schema) is not None


def sorting_column(table: Table, schema: Schema) -> str | None:
    """Return a column that rows are sorted by, or whose values they are in blocks of."""
    return next((column.name for column in schema.columns if _sorts(table, column)), None)


def _sorts(table: Table, column: ColumnSchema) -> bool:
    """Return whether rows are sorted by a column, or in blocks of its values."""
    values = table[column.name]
    if values.ndim > 1 or values.dtype.kind == "M" or column.n_distinct < 2 or column.n_missing:
        return False
    if TIME_NAME.search(column.name):
        return False
    codes = values if values.dtype.kind == "f" else table.distinct(column.name).codes
    if column.n_distinct <= len(values) / 2:
        in_halves = column.n_distinct > 2 or abs(np.mean(codes == codes[0]) - 0.5) <= _HALVES
        return in_halves and _n_runs(codes) <= _MAX_RUNS * column.n_distinct
    if values.dtype.kind != "f" or not is_monotone(values):
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
    """
    columns = [values for _, values in numbers_of(table, schema)]
    columns += [
        np.asarray(table.distinct(column.name).codes == 0, np.float64)
        for column in schema.columns
        if table[column.name].ndim == 1 and table[column.name].dtype == object
    ]
    return any(_runs_like_time(values[:_MAX_ROWS]) for values in [*columns, *target.T])


def _runs_like_time(values: Array) -> bool:
    if len(values) < _MIN_ROWS or values.min() == values.max():
        return False
    values = values / np.abs(values).max()  # squares of huge numbers overflow
    near = _autocorrelation(values)
    return any(_is_periodic(near, period) for period in _PERIODS) or _is_path(values, near)


def _autocorrelation(values: Array) -> Array:
    """Return the autocorrelation of lags up to half of the rows, by the fast Fourier transform."""
    centered = values - values.mean()
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
    rising = np.mean(steps > 0)
    squares = np.sort(np.square(steps))
    jumps = squares[-(len(steps) // 10) :].sum() > _MAX_OF_JUMPS * squares.sum()
    decays = near[1] - near[3] >= _MIN_DECAY * (1 - near[1])
    return bool(decays and not jumps and 1 - _MAX_ONE_WAY <= rising <= _MAX_ONE_WAY)
