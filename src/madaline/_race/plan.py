"""The plan of a race: which recipes start, how long it may take, when losers are dropped."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._race.recipe import Recipe


@dataclass(frozen=True)
class Plan:
    """What a race will do, decided before it starts (`madaline._race.planning`).

    Parameters
    ----------
    recipes : tuple of Recipe
        Those that start.
    n_folds : int
        Networks of each recipe; each learns from the rows outside its fold.
    batch_size : int
        Rows in a batch.
    epochs : int
        Epochs of a network, at most.
    patience : int
        Epochs without improvement after which a recipe is flat.
    patience_of_copies : int
        The same for recipes that continue from the best epoch of another.
    least_gain : float
        A flat recipe continues while its latest outputs lower the loss of the ensemble by this
        share.
    cuts : tuple of (int, int)
        After which epochs losers are dropped, and how many recipes stay.
    lowest_rate : float
        The lowest learning rate that is tried.
    overfit : float
        The leader overfits if its loss on rows it learned from is below this share of its
        out-of-fold loss; then it is simplified.
    rows_for_a_parameter : float
        Rows that a network must learn from for each of its parameters to grow.
    fewest_columns : int
        In tables of fewer columns none is hidden.
    widest : int
        Units of a layer, at most.
    expected_work : float
        Work that is expected, as a share of that of a usual race of as many epochs: it decides
        whether compiled training is worth loading.
    tolerance : float
        Share of the loss, or of its distance from that of a baseline if that is less, by which it
        may rise when the ensemble is pruned, a standard error included.
    """

    recipes: tuple[Recipe, ...]
    n_folds: int
    batch_size: int
    epochs: int = 100
    patience: int = 6
    patience_of_copies: int = 3
    least_gain: float = 0.002
    cuts: tuple[tuple[int, int], ...] = ((3, 6), (6, 4), (12, 2))
    lowest_rate: float = 0.001
    overfit: float = 0.97
    rows_for_a_parameter: float = 2.0
    fewest_columns: int = 16
    widest: int = 256
    expected_work: float = 1.0
    tolerance: float = 0.005
