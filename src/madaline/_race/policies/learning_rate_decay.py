"""The learning rate is lowered where long steps help no more, or diverge.

When the leader is flat, a copy of its networks continues from their best epoch with a third of the
learning rate. Networks that have diverged go back to their best epoch and on with a third of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite

from madaline._race.policies.policy import Policy
from madaline._race.recipe import GridRecipe, Recipe
from madaline._race.state import Candidate, RaceState
from madaline.records.race_decisions import LearningRateLowered, Restored

STEP = 3.0
"""Ratio of neighboring learning rates."""

DIVERGED = 4.0
"""A loss so many times that of the baseline and that of the recipe's best epoch has diverged."""


@dataclass(frozen=True)
class LearningRatePolicy(Policy):
    """A lower learning rate for the leader once it is flat, and for all that diverge.

    As long as that makes the leader better, it is lowered again.

    Parameters
    ----------
    lowest : float
        A flat leader does not go on at a learning rate below this.
    epochs : int
        For how many epochs a network may be trained, at most.
    """

    lowest: float
    epochs: int

    def decide(self, state: RaceState) -> list[Restored] | list[LearningRateLowered]:
        """Return a step back for all that diverged, or a slower copy of a flat leader."""
        diverged = [one for one in state.racing if _has_diverged(one, state)]
        if diverged:
            return [
                Restored(
                    state.epoch,
                    one.name,
                    one.latest_loss,
                    one.epoch,
                    *_rates(one.recipe),
                    recipe_id=one.recipe_id,
                )
                for one in diverged
            ]
        leader = state.best
        if isinstance(leader.recipe, GridRecipe) and leader.recipe.normalized:
            return []  # copies go on without normalization, which on 1,200 digits made them worse
        recipe = slower(leader.recipe)
        trained = leader.epochs_trained(leader.epoch)
        if leader.recipe.solved or leader.racing or not leader.epoch or trained >= self.epochs:
            return []
        raced = {one.recipe for one in state.candidates.values()}
        if recipe.learning_rate < self.lowest or recipe in raced:
            return []
        rates = _rates(leader.recipe)
        return [
            LearningRateLowered(
                state.epoch, leader.name, leader.loss, *rates, recipe_id=leader.recipe_id
            )
        ]


def slower(recipe: Recipe) -> Recipe:
    """Return the recipe with a third of the learning rate."""
    return recipe.copied(learning_rate=recipe.learning_rate / STEP)


def _rates(recipe: Recipe) -> tuple[float, float]:
    """Return the learning rate of the slower recipe, and that of the recipe."""
    return slower(recipe).learning_rate, recipe.learning_rate


def _has_diverged(candidate: Candidate, state: RaceState) -> bool:
    if candidate.record is None:  # it joined a moment ago and has no loss yet
        return False
    if not isfinite(candidate.latest_loss):
        return True
    if candidate.latest_loss <= DIVERGED * candidate.loss and candidate.epoch > 1:
        return False
    baseline = state.dataset.mean_loss(state.dataset.prior_output())
    return candidate.latest_loss > DIVERGED * baseline
