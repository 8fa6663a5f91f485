"""How the loss went over all rows, in bounded memory."""

from __future__ import annotations

from typing import final

import numpy as np

from madaline.nn.arrays import Array

PARTS = 256  # of the curve, at most: when they are full, each two become one


@final
class BinnedMean:
    """The mean of a number over all rows so far, in a bounded number of parts of equal length.

    >>> losses = BinnedMean()
    >>> losses.add(np.arange(1, 1001), np.arange(1000.0))
    >>> losses.width, [values[:2].tolist() for values in losses.curve()]
    (4, [[2.5, 6.5], [1.5, 5.5]])
    """

    def __init__(self) -> None:
        self.sums = np.zeros(PARTS)
        self.counts = np.zeros(PARTS)
        self.width = 1  # rows of each part

    def add(self, rows: Array, values: Array) -> None:
        """Take in the values of rows, which are counted from 1."""
        while len(rows) and int(rows.max()) > PARTS * self.width:
            for array in (self.sums, self.counts):
                array[: PARTS // 2] = array.reshape(-1, 2).sum(axis=1)
                array[PARTS // 2 :] = 0
            self.width *= 2
        parts = (rows - 1) // self.width
        np.add.at(self.sums, parts, values)
        np.add.at(self.counts, parts, 1)

    def curve(self) -> tuple[Array, Array]:
        """Return the middle of each part that has values, and their mean."""
        parts = np.flatnonzero(self.counts)
        middle = parts * self.width + (self.width + 1) / 2
        return middle, self.sums[parts] / self.counts[parts]
