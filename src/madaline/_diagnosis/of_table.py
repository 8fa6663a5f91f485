"""The diagnosis of a new table: whether it is like the training table."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from madaline._data.profile import ColumnProfile, TableProfile, read_numbers
from madaline._data.table import Table
from madaline._diagnosis.diagnosis import Diagnosis
from madaline._diagnosis.drift import find_drift
from madaline._diagnosis.finding import Finding
from madaline._diagnosis.out_of_fold import MOST_NUMBERS
from madaline.nn.arrays import Array

MARGIN = 0.5
"""A number is an outlier if it lies beyond the largest by this share of the largest's distance from
the median, or as far below the smallest: the largest of new rows often is a little larger."""

MANY = 0.05
"""Share of the rows from which outliers and unknown categories are of medium severity."""


def diagnose_table(table: Table, profile: TableProfile, unseen: Mapping[str, int]) -> Diagnosis:
    """Return all findings about a new table.

    Parameters
    ----------
    table : Table
        It has all columns of the profile.
    profile : TableProfile
        Summary of the training table.
    unseen : mapping of str to int
        For each column the number of rows whose category no training row had.
    """
    findings = find_drift(table, profile)
    findings += find_outliers(table, profile)
    findings += find_unseen(unseen, table.n_samples)
    return Diagnosis.of(findings)


def find_outliers(table: Table, profile: TableProfile) -> list[Finding]:
    """Return whether rows of a new table have numbers far outside the training range.

    Examples
    --------
    >>> from madaline._data.schema import Schema
    >>> old = Table.from_columns({"age": np.arange(18.0, 80.0)})
    >>> new = Table.from_columns({"age": [20, 85, 999]})
    >>> (found,) = find_outliers(new, TableProfile.of(old, Schema.infer(old)))
    >>> found.evidence["rows"], found.rows
    (1, (2,))
    """
    outside = {
        column.name: _outside(table[column.name], column)
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
            "medium" if rows.mean() >= MANY else "low",
            worst,
            "{rows:,} of {n_rows:,} rows have numbers far outside the training range, most of them"
            " in {subject}",
            "correct them, or do not trust the predictions for these rows",
            {
                "rows": int(rows.sum()),
                "n_rows": len(rows),
                "in_column": int(outside[worst].sum()),
            },
            tuple(int(row) for row in np.flatnonzero(rows)[:MOST_NUMBERS]),
        )
    ]


def find_unseen(unseen: Mapping[str, int], n_rows: int) -> list[Finding]:
    """Return the columns with categories that no training row had, given their numbers of rows.

    Examples
    --------
    >>> print(*find_unseen({"city": 3}, 200))
    3 of 200 rows have a value of city that no training row had: check its spelling, or fit again
    with such rows.
    """
    return [
        Finding(
            "unseen categories",
            "medium" if count >= MANY * n_rows else "low",
            name,
            "{rows:,} of {n_rows:,} rows have a value of {subject} that no training row had",
            "check its spelling, or fit again with such rows",
            {"rows": count, "n_rows": n_rows},
        )
        for name, count in unseen.items()
    ]


def _outside(column: Array, profile: ColumnProfile) -> Array:
    """Return which rows have a value far beyond all edges, as Booleans of shape (n_samples,)."""
    numbers = read_numbers(profile.name, profile.kind, column)
    least, largest = profile.edges[0], profile.edges[-1]
    median = profile.edges[int(np.searchsorted(profile.below, 0.5))]
    span = largest - least
    above = largest + MARGIN * ((largest - median) or span)
    below = least - MARGIN * ((median - least) or span)
    return np.asarray((numbers > above) | (numbers < below))
