"""What a filled table must not break: cells that do not apply stay empty, and exact sums hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import final

import numpy as np

from madaline._apps.sampling.relations import WeightedSum, find_sums
from madaline._base.language import _
from madaline._base.words import format_list, format_number
from madaline._tables.column import is_missing
from madaline._tables.table import Table
from madaline.nn.arrays import Array

# Of a column that says where others do not apply: its levels, and rows of one, of all rows. Fewer
# rows may lack values for a reason of their own, such as people who were not met again.
_MAX_LEVELS = 30
_MIN_ROWS = 20
_MIN_SHARE = 0.1
_MIN_EMPTY = 0.98  # share of the rows where they do not apply
_MAX_MISSING = 0.05  # and of the others


@final
@dataclass(frozen=True)
class Rules:
    """The rules of a table; build them with `of`."""

    without: Mapping[str, tuple[str, object]] = field(default_factory=dict)  # column and value
    sums: Mapping[str, WeightedSum] = field(default_factory=dict)

    @classmethod
    def of(cls, table: Table) -> Rules:
        """Return the rules that every row of a table follows."""
        lacking = {name: is_missing(table[name]) for name in table.names}
        told = list(_levels(table, lacking))
        without = {
            name: (source, value)
            for name, missing in lacking.items()
            for source, value, rows in told
            if name != source and _says(rows, missing)
        }
        return cls(without, find_sums(table))

    def gaps(self, table: Table, gaps: Mapping[str, Array]) -> dict[str, Array]:
        """Return the gaps that are to be filled."""
        left = dict(gaps)
        for name in gaps.keys() & self.without.keys():
            source, value = self.without[name]
            left[name] = gaps[name] & (table[source] != value)
        return left

    def keep(self, filled: Mapping[str, Array], gaps: Mapping[str, Array]) -> dict[str, Array]:
        """Return filled columns whose sums hold: a gap among their columns is what they leave."""
        columns = dict(filled)
        none = np.zeros(1, bool)
        for name, linear in self.sums.items():
            total = linear(columns)
            of_sum = gaps.get(name, none)
            columns[name] = np.where(of_sum, total, columns[name])
            lacking = {source: gaps.get(source, none) for source in linear.sources}
            single = np.sum([rows & ~of_sum for rows in lacking.values()], axis=0) == 1
            for source, weight in zip(linear.sources, linear.weights, strict=True):
                solved = columns[source] + (columns[name] - total) / weight
                columns[source] = np.where(
                    lacking[source] & ~of_sum & single, solved, columns[source]
                )
        return columns

    def sentences(self) -> Iterator[str]:
        """Yield the rules in words."""
        by_reason: dict[tuple[str, object], list[str]] = {}
        for name, reason in self.without.items():
            by_reason.setdefault(reason, []).append(name)
        for (source, value), names in by_reason.items():
            text = format_number(float(value)) if isinstance(value, float) else str(value)
            listed = format_list(names)
            yield _(
                "Left empty where {source} is {text}, as they are there: {listed}. To fill them, leave {source} out."
            ).format(source=source, text=text, listed=listed)
        for name, linear in self.sums.items():
            yield linear.sentence(name)


def _levels(table: Table, lacking: Mapping[str, Array]) -> Iterator[tuple[str, object, Array]]:
    """Yield values that many rows have, of columns with few values, and these rows."""
    for name in table.names:
        values = table[name]
        if values.ndim > 1 or values.dtype.kind not in "fO":
            continue
        levels = dict.fromkeys(values[~lacking[name]].tolist())
        if not 1 < len(levels) <= _MAX_LEVELS:
            continue
        for value in levels:
            rows = np.asarray(values == value, bool)
            if rows.sum() >= max(_MIN_ROWS, _MIN_SHARE * len(rows)):
                yield name, value, rows


def _says(rows: Array, missing: Array) -> bool:
    """Return whether values are missing in these rows, and hardly in others."""
    return bool(missing[rows].mean() >= _MIN_EMPTY and missing[~rows].mean() <= _MAX_MISSING)
