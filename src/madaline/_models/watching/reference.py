r"""What a signal was like before, and what may become of it.

Values are sorted into cells, and how many lay in each is counted. The rank of a new value is the
share of the earlier ones below it, ties broken at random:
:math:`u = (n_< + v (n_= + 1)) / (n + 1)` with :math:`v` uniform. If all values come from one
distribution, such ranks are uniform and independent (Vovk, Nouretdinov and Gammerman, 2003,
"Testing exchangeability on-line"). Values in one cell count as ties.

After a change, the rank has another density :math:`f` on (0, 1), and :math:`f(u)` is how much a bet
on that change pays: on average one without a change, more with it. Densities are constant within
bins, and so bounded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import product
from statistics import NormalDist
from typing import final

import numpy as np

from madaline._tables.profile import EDGES, LEVELS, ColumnProfile, shares_below
from madaline.nn.arrays import Array

_NO_EDGES = np.zeros(0)
_NO_CODES = np.zeros(0, np.intp)

# What tests bet on. In four tables, a shift by a standard deviation is found after 11 to 21 rows, a
# new level of 3 % after 135 to 162, medians of 20 seeds (benchmarks/watching.py)
_SHIFTS = (0.25, 0.5, 1.0, 2.0)  # shifts to both sides, in standard deviations of normal values
_SPREADS = (0.4, 0.65, 1.5, 2.5)  # standard deviations after a change of spread; one before
_LOSS_SHIFTS = (0.15, 0.3, 0.6, 1.2)  # shifts of losses, which only matter upward
_LARGE_LOSSES = ((0.1, 0.3), (0.03, 0.15), (0.004, 0.04))
"""Shares of losses that are the largest ones, and what they may become."""

_ODDS = (0.25, 0.6, 1.6, 4.0)  # factors of the odds of a level
_RARE_SHARES = (0.001, 0.004, 0.016, 0.064)
"""Shares of all earlier values that what was rare may reach while it becomes more frequent."""

_RARE_FACTORS = (5.0, 20.0)  # how many times as frequent it may then be
_BINS = np.array([0.0002, 0.001, 0.004, 0.012, 0.03, 0.06, *np.arange(0.1, 0.51, 0.05)])
"""Where the bins of the ranks of numbers end, up to the middle; they are symmetric."""


@final
@dataclass(frozen=True, eq=False)
class Reference:
    """The values of a signal before any change."""

    edges: Array  # (n_edges,), of numbers: cells lie below, at, between and above these quantiles
    codes: Array  # (n_cells - 2,), of levels: those with a cell of their own
    others: Array  # levels that share the last but one cell; levels that are new share the last
    counts: Array  # (n_cells,): values in each cell; whether one is missing has just two
    mean: float = float("nan")  # of the numbers; NaN if it is not known

    @classmethod
    def of_numbers(cls, values: Array) -> Reference:
        """Return the reference of some numbers, none of them missing."""
        values = np.sort(values)
        spread = np.linspace(0, len(values) - 1, min(len(values), EDGES)).round()
        edges = np.unique(values[spread.astype(np.intp)])
        mean = float(np.mean(values)) if len(values) else float("nan")
        return cls._of_edges(edges, shares_below(values, edges), len(values), mean)

    @classmethod
    def of_levels(cls, codes: Array) -> Reference:
        """Return the reference of some levels, given by their codes."""
        levels, numbers = np.unique(codes.astype(np.intp), return_counts=True)
        order = np.lexsort((levels, -numbers))
        listed = order[:LEVELS]
        others = order[LEVELS:]
        counts = [*numbers[listed], numbers[others].sum(), np.sum(numbers == 1)]
        return cls(_NO_EDGES, levels[listed], levels[others], np.array(counts, np.float64))

    @classmethod
    def of_profile(
        cls, profile: ColumnProfile, names: dict[str, int], singles: int, mean: float = float("nan")
    ) -> Reference:
        """Return the reference of a column of the training table, given the codes of its levels.

        Singles are levels that occurred once: about as often comes a level that is new.
        """
        n_present = profile.n_rows * (1 - profile.missing)
        if not profile.has_levels:
            return cls._of_edges(np.array(profile.edges), np.array(profile.below), n_present, mean)
        listed = np.array([names[level] for level in profile.levels if level in names], np.intp)
        shares = [
            share
            for level, share in zip(profile.levels, profile.shares, strict=True)
            if level in names
        ]
        others = np.setdiff1d(np.fromiter(names.values(), np.intp), listed)
        rest = max(0.0, n_present * (1 - sum(shares)))
        counts = np.round([*(n_present * np.array(shares)), rest, singles])
        return cls(_NO_EDGES, listed, others, counts)

    @classmethod
    def of_missing(cls, profile: ColumnProfile) -> Reference:
        """Return the reference of whether a value is missing: code 0, or 1 where it is."""
        missing = round(profile.n_rows * profile.missing)
        counts = np.array([profile.n_rows - missing, missing], np.float64)
        return cls(_NO_EDGES, np.array([0, 1]), _NO_CODES, counts)

    @classmethod
    def _of_edges(cls, edges: Array, below: Array, n_values: float, mean: float) -> Reference:
        up_to = np.concatenate([[0.0, 0.0], np.round(n_values * below), [n_values]])
        return cls(edges, _NO_CODES, _NO_CODES, np.maximum(0.0, np.diff(up_to)), mean)

    def to_arrays(self) -> dict[str, Array]:
        """Return all but the mean, as a file holds it."""
        codes = self.codes.astype(np.int64)
        others = self.others.astype(np.int64)
        return {"edges": self.edges, "codes": codes, "others": others, "counts": self.counts}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, Array], mean: float) -> Reference:
        """Return the reference of such arrays."""
        codes, others = (arrays[name].astype(np.intp) for name in ("codes", "others"))
        return cls(arrays["edges"], codes, others, arrays["counts"], mean)

    @property
    def of_values(self) -> bool:
        """Whether it is of numbers, not of levels."""
        return len(self.edges) > 0

    def cells(self, values: Array) -> Array:
        """Return the cell of each value, shape (n_values,); -1 where it is missing."""
        missing = np.isnan(values)
        if self.of_values:
            cells = np.searchsorted(self.edges, values) + (values >= self.edges[0])
        else:
            codes = np.where(missing, 0, values).astype(np.intp)
            is_old = codes < len(self._cell_of_code)
            cells = np.full(len(codes), len(self.codes) + 1)
            cells[is_old] = self._cell_of_code[codes[is_old]]
        return np.where(missing, -1, cells)

    def ranks(self, cells: Array, seen: Array, ties: Array) -> Array:
        """Return the rank of each value among all before it; NaN where it is missing.

        `seen`, (n_cells,), are values since the reference; `ties` are uniform numbers.
        """
        present = np.flatnonzero(cells >= 0)
        cell = cells[present]
        every = np.arange(len(present))
        before = np.zeros((len(present) + 1, len(seen)))
        before[0] = self.counts + seen
        before[every + 1, cell] += 1
        np.cumsum(before, axis=0, out=before)
        up_to = np.cumsum(before[:-1], axis=1)  # (n_present, n_cells)
        equal = before[every, cell]
        less = up_to[every, cell] - equal
        ranks = np.full(len(cells), np.nan)
        ranks[present] = (less + ties[present] * (equal + 1)) / (up_to[:, -1] + 1)
        return ranks

    def shares(self) -> Array:
        """Return the share of each cell; what never occurred in the last one counts as half."""
        counts = self.counts.copy()
        counts[-1] += 0.5
        return np.asarray(counts / counts.sum())

    def share(self, cell: int) -> float:
        """Return the share of the values in a cell."""
        new = len(self.codes) + 1
        total = self.counts[:new].sum()
        return 0.0 if cell == new else float(self.counts[cell] / max(1.0, total))

    def quantile(self, share: float) -> float:
        """Return the number below which a share of the values lies."""
        below = np.cumsum(self.counts)[1:-1] / max(1.0, self.counts.sum())
        return float(np.interp(share, below, self.edges))

    def widest_gap(self, values: Array) -> tuple[float, float, float]:
        """Return the edge above which the shares of other values differ most, and both shares."""
        before = 1 - np.cumsum(self.counts)[1:-1] / max(1.0, self.counts.sum())
        now = np.array([float(np.mean(values > edge)) for edge in self.edges])
        place = int(np.argmax(np.abs(now - before)))
        return float(self.edges[place]), float(before[place]), float(now[place])

    def alternatives(self, *, of_losses: bool = False) -> Alternatives:
        """Return what may become of the values."""
        if of_losses:
            return Alternatives.of_losses()
        return (
            Alternatives.of_numbers() if self.of_values else Alternatives.of_shares(self.shares())
        )

    @cached_property
    def _cell_of_code(self) -> Array:
        n_codes = 1 + max([-1, *self.codes.tolist(), *self.others.tolist()])
        cells = np.full(n_codes, len(self.codes) + 1)
        cells[self.others] = len(self.codes)
        cells[self.codes] = np.arange(len(self.codes))
        return cells


@final
@dataclass(frozen=True, eq=False)
class Alternatives:
    """Densities of ranks, each of which a test bets on."""

    edges: Array  # (n_bins - 1,): where one bin ends and the next begins
    densities: Array  # (n_alternatives, n_bins): the density of each alternative in each bin
    names: tuple[tuple[str, int], ...]  # ``shift`` or ``spread``, or ``share`` and a cell

    @classmethod
    @cache
    def of_numbers(cls) -> Alternatives:
        """Return shifts to both sides and changes of the spread."""
        shifts = [sign * shift for sign, shift in product((-1, 1), _SHIFTS)]
        return cls._of_normal(
            [(shift, 1.0) for shift in shifts] + [(0.0, spread) for spread in _SPREADS]
        )

    @classmethod
    @cache
    def of_losses(cls) -> Alternatives:
        """Return shifts upward, and more large losses."""
        shifts = cls._of_normal([(shift, 1.0) for shift in _LOSS_SHIFTS])
        large = shifts.edges >= 1 - np.array(_LARGE_LOSSES)[:, :1] - 1e-12
        lengths, after = np.array(_LARGE_LOSSES).T[:, :, None]
        large = np.concatenate([np.zeros((len(_LARGE_LOSSES), 1), bool), large], axis=1)
        tails = np.where(large, after / lengths, (1 - after) / (1 - lengths))
        names = (("shift", -1),) * len(_LARGE_LOSSES)
        densities = np.concatenate([shifts.densities, tails])
        return cls(shifts.edges, densities, (*shifts.names, *names))

    @classmethod
    def of_shares(cls, shares: Array) -> Alternatives:
        """Return more or fewer values in each cell of which the shares are given.

        The ranks of a cell lie in an interval as long as its share. As what was rare becomes more
        frequent, the interval grows, since new values count among the earlier ones, too.
        """
        above = np.cumsum(shares)
        bets = [
            (*_interval(float(end - share), float(share), length), now, cell)
            for cell, (share, end) in enumerate(zip(shares, above, strict=True))
            for length, now in _after(float(share))
        ]
        if not bets:
            return cls(np.zeros(0), np.ones((1, 1)), (("share", 0),))
        lows, highs, after, cells = map(np.array, zip(*bets, strict=True))
        edges = np.unique(np.concatenate([lows, highs]))
        edges = edges[(edges > 0) & (edges < 1)]
        starts = np.concatenate([[0.0], edges])
        within = (starts >= lows[:, None]) & (starts < highs[:, None])
        length = (highs - lows)[:, None]
        densities = np.where(within, after[:, None] / length, (1 - after[:, None]) / (1 - length))
        return cls(edges, densities, tuple(("share", int(cell)) for cell in cells))

    @classmethod
    def _of_normal(cls, alternatives: list[tuple[float, float]]) -> Alternatives:
        """Return the densities of the ranks of normal values with these means and spreads."""
        edges = np.concatenate([_BINS[:-1], [0.5], 1 - _BINS[-2::-1]])
        bounds = [NormalDist().inv_cdf(edge) for edge in edges]
        rows = []
        for mean, spread in alternatives:
            below = [NormalDist(mean, spread).cdf(bound) for bound in bounds]
            rows.append(np.diff([0.0, *below, 1.0]) / np.diff([0.0, *edges, 1.0]))
        names = tuple(("shift" if mean else "spread", -1) for mean, _ in alternatives)
        return cls(edges, np.array(rows), names)

    def pay(self, ranks: Array) -> Array:
        """Return what bets on each alternative pay, shape (n_ranks, n_alternatives).

        Where a rank is missing, a bet pays back the stake.
        """
        bins = np.searchsorted(self.edges, ranks, side="right")
        bins[np.isnan(ranks)] = 0
        paid: Array = self.densities.T[bins]
        paid[np.isnan(ranks)] = 1.0
        return paid


def _after(share: float) -> list[tuple[float, float]]:
    """Return intervals of ranks, by their lengths, and the shares they may have after a change."""
    if not 0 < share < 1:
        return []
    odds = share / (1 - share)
    after = [(share, factor * odds / (1 + factor * odds)) for factor in _ODDS]
    longer = [length for length in _RARE_SHARES if length > 1.5 * share]
    return after + [
        (length, min(0.8, factor * length)) for length in longer for factor in _RARE_FACTORS
    ]


def _interval(start: float, share: float, length: float) -> tuple[float, float]:
    """Return where ranks of a cell lie once it has a larger share: the others keep their order."""
    low = max(0.0, min(1 - length, start / (1 - share) * (1 - length)))
    return low, low + length
