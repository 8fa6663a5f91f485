r"""What the bins of a table's numbers add to sums of units, looked up instead of multiplied.

Of a number's bins all before its own are full and all behind it are empty. So with the weights
:math:`w_0, w_1, \dots` of its bins, a number in bin :math:`i`, a part :math:`p` of the way along
it, adds :math:`(w_0 + \dots + w_{i-1}) + p\, w_i`: two rows of a table, however many bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._data.encoders.joined_bins import JoinedBins
from madaline._engine.compiled_prediction import CompiledPrediction
from madaline._runtime.buffers import Buffers
from madaline.nn.arrays import Array

NUMBERS = 2**17
"""Numbers looked up at a time, about, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class BinTable:
    """The table; build it with `of`.

    Parameters
    ----------
    rows : float32 ndarray of shape (n_bins, 2, units)
        For each bin of each number what the full bins before it add, and what it adds if full.
    constant : float64 ndarray of shape (units,)
        What the means of the bins' features take from every sum.
    n_numbers : int
        How many numbers have bins.

    Examples
    --------
    >>> bins = JoinedBins.of([np.array([0.0, 1.0, 3.0])], [np.array([0.5, 0.25])])
    >>> table = BinTable.of(np.array([[1.0, 0.0], [10.0, 20.0]]), bins)
    >>> table.sums(*bins.locate(np.array([[0.5, 2.0]])), Buffers()), table.constant
    (array([[ 0.5,  0. ],
           [ 6. , 10. ]], dtype=float32), array([-3., -5.]))
    """

    rows: Array
    constant: Array
    n_numbers: int

    @classmethod
    def of(cls, weight: Array, bins: JoinedBins) -> BinTable:
        """Return the table of the weights of bins, (n_bins, units)."""
        exact: Array = weight.astype(np.float64)
        before = np.cumsum(exact, axis=0) - exact
        before -= before[bins.first[bins.owner, 0]]
        rows = np.stack([before, exact], axis=1).astype(np.float32)
        return cls(rows, -(bins.means @ exact), len(bins.edges))

    def sums(
        self,
        index: Array,
        part: Array,
        buffers: Buffers,
        compiled: CompiledPrediction | None = None,
    ) -> Array:
        """Return what numbers add to the sums of units, float32 of shape (n_samples, units).

        Parameters
        ----------
        index, part : ndarray of shape (n_numbers, n_samples)
            What `JoinedBins.locate` returned.
        buffers : Buffers
            Where arrays come from.
        compiled : CompiledPrediction, optional
            Does the same in a third of the time.
        """
        index, part = np.ascontiguousarray(index.T), np.ascontiguousarray(part.T, np.float32)
        (n_rows, n_numbers), units = index.shape, self.rows.shape[2]
        sums = buffers.empty("bins", (n_rows, units))
        if compiled is not None:
            compiled.look_up(self.rows, index, part, sums)
            return sums
        times = np.stack([np.ones_like(part), part], axis=2).reshape(n_rows, 1, 2 * n_numbers)
        step = max(1, NUMBERS // (2 * n_numbers * units))
        for start in range(0, n_rows, step):
            some = slice(start, start + step)
            found = buffers.empty("found", (len(index[some]), n_numbers, 2, units))
            self.rows.take(index[some], axis=0, out=found, mode="clip")
            found = found.reshape(len(found), 2 * n_numbers, units)
            np.matmul(times[some], found, out=sums[some, None])  # (n, 1, units)
        return sums
