"""When a network has few parameters for so many rows, it grows: more units, on trial."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.race.policies.policy import Policy
from madaline.race.recipe import Recipe
from madaline.race.state import Candidate, Standing
from madaline.records.decision import Decision

SLOWER = 3
"""A copy goes on at the leader's learning rate divided by this: nearly as low as it starts, its
loss has no time to recover from longer steps."""


@dataclass(frozen=True)
class GrowthPolicy(Policy):
    """When the recipe with the lowest loss is flat and rows are many, try it with twice the units.

    A weak fit cannot be told from its loss: what is left may be chance. But where rows are many for
    the parameters that a network has, more units hardly overfit, and may find more. The wider
    networks start as copies of the leader's: new units are added without a voice, so they say the
    same at first.

    Parameters
    ----------
    rows_for_a_parameter : float
        Rows are many if a network learns from so many for each of its parameters.
    widest : int
        No layer grows beyond so many units.
    epochs : int
        How often a network may see the table, at most.
    """

    rows_for_a_parameter: float
    widest: int
    epochs: int

    def decide(self, standing: Standing) -> list[Decision]:
        """Return a wider copy of the leader, once, if it has gone flat and rows are many."""
        leader = standing.best
        units = wider(leader.recipe).units
        tried = {one.recipe.units for one in standing.candidates.values()}
        if not leader.stopped_at(standing.epoch) or leader.seen(leader.epoch) >= self.epochs:
            return []
        if max(units) > self.widest or units in tried:
            return []
        rows, parameters = standing.examples.rows.n_training, leader.network.layout.size
        if rows < self.rows_for_a_parameter * parameters:
            return []
        return [self._grow(leader, rows, parameters, standing.epoch)]

    def _grow(self, leader: Candidate, rows: int, parameters: int, epoch: int) -> Decision:
        return Decision(
            epoch,
            "grow",
            leader.name,
            "It leads (loss {loss:.4f}) with {parameters:,.0f} parameters for {rows:,.0f} rows: a"
            " copy goes on from its best epoch with {units:.0f} instead of {old_units:.0f} units in"
            " each layer, and shorter steps.",
            {
                "loss": leader.loss,
                "parameters": parameters,
                "rows": rows,
                "units": 2 * leader.recipe.units[0],
                "old_units": leader.recipe.units[0],
            },
        )


def wider(recipe: Recipe) -> Recipe:
    """Return the recipe with twice the units in each layer, and a lower learning rate."""
    units = tuple(2 * units for units in recipe.units)
    return replace(recipe, units=units, learning_rate=recipe.learning_rate / SLOWER)
