"""The rivals of the race: fixed settings, drawn settings, and the race without one of its parts.

All change only the plan of a fit, so that encoding, folds, early stopping and ensemble are shared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import inf

import numpy as np

from madaline._race.plan import ALL, BALANCED, NETWORKS, PRESETS, Plan
from madaline._race.recipe import Recipe, TableRecipe


@dataclass(frozen=True)
class Rival:
    """What differs from a default fit."""

    adjust: Callable[[Plan, int], Plan] = lambda plan, _seed: plan
    members: str = NETWORKS
    preset: str = BALANCED.name


def fixed(plan: Plan, recipes: tuple[Recipe, ...]) -> Plan:
    """Return the plan in which these recipes train until they are flat, and nothing adapts."""
    return replace(
        plan,
        recipes=recipes,
        cuts=(),
        lowest_rate=inf,
        overfit=0.0,
        widest=0,
        tolerance=0.0,
    )


def single(plan: Plan, _seed: int, *, n_bins: int, decay_time: int, n: int = 1) -> Plan:
    """Return the plan with one recipe, whose networks are trained so many times on each fold.

    Where a table has no such encoding, the finest that it has takes its place. Recipes are known by
    their values, so the decay of each further copy is longer by a millionth.
    """
    usual = _of_tables(plan)
    if not usual:
        return plan
    bins = max((one.n_bins for one in usual if one.n_bins <= n_bins), default=usual[0].n_bins)
    recipe = replace(next(one for one in usual if one.n_bins == bins), decay_time=decay_time)
    copies = [replace(recipe, decay_time=decay_time * (1 + 1e-6 * copy)) for copy in range(n)]
    return fixed(plan, tuple(copies))


def drawn(plan: Plan, seed: int, *, n: int) -> Plan:
    """Return the plan with recipes that are drawn from what the race can reach."""
    usual, rng = _of_tables(plan), np.random.default_rng([seed, n])
    if not usual:
        return plan
    recipes = [
        replace(
            usual[rng.integers(len(usual))],
            decay_time=float(np.exp(rng.uniform(np.log(1), np.log(30)))),
            units=(int(rng.choice([32, 64, 128, 256])),) * int(rng.integers(1, 4)),
            learning_rate=float(np.exp(rng.uniform(np.log(0.001), np.log(0.1)))),
            column_dropout=float(rng.choice([0.0, 0.0, 0.1, 0.3])),
        )
        for _ in range(n)
    ]
    return fixed(plan, tuple(recipes))


def _of_tables(plan: Plan) -> list[TableRecipe]:
    return [one for one in plan.recipes if isinstance(one, TableRecipe) and not one.timeless]


def _without(**changes: object) -> Rival:
    return Rival(lambda plan, _seed: replace(plan, **changes))


PARTS: Mapping[str, Rival] = {
    "without growth": _without(widest=0),
    "without simplification": _without(overfit=0.0),
    "without pruning": _without(tolerance=0.0),
    "without selection": _without(cuts=()),
}
"""The race without one of its parts."""

DECAYS = {0: (3, 10, 30), 16: (1, 3, 10), 64: (1, 3, 10)}
"""The recipes that start a race: decay times in epochs for each number of bins."""

SINGLE: Mapping[str, Rival] = {
    f"recipe {n_bins} {time}": Rival(partial(single, n_bins=n_bins, decay_time=time))
    for n_bins, times in DECAYS.items()
    for time in times
}
"""One recipe of those that start a race."""

SEVERAL: Mapping[str, Rival] = {
    f"recipe {n_bins} {time} x{n}": Rival(partial(single, n_bins=n_bins, decay_time=time, n=n))
    for n_bins, times in DECAYS.items()
    for time in times
    for n in (3, 9)
}
"""The same, with several networks for each fold; the protocol runs those of two recipes."""

RANDOM: Mapping[str, Rival] = {f"random x{n}": Rival(partial(drawn, n=n)) for n in (3, 9)}
"""Recipes drawn at random."""

RACE, DEFAULT = "race", "default"

RIVALS: Mapping[str, Rival] = {
    RACE: Rival(),
    DEFAULT: Rival(members=ALL),
    **{name: Rival(members=ALL, preset=name) for name in PRESETS if name != BALANCED.name},
    **PARTS,
    **SINGLE,
    **SEVERAL,
    **RANDOM,
}
"""All methods of the protocol but those of other packages."""

OPEN_GATES = "open gates"
GONE = ("without slower copies", OPEN_GATES, "without fewer columns")
"""What left the code after this experiment: the results stay as they are."""

AFTER = ("new default", "new quick", "half the folds")
"""Presets as they became after this experiment, and one that was not kept."""
