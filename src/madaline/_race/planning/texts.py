"""Plans for texts: linear networks, and few units that start small and learn slowly."""

from __future__ import annotations

from dataclasses import replace

from madaline._race.plan import Plan
from madaline._race.recipe import LinearRecipe, TextRecipe

FEWEST_UNITS, MOST_UNITS = 8, 64
"""Units of the first layer: few directions tell texts apart, but one for each class."""

DECAY_TIMES_OF_LINEAR = (1, 3, 10, 30, 100)
"""Time scales of weight decay of linear networks: few rows want little decay, rare classes more."""

TOLERANCE = 1e-4
"""The solver of linear networks goes on for no less: of thousands of terms, the last steps fit
chance."""

BATCH_SIZE = 64
"""Rows in a batch, at most."""

CUTS = ((8, 2), (16, 1))
"""When losers are dropped: slow learners have hardly moved after the first epochs."""

PATIENCE = 3
"""Epochs without improvement after which a recipe is flat: slow learners have smooth losses."""


def plan_for_texts(plan: Plan, n_outputs: int) -> Plan:
    """Return the plan where all features are terms of texts.

    Parameters
    ----------
    plan : Plan
        That of a table with as many rows and features.
    n_outputs : int
        Outputs of a network.
    """
    units = min(MOST_UNITS, max(FEWEST_UNITS, n_outputs))
    usual = TextRecipe(n_bins=0, decay_time=30, units=(units,))
    recipes = (
        usual,
        replace(usual, decay_time=100),
        replace(usual, units=(units, 4 * units)),
        *(
            LinearRecipe(n_bins=0, decay_time=time, tolerance=TOLERANCE)
            for time in DECAY_TIMES_OF_LINEAR
        ),
    )
    return replace(
        plan,
        recipes=recipes,
        batch_size=min(BATCH_SIZE, plan.batch_size),
        cuts=CUTS,
        patience=PATIENCE,
        lowest_rate=usual.learning_rate,
    )
