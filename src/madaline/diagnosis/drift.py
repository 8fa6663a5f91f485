"""Drift: the columns of a new table are not as they were in the table that was learned from.

Networks can only be relied on for rows like those that they learned from. Each column is compared
by itself with what is kept of it: numbers by the largest difference of the shares of rows up to a
value (Kolmogorov and Smirnov), levels and gaps by their shares.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madaline.data.column import is_missing
from madaline.data.profile import (
    ColumnProfile,
    TableProfile,
    read_levels,
    read_numbers,
    shares_below,
)
from madaline.data.table import Table
from madaline.diagnosis.finding import Finding, Severity
from madaline.diagnosis.significance import (
    holm,
    kolmogorov_chance,
    normal_chance,
    shares_apart,
)
from madaline.nn.arrays import Array

FAR, APART, NEAR = 0.25, 0.1, 0.05
"""Differences of shares from which a drift is of high, medium and low severity."""

FEWEST_ROWS = 30
"""Fewer new rows tell nothing of a drift."""


@dataclass(frozen=True)
class Change:
    """The largest change of a column.

    Parameters
    ----------
    column : str
        Its name.
    what : str
        Whose share changed, such as ``city = Bonn``.
    before, now : float
        The share in the table that was learned from, and in the new one.
    chance : float
        How probable it is that at least one thing in this column looks as changed by chance.
    """

    column: str
    what: str
    before: float
    now: float
    chance: float

    @property
    def size(self) -> float:
        """How far apart the shares are."""
        return abs(self.now - self.before)


def find_drift(table: Table, profile: TableProfile) -> list[Finding]:
    """Return the columns of a new table that are not as they were in training.

    Parameters
    ----------
    table : Table
        The new table; it has all columns of the profile.
    profile : TableProfile
        What was in the table that was learned from.

    Examples
    --------
    >>> from madaline.data.schema import Schema
    >>> rng = np.random.default_rng(0)
    >>> old = Table.from_columns({"a": rng.normal(size=500), "b": rng.normal(size=500)})
    >>> new = Table.from_columns({"a": rng.normal(size=200), "b": rng.normal(1, 1, 200)})
    >>> (found,) = find_drift(new, TableProfile.of(old, Schema.infer(old)))
    >>> found.severity, found.subject
    ('high', 'b')
    """
    if table.n_samples < FEWEST_ROWS:
        return []
    changes = [_largest(table[column.name], column) for column in profile.columns]
    doubtless = holm(np.array([change.chance for change in changes]))
    drifted = [
        change
        for change, sure in zip(changes, doubtless, strict=True)
        if sure and change.size >= NEAR
    ]
    return [_finding(change) for change in sorted(drifted, key=lambda one: -one.size)]


def _largest(column: Array, profile: ColumnProfile) -> Change:
    """Return what changed most beyond chance; its chance counts that many things were looked at."""
    changes = list(_changes(column, profile))
    least = min(changes, key=lambda one: (one.chance, -one.size))
    return Change(
        profile.name, least.what, least.before, least.now, min(1.0, len(changes) * least.chance)
    )


def _changes(column: Array, profile: ColumnProfile) -> Iterator[Change]:
    """Yield the change of the missing share, and of each level or of the numbers."""
    if profile.has_levels:
        texts = read_levels(profile.name, profile.kind, column)
        present = texts[~is_missing(texts)]
    else:
        numbers = read_numbers(profile.name, profile.kind, column)
        present = np.sort(numbers[~np.isnan(numbers)])
    missing = 1 - len(present) / len(column)
    yield _share_change(
        profile, "missing values", profile.missing, profile.n_rows, missing, len(column)
    )
    n_before = profile.n_rows * (1 - profile.missing)
    if not len(present) or n_before < 1:
        return
    if profile.has_levels:
        for level, share in zip(profile.levels, profile.shares, strict=True):
            now = float(np.mean(present == level))
            name = f"the value {level}"
            yield _share_change(profile, name, share, n_before, now, len(present))
    else:
        yield _number_change(profile, present, n_before)


def _share_change(
    profile: ColumnProfile, what: str, before: float, n_before: float, now: float, n_now: float
) -> Change:
    chance = normal_chance(shares_apart(now, n_now, before, n_before))
    return Change(profile.name, what, before, now, chance)


def _number_change(profile: ColumnProfile, values: Array, n_before: float) -> Change:
    edges, before = np.array(profile.edges), np.array(profile.below)
    now = shares_below(values, edges)
    place = int(np.argmax(np.abs(now - before)))
    distance = float(abs(now[place] - before[place]))
    chance = kolmogorov_chance(distance, n_before, len(values))
    what = f"values up to {_value(profile, edges[place])}"
    return Change(profile.name, what, float(before[place]), float(now[place]), chance)


def _value(profile: ColumnProfile, number: float) -> str:
    if profile.kind == "number":
        return f"{number:.4g}"
    return str(np.datetime64(round(number), "s")).replace("T", " ")


def _finding(change: Change) -> Finding:
    severity: Severity = (
        "high" if change.size >= FAR else "medium" if change.size >= APART else "low"
    )
    what = change.what.replace("{", "{{").replace("}", "}}")
    return Finding(
        "drift",
        severity,
        change.column,
        "{subject} is not as it was in training, as " + what + " are {now:.1%} of its rows and were"
        " {before:.1%}",
        "find out why, and fit again on rows like these if they are here to stay",
        {"before": change.before, "now": change.now, "chance": change.chance},
    )
