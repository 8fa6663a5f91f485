"""The display of a running fit: a live leaderboard on a terminal, otherwise a line now and then."""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from typing import Any, Self, TextIO

from madaline._cli.clock import Clock
from madaline._cli.leaderboard import Leaderboard
from madaline._cli.output import paragraph, printable, say
from madaline._words import count, duration, loss_text
from madaline.records.decision import Decision
from madaline.records.history import Record

DECISIONS, EPOCHS = 1, 2
"""From these levels of verbosity on, every decision and every epoch is a line."""

LEAST_PAUSE, LONGEST_PAUSE = 10.0, 300.0
"""Seconds between two lines in a log, at least and at most; as the fit gets longer, pauses do."""

MOST_ROWS = 8
"""Recipes that the live leaderboard shows, at most, beside those that still train."""

LAST_ROWS = 3
"""Recipes that stay on the screen at the end."""


class Progress(AbstractContextManager["Progress"], ABC):
    """A display that gets every event of a fit (abstract)."""

    @abstractmethod
    def show(self, record: Record, decision: Decision | None) -> None:
        """Show one event."""

    def evaluate(self) -> None:
        """Show that training is over and the model is evaluated."""

    def __enter__(self) -> Self:
        """Start to show."""
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave the terminal as it was."""


def choose_progress(clock: Clock, *, quiet: bool = False, verbosity: int = 0) -> Progress:
    """Return the display that suits standard error.

    Parameters
    ----------
    clock : Clock
        Tells the time of the fit.
    quiet : bool
        Whether to show nothing.
    verbosity : int
        0, or `DECISIONS`, or `EPOCHS`.
    """
    if quiet or sys.stderr is None:
        return Silence()
    lines = EventLines(sys.stderr, clock, verbosity=verbosity)
    return LiveLeaderboard(lines) if can_redraw(sys.stderr) else lines


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
    """Writes a line now and then, and one for each decision or epoch if asked to (final).

    Parameters
    ----------
    stream : text stream
        Where to write.
    clock : Clock
        Tells the time.
    verbosity : int
        0, or `DECISIONS`, or `EPOCHS`.
    """

    def __init__(self, stream: TextIO, clock: Clock, *, verbosity: int = 0) -> None:
        self.stream, self.clock, self.verbosity = stream, clock, verbosity
        self.board = Leaderboard()
        self.next_line = 0.0

    def show(self, record: Record, decision: Decision | None) -> None:
        """Write a line if it is time for one."""
        for line in self.take(record, decision):
            say(line, self.stream)
        if decision is None and self.board.is_complete(record):
            elapsed = self.clock.elapsed
            if elapsed >= self.next_line:
                self.next_line = elapsed + min(max(LEAST_PAUSE, elapsed / 2), LONGEST_PAUSE)
                say(self._status(), self.stream)

    def take(self, record: Record, decision: Decision | None) -> list[str]:
        """Take in an event and return the lines that it is worth."""
        if decision is not None:
            self.board.note(decision)
            return [decision_line(decision)] if self.verbosity >= DECISIONS else []
        self.board.add(record)
        return [epoch_line(record)] if self.verbosity >= EPOCHS else []

    def __exit__(self, *failure: object) -> None:
        """Write what training came to."""
        if not any(failure) and self.board.entries:
            say(self.summary(), self.stream)

    def summary(self) -> str:
        """Return what training came to, in a line."""
        return (
            f"Trained for {count(self.board.epoch, 'epoch')} in {duration(self.clock.elapsed)};"
            f" lowest validation loss of a recipe: {loss_text(self.board.best.best_loss)}."
        )

    def _status(self) -> str:
        board = self.board
        return (
            f"  epoch {board.epoch:>3}: validation loss {loss_text(board.best.best_loss)},"
            f" {count(len(board.racing), 'recipe')}, {self.clock.words(board)}"
        )


class LiveLeaderboard(Progress):
    """Redraws the recipes, with lines of decisions or epochs above them (final).

    Parameters
    ----------
    lines : EventLines
        Takes in the events.
    """

    def __init__(self, lines: EventLines) -> None:
        from rich.console import Console
        from rich.live import Live

        self.lines, self.status = lines, "starting"
        console = Console(stderr=True, highlight=False)
        self.live = Live(
            console=console, get_renderable=self._picture, transient=True, refresh_per_second=8
        )

    def __enter__(self) -> Self:
        """Start to draw."""
        self.live.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave the best recipes on the screen."""
        self.live.stop()
        board = self.lines.board
        if not any(failure) and board.entries:
            self.live.console.print(_table(board, board.ranked[:LAST_ROWS]))
            say(self.lines.summary(), self.lines.stream)

    def show(self, record: Record, decision: Decision | None) -> None:
        """Take in an event; the picture is drawn by the clock."""
        from rich.text import Text

        for line in self.lines.take(record, decision):
            self.live.console.print(Text(printable(line)))
        self.status = f"epoch {self.lines.board.epoch}"

    def evaluate(self) -> None:
        """Show that training is over."""
        self.status = "evaluating"

    def _picture(self) -> Any:
        from rich.console import Group
        from rich.spinner import Spinner

        board = self.lines.board
        if not hasattr(self, "_spinner"):
            self._spinner = Spinner("dots")
        self._spinner.update(text=f" {self.status}, {self.lines.clock.words(board)}")
        if not board.entries:
            return self._spinner
        shown = [one for rank, one in enumerate(board.ranked) if rank < MOST_ROWS or not one.ended]
        return Group(_table(board, shown), self._spinner)


def decision_line(decision: Decision) -> str:
    """Return a decision as a sentence, wrapped to the page."""
    start = f"epoch {decision.epoch:>3}  "
    return paragraph(printable(f"{decision.subject}: {decision.sentence}"), first=start)


def epoch_line(record: Record) -> str:
    """Return an epoch of a recipe in a line."""
    mark = " (best)" if record.improved else ""
    return (
        f"epoch {record.epoch:>3}  {record.recipe}: validation loss {loss_text(record.loss)}{mark}"
    )


def _table(board: Leaderboard, entries: list[Any]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("   recipe", no_wrap=True, overflow="ellipsis")
    table.add_column("validation loss", justify="right", no_wrap=True)
    table.add_column("epoch", justify="right", no_wrap=True)
    table.add_column("state", no_wrap=True)
    for entry in entries:
        loss, epoch = loss_text(entry.best_loss), str(entry.best_epoch or "")
        cells = (f"{entry.letter:<3}{entry.recipe}", loss, epoch, entry.state_words)
        style = "bold green" if entry is board.best else "dim" if entry.ended else ""
        table.add_row(*(Text(printable(cell)) for cell in cells), style=style)
    return table


def _has_rich() -> bool:
    try:
        import rich.live  # noqa: F401
    except ImportError:
        return False
    return True
