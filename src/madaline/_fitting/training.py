"""Training runs a race to its end, or until a time limit, the user or a callback ends it."""

from __future__ import annotations

from collections.abc import Iterator

from madaline._fitting.checkpoint_file import CheckpointFile
from madaline._fitting.time_limit import TimeLimit, TrainingTime
from madaline._race.policies.time_limit import TimeLimitPolicy
from madaline._race.race import Event, Race
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import (
    Interrupted,
    RecipesLeftOut,
    StoppedByCallback,
    TimeLimitReached,
)


class Training:
    """An iterator over the records and decisions of a race (final).

    Parameters
    ----------
    race : Race
        The race, with its backend and executor.
    checkpoint : CheckpointFile
        Where its state is saved, and resumed from.
    limit : TimeLimit, optional
        When the whole fit has to end.

    Attributes
    ----------
    records, decisions : list
        What happened so far.
    """

    def __init__(self, race: Race, checkpoint: CheckpointFile, limit: TimeLimit | None) -> None:
        self.race, self.checkpoint = race, checkpoint
        self.records, self.decisions = checkpoint.resume(race)
        self._limit = limit
        self._time: TrainingTime | None = None
        self._left_out: list[Decision] = []
        self._asked: type[Interrupted] | type[StoppedByCallback] | None = None

    def __iter__(self) -> Iterator[Event]:
        """Train until no recipe improves, or until the end has to come earlier."""
        self.checkpoint.start()
        with self.race.executor:
            self._start_limit()
            while not (self.race.finished or self._has_to_stop or self._lacks_time):
                yield from self._run_epoch()
        yield from self._end()

    def ask_to_stop(self, *, by_callback: bool = False) -> None:
        """End after the present networks, once some recipe has been evaluated on all rows."""
        self._asked = self._asked or (StoppedByCallback if by_callback else Interrupted)

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
        self._time = TrainingTime.of(self._limit, self.race)
        if not self.race.epoch:
            recipes, left_out = len(self.race.candidates), self._time.superfluous()
            self.race.leave_out(left_out)
            facts = 0, "the race", self._limit.seconds, recipes - len(left_out), recipes
            self._left_out = [RecipesLeftOut(*facts)] if left_out else []
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

    def _end(self) -> Iterator[Event]:
        """Yield why training ended, if recipes were still racing."""
        if self.race.finished:
            return
        racing = self.race.state.racing
        facts = self.race.epoch, "the race", self.race.state.best.loss, len(racing)
        if self._asked is not None:
            yield self._noted(self.records[-1], self._asked(*facts))
        elif self._limit is not None:
            decision = TimeLimitReached(*facts, self._limit.seconds)
            yield self._noted(self.records[-1], decision)

    def _noted(self, record: Record, decision: Decision | None) -> Event:
        if decision is None:
            self.records.append(record)
        else:
            self.decisions.append(decision)
        return record, decision
