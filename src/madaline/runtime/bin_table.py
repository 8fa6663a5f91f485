r"""What the bins of a table's numbers add to sums of units, looked up instead of multiplied.

Of a number's bins all before its own are full and all behind it are empty. So with the weights
:math:`w_0, w_1, \dots` of its bins, a number in bin :math:`i`, a part :math:`p` of the way along
it, adds :math:`(w_0 + \dots + w_{i-1}) + p\, w_i`: two rows of a table, whatever the number of bins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.core.arrays import Array
from madaline.core.workspace import Workspace
from madaline.data.joined_bins import JoinedBins

NUMBERS = 2**16
"""Numbers looked up at a time, about, so that they stay in the cache."""


@dataclass(frozen=True, eq=False)
class BinTable:
    """The table; build it with `of`.

    Parameters
    ----------
    before, full : float32 ndarray of shape (n_bins, units)
        For each bin of each number what the full bins before it add, and what it adds if full.

    Examples
    --------
    >>> bins = JoinedBins.of([np.array([0.0, 1.0, 3.0])], [np.array([0.5, 0.25])])
    >>> table, constant = BinTable.of(np.array([[1.0, 0.0], [10.0, 20.0]]), bins)
    >>> out = np.zeros((2, 2), np.float32)
    >>> table.add(*bins.locate(np.array([[0.5, 2.0]]), Workspace()), out, Workspace())
    >>> out, constant
    (array([[ 0.5,  0. ],
           [ 6. , 10. ]], dtype=float32), array([-3., -5.]))
    """

    before: Array
    full: Array

    @classmethod
    def of(cls, weight: Array, bins: JoinedBins) -> tuple[BinTable, Array]:
        """Return the table of weights, (n_bins, units), and what means take from every sum."""
        exact = weight.astype(np.float64)
        before = np.cumsum(exact, axis=0) - exact
        before -= np.repeat(before[bins.first.ravel()], bins.last.ravel() + 1, axis=0)
        return cls(before.astype(np.float32), weight.astype(np.float32)), -(bins.means @ exact)

    def add(self, own: Array, part: Array, out: Array, workspace: Workspace) -> None:
        """Add what numbers stand for to some sums, number by number.

        Parameters
        ----------
        own, part : ndarray of shape (n_numbers, n_samples)
            What `JoinedBins.locate` returned.
        out : float32 ndarray of shape (n_samples, units)
            The sums.
        workspace : Workspace
            Where arrays come from.
        """
        (n_numbers, n_samples), units = own.shape, out.shape[1]
        rows = min(n_samples, max(1, NUMBERS // (n_numbers * units)))
        room = (n_numbers * rows * units,)
        of_bins, of_full = (workspace.empty(room, np.float32) for _ in range(2))
        total = workspace.empty((rows * units,), np.float32)
        parts = workspace.empty((*part.shape, 1), np.float32)
        workspace.do(np.copyto, parts[..., 0], part, casting="same_kind")
        for start in range(0, n_samples, rows):
            some = own[:, start : start + rows]
            shape = (*some.shape, units)
            before, full = (one[: some.size * units].reshape(shape) for one in (of_bins, of_full))
            sums = total[: full[0].size].reshape(shape[1:])
            workspace.do(self.before.take, some, axis=0, out=before, mode="clip")
            workspace.do(self.full.take, some, axis=0, out=full, mode="clip")
            workspace.do(np.multiply, full, parts[:, start : start + rows], out=full)
            workspace.do(np.add, full, before, out=full)
            workspace.do(np.add.reduce, full, axis=0, out=sums)
            some_out = out[start : start + rows]
            workspace.do(np.add, some_out, sums, out=some_out)
