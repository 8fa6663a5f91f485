"""Plans for texts: few units that start small and learn slowly, beside tables if terms are few."""

from __future__ import annotations

from dataclasses import replace

from madaline.race.plan import Plan
from madaline.race.recipe import TextRecipe

FEWEST_UNITS, MOST_UNITS = 8, 64
"""Units of the first layer: few directions tell texts apart, but one for each class."""

MOST_TERMS_OF_TABLES = 4096
"""With more terms than this, the networks of tables take much time and lose."""

BATCH_SIZE = 64
"""Rows in a batch, at most."""

CUTS = ((20, 4), (40, 2))
"""When losers are dropped: slow learners have hardly moved after the first epochs."""


def plan_for_texts(plan: Plan, n_terms: int, n_outputs: int) -> Plan:
    """Return the plan where all features are terms of texts.

    Parameters
    ----------
    plan : Plan
        That of a table with as many rows and features.
    n_terms : int
        Number of features.
    n_outputs : int
        Outputs of a network.
    """
    units = min(MOST_UNITS, max(FEWEST_UNITS, n_outputs))
    usual = TextRecipe(n_bins=0, decay_time=10, units=(units,))
    recipes = (
        usual,
        replace(usual, decay_time=30),
        replace(usual, units=(units, 4 * units)),
        replace(usual, decay_time=3, learning_rate=3 * usual.learning_rate),
    )
    return replace(
        plan,
        recipes=(*recipes, *(plan.recipes if n_terms <= MOST_TERMS_OF_TABLES else ())),
        batch_size=min(BATCH_SIZE, plan.batch_size),
        cuts=CUTS,
        lowest_rate=usual.learning_rate,
    )
