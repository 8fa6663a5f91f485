"""Whether images may be flipped and warped is seen early, and settled for all that follows.

Flipped digits are other signs, and networks that learn from them lag far behind at once. Flipped
clothes are clothes: networks learn more slowly from twice as many views, and better in the end.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline._race.policies.policy import Policy
from madaline._race.policies.selection import ensemble_weights
from madaline._race.recipe import GridRecipe
from madaline._race.state import Candidate, RaceState
from madaline.records.race_decisions import AugmentationSettled


@dataclass(frozen=True)
class AugmentationPolicy(Policy):
    """Of two recipes that differ in nothing but an augmentation of images, one goes on.

    The augmented one does if its loss does not lag too far behind.

    Parameters
    ----------
    setting : {"flips", "warping"}
        Which augmentation. The twin of a recipe has none of it; where images are not warped, they
        are not flipped, either.
    epochs : int
        After how many epochs losses are compared.
    lag : float
        How many times the loss of its twin that of an augmented recipe may be.
    """

    setting: str
    epochs: int
    lag: float

    def decide(self, state: RaceState) -> list[AugmentationSettled]:
        """Return the end of one recipe of each such pair."""
        pairs = self._pairs(state)
        weights = ensemble_weights(state) if pairs else {}
        settled = []
        for augmented, plain in pairs:
            kept = augmented.loss <= self.lag * plain.loss
            ended = plain if kept else augmented
            settled.append(
                AugmentationSettled(
                    state.epoch,
                    ended.name,
                    ended.loss,
                    state.best.loss,
                    weights[ended.key],
                    self.setting,
                    plain.loss,
                    augmented.loss,
                    kept,
                    recipe_id=ended.recipe_id,
                )
            )
        return settled

    def _pairs(self, state: RaceState) -> list[tuple[Candidate, Candidate]]:
        """Return the recipes that are augmented, each with its twin that is not."""
        due = {
            one.recipe: one
            for one in state.racing
            if one.epoch and one.epochs_trained(state.epoch) == self.epochs
        }
        found = []
        for recipe, augmented in due.items():
            if isinstance(recipe, GridRecipe) and recipe.normalized:  # images alone
                plain = due.get(self._twin(recipe))
                if plain is not None and plain is not augmented:
                    found.append((augmented, plain))
        return found

    def _twin(self, recipe: GridRecipe) -> GridRecipe:
        if self.setting == "flips":
            return replace(recipe, flips=0.0)
        return replace(recipe, warping=0.0, flips=0.0)


FLIPS = AugmentationPolicy("flips", epochs=2, lag=1.25)
"""After two epochs the loss with flips was 1.08 times that without on clothes, where flips won in
the end, and 2.4 times on digits, where they lost."""

WARPING = AugmentationPolicy("warping", epochs=2, lag=1.5)
"""After two to four epochs the loss was up to 1.5 times that without where warping won in the
end."""
