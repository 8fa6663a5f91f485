"""How much to forget: the best weight decay may lie beyond those that started the race."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.training.decisions import Decision
from madaline.training.policy import Policy
from madaline.training.recipe import Recipe
from madaline.training.standing import Standing

STEP = 3.0
"""Ratio of neighboring time scales of weight decay."""


@dataclass(frozen=True)
class RegularizationPolicy(Policy):
    """If the recipe that leads has the strongest or weakest decay of its kind, try beyond it.

    The networks of the leader are cloned with all they learned and go on with another decay.

    Parameters
    ----------
    epochs : tuple of int
        After which epochs this is asked.
    """

    epochs: tuple[int, ...]

    def decide(self, standing: Standing) -> list[Decision]:
        """Return at most one clone of the leader with a decay that was not tried yet."""
        if standing.epoch not in self.epochs:
            return []
        leader = min(standing.racing, key=lambda one: one.loss)
        tried = [
            one.recipe.decay_time
            for one in standing.candidates.values()
            if one.recipe.n_bins == leader.recipe.n_bins and one.recipe.units == leader.recipe.units
        ]
        evidence = {"loss": leader.loss, "decay": leader.recipe.decay_time}
        if leader.recipe.decay_time == min(tried):
            words = "It leads with the strongest weight decay of its kind, {decay:g} epochs (loss {loss:.4f}): a copy of it goes on with three times as strong a decay."
            return [Decision(standing.epoch, "simplify", leader.name, words, evidence)]
        if leader.recipe.decay_time == max(tried):
            words = "It leads with the weakest weight decay of its kind, {decay:g} epochs (loss {loss:.4f}): a copy of it goes on with a third of the decay."
            return [Decision(standing.epoch, "loosen", leader.name, words, evidence)]
        return []


def stronger(recipe: Recipe) -> Recipe:
    """Return the recipe with three times the weight decay."""
    return replace(recipe, decay_time=recipe.decay_time / STEP)


def weaker(recipe: Recipe) -> Recipe:
    """Return the recipe with a third of the weight decay."""
    return replace(recipe, decay_time=recipe.decay_time * STEP)
