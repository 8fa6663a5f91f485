"""When networks overfit, simplify: new ones learn with columns hidden, on trial."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline._race.policies.policy import Policy
from madaline._race.recipe import Recipe
from madaline._race.state import RaceState
from madaline.records.race_decisions import Simplified

COLUMN_DROPOUT = 0.15
"""Share of the columns hidden in each row in training; 0.3 does as well on wide tables."""


@dataclass(frozen=True)
class SimplificationPolicy(Policy):
    """When the recipe with the lowest loss is flat and overfits, start it anew with columns hidden.

    A network that cannot count on any one column does not learn rare coincidences of many by heart.
    Tables of few columns have none to spare.

    Parameters
    ----------
    overfit : float
        The leader overfits if its loss on rows that it learned from is below this share of its loss
        on rows that it did not.
    fewest_columns : int
        Tables of fewer columns are left alone.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: a simple way to
    prevent neural networks from overfitting", JMLR 15; here a whole column of the table at a time.
    """

    overfit: float
    fewest_columns: int

    def decide(self, state: RaceState) -> list[Simplified]:
        """Return one new start of the leader, once, if it has gone flat and overfits."""
        leader = state.best
        if leader.recipe.solved or not leader.stopped_at(state.epoch):
            return []
        if any(one.recipe.column_dropout for one in state.candidates.values()):
            return []
        if state.dataset.n_columns < self.fewest_columns:
            return []
        training_loss = state.training_loss(leader)
        if training_loss >= self.overfit * leader.loss:
            return []
        return [
            Simplified(
                state.epoch,
                leader.name,
                leader.loss,
                training_loss,
                COLUMN_DROPOUT,
                recipe_id=leader.recipe_id,
            )
        ]


def simpler(recipe: Recipe) -> Recipe:
    """Return the recipe with some columns hidden, at the usual learning rate."""
    usual = type(recipe).learning_rate
    return replace(recipe, column_dropout=COLUMN_DROPOUT, learning_rate=usual)
