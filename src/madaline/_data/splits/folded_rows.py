"""Rows sorted by fold, and the random batches of each fold's network.

Cross-fitting trains one network for each fold on the rows *outside* it. With the rows sorted by
fold, the held-out rows of a network are one contiguous slice, which costs nothing to take.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, eq=False)
class FoldedRows:
    """Rows sorted by fold; from here on a row is its index in this order.

    Parameters
    ----------
    order : ndarray of shape (n_samples,)
        The original index of each row; rows that are never held out come last.
    bounds : tuple of int, of length n_folds + 1
        Where each fold starts, and where the last one ends.
    learned : tuple of int ndarray, optional
        The rows that each fold's network learns from; all outside it by default.

    Examples
    --------
    >>> rows = FoldedRows.from_folds(np.array([1, 0, 1, 0, 1]))
    >>> rows.order, rows.bounds
    (array([1, 3, 0, 2, 4]), (0, 2, 5))
    >>> rows.held_out(0)
    slice(0, 2, None)
    >>> rows.batches(2, np.random.default_rng(0)).shape
    (2, 1, 2)
    """

    order: npt.NDArray[np.intp]
    bounds: tuple[int, ...]
    learned: tuple[npt.NDArray[np.intp], ...] = ()

    @classmethod
    def from_folds(
        cls, folds: npt.NDArray[np.integer], training: npt.NDArray[np.bool_] | None = None
    ) -> FoldedRows:
        """Sort the rows by fold; within a fold they keep their order.

        Parameters
        ----------
        folds : int ndarray of shape (n_samples,)
            The fold of each row, from 0 to n_folds - 1, none of them empty; rows of -1 are never
            held out.
        training : bool ndarray of shape (n_folds, n_samples), optional
            The rows that each fold's network learns from; all outside it by default.
        """
        counts = np.bincount(folds[folds >= 0])
        order = np.argsort(np.where(folds < 0, len(counts), folds), kind="stable")
        return cls(
            order,
            (0, *(int(stop) for stop in np.cumsum(counts))),
            () if training is None else tuple(np.flatnonzero(rows[order]) for rows in training),
        )

    @property
    def n_folds(self) -> int:
        """Number of folds."""
        return len(self.bounds) - 1

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.order)

    @property
    def n_evaluated(self) -> int:
        """Number of rows that are held out by a fold; they are the first ones."""
        return self.bounds[-1]

    @property
    def n_training(self) -> int:
        """Training rows of the network that has the fewest."""
        if self.learned:
            return min(map(len, self.learned))
        return self.n_samples - int(np.diff(self.bounds).max())

    def held_out(self, fold: int) -> slice:
        """Return the rows that are held out from this fold's network."""
        return slice(self.bounds[fold], self.bounds[fold + 1])

    def training(self, fold: int) -> npt.NDArray[np.intp]:
        """Return the rows that this fold's network learns from."""
        if self.learned:
            return self.learned[fold]
        start, stop = self.bounds[fold], self.bounds[fold + 1]
        return np.concatenate([np.arange(start), np.arange(stop, self.n_samples)])

    def training_sample(self, fold: int) -> npt.NDArray[np.intp]:
        """Return some training rows of this fold's network, as many as are held out.

        Those of the next fold, so that over all folds every row counts once; where folds were
        given, rows evenly spread over the training rows.
        """
        if self.n_folds > 1 and not self.learned:
            rows = self.held_out((fold + 1) % self.n_folds)
            return np.arange(rows.start, rows.stop)
        training, rows = self.training(fold), self.held_out(fold)
        return training[:: max(1, len(training) // (rows.stop - rows.start))]

    def spread(self, n_rows: int) -> list[npt.NDArray[np.intp]]:
        """Return rows of each fold, evenly spread, at most `n_rows` over all folds."""
        step = max(1, -(-self.n_evaluated // n_rows))
        held_out = map(self.held_out, range(self.n_folds))
        return [np.arange(rows.start, rows.stop)[::step] for rows in held_out]

    def steps(self, batch_size: int) -> int:
        """Return how many batches an epoch has; an incomplete last one is left out."""
        return max(1, self.n_training // batch_size)

    def batches(self, batch_size: int, rng: np.random.Generator) -> npt.NDArray[np.intp]:
        """Return one epoch of batches for every fold's network.

        Parameters
        ----------
        batch_size : int
            Rows in a batch, at most `n_training`.
        rng : numpy.random.Generator
            Source of the order.

        Returns
        -------
        int ndarray of shape (n_folds, steps, batch_size)
            Rows, each at most once for a network.
        """
        steps = self.steps(batch_size)
        n_rows = steps * batch_size
        shuffled = [rng.permutation(self.training(fold))[:n_rows] for fold in range(self.n_folds)]
        return np.stack(shuffled).reshape(self.n_folds, steps, batch_size)
