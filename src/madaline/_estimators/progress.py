"""What a fit prints in a notebook or a terminal: one line that is drawn over and over."""

from __future__ import annotations

import sys
import time
from typing import Protocol, TextIO

from madaline._words import count
from madaline.records.decision import Decision
from madaline.records.history import Record

SECONDS_OF_LOG = 10.0
"""Seconds between two lines where a line cannot be drawn over, as in a file."""


class Progress(Protocol):
    """Shows the events of a fit."""

    def show(self, record: Record, decision: Decision | None) -> None:
        """Show an event."""

    def close(self) -> None:
        """Show the end."""


class Silence:
    """Shows nothing (final)."""

    def show(self, record: Record, decision: Decision | None) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing."""


class ProgressLine:
    """Shows epoch, recipes, loss and time in one line of standard output (final).

    Parameters
    ----------
    stream : text stream
        Where to write.
    decisions : bool
        Whether to write a line for each decision, too.
    """

    def __init__(self, stream: TextIO, *, decisions: bool) -> None:
        self.stream, self.decisions = stream, decisions
        self._redraws = stream.isatty() or "ipykernel" in sys.modules
        self._started = self._written = time.monotonic()
        self._losses: dict[str, float] = {}
        self._latest: Record | None = None
        self._width = 0

    def show(self, record: Record, decision: Decision | None) -> None:
        """Show an event."""
        if decision is not None:
            if self.decisions:
                self._clear()
                line = f"epoch {decision.epoch}: {decision.subject}: {decision.sentence}"
                print(line, file=self.stream, flush=True)
            return
        self._losses[record.recipe_id] = record.best_loss
        self._latest = record
        now = time.monotonic()
        if self._redraws:
            self._draw()
        elif now - self._written >= SECONDS_OF_LOG:
            print(self._line(), file=self.stream, flush=True)
            self._written = now

    def close(self) -> None:
        """Leave the last state, on a line of its own."""
        self._clear()
        print(self._line(), file=self.stream, flush=True)

    def _line(self) -> str:
        seconds = f"{time.monotonic() - self._started:.0f} s"
        if self._latest is None:
            return seconds
        return " · ".join(
            (
                f"epoch {self._latest.epoch}",
                f"{count(self._latest.racing, 'recipe')} racing",
                f"validation loss {min(self._losses.values()):.4f}",
                seconds,
            )
        )

    def _draw(self) -> None:
        line = self._line()
        self.stream.write("\r" + line.ljust(self._width))
        self.stream.flush()
        self._width = len(line)

    def _clear(self) -> None:
        if self._width:
            self.stream.write("\r" + " " * self._width + "\r")
            self._width = 0


def choose_progress(verbose: int) -> Progress:
    """Return what shows a fit: nothing, a line, or a line and every decision.

    Parameters
    ----------
    verbose : int
        0, 1, or 2.
    """
    if not verbose or sys.stdout is None:
        return Silence()
    return ProgressLine(sys.stdout, decisions=verbose > 1)
