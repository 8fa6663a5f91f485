r"""What the bins of a table's numbers add to sums of units, looked up instead of multiplied.

Of a number's bins all before its own are full and all behind it are empty. So with the weights
:math:`w_0, w_1, \dots` of its bins, a number in bin :math:`i`, a part :math:`p` of the way along
it, adds :math:`(w_0 + \dots + w_{i-1}) + p\, w_i`: two rows of a table, however many bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.data.encoders.joined_bins import JoinedBins
from madaline.nn import row_kernels
from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace

VECTOR = 8
"""Units that a processor does something to at a time."""

NUMBERS = 2**16
"""Numbers looked up at a time, about, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class BinTable:
    """The table; build it with `of`.

    Parameters
    ----------
    before, full : float32 ndarray of shape (n_bins, units or more)
        For each bin of each number what the full bins before it add, and what it adds if full; zero
        for units behind the last, up to a whole number of vectors.

    Examples
    --------
    >>> bins = JoinedBins.of([np.array([0.0, 1.0, 3.0])], [np.array([0.5, 0.25])])
    >>> table, constant = BinTable.of(np.array([[1.0, 0.0], [10.0, 20.0]]), bins)
    >>> out = np.zeros((2, 2), np.float32)
    >>> table.add(*bins.locate(np.array([[0.5, 2.0]]), Workspace()), out, slice(0, 2), Workspace())
    >>> out, constant
    (array([[ 0.5,  0. ],
           [ 6. , 10. ]], dtype=float32), array([-3., -5.]))
    """

    before: Array
    full: Array

    @classmethod
    def of(cls, weight: Array, bins: JoinedBins) -> tuple[BinTable, Array]:
        """Return the table of weights, (n_bins, units), and what means take from every sum."""
        exact: Array = weight.astype(np.float64)
        before = np.cumsum(exact, axis=0) - exact
        before -= np.repeat(before[bins.first.ravel()], bins.last.ravel() + 1, axis=0)
        wide = ((0, 0), (0, -weight.shape[1] % VECTOR))
        padded = [np.ascontiguousarray(np.pad(one, wide), np.float32) for one in (before, exact)]
        return cls(*padded), -(bins.means @ exact)

    def add(self, own: Array, part: Array, out: Array, units: slice, workspace: Workspace) -> None:
        """Add what numbers stand for to some sums, number by number.

        Parameters
        ----------
        own, part : ndarray of shape (n_numbers, n_samples)
            What `JoinedBins.locate` returned.
        out : float32 ndarray of shape (n_samples, width)
            The sums.
        units : slice
            Which of them.
        workspace : Workspace
            Where arrays come from.
        """
        (n_numbers, n_samples), width = own.shape, self.full.shape[1]
        sums = workspace.empty((n_samples, width), np.float32)
        if workspace.in_one_call(row_kernels.add_bins, own, part, self.before, self.full, sums):
            columns = np.array([units.start, units.stop])
            workspace.in_one_call(row_kernels.add_to_columns, sums, columns, out)
            return
        rows = min(n_samples, max(1, NUMBERS // (n_numbers * width)))
        of_bins, of_full = (
            workspace.empty((n_numbers * rows * width,), np.float32) for _ in range(2)
        )
        parts = workspace.empty((*part.shape, 1), np.float32)
        workspace.do(np.copyto, parts[..., 0], part, casting="same_kind")
        for start in range(0, n_samples, rows):
            some = own[:, start : start + rows]
            before, full = (
                one[: some.size * width].reshape(*some.shape, width) for one in (of_bins, of_full)
            )
            workspace.do(self.before.take, some, axis=0, out=before, mode="clip")
            workspace.do(self.full.take, some, axis=0, out=full, mode="clip")
            workspace.do(np.multiply, full, parts[:, start : start + rows], out=full)
            workspace.do(np.add, full, before, out=full)
            workspace.do(np.add.reduce, full, axis=0, out=sums[start : start + rows])
        n_units = units.stop - units.start
        workspace.do(np.add, out[:, units], sums[:, :n_units], out=out[:, units])
