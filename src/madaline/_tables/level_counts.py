"""Levels of all rows of a large table, of which a sample decides how columns are encoded.

A sample of a table of 100,000 customers has a row or none of each, so that it would take customers
for identifiers, and know few of them. So the levels of columns of text are counted over all rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._tables.column import is_missing
from madaline._tables.conversion import as_levels
from madaline._tables.table import Table
from madaline.nn.arrays import Array

_MAX_LEVELS, _MAX_LETTERS = 400_000, 2**25  # of a column that is counted
_DISTINCT_SHARE = 0.5  # share of distinct texts up to which they are levels, not identifiers


@final
@dataclass(frozen=True, eq=False)
class LevelCounts:
    """The levels of a column in all rows."""

    levels: Array  # object (n_levels,): texts, in the order of the alphabet
    counts: Array  # int64 (n_levels,): the rows of each
    n_missing: int  # rows without a value

    @property
    def repeat(self) -> bool:
        """Whether levels have rows enough to be no identifiers."""
        return len(self.levels) <= _DISTINCT_SHARE * int(self.counts.sum())


@final
class LevelCounter:
    """Counts the levels of the columns of text of a table, some of its rows at a time.

    Columns of very many levels, or of long ones, are given up.
    """

    def __init__(self) -> None:
        self._counts: dict[str, Counter[str]] = {}
        self._letters: Counter[str] = Counter()  # of the levels of each column
        self._n_missing: Counter[str] = Counter()
        self._given_up: set[str] = set()

    def add(self, table: Table) -> None:
        """Count the levels of some more rows."""
        for name, column in table.columns.items():
            if column.dtype == object and column.ndim == 1 and name not in self._given_up:
                self._add(name, table)

    def _add(self, name: str, table: Table) -> None:
        distinct = table.distinct(name)
        texts, missing = as_levels(distinct.values), is_missing(distinct.values)
        counts = self._counts.setdefault(name, Counter())
        for text, count in zip(texts[~missing], distinct.counts[~missing].tolist(), strict=True):
            if text not in counts:
                self._letters[name] += len(text)
            counts[text] += count
        self._n_missing[name] += int(distinct.counts[missing].sum())
        if len(counts) > _MAX_LEVELS or self._letters[name] > _MAX_LETTERS:
            self._given_up.add(name)
            del self._counts[name]

    def result(self) -> dict[str, LevelCounts]:
        """Return the levels of each column that was not given up."""
        found = {}
        for name, counted in self._counts.items():
            levels = np.array([*sorted(counted), None], object)[:-1]
            counts = np.fromiter(map(counted.__getitem__, levels), np.int64, len(levels))
            found[name] = LevelCounts(levels, counts, self._n_missing[name])
        return found


def count_levels(table: Table, name: str) -> LevelCounts | None:
    """Return the levels of a column of a table in memory; None where they are not counted."""
    if table[name].dtype != object or table[name].ndim > 1:
        return None
    table.distinct(name)  # found once and kept
    counter = LevelCounter()
    counter.add(table.select([name]))
    return counter.result().get(name)


def unknown_counts(name: str) -> LevelCounts | None:
    """Return None: there are no more rows than those that decide."""
    del name
    return None
