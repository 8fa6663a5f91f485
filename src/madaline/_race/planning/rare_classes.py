"""Plans where one of two classes is rare: networks that are not too sure, and linear ones.

Of few rare rows, hardly any shows where networks are wrong to be sure of the usual class: their
log-odds grow without limit, and each new rare row that they do not recognize costs much.
"""

from __future__ import annotations

from dataclasses import replace

from madaline._race.plan import Plan
from madaline._race.recipe import LinearRecipe, TableRecipe

LARGEST_SHARE = 0.1
"""A class of so many of the rows, or more, is not rare."""

MOST_ROWS = 200
"""A class of more rows than this shows well enough where networks are too sure."""

SHARE_OF_DOUBT = 0.1
"""So many more rows of the rare class are expected among the usual ones, as a share of its rows."""

MOST_DOUBT = 5.0
"""So many more rows are expected, at most."""

DECAY_TIMES_OF_LINEAR = (1, 3, 10, 30, 100)
"""Time scales of weight decay of linear networks."""


def plan_for_rare_class(plan: Plan, n_samples: int, n_rare: int) -> Plan:
    """Return the plan for a table of two classes, one of which may be rare.

    Labels are smoothed as if a few of the other rows were of the rare class, and linear networks
    race, too. Where no class is rare, and for images, sequences and texts, the plan stays as it is.

    Parameters
    ----------
    plan : Plan
        That of a table with as many rows.
    n_samples : int
        Rows of the table.
    n_rare : int
        Those of the class with fewer rows.

    References
    ----------
    Platt (1999), "Probabilistic outputs for support vector machines", smooths labels by one row.
    """
    rare = n_rare <= MOST_ROWS and n_rare < LARGEST_SHARE * n_samples
    if not rare or not all(isinstance(one, TableRecipe) for one in plan.recipes):
        return plan
    doubt = min(SHARE_OF_DOUBT * n_rare, MOST_DOUBT)
    smoothing = 2 * doubt / n_samples  # half of it goes to either class
    smoothed = (replace(one, label_smoothing=smoothing) for one in plan.recipes)
    linear = (LinearRecipe(0, decay_time) for decay_time in DECAY_TIMES_OF_LINEAR)
    return replace(plan, recipes=(*smoothed, *linear))
