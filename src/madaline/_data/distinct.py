"""The distinct values of a column: most work needs doing once for each value, not for each row."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from madaline._data.column import is_missing
from madaline.nn.arrays import Array

MIN_PANDAS_ROWS = 256  # rows from which it is quicker to let pandas find the distinct texts
_BY_ARROW = {"pyarrow", "pyarrow_numpy"}  # how pandas names the storage of texts that Arrow keeps


@dataclass(frozen=True, eq=False)
class Distinct:
    """The distinct values of a column, a missing one among them, and the code of each row.

    >>> distinct = Distinct.of(np.array(["red", None, "blue", "red"], dtype=object))
    >>> distinct.values, distinct.codes
    (array(['red', None, 'blue'], dtype=object), array([0, 1, 2, 0], dtype=int32))
    >>> distinct.counts
    array([2, 1, 1])
    """

    # (n_distinct,): a column by itself: levels in the order of the rows, numbers and moments in
    # ascending order
    values: Array
    codes: Array  # int32 (n_samples,): the index of each row's value

    @classmethod
    def of(cls, column: Array) -> Distinct:
        """Return the distinct values of a column of numbers, moments or levels."""
        if column.dtype != object:
            values, codes = np.unique(column, return_inverse=True)
            return cls(values, codes.astype(np.int32))
        index: defaultdict[Any, int] = defaultdict()
        index.default_factory = index.__len__  # a new value gets the next number
        codes = np.fromiter(map(index.__getitem__, column), np.int32, len(column))
        return cls(np.fromiter(index, object, len(index)), codes)

    @classmethod
    def of_codes(
        cls,
        codes: Array,  # int (n_samples,): the index of each row's level, or -1 where it is missing
        # object (n_levels,): the levels, in the order of the rows; none of them is missing
        levels: Array,
    ) -> Distinct:
        """Return the distinct values of a column of levels that is already coded."""
        codes, missing = codes.astype(np.int32), codes < 0
        if not missing.any():
            return cls(levels, codes)
        index = int(codes[: missing.argmax()].max(initial=-1)) + 1  # in the order of the rows
        codes += codes >= index
        codes[missing] = index
        return cls(np.insert(levels, index, np.array(None, object)), codes)

    @cached_property
    def counts(self) -> Array:
        """Number of rows of each value, shape (n_distinct,)."""
        return np.bincount(self.codes, minlength=len(self.values))

    @property
    def column(self) -> Array:
        """The column: rows of the same value share one object."""
        return self.values[self.codes]

    @cached_property
    def is_present(self) -> Array:
        """Which values are not missing, Booleans of shape (n_distinct,)."""
        return ~is_missing(self.values)

    @property
    def n_missing(self) -> int:
        """Number of rows without a value."""
        return int(self.counts[~self.is_present].sum())


def distinct_texts(values: Any) -> Distinct | None:
    """Return the distinct texts of a series of pandas that Arrow keeps; None for anything else.

    Texts that pandas keeps as objects are left to `Distinct.of`: some versions of pandas take texts
    for the same that are not, such as those that differ behind a zero byte.
    """
    storage = getattr(getattr(values, "dtype", None), "storage", None)
    if storage not in _BY_ARROW or len(values) < MIN_PANDAS_ROWS:
        return None
    codes, texts = values.factorize()
    if len(texts) == 0:  # all are missing, so it need not be a column of texts
        return None
    return Distinct.of_codes(codes, np.array([*texts], dtype=object))
