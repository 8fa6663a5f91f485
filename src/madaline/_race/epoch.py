"""An epoch is one pass over the table: in which order, and with which random numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._race.dataset import Dataset
from madaline.nn.arrays import Array

BATCH_STREAM = 2**32 - 1
"""Tells the random numbers of batches from those of initial weights, which count from zero."""

TRAINING_STREAM = 2**32 - 2
"""Tells the random numbers of training from both."""


@dataclass(frozen=True)
class Epoch:
    """What is random in an epoch: all of it follows from the seed and the epoch's number.

    Parameters
    ----------
    seed : int
        The seed of the race.
    number : int
        Which epoch, counted from one.
    """

    seed: int
    number: int

    def order(self, dataset: Dataset, batch_size: int) -> Array:
        """Return the rows of each batch, an int ndarray of shape (n_folds, steps, batch_size)."""
        rng = np.random.default_rng([self.seed, BATCH_STREAM, self.number])
        return dataset.rows.batches(batch_size, rng)

    def rngs(self, folds: slice) -> list[np.random.Generator]:
        """Return the random numbers of some folds, whatever other folds they train with."""
        return [
            np.random.default_rng([self.seed, TRAINING_STREAM, self.number, fold])
            for fold in range(folds.start, folds.stop)
        ]
