"""How much to forget: the best weight decay may lie beyond those that started the race."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.training.decisions import Action, Decision
from madaline.training.policy import Policy
from madaline.training.recipe import Recipe
from madaline.training.standing import Candidate, Standing

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
        leader = standing.best
        if standing.epoch not in self.epochs or not leader.racing:
            return []
        tried = [
            one.recipe.decay_time
            for one in standing.candidates.values()
            if one.recipe.n_bins == leader.recipe.n_bins and one.recipe.units == leader.recipe.units
        ]
        if leader.recipe.decay_time == min(tried):
            return [_decision(standing.epoch, leader, "simplify", "strongest", "three times")]
        if leader.recipe.decay_time == max(tried):
            return [_decision(standing.epoch, leader, "loosen", "weakest", "a third of")]
        return []


def _decision(epoch: int, leader: Candidate, action: Action, extreme: str, change: str) -> Decision:
    return Decision(
        epoch,
        action,
        leader.name,
        "It leads (loss {loss:.4f}) with the "
        + extreme
        + " weight decay of its kind (time scale in epochs: {decay:.2g}): a copy goes on with "
        + change
        + " that decay.",
        {"loss": leader.loss, "decay": leader.recipe.decay_time},
    )


def stronger(recipe: Recipe) -> Recipe:
    """Return the recipe with three times the weight decay."""
    return replace(recipe, decay_time=recipe.decay_time / STEP)


def weaker(recipe: Recipe) -> Recipe:
    """Return the recipe with a third of the weight decay."""
    return replace(recipe, decay_time=recipe.decay_time * STEP)
