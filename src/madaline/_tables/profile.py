"""A profile summarizes a table, column by column, without keeping any of its rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

import numpy as np

from madaline._base.codec import (
    NOT_STORED,
    Count,
    Finite,
    Items,
    LongText,
    RoundedShare,
    Stored,
    check_of,
    unequal,
)
from madaline._base.json_checks import Either, ListOf, Number, OneOf
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.kinds import KINDS
from madaline._tables.schema import Schema
from madaline._tables.statistics import in_order
from madaline._tables.table import Table
from madaline.nn.arrays import Array

EDGES = 21  # quantiles that are kept of a column of numbers, smallest and largest among them
_MAX_BINS = 25  # bins of the histogram of a column of numbers, at most
LEVELS = 20  # levels whose shares are kept of a category, the most frequent ones

_BOUNDS = Either(ListOf(Number(), 2, 2), ListOf(Number(), 0, 0))


@dataclass(frozen=True)
class ColumnProfile(Stored):
    """What was in a column."""

    name: str
    # its kind; moments are seconds since 1970 here
    kind: Annotated[str, OneOf(tuple(name for name, kind in KINDS.items() if kind.profiled))]
    n_rows: int  # rows that it had
    missing: float  # share of the rows without a value
    # of numbers and moments: quantiles, in strictly ascending order
    edges: Annotated[tuple[Finite, ...], Items(distinct=True)] = ()
    below: tuple[RoundedShare, ...] = ()  # for each edge the share of values at most as large
    # of numbers and moments: where the histogram begins and ends. Whole numbers that are close
    # together lie in the middle of a bin each
    bounds: Annotated[tuple[float, ...], _BOUNDS] = ()
    # rows in each of its bins, which are equally wide. Both are empty where there is no value or
    # the range overflows
    counts: tuple[Count, ...] = ()
    # of categories and Booleans: the most frequent levels
    levels: Annotated[tuple[LongText, ...], Items(distinct=True)] = ()
    shares: tuple[RoundedShare, ...] = ()  # the share of each among the rows that have a value
    # how its numbers are, in their unit
    written: NumberFormat = field(default=PLAIN, compare=False, metadata=NOT_STORED)

    @classmethod
    def of(cls, table: Table, name: str, kind: str) -> ColumnProfile:
        """Return the profile of a column that is read as a kind."""
        if KINDS[kind].has_levels:
            return cls._of_levels(table, name, kind)
        numbers = KINDS[kind].numbers(name, table[name])
        values = in_order(numbers[~np.isnan(numbers)])
        spread = np.linspace(0, len(values) - 1, min(len(values), EDGES)).round()
        edges = np.unique(values[spread.astype(np.intp)])
        bounds, counts = _histogram(values)
        return cls(
            name,
            kind,
            len(numbers),
            1 - len(values) / max(1, len(numbers)),
            edges=tuple(edges.tolist()),
            below=tuple(shares_below(values, edges).tolist()),
            bounds=bounds,
            counts=counts,
        )

    @classmethod
    def _of_levels(cls, table: Table, name: str, kind: str) -> ColumnProfile:
        distinct, counts = table.distinct(name), Counter[Any]()
        texts = KINDS[kind].levels(name, distinct.values)
        for text, count in zip(texts, distinct.counts.tolist(), strict=True):
            counts[text] += count  # several values may be one level
        counts.pop(None, None)
        n_present = counts.total()
        commonest = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:LEVELS]
        return cls(
            name,
            kind,
            table.n_samples,
            1 - n_present / max(1, table.n_samples),
            levels=tuple(level for level, _ in commonest),
            shares=tuple(count / n_present for _, count in commonest),
        )

    @property
    def has_levels(self) -> bool:
        """Whether it holds levels, not numbers or moments."""
        return KINDS[self.kind].has_levels

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between the edges, the levels and their shares."""
        edges, below = (values.get(name, ()) for name in ("edges", "below"))
        problem = unequal(values, "edges", "below") or unequal(values, "levels", "shares")
        if problem or list(edges) != sorted(edges):
            return problem or "has edges out of order"
        return "has too few below" if edges and not below[-1] > 0.5 else ""


PROFILE = ListOf(check_of(ColumnProfile))  # the profile of a table in a file


@dataclass(frozen=True)
class TableProfile:
    """What was in the columns of a table that were used."""

    columns: tuple[ColumnProfile, ...]  # in the order of the table

    @classmethod
    def of(cls, table: Table, schema: Schema) -> TableProfile:
        """Return the profile of the columns of a table that its schema keeps, but not of images."""
        columns = [schema[name] for name in schema.single]
        return cls(tuple(ColumnProfile.of(table, column.name, column.kind) for column in columns))

    def in_unit(self, formats: Mapping[str, NumberFormat]) -> TableProfile:
        """Return the profile with its numbers as they are written."""
        each = (replace(one, written=formats.get(one.name, PLAIN)) for one in self.columns)
        return TableProfile(tuple(each))

    def without(self, *names: str) -> TableProfile:
        """Return the profile of the other columns."""
        return TableProfile(tuple(one for one in self.columns if one.name not in names))

    def to_json(self) -> list[dict[str, Any]]:
        """Return the profile as JSON-able values."""
        return [column.to_json() for column in self.columns]

    @classmethod
    def from_json(cls, values: Sequence[Mapping[str, Any]]) -> TableProfile:
        """Return the profile that `to_json` described."""
        return cls(tuple(map(ColumnProfile.from_json, values)))


def shares_below(values: Array, edges: Array) -> Array:
    """Return for each edge the share of ascending values that are at most as large."""
    return np.asarray(np.searchsorted(values, edges, side="right") / max(1, len(values)))


def _histogram(values: Array) -> tuple[tuple[float, ...], tuple[int, ...]]:
    """Return the bounds of a histogram of ascending values, and the rows in each of its bins."""
    if not len(values):
        return (), ()
    low, high, bins = float(values[0]), float(values[-1]), _MAX_BINS
    if high - low < _MAX_BINS and np.all(values == np.floor(values)):
        low, high, bins = low - 0.5, high + 0.5, int(high - low) + 1
    elif low == high:
        bins = 1
    if not np.isfinite(high - low):
        return (), ()
    # A value on an edge belongs to the bin above it, but the largest to the last.
    starts = np.searchsorted(values, np.linspace(low, high, bins + 1)[:-1])
    return (low, high), tuple(np.diff(starts, append=len(values)).tolist())
