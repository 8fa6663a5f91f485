"""When networks overfit, simplify: new ones learn with columns hidden, on trial."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.race.policies.policy import Policy
from madaline.race.recipe import Recipe
from madaline.race.state import Candidate, Standing
from madaline.records.decision import Decision

COLUMN_DROPOUT = 0.15
"""Share of the columns that each row hides in training; 0.3 does as well on wide tables."""


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

    def decide(self, standing: Standing) -> list[Decision]:
        """Return one new start of the leader, once, if it has gone flat and overfits."""
        leader = standing.best
        if not leader.stopped_at(standing.epoch):
            return []
        if any(one.recipe.column_dropout for one in standing.candidates.values()):
            return []
        if standing.examples.n_columns < self.fewest_columns:
            return []
        seen = standing.seen_loss(leader)
        if seen >= self.overfit * leader.loss:
            return []
        return [self._simplify(leader, seen, standing.epoch)]

    def _simplify(self, leader: Candidate, seen: float, epoch: int) -> Decision:
        return Decision(
            epoch,
            "simplify",
            leader.name,
            "It leads (loss {loss:.4f}) but knows the rows it learned from too well ({seen:.4f}):"
            " new networks start like it, and each row hides {rate:.0%} of its columns from them.",
            {"loss": leader.loss, "seen": seen, "rate": COLUMN_DROPOUT},
        )


def simpler(recipe: Recipe) -> Recipe:
    """Return the recipe with some columns hidden, at the usual learning rate."""
    usual = type(recipe).learning_rate
    return replace(recipe, column_dropout=COLUMN_DROPOUT, learning_rate=usual)
