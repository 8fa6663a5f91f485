"""What a fit has to work with: processors, memory and time. None of it enters a model's file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, final

from madaline.errors import InputError

_MAX_SLOWNESS = 10.0  # of a machine: more is a wait for something else, such as a file
_USUAL_SPEED = 1e10  # multiply-adds a second, before the speed is measured


@final
@dataclass(frozen=True, eq=False)
class Means:
    """What a fit has to work with."""

    n_jobs: int | None = None  # processors; -1 for all
    executor: Any = None  # an address, a client or an `Executor`, that trains instead
    memory_limit: int | str | None = None
    time_limit: TimeLimit | None = None
    checkpoint: Path | None = None  # a fit goes on from its own
    compiled_from: float | None = None  # planned multiply-adds from which on numba trains


@final
class TimeLimit:
    """How long a fit may take; the clock starts here."""

    def __init__(
        self,
        seconds: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        processor: Callable[[], float] = time.process_time,
    ) -> None:
        if not (isfinite(seconds) and seconds > 0):
            raise InputError(
                "time_limit is {seconds}: give a number of seconds, above 0.", seconds=seconds
            )
        self.seconds, self.clock, self._processor = float(seconds), clock, processor
        self._started, self._used = clock(), processor()

    @property
    def seconds_passed(self) -> float:
        """Seconds since the start."""
        return self.clock() - self._started

    @property
    def seconds_left(self) -> float:
        """Seconds until the end; below zero after it."""
        return self.seconds - self.seconds_passed

    @property
    def slowness(self) -> float:
        """Seconds that went by for each one of the processor: more than one on a busy machine."""
        used = max(self._processor() - self._used, 1e-9)
        return min(max(1.0, self.seconds_passed / used), _MAX_SLOWNESS)

    @property
    def affordable_work(self) -> float:
        """About how many multiply-adds one worker can do until the end."""
        return _USUAL_SPEED * max(0.0, self.seconds_left) / self.slowness
