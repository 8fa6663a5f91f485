"""How long something takes, how much memory it needs, and what the machine could do at most."""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

SIDE = 1024
"""Rows and columns of the square matrices whose product says how fast the machine is."""


@dataclass(frozen=True)
class Seconds:
    """How long something took: on the wall's clock, and of all processors together."""

    wall: float
    cpu: float

    def __truediv__(self, count: float) -> Seconds:
        """Return the time of one of so many."""
        return Seconds(self.wall / count, self.cpu / count)

    def of(self, threads: int) -> float:
        """Return the seconds that count: of the processor with one thread, of the wall with more.

        Processor seconds of one thread hardly change where other processes want the machine, too;
        of several threads they would hide that one waits for another.
        """
        return self.cpu if threads == 1 else self.wall


def timed(function: Callable[[], Any]) -> Seconds:
    """Return how long a call takes."""
    cpu, wall = processor_seconds(), time.perf_counter()
    function()
    return Seconds(time.perf_counter() - wall, processor_seconds() - cpu)


def processor_seconds() -> float:
    """Return the processor time of this process and of those that worked for it and have ended."""
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + others.ru_utime + others.ru_stime


def timed_often(function: Callable[[], Any], seconds: float, *, count: int = 0) -> Seconds:
    """Return how long a call takes, in the mean of `count`, or of as many as fill the seconds."""
    count = count or calls_in(function, seconds)
    return timed(lambda: [function() for _ in range(count)]) / count


def calls_in(function: Callable[[], Any], seconds: float) -> int:
    """Return how many calls fill so many seconds, at least one."""
    return max(1, round(seconds / max(1e-7, timed(function).wall)))


def matrix_rate(threads: int, products: int = 8) -> float:
    """Return multiply-adds a second of a large float32 matrix product (sgemm) in NumPy."""
    left = np.random.default_rng(0).random((SIDE, SIDE), dtype=np.float32)
    out = np.empty_like(left)
    seconds = [
        timed(lambda: np.matmul(left, left, out=out)).of(threads) for _ in range(products + 1)
    ]
    return float(SIDE**3 / median(seconds[1:]))


class PeakMemory:
    """How much more memory than now is needed at most, in bytes.

    Linux can forget its high-water mark, so that what was needed before does not count. Elsewhere
    only what goes beyond all that was needed so far is seen.
    """

    def __init__(self) -> None:
        self._status = Path("/proc/self/status")
        try:
            Path("/proc/self/clear_refs").write_text("5")
            self._start = self._read("VmRSS")
        except OSError:
            self._status = None
            self._start = _largest_so_far()

    def bytes(self) -> int:
        """Return the most that was needed since, beyond what was needed then."""
        return (self._read("VmHWM") if self._status else _largest_so_far()) - self._start

    def _read(self, name: str) -> int:
        lines = dict(line.split(":", 1) for line in self._status.read_text().splitlines())
        return 1024 * int(lines[name].split()[0])


def _largest_so_far() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
