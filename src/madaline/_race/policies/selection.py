"""Recipes that lose are stopped early, and the time they would have taken goes to the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from madaline._race.policies.policy import Policy
from madaline._race.state import Candidate, RaceState
from madaline.errors import MadalineError
from madaline.records.race_decisions import Dropped


@dataclass(frozen=True)
class SelectionPolicy(Policy):
    """At a few cuts, keep the recipes with the largest weights in the best ensemble of all.

    A recipe that is worse alone may still improve an ensemble, because it errs elsewhere. The
    single best recipe always stays, and so do those that joined later. The best epoch of a dropped
    recipe may still be part of the final ensemble.

    Parameters
    ----------
    cuts : tuple of (int, int)
        After which epochs recipes are dropped, and how many stay.
    """

    cuts: tuple[tuple[int, int], ...]

    def decide(self, state: RaceState) -> list[Dropped]:
        """Return a drop for every recipe that loses if this epoch is a cut."""
        keep = dict(self.cuts).get(state.epoch)
        racing = [one for one in state.racing if not one.entered]
        if keep is None or len(racing) <= keep:
            return []
        weights = ensemble_weights(state)
        ranked = best_first(racing, weights)
        return [
            Dropped(
                state.epoch,
                one.name,
                one.loss,
                ranked[0].loss,
                weights[one.key],
                recipe_id=one.recipe_id,
            )
            for one in ranked[keep:]
        ]


def best_first(racing: Sequence[Candidate], weights: Mapping[str, float]) -> list[Candidate]:
    """Return the single best recipe, then the others by their weight in the best ensemble."""
    best = min(racing, key=lambda one: one.loss)
    return sorted(racing, key=lambda one: (one is not best, -weights[one.key], one.loss))


def ensemble_weights(state: RaceState) -> dict[str, float]:
    """Return the weight of each candidate, by its key, in the best ensemble of all."""
    able = [one for one in state.candidates.values() if one.epoch]
    if not able:
        raise MadalineError(
            "No network could be trained: all losses are infinite. Look for extreme numbers in the"
            " table or its target, and take their logarithm or clip them."
        )
    weights = state.dataset.best_weights([one.output for one in able])
    return {one.key: float(weight) for one, weight in zip(able, weights, strict=True)}
