"""Plans for patterns of sequences: thousands of features, of which linear networks are solved."""

from __future__ import annotations

from dataclasses import replace

from madaline._race.plan import Plan
from madaline._race.recipe import PatternRecipe

DECAY_TIMES_OF_SQUARES = (1, 10, 100, 1000)
"""Time scales of weight decay of networks by least squares."""

DECAY_TIMES_OF_LOSS = (10, 100, 1000, 10_000)
"""Those of networks with the lowest loss."""

MOST_ROWS_OF_LOSS, MOST_OUTPUTS_OF_LOSS = 128, 16
"""The lowest loss is looked for with so many rows and outputs, at most: with more rows, least
squares do better, and with more outputs, it takes long."""

MOST_ROWS_ALONE = 1200
"""With more rows, networks with hidden layers race, too."""

MOST_ROWS = 3000
"""With more rows, least squares would take longer than those."""


def plan_for_patterns(plan: Plan, n_samples: int, n_outputs: int) -> Plan:
    """Return the plan where all features are patterns of sequences.

    Parameters
    ----------
    plan : Plan
        That of a table with as many rows and features.
    n_samples : int
        Rows of the table.
    n_outputs : int
        Outputs of a network.
    """
    if n_samples > MOST_ROWS:
        return plan
    strengths = [(True, decay_time) for decay_time in DECAY_TIMES_OF_SQUARES]
    if n_samples <= MOST_ROWS_OF_LOSS and n_outputs <= MOST_OUTPUTS_OF_LOSS:
        strengths += [(False, decay_time) for decay_time in DECAY_TIMES_OF_LOSS]
    linear = tuple(
        PatternRecipe(0, decay_time, squares=squares, changes=changes)
        for changes in (True, False)
        for squares, decay_time in strengths
    )
    others = plan.recipes if n_samples > MOST_ROWS_ALONE else ()
    return replace(plan, recipes=(*others, *linear))
