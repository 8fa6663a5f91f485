"""An epoch is one pass over the table: in which order, and with what chance in training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from madaline.nn.arrays import Array
from madaline.race.dataset import Examples

BATCH_STREAM = 2**32 - 1
"""Tells the random numbers of batches from those of initial weights, which count from zero."""

CHANCE_STREAM = 2**32 - 2
"""Tells the random numbers of training from both."""


@dataclass(frozen=True, eq=False)
class Epoch:
    """What chance decides in an epoch: all of it follows from the seed and the epoch's number.

    Parameters
    ----------
    examples : Examples
        The rows.
    batch_size : int
        Rows in a batch.
    seed : int
        The seed of the race.
    number : int
        Which epoch, counted from one.
    """

    examples: Examples
    batch_size: int
    seed: int
    number: int

    @cached_property
    def order(self) -> Array:
        """Places of the rows of each batch, shape (n_folds, steps, batch_size)."""
        rng = np.random.default_rng([self.seed, BATCH_STREAM, self.number])
        return self.examples.rows.batches(self.batch_size, rng)

    def rngs(self, folds: slice) -> list[np.random.Generator]:
        """Return the random numbers of some folds, whatever other folds they train with."""
        numbers = range(*folds.indices(self.examples.rows.n_folds))
        return [
            np.random.default_rng([self.seed, CHANCE_STREAM, self.number, one]) for one in numbers
        ]

    def __reduce__(self) -> tuple[Any, ...]:
        """Be sent to another process as a few numbers: the order follows from them."""
        return Epoch, (self.examples, self.batch_size, self.seed, self.number)
