"""When a network has few parameters for so many rows, a copy gets more units, on trial."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._race.policies.policy import Policy
from madaline._race.recipe import Recipe
from madaline._race.state import RaceState
from madaline.records.race_decisions import Grown

SLOWER = 3
"""The copy's learning rate is the leader's divided by this: the loss of a copy starts nearly as low
as it gets, and would not recover from longer steps in time."""


@dataclass(frozen=True)
class GrowthPolicy(Policy):
    """When the recipe with the lowest loss is flat and rows are many, try it with twice the units.

    A weak fit cannot be told from its loss: what is left may be chance. But where rows are many for
    the parameters that a network has, more units hardly overfit, and may find more. The wider
    networks start as copies of the leader's: new units have outgoing weights of zero, so that the
    output is the same at first.

    Parameters
    ----------
    rows_for_a_parameter : float
        Rows are many if a network learns from so many for each of its parameters.
    widest : int
        No layer grows beyond so many units.
    epochs : int
        For how many epochs a network may be trained, at most.
    """

    rows_for_a_parameter: float
    widest: int
    epochs: int

    def decide(self, state: RaceState) -> list[Grown]:
        """Return a wider copy of the leader, once, if it has gone flat and rows are many."""
        leader = state.best
        if leader.recipe.solved:
            return []
        units = wider(leader.recipe).units
        tried = {one.recipe.units for one in state.candidates.values()}
        if not leader.stopped_at(state.epoch) or leader.epochs_trained(leader.epoch) >= self.epochs:
            return []
        if max(units) > self.widest or units in tried:
            return []
        rows, parameters = state.dataset.rows.n_training, leader.network.layout.size
        if rows < self.rows_for_a_parameter * parameters:
            return []
        previous = leader.recipe.units[0]
        return [
            Grown(
                state.epoch,
                leader.name,
                leader.loss,
                parameters,
                rows,
                units[0],
                previous,
                recipe_id=leader.recipe_id,
            )
        ]


def wider(recipe: Recipe) -> Recipe:
    """Return the recipe with twice the units in each layer, and a lower learning rate."""
    units = tuple(2 * units for units in recipe.units)
    return recipe.copied(units=units, learning_rate=recipe.learning_rate / SLOWER)
