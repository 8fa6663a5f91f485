"""A race that a page drives: it trains for one epoch whenever it is asked to, and never else."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import final

from madaline._apps.playground.lanes import RaceLog
from madaline._apps.playground.plane import Plane
from madaline._models.fitting import Fitting
from madaline._models.model import FittedModel
from madaline._race.race import Event
from madaline.errors import MadalineError
from madaline.records.decision import Decision
from madaline.records.model_decisions import (
    Calibrated,
    Pruned,
    QuantilesMoved,
    ThresholdChosen,
)
from madaline.records.race_decisions import RaceEnded, TreesCompared, TreesLeftOut

_AFTER_RACE = (
    Calibrated,
    Pruned,
    QuantilesMoved,
    RaceEnded,
    ThresholdChosen,
    TreesCompared,
    TreesLeftOut,
)
"""Decisions on what is left when no recipe trains any more."""


@final
class RaceRun:
    """A fit in steps: one for each epoch, and a last one for trees, pruning and calibration.

    Examples
    --------
    >>> import numpy as np
    >>> from madaline._tables.table import Table
    >>> from madaline._models.fitting.training_data import Roles
    >>> from madaline._models.request import FitRequest
    >>> x = np.linspace(-1, 1, 60)
    >>> request = FitRequest(seed=0, effort=2, members="networks")
    >>> run = RaceRun(Fitting(request, Table({"x": x}), Roles(x**2)).prepare())
    >>> run.advance()
    >>> sorted({event["epoch"] for event in run.log.events if event["kind"] == "loss"})
    [1]
    """

    def __init__(self, fitting: Fitting, plane: Plane | None = None) -> None:
        self.fitting = fitting
        self.plane = plane
        self.log = RaceLog(fitting, plane=plane)
        self.model: FittedModel | None = None  # once there is one
        self._events: Iterator[Event] = iter(fitting)
        self._next: Event | None = None  # that belongs to the next step
        self._raced = False
        self._lock = Lock()  # of a request that took too long, the step goes on

    def advance(self) -> None:
        """Take the next step; do nothing after the last one.

        Where an epoch ends shows in the first event of the next one: its first networks have been
        trained by then, but none of it is told yet.
        """
        with self._lock:
            if self.log.ended:
                return
            try:
                if not self._take_step():
                    self.model = self.fitting.model()
                    self.log.end(self.model)
            except MadalineError as error:  # such as networks that all diverged
                self.log.fail(str(error))

    def _take_step(self) -> bool:
        """Take in the events of a step; return whether there are more."""
        epoch = None if self._next is None else self._next[0].epoch
        event = self._next or next(self._events, None)
        while event is not None:
            record, decision = event
            later = decision is None and epoch is not None and record.epoch > epoch
            if later or self._ends_race(decision):
                self._next = event
                return True
            self.log.take(record, decision)
            epoch = record.epoch if epoch is None else epoch
            event = next(self._events, None)
        return False

    def _ends_race(self, decision: Decision | None) -> bool:
        """Return whether a decision is the first one after the race."""
        if self._raced or not isinstance(decision, _AFTER_RACE):
            return False
        self._raced = True
        return True
