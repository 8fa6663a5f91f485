"""What is odd about a table to predict: drift, outliers, values that were never seen.

Predictions can only be trusted for rows like the training rows. Each column is compared with its
profile: numbers by the largest difference of the cumulative distributions (Kolmogorov-Smirnov),
levels and missing values by their shares.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from madaline._base.language import _
from madaline._models.diagnosis import out_of_fold
from madaline._models.diagnosis.finding import Diagnosis, Finding, Severity
from madaline._models.diagnosis.over_time import find_late_rows
from madaline._race.time.forward import ForwardScores
from madaline._tables.column import is_missing
from madaline._tables.kinds import KINDS
from madaline._tables.profile import ColumnProfile, TableProfile, shares_below
from madaline._tables.table import Table
from madaline.nn.arrays import Array

# Differences of shares from which a drift is of some severity: of 440 draws of rows of the same
# table, 2 seem to drift (benchmarks/findings.py)
_LARGE = 0.25
_MEDIUM = 0.1
_SMALL = 0.05
_MIN_ROWS = 30  # that a new table needs to be compared
# A number is an outlier if it lies so many times as far from the median as the largest training
# value or, below it, the smallest; the longer the tail, the farther. Of 440 draws of rows of the
# same table, 13 have some
_MIN_DISTANCE = 1.5
_MAX_DISTANCE = 20.0
# Share of the rows from which outliers and unknown categories are of medium severity.
_MEDIUM_SHARE = 0.05


@dataclass(frozen=True)
class _ShareChange:
    """The change of one share of a column."""

    column: str
    what: str  # whose share changed, such as "the value Bonn"
    before: float  # the share in the training table
    now: float
    p_value: float  # probability of so large a change in the column by chance

    @property
    def size(self) -> float:
        """Difference of the shares."""
        return abs(self.now - self.before)


def find_drift(table: Table, profile: TableProfile) -> list[Finding]:
    """Return the columns of a new table that drifted, the largest drift first."""
    if table.n_samples < _MIN_ROWS:
        return []
    changes = [_most_significant(table[column.name], column) for column in profile.columns]
    significant = out_of_fold.holm(np.array([change.p_value for change in changes]))
    drifted = [
        change
        for change, clear in zip(changes, significant, strict=True)
        if clear and change.size >= _SMALL
    ]
    return [_finding(change) for change in sorted(drifted, key=lambda change: -change.size)]


def _most_significant(column: Array, profile: ColumnProfile) -> _ShareChange:
    """Return the most significant change, its p-value corrected for the number of changes."""
    changes = list(_changes(column, profile))
    best = min(changes, key=lambda change: (change.p_value, -change.size))
    return replace(best, p_value=min(1.0, len(changes) * best.p_value))


def _changes(column: Array, profile: ColumnProfile) -> Iterator[_ShareChange]:
    """Yield the change of the missing share, and of each level or of the numbers."""
    if profile.has_levels:
        texts = KINDS[profile.kind].levels(profile.name, column)
        present = texts[~is_missing(texts)]
    else:
        numbers = KINDS[profile.kind].numbers(profile.name, column)
        present = np.sort(numbers[~np.isnan(numbers)])

    def of_share(
        what: str, before: float, n_before: float, now: float, n_now: float
    ) -> _ShareChange:
        p_value = out_of_fold.normal_p_value(
            out_of_fold.share_difference(now, n_now, before, n_before)
        )
        return _ShareChange(profile.name, what, before, now, p_value)

    missing = 1 - len(present) / len(column)
    yield of_share("missing values", profile.missing, profile.n_rows, missing, len(column))
    n_before = profile.n_rows * (1 - profile.missing)
    if not len(present) or n_before < 1:
        return
    if not profile.has_levels:
        yield _change_of_numbers(profile, present, n_before)
        return
    for level, share in zip(profile.levels, profile.shares, strict=True):
        now = float(np.mean(present == level))
        yield of_share(
            _("the value {level}").format(level=level), share, n_before, now, len(present)
        )


def _change_of_numbers(profile: ColumnProfile, values: Array, n_before: float) -> _ShareChange:
    edges = np.array(profile.edges)
    before = np.array(profile.below)
    now = shares_below(values, edges)
    index = int(np.argmax(np.abs(now - before)))
    distance = float(abs(now[index] - before[index]))
    p_value = out_of_fold.kolmogorov_p_value(distance, n_before, len(values))
    edge = profile.written.text("{:.4g}".format, edges[index])
    if profile.kind == "datetime":
        edge = str(np.datetime64(round(edges[index]), "s")).replace("T", " ")
    what = _("values up to {edge}").format(edge=edge)
    return _ShareChange(profile.name, what, float(before[index]), float(now[index]), p_value)


def _finding(change: _ShareChange) -> Finding:
    severity: Severity = (
        "high" if change.size >= _LARGE else "medium" if change.size >= _MEDIUM else "low"
    )
    return Finding(
        "drift",
        severity,
        change.column,
        _(
            "{column} differs from the training rows: {what} are {now:.1%} of its rows and were {before:.1%}"
        ).format(
            column=change.column,
            what=change.what,
            now=change.now,
            before=change.before,
        ),
        "find out why, and fit again on rows like these if the change is here to stay",
        {"before": change.before, "now": change.now, "p_value": change.p_value},
    )


def diagnose_table(
    table: Table,
    profile: TableProfile,
    unseen: Mapping[str, int],
    forward: ForwardScores | None = None,
) -> Diagnosis:
    """Return all findings about a new table, given the rows with unknown levels of each column.

    Also given is what the model promises of later rows, if anything.
    """
    if forward is not None:  # later rows have later times: that is no drift
        profile = profile.without(*forward.columns)
        unseen = {name: rows for name, rows in unseen.items() if name not in forward.columns}
    return Diagnosis.of(
        [
            *find_late_rows(table, forward),
            *find_drift(table, profile),
            *_find_outliers(table, profile),
            *_find_unseen(unseen, table.n_samples),
        ]
    )


def _find_outliers(table: Table, profile: TableProfile) -> list[Finding]:
    """Return whether rows of a new table have numbers far outside the training range."""
    outside = {
        column.name: _outside(table[column.name], column, 2 * len(profile.columns))
        for column in profile.columns
        if column.edges
    }
    rows = np.any(list(outside.values()), axis=0) if outside else np.zeros(0, bool)
    if not rows.any():
        return []
    worst = max(outside, key=lambda name: int(outside[name].sum()))
    return [
        Finding(
            "outside",
            "medium" if rows.mean() >= _MEDIUM_SHARE else "low",
            worst,
            "{rows:,} of {n_rows:,} rows have numbers far outside the training range, most of them"
            " in {subject}",
            "correct them, or do not trust the predictions for these rows",
            {"rows": int(rows.sum()), "n_rows": len(rows), "in_column": int(outside[worst].sum())},
            tuple(int(row) for row in np.flatnonzero(rows)[: out_of_fold.MAX_LISTED_ROWS]),
        )
    ]


def _find_unseen(unseen: Mapping[str, int], n_rows: int) -> list[Finding]:
    """Return the columns with categories that the model does not know, given how many rows."""
    return [
        Finding(
            "unseen categories",
            "medium" if count >= _MEDIUM_SHARE * n_rows else "low",
            name,
            "{rows:,} of {n_rows:,} rows have a value of {subject} that the model does not know",
            "check its spelling, or fit again with such rows",
            {"rows": count, "n_rows": n_rows},
        )
        for name, count in unseen.items()
    ]


def _outside(column: Array, profile: ColumnProfile, n_tails: int) -> Array:
    """Return which rows have a value far beyond all edges, as Booleans of shape (n_samples,)."""
    numbers = KINDS[profile.kind].numbers(profile.name, column)
    edges = np.array(profile.edges)
    median = edges[int(np.searchsorted(profile.below, 0.5))]
    by_chance = max(1.0, len(column) * n_tails / (profile.n_rows * out_of_fold.ALARM_LEVEL))
    outside = np.zeros(len(numbers), bool)
    for side in (1.0, -1.0):
        away = np.sort(side * (edges - median))
        times = _tail(away, profile.n_rows / len(edges), by_chance)
        if np.count_nonzero(profile.counts) <= len(edges) < 3:  # there are two values alone
            times = _MIN_DISTANCE
        with np.errstate(over="ignore"):  # nothing is beyond a bound that overflows
            outside |= side * (numbers - median) > times * (away[-1] or np.ptp(edges))
    return outside


def _tail(away: Array, rows_between: float, by_chance: float) -> float:
    """Return how many times as far as the last edge new rows may lie by chance.

    Beyond the edge before it, a tail falls at most as slowly as a power of the distance (a Pareto
    tail) with its exponent from these two. `by_chance` is how much rarer a row must be than one in
    the rows learned from, so that no tail of the table has one by chance.
    """
    if len(away) < 3 or away[-2] <= 0 or rows_between <= 1:
        return _MAX_DISTANCE
    slope = np.log(away[-1] / away[-2]) / np.log(rows_between)
    times = np.exp(min(np.log(_MAX_DISTANCE), slope * np.log(by_chance)))
    return max(_MIN_DISTANCE, float(times))
