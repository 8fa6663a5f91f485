"""The plan of a race: which recipes start, how long it may take, when losers are dropped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import log2

from madaline.data.media.grid import Grid
from madaline.race.architecture import averaged_channels, channels_for
from madaline.race.recipe import GRID_LEARNING_RATE, TEXT_LEARNING_RATE, Recipe

DECAY_TIMES = {0: (3, 10, 30), 16: (1, 3, 10), 64: (1, 3, 10)}
"""Time scales of weight decay that race, for each number of bins.

More features need more decay; which time scale a table wants is what the race finds out.
"""

GRID_DECAY_TIMES = (10, 30)
"""The same for networks that look at a grid."""

LEAST_STEPS = 16
"""Steps of an epoch over sequences, at least: with fewer, losers would leave before they learn."""

GRID_CUTS = ((4, 2),)
"""When networks that look at a grid leave: each takes much work, and bending pays soon or never."""

CUTS_BESIDE = ((4, 3), (8, 2))
"""The same of a grid beside other columns, where more recipes start."""

BINS_BESIDE = 16
"""Bins of numbers beside a grid, for half of the networks that look at both."""

DECAY_TIME_OF_PLAIN = 10
"""Of the networks that see no grid, but its positions as columns, those of one time scale race."""

TEXT_UNITS, MOST_TEXT_UNITS = 8, 64
"""Units of a layer that reads texts: few, but one for each class."""

TEXT_CUTS = ((20, 4), (40, 2))
"""When they leave: slow ones say nothing in the first epochs."""

TEXT_BATCH_SIZE = 64
"""Rows in their batch, at most."""

MOST_TERMS_OF_TABLES = 4096
"""With more terms than this, the networks of tables take much time and lose."""

GRID_BATCH_SIZE = 64
"""Rows in their batch, at most: after 3 epochs of 4,000 digits the loss was .097 instead of .109
with 128, for the same work."""

OFFSET = 0.3
"""How far sequences are moved as a whole in training, in standard deviations of their channels."""

MOST_FEATURES = {16: 4096, 64: 1024}
"""With more features than this, an encoding in so many bins takes much time and buys nothing."""

LARGEST_ENCODING = 2**28
"""Elements of an encoding beside the plain one, at most: one GiB in float32."""


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
    passes : int
        How often an epoch shows each row: more than once where there are few sequences.
    epochs : int
        Epochs of a network, at most.
    patience : int
        Epochs without improvement after which a recipe is flat.
    patience_of_copies : int
        The same for recipes that go on from the best epoch of another.
    least_gain : float
        A flat recipe goes on while what it says now lowers the loss of the mix by this share.
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
        Tables of fewer columns have none to hide.
    widest : int
        Units of a layer, at most.
    tolerance : float
        Share of the loss, or of what it is below a constant's if that is less, by which it may rise
        when the mix is pruned, a standard error included.
    """

    recipes: tuple[Recipe, ...]
    n_folds: int
    batch_size: int
    passes: int = 1
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
    tolerance: float = 0.005


def batch_size_for(n_samples: int) -> int:
    """Return the rows of a batch: a fortieth of the table, a power of two from 32 to 256.

    Batches of 16 to 256 reach the same loss on small tables, so speed decides.
    """
    return int(min(256, max(32, 2 ** round(log2(max(1, n_samples / 40))))))


def folds_for(n_samples: int) -> int:
    """Return the number of folds for so many independent rows, or groups of rows.

    Where rows are few, each is worth more to its network than a network costs; where they are many,
    networks hardly need those that are held out. Of 65,000 rows (of diabetes130), five folds still
    lowered the loss on others by .11 % beside three, for 1.7 times the time.
    """
    if n_samples > 150_000:
        return 3
    return 10 if 50 <= n_samples <= 1200 else 5


def make_plan(
    n_samples: int,
    widths: Mapping[int, int],
    *,
    epochs: int,
    n_groups: int | None = None,
    n_folds: int | None = None,
    grids: Sequence[Grid] = (),
    beside: bool = False,
    only_texts: bool = False,
    n_outputs: int = 1,
) -> Plan:
    """Return the plan for a table.

    Parameters
    ----------
    n_samples : int
        Rows of the table.
    widths : mapping of int to int
        Number of features of each encoding, by its number of bins; 0 is the plain one.
    epochs : int
        How often a network may see the table, at most.
    n_groups : int, optional
        Number of groups of rows that may not be separated.
    n_folds : int, optional
        Number of folds, where that is not to be decided by the number of rows.
    grids : sequence of Grid, optional
        What features stand on; none where they are columns of a table.
    beside : bool
        Whether there are several columns, on grids or not.
    only_texts : bool, default=False
        Whether all features are terms of texts.
    n_outputs : int, default=1
        What networks say of a row: as many numbers as there are classes; one of two classes.

    Returns
    -------
    Plan
        Encodings that add no feature to a smaller one are left out, and so are those that would
        take more than `LARGEST_ENCODING` elements.
    """
    n_folds = n_folds or _folds(n_samples, n_groups)
    smallest_training_part = max(1, n_samples - -(-n_samples // max(2, n_folds)))
    plan = Plan(
        () if grids and not beside else _table_recipes(n_samples, widths),
        n_folds=n_folds,
        batch_size=min(batch_size_for(n_samples), smallest_training_part),
        epochs=epochs,
    )
    if not grids:
        return _of_texts(plan, widths[0], n_outputs) if only_texts else plan
    usual = _usual_on_grids(grids)
    if beside:
        return _beside_grid(plan, usual, widths)
    of_sequences = all(grid.of_steps and not grid.hears for grid in grids)
    plan = _on_grid(plan, usual)
    return _on_sequences(plan, usual, smallest_training_part) if of_sequences else plan


def _table_recipes(n_samples: int, widths: Mapping[int, int]) -> tuple[Recipe, ...]:
    recipes = {}
    for n_bins, decay_times in DECAY_TIMES.items():
        seen = min(
            smaller for smaller in widths if widths[smaller] == widths[n_bins] or smaller == n_bins
        )
        if widths[seen] > MOST_FEATURES.get(seen, widths[seen]):
            continue
        if seen and widths[seen] * n_samples > LARGEST_ENCODING:
            continue
        for decay_time in decay_times:
            recipe = Recipe(seen, decay_time)
            recipes[recipe.name] = recipe
    return tuple(recipes.values())


def _on_grid(plan: Plan, usual: Recipe) -> Plan:
    """Return the plan for networks that look at a grid: some see it bent, some as it is."""
    bent = tuple(replace(usual, decay_time=decay_time) for decay_time in GRID_DECAY_TIMES)
    return replace(
        plan,
        recipes=(*bent, _unbent(usual)),
        batch_size=min(GRID_BATCH_SIZE, plan.batch_size),
        cuts=GRID_CUTS,
    )


def _on_sequences(plan: Plan, usual: Recipe, n_training: int) -> Plan:
    """Return the plan for sequences: some networks look where something is said, some only whether.

    Where an epoch would have few steps, it shows each row several times.
    """
    averaged = replace(usual, channels=averaged_channels(usual.channels), averaged=True)
    steps = max(1, n_training // plan.batch_size)  # of a pass
    recipes = (usual, averaged, _unbent(usual))
    return replace(plan, recipes=recipes, passes=-(-LEAST_STEPS // steps))


def _beside_grid(plan: Plan, usual: Recipe, widths: Mapping[int, int]) -> Plan:
    """Return the plan with networks that look at each grid and at the columns beside them.

    They race against those that take the positions of grids for columns like any other.
    """
    joined = [usual, _unbent(usual)]
    if widths.get(BINS_BESIDE, widths[0]) > widths[0]:
        joined += [replace(one, n_bins=BINS_BESIDE) for one in joined]
    plain = [recipe for recipe in plan.recipes if recipe.decay_time == DECAY_TIME_OF_PLAIN]
    return replace(
        plan,
        recipes=(*joined, *plain),
        batch_size=min(GRID_BATCH_SIZE, plan.batch_size),
        cuts=CUTS_BESIDE,
    )


def _unbent(recipe: Recipe) -> Recipe:
    """Return the recipe whose networks see rows as they are."""
    return replace(recipe, warping=0.0, offset=0.0, pitch=0.0)


def _usual_on_grids(grids: Sequence[Grid]) -> Recipe:
    return Recipe(
        0,
        GRID_DECAY_TIMES[0],
        (128,),
        learning_rate=GRID_LEARNING_RATE,
        channels=tuple(channels_for(grid.sides) for grid in grids),
        dropout=0.3,
        warping=1.0,
        offset=OFFSET if any(grid.of_steps for grid in grids) else 0.0,
        pitch=1.0 if any(grid.hears for grid in grids) else 0.0,
    )


def _of_texts(plan: Plan, n_terms: int, n_outputs: int) -> Plan:
    """Return the plan for texts: networks of their own, beside those of tables if terms are few.

    Few units that start nearly silent and learn slowly find the few directions that tell texts.
    """
    units = min(MOST_TEXT_UNITS, max(TEXT_UNITS, n_outputs))
    slow = Recipe(0, 10, (units,), learning_rate=TEXT_LEARNING_RATE, quiet=True)
    quick = replace(slow, decay_time=3, learning_rate=3 * TEXT_LEARNING_RATE)
    own = (slow, replace(slow, decay_time=30), replace(slow, units=(units, 4 * units)), quick)
    usual = plan.recipes if n_terms <= MOST_TERMS_OF_TABLES else ()
    return replace(
        plan,
        recipes=(*own, *usual),
        batch_size=min(TEXT_BATCH_SIZE, plan.batch_size),
        cuts=TEXT_CUTS,
        lowest_rate=TEXT_LEARNING_RATE,
    )


def _folds(n_samples: int, n_groups: int | None) -> int:
    n_folds = folds_for(n_samples)
    return n_folds if n_groups is None else min(n_folds, folds_for(n_groups), max(2, n_groups))
