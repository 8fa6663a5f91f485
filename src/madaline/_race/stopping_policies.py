"""A policy looks at the state of the race and proposes decisions; the race carries them out."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from math import isfinite

from madaline._race.state import Candidate, RaceState
from madaline.errors import MadalineError
from madaline.records import race_decisions as decisions
from madaline.records.decision import Decision


class Policy(ABC):
    """One rule of adaptive training. Policies do not know one another."""

    @abstractmethod
    def decide(self, state: RaceState) -> Sequence[Decision]:
        """Return what should be done to recipes of the race, whose state must not be changed."""


@dataclass(frozen=True)
class StoppingPolicy(Policy):
    """Stop recipes whose out-of-fold loss is flat, unless they still improve the ensemble.

    The loss is watched, not the score: it moves earlier and in smaller steps. A tie is no
    improvement. If the ensemble gains, a snapshot of the recipe's networks is kept for it.
    """

    patience: int  # epochs without improvement after which a recipe is flat
    # the same for recipes that continued from another's best epoch: they start near their own
    patience_of_copies: int
    epochs: int  # for how many epochs a network may be trained, at most
    least_gain: float  # by what share of its loss the ensemble must gain; 1 never keeps anything

    def decide(self, state: RaceState) -> Sequence[Decision]:
        """Return a stop for every racing recipe that was trained as long as it may or is flat.

        A flat recipe that improves the ensemble is not stopped: a snapshot of it is kept.
        """
        racing = state.racing
        solved = [candidate for candidate in racing if candidate.recipe.solved and candidate.epoch]
        if solved:
            return [
                decisions.Solved(*state.facts(candidate), recipe_id=candidate.recipe_id)
                for candidate in solved
            ]
        late = [
            candidate
            for candidate in racing
            if candidate.epochs_trained(state.epoch) >= self.epochs
        ]
        flat = [candidate for candidate in racing if self._is_flat(candidate, state.epoch)]
        kept = self._snapshots(state, [candidate for candidate in flat if candidate not in late])
        return [
            *(
                decisions.EpochLimitReached(
                    *state.facts(candidate), self.epochs, recipe_id=candidate.recipe_id
                )
                for candidate in late
                if candidate not in flat
            ),
            *(_stop(candidate, state) for candidate in flat if candidate.key not in kept),
            *kept.values(),
        ]

    def _snapshots(
        self, state: RaceState, flat: Sequence[Candidate]
    ) -> dict[str, decisions.SnapshotKept]:
        """Return the snapshots of flat recipes that improve the ensemble, by the recipe's key."""
        hopeful = [candidate for candidate in flat if self._may_help(candidate)]
        before = state.ensemble_loss() if hopeful else 0.0
        losses = [state.ensemble_loss(candidate.latest_output) for candidate in hopeful]
        return {
            candidate.key: decisions.SnapshotKept(
                *state.facts(candidate),
                candidate.epoch,
                after,
                before,
                recipe_id=candidate.recipe_id,
            )
            for candidate, after in zip(hopeful, losses, strict=True)
            if after < (1 - self.least_gain) * before
        }

    def _is_flat(self, candidate: Candidate, epoch: int) -> bool:
        patience = self.patience_of_copies if candidate.inherited_epochs else self.patience
        since = max(candidate.improved, candidate.entered, candidate.snapshot_epoch)
        return epoch - since >= patience

    def _may_help(self, candidate: Candidate) -> bool:
        return self.least_gain < 1 and candidate.epoch > 0 and isfinite(candidate.latest_loss)


def _stop(candidate: Candidate, state: RaceState) -> decisions.Stopped:
    parent = state.candidates.get(candidate.parent_id)
    before = None if parent is None else parent.loss
    since = max(candidate.epoch, candidate.entered)
    slow = state.epoch - candidate.improved if candidate.improved < candidate.epoch else 0
    return decisions.Stopped(
        *state.facts(candidate), since, before, slow, recipe_id=candidate.recipe_id
    )


@dataclass(frozen=True)
class SelectionPolicy(Policy):
    """At a few cuts, keep the recipes with the largest weights in the best ensemble of all.

    A recipe that is worse alone may still improve an ensemble, because it errs elsewhere. The
    single best recipe always stays, and so do those that joined later. The best epoch of a dropped
    recipe may still be part of the final ensemble.
    """

    cuts: tuple[tuple[int, int], ...]  # after which epochs recipes are dropped, and how many stay

    def decide(self, state: RaceState) -> list[decisions.Dropped]:
        """Return a drop for every recipe that loses if this epoch is a cut."""
        keep = dict(self.cuts).get(state.epoch)
        racing = [candidate for candidate in state.racing if not candidate.entered]
        if keep is None or len(racing) <= keep:
            return []
        return [
            decisions.Dropped(*facts, recipe_id=candidate.recipe_id)
            for candidate, facts in _losers(state, racing, keep)
        ]


def _losers(
    state: RaceState, racing: Sequence[Candidate], keep: int
) -> Iterator[tuple[Candidate, tuple[int, str, float, float, float]]]:
    """Yield all but the single best recipe and those of the largest weights in the best ensemble.

    Each comes with what a `Dropped` tells of it.
    """
    weights = ensemble_weights(state)
    best = min(racing, key=lambda candidate: candidate.loss)
    ranked = sorted(
        racing,
        key=lambda candidate: (candidate is not best, -weights[candidate.key], candidate.loss),
    )
    for candidate in ranked[keep:]:
        yield candidate, (*state.facts(candidate), best.loss, weights[candidate.key])


def ensemble_weights(state: RaceState) -> dict[str, float]:
    """Return the weight of each candidate, by its key, in the best ensemble of all."""
    able = state.able
    if not able:
        raise MadalineError(
            "No network could be trained: all losses are infinite. Look for extreme numbers in the"
            " table or its target, and take their logarithm or clip them."
        )
    weights = state.dataset.best_weights([candidate.output for candidate in able])
    return {candidate.key: float(weight) for candidate, weight in zip(able, weights, strict=True)}


WANTED_EPOCHS = 4  # epochs that should be left for each racing recipe


@dataclass
class TimeLimitPolicy(Policy):
    """Drop as many recipes as it takes to leave the others `WANTED_EPOCHS`.

    The only policy whose decisions depend on the clock.
    """

    seconds_left: Callable[[], float]  # returns the seconds that are left for training
    clock: Callable[[], float] = time.monotonic  # returns the time in seconds
    _decided: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock of the first epoch."""
        self._decided = self.clock()

    def decide(self, state: RaceState) -> list[decisions.DroppedForTime]:
        """Return a drop for every recipe that loses and for which there is no time."""
        before, self._decided = self._decided, self.clock()
        racing = [candidate for candidate in state.racing if candidate.epoch]
        left = max(0.0, self.seconds_left())
        affordable = len(racing) * left / max(1e-9, (self._decided - before) * WANTED_EPOCHS)
        keep = max(1, int(affordable))
        if len(racing) <= keep:
            return []
        return [
            decisions.DroppedForTime(*facts, left, recipe_id=candidate.recipe_id)
            for candidate, facts in _losers(state, racing, keep)
        ]
