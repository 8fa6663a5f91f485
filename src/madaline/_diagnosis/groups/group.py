"""A group is some rows with something in common: a level, a range of a number, a missing value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madaline._data.column import is_missing
from madaline._data.kinds import BOOLEAN, CATEGORY, DATETIME
from madaline._data.profile import read_levels, read_numbers
from madaline._diagnosis.out_of_fold import OutOfFold
from madaline.nn.arrays import Array

FEWEST_ROWS = 30
"""Rows that a group needs."""

LARGEST = 0.4
"""Share of the rows up to which a group is an exception, and not the rule."""

MOST_LEVELS = 50
"""Levels of a category that are groups, the most frequent ones."""


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
        """Number of rows."""
        return int(self.rows.sum())


@dataclass(frozen=True, eq=False)
class Cut:
    """A column cut into parts: its levels, or ranges of a number of about as many rows each.

    Parameters
    ----------
    column, kind : str
        Its name and kind.
    values : ndarray of shape (n_rows,)
        Texts, or numbers.
    parts : int ndarray of shape (n_rows,)
        Index of each row's part; `n_parts` for a missing value, and one more for a rare level.
    n_parts : int
        Number of parts.

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
        if kind in (CATEGORY, BOOLEAN):
            texts = read_levels(name, kind, column)
            counts = Counter(text for text in texts.tolist() if text is not None)
            levels = [level for level, _ in counts.most_common(MOST_LEVELS)]
            index = {level: part for part, level in enumerate([*levels, None])}
            parts = [index.get(text, len(index)) for text in texts.tolist()]
            return cls(name, kind, texts, np.array(parts, np.intp), len(levels))
        numbers = read_numbers(name, kind, column)
        missing = np.isnan(numbers)
        present = np.sort(numbers[~missing])
        edges = np.unique(present[np.arange(1, n_parts) * len(present) // n_parts])
        ranges = np.searchsorted(edges, numbers, side="left")
        ranges[missing] = len(edges) + 1
        return cls(name, kind, numbers, ranges, len(edges) + 1)

    @property
    def is_ordered(self) -> bool:
        """Whether neighboring parts belong together."""
        return self.kind not in (CATEGORY, BOOLEAN)

    def group(self, first: int, last: int) -> Group:
        """Return the rows of some neighboring parts, or those without a value, `n_parts`."""
        return self._named((self.parts >= first) & (self.parts <= last), first)

    def between(self, low: float, high: float) -> Group:
        """Return the rows of a number from one value to another."""
        return self._named((self.values >= low) & (self.values <= high), 0)

    def _named(self, rows: Array, first: int) -> Group:
        if first == self.n_parts:
            common = "is missing"
        elif not self.is_ordered:
            common = f"= {self.values[np.argmax(rows)]}"
        else:
            values = self.values[rows]
            low, high = (self._text(number) for number in (values.min(), values.max()))
            common = f"= {low}" if low == high else f"from {low} to {high}"
        return Group(f"{self.column} {common}", rows)

    def _text(self, number: float) -> str:
        if self.kind == DATETIME:
            return str(np.datetime64(round(number), "s")).replace("T", " ")
        return f"{number:.4g}"


def cuts_of(evaluated: OutOfFold, *, n_parts: int) -> Iterator[Cut]:
    """Yield the cut of every column that networks use and that has any value."""
    table, schema = evaluated.table, evaluated.schema
    for name in schema.single:
        if not is_missing(table[name]).all():
            yield Cut.of(name, schema[name].kind, table[name], n_parts=n_parts)


def groups_of(cut: Cut) -> Iterator[Group]:
    """Yield the groups of a column, from `FEWEST_ROWS` rows to a share of `LARGEST`.

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
