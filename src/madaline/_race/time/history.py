"""A history is what is known of some series: their values, point by point, in the order of time.

The rows of one thing that follow one another in time are a series: those of a store, of a sensor.
Rows of the same series and the same time share a point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Annotated, Any, Self, final

import numpy as np

from madaline._base.codec import Items, LabelText, Stored, check_of
from madaline._base.json_checks import Malformed
from madaline._race.time.anchors import ThetaSettings
from madaline._race.time.calendar import ROWS, Calendar
from madaline._race.time.theta import Theta
from madaline._tables.array_checks import FLOAT64, INT64, ArrayCheck, check_arrays
from madaline._tables.column import as_texts
from madaline.nn.arrays import Array

MAX_KEPT_VALUES = 2**20  # known values that a model may keep, of all series and columns together
_LEVEL_ROWS, _LEVEL_SHARE = 4, 0.1  # changes that the level counts as, and how large they are
_MAX_STEPS = 2**16  # points that may be missing between two rows, at most
_SEASONS_BACK = 3  # multiples of a lag among which the latest known value is taken
_WINDOW_VALUES = 2**21  # of windows that are taken together


@final
@dataclass(frozen=True, eq=False)
class SeriesHistory:
    """The points of some series, one series after the other."""

    names: tuple[str, ...]  # of the series, in order
    starts: Array  # int (n_series + 1,): where each series begins, and where the last one ends
    times: Array  # float64 (n_points,): ascending within each series
    # float64 (n_points, n_columns): numbers, or indices of classes; NaN where unknown; the first
    # column is that whose values are predicted
    values: Array

    @classmethod
    def of(
        cls,
        names: Array,  # (n_rows,) texts: the series of each row
        times: Array,  # float64 (n_rows,)
        values: Array,  # float64 (n_rows, n_columns): NaN where unknown
        *,
        of_classes: Sequence[bool],  # whether the values of each column are indices of classes
        n_before: int = 0,  # the first rows, which those behind them correct
    ) -> tuple[Self, Array]:
        """Return the history of rows in any order, and the point of each row.

        Where several rows share a point, its value is their mean; of classes, that of the last one.
        """
        known_names, codes = np.unique(as_texts(names), return_inverse=True)
        order = np.lexsort((times, codes))
        codes, moments = codes[order], times[order]
        is_first = np.ones(len(order), np.bool_)
        is_first[1:] = (codes[1:] != codes[:-1]) | (moments[1:] != moments[:-1])
        points = np.empty(len(order), np.intp)
        points[order] = np.cumsum(is_first) - 1
        first = np.flatnonzero(is_first)
        starts = np.searchsorted(codes[first], np.arange(len(known_names) + 1))
        if n_before:
            corrected = np.zeros(len(first), np.bool_)
            corrected[points[n_before:][~np.isnan(values[n_before:, 0])]] = True
            values = values.copy()
            values[:n_before][corrected[points[:n_before]]] = np.nan
        shared = [
            (_last_values if classes else _mean_values)(points, column, len(first))
            for classes, column in zip(of_classes, values.T, strict=True)
        ]
        values = np.stack(shared, axis=1)
        return cls(tuple(map(str, known_names)), starts, moments[first], values), points

    @property
    def n_points(self) -> int:
        """Number of points of all series."""
        return len(self.times)

    @property
    def series(self) -> Array:
        """The index of the series of each point."""
        return np.repeat(np.arange(len(self.names)), np.diff(self.starts))

    @property
    def first_points(self) -> Array:
        """The first point of the series of each point."""
        return np.repeat(self.starts[:-1], np.diff(self.starts))

    def rows(self, names: Array | None = None) -> tuple[Array, Array, Array]:
        """Return the name, the time and the value of each point, of all series or of some."""
        labels = np.array(self.names, dtype=object)[self.series]
        kept = np.ones(self.n_points, np.bool_)
        if names is not None:
            wanted = set(as_texts(names).tolist())
            kept = np.array([name in wanted for name in self.names], np.bool_)[self.series]
        return labels[kept], self.times[kept], self.values[kept]

    def latest(self, n_points: int) -> SeriesHistory:
        """Return the latest points of each series, so many at most."""
        stops = np.repeat(self.starts[1:], np.diff(self.starts))
        kept = np.arange(self.n_points) >= stops - n_points
        counts = np.minimum(np.diff(self.starts), n_points)
        starts = np.concatenate([[0], np.cumsum(counts)])
        return SeriesHistory(self.names, starts, self.times[kept], self.values[kept])

    def n_latest(self, n_points: int) -> int:
        """Return how many values the latest points of all series hold, so many of each at most."""
        counts = np.minimum(np.diff(self.starts), n_points)
        return int(counts.sum() * self.values.shape[1])

    @property
    def within(self) -> Array:
        """Which steps from a point to the next are within a series, (n_points - 1,)."""
        series = self.series
        return np.asarray(series[1:] == series[:-1])

    def spread(
        self, calendar: Calendar, ends: Mapping[str, float] | None = None
    ) -> tuple[SeriesHistory, Array]:
        """Return the history with a point for each one that is missing, and where points now are.

        Where the calendar counts rows, a step is over missing points that is longer than the usual
        ones up to the last times told, its `ends`: there are as many as usual steps would make.
        """
        extra = np.zeros(self.n_points, np.int64)
        extra[1:] = np.where(self.within, np.minimum(calendar.steps(self.times) - 1, _MAX_STEPS), 0)
        if calendar.unit == ROWS and ends:
            extra = self._missing(ends)
        places = np.arange(self.n_points) + np.cumsum(extra)
        n_places = self.n_points + int(extra.sum())
        values = np.full((n_places, self.values.shape[1]), np.nan)
        times = np.full(n_places, np.nan)
        values[places], times[places] = self.values, self.times
        gains = np.concatenate([[0], np.cumsum(extra)])
        return SeriesHistory(self.names, self.starts + gains[self.starts], times, values), places

    def _missing(self, ends: Mapping[str, float]) -> Array:
        """Return how many points are missing before each, by the usual steps up to some times."""
        extra = np.zeros(self.n_points, np.int64)
        for name, (start, stop) in zip(self.names, pairwise(self.starts), strict=True):
            steps = np.diff(self.times[start:stop])
            usual = steps[self.times[start + 1 : stop] <= ends.get(name, np.inf)]
            if len(usual) and len(usual) < len(steps):
                longer = (steps > usual.max() * (1 + 1e-9)) & (usual.mean() > 0)
                longer[: len(usual)] = False
                missing = np.round(np.where(longer, steps / usual.mean(), 1)) - 1
                extra[start + 1 : stop] = np.minimum(missing, _MAX_STEPS)
        return extra

    def last_known(self, points: Array, n_steps: int | Array) -> Array:
        """Return the latest point of known value at least so many steps before points, or -1."""
        known = np.where(np.isnan(self.values[:, 0]), -1, np.arange(self.n_points))
        latest = np.append(np.maximum.accumulate(known), -1)
        before = latest[np.maximum(points - n_steps, -1)]
        return np.where(before >= self.first_points[points], before, -1)

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        arrays = {"starts": self.starts.astype(np.int64), "times": self.times}
        return _HistoryFacts(self.names).to_json(), arrays | {"values": self.values}

    @classmethod
    def from_state(
        cls, state: Mapping[str, Any], arrays: Mapping[str, Array], n_columns: int
    ) -> Self:
        """Return the history that `to_state` described; `Malformed` if arrays do not fit it."""
        names = _HistoryFacts.from_json(state).names
        n_points = len(arrays.get("times", ()))
        starts = ArrayCheck(INT64, (len(names) + 1,), 0, MAX_KEPT_VALUES, ascending=True)
        times, values = ((n_points,), (n_points, n_columns))
        numbers = {"times": ArrayCheck(FLOAT64, times), "values": ArrayCheck(FLOAT64, values)}
        check_arrays(arrays, {"starts": starts, **numbers})
        if arrays["starts"][0] != 0 or arrays["starts"][-1] != n_points:
            raise Malformed("has series that do not follow one another")
        return cls(names, arrays["starts"], arrays["times"], arrays["values"])


@final
@dataclass(frozen=True)
class _HistoryFacts(Stored):
    """What a file tells of a history beside its arrays."""

    names: Annotated[tuple[LabelText, ...], Items(most=MAX_KEPT_VALUES, distinct=True)]


@final
class PastValues:
    """Values of a column in the past of rows, each as it was known so many steps before the row."""

    def __init__(self, history: SeriesHistory, column: int, points: Array, steps: Array) -> None:
        self.history = history
        self.values, self.points, self.steps = history.values[:, column], points, steps
        self.first_points = history.first_points
        self.first = self.first_points[points]
        self.known = ~np.isnan(self.values)
        self.origins = np.where(steps > 0, points - steps, -1)

    def back(self, n_rows: int) -> Array:
        """Return the values so many rows before the last known one."""
        return self._at(self.origins - n_rows)

    def season(self, lag: int) -> Array:
        """Return the latest known values a multiple of the lag before each row."""
        latest = self.points - lag * -(-self.steps // lag)
        values = self._at(latest)
        for further in range(1, _SEASONS_BACK):
            values = np.where(np.isnan(values), self._at(latest - further * lag), values)
        return values

    def next_change(self, lag: int) -> Array:
        """Return how values went on a season before, as far as the row is ahead."""
        return self.season(lag) - self._at(self.origins - lag * -(-self.steps // lag))

    def mean(self, lag: int, code: float | None = None) -> Array:
        """Return the mean of the latest known values; of classes, how often it is one of them."""
        values = np.where(self.known, self.values, 0) if code is None else self.values == code
        return self._mean(values, lag)

    def theta(self, settings: ThetaSettings) -> tuple[Array, Array]:
        """Return the forecasts of Theta, and what the slope of the latest values adds up to."""
        forecasts, trends = np.full((2, len(self.points)), np.nan)
        ahead = self.steps > 0
        origins, windows = np.unique(self.origins[ahead], return_inverse=True)
        n_together = _WINDOW_VALUES // settings.n_rows
        for first in range(0, len(origins), n_together):
            part = origins[first : first + n_together]
            points = part[:, None] - np.arange(settings.n_rows)[::-1]
            inside = points >= self.first_points[part, None]
            values = np.where(inside, self.values[np.maximum(points, 0)], np.nan)
            theta = Theta.of(values, settings.season, settings.trend_share)
            rows = np.flatnonzero(ahead)[(windows >= first) & (windows < first + len(part))]
            place = windows[np.searchsorted(np.flatnonzero(ahead), rows)] - first
            forecasts[rows] = theta.ahead(place, self.steps[rows])
            trends[rows] = theta.slope[place] * self.steps[rows]
        return forecasts, trends

    def size(self, n_rows: int, lag: int) -> Array:
        """Return how much the latest values changed over a lag, in the mean.

        A share of their mean absolute value counts as a few more changes.
        """
        level = self._mean(np.where(self.known, np.abs(self.values), 0), n_rows)
        there = np.arange(len(self.values)) - lag >= self.first_points
        changes = np.abs(self.values - np.where(there, np.roll(self.values, lag), np.nan))
        known, spans = ~np.isnan(changes), self._spans(n_rows)
        total = _sums(np.where(known, changes, 0), *spans) + _LEVEL_ROWS * _LEVEL_SHARE * level
        return np.asarray(total / (_sums(known, *spans) + _LEVEL_ROWS))

    def _spans(self, n_rows: int) -> tuple[Array, Array]:
        stops = np.maximum(self.origins + 1, 0)
        return np.minimum(np.maximum(stops - n_rows, self.first), stops), stops

    def _mean(self, values: Array, lag: int) -> Array:
        starts, stops = self._spans(lag)
        counts = _sums(self.known, starts, stops)
        means = _sums(values, starts, stops) / np.maximum(counts, 1)
        return np.where((counts > 0) & (self.steps > 0), means, np.nan)

    def _at(self, points: Array) -> Array:
        there = (points >= self.first) & (self.steps > 0)
        return np.where(there, self.values[np.where(there, points, 0)], np.nan)


def _sums(values: Array, starts: Array, stops: Array) -> Array:
    """Return the sums of spans: differences of running sums would depend on all values before."""
    spans = np.stack([starts, stops], axis=1).ravel()
    padded = np.append(values.astype(np.float64), 0.0)
    return np.where(stops > starts, np.add.reduceat(padded, spans)[::2], 0.0)


HISTORY = check_of(_HistoryFacts)  # what a file tells of a history


def _mean_values(points: Array, values: Array, n_points: int) -> Array:
    known = ~np.isnan(values)
    counts = np.bincount(points[known], minlength=n_points)
    sums = np.bincount(points[known], values[known], minlength=n_points)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _last_values(points: Array, values: Array, n_points: int) -> Array:
    shared = np.full(n_points, np.nan)
    known = ~np.isnan(values)
    shared[points[known]] = values[known]
    return shared
