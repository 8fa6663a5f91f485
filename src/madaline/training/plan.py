"""The plan of a race: which recipes start, how long it may take, when losers are dropped."""

from __future__ import annotations

from dataclasses import dataclass
from math import log2

from madaline.training.recipe import Recipe


@dataclass(frozen=True)
class Plan:
    """What a race will do, decided before it starts from the size of the table.

    Parameters
    ----------
    recipes : tuple of Recipe
        Those that start.
    n_folds : int
        Networks of each recipe; each learns from the rows outside its fold.
    batch_size : int
        Rows in a batch.
    epochs : int
        How often a network may see the table, at most.
    patience : int
        Epochs without improvement after which a recipe is flat.
    cuts : tuple of (int, int)
        After which epochs losers are dropped, and how many recipes stay.
    """

    recipes: tuple[Recipe, ...]
    n_folds: int
    batch_size: int
    epochs: int = 100
    patience: int = 8
    cuts: tuple[tuple[int, int], ...] = ((6, 5), (15, 3))


def batch_size_for(n_samples: int) -> int:
    """Return the rows of a batch: a fortieth of the table, a power of two from 32 to 256.

    Batches of 16 to 256 reach the same loss on small tables, so speed decides.
    """
    return int(min(256, max(32, 2 ** round(log2(max(1, n_samples / 40))))))
