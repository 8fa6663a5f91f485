"""When a recipe has not improved for a while, more epochs would only fit noise: stop it.

But noise that is fitted by one network may cancel in the mean of many. So a recipe that is flat by
itself goes on while its present networks improve the ensemble.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from madaline._race.policies.policy import Policy
from madaline._race.state import Candidate, RaceState
from madaline.records.decision import Decision
from madaline.records.race_decisions import EpochLimitReached, SnapshotKept, Solved, Stopped


@dataclass(frozen=True)
class StoppingPolicy(Policy):
    """Stop recipes whose out-of-fold loss is flat, unless they still improve the ensemble.

    The loss is watched, not the score: it moves earlier and in smaller steps. A tie is no
    improvement. If the ensemble gains, a snapshot of the recipe's networks is kept for it.

    Parameters
    ----------
    patience : int
        Epochs without improvement after which a recipe is flat.
    patience_of_copies : int
        The same for recipes that continued from another's best epoch: they start near their own.
    epochs : int
        For how many epochs a network may be trained, at most.
    least_gain : float
        By what share of its loss the ensemble must gain; 1 never keeps anything.
    """

    patience: int
    patience_of_copies: int
    epochs: int
    least_gain: float

    def decide(self, state: RaceState) -> Sequence[Decision]:
        """Return a stop for every racing recipe that was trained as long as it may or is flat.

        A flat recipe that improves the ensemble is not stopped: a snapshot of it is kept.
        """
        solved = [one for one in state.racing if one.recipe.solved and one.epoch]
        if solved:
            return [
                Solved(state.epoch, one.name, one.loss, recipe_id=one.recipe_id) for one in solved
            ]
        late = [one for one in state.racing if one.epochs_trained(state.epoch) >= self.epochs]
        flat = [one for one in state.racing if self._is_flat(one, state.epoch)]
        hopeful = [one for one in flat if one not in late and self._may_help(one)]
        before = state.ensemble_loss() if hopeful else 0.0
        after = {one.key: state.ensemble_loss(one.latest_output) for one in hopeful}
        kept = [one for one in hopeful if after[one.key] < (1 - self.least_gain) * before]
        return [
            *(
                EpochLimitReached(
                    state.epoch, one.name, one.loss, self.epochs, recipe_id=one.recipe_id
                )
                for one in late
                if one not in flat
            ),
            *(_stop(one, state) for one in flat if one not in kept),
            *(
                SnapshotKept(
                    state.epoch,
                    one.name,
                    one.loss,
                    one.epoch,
                    after[one.key],
                    before,
                    recipe_id=one.recipe_id,
                )
                for one in kept
            ),
        ]

    def _is_flat(self, candidate: Candidate, epoch: int) -> bool:
        patience = self.patience_of_copies if candidate.inherited_epochs else self.patience
        since = max(candidate.epoch, candidate.entered, candidate.snapshot_epoch)
        return epoch - since >= patience

    def _may_help(self, candidate: Candidate) -> bool:
        return self.least_gain < 1 and candidate.epoch > 0 and isfinite(candidate.latest_loss)


def _stop(one: Candidate, state: RaceState) -> Stopped:
    parent = state.candidates.get(one.parent_id)
    before = None if parent is None else parent.loss
    since = max(one.epoch, one.entered)
    return Stopped(state.epoch, one.name, one.loss, since, before, recipe_id=one.recipe_id)
