"""Whether images may be flipped left to right is seen early, and settled for all that follows.

Flipped digits are other signs, and networks that learn from them lag far behind at once. Flipped
clothes are clothes: networks learn more slowly from twice as many views, and better in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.race.policies.policy import Policy
from madaline.race.policies.selection import ensemble_weights
from madaline.race.recipe import GridRecipe
from madaline.race.state import Candidate, RaceState
from madaline.records.race_decisions import FlipsSettled

EPOCHS = 3
"""Epochs after which the losses with and without flips are compared."""

LAG = 1.25
"""Flips go on if the loss with them is at most so many times that without. After four epochs it was
1.09 times on clothes, where flips won in the end, and 2.4 times on digits."""


@dataclass(frozen=True)
class FlipsPolicy(Policy):
    """Of two recipes that differ in nothing but flips, one goes on after a few epochs.

    Parameters
    ----------
    epochs : int, default=3
        After how many.
    lag : float, default=1.25
        How many times the loss without flips that with flips may be.
    """

    epochs: int = EPOCHS
    lag: float = LAG

    def decide(self, state: RaceState) -> list[FlipsSettled]:
        """Return the end of one recipe of each such pair."""
        pairs = self._pairs(state)
        weights = ensemble_weights(state) if pairs else {}
        settled = []
        for flipping, still in pairs:
            kept = flipping.loss <= self.lag * still.loss
            ended = still if kept else flipping
            settled.append(
                FlipsSettled(
                    state.epoch,
                    ended.name,
                    ended.loss,
                    state.best.loss,
                    weights[ended.key],
                    still.loss,
                    flipping.loss,
                    kept,
                    recipe_id=ended.recipe_id,
                )
            )
        return settled

    def _pairs(self, state: RaceState) -> list[tuple[Candidate, Candidate]]:
        """Return the recipes that flip, each with its twin that does not."""
        due = {
            one.recipe: one
            for one in state.racing
            if one.epoch and one.epochs_trained(state.epoch) == self.epochs
        }
        found = []
        for recipe, flipping in due.items():
            if isinstance(recipe, GridRecipe) and recipe.flips:
                still = due.get(replace(recipe, flips=0.0))
                if still is not None:
                    found.append((flipping, still))
        return found
