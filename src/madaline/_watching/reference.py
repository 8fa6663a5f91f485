r"""What a signal was like before: its values sorted into cells, and how many lay in each.

The rank of a new value is the share of the earlier ones below it, ties broken at random:
:math:`u = (n_< + v (n_= + 1)) / (n + 1)` with :math:`v` uniform. If all values come from one
distribution, such ranks are uniform and independent (Vovk, Nouretdinov and Gammerman, 2003,
"Testing exchangeability on-line"). Values in one cell count as ties.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline._data.profile import EDGES, LEVELS, ColumnProfile, shares_below
from madaline._watching.alternatives import Alternatives
from madaline.nn.arrays import Array

NOTHING = np.zeros(0)


@dataclass(frozen=True, eq=False)
class Reference:
    """The values of a signal before any change (final).

    Parameters
    ----------
    edges : ndarray of shape (n_edges,)
        Of numbers: quantiles. Below the first, at it, between each two, and above the last lie the
        cells. Empty for levels.
    codes : int ndarray of shape (n_cells - 2,)
        Of levels: the codes that have a cell of their own. Whether a value is missing has two cells
        and no others.
    others : int ndarray
        Codes of levels that share the last but one cell; levels that are new share the last.
    counts : ndarray of shape (n_cells,)
        Values in each cell.
    mean : float
        Mean of the numbers; NaN if it is not known.

    Examples
    --------
    >>> reference = Reference.of_numbers(np.arange(101.0))
    >>> reference.quantile(0.5), reference.cells(np.array([-5.0, 0.0, 50.0, 1e9])).tolist()
    (49.5, [0, 1, 11, 22])
    """

    edges: Array
    codes: Array
    others: Array
    counts: Array
    mean: float = float("nan")

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
        found, numbers = np.unique(codes.astype(np.intp), return_counts=True)
        order = np.lexsort((found, -numbers))
        listed, others = order[:LEVELS], order[LEVELS:]
        counts = [*numbers[listed], numbers[others].sum(), np.sum(numbers == 1)]
        return cls(NOTHING, found[listed], found[others], np.array(counts, np.float64))

    @classmethod
    def of_profile(
        cls, profile: ColumnProfile, names: dict[str, int], singles: int, mean: float = float("nan")
    ) -> Reference:
        """Return the reference of a column of the training table.

        Parameters
        ----------
        profile : ColumnProfile
            What was in it.
        names : mapping of str to int
            Of levels: their codes.
        singles : int
            How many levels occurred once: about as often comes a level that is new.
        mean : float, optional
            Mean of the numbers.
        """
        n_present = profile.n_rows * (1 - profile.missing)
        if not profile.has_levels:
            return cls._of_edges(np.array(profile.edges), np.array(profile.below), n_present, mean)
        listed = np.array([names[level] for level in profile.levels if level in names], np.intp)
        shares = [
            share for one, share in zip(profile.levels, profile.shares, strict=True) if one in names
        ]
        others = np.setdiff1d(np.fromiter(names.values(), np.intp), listed)
        rest = max(0.0, n_present * (1 - sum(shares)))
        counts = np.round([*(n_present * np.array(shares)), rest, singles])
        return cls(NOTHING, listed, others, counts)

    @classmethod
    def of_missing(cls, profile: ColumnProfile) -> Reference:
        """Return the reference of whether a value is missing: code 0, or 1 where it is."""
        missing = round(profile.n_rows * profile.missing)
        counts = np.array([profile.n_rows - missing, missing], np.float64)
        return cls(NOTHING, np.array([0, 1]), np.zeros(0, np.intp), counts)

    @classmethod
    def _of_edges(cls, edges: Array, below: Array, n_values: float, mean: float) -> Reference:
        up_to = np.concatenate([[0.0, 0.0], np.round(n_values * below), [n_values]])
        none = np.zeros(0, np.intp)
        return cls(edges, none, none, np.maximum(0.0, np.diff(up_to)), mean)

    @property
    def of_values(self) -> bool:
        """Whether it is of numbers, not of levels."""
        return len(self.edges) > 0

    def cells(self, values: Array) -> Array:
        """Return the cell of each value, shape (n_values,); -1 where it is missing."""
        missing = np.isnan(values)
        if self.of_values:
            found = np.searchsorted(self.edges, values) + (values >= self.edges[0])
        else:
            codes = np.where(missing, 0, values).astype(np.intp)
            known = codes < len(self._cell_of_code)
            found = np.full(len(codes), len(self.codes) + 1)
            found[known] = self._cell_of_code[codes[known]]
        return np.where(missing, -1, found)

    def ranks(self, cells: Array, seen: Array, ties: Array) -> Array:
        """Return the rank of each value among all before it; NaN where it is missing.

        Parameters
        ----------
        cells : int ndarray of shape (n_values,)
            What `cells` returned.
        seen : ndarray of shape (n_cells,)
            Values since the reference, before these ones.
        ties : ndarray of shape (n_values,)
            Uniform numbers, which break ties.
        """
        present = np.flatnonzero(cells >= 0)
        cell, every = cells[present], np.arange(len(present))
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

    def alternatives(self, *, of_losses: bool = False) -> Alternatives:
        """Return what may become of the values."""
        if of_losses:
            return Alternatives.of_losses()
        return (
            Alternatives.of_numbers() if self.of_values else Alternatives.of_shares(self.shares())
        )

    @cached_property
    def _cell_of_code(self) -> Array:
        """The cell of each code."""
        n_codes = 1 + max([-1, *self.codes.tolist(), *self.others.tolist()])
        cells = np.full(n_codes, len(self.codes) + 1)
        cells[self.others] = len(self.codes)
        cells[self.codes] = np.arange(len(self.codes))
        return cells
