"""Images that are learned as well warped as they are may be warped further.

Digits are digits from many views, and networks that see few of them overfit. Clothes hang straight:
those that are warped are learned more slowly from the start.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline._race.policies.policy import Policy
from madaline._race.recipe import GridRecipe, Recipe
from madaline._race.state import Candidate, RaceState
from madaline.records.race_decisions import WarpedFurther

EPOCHS = 2
"""Epochs after which losses with and without warping are compared."""

LAG = 1.05
"""How many times the loss without warping that with it may be. It was .98 and 1.01 times that on
digits, 1.11 times on clothes."""

FURTHER = 1.0
"""How much images are warped then."""


@dataclass(frozen=True)
class MoreWarpingPolicy(Policy):
    """Networks go on with images that are warped further where warping made hardly a difference."""

    def decide(self, state: RaceState) -> list[WarpedFurther]:
        """Return a change for each recipe that warps a little and is as good as its twin."""
        found = []
        for one in state.racing:
            plain = _twin(one, state)
            if plain is not None and one.loss <= LAG * plain.loss:
                found.append(
                    WarpedFurther(
                        state.epoch,
                        one.name,
                        one.loss,
                        plain.loss,
                        FURTHER,
                        recipe_id=one.recipe_id,
                    )
                )
        return found


def warped(recipe: Recipe, warping: float) -> Recipe:
    """Return a recipe for grids with another strength of warping."""
    if not isinstance(recipe, GridRecipe):
        raise TypeError(f"{type(recipe).__name__} has nothing that could be warped.")
    return replace(recipe, warping=warping)


def _twin(one: Candidate, state: RaceState) -> Candidate | None:
    """Return the recipe without warping that was trained for the same epochs, if they are due."""
    recipe = one.recipe
    if not (isinstance(recipe, GridRecipe) and recipe.normalized):  # images alone
        return None
    if not one.epoch or one.inherited_epochs or one.epochs_trained(state.epoch) != EPOCHS:
        return None
    plain = replace(recipe, warping=0.0, flips=0.0)
    twins = [other for other in state.candidates.values() if other.recipe == plain]
    return twins[0] if twins and 0 < recipe.warping < FURTHER else None
