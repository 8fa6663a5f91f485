"""The rows that count: without those of weight zero, and in a tiny table without copies."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from madaline._tables.media.images import image_codes
from madaline._tables.table import Table
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._models.fitting.training_data import Roles

_TINY_WEIGHT = 32  # total weight up to which copies of a row are joined to one: one batch
MIN_DISTINCT_ROWS = 5  # the smallest number of different rows for that: one a fold


@dataclass(frozen=True)
class CountedRows:
    """The rows that are learned from."""

    table: Table
    # of these rows; weights are multiples of the smallest, None where all weigh the same
    roles: Roles
    # (n_samples,), for every original row its index among these, or -1 if it does not count.
    index: Array
    # (n_samples,), the number of each original row in a large table that it was drawn from.
    drawn: Array | None = None

    @property
    def numbers(self) -> Array:
        """The number of each counted row among the original ones; of copies, the first."""
        counted, first = np.unique(self.index, return_index=True)
        return self.numbered(first[counted >= 0])

    def numbered(self, rows: Array) -> Array:
        """Return the numbers that original rows have in the table that they come from."""
        return rows if self.drawn is None else self.drawn[rows]

    def spread(self, output: Array) -> Array:
        """Return the output of every original row; NaN for rows that do not count."""
        spread = output[self.index].astype(np.float64)
        spread[self.index < 0] = np.nan
        return spread


def count_rows(table: Table, roles: Roles, *, in_order: bool = False) -> CountedRows:
    """Leave out rows that do not count, so that a weight means as many rows.

    Rows of weight zero are left out. In a tiny table equal rows become one row with the sum of
    their weights, and the rows are sorted: a row of weight two and the same row twice then give the
    same networks to the bit, and no copy is held out from networks that learn from the other. In
    larger tables equal rows are mostly no copies but alike, and stay.
    """
    n_samples, groups, folds, times = table.n_samples, roles.groups, roles.folds, roles.times
    amounts = np.ones(n_samples) if roles.weight is None else roles.weight
    above = amounts > 0
    if np.all(amounts[above] == amounts[above][0]):
        amounts = above.astype(np.float64)  # one row each, as all weigh the same
    if in_order and n_samples <= _TINY_WEIGHT:  # rows may be sorted in another order
        times = np.arange(n_samples, dtype=np.float64)
    kept_apart = [values for values in (groups, times) if isinstance(values, np.ndarray)]
    kept_apart += [] if folds is None else folds.columns()
    rows, index = _distinct_rows(table, roles.target, kept_apart, amounts)
    total = np.bincount(index[index >= 0], amounts[index >= 0], minlength=len(rows))
    counted = replace(
        roles,
        target=roles.target[rows],
        weight=None if np.all(total == total[0]) else total / total.min(),
        groups=None if groups is None else groups[rows],
        times=times[rows] if isinstance(times, np.ndarray) else times,
        folds=None if folds is None else folds.take(rows),
    )
    taken = table if np.array_equal(rows, np.arange(n_samples)) else table.take(rows)
    return CountedRows(taken, counted, index)


def _distinct_rows(
    table: Table, target: Array, kept_apart: list[Array], amounts: Array
) -> tuple[Array, Array]:
    """Return the rows that stay, and for every row its index among them, or -1."""
    counted = np.flatnonzero(amounts)
    index = np.full(len(target), -1)
    index[counted] = np.arange(len(counted))
    if max(len(counted), amounts.sum()) > _TINY_WEIGHT:
        return counted, index
    targets = [target] if target.ndim == 1 else list(target.T)
    columns = [*(table[name] for name in table.names), *targets, *kept_apart]
    codes = np.stack([_codes(column[counted]) for column in columns], axis=1)
    _, first, same = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    if len(first) < MIN_DISTINCT_ROWS:
        return counted, index
    index[counted] = same.reshape(-1)
    return counted[first], index


def _codes(values: Array) -> Array:
    """Return the rank of each value among the different ones; missing values are one of them."""
    if values.ndim > 1:
        return image_codes(values)
    if values.dtype == object:
        named = np.array([f"{type(value).__name__} {value}" for value in values])
        return np.unique(named, return_inverse=True)[1].reshape(-1)
    return np.unique(values, return_inverse=True)[1].reshape(-1)
