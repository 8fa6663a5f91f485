"""Where time is short, recipes that lose are dropped early, so that the others get some epochs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from madaline._race.policies.policy import Policy
from madaline._race.policies.selection import best_first, ensemble_weights
from madaline._race.state import RaceState
from madaline.records.race_decisions import DroppedForTime

WANTED_EPOCHS = 4
"""Epochs that should be left for each racing recipe."""


@dataclass
class TimeLimitPolicy(Policy):
    """Drop as many recipes as it takes to leave the others `WANTED_EPOCHS`.

    The only policy whose decisions depend on the clock.

    Parameters
    ----------
    seconds_left : callable
        Returns the seconds that are left for training.
    clock : callable
        Returns the time in seconds.
    """

    seconds_left: Callable[[], float]
    clock: Callable[[], float] = time.monotonic
    _decided: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock of the first epoch."""
        self._decided = self.clock()

    def decide(self, state: RaceState) -> list[DroppedForTime]:
        """Return a drop for every recipe that loses and for which there is no time."""
        before, self._decided = self._decided, self.clock()
        racing = [one for one in state.racing if one.epoch]
        left = max(0.0, self.seconds_left())
        affordable = len(racing) * left / max(1e-9, (self._decided - before) * WANTED_EPOCHS)
        keep = max(1, int(affordable))
        if len(racing) <= keep:
            return []
        weights = ensemble_weights(state)
        ranked = best_first(racing, weights)
        return [
            DroppedForTime(
                state.epoch,
                one.name,
                one.loss,
                ranked[0].loss,
                weights[one.key],
                left,
                recipe_id=one.recipe_id,
            )
            for one in ranked[keep:]
        ]
