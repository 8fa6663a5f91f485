r"""What may become of values: densities of their ranks, each of which a test bets on.

Without a change, the rank of a new value among earlier ones is uniform on (0, 1). After a change it
has another density :math:`f`, and :math:`f(u)` is how much a bet on that change pays: on average
one without a change, more with it. Densities are constant within bins, and so bounded.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import product
from statistics import NormalDist

import numpy as np

from madaline.nn.arrays import Array

SHIFTS = (0.25, 0.5, 1.0, 2.0)
"""Shifts to both sides, in standard deviations of normal values."""

SPREADS = (0.4, 0.65, 1.5, 2.5)
"""Standard deviations after a change of spread; one before."""

WORSE = (0.15, 0.3, 0.6, 1.2)
"""Shifts of losses, which only matter upward."""

LARGEST = ((0.1, 0.3), (0.03, 0.15), (0.004, 0.04))
"""Shares of losses that are the largest ones, and what they may become."""

ODDS = (0.25, 0.6, 1.6, 4.0)
"""Factors of the odds of a level."""

RARE = (0.001, 0.004, 0.016, 0.064)
"""Shares of all earlier values that what was rare may reach while it becomes more frequent."""

OFTEN = (5.0, 20.0)
"""How many times as frequent it may then be."""

BINS = np.array([0.0002, 0.001, 0.004, 0.012, 0.03, 0.06, *np.arange(0.1, 0.51, 0.05)])
"""Where the bins of the ranks of numbers end, up to the middle; they are symmetric."""


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Densities of ranks (final).

    Parameters
    ----------
    edges : ndarray of shape (n_bins - 1,)
        Where one bin ends and the next begins.
    densities : ndarray of shape (n_alternatives, n_bins)
        The density of each alternative in each bin.
    names : tuple of (str, int)
        What each is: ``shift`` or ``spread``, or ``share`` with the number of a cell.

    Examples
    --------
    >>> shares = Alternatives.of_shares(np.array([0.9, 0.1]))
    >>> round(float(shares.pay(np.array([0.95])).max()), 2)  # the odds of the level are fourfold
    3.08
    """

    edges: Array
    densities: Array
    names: tuple[tuple[str, int], ...]

    @classmethod
    @cache
    def of_numbers(cls) -> Alternatives:
        """Return shifts to both sides and changes of the spread."""
        shifts = [sign * shift for sign, shift in product((-1, 1), SHIFTS)]
        return cls._of_normal([(shift, 1.0) for shift in shifts] + [(0.0, one) for one in SPREADS])

    @classmethod
    @cache
    def of_losses(cls) -> Alternatives:
        """Return shifts upward, and more large losses."""
        shifts = cls._of_normal([(shift, 1.0) for shift in WORSE])
        large = shifts.edges >= 1 - np.array(LARGEST)[:, :1] - 1e-12
        lengths, after = np.array(LARGEST).T[:, :, None]
        large = np.concatenate([np.zeros((len(LARGEST), 1), bool), large], axis=1)
        tails = np.where(large, after / lengths, (1 - after) / (1 - lengths))
        names = (("shift", -1),) * len(LARGEST)
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
        lows, highs, after, cells = (np.array(one) for one in zip(*bets, strict=True))
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
        edges = np.concatenate([BINS[:-1], [0.5], 1 - BINS[-2::-1]])
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
    found = [(share, factor * odds / (1 + factor * odds)) for factor in ODDS]
    longer = [length for length in RARE if length > 1.5 * share]
    return found + [(one, min(0.8, factor * one)) for one in longer for factor in OFTEN]


def _interval(start: float, share: float, length: float) -> tuple[float, float]:
    """Return where ranks of a cell lie once it has a larger share: the others keep their order."""
    low = max(0.0, min(1 - length, start / (1 - share) * (1 - length)))
    return low, low + length
