"""A column as cells, each of which stands for several rows: what a sampler knows of its values.

A value that occurs in `min_rows` rows or more has a cell of its own. Rarer numbers are sorted and
taken together in groups of as many rows: their cell is the range that has the mean and the standard
deviation of its group, and a value drawn from it is a number of that range, rounded as the column
is. The outermost ranges end at a mean of as many rows, none of them beyond the `min_rows`-th
smallest or largest value: no outlier shows. Rarer levels are one level, "other". So a cell never
tells the value of fewer rows.

Cells are grouped twice: into bins, about 16 of a number, that are drawn by questions; and into
codes, at most 256, that trees split by.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import gcd
from statistics import NormalDist
from typing import final

import numpy as np

from madaline._tables.column import from_seconds, in_seconds
from madaline._tables.table import Distinct
from madaline.nn.arrays import Array, Rng

NUMBER, MOMENT_KIND, LEVEL = "number", "moment", "level"
KINDS = (NUMBER, MOMENT_KIND, LEVEL)

OTHER = "other"  # the level that stands for rare ones
# What was tried, and came out, is in benchmarks/experiments/sampling.md.
N_BINS = 16  # groups of cells that are aimed at
N_CODES = 200
MAX_CODE = 255
_MAX_DECIMALS = 9


@final
@dataclass(frozen=True, eq=False)
class ColumnCells:
    """The cells of a column; the first stands for a missing value where there are any."""

    kind: str
    # (n_cells,) each: the range of a cell of numbers, NaN for a missing value; levels have numbers
    low: Array
    high: Array
    bins: Array  # int32 (n_cells,): numbers of bins from 0 up, in ascending order
    codes: Array  # uint8 (n_cells,): numbers of codes from 0 up, in ascending order
    shares: Array  # (n_cells,): the share of rows in each
    step: float = 0.0  # all numbers are multiples of it, where it is not zero
    levels: tuple[str | bool | None, ...] = ()  # (n_cells,), of a column of levels

    @classmethod
    def of(cls, column: Array, min_rows: int) -> ColumnCells:
        """Return the cells of a column of numbers, moments or levels."""
        if column.dtype == object:
            return cls._of_levels(column, min_rows)
        kind = NUMBER if column.dtype.kind == "f" else MOMENT_KIND
        numbers = in_seconds(column)
        present = np.sort(numbers[~np.isnan(numbers)])
        n_outer = max(0, min(min_rows - 1, (len(present) - min_rows) // 2))
        inner = present[n_outer : len(present) - n_outer]  # without what would show an outlier
        low, high = _cut(present, inner, min_rows)
        if len(present) < len(numbers) or not len(low):
            low, high = np.append(np.nan, low), np.append(np.nan, high)
        nearest = _nearest(low, high, numbers)
        met, counts = np.unique(nearest, return_counts=True)
        low, high = low[met], high[met]  # a range may have no row that it is nearest to
        rows = counts.astype(np.float64)
        alone = _is_atom(low, high)
        return cls(
            kind,
            low,
            high,
            _groups(rows, alone, N_BINS, np.iinfo(np.int32).max).astype(np.int32),
            _groups(rows, alone, N_CODES, MAX_CODE).astype(np.uint8),
            rows / max(1, rows.sum()),
            _step(inner),
        )

    @classmethod
    def _of_levels(cls, column: Array, min_rows: int) -> ColumnCells:
        distinct = Distinct.of(column)
        counts, present = distinct.counts, distinct.is_present
        often = (counts >= min_rows) & present
        pairs = [(distinct.values[k], int(counts[k])) for k in np.flatnonzero(often)]
        n_rare = int(counts[present & ~often].sum())
        n_missing = distinct.n_missing
        if n_rare >= min_rows or (n_rare and not pairs):
            pairs = [pair for pair in pairs if pair[0] != OTHER]
            n_rare += int(counts[[value == OTHER for value in distinct.values]].sum())
            pairs.append((OTHER, n_rare))
        pairs.sort(key=lambda pair: -pair[1])
        if n_missing or not pairs:
            pairs.append((None, n_missing))
        numbers = np.arange(len(pairs), dtype=np.float64)
        rows = np.array([count for _, count in pairs], np.float64)
        return cls(
            LEVEL,
            numbers,
            numbers,
            numbers.astype(np.int32),
            np.minimum(numbers, MAX_CODE).astype(np.uint8),
            rows / max(1, rows.sum()),
            levels=tuple(value for value, _ in pairs),
        )

    @property
    def n_cells(self) -> int:
        """Number of cells."""
        return len(self.low)

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return int(self.bins[-1]) + 1

    @property
    def is_atom(self) -> Array:
        """Which cells stand for one value, Booleans of shape (n_cells,)."""
        return _is_atom(self.low, self.high)

    @cached_property
    def scores(self) -> Array:
        """Two numbers for each cell, (2, n_cells), of mean 0 and about variance 1 over the rows.

        The first is its value, the second the quantile of a normal distribution with the same rank.
        Of a missing value both are zero.
        """
        ranks = np.cumsum(self.shares) - self.shares / 2
        normal = [NormalDist().inv_cdf(rank) for rank in ranks.clip(1e-6, 1 - 1e-6).tolist()]
        scores = np.array([(self.low + self.high) / 2, normal])
        scores[:, np.isnan(self.low)] = np.nan
        weights = np.where(np.isnan(self.low), 0, self.shares)
        weights /= weights.sum() or 1.0
        scores -= np.nansum(scores * weights, axis=1, keepdims=True)
        spread = np.sqrt(np.nansum(scores**2 * weights, axis=1, keepdims=True))
        return np.nan_to_num(scores / np.where(spread > 0, spread, 1.0))

    def encode(self, column: Array) -> Array:
        """Return the cell of each row of a column, int32: that of its value, or the nearest."""
        if self.kind == LEVEL:
            index = {level: number for number, level in enumerate(self.levels)}
            rare = index.get(OTHER, 0)
            cells = (index.get(item, rare) for item in column.tolist())
            return np.fromiter(cells, np.int32, len(column))
        return self.nearest(in_seconds(column))

    def nearest(self, numbers: Array) -> Array:
        """Return the cell of each number; a value with a cell of its own is in no other."""
        return _nearest(self.low, self.high, numbers)

    def draw(self, cells: Array, rng: Rng) -> Array:
        """Return a value of each row's cell: numbers (moments as seconds), or levels as objects."""
        if self.kind == LEVEL:
            return np.array([*self.levels, None], object)[:-1][cells]
        low, high = self.low[cells], self.high[cells]
        return self.rounded(low + (high - low) * rng.random(len(cells)))

    def rounded(self, numbers: Array) -> Array:
        """Return numbers rounded as those of the column are."""
        if not self.step:
            return numbers
        decimals = max(0, _MAX_DECIMALS if self.step < 1 else 0)
        return np.round(np.rint(numbers / self.step) * self.step, decimals) + 0.0

    def as_column(self, values: Array) -> Array:
        """Return what `draw` drew as a column: seconds become moments."""
        if self.kind != MOMENT_KIND:
            return values
        return from_seconds(values)


def _cut(present: Array, inner: Array, min_rows: int) -> tuple[Array, Array]:
    """Return where cells of sorted numbers begin and end, in ascending order."""
    values, counts = np.unique(present, return_counts=True)
    often = counts >= min_rows
    rare = present[~np.repeat(often, counts)]
    low = high = values[often]
    if len(rare) >= min_rows:
        ends = inner[:min_rows].mean(), inner[-min_rows:].mean()
        of_ranges = _ranges(rare, ends, min_rows)
        low, high = np.append(low, of_ranges[0]), np.append(high, of_ranges[1])
    order = np.argsort(low + high, kind="stable")
    return low[order], high[order]


def _is_atom(low: Array, high: Array) -> Array:
    """Return which cells stand for one value, or for a missing one."""
    return np.asarray((low == high) | np.isnan(low))


def _nearest(low: Array, high: Array, numbers: Array) -> Array:
    """Return the cell of each number, int32; a value with a cell of its own is in no other."""
    n_missing = int(np.isnan(low[0]))
    if len(low) == n_missing:
        return np.zeros(len(numbers), np.int32)
    low, high = low[n_missing:], high[n_missing:]
    centers = (low + high) / 2
    atoms = np.flatnonzero(low == high)
    ranges = np.flatnonzero(low != high)
    some = ranges if len(ranges) else atoms
    between = (centers[some][1:] + centers[some][:-1]) / 2
    cells = some[np.searchsorted(between, numbers)]
    if len(atoms):
        place = np.searchsorted(centers[atoms], numbers).clip(0, len(atoms) - 1)
        cells = np.where(centers[atoms][place] == numbers, atoms[place], cells)
    return np.where(np.isnan(numbers), 0, cells + n_missing).astype(np.int32)


def _ranges(rare: Array, ends: tuple[float, float], min_rows: int) -> tuple[Array, Array]:
    """Return where the ranges of groups of sorted numbers begin and end.

    A uniform distribution over mean +- sqrt(3) standard deviations has just these. None lies beyond
    the ends, and the outermost ones reach from the means beside them.
    """
    rare = rare.clip(*ends)
    n_groups = len(rare) // min_rows
    starts = np.arange(n_groups) * len(rare) // n_groups
    rows = np.diff(np.append(starts, len(rare)))
    means = np.add.reduceat(rare, starts) / rows
    squares = np.add.reduceat((rare - np.repeat(means, rows)) ** 2, starts) / rows
    half = np.sqrt(3 * squares)
    half = np.where(half == 0, np.abs(means) * 1e-12 + 1e-300, half)  # a range, not a value
    low = means - half
    high = means + half
    low[1:] = np.maximum(low[1:], means[:-1])  # ranges reach to the means beside them, at most
    high[:-1] = np.minimum(high[:-1], means[1:])
    if n_groups > 1:
        high[0] = means[1]
        low[-1] = means[-2]
    return low.clip(*ends), high.clip(*ends)


def _groups(counts: Array, alone: Array, wanted: int, most: int) -> Array:
    """Return the group of each cell: of about equal rows, frequent cells by themselves."""
    if len(counts) <= wanted:
        return np.arange(len(counts))
    groups = _grouped(counts, alone, counts.sum() / wanted)
    return groups if groups[-1] <= most else _groups(counts, alone, wanted * 3 // 4, most)


def _grouped(counts: Array, alone: Array, size: float) -> Array:
    """Return groups of at least some rows, but for frequent cells and what is between them."""
    groups = np.zeros(len(counts), np.intp)
    group = 0
    rows = 0.0
    for cell, (count, single) in enumerate(zip(counts.tolist(), alone.tolist(), strict=True)):
        big = single and (count > size / 2 or cell == 0)
        if cell and (big or rows >= size):
            group = group + 1
            rows = 0.0
        groups[cell] = group
        rows = size if big else rows + count
    return groups


def _step(present: Array) -> float:
    """Return the largest step of which all numbers are multiples; zero if there is none."""
    if not len(present) or np.abs(present).max() > 2**53:
        return 0.0
    for decimals in range(_MAX_DECIMALS + 1):
        scaled = present * 10.0**decimals
        whole = np.rint(scaled)
        if np.abs(scaled).max() > 2**53:
            return 0.0
        if (np.abs(scaled - whole) <= 1e-6 * np.maximum(1, np.abs(scaled)) * 1e-3).all():
            units = np.unique(np.abs(whole)).astype(np.int64)
            return (gcd(*units.tolist()) or 1) / 10.0**decimals
    return 0.0
