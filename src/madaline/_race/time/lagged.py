"""A fit with lags: columns of the past beside those of the table, and anchors of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from numbers import Real
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count, format_list
from madaline._race.dataset import Offset
from madaline._race.time.anchors import NO_ANCHOR
from madaline._race.time.history import SeriesHistory
from madaline._race.time.lags import PROPOSED_LAGS, Lags, check_rows, series_text, shown_series
from madaline._race.time.orders import find_series
from madaline._race.time.past import LaggedRows, Past
from madaline._race.time.past_columns import PastColumn
from madaline._race.time.seasons import propose_lags
from madaline._race.time.series_scores import SeriesScores, score_series
from madaline._race.time.stretches import RowTimes
from madaline._race.time.time_request import TimeRequest
from madaline._race.time.totals import error_correlation
from madaline._tables.column import as_texts, is_missing, to_column
from madaline._tables.conversion import as_levels
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import (
    BOOLEAN,
    CATEGORY,
    DROPPED,
    NUMBER,
    PAST_ALONE,
    ColumnSchema,
)
from madaline._tables.schema import Schema, infer_columns
from madaline._tables.splits.folds import GivenFolds
from madaline._tables.table import Table, alike
from madaline._tables.target import JointEncoder, TargetEncoder
from madaline._tables.target.encoders import ClassEncoder, RegressionEncoder
from madaline._tables.target.values import target_numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array

_STREAM = 2**32 - 4  # separates the random distances of rows from folds, batches and kept rows


@final
@dataclass(frozen=True, eq=False)
class TimedRows:
    """The rows of a fit, as lags are made of them."""

    table: Table  # as its schema reads it
    schema: Schema
    times: RowTimes
    target: Array  # (n_samples,) or (n_samples, n_targets): labels or numbers
    target_names: tuple[str, ...]
    groups: Array | None = None  # (n_samples,)
    of_classes: bool = False  # whether the target holds classes
    of_column: bool = True  # whether times are told by a column, not given beside the table

    @property
    def time(self) -> str | None:
        """The column that tells the times; None where rows are in order, or times were given."""
        return self.times.name if self.of_column and self.times.name in self.table else None


@final
@dataclass(frozen=True, eq=False)
class LaggedData:
    """The rows that have a past, with what was made of it."""

    made: LaggedRows
    table: Table  # with the columns that were made
    schema: Schema
    times: RowTimes
    given_target: Array  # (n_samples,): labels or numbers
    n_given: int
    advice: str = ""  # what to do where several rows have the same time

    @property
    def past(self) -> Past:
        """What a model makes of the past, and what it keeps of it."""
        return self.made.past

    @property
    def given(self) -> Array:
        """Which of the rows given each is, int (n_samples,)."""
        return self.made.rows

    @cached_property
    def anchors(self) -> Array | None:
        """What networks predict the difference to, (n_samples,); None where they do not."""
        lags = self.past.lags
        return None if lags.anchor.kind == NO_ANCHOR else lags.anchors(self.made.columns)

    def evaluated_once(self, folds: GivenFolds) -> GivenFolds:
        """Return folds in which no row is evaluated twice.

        Behind the first rows are the same ones, predicted from other distances.
        """
        numbers = np.where(np.arange(len(folds.numbers)) < self.made.n_own, folds.numbers, -1)
        return replace(folds, numbers=numbers)

    @cached_property
    def sizes(self) -> Array | None:
        """By what differences are divided, (n_samples,); None where they are not."""
        return self.past.lags.sizes(self.made.columns)

    @property
    def target(self) -> Array:
        """What networks learn: numbers as differences from the anchors, divided by the sizes."""
        if self.anchors is None:
            return self.given_target
        return self.past.lags.differences(target_numbers(self.given_target), self.made.columns)

    @property
    def series(self) -> Array:
        """The name of each row's series, (n_samples,)."""
        return as_texts(self.past.lags.read_series(self.table))

    def last_known(self, encoder: TargetEncoder) -> Array | None:
        """Return the last known number of each row's series, encoded; None of classes."""
        first = encoder.each[0]
        return None if first.of_classes else first.encode(self.past.lags.naive(self.table, 1))

    def score_series(self, rows: Array, predicted: Array) -> SeriesScores | None:
        """Return the scores of series of numbers, given predictions of some rows."""
        lags = self.past.lags
        first = slice(self.made.n_own)
        if not lags.series:
            return None
        naive = {lag: lags.naive(self.table, lag)[rows] for lag in {1, *lags.rows}}
        target = target_numbers(self.given_target).astype(np.float64)[first]
        series = np.array([*map(shown_series, self.series[first].tolist())])
        times = self.times.values[first]
        name = series_text(lags.series)
        theta = lags.theta_forecast(self.table)
        theta = None if theta is None else theta[rows]
        scores = score_series(name, series, times, target, rows, predicted, naive, theta)
        return scores and replace(scores, divided=self.sizes is not None)

    def keeping(self, rows: Array, errors: Array) -> Past:
        """Return what a model keeps of the past, given errors of some rows out of fold."""
        if not self.past.lags.series:
            return self.past
        codes = np.unique(self.series[rows], return_inverse=True)[1]
        correlation = error_correlation(codes, self.times.values[rows], errors)
        return replace(self.past, lags=replace(self.past.lags, correlation=correlation))

    def encoder(self, of_target: TargetEncoder, of_differences: TargetEncoder) -> TargetEncoder:
        """Return an encoder in the unit of differences, with the range of the target."""
        if isinstance(of_target, JointEncoder) and isinstance(of_differences, JointEncoder):
            pairs = zip(of_target.encoders, of_differences.encoders, strict=True)
            return replace(of_target, encoders=tuple(self.encoder(*pair) for pair in pairs))
        if not isinstance(of_target, RegressionEncoder) or self.anchors is None:
            return of_target
        assert isinstance(of_differences, RegressionEncoder)
        # divided differences are multiplied without a center
        center = of_differences.center if self.sizes is None else 0.0
        return replace(of_differences, center=center, low=of_target.low, high=of_target.high)

    def offset(self, encoder: TargetEncoder, columns: Sequence[str], order: Array) -> Offset | None:
        """Return what is added to the outputs of networks, for the rows in an order."""
        if self.anchors is None:
            return None
        table = self.table.take(order)
        return offset_of(encoder, self.past, table, columns)


def offset_of(encoder: TargetEncoder, past: Past, table: Table, columns: Sequence[str]) -> Offset:
    """Return anchors, what columns add to them, and sizes, in the unit of the outputs."""
    parts = past.parts(table).items()
    sizes = past.lags.sizes(table)
    return Offset(
        encoder.shifts(past.lags.anchors(table)),
        {columns.index(name): encoder.shifts(part) for name, part in parts},
        None if sizes is None else sizes[:, None],
    )


def check_times(asked: TimeRequest, times: RowTimes | None) -> None:
    """Raise `InputError` where what is asked needs times, or lags, that there are not."""
    if asked.lags and times is None:
        raise InputError(
            "Lags need the order of the rows: name the column of dates (time=), or say that they"
            " are in the order of time (time=True)."
        )
    if not asked.lags and asked.series and times is None:
        raise InputError(
            "series is {series!r}, but the times of the rows are not known: name the column of dates (time=).",
            series=series_text(asked.series),
        )
    if not asked.lags and asked.past:
        raise InputError(
            "past names {past}, but there are no lags: columns of the past are made of rows so far before; give lags=True.",
            past=format_list(asked.past),
        )


def add_past(rows: TimedRows, asked: TimeRequest, *, anchored: bool, seed: int) -> LaggedData:
    """Return the rows with columns of their past; `InputError` where lags cannot be made.

    If it pays, networks predict the difference to an anchor, where they may be `anchored`.
    """
    lags, values = _lags(rows, asked)
    if asked.lags == PROPOSED_LAGS:
        lags = _proposed(lags, asked, rows, values)
    _check_names(lags, rows.table)
    _check_length(lags, rows.table)
    advice = _shared_times(rows.times.values, lags.read_series(rows.table))
    rng = np.random.default_rng([seed, _STREAM])
    anchored = anchored and not rows.of_classes
    made = LaggedRows.of(lags, rows.table, values, rows.times.values, anchored=anchored, rng=rng)
    table = rows.table.take(made.rows).replaced(_as_columns(made.columns))
    return LaggedData(
        made,
        table,
        _with_columns(rows.schema, lags, made, table),
        replace(rows.times.take(made.rows), horizon=None),
        rows.target[made.rows],
        rows.table.n_samples,
        advice,
    )


def _with_columns(schema: Schema, lags: Lags, made: LaggedRows, table: Table) -> Schema:
    """Return the schema with the columns that were made; of others only the past is used."""
    kinds = dict.fromkeys(made.columns, NUMBER)
    kinds |= {name: CATEGORY for name, column in made.columns.items() if column.dtype == object}
    others = [column.name for column in lags.others]
    columns = (
        replace(column, kind=DROPPED, detail=PAST_ALONE) if column.name in others else column
        for column in schema.columns
    )
    made_columns = infer_columns(table.select(made.columns), kinds)
    return replace(schema, columns=(*columns, *made_columns), n_samples=table.n_samples)


def _lags(rows: TimedRows, asked: TimeRequest) -> tuple[Lags, Array]:
    """Return the lags that were asked for, and the target as numbers or indices of classes."""
    if len(rows.target_names) > 1:
        raise InputError(
            "Lags are made of one target, but there are {n_target_names}: fit a model for each, or leave lags out.",
            n_target_names=len(rows.target_names),
        )
    name = rows.time
    gap = _gap(rows.times, asked.gap)
    series = _series(rows, asked.series)
    lags = Lags(
        rows.target_names[0],
        (1,) if asked.lags == PROPOSED_LAGS else asked.lags,
        _horizon(gap, asked.horizon),
        name,
        series,
        name is not None and rows.times.of_dates,
        None if name is None else rows.schema[name].written,
        gap=gap,
        others=_others(rows, asked.past, (name, *series)),
    )
    if not rows.of_classes:
        return lags, target_numbers(rows.target).astype(np.float64)
    encoder = ClassEncoder.fit(rows.target)
    labels = as_levels(to_column(lags.target, encoder.classes))
    lags = replace(lags, classes=tuple(map(str, labels)))
    return lags, encoder.encode(rows.target).astype(np.float64)


def _horizon(gap: int, told: Any) -> int:
    """Return how many rows ahead rows are predicted."""
    horizon = gap + 1 if told is None else check_rows("horizon", told)
    if horizon <= gap:
        raise InputError(
            "horizon is {horizon}, but gap is {gap}: rows are predicted from {first} rows ahead of the last known value on; give horizon={first} or more.",
            horizon=horizon,
            gap=gap,
            first=gap + 1,
        )
    return horizon


def _proposed(lags: Lags, asked: TimeRequest, rows: TimedRows, values: Array) -> Lags:
    """Return lags of the rows that the times and the values of series suggest."""
    of_classes = (bool(lags.classes),)
    names, times = lags.read_series(rows.table), rows.times.values
    history, _places = SeriesHistory.of(names, times, values[:, None], of_classes=of_classes)
    lags = lags.in_calendar(history)
    history = history.spread(lags.calendar)[0]
    proposed = propose_lags(history, lags.calendar, of_dates=lags.of_dates)
    horizon = lags.horizon if asked.horizon is not None else lags.gap + max(proposed)
    return replace(lags, rows=proposed, horizon=horizon)


def _series(rows: TimedRows, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of series: those given, that of groups, or those that tell rows apart.

    Groups that are periods tell no series.
    """
    for name in names:
        if name not in rows.table:
            raise InputError(
                "series names {name!r}, but the table has no such column: {alike}",
                name=name,
                alike=alike(name, rows.table.names),
            )
    if names:
        return names
    if rows.groups is not None:
        _, groups = np.unique(rows.groups, return_inverse=True)
        in_time = np.argsort(rows.times.values, kind="stable")
        changes = np.count_nonzero(np.diff(groups[in_time]))
        if changes > groups.max():
            agreeing = (name for name in rows.table.names if _agrees(rows.table, name, groups))
            names = tuple(islice(agreeing, 1))
    return names or find_series(rows.times.values, rows.table, rows.schema)


def _agrees(table: Table, name: str, groups: Array) -> bool:
    """Return whether a column has a level of its own in each group, and one alone."""
    codes = _level_codes(table, name)
    n_groups = int(groups.max()) + 1
    if codes is None or codes.max() + 1 != n_groups:
        return False
    return len(np.unique(codes * n_groups + groups)) == n_groups


def _level_codes(table: Table, name: str) -> Array | None:
    """Return the number of each row's level; None of images and the like, or gaps."""
    values = table[name]
    if values.ndim > 1 or values.dtype.kind not in "fO" or is_missing(values).any():
        return None
    if values.dtype.kind == "O":
        values = as_levels(values)
    return np.unique(values, return_inverse=True)[1]


def _shared_times(times: Array, series: Array) -> str:
    """Return what to know of rows of the same time in a series; often nothing."""
    codes = np.unique(as_texts(series), return_inverse=True)[1]
    moments = np.unique(times, return_inverse=True)[1]
    counts = np.unique(codes * len(times) + moments, return_counts=True)[1]
    n_repeated = int(counts[counts > 1].sum())
    if not n_repeated:
        return ""
    return _(
        "{n_repeated:,} of {rows} have the time of another: lags take them together, as their mean. If they are of different things, such as stores, name the columns that tell these apart (series=)."
    ).format(n_repeated=n_repeated, rows=format_count(len(times), "row"))


def _gap(times: RowTimes, gap: Any) -> int:
    """Return how many rows of a series right before a row are not known when it is predicted."""
    if gap is None or gap == 0:
        return 0
    if isinstance(gap, Real):
        return check_rows("gap", gap)
    steps = np.diff(np.unique(times.values))
    return check_rows("gap", np.ceil(times.gap / float(np.median(steps)) - 1e-9))


def _others(
    rows: TimedRows, past: Sequence[str], placed: Sequence[str | None]
) -> tuple[PastColumn, ...]:
    """Return the columns whose values are not known in advance."""
    kinds = {column.name: column for column in rows.schema.columns}
    others = []
    for name in past:
        if name not in kinds:
            raise InputError(
                "past names {name!r}, but the table has no such column: {alike}",
                name=name,
                alike=alike(name, list(kinds)),
            )
        if name in placed:
            raise InputError(
                "past names {name!r}, by which rows are placed in time and series, so that it is known in advance: leave it out.",
                name=name,
            )
        others.append(_past_column(kinds[name], rows.table[name]))
    return tuple(others)


def _past_column(column: ColumnSchema, values: Array) -> PastColumn:
    """Return what the past of a column is read as."""
    if column.kind == CATEGORY:
        labels = set(as_levels(values).tolist()) - {None}
        return PastColumn(column.name, tuple(sorted(labels)))
    if column.kind not in (NUMBER, BOOLEAN):
        what = (
            "is left out"
            if column.kind == DROPPED
            else _("is read as {words}").format(words=KINDS[column.kind].words[1])
        )
        raise InputError(
            "past names {name!r}, which {what}: name columns of numbers or categories, or give its kind.",
            name=column.name,
            what=what,
        )
    written = column.written if isinstance(column.written, NumberFormat) else None
    return PastColumn(column.name, of_truth=column.kind == BOOLEAN, written=written)


def _check_length(lags: Lags, table: Table) -> None:
    """Raise `InputError` if no series is as long as a lag, which would then hold nothing."""
    _, counts = np.unique(as_texts(lags.read_series(table)), return_counts=True)
    longest = max(lags.rows)
    n_rows = int(counts.max())
    if longest >= n_rows:
        raise InputError(
            "lags holds {longest}, but the longest series has {n_rows:,} rows: give fewer than that, or leave the lag out.",
            longest=longest,
            n_rows=n_rows,
        )


def _check_names(lags: Lags, table: Table) -> None:
    taken = [name for name in lags.names if name in table]
    if taken:
        raise InputError(
            "The table has a column {taken!r}, which lags would make: rename it.", taken=taken[0]
        )
    if lags.target in table:
        raise InputError(
            "The table has a column {target!r}, the name of the target: leave it out of X.",
            target=lags.target,
        )


def _as_columns(columns: Mapping[str, Array]) -> dict[str, Array]:
    return {name: to_column(name, column) for name, column in columns.items()}
