"""Stretches of time: rows that follow one another are held out together, and learned from before.

Rows near in time resemble one another. Dealt to folds at random, each has neighbors among the rows
that its networks learn from; the rows that come after the table have none. So here networks predict
stretches of rows from earlier rows alone, and what they reach there is what they will reach later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from math import isfinite
from numbers import Real
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count, format_list
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import DATETIME, DROPPED, NUMBER
from madaline._tables.schema import Schema
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

MIN_ROWS = 8  # rows that stretches of time are made of, at least
ROW_ORDER = "the order of the rows"  # name of times that are the numbers of the rows
N_FINAL = 3  # networks of each recipe that learn from all rows, and predict in the end
MAX_UNDATED = 0.5  # share of rows that may lack a time: what they do to predictions is not tested
_N_STRETCHES = 4  # that are held out, unless the user or the horizon wants others
_MAX_STRETCHES = 8

# Rows before the first stretch, as a share of all: with few of them the first networks have a
# harder task than the final ones, with many the stretches are shorter than the time to come
_NEVER_HELD_OUT = 0.4

_MIN_ROWS_OF_STRETCH = 4
_BLOCKS = 2  # parts of a stretch that count as one piece of evidence each
_PARTS = 3  # parts that groups are dealt to, where they last from stretch to stretch
_RISING = 0.95  # rank correlation of a feature with the time from which on it tells the time
_CORRELATED_ROWS = 2000  # of a larger table, evenly spread

_SECONDS = {
    "second": 1.0,
    "minute": 60.0,
    "hour": 3600.0,
    "day": 86_400.0,
    "week": 7 * 86_400.0,
    "month": 30.4375 * 86_400,
    "quarter": 91.3125 * 86_400,
    "year": 365.25 * 86_400,
}


@final
@dataclass(frozen=True, eq=False)
class RowTimes:
    """When each row was recorded, and how far ahead of the rows learned from it is predicted."""

    name: str  # the column of times, or `ROW_ORDER`
    # float64 (n_samples,): seconds since 1970 of dates, else numbers; NaN is missing
    values: Array
    of_dates: bool = False
    gap: float = 0.0  # between the last row learned from and the first one predicted
    horizon: float | None = None  # from the first row predicted to the last one
    reach: float | None = None  # for how long scores are promised, where the fit decided that

    @property
    def present(self) -> Array:
        """The times of the rows that have one."""
        return self.values[~np.isnan(self.values)]

    @property
    def limits(self) -> Array:
        """The time before which networks that are evaluated on a row learn, (n_samples,)."""
        return self.values - self.gap

    def blocks(self, bounds: Sequence[int]) -> Array:
        """Return the block of each row, of which held-out ones stand stretch by stretch.

        Rows of a block resemble one another: for a standard error it counts as one. Those that are
        never held out are one block more.
        """
        blocks = np.empty(len(self.values), np.int64)
        for stretch, (start, stop) in enumerate(pairwise(bounds)):
            times = self.values[start:stop]
            part = np.searchsorted(np.sort(times), times, side="left") * _BLOCKS // len(times)
            blocks[start:stop] = stretch * _BLOCKS + part
        blocks[bounds[-1] :] = _BLOCKS * len(bounds)
        return np.unique(blocks, return_inverse=True)[1]

    def take(self, rows: Array | slice) -> RowTimes:
        """Return the times of some rows."""
        return replace(self, values=self.values[rows])


def _check_without_times(gap: Any, horizon: Any) -> None:
    if gap is not None or horizon is not None:
        name, value = ("gap", gap) if gap is not None else ("horizon", horizon)
        raise InputError(
            "{name} is {value!r}, but the times of the rows are not known: name the column of dates (time=), or say that rows are in the order of time (time=True).",
            name=name,
            value=value,
        )


def read_times(
    time: str | bool | Array | RowTimes | None,
    table: Table,  # as its schema reads it
    schema: Schema,
    *,
    gap: Any = None,
    horizon: Any = None,
    complete: bool = False,  # whether each row must have a time, as those with lags
) -> RowTimes | None:
    """Return when each row was recorded; None where that is not told, or does not matter."""
    if time is None or time is False:
        _check_without_times(gap, horizon)
        return None
    if isinstance(time, RowTimes):  # those of an update
        return time
    times = _times(time, table, schema)
    missing = np.flatnonzero(np.isnan(times.values))
    if len(missing) > (0 if complete else MAX_UNDATED * len(times.values)):
        raise InputError(
            "The time of {rows} of {n_values:,} is missing in {name}, first that of row {missing} (counted from 0): give it, or leave such rows out.",
            rows=format_count(len(missing), "row"),
            n_values=len(times.values),
            name=times.name,
            missing=missing[0],
        )
    n_times = len(np.unique(times.present))
    if n_times < 3:
        raise InputError(
            "The rows have {different_times}, too few to predict later rows from earlier ones: give time=False to deal rows to folds at random.",
            different_times=format_count(n_times, "different time"),
        )
    ahead = None if horizon is None else _span("horizon", horizon, times)
    if ahead == 0:
        raise InputError("horizon is 0: give how far ahead rows are predicted, such as 1.")
    return replace(times, gap=_span("gap", gap, times) if gap is not None else 0.0, horizon=ahead)


def _times(time: str | bool | Array, table: Table, schema: Schema) -> RowTimes:
    if time is True:
        return RowTimes(ROW_ORDER, np.arange(table.n_samples, dtype=np.float64))
    return _of_column(time, table, schema) if isinstance(time, str) else _of_rows(time, table)


def _of_rows(time: Any, table: Table) -> RowTimes:
    """Return times that are given one by one."""
    values = np.asarray(time)
    if values.shape != (table.n_samples,):
        raise InputError(
            "time has shape {shape}, but there are {n_samples} rows: give the name of a column, or one time a row.",
            shape=values.shape,
            n_samples=table.n_samples,
        )
    if values.dtype.kind in "iuf":
        return RowTimes("time", values.astype(np.float64))
    if values.dtype.kind == "M":
        values = values.astype("datetime64[us]")
    return RowTimes("time", KINDS[DATETIME].numbers("time", values), of_dates=True)


def _of_column(time: str, table: Table, schema: Schema) -> RowTimes:
    """Return the times that a column holds."""
    kinds = {column.name: column.kind for column in schema.columns}
    if time not in kinds:
        raise InputError(
            "time names {time!r}, but the table has no such column: the columns are {kinds}.",
            time=time,
            kinds=format_list(kinds, limit=20),
        )
    kind = kinds[time]
    if kind not in (DATETIME, NUMBER):
        what = (
            "is not used"
            if kind == DROPPED
            else _("is read as {words}").format(words=KINDS[kind].words[1])
        )
        raise InputError(
            "The column of times, {time}, {what}: name a column of dates or numbers, or give its kind.",
            time=time,
            what=what,
        )
    return RowTimes(time, KINDS[kind].numbers(time, table[time]), kind == DATETIME)


def _span(name: str, value: Any, times: RowTimes) -> float:
    """Return a length of time in the unit of the times; a number counts steps between dates."""
    if isinstance(value, str) and times.of_dates:
        seconds = _seconds(value)
    elif isinstance(value, timedelta | np.timedelta64) and times.of_dates:
        seconds = float(np.timedelta64(value) / np.timedelta64(1, "us")) / 1e6
    elif isinstance(value, Real) and not isinstance(value, bool):
        step = float(np.median(np.diff(np.unique(times.present)))) if times.of_dates else 1.0
        seconds = float(value) * step
    else:
        seconds = None
    if seconds is None or not isfinite(seconds) or seconds < 0:
        example = "a length such as '7 days', or a number of rows" if times.of_dates else "a number"
        raise InputError(
            "{name} is {value!r}: give {example}, not below 0.",
            name=name,
            value=value,
            example=example,
        )
    longest = float(np.ptp(times.present)) / 2
    if seconds > longest:
        raise InputError(
            "{name} is {value!r}, more than half of the time that the rows span: give less, or more rows.",
            name=name,
            value=value,
        )
    return seconds


def _seconds(text: str) -> float | None:
    """Return the seconds of a length of time in words; None if it is none."""
    number, _, unit = text.strip().partition(" ")
    try:
        return float(number) * _SECONDS[unit.strip().removesuffix("s")]
    except (KeyError, ValueError):
        return None


def make_stretches(
    times: RowTimes,
    *,
    n_stretches: int | None = None,
    groups: Array | None = None,
    never_held_out: float = _NEVER_HELD_OUT,
) -> GivenFolds:
    """Return folds that are stretches of time, whose networks learn from what lies before them.

    The rows after the share that is never held out are cut into stretches of as many rows each;
    rows of the same time are never separated. With groups, networks do not learn from a group that
    they are evaluated on. Beside the networks of the stretches, some learn from all rows, and
    predict in the end; these alone learn from rows without a time, which may be earlier or later.
    """
    values = times.values
    n_dated = len(times.present)
    place = np.searchsorted(np.sort(values), values, side="left") / max(1, n_dated)
    cuts = np.linspace(never_held_out, 1, (n_stretches or _count(times)) + 1)
    stretch_of = np.searchsorted(cuts, place + 1e-9, side="right") - 1
    stretch_of[np.isnan(values)] = -1
    numbers = np.full(len(values), -1)
    training: list[Array] = []
    for stretch in np.unique(stretch_of[stretch_of >= 0]).tolist():
        held_out = stretch_of == stretch
        start = values[held_out].min()
        learned = values < start - times.gap
        if times.horizon is not None:
            held_out &= values < start + times.horizon
        if groups is not None:
            held_out, learned = _apart(held_out, learned, groups, stretch)
        if held_out.any() and learned.any():
            numbers[held_out] = len(training)
            training.append(learned)
    if not training or n_dated < MIN_ROWS:
        raise InputError(
            "No rows lie before those that would be held out: give a smaller gap, more rows, or"
            " time=False to deal rows to folds at random."
        )
    return GivenFolds(numbers, np.stack(training), N_FINAL).numbered()


def _count(times: RowTimes) -> int:
    """Return how many stretches there are: more of them where the horizon is short."""
    n_rows = int((1 - _NEVER_HELD_OUT) * len(times.present)) // _MIN_ROWS_OF_STRETCH
    wanted = _N_STRETCHES
    if times.horizon is not None:
        span = (1 - _NEVER_HELD_OUT) * float(np.ptp(times.present))
        wanted = int(min(_MAX_STRETCHES, max(2, span / times.horizon)))
    return max(1, min(wanted, n_rows))


def _apart(held_out: Array, learned: Array, groups: Array, stretch: int) -> tuple[Array, Array]:
    """Return the rows without those that would put a group on both sides.

    Where most groups are on both, only every third is held out, each time others.
    """
    alone = learned & ~np.isin(groups, np.unique(groups[held_out]))
    if alone.sum() >= learned.sum() / 2:
        return held_out, alone
    part = np.unique(groups, return_inverse=True)[1] % _PARTS == stretch % _PARTS
    return held_out & part, learned & ~part


def hidden_features(
    encoder: TableEncoder, encoded: Encoded, times: RowTimes, n_bins: Sequence[int]
) -> dict[int, Array]:
    """Return, for some numbers of bins, the features that all but tell the time."""
    base = rising_columns(times.values, encoded.base)
    columns = encoder.feature_columns(0)
    numbers = {column for column in columns[base] if np.sum(columns == column) == 1}
    hidden = {}
    for n in n_bins:
        of_bins = np.isin(encoder.feature_columns(n)[len(base) :], list(numbers))
        hidden[n] = np.flatnonzero(np.concatenate([base, of_bins]))
    return hidden


def rising_columns(times: Array, x: Array) -> Array:
    """Return which columns of x all but tell the time, Booleans of shape (n_columns,).

    Rows without a time (NaN) do not count.
    """
    dated = np.flatnonzero(~np.isnan(times))
    places = np.linspace(0, len(dated) - 1, min(len(dated), _CORRELATED_ROWS))
    rows = dated[places.astype(np.intp)]
    columns = [times[rows], *x[rows].T]
    ranks = np.column_stack([np.unique(column, return_inverse=True)[1] for column in columns])
    ranks = ranks - ranks.mean(axis=0)
    lengths = np.sqrt(np.square(ranks).sum(axis=0))
    products = ranks[:, 0] @ ranks[:, 1:]
    return np.asarray(np.abs(products) >= _RISING * np.maximum(lengths[0] * lengths[1:], 1))
