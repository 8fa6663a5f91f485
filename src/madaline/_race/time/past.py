"""The past of a target: what a model makes of it in training, keeps, and goes on from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import numpy as np

from madaline._base.codec import check_of
from madaline._base.json_checks import Check, Fields, Malformed
from madaline._base.language import _
from madaline._base.words import format_count
from madaline._race.time.anchors import NO_ANCHOR
from madaline._race.time.calendar import moments, next_times
from madaline._race.time.history import HISTORY, MAX_KEPT_VALUES, SeriesHistory
from madaline._race.time.lags import STEPS_AHEAD, Lags
from madaline._tables.conversion import as_numbers
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn.arrays import Array

_ENOUGH_ROWS = 2000  # to learn from: of fewer, each is there several times, from other distances
_MIN_BEHIND = 2  # points behind the last known one that tell the size of a series
_MIN_SHARE = 0.5  # of rows that have so many, where the others are not learned


@final
@dataclass(frozen=True, eq=False)
class LaggedRows:
    """Rows to learn from, each predicted from some distance."""

    past: Past  # with the anchor that was chosen
    # int (n_lagged,): the rows of the table that have a past; behind them those that are there once
    # more, predicted from other distances: they are learned from, too, where there are few rows
    rows: Array
    columns: Mapping[str, Array]  # (n_lagged,) each: those that were made
    steps: Array  # int (n_lagged,): how far ahead each is predicted
    n_own: int  # how many rows are there for the first time

    @classmethod
    def of(
        cls,
        lags: Lags,
        table: Table,
        values: Array,  # float64 (n_rows,): the target, or the index of each row's class
        times: Array,  # float64 (n_rows,)
        *,
        anchored: bool,  # whether networks may predict a difference
        rng: np.random.Generator,
    ) -> Self:
        """Return the rows that have a past, each from one distance at random.

        `InputError` if there are none, or more series than a model may keep the past of.
        """
        of_classes = bool(lags.classes)
        known = np.column_stack([values, *(column.read(table) for column in lags.others)])
        history, points = SeriesHistory.of(
            lags.read_series(table), times, known, of_classes=lags.of_classes
        )
        given, lags = history, lags.in_calendar(history)
        history, places = given.spread(lags.calendar)
        points = places[points]
        # how many points of its series, before the gap, are before each row
        past = points - history.first_points[points] - lags.gap
        rows = np.flatnonzero(past > 0)
        if not len(rows):
            raise _without_past(lags)
        ahead = lags.horizon - lags.gap
        n_own = len(rows)
        steps = _distances(past[rows], ahead, rng)
        again, further = _other_distances(past[rows], steps, ahead)
        rows, steps = np.append(rows, rows[again]), np.append(steps, further) + lags.gap
        steps = lags.known_steps(history, points[rows], steps)
        rows, steps, n_own = _taken(rows, steps, n_own, steps > 0)
        lags = replace(lags, typical=0.0 if of_classes else float(np.mean(values)))
        if anchored and not of_classes:
            lags = lags.fitted(history, points[rows], steps, values[rows])
        if lags.size.n_rows:
            behind = points[rows] - steps - history.first_points[points[rows]] - max(lags.rows)
            rows, steps, n_own = _taken(rows, steps, n_own, _tell_size(behind))
        columns = lags.past(history, points[rows], steps)
        return cls(Past(lags, _kept(given, lags)), rows, columns, steps, n_own)


def _taken(rows: Array, steps: Array, n_own: int, which: Array) -> tuple[Array, Array, int]:
    """Return some of the rows, their steps, and how many of them are there for the first time."""
    return rows[which], steps[which], int(which[:n_own].sum())


def _kept(history: SeriesHistory, lags: Lags) -> SeriesHistory:
    """Return what a model keeps; `InputError` if it may not keep so much."""
    kept = history.latest(lags.n_kept)
    if kept.values.size > MAX_KEPT_VALUES:
        raise InputError(
            "The model would keep {size:,} values of {n_names:,} series, and may keep {MAX_KEPT_VALUES:,}: give shorter lags or fewer series.",
            size=kept.values.size,
            n_names=len(kept.names),
            MAX_KEPT_VALUES=MAX_KEPT_VALUES,
        )
    return kept


def _tell_size(behind: Array) -> Array:
    """Return which rows have enough points behind their last known one to tell a series' size.

    All rows, where that would be few of them.
    """
    enough = behind >= _MIN_BEHIND
    return enough if enough.mean() >= _MIN_SHARE else np.full(len(behind), True)


def _without_past(lags: Lags) -> InputError:
    short, check = "has two", "time and series"
    if lags.gap:
        short, check = "is longer than the gap", "time, series and gap"
    return InputError(
        "Lags need rows that follow one another, but no series {short}: check {check}.",
        short=short,
        check=check,
    )


def _distances(past: Array, horizon: int, rng: np.random.Generator) -> Array:
    """Return how far ahead rows are predicted that have so much past: up to the horizon."""
    furthest = np.minimum(past, horizon)
    return 1 + np.floor(rng.random(len(past)) * furthest).astype(np.int64)


def _other_distances(past: Array, steps: Array, horizon: int) -> tuple[Array, Array]:
    """Return which rows are there once more, and how far ahead they are predicted then.

    Distances are spread over the horizon, and there are so many that few rows become enough.
    """
    n_times = int(np.clip(_ENOUGH_ROWS // max(len(past), 1), 1, horizon))
    shifts = np.arange(1, n_times) * horizon // n_times
    further = 1 + (steps[:, None] - 1 + shifts) % horizon  # (n_rows, n_times - 1)
    possible = further <= past[:, None]
    rows = np.broadcast_to(np.arange(len(past))[:, None], further.shape)
    return rows[possible], further[possible]


PAST: Check = Fields({"lags": check_of(Lags), "kept": HISTORY})
"""What a file tells of the past that a model keeps."""


@final
@dataclass(frozen=True, eq=False)
class Past:
    """What a model makes of the past of its target, and what it keeps of it."""

    lags: Lags
    kept: SeriesHistory  # the latest points of each series

    def add(self, table: Table) -> Table:
        """Return rows with the columns that lags make of what is known: rows with them stay.

        Known are the values that the model keeps, and those that the rows hold themselves. The
        value of a row is never used for the row itself, nor for earlier ones.
        """
        if self.lags.last in table:
            return table
        return table.replaced(self.lags.past(*self._placed(table)))

    def remarks(self, table: Table) -> list[str]:
        """Return what is to be known of the predictions of rows, in sentences."""
        lags, (_places, __, steps) = self.lags, self._placed(table)
        unknown, beyond = int(np.sum(steps == 0)), int(np.sum(steps > lags.horizon))
        known = _(
            "{target} in rows before them" if unknown + beyond > 1 else "{target} in rows before it"
        ).format(target=lags.target)
        sentences = []
        if unknown:
            sentences.append(
                _(
                    "{rows} of series of which no value is known: give {known}; else the mean of all series takes the place of the last known value."
                ).format(rows=format_count(unknown, "row"), known=known)
            )
        if beyond:
            sentences.append(
                _(
                    "{rows} more than {horizon} ahead of the last known value, which is further than the model learned to predict: give {known}, or fit with a longer horizon."
                ).format(
                    rows=format_count(beyond, "row"),
                    horizon=format_count(lags.horizon, "row"),
                    known=known,
                )
            )
        return sentences

    def steps(self, table: Table) -> Array:
        """Return how far behind each row the last known value is; zero where none is known."""
        return self._placed(table)[2]

    def go_on(self, table: Table, rng: np.random.Generator) -> tuple[Table, Past]:
        """Return rows with columns of the past, and the past with what they hold themselves.

        As in a fit, each row is predicted from a distance at random.
        """
        lags = self.lags
        history, points, steps = self._placed(table)
        before = points - history.first_points[points] - lags.gap
        drawn = _distances(np.maximum(before, 1), lags.horizon - lags.gap, rng) + lags.gap
        further = lags.known_steps(history, points, drawn)
        steps = np.where(further > 0, further, steps)
        return table.replaced(lags.past(history, points, steps)), self.joined(table)

    def joined(self, table: Table) -> Past:
        """Return the past with the values that rows hold themselves."""
        lags = self.lags
        values = self.lags.read_values(table)
        known = ~np.isnan(values[:, 0])
        rows = (lags.read_series(table), self._times(table), values)
        parts = zip(self.kept.rows(), (part[known] for part in rows), strict=True)
        joined = map(np.concatenate, parts)
        n_before = self.kept.n_points
        history, _ = SeriesHistory.of(*joined, of_classes=lags.of_classes, n_before=n_before)
        return replace(self, kept=history.latest(lags.n_kept))

    def next_rows(self, n_rows: int) -> Table:
        """Return the next rows of each series up to so many ahead, with columns of the past.

        Those within the gap are left out.
        """
        lags, kept = self.lags, self.kept
        columns: dict[str, Array] = {"row": np.arange(float(n_rows * len(kept.names)))}
        columns |= lags.series_columns(np.repeat(np.array(kept.names, dtype=object), n_rows))
        if lags.time is not None:
            each = zip(kept.starts[:-1], kept.starts[1:], strict=True)
            times = np.concatenate(
                [next_times(kept.times[a:b], n_rows, of_dates=lags.of_dates) for a, b in each]
            )
            columns[lags.time] = moments(times) if lags.of_dates else times
        behind_gap = np.tile(np.arange(n_rows) >= lags.gap, len(kept.names))
        return self.add(Table(columns)).take(behind_gap)

    def _times(self, table: Table) -> Array:
        return self.lags.read_times(table, float(self.kept.times.max(initial=-1.0)) + 1)

    def _placed(self, table: Table) -> tuple[SeriesHistory, Array, Array]:
        """Return what is known beside rows, their points, and how far ahead they are predicted."""
        lags, kept = self.lags, self.kept
        absent = [name for name in lags.sources if name not in table]
        if absent:
            raise InputError(
                "The rows lack {columns}, by which the lags of {target!r} are counted: add what is missing.",
                columns=_(" and ").join(map(repr, absent)),
                target=lags.target,
            )
        names = lags.read_series(table)
        given = (names, self._times(table), lags.read_values(table))
        known = kept.rows(names)
        rows = [np.concatenate(pair) for pair in zip(known, given, strict=True)]
        n_before = len(known[0])
        history, points = SeriesHistory.of(*rows, of_classes=lags.of_classes, n_before=n_before)
        points = points[n_before:]
        if lags.time is not None:
            ends = dict(zip(kept.names, kept.times[kept.starts[1:] - 1].tolist(), strict=True))
            history, places = history.spread(lags.calendar, ends)
            points = places[points]
        last = history.last_known(points, lags.gap + 1)
        return history, points, np.where(last >= 0, points - last, 0)

    def encoded(self, encoded: Encoded, table: Table) -> Encoded:
        """Return encoded rows with anchors and sizes, and how far ahead they are predicted."""
        lags = self.lags
        anchors = None if lags.anchor.kind == NO_ANCHOR else lags.anchors(table)
        steps, sizes = self.steps_ahead(table), lags.sizes(table)
        return replace(encoded, anchors=anchors, steps=steps, sizes=sizes)

    def steps_ahead(self, table: Table) -> Array | None:
        """Return how far ahead encoded rows are predicted; None where that is always the same."""
        if not self.lags.several_steps:
            return None
        steps = as_numbers(STEPS_AHEAD, table[STEPS_AHEAD])
        return np.asarray(np.nan_to_num(steps, nan=self.lags.horizon))

    @property
    def read(self) -> tuple[str, ...]:
        """Names of the columns that are read where rows have them."""
        lags = self.lags
        return (*lags.sources, *(column.name for column in lags.each), *lags.names)

    def parts(self, table: Table) -> dict[str, Array]:
        """Return what each column adds to the anchors of rows, by name, divided as they are."""
        lags = self.lags
        if lags.anchor.kind == NO_ANCHOR:
            return {}
        last = as_numbers(lags.last, table[lags.last])
        others = {
            name: np.nan_to_num(as_numbers(name, table[name])) for name in lags.parts(lags.anchor)
        }
        typical = lags.typical / lags.size.typical
        return {lags.last: np.where(np.isnan(last), typical, last)} | others

    def needed(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return the columns that rows must have: without those that are made."""
        given = [name for name in columns if name not in self.lags.names]
        return (*given, *(name for name in self.lags.sources if name not in given))

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        state, arrays = self.kept.to_state()
        return {"lags": self.lags.to_json(), "kept": state}, arrays

    @classmethod
    def from_state(cls, state: Mapping[str, Any], arrays: Mapping[str, Array]) -> Self:
        """Return what `to_state` described; `Malformed` if arrays do not fit it."""
        lags = Lags.from_json(state["lags"])
        kept = SeriesHistory.from_state(state["kept"], arrays, len(lags.each))
        for column, values in zip(lags.each, kept.values.T, strict=True):
            codes = values[~np.isnan(values)]
            if column.classes and not np.isin(codes, np.arange(len(column.classes))).all():
                raise Malformed(
                    "has a past of {name} that is of none of its classes", name=column.name
                )
        return cls(lags, kept)
