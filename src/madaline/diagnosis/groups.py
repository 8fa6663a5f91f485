"""A group is some rows with something in common: a level, a range of a number, no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madaline.core.arrays import Array
from madaline.data.column import is_missing
from madaline.data.profile import read_levels, read_numbers
from madaline.data.schema import BOOLEAN, CATEGORY, DATETIME
from madaline.diagnosis.facts import Facts

FEWEST_ROWS = 30
"""Smaller groups are not looked at."""

LARGEST = 0.4
"""Share of the rows up to which a group is an exception, and not the rule."""

MOST_LEVELS = 50
"""Levels of a category that are looked at, the most frequent ones."""

PARTS = 10
"""Ranges of a number, of about as many rows."""


@dataclass(frozen=True, eq=False)
class Group:
    """Some rows with something in common.

    Parameters
    ----------
    column : str
        The column that they have it in.
    name : str
        What they have in common, such as ``city = Bonn``.
    rows : Boolean ndarray of shape (n_rows,)
        Which rows they are.
    """

    column: str
    name: str
    rows: Array

    @property
    def n_rows(self) -> int:
        """How many they are."""
        return int(self.rows.sum())


def all_groups(facts: Facts) -> list[Group]:
    """Return the groups of all columns that are learned from."""
    return [
        group
        for name in facts.schema.kept
        for group in groups_of(name, facts.schema[name].kind, facts.table[name])
    ]


def groups_of(name: str, kind: str, column: Array) -> Iterator[Group]:
    """Yield the groups that a column makes, from `FEWEST_ROWS` rows to a share of `LARGEST`.

    Examples
    --------
    >>> column = np.repeat(np.array(["Bonn", "Kiel", "Ulm", None], object), (40, 50, 90, 3))
    >>> [(group.name, group.n_rows) for group in groups_of("city", "category", column)]
    [('city = Kiel', 50), ('city = Bonn', 40)]
    """
    if kind in (CATEGORY, BOOLEAN):
        made = _levels(name, read_levels(name, kind, column))
    else:
        made = _ranges(name, kind, read_numbers(name, kind, column))
    for group in made:
        if FEWEST_ROWS <= group.n_rows <= LARGEST * len(column):
            yield group


def _levels(name: str, texts: Array) -> Iterator[Group]:
    counts = Counter(text for text in texts.tolist() if text is not None)
    for level, _ in counts.most_common(MOST_LEVELS):
        yield Group(name, f"{name} = {level}", np.asarray(texts == level, bool))
    yield Group(name, f"{name} is missing", is_missing(texts))


def _ranges(name: str, kind: str, numbers: Array) -> Iterator[Group]:
    missing = np.isnan(numbers)
    if not missing.all():
        present = np.sort(numbers[~missing])
        cuts = np.unique(present[np.arange(1, PARTS) * len(present) // PARTS])
        part = np.searchsorted(cuts, numbers, side="left")
        for place in range(len(cuts) + 1):
            rows = (part == place) & ~missing
            if rows.any():
                low, high = numbers[rows].min(), numbers[rows].max()
                yield Group(name, f"{name} {_range(kind, low, high)}", rows)
    yield Group(name, f"{name} is missing", missing)


def _range(kind: str, low: float, high: float) -> str:
    if low == high:
        return f"= {_shown(kind, low)}"
    return f"from {_shown(kind, low)} to {_shown(kind, high)}"


def _shown(kind: str, number: float) -> str:
    if kind == DATETIME:
        return str(np.datetime64(round(number), "s")).replace("T", " ")
    return f"{number:.4g}"
