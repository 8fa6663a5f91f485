"""Drift: columns of a new table whose distribution differs from the training table.

Predictions can only be trusted for rows like the training rows. Each column is compared with its
profile: numbers by the largest difference of the cumulative distributions (Kolmogorov-Smirnov),
levels and missing values by their shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from madaline._data.column import is_missing
from madaline._data.profile import (
    ColumnProfile,
    TableProfile,
    read_levels,
    read_numbers,
    shares_below,
)
from madaline._data.table import Table
from madaline._diagnosis.finding import Finding, Severity
from madaline._diagnosis.significance import (
    holm,
    kolmogorov_p_value,
    normal_p_value,
    share_difference,
)
from madaline.nn.arrays import Array

LARGE, MEDIUM, SMALL = 0.25, 0.1, 0.05
"""Differences of shares from which a drift is of high, medium and low severity."""

FEWEST_ROWS = 30
"""Rows that a new table needs to be compared."""


@dataclass(frozen=True)
class Change:
    """The change of one share of a column.

    Parameters
    ----------
    column : str
        Its name.
    what : str
        Whose share changed, such as ``the value Bonn``.
    before, now : float
        The share in the training table, and in the new one.
    p_value : float
        Probability of so large a change in the column by chance.
    """

    column: str
    what: str
    before: float
    now: float
    p_value: float

    @property
    def size(self) -> float:
        """Difference of the shares."""
        return abs(self.now - self.before)


def find_drift(table: Table, profile: TableProfile) -> list[Finding]:
    """Return the columns of a new table that drifted, the largest drift first.

    Parameters
    ----------
    table : Table
        The new table; it has all columns of the profile.
    profile : TableProfile
        Summary of the training table.

    Examples
    --------
    >>> from madaline._data.schema import Schema
    >>> rng = np.random.default_rng(0)
    >>> old = Table.from_columns({"a": rng.normal(size=500), "b": rng.normal(size=500)})
    >>> new = Table.from_columns({"a": rng.normal(size=200), "b": rng.normal(1, 1, 200)})
    >>> (found,) = find_drift(new, TableProfile.of(old, Schema.infer(old)))
    >>> found.severity, found.subject
    ('high', 'b')
    """
    if table.n_samples < FEWEST_ROWS:
        return []
    changes = [_most_significant(table[column.name], column) for column in profile.columns]
    significant = holm(np.array([change.p_value for change in changes]))
    drifted = [
        change
        for change, clear in zip(changes, significant, strict=True)
        if clear and change.size >= SMALL
    ]
    return [_finding(change) for change in sorted(drifted, key=lambda change: -change.size)]


def _most_significant(column: Array, profile: ColumnProfile) -> Change:
    """Return the most significant change, its p-value corrected for the number of changes."""
    changes = list(_changes(column, profile))
    best = min(changes, key=lambda change: (change.p_value, -change.size))
    return replace(best, p_value=min(1.0, len(changes) * best.p_value))


def _changes(column: Array, profile: ColumnProfile) -> Iterator[Change]:
    """Yield the change of the missing share, and of each level or of the numbers."""
    if profile.has_levels:
        texts = read_levels(profile.name, profile.kind, column)
        present = texts[~is_missing(texts)]
    else:
        numbers = read_numbers(profile.name, profile.kind, column)
        present = np.sort(numbers[~np.isnan(numbers)])

    def of_share(what: str, before: float, n_before: float, now: float, n_now: float) -> Change:
        p_value = normal_p_value(share_difference(now, n_now, before, n_before))
        return Change(profile.name, what, before, now, p_value)

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
        yield of_share(f"the value {level}", share, n_before, now, len(present))


def _change_of_numbers(profile: ColumnProfile, values: Array, n_before: float) -> Change:
    edges, before = np.array(profile.edges), np.array(profile.below)
    now = shares_below(values, edges)
    index = int(np.argmax(np.abs(now - before)))
    distance = float(abs(now[index] - before[index]))
    p_value = kolmogorov_p_value(distance, n_before, len(values))
    edge = f"{edges[index]:.4g}"
    if profile.kind != "number":
        edge = str(np.datetime64(round(edges[index]), "s")).replace("T", " ")
    what = f"values up to {edge}"
    return Change(profile.name, what, float(before[index]), float(now[index]), p_value)


def _finding(change: Change) -> Finding:
    severity: Severity = (
        "high" if change.size >= LARGE else "medium" if change.size >= MEDIUM else "low"
    )
    what = change.what.replace("{", "{{").replace("}", "}}")
    return Finding(
        "drift",
        severity,
        change.column,
        "{subject} differs from the training rows: " + what + " are {now:.1%} of its rows and were"
        " {before:.1%}",
        "find out why, and fit again on rows like these if the change is here to stay",
        {"before": change.before, "now": change.now, "p_value": change.p_value},
    )
