"""Scores of stretches of time: each is predicted by networks that learned from earlier rows alone.

The rows that come after the table are one more such stretch. So the promised score is what the
latest stretches say of the next one, and its error counts stretches, not rows: rows near in time
resemble one another, and many of them are no more evidence than a few.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, TypeAlias, final

import numpy as np

from madaline._base.codec import NOT_STORED, Finite, Items, Stored
from madaline._base.json_checks import Number, Text, Whole
from madaline._base.language import _
from madaline._base.words import (
    MAX_MOMENT,
    format_count,
    format_moment,
    format_number,
    format_span,
    metric_name,
)
from madaline._race.evaluation.metrics import CLASS_METRICS, NUMBER_METRICS
from madaline._race.evaluation.score import Score, mean_and_error, written_of
from madaline._race.time.series_scores import SeriesScores
from madaline._race.time.stretches import ROW_ORDER
from madaline._race.time.told_times import read_moments
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import NUMBER
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.curves import Promise, stretches_figure
from madaline.records._results.figure import Figure

_MAX_STRETCHES = 999  # that are kept beside that of the latest update

_Rows = Annotated[int, Whole(0, 2**53)]


@final
@dataclass(frozen=True)
class Stretch(Stored):
    """A part of the rows that follow one another in time, which were held out together."""

    first: Finite  # time of its first row: seconds since 1970 of dates, else a number
    last: Finite  # time of its last row
    n_rows: _Rows
    n_learned: _Rows  # earlier rows that its networks learned from
    value: Finite  # the metric on its rows
    baseline: Finite  # that of the best constant of the earlier rows
    # that of the last known value before the stretch, or of the class shares in as many rows
    last_known: Finite | None = None


@final
@dataclass(frozen=True)
class Aging(Stored):
    """How much worse networks predict rows that come so much later than those they learned from."""

    age: Finite  # seconds of dates, else in the unit of the time
    loss: Annotated[float, Number(0)]  # as a share of that of networks that learned up to the rows


@final
@dataclass(frozen=True)
class Distance(Stored):
    """Rows that are predicted so many rows ahead of the last known value of their series."""

    first: _Rows
    last: _Rows
    value: Finite  # the metric on these rows


@final
@dataclass(frozen=True)
class Noticed(Stored):
    """Why a fit of rows that were not said to have times holds out stretches of time."""

    among: Finite  # the metric of a simple model where a row is predicted from all other rows
    after: Finite  # where it is predicted from earlier rows alone
    standard_error: Annotated[float, Number(0)]  # of the difference
    metric: Annotated[str, Text(100)] = ""  # "rmse", or "log_loss" of classes

    @property
    def is_clear(self) -> bool:
        """Whether later rows are harder to predict, and not merely sorted by date."""
        return self.after - self.among > _CLEAR_ERRORS * self.standard_error


@final
@dataclass(frozen=True)
class ForwardScores(Stored):
    """What a model promises of later rows, and why."""

    name: Annotated[str, Text(1000)]  # the column of times, or `ROW_ORDER`
    of_dates: bool  # whether times are seconds since 1970
    metric: Annotated[str, Text(100)]  # that of the stretches
    stretches: Annotated[tuple[Stretch, ...], Items(1, _MAX_STRETCHES + 1)]  # in the order of time
    gap: Finite = 0.0  # time, or rows, between the rows learned from and those predicted
    horizon: Finite | None = None  # how far ahead rows are predicted; None as far as stretches go
    trend: Finite = 0.0  # by how much the metric rises from stretch to stretch, beyond chance
    aging: Annotated[tuple[Aging, ...], Items(most=1000)] = ()
    noticed: Noticed | None = None  # None where the user said what the times are
    updated: bool = False  # whether the scores are of an update, and the last stretch is its rows
    # whether the rows that scores are of were predicted from earlier ones alone
    of_later_rows: bool = True
    # networks of each recipe that learned from all rows: they predict, those of stretches do not
    n_final: Annotated[int, Whole(0, 1000)] = 0
    ahead: Annotated[float, Number(0)] = 0.0  # how long the time is of which scores are promised
    # with lags: how many rows ahead of the last known value rows are predicted, and the metric
    distances: Annotated[tuple[Distance, ...], Items(most=100)] = ()
    n_undated: _Rows = 0  # rows without a time, which no stretch holds
    # the columns that tell series apart, and how many rows of a series scores are promised ahead
    series: tuple[Annotated[str, Text(1000)], ...] = ()
    n_steps: _Rows = 1
    # with lags, where there are several series
    by_series: SeriesScores | None = None
    # how the metric is written: in the target's unit, as far as it has that
    written: NumberFormat = field(default=PLAIN, compare=False, metadata=NOT_STORED)

    def in_unit(self, target: NumberFormat | None) -> Self:
        """Return the scores as they are written where the target is written so."""
        return replace(self, written=written_of(self.metric, target))

    @property
    def higher_is_better(self) -> bool:
        """Whether more of the metric is better."""
        kinds = (*CLASS_METRICS.values(), *NUMBER_METRICS.values())
        return any(kind.name == self.metric and kind.higher_is_better for kind in kinds)

    @property
    def lengths(self) -> tuple[float, ...]:
        """How long stretches are, in time: from the first row of each to that of the next."""
        if self.horizon is not None:
            return (self.horizon,) * len(self.stretches)
        firsts = [stretch.first for stretch in self.stretches]
        steps = tuple(after - before for before, after in pairwise(firsts))
        return steps or (self.stretches[-1].last - self.stretches[-1].first,)

    @property
    def length(self) -> float:
        """How long a stretch is, in time; of several, the median."""
        return float(np.median(self.lengths))

    @property
    def reach(self) -> float:
        """How long after the last row learned a row was evaluated, at most."""
        return self.gap + (self.ahead or self.length)

    @property
    def last_known_name(self) -> str:
        """What the last known value is: of classes, their shares in the latest rows."""
        return "latest class shares" if self.metric == "log_loss" else "last known value"

    @property
    def has_last_known(self) -> bool:
        """Whether each stretch was also predicted by the last known value."""
        return all(stretch.last_known is not None for stretch in self.stretches)

    def values(self, of: Of = "value") -> Array:
        """Return the metric of each stretch: of networks, of the constant, of the last value."""
        return np.array([getattr(stretch, of) for stretch in self.stretches], np.float64)

    def overall(self, of: Of = "value") -> float:
        """Return the metric of all stretches together: later ones count more, as in `promised`."""
        return float(stretch_weights(len(self.stretches)) @ self.values(of))

    @property
    def last_known_gain(self) -> tuple[float, float]:
        """By how much the last known value is better than the networks, and the standard error.

        Zero where there is no last known value. The differences are taken stretch by stretch, so
        what makes one hard for both cancels.
        """
        if not self.has_last_known:
            return 0.0, 0.0
        gains = self.values("value") - self.values("last_known")
        gain, error = mean_and_error(gains, stretch_weights(len(gains)), None)
        return (-gain if self.higher_is_better else gain), error

    @property
    def last_known_predicts(self) -> Persistence:
        """How the last known value compares with the networks."""
        gain, error = self.last_known_gain
        alike = min(error, _ALIKE * abs(self.overall()))
        if not self.has_last_known or gain < -alike:
            return "worse"
        return "better" if gain > alike else "as well"

    @property
    def of_years(self) -> bool:
        """Whether times are years, by the name of their column."""
        return "year" in self.name.lower() and not self.of_dates

    def span(self, amount: float) -> str:
        """Return a length of time in words: of dates in their units, of the row order in rows.

        >>> stretch = Stretch(1952.0, 1967.0, 60, 100, 0.5, 1.0)
        >>> ForwardScores("year", False, "rmse", (stretch,)).span(5.0)
        '5 years'
        """
        if self.of_dates:
            return format_span(amount)
        if self.name == ROW_ORDER:
            return format_count(round(amount), "row")
        if self.of_years:
            return f"{format_number(amount)} year{'s' * (amount != 1)}"
        return _("{amount} ({name})").format(amount=format_number(amount), name=self.name)

    def moment(self, time: float) -> str:
        """Return a time in words: a date, a row, or a number.

        >>> stretch = Stretch(0.0, 49.0, 50, 50, 0.5, 1.0)
        >>> ForwardScores(ROW_ORDER, False, "rmse", (stretch,)).moment(49.0)
        'row 49'
        """
        if self.of_dates:
            return format_moment(time, within=self.length)
        if self.name == ROW_ORDER:
            return _("row {time:,.0f}").format(time=time)
        return f"{time:.0f}" if self.of_years else format_number(time, 6)

    def when(self, stretch: Stretch) -> str:
        """Return when a stretch of time was.

        >>> stretch = Stretch(1325376000.0, 1328400000.0, 36, 100, 0.5, 1.0)
        >>> ForwardScores("day", True, "rmse", (stretch,)).when(stretch)
        '2012-01-01 to 2012-02-05'
        """
        first, last = map(self.moment, (stretch.first, stretch.last))
        return (
            first
            if first == last
            else _("{first} to {last}").format(first=first, last=last.removeprefix("row "))
        )

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns that may tell the times: one, or those of the parts of dates."""
        if self.name == ROW_ORDER:
            return ()
        return tuple(dict.fromkeys((self.name, *self.name.split(", "))))

    def times_of(self, table: Table) -> Array | None:
        """Return the time of each row of another table, NaN where missing; None without times.

        Times that were given beside the table have a name, too; a column of that name may be
        something else.
        """
        if self.of_dates:
            return read_moments(self.name, table)
        if self.name == ROW_ORDER or self.name not in table:
            return None
        try:
            return np.asarray(KINDS[NUMBER].numbers(self.name, table[self.name]), np.float64)
        except InputError:
            return None

    def after_update(
        self, times: Array, *, n_learned: int, loss: float, baseline: float, of_later_rows: bool
    ) -> Self:
        """Return the scores with the rows of an update, which the model as it was predicted."""
        rows = Stretch(
            float(np.nanmin(times)), float(np.nanmax(times)), len(times), n_learned, loss, baseline
        )
        # Rows that came late belong to a time that was evaluated before.
        last = self.stretches[-1].last
        later = replace(rows, first=max(last, rows.first), last=max(last, rows.last))
        return replace(
            self,
            stretches=(*self.stretches[-_MAX_STRETCHES:], later),
            updated=True,
            of_later_rows=of_later_rows,
        )

    def figure(self, promised: Score | None = None) -> Figure:
        """Return the metric over time, and what is promised of the next stretch, to be drawn."""
        bounds = np.array([(stretch.first, stretch.last) for stretch in self.stretches])
        courses = {"networks": self.values(), "baseline (dashed)": self.values("baseline")}
        if self.has_last_known:
            courses[self.last_known_name] = self.values("last_known")
        promise = None
        start = bounds[-1, 1] + self.gap
        if promised is not None:
            error = promised.standard_error
            end = start + (self.ahead or self.length)
            promise = Promise(start, end, promised.value, error)
        return stretches_figure(
            bounds,
            courses,
            promise,
            time="row" if self.name == ROW_ORDER else self.name,
            metric=metric_name(self.metric),
            unit="moment" if self.of_dates else "year" if self.of_years else "number",
            written=self.written,
        )

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong with the times of the stretches."""
        times = [stretch[side] for stretch in values["stretches"] for side in ("first", "last")]
        if times != sorted(times):
            return "has stretches that are not in the order of time"
        if values["of_dates"] and max(map(abs, times)) > MAX_MOMENT:
            return "has dates that no calendar has"
        return ""


Of: TypeAlias = Literal["value", "baseline", "last_known"]
"""What predicts: the networks, the best constant of earlier rows, or the last known value."""

Persistence: TypeAlias = Literal["better", "as well", "worse"]
"""How the last known value predicts, compared with the networks."""

_ALIKE = 0.05  # share of the metric by which two predictions may differ and count as alike


_PRIOR_SCATTER = 0.25
"""Scatter of a score from stretch to stretch, as a share of its loss, where nothing is known."""

_PRIOR_STRETCHES = 2
"""That scatter counts as if it had been seen in so many stretches more than one."""

_CLEAR_ERRORS = 2.0  # standard errors by which later rows must be harder to predict

_CLEAR_TREND = 3.0
"""Standard errors from zero from which on a slope counts: of few stretches, little is certain."""

_LOSS_METRICS = ("log_loss", "rmse", "mean_absolute_error", "mean_pinball_loss")
"""Metrics of which the stretches are told, the first one that there is."""


def metric_of_stretches(scores: Sequence[tuple[Score, ...]]) -> str:
    """Return the metric of which each stretch is told: the loss, if it is among the scores."""
    metrics = [score.metric for score in scores[-1]]
    return next((metric for metric in _LOSS_METRICS if metric in metrics), metrics[0])


def promised(scores: Sequence[tuple[Score, ...]], drift: float = 0.0) -> tuple[Score, ...]:
    """Return what the scores of stretches, in the order of time, say of the next stretch.

    Later stretches count more: their networks learned from more, and later, rows. The standard
    error is that of one more stretch. A few of them tell little of how far they scatter, so what is
    usual is counted in, and the drift: by what share the loss rises with each stretch that networks
    did not learn from. It is expected once more, and as much more may come or not. A loss that
    clearly rises is expected to go on, one that falls is not.

    >>> stretches = [(Score("rmse", value, 0.1, 5.0, False),) for value in (2.0, 2.2, 1.9, 2.1)]
    >>> print(*promised(stretches))
    root mean squared error 2.05 ± 0.39 (baseline: 5)
    """
    return tuple(
        _promised(
            [
                score
                for of_stretch in scores
                for score in of_stretch
                if score.metric == latest.metric
            ],
            drift,
        )
        for latest in scores[-1]
    )


def drift_of(aging: Sequence[Aging]) -> float:
    """Return by what share predictions get worse with each stretch that was not learned from.

    >>> round(drift_of([Aging(7.0, 1.1), Aging(14.0, 1.21)]), 3)
    0.1
    """
    if not aging:
        return 0.0
    rates = [
        np.log(of_age.loss) * aging[0].age / of_age.age
        for of_age in aging
        if of_age.loss and of_age.age
    ]
    return float(np.expm1(np.mean(rates))) if rates else 0.0


def drifted(score: Score, drift: float) -> Score:
    """Return a score of later rows where the loss is once more higher by a share, or is not.

    >>> print(drifted(Score("rmse", 2.0, 0.3, 5.0, False), 0.2))
    root mean squared error 2.40 ± 0.50 (baseline: 5)
    """
    value = score.value
    more = max(0.0, drift) * abs(1 - value if score.higher_is_better else value)
    value += -more if score.higher_is_better else more
    return replace(score, value=value, standard_error=float(np.hypot(score.standard_error, more)))


def stretch_weights(number: int) -> Array:
    """Return how much each of some stretches counts, adding up to one; the latest count most."""
    weights = np.arange(1.0, number + 1)
    return np.asarray(weights / weights.sum())


def _promised(scores: Sequence[Score], drift: float) -> Score:
    weights = stretch_weights(len(scores))
    values, baselines = (
        np.array([getattr(score, name) for score in scores]) for name in ("value", "baseline")
    )
    latest = scores[-1]
    value, baseline = float(weights @ values), float(weights @ baselines)
    scatter = _scatter(value, baseline, latest)
    n_more = len(values) - 1
    known = np.sum(np.square(values - values.mean()))
    variance = (_PRIOR_STRETCHES * scatter**2 + known) / (_PRIOR_STRETCHES + n_more)
    variance = max(variance, np.mean([score.standard_error**2 for score in scores]))
    error = float(np.sqrt(variance * (1 + np.square(weights).sum())))
    score = replace(latest, value=value, standard_error=error, baseline=baseline, gain=0.0)
    score = drifted(score, drift)
    ahead = len(values) - float(weights @ np.arange(len(values)))  # stretches to the next one
    trend = ahead * worsening(values, higher_is_better=latest.higher_is_better)
    return replace(score, value=score.value + trend)


def _scatter(value: float, baseline: float, score: Score) -> float:
    """Return how far a score usually scatters: a share of the loss, or of what was learned."""
    of_loss = score.metric not in ("log_loss", "r2") and not score.higher_is_better
    return _PRIOR_SCATTER * (abs(value) if of_loss else abs(value - baseline))


def worsening(values: Array, *, higher_is_better: bool) -> float:
    """Return by how much a metric gets worse from stretch to stretch; zero if that is not clear.

    >>> round(worsening(np.array([1.0, 1.21, 1.39, 1.6]), higher_is_better=False), 2)
    0.2
    """
    if len(values) < 3:
        return 0.0
    times = np.arange(len(values)) - (len(values) - 1) / 2
    slope = float(times @ values / (times @ times))
    rest = values - values.mean() - slope * times
    error = float(np.sqrt(rest @ rest / (len(values) - 2) / (times @ times)))
    worse = slope < 0 if higher_is_better else slope > 0
    if not worse or abs(slope) <= _CLEAR_TREND * error:
        return 0.0
    return slope
