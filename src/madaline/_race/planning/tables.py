"""Recipes for tables: a few time scales of weight decay, each with a few encodings of numbers."""

from __future__ import annotations

from collections.abc import Mapping

from madaline._race.planning.preset import Settings
from madaline._race.recipe import TableRecipe

DECAY_TIMES = {0: (3, 10, 30), 16: (1, 3, 10), 64: (1, 3, 10)}
"""Time scales of weight decay that race, for each number of bins.

More features need more decay; the race finds out which time scale suits a table.
"""

MOST_FEATURES = {16: 4096, 64: 1024}
"""With more features than this, an encoding in so many bins takes much time and gains nothing."""

LAYERS = 3
"""Hidden layers of the networks."""

MOST_WEIGHTS = 2**20
"""Weights of a first layer, at most, as long as it has `FEWEST_UNITS`: gigabytes of networks for a
table of a few megabytes would predict no better."""

FEWEST_UNITS = 4
"""Units of a first layer, at least."""

LARGEST_ENCODING = 2**28
"""Elements of an encoding beside the plain one, at most: one GiB in float32."""


def table_recipes(
    n_samples: int, widths: Mapping[int, int], settings: Settings
) -> tuple[TableRecipe, ...]:
    """Return the recipes for a table of so many rows, and features for each number of bins.

    Encodings that add no feature to a smaller one are left out, and so are those that are too wide
    or would take more than `LARGEST_ENCODING` elements.
    """
    recipes = []
    for n_bins, decay_times in DECAY_TIMES.items():
        smallest = min(other for other, width in widths.items() if width == widths[n_bins])
        n_features = widths[smallest]
        too_wide = n_features > MOST_FEATURES.get(smallest, n_features)
        too_large = smallest > 0 and n_features * n_samples > LARGEST_ENCODING
        if not (too_wide or too_large):
            first = min(settings.units, max(FEWEST_UNITS, MOST_WEIGHTS // max(1, n_features)))
            units = (first, *(settings.units,) * (LAYERS - 1))
            recipes += [TableRecipe(smallest, decay_time, units) for decay_time in decay_times]
    return tuple(dict.fromkeys(recipes))
