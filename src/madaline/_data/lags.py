"""Lags: what was known of a target when a row is predicted becomes columns of the row.

A row that is predicted some steps ahead of the last known value of its series sees nothing later
than that value: columns are made of it and of earlier ones. How many steps ahead is a column, too,
so that the same networks predict tomorrow and the day after. In training each row is predicted from
a distance at random, up to the horizon; of new rows the distance is that of the last known value
before them, among those that the model keeps and those that the rows hold themselves.

Values of the past are given as differences from the last known one, as far as they are numbers: a
trend then does not carry them out of the range that networks have seen. For the same reason
networks predict the difference to an anchor: the last known value, or one that the season adds to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import Annotated, Any, Self, final

import numpy as np

from madaline._data.codec import Finite, Items, LabelText, Stored
from madaline._data.conversion import as_levels, as_moments, as_numbers
from madaline._data.formats.date_format import DateFormat
from madaline._data.formats.number_format import NumberFormat
from madaline._data.history import History, PastValues
from madaline._data.json_checks import OneOf, Text, Whole
from madaline._data.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_LAG = 10_000
"""Rows back, and rows ahead, at most."""

STEPS_AHEAD = "steps ahead"
"""The column that tells how far the last known value of a row's series is behind it."""

NO_ANCHOR, LAST, SEASON, TREND, MEAN = "none", "last", "season", "trend", "mean"
"""What networks predict the difference to: nothing; the last known value; that of the season; the
last one with the season's next change; the mean of the latest."""

_MAX_SHARES = 8  # classes whose shares among the latest rows become columns, at most
_MIN_KEPT = 15  # points of a series that are kept at least: two weeks tell whether weekends count
_MAX_TRIED = 20_000  # rows on which anchors are compared

_Name = Annotated[str, Text(1000)]
_Rows = Annotated[int, Whole(1, MAX_LAG)]


@final
@dataclass(frozen=True)
class Anchor(Stored):
    """What networks of numbers predict the difference to."""

    kind: Annotated[str, OneOf((NO_ANCHOR, LAST, SEASON, TREND, MEAN))] = NO_ANCHOR
    lag: _Rows = 1  # of the season, or how many rows the mean is of


@final
@dataclass(frozen=True)
class Lags(Stored):
    """Which columns are made of the past of a target, and how its series are told apart."""

    target: _Name
    rows: Annotated[tuple[_Rows, ...], Items(least=1, most=100, distinct=True)]
    horizon: _Rows = 1  # how many rows ahead of the last known value rows are predicted
    time: _Name | None = None  # the column of times; None where rows are in order
    series: _Name | None = None  # the column that tells series apart; None where there is one
    of_dates: bool = False  # whether times are dates
    written: DateFormat | NumberFormat | None = None  # how times were written, where they were text
    classes: Annotated[tuple[LabelText, ...], Items(most=2**20, distinct=True)] = ()
    anchor: Anchor = Anchor()
    typical: Finite = 0.0  # the mean of the target, for series of which nothing is known

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that are made, in order."""
        return (*self.columns, *((STEPS_AHEAD,) if self.horizon > 1 else ()))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that are made of the target."""
        names = [self.last]
        for lag in self.rows:
            if self.classes:
                names += [self._before(lag)] if lag > 1 else []
                names += [self._share(label, lag) for label in self._shared if lag > 1]
                continue
            names += [self._before(lag)] if lag > 1 else []
            names += [self._change(lag)]
            names += [self._next_change(lag)] if self.horizon > lag > 1 else []
            names += [self._mean(lag)] if lag > 1 else []
        return tuple(names)

    @property
    def last(self) -> str:
        """The column of the last known value."""
        return f"last known {self.target}"

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the columns of a table that new ones are made of."""
        return tuple(filter(None, (self.time, self.series)))

    @property
    def n_kept(self) -> int:
        """How many of the latest points of each series later rows may need."""
        return max(max(self.rows) + self.horizon + 1, _MIN_KEPT)

    def _before(self, lag: int) -> str:
        return f"{self.target} {lag} rows before"

    def _change(self, lag: int) -> str:
        return f"{lag}-row change of {self.target}"

    def _next_change(self, lag: int) -> str:
        return f"{lag} rows before: next change of {self.target}"

    def _mean(self, lag: int) -> str:
        return f"{lag}-row mean of {self.target}"

    def _share(self, label: str, lag: int) -> str:
        return f"{lag}-row share of {label}"

    @property
    def _shared(self) -> tuple[str, ...]:
        """The classes whose shares among the latest rows are columns; one of two is enough."""
        if len(self.classes) > _MAX_SHARES:
            return ()
        return self.classes[1:] if len(self.classes) == 2 else self.classes

    def past(self, history: History, points: Array, steps: Array) -> dict[str, Array]:
        """Return the columns of rows: their points, predicted so many steps ahead.

        `points` and `steps` are whole numbers of shape (n_rows,); where no value is known, steps
        are zero.
        """
        past = PastValues(history, points, steps)
        columns = self._of_classes(past) if self.classes else self._of_numbers(past)
        if self.horizon > 1:
            columns[STEPS_AHEAD] = np.where(steps > 0, np.minimum(steps, self.horizon), np.nan)
        return columns

    def _of_numbers(self, past: PastValues) -> dict[str, Array]:
        last = past.back(0)
        columns = {self.last: last}
        for lag in self.rows:
            season, change = past.season(lag) - last, last - past.back(lag)
            columns |= {self._before(lag): season} if lag > 1 else {}
            columns[self._change(lag)] = change
            if self.horizon > lag > 1:
                columns[self._next_change(lag)] = past.next_change(lag)
            columns |= {self._mean(lag): past.mean(lag) - last} if lag > 1 else {}
        return columns

    def _of_classes(self, past: PastValues) -> dict[str, Array]:
        columns = {self.last: self._labels(past.back(0))}
        for lag in self.rows:
            if lag > 1:
                columns[self._before(lag)] = self._labels(past.season(lag))
                for label in self._shared:
                    share = past.mean(lag, float(self.classes.index(label)))
                    columns[self._share(label, lag)] = share
        return columns

    def _labels(self, codes: Array) -> Array:
        """Return the text of each class, None where it is unknown."""
        labels = np.array([*self.classes, None], dtype=object)
        return labels[np.where(np.isnan(codes), len(self.classes), codes).astype(np.intp)]

    def anchors(self, columns: Mapping[str, Array] | Table) -> Array:
        """Return what networks predict the difference to, float64 of shape (n_rows,)."""
        return self.anchored(columns, self.anchor)

    def anchored(self, columns: Mapping[str, Array] | Table, anchor: Anchor) -> Array:
        """Return the anchors of another kind."""
        last = as_numbers(self.last, columns[self.last])
        if anchor.kind == NO_ANCHOR:
            return np.zeros(len(last))
        value = np.where(np.isnan(last), self.typical, last)
        for name in self.parts(anchor):
            value = value + np.nan_to_num(as_numbers(name, columns[name]))
        return np.asarray(value)

    def parts(self, anchor: Anchor) -> tuple[str, ...]:
        """Return the columns that an anchor adds to the last known value."""
        lag = anchor.lag
        next_change: tuple[str, ...] = (self._next_change(lag),)
        if self.horizon <= lag:
            next_change = (self._before(lag), self._change(lag))
        parts = {SEASON: (self._before(lag),), TREND: next_change, MEAN: (self._mean(lag),)}
        return parts.get(anchor.kind, ())

    def choose_anchor(self, columns: Mapping[str, Array], target: Array) -> Self:
        """Return lags with the anchor that comes closest to the target by itself."""
        rows = np.linspace(0, len(target) - 1, min(len(target), _MAX_TRIED)).astype(np.intp)
        columns = {name: columns[name][rows] for name in self.columns}
        seasons = [lag for lag in self.rows if lag > 1]
        kinds = [Anchor(LAST)]
        kinds += [Anchor(kind, lag) for lag in seasons for kind in (SEASON, TREND, MEAN)]
        errors = [
            float(np.mean(np.square(target[rows] - self.anchored(columns, kind)))) for kind in kinds
        ]
        return replace(self, anchor=kinds[int(np.argmin(errors))])

    def read_times(self, table: Table, first: float = 0.0) -> Array:
        """Return the time of each row in float64; the order of the rows, where there is no column.

        `InputError` where one is missing.
        """
        if self.time is None:
            return first + np.arange(float(table.n_samples))
        column = table[self.time]
        if self.of_dates:
            moments = as_moments(self.time, column, _of_type(self.written, DateFormat))
            missing, times = np.isnat(moments), moments.astype(np.int64) / 1e6
        else:
            times = as_numbers(self.time, column, _of_type(self.written, NumberFormat))
            missing = np.isnan(times)
        if missing.any():
            raise InputError(
                f"The time {self.time!r} is missing in row {int(np.argmax(missing))} (counted from"
                " 0): lags need the time of each row; fill it in, or leave the row out."
            )
        return np.asarray(times, np.float64)

    def read_series(self, table: Table) -> Array:
        """Return the name of the series of each row as text; empty where it is missing."""
        if self.series is None:
            return np.full(table.n_samples, "", dtype=object)
        levels = as_levels(table[self.series])
        return np.array(["" if level is None else level for level in levels], dtype=object)

    def read_values(self, table: Table) -> Array:
        """Return what the rows themselves hold of the target, float64, NaN where unknown."""
        if self.target not in table:
            return np.full(table.n_samples, np.nan)
        if not self.classes:
            return np.array(as_numbers(self.target, table[self.target]), np.float64)
        codes = {label: float(code) for code, label in enumerate(self.classes)}
        labels = as_levels(table[self.target])
        return np.array([codes.get(label, np.nan) for label in labels], np.float64)


def _of_type(written: Any, kind: type) -> Any:
    return written if isinstance(written, kind) else None


def read_lags(rows: Any) -> tuple[int, ...]:
    """Return lags in ascending order; `InputError` unless they are whole numbers of rows.

    Examples
    --------
    >>> read_lags([7, 1]), read_lags(1)
    ((1, 7), (1,))
    """
    given = rows if isinstance(rows, Sequence | np.ndarray | range | set) else [rows]
    for lag in given:
        check_rows("lags", lag)
    if not len(given):
        raise InputError("lags is empty: give numbers of rows, such as [1, 7].")
    return tuple(sorted({int(lag) for lag in given}))


def check_rows(name: str, value: Any) -> int:
    """Return a number of rows; `InputError` unless it is a whole one, within bounds."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or value != np.floor(value) or not 1 <= value <= MAX_LAG:
        raise InputError(
            f"{name} is {value!r}: give a whole number of rows, from 1 to {MAX_LAG:,}."
        )
    return int(value)
