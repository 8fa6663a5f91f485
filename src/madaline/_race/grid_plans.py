"""Plans for images and sounds: convolutions, and rows augmented in training.

One recipe always learns from the rows as they are: not every image may be warped. Another flips
images left to right, which helps where both sides are alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from madaline._race.plan import Plan
from madaline._race.recipe import GridRecipe
from madaline._tables.media.grids import Grid

_DECAY_TIMES = (10, 30)  # time scales of weight decay that race

# Rows in a batch, at most: after 3 epochs of 4,000 digits the loss was .097 instead of .109 with
# 128, for the same work
_BATCH_SIZE = 64

# How many times the usual gain keeps a flat recipe for images alone going
_MIN_GAIN_OF_IMAGES = 5.0

_DEPTH = 2  # convolutions over an image before each pooling but the first

# The same for images alone. Of 4,000 clothes the loss was .320 after 12 epochs, .324 with 64.
_BATCH_SIZE_OF_IMAGES = 32

# How much images alone are warped. After 12 epochs, the loss on clothes was .402 where they were
# warped by 1, and .340 with .5 and flips.
_WARPING_OF_IMAGES = 0.3

FOLDS_OF_IMAGES = 5  # folds of images alone, at most: a network for them costs much

# Epochs of networks for images alone at an effort of 100, or those that so many steps make: with
# normalization they learn fast, and each epoch takes much work
_EPOCHS_OF_IMAGES, _STEPS_OF_IMAGES = 25, 1667

# When losers are dropped: each takes much work, and augmentation pays soon or never
_CUTS = ((4, 2),)

_CUTS_BESIDE = (
    (4, 3),
    (8, 2),
)  # the same for a grid beside other columns, where more recipes start
_BINS_BESIDE = 16  # bins of the numbers beside a grid, for half of the recipes with convolutions

# Among the recipes that take the positions of a grid for columns, those of one time scale race
_DECAY_TIME_OF_TABLES = 10

# How far sequences are shifted as a whole in training, in standard deviations of their channels. Of
# 270 utterances (japanese_vowels), the loss was .077 to .089 without, .073 to .076 with it
_OFFSET = 0.3

_FLIPS = 0.5  # share of the images that a recipe flips left to right in training

# A grid that would become smaller than this is not pooled for another convolution
_MIN_SIDE = 4

_MAX_CHANNELS = 128  # units of a convolution over images, at most
_CHANNELS_OF_STEPS = 64  # units of each convolution over a sequence


def plan_for_grids(plan: Plan, grids: Sequence[Grid], n_training: int) -> Plan:
    """Return the plan where all features are grids.

    Images: one recipe warps them, one flips them besides, one takes them as they are. Sequences and
    sounds: two recipes change them, with different weight decay, and one does not.
    """
    if len(grids) == 1 and not grids[0].of_steps:
        return _plan_for_images(plan, grids[0], n_training)
    usual = _usual_recipe(grids)
    recipes = (usual, replace(usual, decay_time=_DECAY_TIMES[1]), _without_augmentation(usual))
    return replace(plan, recipes=recipes, batch_size=min(_BATCH_SIZE, plan.batch_size), cuts=_CUTS)


def _plan_for_images(plan: Plan, grid: Grid, n_training: int) -> Plan:
    usual = replace(
        _usual_recipe([grid]),
        channels=(_channels_of_deep(grid.sides),),
        depth=_DEPTH,
        normalized=True,
        dropout=0.0,  # these networks stop before they overfit
        warping=_WARPING_OF_IMAGES,
    )
    recipes = (usual, replace(usual, flips=_FLIPS), _without_augmentation(usual))
    batch_size = min(_BATCH_SIZE_OF_IMAGES, plan.batch_size)
    # As many as at an effort of 100, in proportion; a low effort is taken at its word.
    usual_epochs = max(_EPOCHS_OF_IMAGES, _STEPS_OF_IMAGES * batch_size // n_training)
    epochs = min(plan.epochs, max(usual_epochs, usual_epochs * plan.epochs // 100))
    return replace(
        plan,
        recipes=recipes,
        batch_size=batch_size,
        epochs=epochs,
        cuts=_CUTS,
        least_gain=_MIN_GAIN_OF_IMAGES * plan.least_gain,
        patience_of_copies=plan.patience,
    )


def plan_for_grids_beside_columns(
    plan: Plan, grids: Sequence[Grid], widths: Mapping[int, int]
) -> Plan:
    """Return the plan for grids beside one another or beside other columns.

    Recipes with convolutions race against those of tables, for which each position is a column.
    """
    usual = _usual_recipe(grids)
    joined = [usual, _without_augmentation(usual)]
    if widths.get(_BINS_BESIDE, widths[0]) > widths[0]:
        joined += [replace(recipe, n_bins=_BINS_BESIDE) for recipe in joined]
    tables = [recipe for recipe in plan.recipes if recipe.decay_time == _DECAY_TIME_OF_TABLES]
    return replace(
        plan,
        recipes=(*joined, *tables),
        batch_size=min(_BATCH_SIZE, plan.batch_size),
        cuts=_CUTS_BESIDE,
    )


def _channels_for(sides: tuple[int, ...]) -> tuple[int, ...]:
    """Return the units of each convolution for a grid.

    An image has many positions: few units at first, and twice as many after each pooling. A
    sequence has few positions, so all its convolutions have many units.

    >>> _channels_for((28, 28)), _channels_for((8, 8)), _channels_for((2, 9))
    ((16, 32, 64), (16, 32), (16,))
    >>> _channels_for((22,)), _channels_for((3,))
    ((64, 64, 64), (64,))
    """
    channels = [16]
    side = min(sides)
    while side // 2 >= _MIN_SIDE:
        side //= 2
        channels.append(min(_MAX_CHANNELS, 2 * channels[-1]))
    return tuple(channels) if len(sides) > 1 else (_CHANNELS_OF_STEPS,) * len(channels)


def _channels_of_deep(sides: tuple[int, ...]) -> tuple[int, ...]:
    """Return the units of the convolutions before each pooling, where there are several.

    >>> _channels_of_deep((28, 28)), _channels_of_deep((8, 8)), _channels_of_deep((32, 40))
    ((16, 32), (16, 32), (16, 32, 64))
    """
    channels = [16]
    side = min(sides) // 2
    while side >= (_MIN_SIDE if len(channels) == 1 else 2 * _MIN_SIDE):
        side //= 2
        channels.append(min(_MAX_CHANNELS, 2 * channels[-1]))
    return tuple(channels)


def _usual_recipe(grids: Sequence[Grid]) -> GridRecipe:
    return GridRecipe(
        n_bins=0,
        decay_time=_DECAY_TIMES[0],
        channels=tuple(_channels_for(grid.sides) for grid in grids),
        dropout=0.3,
        warping=1.0,
        offset=_OFFSET if any(grid.of_steps for grid in grids) else 0.0,
        pitch=1.0 if any(grid.spectral for grid in grids) else 0.0,
    )


def _without_augmentation(recipe: GridRecipe) -> GridRecipe:
    return replace(recipe, warping=0.0, flips=0.0, offset=0.0, pitch=0.0)
