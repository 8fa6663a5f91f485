"""A time limit on the clock of the wall: when training must end so that the rest has time, too."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

from madaline._race.policies.time_limit import WANTED_EPOCHS
from madaline._race.race import Race
from madaline._race.speed import measure_speed
from madaline.errors import InputError

REST_OF_PREPARATION = 1.5
"""Seconds of what follows the race (pruning, scores, diagnosis), for each second before it."""

REST_OF_OUTPUTS = 3.0
"""How often it computes the outputs of the ensemble for all rows."""

LEAST_REST = 0.75
"""Seconds that it takes beside, as for pruning on a bounded number of rows: of 4,000 rows of
spambase it took 1.2 s, where the other two terms came to .4 s."""

MOST_MEMBERS = 8
"""Recipes of an ensemble, as far as the time for the rest is concerned."""


class TimeLimit:
    """How long a fit may take; the clock starts here (final).

    Parameters
    ----------
    seconds : float
        From now until the model is there.
    clock : callable
        Returns the time in seconds.

    Raises
    ------
    InputError
        If that is no positive number.

    Examples
    --------
    >>> limit = TimeLimit(60)
    >>> limit.seconds_left <= 60
    True
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        if not (isfinite(seconds) and seconds > 0):
            raise InputError(f"time_limit is {seconds}: give a number of seconds, above 0.")
        self.seconds, self.clock = float(seconds), clock
        self._started = clock()

    @property
    def seconds_passed(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._started

    @property
    def seconds_left(self) -> float:
        """Seconds until the end; below zero after it."""
        return self.seconds - self.seconds_passed


@dataclass
class TrainingTime:
    """The part of a time limit that is for training (final).

    Parameters
    ----------
    limit : TimeLimit
        The limit.
    race : Race
        The race.
    preparation : float
        Seconds that went by before training.
    speed : float
        Multiply-adds a second of one worker.
    """

    limit: TimeLimit
    race: Race
    preparation: float
    speed: float
    _started: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, limit: TimeLimit, race: Race) -> TrainingTime:
        """Return the time for a race that begins now."""
        preparation = limit.seconds_passed
        return cls(limit, race, preparation, measure_speed(race, limit.clock))

    def left(self) -> float:
        """Return the seconds that are left for training; below zero if it has to end."""
        return self.limit.seconds_left - self._rest()

    @property
    def allows_epoch(self) -> bool:
        """Whether there is time for another epoch."""
        return self._seconds_of_epoch() <= self.left()

    def superfluous(self) -> list[str]:
        """Return the recipes that should not start, as there is no time for all of them.

        Those that start get at least `WANTED_EPOCHS`, but for the first, which always starts.
        """
        wanted: list[str] = []
        others: list[str] = []
        seconds, left = 0.0, self.left()
        for recipe_id, own in self._seconds_by_recipe().items():
            seconds += own
            enough = WANTED_EPOCHS * seconds <= left
            (others if wanted and not enough else wanted).append(recipe_id)
        return others

    def start_epoch(self) -> None:
        """Note the work and the time before an epoch."""
        self._started = self.race.multiply_adds, self.limit.clock()

    def end_epoch(self) -> None:
        """Correct the speed by that of the epoch."""
        work, started = self._started
        seconds = max(self.limit.clock() - started, 1e-9)
        self.speed = (self.race.multiply_adds - work) / seconds / self.race.executor.n_workers

    def _seconds_of_epoch(self) -> float:
        work = sum(cohort.multiply_adds for cohort in self.race.cohorts)
        return work / self.speed / self.race.executor.n_workers

    def _seconds_by_recipe(self) -> dict[str, float]:
        """Return the seconds of an epoch of each recipe, in the order in which they may start.

        The middle ones of their kind come first: of 23 tables, after four epochs, the loss was
        lowest with 16 bins for one recipe, and for three with one of each encoding.
        """
        own = {
            recipe: (
                _off_center(place, len(cohort.recipes)),
                _off_center(number, len(self.race.cohorts)),
                cohort.multiply_adds / len(cohort.recipes),
            )
            for number, cohort in enumerate(self.race.cohorts)
            for place, recipe in enumerate(cohort.recipes)
        }
        speed = self.speed * self.race.executor.n_workers
        ranked = sorted(self.race.state.racing, key=lambda one: own[one.recipe][:2])
        return {one.recipe_id: own[one.recipe][2] / speed for one in ranked}

    def _rest(self) -> float:
        """Return an estimate of the seconds that what follows the race will take."""
        members = [one for one in self.race.candidates.values() if one.epoch]
        network = (members or list(self.race.candidates.values()))[-1].network
        outputs = self.race.dataset.rows.n_evaluated * network.multiply_adds()
        n_members = min(MOST_MEMBERS, max(1, len(members)))
        work = REST_OF_OUTPUTS * n_members * outputs
        return LEAST_REST + REST_OF_PREPARATION * self.preparation + work / self.speed


def _off_center(place: int, length: int) -> float:
    return abs(place - (length - 1) / 2)
