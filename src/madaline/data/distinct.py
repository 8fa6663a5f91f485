"""The distinct values of a column: most questions need be asked of each value, not of each row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from madaline.data.column import is_missing
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct values of a column, a missing one among them, and which of them each row has.

    Parameters
    ----------
    values : ndarray of shape (n_distinct,)
        A column by itself: levels in the order of the rows, numbers and moments in ascending order.
    codes : int32 ndarray of shape (n_samples,)
        The place of each row's value.

    Examples
    --------
    >>> distinct = Distinct.of(np.array(["red", None, "blue", "red"], dtype=object))
    >>> distinct.values, distinct.codes
    (array(['red', None, 'blue'], dtype=object), array([0, 1, 2, 0], dtype=int32))
    >>> distinct.counts
    array([2, 1, 1])
    """

    values: Array
    codes: Array

    @classmethod
    def of(cls, column: Array) -> Distinct:
        """Return the distinct values of a column of numbers, moments or levels."""
        if column.dtype != object:
            values, codes = np.unique(column, return_inverse=True)
            return cls(values, codes.astype(np.int32))
        places: defaultdict[Any, int] = defaultdict()
        places.default_factory = places.__len__  # a new value gets the next place
        codes = np.fromiter(map(places.__getitem__, column), np.int32, len(column))
        return cls(np.fromiter(places, object, len(places)), codes)

    @classmethod
    def of_places(cls, places: Array, levels: Array) -> Distinct:
        """Return the distinct values of a column of levels that somebody else has told apart.

        Parameters
        ----------
        places : int ndarray of shape (n_samples,)
            The place of each row's level, or -1 where it is missing.
        levels : object ndarray of shape (n_levels,)
            The levels, in the order of the rows; none of them is missing.

        Examples
        --------
        >>> distinct = Distinct.of_places(np.array([0, -1, 1]), np.array(["a", "b"], dtype=object))
        >>> distinct.values, distinct.codes
        (array(['a', None, 'b'], dtype=object), array([0, 1, 2], dtype=int32))
        """
        codes, missing = places.astype(np.int32), places < 0
        if not missing.any():
            return cls(levels, codes)
        place = int(places[: missing.argmax()].max(initial=-1)) + 1  # in the order of the rows
        codes += codes >= place
        codes[missing] = place
        return cls(np.insert(levels, place, np.array(None, object)), codes)

    @cached_property
    def counts(self) -> Array:
        """In how many rows each value is, shape (n_distinct,)."""
        return np.bincount(self.codes, minlength=len(self.values))

    @property
    def column(self) -> Array:
        """The column: rows of the same value share one object."""
        return self.values[self.codes]

    @cached_property
    def is_present(self) -> Array:
        """Which values are none that is missing, Booleans of shape (n_distinct,)."""
        return ~is_missing(self.values)

    @property
    def n_missing(self) -> int:
        """In how many rows the value is missing."""
        return int(self.counts[~self.is_present].sum())
