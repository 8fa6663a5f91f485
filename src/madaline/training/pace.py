"""How fast to learn: long steps get there quickly, shorter ones get nearer.

When the leader is flat, its networks go on from their best epoch with a third of the learning rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.training.decisions import Decision
from madaline.training.policy import Policy
from madaline.training.recipe import Recipe
from madaline.training.standing import Candidate, Standing

STEP = 3.0
"""Ratio of neighboring learning rates."""


@dataclass(frozen=True)
class PacePolicy(Policy):
    """When the recipe with the lowest loss is flat, go on from its best with shorter steps.

    As long as that makes it better, it is done again.

    Parameters
    ----------
    lowest : float
        No learning rate below this is tried.
    """

    lowest: float

    def decide(self, standing: Standing) -> list[Decision]:
        """Return a slower continuation of the leader, once, if it has gone flat."""
        leader = standing.best
        recipe = slower(leader.recipe)
        if (
            leader.racing
            or recipe.learning_rate < self.lowest
            or recipe.name in standing.candidates
        ):
            return []
        return [self._slower(leader, standing.epoch)]

    def _slower(self, leader: Candidate, epoch: int) -> Decision:
        rate = leader.recipe.learning_rate
        return Decision(
            epoch,
            "lower",
            leader.name,
            "It leads (loss {loss:.4f}) but is flat: a copy goes on from its best epoch with a"
            " learning rate of {rate:.2g} instead of {old_rate:.2g}.",
            {"loss": leader.loss, "rate": rate / STEP, "old_rate": rate},
        )


def slower(recipe: Recipe) -> Recipe:
    """Return the recipe with a third of the learning rate."""
    return replace(recipe, learning_rate=recipe.learning_rate / STEP)
