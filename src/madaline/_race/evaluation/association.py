"""How columns are associated: one measure for numbers, categories, dates and missingness.

Values are put into bins, and the mutual information of two columns is that of their bins, less what
it would be by chance. It is told on the scale of a correlation: of two normal numbers, 0.5 is what
a correlation of 0.5 would tell (Linfoot, 1957, *Information and Control* 1); 1 is reached where one
column follows from the other. So relations that are not monotone count, too. Where the bins do not
differ clearly from independent ones (a chi-squared test by the moments of all permutations: Dawson,
1954, *Biometrika* 41), it is 0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import final

import numpy as np

from madaline._race.evaluation.explained import rank_correlation
from madaline._tables.column import is_missing
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import LEVELS, NUMBERS
from madaline._tables.table import Distinct
from madaline.nn.arrays import Array

MAX_ROWS = 10_000  # rows that are looked at, drawn at random
MAX_PAIRED = 80  # columns that are compared with each other, at most
_COARSE, _MAX_BINS = 3, 12  # bins of numbers: few find weak trends, more find any form
_MIN_CELL = 5  # rows of a pair of the most bins, on average
MIN_LEVEL, _MAX_LEVELS = 5, 30  # rows of a level by itself, and levels
# Of columns that hold the same: their association and the rows where both have a value, what names
# tell of each other, and the correlation of numbers
_MIN_SAME, _MIN_MUTUAL, _MIN_ORDER = 0.95, 0.95, 0.985
_MAX_P, _MAX_FALSE = 0.01, 0.05  # of a relation, and share of those told that may be none


@final
@dataclass(frozen=True)
class Association:
    """How two columns are associated."""

    strength: float  # from 0 to 1: how much the column with fewer values is told by the other
    mutual: float  # share of what the column with more values holds that the other tells
    p: float  # how likely columns without relation look as related


@final
@dataclass(frozen=True, eq=False)
class _View:
    """A column in bins."""

    codes: Array  # (n_rows,)
    counts: Array  # (n_bins,), rows of each, none of them zero

    @classmethod
    def of(cls, codes: Array, fewest: int = MIN_LEVEL) -> _View:
        """Return the view of codes; bins of fewer rows become one, and all but the largest, too."""
        codes = np.unique(codes, return_inverse=True)[1]
        counts = np.bincount(codes)
        largest = np.argsort(-counts, kind="stable")[:_MAX_LEVELS]
        own = np.zeros(len(counts), bool)
        own[largest] = counts[largest] >= fewest
        place = np.where(own, np.cumsum(own), 0)
        if counts[~own].sum() < fewest:  # too few for a bin: they join the largest
            place[~own] = place[largest[0]]
        codes = np.unique(place[codes], return_inverse=True)[1]
        return cls(codes, np.bincount(codes))

    @property
    def entropy(self) -> float:
        """The information in it, in nats."""
        shares = self.counts / len(self.codes)
        return float(-shares @ np.log(shares))

    @property
    def spread(self) -> tuple[float, float]:
        """The two sums over bins on which the variance of chi-squared depends, as Dawson has it."""
        n, bins = len(self.codes), len(self.counts)
        free = (bins - 1) * (n - bins) / (n - 1)
        return free, (n * float(np.sum(1 / self.counts)) - bins**2) / (n - 2)


Views = Sequence[_View]  # a column in bins of several widths, or by parts of dates


def views_of(kind: str, column: Array) -> Views:
    """Return the views of a column that was read; none of texts, images and signals."""
    missing = is_missing(column)
    if KINDS[kind].holds == LEVELS:
        binned = [Distinct.of(column).codes]
    elif KINDS[kind].holds == NUMBERS and column.dtype.kind in "fM":
        moments = column.dtype.kind == "M"
        numbers = column.astype("datetime64[s]").astype(np.int64) if moments else column
        fine = max(_COARSE, min(_MAX_BINS, int(np.sqrt(len(column) / _MIN_CELL))))
        binned = [_in_bins(numbers, missing, bins) for bins in sorted({_COARSE, fine})]
        if moments:
            binned += [np.where(missing, -1, part) for part in _parts(column)]
    else:
        return ()
    return tuple(view for codes in binned for view in _views(codes))


def views_of_missing(column: Array) -> Views:
    """Return the view of a column that tells only whether there is a value."""
    return tuple(_views(is_missing(column)))


def _views(codes: Array) -> Iterator[_View]:
    """Yield codes in bins of a few rows, and of so many that any two of them occur together."""
    rare = _View.of(codes)
    frequent = _View.of(codes, max(MIN_LEVEL, int(np.sqrt(len(codes)))))
    if len(rare.counts) > 1:
        yield rare
    if 1 < len(frequent.counts) < len(rare.counts):
        yield frequent


def associate(one: Views, other: Views) -> Association:
    """Return how much two columns tell of each other, in the views that tell most."""
    pairs = ((a, b) for a in one for b in other)
    found = [_of_views(a, b) for a, b in pairs if a.counts.min() * b.counts.min() >= len(a.codes)]
    if not found:
        return Association(0.0, 0.0, 1.0)
    p = min(1.0, len(found) * min(item.p for item in found))
    clear = [item for item in found if len(found) * item.p <= _MAX_P]
    if not clear:
        return Association(0.0, 0.0, p)
    best = max(clear, key=lambda item: item.strength)
    return replace(best, mutual=max(item.mutual for item in clear), p=p)


def associations_with(target: Views, columns: Mapping[str, Views]) -> dict[str, Association]:
    """Return how much each column tells of the target."""
    found = {name: associate(views, target) for name, views in columns.items()}
    return dict(zip(found, _without_false(found.values()), strict=True))


def associations_of_pairs(
    columns: Mapping[str, Views],
    known: Callable[[str, str], tuple[Views, Views] | None] | None = None,
) -> Iterator[tuple[str, str, Association]]:
    """Yield the pairs of columns that are associated, the strongest first.

    `known` returns two columns in the rows where both have a value; None where these are all rows.
    """
    pairs = list(combinations(columns, 2))
    found = [associate(columns[one], columns[other]) for one, other in pairs]
    for index, item in enumerate(found):
        if known and item.strength and (views := known(*pairs[index])):
            found[index] = associate(*views)
    found = _without_false(found)
    related = [(*pair, item) for pair, item in zip(pairs, found, strict=True) if item.strength]
    yield from sorted(related, key=lambda item: -item[2].strength)


def tell_the_same(one: Array, other: Array, found: Association) -> bool:
    """Return whether two columns hold the same: numbers in one order, or names for the same."""
    if found.strength < _MIN_SAME:
        return False
    missing, lacking = is_missing(one), is_missing(other)
    present = ~(missing | lacking)
    if present.sum() < _MIN_SAME * np.sum(~(missing & lacking)) or present.sum() < MIN_LEVEL:
        return False
    if one.dtype.kind not in "fM" or other.dtype.kind not in "fM":
        return found.mutual >= _MIN_MUTUAL
    return abs(rank_correlation(one[present], other[present])) >= _MIN_ORDER


def _without_false(found: Iterable[Association]) -> list[Association]:
    """Return associations of which few are by chance: Benjamini and Hochberg, 1995."""
    items = list(found)
    ordered = np.sort([item.p for item in items])
    few = ordered <= _MAX_FALSE * np.arange(1, len(items) + 1) / max(1, len(items))
    most = ordered[few][-1] if few.any() else -1.0
    return [item if item.p <= most else replace(item, strength=0.0, mutual=0.0) for item in items]


def _of_views(one: _View, other: _View) -> Association:
    from scipy.special import gammaincc

    n, bins = len(one.codes), len(other.counts)
    counts = np.bincount(one.codes * bins + other.codes, minlength=len(one.counts) * bins)
    joint = counts.reshape(-1, bins)
    expected = np.outer(one.counts, other.counts) / n
    chi = float(np.sum(np.square(joint) / expected) - n)
    mean = n * (len(one.counts) - 1) * (bins - 1) / (n - 1)
    (free, spread), (other_free, other_spread) = one.spread, other.spread
    variance = 2 * n / (n - 3) * (free - spread) * (other_free - other_spread)
    variance += n**2 / (n - 1) * spread * other_spread
    p = float(gammaincc(mean**2 / variance, chi * mean / variance)) if variance > 0 else 1.0
    present = joint > 0
    told = float(np.sum(joint[present] * np.log(joint[present] / expected[present]))) / n
    least, most = sorted((one.entropy, other.entropy))
    by_chance = min(mean / (2 * n), 0.9 * least)
    told = max(0.0, told - by_chance) / (least - by_chance) * least
    return Association(_as_correlation(told, least), told / most, p)


def _as_correlation(told: float, most: float) -> float:
    """Return information in nats as the correlation that tells as much, at most 1."""
    return float(min(1.0, np.sqrt(np.expm1(-2 * told) / np.expm1(-2 * most))))


def _in_bins(numbers: Array, missing: Array, n_bins: int) -> Array:
    """Return bins of about as many rows each; frequent values have one of their own."""
    codes = np.full(len(numbers), -1)
    values, inverse, counts = np.unique(numbers[~missing], return_inverse=True, return_counts=True)
    frequent = counts * n_bins > counts.sum()
    others = np.where(frequent, 0, counts)
    n_left = max(1, n_bins - int(frequent.sum()))
    middle = np.cumsum(others) - others / 2
    place = np.floor(n_left * middle / max(1, others.sum())).clip(0, n_left - 1).astype(np.int64)
    place[frequent] = n_left + np.arange(int(frequent.sum()))
    codes[~missing] = place[inverse] if len(values) > n_bins else inverse
    return codes


def _parts(column: Array) -> Iterator[Array]:
    """Yield months, days of the week and hours of moments."""
    hours = column.astype("datetime64[h]").astype(np.int64)
    yield column.astype("datetime64[M]").astype(np.int64) % 12
    yield hours // 24 % 7
    yield hours % 24
