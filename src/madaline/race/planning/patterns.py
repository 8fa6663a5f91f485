"""Plans for patterns of sequences: thousands of features, of which linear networks are solved."""

from __future__ import annotations

from dataclasses import replace

from madaline.race.plan import Plan
from madaline.race.recipe import LeastSquaresRecipe, LinearRecipe, Recipe

DECAY_TIMES_OF_LOSS = (10, 100, 1000, 10_000)
"""Time scales of weight decay of linear networks with the lowest loss."""

DECAY_TIMES_OF_SQUARES = (1, 10, 100, 1000)
"""Time scales of weight decay of linear networks by least squares."""

MOST_ROWS = 1200
"""Of more rows, networks with hidden layers learn; of fewer, linear ones are as good."""


def plan_for_patterns(plan: Plan, n_samples: int) -> Plan:
    """Return the plan where all features are patterns of sequences.

    Parameters
    ----------
    plan : Plan
        That of a table with as many rows and features.
    n_samples : int
        Rows of the table.
    """
    if n_samples > MOST_ROWS:
        return plan
    recipes: tuple[Recipe, ...] = (
        *(LeastSquaresRecipe(0, decay_time) for decay_time in DECAY_TIMES_OF_SQUARES),
        *(LinearRecipe(0, decay_time) for decay_time in DECAY_TIMES_OF_LOSS),
    )
    return replace(plan, recipes=recipes)
