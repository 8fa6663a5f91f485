"""Training runs a race to its end, or until a time limit, the user or a callback ends it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import final

import numpy as np

from madaline._models.fitting.means import TimeLimit
from madaline._race.checkpoint import CheckpointFile
from madaline._race.race import Event, Race, measure_speed
from madaline._race.stopping_policies import WANTED_EPOCHS, TimeLimitPolicy
from madaline._race.trees.racing import first_answer, race_trees
from madaline.records import race_decisions as decisions
from madaline.records.decision import Decision
from madaline.records.history import Record

# What follows the race (pruning, scores, diagnosis) takes so many seconds for each one before it,
# and as long as the outputs of an ensemble of at most so many recipes, computed so often, and so
# many seconds of the processor beside, as for pruning on a bounded number of rows: of 4,000 rows of
# spambase it took 1.2 s, where the other two terms came to .4 s.
_REST_OF_PREPARATION, _REST_OF_OUTPUTS, _MAX_MEMBERS, _MIN_REST = 1.5, 3.0, 8, 0.75

_SHARE_OF_ANSWER = 0.7  # of the time that is left a first answer may take, at most


@final
class TrainingRun:
    """An iterator over the records and decisions of a race, which it collects."""

    def __init__(
        self,
        race: Race,
        checkpoint: CheckpointFile,
        limit: TimeLimit | None,
        # whether there is memory for so many bytes, where trees race, too
        trees_allowed: Callable[[int], bool] | None = None,
        preparation: float = 0.0,  # seconds that encoding, leaks and the like took
    ) -> None:
        self.race, self.checkpoint, self._trees_allowed = race, checkpoint, trees_allowed
        self.records, self.decisions = checkpoint.resume(race)
        self._limit, self._preparation = limit, preparation
        self._time: _TrainingTime | None = None
        self._left_out: list[Decision] = []
        self._cut_short = False  # whether trees would have grown on
        self._tree_work, self._trees_asked = 0.0, 0.0  # of the trees that grew last, and since when
        self._asked: type[decisions.Interrupted] | type[decisions.StoppedByCallback] | None = None

    def __iter__(self) -> Iterator[Event]:
        """Train until no recipe improves, or until the end has to come earlier."""
        self.checkpoint.start()
        with self.race.executor:
            yield from self._answer_first()
            self._start_limit()
            while not (self.race.finished or self._has_to_stop or self._lacks_time):
                yield from self._run_epoch()
            if self.race.finished and self._trees_allowed is not None:
                allows, self._trees_allowed = self._trees_allowed, None  # once
                first, self.race.first = self.race.first, None  # trees of all rows are better
                for event in race_trees(self.race, self._lacks_time_for, allows):
                    yield self._noted(*event)
                if self._cut_short:
                    self.race.first = first
        yield from self._end()

    def is_late(self, share: float) -> bool:
        """Return whether less than a share of the time for what follows training is left."""
        return self._time is not None and self._time.left(share) < 0

    def ask_to_stop(self, *, by_callback: bool = False) -> None:
        """End after the present networks, once some recipe has been evaluated on all rows."""
        self._asked = self._asked or (
            decisions.StoppedByCallback if by_callback else decisions.Interrupted
        )

    def _answer_first(self) -> Iterator[Event]:
        """Grow trees of the sample of a large table, which stand until networks are better."""
        if self.race.epoch or self._trees_allowed is None:
            return
        affordable = np.inf
        if self._limit is not None:
            workers = self.race.executor.n_workers
            affordable = _SHARE_OF_ANSWER * workers * self._limit.affordable_work
        first = self.race.first = first_answer(self.race, self._trees_allowed, affordable)
        if first is not None and first.record is not None:
            yield self._noted(first.record, decisions.FirstAnswer(0, first.name, first.loss))

    def _run_epoch(self) -> Iterator[Event]:
        if self._time is not None:
            self._time.start_epoch()
        for event in self.race.run_epoch(lambda: self._has_to_stop):
            yield self._noted(*event)
        while self._left_out:
            yield self._noted(self.records[-1], self._left_out.pop())
        if self._has_to_stop:
            return
        if self._time is not None:
            self._time.end_epoch()
        self.checkpoint.save_if_due(self.race, self.records, self.decisions)

    def _start_limit(self) -> None:
        """Leave out recipes for which a time limit leaves no time, and drop others as it nears."""
        if self._limit is None or self.race.finished:
            return
        self._time = _TrainingTime.of(self._limit, self.race, self._preparation)
        if not self.race.epoch:
            recipes, left_out = len(self.race.candidates), self._time.superfluous()
            self.race.leave_out(left_out)
            facts = 0, "the race", self._limit.seconds, recipes - len(left_out), recipes
            self._left_out = [decisions.RecipesLeftOut(*facts)] if left_out else []
        policy = TimeLimitPolicy(self._time.left, self._limit.clock)
        self.race.extra_policies = (policy,)

    @property
    def _has_to_stop(self) -> bool:
        """Whether the epoch must end: there is a result, and the end is asked for or due."""
        if self._asked is None and (self._time is None or self._time.left() > 0):
            return False
        return self.race.evaluated

    @property
    def _lacks_time(self) -> bool:
        """Whether the next epoch would take longer than there is time."""
        return self._time is not None and self.race.evaluated and not self._time.allows_epoch

    def _lacks_time_for(self, work: float, networks: int) -> bool:
        """Return whether trees must not grow on, for so many multiply-adds; remember that.

        Trees that grew tell how long others take; the first ones, the speed of networks.
        """
        late = False
        if self._time is not None:
            now, workers = self._time.limit.clock(), min(networks, self.race.executor.n_workers)
            seconds = work / workers / self._time.speed
            if self._tree_work:
                seconds = work / workers * (now - self._trees_asked) / self._tree_work
            self._tree_work, self._trees_asked = work / workers, now
            late = seconds > self._time.left()
        self._cut_short = self._has_to_stop or late
        return self._cut_short

    def _end(self) -> Iterator[Event]:
        """Yield why training ended, if recipes were still racing, or trees growing."""
        if self.race.finished and not self._cut_short:
            return
        first, state = self.race.first, self.race.state
        if first is not None and first.record is not None and not self.records:
            yield self._noted(first.record, None)  # the only networks
        loss = state.best.loss if first is None else min(state.best.loss, first.loss)
        facts = self.race.epoch, "the race", loss, len(state.racing)
        if self._asked is not None:
            yield self._noted(self.records[-1], self._asked(*facts))
        elif self._limit is not None:
            decision = decisions.TimeLimitReached(*facts, self._limit.seconds)
            yield self._noted(self.records[-1], decision)
            if self._trees_allowed is not None and first is None:
                why = "there is no time for them"
                yield self._noted(
                    self.records[-1], decisions.TreesLeftOut(facts[0], "boosted trees", why)
                )

    def _noted(self, record: Record, decision: Decision | None) -> Event:
        if decision is None:
            self.records.append(record)
        else:
            self.decisions.append(decision)
        return record, decision


@final
@dataclass
class _TrainingTime:
    limit: TimeLimit
    race: Race
    preparation: float  # seconds that went by before training
    slowness: float  # as it was then
    speed: float  # multiply-adds a second of one worker
    _started: tuple[float, float] = (0.0, 0.0)

    @classmethod
    def of(cls, limit: TimeLimit, race: Race, preparation: float) -> _TrainingTime:
        """Return the time for a race that begins now."""
        return cls(limit, race, preparation, limit.slowness, measure_speed(race, limit.clock))

    def left(self, share: float = 1.0) -> float:
        """Return the seconds that are left for training; below zero if it has to end.

        What follows training gets a share of the time that it takes.
        """
        return self.limit.seconds_left - share * self._rest()

    @property
    def allows_epoch(self) -> bool:
        """Whether there is time for another epoch."""
        work = sum(cohort.multiply_adds for cohort in self.race.cohorts)
        return work / self.speed / self.race.executor.n_workers <= self.left()

    def superfluous(self) -> list[str]:
        """Return the recipes that should not start, as there is no time for all of them.

        Those that start get at least `WANTED_EPOCHS`, but for the first, which always starts.
        """
        by_recipe = self._seconds_by_recipe()
        left, seconds = self.left(), np.cumsum([*by_recipe.values()])
        return [
            recipe_id
            for number, recipe_id in enumerate(by_recipe)
            if number and WANTED_EPOCHS * seconds[number] > left
        ]

    def start_epoch(self) -> None:
        """Note the work and the time before an epoch."""
        self._started = self.race.multiply_adds, self.limit.clock()

    def end_epoch(self) -> None:
        """Correct the speed by that of the epoch."""
        work, started = self._started
        seconds = max(self.limit.clock() - started, 1e-9)
        self.speed = (self.race.multiply_adds - work) / seconds / self.race.executor.n_workers

    def _seconds_by_recipe(self) -> dict[str, float]:
        """Return the seconds of an epoch of each recipe, in the order in which they may start.

        The middle ones of their kind come first: of 23 tables, after four epochs, the loss was
        lowest with 16 bins for one recipe, and for three with one of each encoding.
        """
        facts = {
            recipe: (
                _off_center(place, len(cohort.recipes)),
                _off_center(number, len(self.race.cohorts)),
                cohort.multiply_adds / len(cohort.recipes),
            )
            for number, cohort in enumerate(self.race.cohorts)
            for place, recipe in enumerate(cohort.recipes)
        }
        speed = self.speed * self.race.executor.n_workers
        ranked = sorted(self.race.state.racing, key=lambda candidate: facts[candidate.recipe][:2])
        return {candidate.recipe_id: facts[candidate.recipe][2] / speed for candidate in ranked}

    def _rest(self) -> float:
        """Return an estimate of the seconds that what follows the race will take."""
        members = [candidate for candidate in self.race.candidates.values() if candidate.epoch]
        network = (members or list(self.race.candidates.values()))[-1].network
        outputs = self.race.dataset.rows.n_evaluated * network.multiply_adds()
        n_members = min(_MAX_MEMBERS, max(1, len(members)))
        work = _REST_OF_OUTPUTS * n_members * outputs
        fixed = _MIN_REST * self.slowness + _REST_OF_PREPARATION * self.preparation
        return fixed + work / self.speed


def _off_center(place: int, length: int) -> float:
    return abs(place - (length - 1) / 2)


@contextmanager
def first_interrupt(stop: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Call a function at the first interrupt in this block; the second raises KeyboardInterrupt.

    An exception in the midst of an epoch would leave a race in an undefined state. Where interrupts
    do not raise KeyboardInterrupt (they are ignored, or another program handles them), and in
    threads, which get none, nothing changes. What is yielded raises KeyboardInterrupt again if the
    second one was lost: Python ignores exceptions in finalizers, such as those of temporary files.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield lambda: None
        return

    again: list[int] = []

    def handle(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        signal.signal(signal.SIGINT, handle_again)
        stop()

    def handle_again(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
        again.append(number)
        raise KeyboardInterrupt

    def check() -> None:
        if again:
            raise KeyboardInterrupt

    signal.signal(signal.SIGINT, handle)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
