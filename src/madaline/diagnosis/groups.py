"""A group is some rows with something in common: a level, a range of a number, no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madaline.data.column import is_missing
from madaline.data.kinds import BOOLEAN, CATEGORY, DATETIME
from madaline.data.profile import read_levels, read_numbers
from madaline.diagnosis.out_of_fold import Facts
from madaline.nn.arrays import Array

FEWEST_ROWS = 30
"""Smaller groups are not looked at."""

LARGEST = 0.4
"""Share of the rows up to which a group is an exception, and not the rule."""

MOST_LEVELS = 50
"""Levels of a category that are looked at, the most frequent ones."""


@dataclass(frozen=True, eq=False)
class Group:
    """Some rows with something in common.

    Parameters
    ----------
    name : str
        What they have in common, such as ``city = Bonn``.
    rows : Boolean ndarray of shape (n_rows,)
        Which rows they are.
    """

    name: str
    rows: Array

    @property
    def n_rows(self) -> int:
        """How many they are."""
        return int(self.rows.sum())


@dataclass(frozen=True, eq=False)
class Cut:
    """A column cut into parts: its levels, or ranges of a number of about as many rows.

    Parameters
    ----------
    column, kind : str
        Its name, and what it was taken for.
    values : ndarray of shape (n_rows,)
        Texts, or numbers.
    parts : int ndarray of shape (n_rows,)
        The number of each row's part; `n_parts` where the value is missing, and one more where the
        level is too rare.
    n_parts : int
        How many there are.

    Examples
    --------
    >>> cut = Cut.of("age", "number", np.arange(100.0), n_parts=4)
    >>> cut.group(1, 2).name
    'age from 26 to 75'
    """

    column: str
    kind: str
    values: Array
    parts: Array
    n_parts: int

    @classmethod
    def of(cls, name: str, kind: str, column: Array, *, n_parts: int) -> Cut:
        """Return a column's levels, or at most `n_parts` ranges."""
        if kind not in (CATEGORY, BOOLEAN):
            return cls._of_numbers(name, kind, read_numbers(name, kind, column), n_parts)
        texts = read_levels(name, kind, column)
        counts = Counter(text for text in texts.tolist() if text is not None)
        places = {level: place for place, (level, _) in enumerate(counts.most_common(MOST_LEVELS))}
        n_levels = len(places)
        places[None] = n_levels
        parts = [places.get(text, n_levels + 1) for text in texts.tolist()]
        return cls(name, kind, texts, np.array(parts, np.intp), n_levels)

    @classmethod
    def _of_numbers(cls, name: str, kind: str, numbers: Array, n_parts: int) -> Cut:
        missing = np.isnan(numbers)
        present = np.sort(numbers[~missing])
        cuts = np.unique(present[np.arange(1, n_parts) * len(present) // n_parts])
        parts = np.searchsorted(cuts, numbers, side="left")
        parts[missing] = len(cuts) + 1
        return cls(name, kind, numbers, parts, len(cuts) + 1)

    @property
    def is_ordered(self) -> bool:
        """Whether neighboring parts belong together."""
        return self.kind not in (CATEGORY, BOOLEAN)

    def group(self, first: int, last: int) -> Group:
        """Return the rows of some neighboring parts, or those without a value, `n_parts`."""
        rows = (self.parts >= first) & (self.parts <= last)
        return Group(f"{self.column} {self._common(rows, first)}", rows)

    def between(self, low: float, high: float) -> Group:
        """Return the rows of a number from one value to another."""
        rows = (self.values >= low) & (self.values <= high)
        return Group(f"{self.column} {self._common(rows, 0)}", rows)

    def _common(self, rows: Array, first: int) -> str:
        if first == self.n_parts:
            return "is missing"
        if not self.is_ordered:
            return f"= {self.values[np.argmax(rows)]}"
        low, high = (self._shown(one) for one in (self.values[rows].min(), self.values[rows].max()))
        return f"= {low}" if low == high else f"from {low} to {high}"

    def _shown(self, number: float) -> str:
        if self.kind == DATETIME:
            return str(np.datetime64(round(number), "s")).replace("T", " ")
        return f"{number:.4g}"


def cuts_of(facts: Facts, *, n_parts: int) -> Iterator[Cut]:
    """Yield the cut of every column that is learned from and has any value."""
    for name in facts.schema.single:
        if not is_missing(facts.table[name]).all():
            yield Cut.of(name, facts.schema[name].kind, facts.table[name], n_parts=n_parts)


def groups_of(cut: Cut) -> Iterator[Group]:
    """Yield the groups that a column makes, from `FEWEST_ROWS` rows to a share of `LARGEST`.

    Examples
    --------
    >>> column = np.repeat(np.array(["Bonn", "Kiel", "Ulm", None], object), (40, 50, 90, 3))
    >>> cut = Cut.of("city", "category", column, n_parts=10)
    >>> [(group.name, group.n_rows) for group in groups_of(cut)]
    [('city = Kiel', 50), ('city = Bonn', 40)]
    """
    counts = np.bincount(cut.parts, minlength=cut.n_parts + 1)
    for part in range(cut.n_parts + 1):
        if FEWEST_ROWS <= counts[part] <= LARGEST * len(cut.parts):
            yield cut.group(part, part)
