"""What joins a plan where rows have times: recipes that do not see time pass, and linear ones."""

from __future__ import annotations

from dataclasses import replace

from madaline._race.plan import Plan
from madaline._race.recipe import LinearRecipe, TableRecipe
from madaline._race.time.stretches import N_FINAL


def plan_for_later_rows(plan: Plan) -> Plan:
    """Return the plan for a table whose networks are judged on rows that come later.

    What was learned of the passing of time may end with the rows that were learned from: so each
    recipe of tables races once more with what rises with time hidden.
    """
    tables = [recipe for recipe in plan.recipes if isinstance(recipe, TableRecipe)]
    timeless = [replace(recipe, timeless=True) for recipe in tables]
    return replace(plan, recipes=(*plan.recipes, *timeless), n_final=N_FINAL)


def plan_for_lags(plan: Plan) -> Plan:
    """Return the plan for a table with lags: linear networks race, too, as in autoregression."""
    linear = [LinearRecipe(0, time, timeless=True) for time in _LAGS_DECAY_TIMES]
    return replace(plan, recipes=(*plan.recipes, *linear))


_LAGS_DECAY_TIMES = (1, 10, 100, 1000)  # of linear networks: time scales of weight decay
