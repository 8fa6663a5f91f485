"""The display of a running fit: a live leaderboard on a terminal, otherwise a line per event."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from math import isfinite
from typing import Any, Self, TextIO

from madaline.cli.leaderboard import Leaderboard
from madaline.cli.output import paragraph, printable, say
from madaline.records.decision import Decision
from madaline.records.record import Record
from madaline.words import work

NOTABLE_EPOCHS = (1, 2, 5)
"""After these epochs, and then after every tenth, a line shows the best loss."""

BARS = "▁▂▃▄▅▆▇█"
HISTORY = 16
"""Epochs that a recipe's small curve shows."""


class Progress(AbstractContextManager["Progress"], ABC):
    """A display that gets every event of a fit (abstract)."""

    @abstractmethod
    def show(self, record: Record, decision: Decision | None) -> None:
        """Show one event."""

    def __enter__(self) -> Self:
        """Start to show."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave the terminal as it was."""


def choose_progress(*, quiet: bool) -> Progress:
    """Return the display that suits standard error.

    Parameters
    ----------
    quiet : bool
        Whether to show nothing.
    """
    if quiet or sys.stderr is None:
        return Silence()
    return LiveLeaderboard() if can_redraw(sys.stderr) else EventLines(sys.stderr)


def can_redraw(stream: TextIO) -> bool:
    """Whether a stream ends at a terminal that can draw over its own lines."""
    return (
        stream.isatty()
        and os.environ.get("TERM", "") not in ("", "dumb", "unknown")
        and "CI" not in os.environ
        and "utf" in (stream.encoding or "").lower()
        and _has_rich()
    )


class Silence(Progress):
    """Shows nothing (final)."""

    def show(self, record: Record, decision: Decision | None) -> None:
        """Do nothing."""


class EventLines(Progress):
    """Writes a line for each decision, and now and then for the best loss (final).

    Parameters
    ----------
    stream : text stream
        Where to write.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self.board = Leaderboard()
        self.shown = float("inf")

    def show(self, record: Record, decision: Decision | None) -> None:
        """Write a line for a decision, or for a new best loss at some epochs."""
        if decision is not None:
            self.board.note(decision)
            say(decision_line(decision), self.stream)
            return
        self.board.add(record)
        if self.board.is_complete(record):
            self._write_best()

    def __exit__(self, *failure: object) -> None:
        """Write the best loss after the last epoch."""
        if not any(failure):
            self._write_best(always=True)

    def _write_best(self, always: bool = False) -> None:
        epoch = self.board.epoch
        notable = epoch in NOTABLE_EPOCHS or epoch % 10 == 0
        if not self.board.entries or not (notable or always):
            return
        best = self.board.best
        if best.best_loss < self.shown:
            self.shown = best.best_loss
            line = f"epoch {epoch:>3}  best loss {best.best_loss:.4f}  {best.recipe}"
            n_racing = len(self.board.racing)
            say(f"{line}  ({n_racing} racing)" if n_racing else line, self.stream)


class LiveLeaderboard(Progress):
    """Redraws the racing recipes, with the decisions above them (final)."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self.board = Leaderboard()
        self.spinner = Spinner("dots")
        console = Console(stderr=True, highlight=False)
        self.live = Live(self.spinner, console=console, transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        """Start to draw."""
        self.live.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Erase the leaderboard; the decisions stay."""
        self.live.stop()

    def show(self, record: Record, decision: Decision | None) -> None:
        """Print a decision, or draw the race after a whole epoch."""
        from rich.text import Text

        if decision is not None:
            self.board.note(decision)
            self.live.console.print(Text(printable(decision_line(decision))))
        else:
            self.board.add(record)
        if decision is not None or self.board.is_complete(record):
            self.live.update(self._picture())

    def _picture(self) -> Any:
        from rich.console import Group

        status = f" epoch {self.board.epoch}, {work(self.board.multiply_adds)}"
        self.spinner.update(text=status)
        return Group(_table(self.board), self.spinner)


def decision_line(decision: Decision) -> str:
    """Return a decision as a sentence, wrapped to the page."""
    start = f"epoch {decision.epoch:>3}  "
    words = f"{decision.action} {decision.subject}: {decision.sentence}"
    return paragraph(printable(words), first=start)


def curve(losses: list[float], low: float, high: float) -> str:
    """Return the latest losses as small bars between two bounds.

    Examples
    --------
    >>> curve([1.0, 0.5, 0.0, float("inf")], 0.0, 1.0)
    '█▅▁█'
    """
    steps = (len(BARS) - 1) / (high - low or 1.0)
    return "".join(
        BARS[round(steps * (loss - low)) if isfinite(loss) else -1] for loss in losses[-HISTORY:]
    )


def _table(board: Leaderboard) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("recipe", no_wrap=True)
    table.add_column("best loss", justify="right", no_wrap=True)
    table.add_column("at epoch", justify="right", no_wrap=True)
    table.add_column("loss by epoch", no_wrap=True, min_width=HISTORY)
    racing = board.racing
    recent = [loss for entry in racing for loss in entry.losses[-HISTORY:] if isfinite(loss)]
    low, high = min(recent, default=0.0), max(recent, default=0.0)  # one scale for all curves
    for entry in racing:
        style = "bold green" if entry is racing[0] else ""
        losses = curve(entry.losses, low, high)
        cells = (entry.recipe, f"{entry.best_loss:.4f}", str(entry.best_epoch), losses)
        table.add_row(*(Text(printable(cell)) for cell in cells), style=style)
    return table


def _has_rich() -> bool:
    try:
        import rich.live  # noqa: F401
    except ImportError:
        return False
    return True
