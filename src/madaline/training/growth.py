"""When the fit is weak, networks grow: more units, on trial."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.training.decisions import Decision
from madaline.training.policy import Policy
from madaline.training.recipe import Recipe
from madaline.training.standing import Candidate, Standing


@dataclass(frozen=True)
class GrowthPolicy(Policy):
    """When the recipe with the lowest loss is flat and fits weakly, try it with twice the units.

    The wider networks start as copies of the leader's: new units are added without a voice, so they
    say the same at first.

    Parameters
    ----------
    weak : float
        The fit is weak if the loss on rows that were learned from is above this share of the loss
        on rows that were not.
    widest : int
        No layer grows beyond so many units.
    epochs : int
        How often a network may see the table, at most.
    """

    weak: float
    widest: int
    epochs: int

    def decide(self, standing: Standing) -> list[Decision]:
        """Return a wider copy of the leader, once, if it has gone flat and fits weakly."""
        leader = standing.best
        units = wider(leader.recipe).units
        tried = {one.recipe.units for one in standing.candidates.values()}
        if not leader.stopped_at(standing.epoch) or leader.seen(leader.epoch) >= self.epochs:
            return []
        if max(units) > self.widest or units in tried:
            return []
        seen = standing.seen_loss(leader)
        if seen < self.weak * leader.loss:
            return []
        return [self._grow(leader, seen, standing.epoch)]

    def _grow(self, leader: Candidate, seen: float, epoch: int) -> Decision:
        return Decision(
            epoch,
            "grow",
            leader.name,
            "It leads (loss {loss:.4f}) but fits even the rows it learned from weakly ({seen:.4f}):"
            " a copy goes on from its best epoch with {units:.0f} instead of {old_units:.0f} units"
            " in each layer.",
            {
                "loss": leader.loss,
                "seen": seen,
                "units": 2 * leader.recipe.units[0],
                "old_units": leader.recipe.units[0],
            },
        )


def wider(recipe: Recipe) -> Recipe:
    """Return the recipe with twice the units in each layer."""
    return replace(recipe, units=tuple(2 * units for units in recipe.units))
