"""Policies that propose more recipes: slower, larger, simpler, with changed rows or columns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite

from madaline._base.language import _
from madaline._race.recipe import GridRecipe, Recipe
from madaline._race.state import Candidate, RaceState
from madaline._race.stopping_policies import Policy, ensemble_weights
from madaline.records.race_decisions import (
    AugmentationSettled,
    Grown,
    LearningRateLowered,
    Restored,
    Simplified,
    WarpedFurther,
)

_STEP = 3.0  # ratio of neighboring learning rates

# A loss so many times that of the baseline and that of the recipe's best epoch has diverged
DIVERGENCE = 4.0


@dataclass(frozen=True)
class LearningRatePolicy(Policy):
    """A lower learning rate for the leader once it is flat, and for all that diverge.

    As long as that makes the leader better, it is lowered again.
    """

    lowest: float  # a flat leader does not go on at a learning rate below this
    epochs: int  # for how many epochs a network may be trained, at most
    # no recipe is changed again whose last change gained less than this share of what was learned
    min_gain: float = 0.0

    def decide(self, state: RaceState) -> list[Restored] | list[LearningRateLowered]:
        """Return a step back for all that diverged, or a slower copy of a flat leader."""
        diverged = [candidate for candidate in state.racing if _has_diverged(candidate, state)]
        if diverged:
            return [
                Restored(
                    state.epoch,
                    candidate.name,
                    candidate.latest_loss,
                    candidate.epoch,
                    *_rates(candidate.recipe),
                    recipe_id=candidate.recipe_id,
                )
                for candidate in diverged
            ]
        leader = state.best
        if isinstance(leader.recipe, GridRecipe) and leader.recipe.normalized:
            return []  # copies go on without normalization, which on 1,200 digits made them worse
        recipe = slower(leader.recipe)
        trained = leader.epochs_trained(leader.epoch)
        if leader.recipe.solved or leader.racing or not leader.epoch or trained >= self.epochs:
            return []
        raced = {candidate.recipe for candidate in state.candidates.values()}
        paid = state.paid(leader, self.min_gain)
        if recipe.learning_rate < self.lowest or recipe in raced or not paid:
            return []
        rates = _rates(leader.recipe)
        return [LearningRateLowered(*state.facts(leader), *rates, recipe_id=leader.recipe_id)]


def slower(recipe: Recipe) -> Recipe:
    """Return the recipe with a third of the learning rate."""
    return recipe.copied(learning_rate=recipe.learning_rate / _STEP)


def _rates(recipe: Recipe) -> tuple[float, float]:
    """Return the learning rate of the slower recipe, and that of the recipe."""
    return slower(recipe).learning_rate, recipe.learning_rate


def _has_diverged(candidate: Candidate, state: RaceState) -> bool:
    if candidate.record is None:  # it joined a moment ago and has no loss yet
        return False
    if not isfinite(candidate.latest_loss):
        return True
    if candidate.latest_loss <= DIVERGENCE * candidate.loss and candidate.epoch > 1:
        return False
    baseline = state.dataset.validation_loss(state.dataset.prior_output())
    return candidate.latest_loss > DIVERGENCE * baseline


# The copy's learning rate is the leader's divided by this: the loss of a copy starts nearly as low
# as it gets, and would not recover from longer steps in time
_RATE_DIVISOR = 3


@dataclass(frozen=True)
class GrowthPolicy(Policy):
    """When the recipe with the lowest loss is flat and rows are many, try it with twice the units.

    A weak fit cannot be told from its loss: what is left may be chance. But where rows are many for
    the parameters that a network has, more units hardly overfit, and may find more. The wider
    networks start as copies of the leader's: new units have outgoing weights of zero, so that the
    output is the same at first.
    """

    # rows are many if a network learns from so many for each of its parameters
    rows_for_a_parameter: float
    widest: int  # no layer grows beyond so many units
    epochs: int  # for how many epochs a network may be trained, at most
    min_gain: float = 0.0  # as with lower learning rates

    def decide(self, state: RaceState) -> list[Grown]:
        """Return a wider copy of the leader, once, if it has gone flat and rows are many."""
        leader = state.best
        if leader.recipe.solved:
            return []
        units = wider(leader.recipe).units
        tried = {candidate.recipe.units for candidate in state.candidates.values()}
        if not leader.stopped_at(state.epoch) or leader.epochs_trained(leader.epoch) >= self.epochs:
            return []
        if max(units) > self.widest or units in tried or not state.paid(leader, self.min_gain):
            return []
        rows = state.dataset.n_training
        parameters = leader.network.layout.size
        if rows < self.rows_for_a_parameter * parameters:
            return []
        previous = leader.recipe.units[0]
        return [
            Grown(
                *state.facts(leader),
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
    return recipe.copied(units=units, learning_rate=recipe.learning_rate / _RATE_DIVISOR)


# Share of the columns hidden in each row in training; 0.3 does as well on wide tables
COLUMN_DROPOUT = 0.15


@dataclass(frozen=True)
class SimplificationPolicy(Policy):
    """When the recipe with the lowest loss is flat and overfits, start it anew with columns hidden.

    A network that cannot count on any one column does not learn rare coincidences of many by heart.
    Tables of few columns have none to spare.

    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: a simple way to
    prevent neural networks from overfitting", JMLR 15; here a whole column of the table at a time.
    """

    # the leader overfits if its loss on rows that it learned from is below this share of its loss
    # on rows that it did not
    overfit: float
    fewest_columns: int  # tables of fewer columns are left alone

    def decide(self, state: RaceState) -> list[Simplified]:
        """Return one new start of the leader, once, if it has gone flat and overfits."""
        leader = state.best
        if leader.recipe.solved or not leader.stopped_at(state.epoch):
            return []
        if any(candidate.recipe.column_dropout for candidate in state.candidates.values()):
            return []
        if state.dataset.inputs.n_columns < self.fewest_columns:
            return []
        training_loss = state.training_loss(leader)
        if training_loss >= self.overfit * leader.loss:
            return []
        return [
            Simplified(
                *state.facts(leader), training_loss, COLUMN_DROPOUT, recipe_id=leader.recipe_id
            )
        ]


def simpler(recipe: Recipe) -> Recipe:
    """Return the recipe with some columns hidden, at the usual learning rate."""
    usual = type(recipe).learning_rate
    return replace(recipe, column_dropout=COLUMN_DROPOUT, learning_rate=usual)


@dataclass(frozen=True)
class _AugmentationPolicy(Policy):
    """Of two recipes that differ in nothing but an augmentation of images, one goes on.

    The augmented one does if its loss does not lag too far behind.
    """

    # which augmentation. The twin of a recipe has none of it; where images are not warped, they are
    # not flipped, either
    setting: str
    epochs: int  # after how many epochs losses are compared
    lag: float  # how many times the loss of its twin that of an augmented recipe may be

    def decide(self, state: RaceState) -> list[AugmentationSettled]:
        """Return the end of one recipe of each such pair."""
        pairs = self._pairs(state)
        weights = ensemble_weights(state) if pairs else {}
        settled = []
        for augmented, plain in pairs:
            kept = augmented.loss <= self.lag * plain.loss
            ended = plain if kept else augmented
            settled.append(
                AugmentationSettled(
                    *state.facts(ended),
                    state.best.loss,
                    weights[ended.key],
                    self.setting,
                    plain.loss,
                    augmented.loss,
                    kept,
                    recipe_id=ended.recipe_id,
                )
            )
        return settled

    def _pairs(self, state: RaceState) -> list[tuple[Candidate, Candidate]]:
        """Return the recipes that are augmented, each with its twin that is not."""
        due = {
            candidate.recipe: candidate
            for candidate in state.racing
            if candidate.epoch and candidate.epochs_trained(state.epoch) == self.epochs
        }
        decisions = []
        for recipe, augmented in due.items():
            if isinstance(recipe, GridRecipe) and recipe.normalized:  # images alone
                plain = due.get(self._twin(recipe))
                if plain is not None and plain is not augmented:
                    decisions.append((augmented, plain))
        return decisions

    def _twin(self, recipe: GridRecipe) -> GridRecipe:
        if self.setting == "flips":
            return replace(recipe, flips=0.0)
        return replace(recipe, warping=0.0, flips=0.0)


# After two epochs the loss with flips was 1.08 times that without on clothes, where flips won in
# the end, and 2.4 times on digits, where they lost
FLIPS = _AugmentationPolicy("flips", epochs=2, lag=1.25)

# After two to four epochs the loss was up to 1.5 times that without where warping won in the end
WARPING = _AugmentationPolicy("warping", epochs=2, lag=1.5)


_EPOCHS = 2  # epochs after which losses with and without warping are compared

# How many times the loss without warping that with it may be. It was .98 and 1.01 times that on
# digits, 1.11 times on clothes.
_LAG = 1.05

_STRONG_WARPING = 1.0  # how much images are warped then


@dataclass(frozen=True)
class MoreWarpingPolicy(Policy):
    """Networks go on with images that are warped further where warping made hardly a difference."""

    def decide(self, state: RaceState) -> list[WarpedFurther]:
        """Return a change for each recipe that warps a little and is as good as its twin."""
        decisions = []
        for candidate in state.racing:
            plain = _twin(candidate, state)
            if plain is not None and candidate.loss <= _LAG * plain.loss:
                decisions.append(
                    WarpedFurther(
                        *state.facts(candidate),
                        plain.loss,
                        _STRONG_WARPING,
                        recipe_id=candidate.recipe_id,
                    )
                )
        return decisions


def warped(recipe: Recipe, warping: float) -> Recipe:
    """Return a recipe for grids with another strength of warping."""
    if not isinstance(recipe, GridRecipe):
        raise TypeError(
            _("{name} has nothing that could be warped.").format(name=type(recipe).__name__)
        )
    return replace(recipe, warping=warping)


def _twin(candidate: Candidate, state: RaceState) -> Candidate | None:
    """Return the recipe without warping that was trained for the same epochs, if they are due."""
    recipe = candidate.recipe
    if not (isinstance(recipe, GridRecipe) and recipe.normalized):  # images alone
        return None
    if (
        not candidate.epoch
        or candidate.inherited_epochs
        or candidate.epochs_trained(state.epoch) != _EPOCHS
    ):
        return None
    plain = replace(recipe, warping=0.0, flips=0.0)
    twins = [other for other in state.candidates.values() if other.recipe == plain]
    return twins[0] if twins and 0 < recipe.warping < _STRONG_WARPING else None
