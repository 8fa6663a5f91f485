"""The calendar of series: how many steps lie between two times, so that a missing week is a step.

Times have a regular step where nearly all are whole steps apart, and few are missing: as many days,
working days, months, or always as long. Where they have none, each row is a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Self, final

import numpy as np

from madaline._base.codec import Items, Positive, Stored
from madaline._base.json_checks import OneOf, Whole
from madaline._tables.column import MOMENT
from madaline.nn.arrays import Array

ROWS, DAYS, MONTHS, LENGTH = "rows", "days", "months", "length"
"""What steps are counted in: rows, days of some weekdays, months, or lengths of time."""

_DAY = 86_400.0
_MIN_WHOLE = 0.95  # share of the steps that are whole, at least
_NEARLY_WHOLE = 0.05  # of a step, that it may be off
_MAX_MISSING = 0.3  # share of the times of a calendar that no row has, at most
_RARE_WEEKDAY = 0.1  # of the rows of the commonest weekday: with fewer it is none of the calendar
_MIN_WEEKDAYS = 10  # days in a row of points, none on a weekend, that show that these are left out


@final
@dataclass(frozen=True)
class Calendar(Stored):
    """What the steps of series are counted in."""

    unit: Annotated[str, OneOf((ROWS, DAYS, MONTHS, LENGTH))] = ROWS
    length: Positive = 1.0  # of a step: how many months, or how long in the unit of times
    # of days, which count: Monday is 0
    weekdays: Annotated[tuple[Annotated[int, Whole(0, 6)], ...], Items(least=1, distinct=True)] = (
        tuple(range(7))
    )

    @classmethod
    def of(cls, times: Array, within: Array, *, of_dates: bool) -> Self:
        """Return the calendar of times, (n_points,), of series one after the other.

        `within` tells which of the steps between them, (n_points - 1,), are within a series.

        >>> days = np.delete(np.arange(100.0), [30, 31, 32, 60]) * 86_400
        >>> calendar = Calendar.of(days, np.ones(95, bool), of_dates=True)
        >>> calendar.unit, int(calendar.steps(days).max())
        ('days', 4)
        """
        if not within.any():
            return cls()
        for calendar in cls._candidates(times, within, of_dates=of_dates):
            steps = calendar.steps(times)[within]
            if np.sum(steps - 1) <= _MAX_MISSING * np.sum(steps):
                return calendar
        return cls()

    @classmethod
    def _candidates(cls, times: Array, within: Array, *, of_dates: bool) -> Iterator[Self]:
        """Yield the calendars in which nearly all times are whole steps apart."""
        steps = np.diff(times)[within]
        usual = _most_common(steps)
        if of_dates and usual == _DAY and _is_whole(steps / _DAY):
            days = np.bincount(_weekday(times), minlength=7)
            often = np.flatnonzero(days > _RARE_WEEKDAY * days.max())
            yield cls(DAYS, 1.0, tuple(often.tolist()))
        elif of_dates and _same_day_of_month(times)[within].mean() >= _MIN_WHOLE:
            months = np.diff(_months(times))[within]
            length = _most_common(months)
            if months.min() >= 1 and _is_whole(months / length):
                yield cls(MONTHS, length)
        if _is_whole(steps / usual):
            yield cls(LENGTH, usual)

    def steps(self, times: Array) -> Array:
        """Return how many steps lie between neighbors, int (n_points - 1,): at least one."""
        if self.unit == ROWS:
            return np.ones(max(len(times) - 1, 0), np.int64)
        if self.unit == MONTHS:
            steps = np.diff(_months(times)) / self.length
        elif self.unit == DAYS:
            weeks, weekday = np.divmod(np.floor_divide(times, _DAY).astype(np.int64) + 3, 7)
            steps = np.diff(weeks * len(self.weekdays) + np.searchsorted(self.weekdays, weekday))
        else:
            steps = np.diff(times) / self.length
        return np.maximum(np.round(steps), 1).astype(np.int64)


def next_times(times: Array, n_rows: int, *, of_dates: bool) -> Array:
    """Return the times that continue the usual step: months, working days, or always as long."""
    ahead = np.arange(1, n_rows + 1)
    steps = np.diff(times)
    if not len(steps):
        return np.asarray(times[-1] + ahead * (_DAY if of_dates else 1.0))
    if of_dates:
        in_months = _in_months(times, ahead)
        if in_months is not None:
            return in_months
    step = _most_common(steps)
    working = np.isin(_weekday(times), range(5)).all() if of_dates else False
    if working and step == _DAY and len(times) >= _MIN_WEEKDAYS:
        days = times[-1] + np.arange(1, 2 * n_rows + 8) * _DAY
        return np.asarray(days[_weekday(days) < 5][:n_rows])
    return np.asarray(times[-1] + ahead * step)


def moments(times: Array) -> Array:
    """Return seconds since 1970 as moments."""
    return np.round(times * 1e6).astype(np.int64).astype(MOMENT)


def _most_common(steps: Array) -> float:
    distinct, counts = np.unique(steps, return_counts=True)
    return float(distinct[np.argmax(counts)])


def _is_whole(steps: Array) -> bool:
    near = np.abs(steps - np.round(steps)) <= _NEARLY_WHOLE
    return bool(np.mean(near) >= _MIN_WHOLE)


def _weekday(times: Array) -> Array:
    days = np.floor_divide(times, _DAY).astype(np.int64)
    return np.asarray((days + 3) % 7)  # 1970 began on a Thursday


def _months(times: Array) -> Array:
    """Return the number of each time's month."""
    return moments(times).astype("datetime64[M]").astype(np.int64)


def _within_months(times: Array) -> tuple[Array, Array]:
    """Return how long after the start of its month each time is, and how long before its end."""
    dates = moments(times)
    months = dates.astype("datetime64[M]")
    return dates - months.astype(MOMENT), (months + np.timedelta64(1, "M")).astype(MOMENT) - dates


def _same_day_of_month(times: Array) -> Array:
    """Return which neighbors are on the same day of their months, from the start or the end."""
    start, end = _within_months(times)
    return np.asarray((start[1:] == start[:-1]) | (end[1:] == end[:-1]))


def _in_months(times: Array, ahead: Array) -> Array | None:
    """Return times that go on by as many months each; None where months are not the step."""
    within, before_end = _within_months(times)
    steps = np.diff(_months(times))
    same = np.all(within == within[0])
    if np.any(steps < 1) or not (same or np.all(before_end == before_end[0])):
        return None
    month = np.timedelta64(1, "M")
    later = moments(times[-1:]).astype("datetime64[M]") + ahead * int(_most_common(steps)) * month
    made = (
        later.astype(MOMENT) + within[0] if same else (later + month).astype(MOMENT) - before_end[0]
    )
    return np.asarray(made.astype(np.int64) / 1e6)
