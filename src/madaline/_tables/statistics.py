"""Statistics of weighted values in which a weight of two is the same as the row twice.

All of them start from the distinct values in ascending order and the total weight of each. So they
depend neither on the order of the rows nor on whether equal rows are repeated or weighted.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.nn.arrays import Array

_DAY = 86_400_000_000  # microseconds of a day
_N_FIRST = 1000  # values that show of most columns that they are not whole


@dataclass(frozen=True, eq=False)
class Distribution:
    """The distinct values of a column and the total weight of each."""

    values: Array  # (n_distinct,): in ascending order, without missing ones
    weights: Array  # (n_distinct,): total weight of each value, above zero

    @classmethod
    def of(
        cls,
        column: Array,  # float64 (n_samples,)
        sample_weight: Array | None = None,  # (n_samples,)
    ) -> Distribution:
        """Return the distribution of values, without missing ones and weights of zero."""
        present = ~np.isnan(column)
        if sample_weight is None:
            return cls.of_ascending(in_order(column[present]))
        present &= sample_weight > 0
        values, inverse = np.unique(column[present], return_inverse=True)
        return cls(values, np.bincount(inverse, sample_weight[present], len(values)))

    @classmethod
    def of_ascending(cls, values: Array) -> Distribution:
        """Return the distribution of sorted values, none of them missing."""
        differs = values[1:] != values[:-1]
        if differs.all():  # as numbers with many digits mostly do
            return cls(values, np.ones(len(values)))
        first = np.flatnonzero(np.concatenate([[True], differs]))
        return cls(values[first], np.diff(first, append=len(values)).astype(np.float64))

    @property
    def total(self) -> float:
        """Total weight."""
        return float(self.weights.sum())

    def quantile(self, share: float) -> float:
        """Return the value below which `share` of the weight lies.

        The mean of two neighbors where the boundary falls between them, as in the usual median
        (definition 2 of Hyndman and Fan, 1996, *The American Statistician* 50).
        """
        cumulative = self._cumulative
        wanted = share * cumulative[-1]
        last = len(self.values) - 1
        low = min(int(np.searchsorted(cumulative, wanted, side="left")), last)
        high = min(int(np.searchsorted(cumulative, wanted, side="right")), last)
        if high <= low:
            return float(self.values[low])
        return float(self.values[low] / 2 + self.values[high] / 2)

    @cached_property
    def _cumulative(self) -> Array:
        return np.cumsum(self.weights)

    def mean(
        self,
        of_values: Array,  # (n_distinct, ...): a row for each distinct value
    ) -> Array:
        """Return the weighted mean of what was computed for each distinct value."""
        return np.asarray(self.weights @ of_values / self.weights.sum())


def total_weight(chosen: Array, sample_weight: Array | None) -> float:
    """Return the weight of the chosen rows (Booleans of shape (n_samples,))."""
    return float(chosen.sum() if sample_weight is None else sample_weight[chosen].sum())


def share(chosen: Array, sample_weight: Array | None) -> float:
    """Return the chosen rows' share of the whole weight, between 0 and 1."""
    return total_weight(chosen, sample_weight) / total_weight(np.ones_like(chosen), sample_weight)


def in_order(
    values: Array,  # float64 or datetime64[us] (n_values,)
) -> Array:
    """Return numbers or moments in ascending order.

    Whole numbers, or whole days, that lie close together are counted instead of compared, which
    takes a tenth of the time and gives the same result.
    """
    numbers, step = (values.view(np.int64), _DAY) if values.dtype.kind == "M" else (values, 1)
    counted = _counted(numbers, step)
    return (np.sort(numbers) if counted is None else counted).view(values.dtype)


def _counted(numbers: Array, step: int) -> Array | None:
    """Return numbers in order if all are some steps above the lowest, and those steps are few."""
    if len(numbers) < _N_FIRST:
        return None
    low, high = numbers.min(), numbers.max()
    if (
        high / 2 - low / 2 > step * len(numbers) / 2
        or _steps(numbers[:_N_FIRST], low, step) is None
    ):
        return None
    steps = _steps(numbers, low, step)
    if steps is None:
        return None
    counts = np.bincount(steps)
    distinct = low + step * np.arange(len(counts))
    return np.repeat(distinct.astype(numbers.dtype, copy=False), counts)


def _steps(numbers: Array, low: Array, step: int) -> Array | None:
    """Return how many steps above the lowest each number is; None where one lies between steps."""
    steps = (numbers - low).astype(np.intp) // step
    return steps if (low + step * steps == numbers).all() else None
