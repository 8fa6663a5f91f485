"""How fast to learn: long steps get there quickly, shorter ones get nearer, too long ones get lost.

When the leader is flat, its networks go on from their best epoch with a third of the learning rate.
When networks have gone astray, they go back to their best epoch and on with a third of the rate.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from madaline.race.policies.policy import Policy
from madaline.race.recipe import Recipe
from madaline.race.state import Candidate, Standing
from madaline.records.decision import Decision

STEP = 3.0
"""Ratio of neighboring learning rates."""

ASTRAY = 4.0
"""A loss so many times that of a constant, and that of the recipe's best epoch, is no accident."""


@dataclass(frozen=True)
class PacePolicy(Policy):
    """Shorter steps for the leader once it is flat, and for all that diverge.

    As long as shorter steps make the leader better, they are shortened again.

    Parameters
    ----------
    lowest : float
        A flat leader does not go on at a learning rate below this.
    epochs : int
        How often a network may see the table, at most.
    """

    lowest: float
    epochs: int

    def decide(self, standing: Standing) -> list[Decision]:
        """Return the way back for all that went astray, or a slower copy of a flat leader."""
        lost = [
            self._back(one, standing.epoch) for one in standing.racing if _astray(one, standing)
        ]
        if lost:
            return lost
        leader = standing.best
        recipe = slower(leader.recipe)
        if leader.racing or not leader.epoch or leader.seen(leader.epoch) >= self.epochs:
            return []
        if recipe.learning_rate < self.lowest or recipe.name in standing.candidates:
            return []
        return [self._slower(leader, standing.epoch)]

    def _slower(self, leader: Candidate, epoch: int) -> Decision:
        rate = leader.recipe.learning_rate
        return Decision(
            epoch,
            "lower",
            leader.name,
            "It leads (loss {loss:.4f}) but has stopped: a copy goes on from its best epoch with a"
            " learning rate of {rate:.2g} instead of {old_rate:.2g}.",
            {"loss": leader.loss, "rate": rate / STEP, "old_rate": rate},
        )

    def _back(self, lost: Candidate, epoch: int) -> Decision:
        rate = lost.recipe.learning_rate
        return Decision(
            epoch,
            "restore",
            lost.name,
            "Diverged to a loss of {latest:.3g}: back to its best epoch, {best:.0f}, and on with a"
            " learning rate of {rate:.2g} instead of {old_rate:.2g}.",
            {"latest": lost.latest, "best": lost.epoch, "rate": rate / STEP, "old_rate": rate},
        )


def slower(recipe: Recipe) -> Recipe:
    """Return the recipe with a third of the learning rate."""
    return replace(recipe, learning_rate=recipe.learning_rate / STEP)


def _astray(candidate: Candidate, standing: Standing) -> bool:
    if candidate.record is None:  # it joined a moment ago and was not judged yet
        return False
    if not isfinite(candidate.latest):
        return True
    if candidate.latest <= ASTRAY * candidate.loss and candidate.epoch > 1:
        return False
    constant = standing.examples.mean_loss(standing.examples.prior_output())
    return candidate.latest > ASTRAY * constant
