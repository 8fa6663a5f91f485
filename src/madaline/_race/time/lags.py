"""Lags: what was known of a target when a row is predicted becomes columns of the row.

So does what was known then of other columns, whose values are not known in advance.

A row that is predicted some steps ahead of the last known value of its series sees nothing later
than that value: columns are made of it and of earlier ones. How many steps ahead is a column, too,
so that the same networks predict tomorrow and the day after. In training each row is predicted from
a distance at random, up to the horizon; of new rows the distance is that of the last known value
before them, among those that the model keeps and those that the rows hold themselves.

Values of the past are given as differences from the last known one, as far as they are numbers: a
trend then does not carry them out of the range that networks have seen. For the same reason
networks predict the difference to an anchor: the last known value, one that the season adds to, or
the forecast of Theta.

Where series differ in size, all of that is divided by the size of the series, its usual change over
the longest lag: networks then learn what series of all sizes share, and what they predict is
multiplied by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import product
from numbers import Real
from typing import Annotated, Any, Self, final

import numpy as np

from madaline._base.codec import Finite, Items, Share, Stored
from madaline._base.json_checks import Whole
from madaline._base.language import _
from madaline._race.time.anchors import (
    LAST,
    MAX_LAG,
    MEAN,
    NO_ANCHOR,
    SEASON,
    THETA,
    TREND,
    TREND_SHARES,
    Anchor,
    Rows,
    Size,
    ThetaSettings,
    usual_error,
)
from madaline._race.time.calendar import Calendar
from madaline._race.time.history import MAX_KEPT_VALUES, PastValues, SeriesHistory
from madaline._race.time.past_columns import Classes, Name, PastColumn
from madaline._tables.conversion import as_levels, as_moments, as_numbers
from madaline._tables.formats.date_format import DateFormat
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

STEPS_AHEAD = "steps ahead"  # how far the last known value of a row's series is behind it

_SIZE_ROWS = (8, 128)  # latest rows by which the size of a series is measured: at least, at most
_SIZE_SEASONS = 3  # of the longest lag: so many are measured
_MIN_KEPT = 15  # points of a series that are kept at least: two weeks tell whether weekends count
_MAX_TRIED = 20_000  # rows on which anchors are compared

_APART = "\x1f"  # between the names of several columns: the unit separator, which no text holds

PROPOSED_LAGS = (0,)
"""Stands for the lags that the times of a fit suggest."""

_MAX_COLUMNS = 1000  # whose past is used, beside that of the target


@final
@dataclass(frozen=True)
class Lags(Stored):
    """Which columns are made of the past, and how series of rows are told apart."""

    target: Name
    rows: Annotated[tuple[Rows, ...], Items(least=1, most=100, distinct=True)]
    horizon: Rows = 1  # how many rows ahead of the last known value rows are predicted
    time: Name | None = None  # the column of times; None where rows are in order
    series: tuple[Name, ...] = ()  # the columns that tell series apart; none where there is one
    of_dates: bool = False  # whether times are dates
    written: DateFormat | NumberFormat | None = None  # how times were written, where they were text
    classes: Classes = ()
    anchor: Anchor = field(default=Anchor())
    size: Size = field(default=Size())
    calendar: Calendar = field(default=Calendar())
    theta: ThetaSettings = field(default=ThetaSettings())
    typical: Finite = 0.0  # the mean of the target, for series of which nothing is known
    correlation: Share = 0.0  # of the errors of two series at the same time
    gap: Annotated[int, Whole(0, MAX_LAG)] = 0  # rows right before a row that are not known yet
    # columns whose values are not known in advance: only their past is used
    others: Annotated[tuple[PastColumn, ...], Items(most=_MAX_COLUMNS)] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the columns that are made, in order."""
        empty = SeriesHistory((), np.zeros(1, np.intp), np.empty(0), np.empty((0, len(self.each))))
        return tuple(self.past(empty, np.empty(0, np.intp), np.empty(0, np.intp)))

    @cached_property
    def each(self) -> tuple[PastColumn, ...]:
        """The columns whose past is used: the target, and the others."""
        return PastColumn(self.target, self.classes), *self.others

    @property
    def of_classes(self) -> tuple[bool, ...]:
        """Whether the values of each column are classes."""
        return tuple(bool(column.classes) for column in self.each)

    @property
    def last(self) -> str:
        """The column of the last known value."""
        return self.each[0].last

    @property
    def size_name(self) -> str:
        """The column of the size of the series."""
        return _("size of {name}").format(name=self.target)

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the columns of a table that tell when rows are, and of which series."""
        return tuple(filter(None, (self.time, *self.series)))

    @property
    def several_steps(self) -> bool:
        """Whether rows are predicted from different distances."""
        return self.horizon > self.gap + 1

    @property
    def n_kept(self) -> int:
        """How many of the latest points of each series later rows may need."""
        longest = max(self.rows) + (self.size_rows if self.series else 0)
        return max(max(longest, self.theta.n_rows) + self.horizon + self.gap + 1, _MIN_KEPT)

    def past(self, history: SeriesHistory, points: Array, steps: Array) -> dict[str, Array]:
        """Return the columns of rows: their points, predicted so many steps ahead.

        `points` and `steps` are whole numbers of shape (n_rows,); where no value is known, steps
        are zero. Of each column the values are used up to the last known value of the target.
        """
        columns: dict[str, Array] = {}
        for number, column in enumerate(self.each):
            past = PastValues(history, number, points, steps)
            own = column.columns(past, self.rows, self.horizon)
            if not number:
                own = self._of_target(past, own)
            columns |= own
        if self.several_steps:
            columns[STEPS_AHEAD] = np.where(steps > 0, np.minimum(steps, self.horizon), np.nan)
        return columns

    def in_calendar(self, history: SeriesHistory) -> Self:
        """Return lags that are counted in the steps of the times of series."""
        if self.time is None:
            return self
        calendar = Calendar.of(history.times, history.within, of_dates=self.of_dates)
        return replace(self, calendar=calendar)

    def known_steps(self, history: SeriesHistory, points: Array, drawn: Array) -> Array:
        """Return how far behind points the latest known value is that is so far behind, or further.

        Where that is beyond the horizon, the latest one that is known then; zero if it is, too.
        """
        steps = np.zeros_like(drawn)
        for least in (drawn, self.gap + 1):
            last = history.last_known(points, least)
            within = (last >= 0) & (points - last <= self.horizon)
            steps = np.where((steps == 0) & within, points - last, steps)
        return steps

    def _of_target(self, past: PastValues, columns: dict[str, Array]) -> dict[str, Array]:
        """Return the columns of the target's past with those of Theta, divided by the size."""
        target = self.each[0]
        if self.theta.season:
            forecast, trend = past.theta(self.theta)
            columns |= {target.theta: forecast - past.back(0), target.trend: trend}
        if not self.size.n_rows:
            return columns
        measured = past.size(self.size.n_rows, max(self.rows))
        size = self.size.read(measured)
        divided = {name: column / size for name, column in columns.items()}
        return divided | {self.size_name: measured}

    def sizes(self, columns: Mapping[str, Array] | Table) -> Array | None:
        """Return what the past of rows was divided by, (n_rows,); None where it was not."""
        if not self.size.n_rows:
            return None
        return self.size.read(as_numbers(self.size_name, columns[self.size_name]))

    def anchors(self, columns: Mapping[str, Array] | Table) -> Array:
        """Return what networks predict the difference to, float64 of shape (n_rows,)."""
        sizes = self.sizes(columns)
        anchors = self.anchored(columns, self.anchor)
        return anchors if sizes is None else np.asarray(anchors * sizes)

    def anchored(self, columns: Mapping[str, Array] | Table, anchor: Anchor) -> Array:
        """Return the anchors of another kind, divided as the columns are."""
        last = as_numbers(self.last, columns[self.last])
        if anchor.kind == NO_ANCHOR:
            return np.zeros(len(last))
        value = np.where(np.isnan(last), self.typical / self.size.typical, last)
        for name in self.parts(anchor):
            value = value + np.nan_to_num(as_numbers(name, columns[name]))
        return np.asarray(value)

    def differences(self, target: Array, columns: Mapping[str, Array] | Table) -> Array:
        """Return what networks learn of numbers: differences from anchors, divided by sizes."""
        differences, sizes = target - self.anchors(columns), self.sizes(columns)
        return np.asarray(differences if sizes is None else differences / sizes)

    def naive(self, columns: Table, lag: int) -> Array:
        """Return the forecast that repeats the value a multiple of the lag before; NaN if unknown.

        Of lag 1, that is the last known value.
        """
        value = as_numbers(self.last, columns[self.last])
        name = self.each[0].before(lag)
        if name in columns:
            value = value + as_numbers(name, columns[name])
        sizes = self.sizes(columns)
        return value if sizes is None else np.asarray(value * sizes)

    def theta_forecast(self, columns: Table) -> Array | None:
        """Return the forecast of Theta, float64 of shape (n_rows,); None where there is none."""
        if not self.theta.season:
            return None
        forecast, sizes = self.anchored(columns, Anchor(THETA)), self.sizes(columns)
        return forecast if sizes is None else np.asarray(forecast * sizes)

    def parts(self, anchor: Anchor) -> tuple[str, ...]:
        """Return the columns that an anchor adds to the last known value."""
        target = self.each[0]
        lag = anchor.lag
        next_change: tuple[str, ...] = (target.next_change(lag),)
        if self.horizon <= lag:
            next_change = (target.before(lag), target.change(lag))
        parts = {
            SEASON: (target.before(lag),),
            TREND: next_change,
            MEAN: (target.mean(lag),),
            THETA: (target.theta,),
        }
        return parts.get(anchor.kind, ())

    def fitted(self, history: SeriesHistory, points: Array, steps: Array, target: Array) -> Self:
        """Return lags with the anchor that comes closest to the target of rows by itself.

        Series are divided by their sizes where the errors are more likely then.
        """
        rows = np.linspace(0, len(target) - 1, min(len(target), _MAX_TRIED)).astype(np.intp)
        points, steps, target = points[rows], steps[rows], target[rows]
        past = PastValues(history, 0, points, steps)
        measured = past.size(self.size_rows, max(self.rows))
        size = Size.of(self.size_rows, measured)
        divisors = size.read(measured) if self.series else np.ones(len(rows))
        lags = replace(self, theta=self._fitted_theta(past, target, divisors))
        columns = lags.past(history, points, steps)
        anchors = [Anchor(LAST), *([Anchor(THETA)] if lags.theta.season else [])]
        anchors += [
            Anchor(kind, lag) for lag in self.rows if lag > 1 for kind in (SEASON, TREND, MEAN)
        ]
        errors = np.stack([target - lags.anchored(columns, anchor) for anchor in anchors])
        plain = int(np.argmin(np.square(errors).mean(axis=1)))
        if not self.series:
            return replace(lags, anchor=anchors[plain])
        shares = [usual_error(errors_of_anchor / divisors) for errors_of_anchor in errors]
        divided = int(np.argmin(shares))
        if shares[divided] * np.exp(np.log(divisors).mean()) >= usual_error(errors[plain]):
            return replace(lags, anchor=anchors[plain])
        return replace(lags, anchor=anchors[divided], size=size)

    def _fitted_theta(self, past: PastValues, target: Array, divisors: Array) -> ThetaSettings:
        """Return the season and the trend of the Theta forecasts that come closest to targets.

        Without Theta where a model would have to keep more values for it than it may.
        """
        best, least = ThetaSettings(), np.inf
        for season, share in product(sorted({1, *self.rows}), TREND_SHARES):
            settings = ThetaSettings(season, share)
            n_kept = replace(self, theta=settings).n_kept
            if not settings.sees_seasons or past.history.n_latest(n_kept) > MAX_KEPT_VALUES:
                continue
            errors = (past.theta(settings)[0] - target) / divisors
            errors = errors[~np.isnan(errors)]
            error = usual_error(errors) if self.series else float(np.square(errors).mean())
            if error < least:
                best, least = settings, error
        return best

    @property
    def size_rows(self) -> int:
        """Rows by which the size of a series is measured."""
        return int(np.clip(_SIZE_SEASONS * max(self.rows), *_SIZE_ROWS))

    def read_times(self, table: Table, first: float = 0.0) -> Array:
        """Return the time of each row in float64; the order of the rows, where there is no column.

        `InputError` where one is missing.
        """
        if self.time is None:
            return first + np.arange(float(table.n_samples))
        column = table[self.time]
        if self.of_dates:
            moments = as_moments(self.time, column, _of_type(self.written, DateFormat))
            missing = np.isnat(moments)
            times = moments.astype(np.int64) / 1e6
        else:
            times = as_numbers(self.time, column, _of_type(self.written, NumberFormat))
            missing = np.isnan(times)
        if missing.any():
            raise InputError(
                "The time {time!r} is missing in row {argmax} (counted from 0): lags need the time of each row; fill it in, or leave the row out.",
                time=self.time,
                argmax=int(np.argmax(missing)),
            )
        return np.asarray(times, np.float64)

    def read_series(self, table: Table) -> Array:
        """Return the name of the series of each row as text; of several columns, joined."""
        names = np.full(table.n_samples, "", dtype=object)
        for number, column in enumerate(self.series):
            levels = as_levels(table[column])
            levels = np.array(["" if level is None else level for level in levels], dtype=object)
            if len(self.series) > 1 and any(_APART in level for level in levels):
                raise InputError(
                    "Column {column!r} of series holds the control character U+001F: remove it.",
                    column=column,
                )
            names = names + _APART + levels if number else levels
        return names

    def series_columns(self, names: Array) -> dict[str, Array]:
        """Return the columns that tell series apart, given the names that `read_series` made."""
        if len(self.series) < 2:
            return dict.fromkeys(self.series, names)
        parts = [name.split(_APART) for name in names.tolist()]
        each = zip(*parts, strict=True) if parts else [[]] * len(self.series)
        return {
            name: np.array([*values], dtype=object)
            for name, values in zip(self.series, each, strict=True)
        }

    def read_values(self, table: Table) -> Array:
        """Return what the rows themselves hold, float64 (n_rows, n_columns), NaN where unknown."""
        return np.stack([column.read(table) for column in self.each], axis=1)


def _of_type(written: Any, kind: type) -> Any:
    return written if isinstance(written, kind) else None


def read_lags(rows: Any) -> tuple[int, ...]:
    """Return lags in ascending order; `InputError` unless they are whole numbers of rows."""
    if rows is True:
        return PROPOSED_LAGS
    given = rows if isinstance(rows, Sequence | np.ndarray | range | set) else [rows]
    for lag in given:
        check_rows("lags", lag)
    if not len(given):
        raise InputError(
            "lags is empty: give numbers of rows, such as [1, 7], or True for those that the times suggest."
        )
    return tuple(sorted({int(lag) for lag in given}))


def read_names(role: str, given: Any) -> tuple[str, ...]:
    """Return the columns that are named for a role; `InputError` unless they are names."""
    names = tuple(given) if isinstance(given, Iterable) else ()
    names = (given,) if isinstance(given, str) else names
    if not names or not all(isinstance(name, str) for name in names):
        raise InputError(
            "{role} is {given!r}: give names of columns, such as ['customers'].",
            role=role,
            given=given,
        )
    return tuple(map(str, dict.fromkeys(names)))


def series_text(series: Sequence[str]) -> str:
    """Return what the series of some columns are called.

    >>> series_text(("store", "item")), series_text(())
    ('store × item', '')
    """
    return " × ".join(series)


def shown_series(name: str) -> str:
    """Return the name of a series as people read it."""
    return series_text(name.split(_APART))


def check_rows(name: str, value: Any) -> int:
    """Return a number of rows; `InputError` unless it is a whole one, within bounds."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or value != np.floor(value) or not 1 <= value <= MAX_LAG:
        raise InputError(
            "{name} is {value!r}: give a whole number of rows, from 1 to {MAX_LAG:,}.",
            name=name,
            value=value,
            MAX_LAG=MAX_LAG,
        )
    return int(value)
