"""The display of a running fit: a live leaderboard on a terminal, otherwise a line now and then."""

from __future__ import annotations

import os
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any, Self, TextIO

from madaline._cli.output import paragraph, printable, say
from madaline._race.plan import Plan
from madaline._words import RECIPE_STATES, count, duration, loss_text
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import Dropped, TrainingEnded


@dataclass
class Entry:
    """One recipe so far.

    Parameters
    ----------
    letter : str
        Its short name; empty for a variant.
    recipe : str
        Its name; of a variant, the letter of its origin and what differs.
    losses : list of float
        Validation loss of each of its epochs.
    best_loss : float
        The lowest of them.
    best_epoch : int
        When it was reached; 0 if before the fit went on.
    last_epoch : int
        The epoch of its latest record.
    variant : bool
        Whether it joined after the start.
    state : str
        A key of `RECIPE_STATES`.
    """

    letter: str
    recipe: str
    losses: list[float] = field(default_factory=list)
    best_loss: float = float("inf")
    best_epoch: int = 0
    last_epoch: int = 0
    variant: bool = False
    state: str = "training"

    @property
    def ended(self) -> bool:
        """Whether it is trained no more."""
        return self.state != "training"

    @property
    def state_words(self) -> str:
        """Its state in words."""
        return RECIPE_STATES[self.state]


@dataclass
class Leaderboard:
    """All recipes so far.

    Examples
    --------
    >>> board = Leaderboard()
    >>> board.add(Record(1, "no bins", 0.5, 0.5, 0.03, 2, 1e6, "1"))
    >>> board.add(Record(1, "16 bins", 0.4, 0.4, 0.03, 2, 1e6, "2"))
    >>> board.add(Record(2, "16 bins · learning rate 0.01", 0.3, 0.3, 0.01, 3, 1e6, "3"))
    >>> [(entry.letter, entry.recipe) for entry in board.ranked]
    [('', 'B, learning rate 0.01'), ('B', '16 bins'), ('A', 'no bins')]
    """

    first_epoch: int = 0
    epoch: int = 0
    entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Take in one record."""
        self.epoch = record.epoch
        self.first_epoch = self.first_epoch or record.epoch
        if record.recipe_id not in self.entries:
            self.entries[record.recipe_id] = self._entry(record)
        entry = self.entries[record.recipe_id]
        entry.losses.append(record.loss)
        entry.last_epoch = record.epoch
        entry.best_loss = record.best_loss  # a fit that goes on starts with the one so far
        if record.improved:
            entry.best_epoch = record.epoch

    def note(self, decision: Decision) -> None:
        """Take in one decision."""
        if isinstance(decision, TrainingEnded) and decision.recipe_id in self.entries:
            state = "dropped" if isinstance(decision, Dropped) else "stopped"
            self.entries[decision.recipe_id].state = state

    @property
    def ranked(self) -> list[Entry]:
        """All recipes, best first."""
        return sorted(self.entries.values(), key=lambda entry: entry.best_loss)

    @property
    def racing(self) -> list[Entry]:
        """The recipes that still train, best first."""
        return [entry for entry in self.ranked if not entry.ended]

    @property
    def best(self) -> Entry:
        """The recipe with the lowest loss so far."""
        return self.ranked[0]

    def is_complete(self, record: Record) -> bool:
        """Whether this was the last record of its epoch."""
        return sum(one.last_epoch == record.epoch for one in self.entries.values()) == record.racing

    def _entry(self, record: Record) -> Entry:
        """Return an entry without losses, named after its origin if there is one."""
        variant = record.epoch > self.first_epoch
        for one in self.entries.values():
            if variant and one.letter and record.recipe.startswith(f"{one.recipe} · "):
                difference = record.recipe.removeprefix(f"{one.recipe} · ")
                return Entry("", f"{one.letter}, {difference.replace(' · ', ', ')}", variant=True)
        used = sum(bool(one.letter) for one in self.entries.values())
        return Entry(_letters(used), record.recipe, variant=variant)


def _letters(number: int) -> str:
    """Return A for 0, Z for 25, AA for 26."""
    return "".join(reversed(list(_digits(number))))


def _digits(number: int) -> Iterator[str]:
    while number >= 0:
        yield ascii_uppercase[number % 26]
        number = number // 26 - 1


EPOCHS_OF_VARIANTS = 20
"""Epochs of variants of the best recipe, all together, that a fit takes as a rule."""

IMPROVEMENTS = 1.4
"""By how much improvements lengthen a fit as a rule, measured on three tables."""


@dataclass
class Clock:
    """The time of a fit.

    Parameters
    ----------
    plan : Plan
        After how many epochs without improvement a recipe stops.
    limit : float, optional
        Seconds that the fit may take.
    started : float
        When the training started, of `time.monotonic`.
    """

    plan: Plan
    limit: float | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def words(self, board: Leaderboard) -> str:
        """Return the time so far, and an estimate of the time left once there is an epoch."""
        left = self.left(board)
        rest = "" if left is None else f", about {duration(max(1.0, left))} left"
        return f"{duration(self.elapsed)}{rest}"

    def left(self, board: Leaderboard) -> float | None:
        """Return about how many seconds are left; None before the first epoch.

        The work still to do if no recipe improved any more, in epochs of a recipe, is compared
        with the work done.
        """
        entries = board.ranked  # at once, as another thread draws
        done = sum(len(entry.losses) for entry in entries)
        racing = [entry for entry in entries if not entry.ended]
        if not done or not racing:
            return None
        ahead = sum(self._epochs_ahead(entry, board) for entry in racing)
        of_variants = sum(len(entry.losses) for entry in entries if entry.variant)
        of_variants += sum(self._epochs_ahead(one, board) for one in racing if one.variant)
        ahead += max(0, EPOCHS_OF_VARIANTS - of_variants)
        left = IMPROVEMENTS * self.elapsed * ahead / done
        return left if self.limit is None else min(left, max(0.0, self.limit - self.elapsed))

    def _epochs_ahead(self, entry: Entry, board: Leaderboard) -> int:
        patience = self.plan.patience_of_copies if entry.variant else self.plan.patience
        until_flat = patience - (board.epoch - entry.best_epoch)
        until_limit = self.plan.epochs - len(entry.losses)
        return max(1, min(until_flat, until_limit))


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
