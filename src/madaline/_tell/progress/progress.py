"""The display of a running fit: a live leaderboard on a terminal, otherwise a line now and then."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from math import sqrt
from typing import Any, Self, TextIO, final

from madaline._base.language import _, translate, translate_word
from madaline._base.language.widths import display_width
from madaline._base.words import (
    format_count,
    format_duration,
    format_loss,
    paragraph,
    printable,
    recipe_name,
    say,
)
from madaline._race.plan import Plan
from madaline._tell.progress.drawn_line import DrawnLine, can_redraw, in_notebook
from madaline.records._letters import RecipeLetters
from madaline.records.decision import Decision
from madaline.records.history import Record
from madaline.records.race_decisions import (
    Dropped,
    FirstAnswer,
    TrainingEnded,
    TreesCompared,
    TreesLeftOut,
)

_DECISIONS, EPOCHS = 1, 2  # from these levels of verbosity on, decisions and epochs are lines

_MAX_ROWS = 8  # recipes of the live leaderboard beside those that still train

EPOCHS_OF_VARIANTS = 20  # of variants of the best recipe, all together, that a fit takes as a rule

_STATES = {"training": "training", "dropped": "stopped early", "stopped": "stopped"}
"""What becomes of a recipe: it trains, loses against others, or no longer improves."""


@dataclass
class BoardEntry:
    """One recipe so far."""

    letter: str  # its short name
    recipe: str  # its name; of a variant, what differs
    losses: list[float] = field(default_factory=list)  # on unseen rows, of each of its epochs
    best_loss: float = float("inf")
    best_epoch: int = 0  # 0 if before the fit went on
    gained_loss: float = float("inf")  # the last that was lower by more than chance explains
    gained_epoch: int = 0
    gap: int = 1  # epochs between the last two such gains
    last_epoch: int = 0
    variant: bool = False  # whether it joined after the start
    state: str = "training"  # a key of `_STATES`

    @property
    def ended(self) -> bool:
        """Whether it is trained no more."""
        return self.state != "training"


@dataclass
class Leaderboard:
    """The recipes of a fit so far."""

    flat_gain: float = 0.0  # share of the loss that a gain must exceed to count
    first_epoch: int = 0
    epoch: int = 0
    entries: dict[str, BoardEntry] = field(default_factory=dict)
    recipes: RecipeLetters = field(default_factory=RecipeLetters)

    def add(self, record: Record) -> None:
        """Take in one record."""
        self.epoch = record.epoch
        self.first_epoch = self.first_epoch or record.epoch
        if record.recipe_id not in self.entries:
            self.recipes.add(record)
            letter = self.recipes.letters[record.recipe_id]
            name = self.recipes.difference(letter) or record.recipe
            variant = record.epoch > self.first_epoch
            self.entries[record.recipe_id] = BoardEntry(letter, name, variant=variant)
        entry = self.entries[record.recipe_id]
        entry.losses.append(record.loss)
        entry.last_epoch = record.epoch
        entry.best_loss = record.best_loss  # a fit that goes on starts with the one so far
        if record.improved:
            entry.best_epoch = record.epoch
        if record.loss < entry.gained_loss - self.flat_gain * abs(record.loss):
            entry.gap = record.epoch - entry.gained_epoch if entry.gained_epoch else 1
            entry.gained_loss = record.loss
            entry.gained_epoch = record.epoch

    def note(self, decision: Decision) -> None:
        """Take in one decision."""
        if isinstance(decision, TrainingEnded) and decision.recipe_id in self.entries:
            state = "dropped" if isinstance(decision, Dropped) else "stopped"
            self.entries[decision.recipe_id].state = state

    @property
    def ranked(self) -> list[BoardEntry]:
        """All recipes, best first."""
        return sorted(self.entries.values(), key=lambda entry: entry.best_loss)

    @property
    def best(self) -> BoardEntry:
        """The recipe with the lowest loss so far."""
        return self.ranked[0]

    def is_complete(self, record: Record) -> bool:
        """Whether this was the last record of its epoch."""
        latest = [entry for entry in self.entries.values() if entry.last_epoch == record.epoch]
        return len(latest) == record.racing


@dataclass
class Clock:
    """How long a fit has taken, and about how long it will take."""

    plan: Plan
    limit: float | None = None  # seconds that the fit may take
    max_epochs: int | None = None  # of a network; None: those of the plan
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def words(self, board: Leaderboard) -> str:
        """Return the time so far, and an estimate of the time left once there is an epoch."""
        left = self.left(board)
        rest = (
            ""
            if left is None
            else _(", about {time} left").format(time=format_duration(max(1.0, left)))
        )
        return f"{format_duration(self.elapsed)}{rest}"

    def left(self, board: Leaderboard) -> float | None:
        """Return about how many seconds are left; None before the first epoch.

        The work still to do, in epochs of a recipe, is compared with the work done. Recipes improve
        for a while yet, and as many of them go on as the plan keeps at each cut.
        """
        entries = board.ranked  # at once, as another thread draws
        done = sum(len(entry.losses) for entry in entries)
        racing = [entry for entry in entries if not entry.ended]
        if not done or not racing:
            return None
        ahead = [(entry, self._epochs_ahead(entry, board)) for entry in racing]
        of_variants = sum(len(entry.losses) for entry in entries if entry.variant)
        of_variants += sum(epochs for entry, epochs in ahead if entry.variant)
        rest = sorted((epochs for _, epochs in ahead), reverse=True)
        to_come = 0
        for epoch in range(board.epoch, board.epoch + rest[0]):
            racing_then = sum(board.epoch + epochs > epoch for epochs in rest)
            keeps = (keep for cut, keep in self.plan.cuts if board.epoch < cut <= epoch)
            to_come += min(racing_then, *keeps, len(rest))
        to_come += max(0, EPOCHS_OF_VARIANTS - of_variants)
        left = self.elapsed * to_come / done
        return left if self.limit is None else min(left, max(0.0, self.limit - self.elapsed))

    def _epochs_ahead(self, entry: BoardEntry, board: Leaderboard) -> int:
        patience = self.plan.patience_of_copies if entry.variant else self.plan.patience
        since = board.epoch - entry.gained_epoch
        trained = len(entry.losses) if entry.variant else board.epoch
        until_limit = (self.max_epochs or self.plan.epochs) - trained
        # where losses fall as one by the epochs, the gaps between gains rise as their square
        longer = sqrt(max(1.0, patience / max(entry.gap, since))) - 1
        more = (trained - since) * longer * max(0.0, 1 - since / patience)
        until_flat = patience - since + round(more)
        return max(1, min(until_flat, until_limit))


def choose_progress(stream: TextIO | None, clock: Clock, *, verbosity: int = 0) -> Progress:
    """Return the display that suits a stream; of no stream, one that shows nothing."""
    if stream is None:
        return Progress()
    lines = EventLines(stream, clock, verbosity=verbosity, redraws=in_notebook())
    return LiveLeaderboard(lines) if can_redraw(stream) else lines


class Progress(AbstractContextManager["Progress"]):
    """A display that gets every event of a fit; this one shows nothing."""

    def show(self, record: Record, decision: Decision | None) -> None:
        """Show one event."""

    def evaluate(self) -> None:
        """Show that training is over and the model is evaluated."""

    def __exit__(self, *failure: object) -> None:
        """Leave the terminal as it was."""


@final
class EventLines(Progress):
    """One line that is drawn over, or one now and then; and one a decision or epoch if asked to."""

    def __init__(
        self, stream: TextIO, clock: Clock, *, verbosity: int = 0, redraws: bool = False
    ) -> None:
        self.stream = stream
        self.clock = clock
        self.verbosity = verbosity
        self.board = Leaderboard(clock.plan.flat_gain)
        self.line = DrawnLine(stream, redraws=redraws)
        self.trees: TreesCompared | None = None

    def show(self, record: Record, decision: Decision | None) -> None:
        """Show how far training is, below the lines that the event is worth."""
        for line in self.take(record, decision):
            self.line.say(line)
        is_due = self.trees_grow if decision is not None else self.board.is_complete(record)
        if is_due or self.line.redraws:
            self.line.show(self.status, self.clock.elapsed)

    def take(self, record: Record, decision: Decision | None) -> list[str]:
        """Take in an event and return the lines that it is worth."""
        if decision is not None:
            self.board.note(decision)
            if isinstance(decision, TreesCompared | TreesLeftOut):
                self.trees = decision if isinstance(decision, TreesCompared) else None
            is_shown = self.verbosity >= _DECISIONS or isinstance(decision, FirstAnswer)
            return [decision_line(decision, self.board.recipes)] if is_shown else []
        begins = record.recipe_id not in self.board.entries
        self.board.add(record)
        letter = self.board.entries[record.recipe_id].letter
        lines = [*map(paragraph, self.board.recipes.legend([letter]))] if begins else []
        lines = lines if self.verbosity >= _DECISIONS else []
        return [*lines, *([_epoch_line(record, letter)] if self.verbosity >= EPOCHS else [])]

    def __exit__(self, *failure: object) -> None:
        """Leave what training came to in place of the line."""
        self.line.clear()
        if not any(failure) and self.board.entries:
            say(self.summary(), self.stream)

    @property
    def trees_grow(self) -> bool:
        """Whether boosted trees grow."""
        return self.trees is not None and self.trees.follow

    def summary(self) -> str:
        """Return what training came to, and a line more if trees joined."""
        joined = ""
        if self.trees is not None and self.trees.joined:
            before, after = map(format_loss, (self.trees.loss_before, self.trees.loss_after))
            joined = _(
                "\nBoosted trees joined: the loss of all together fell from {before} to {after}."
            ).format(before=before, after=after)
        best = self.board.best
        trained = _(
            "Trained for {epochs} in {elapsed}. Best recipe: {letter} ({name}), with a validation loss of {loss} at epoch {epoch}."
            if best.best_epoch
            else "Trained for {epochs} in {elapsed}. Best recipe: {letter} ({name}), with a validation loss of {loss}."
        ).format(
            epochs=format_count(self.board.epoch, "epoch"),
            elapsed=format_duration(self.clock.elapsed),
            letter=best.letter,
            name=recipe_name(self.board.recipes.names[best.letter]),
            loss=format_loss(best.best_loss),
            epoch=best.best_epoch,
        )
        return paragraph(trained) + joined

    def status(self) -> str:
        """Return how far training is, in a line."""
        board = self.board
        if self.trees_grow:
            return _("boosted trees grow, {words}").format(words=self.clock.words(board))
        racing = sum(not entry.ended for entry in board.ranked)
        return _("epoch {epoch:>3}: validation loss {best_loss}, {recipes}, {words}").format(
            epoch=board.epoch,
            best_loss=format_loss(board.best.best_loss),
            recipes=format_count(racing, "recipe"),
            words=self.clock.words(board),
        )


@final
class LiveLeaderboard(Progress):
    """Redraws the recipes, with lines of decisions or epochs above them."""

    def __init__(self, lines: EventLines) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.spinner import Spinner

        self.lines = lines
        self.status = "starting"
        self.spinner = Spinner("dots")
        self.live = Live(
            console=Console(file=lines.stream, highlight=False),
            get_renderable=self._picture,
            transient=True,
            refresh_per_second=8,
        )

    def __enter__(self) -> Self:
        """Start to draw."""
        self.live.start()
        return self

    def __exit__(self, *failure: object) -> None:
        """Leave what training came to in place of the recipes."""
        self.live.stop()
        self.lines.__exit__(*failure)

    def show(self, record: Record, decision: Decision | None) -> None:
        """Take in an event; the picture is drawn by the clock."""
        from rich.text import Text

        for line in self.lines.take(record, decision):
            self.live.console.print(Text(printable(translate(line))))
        grow = self.lines.trees_grow
        self.status = (
            "boosted trees grow"
            if grow
            else _("epoch {epoch}").format(epoch=self.lines.board.epoch)
        )

    def evaluate(self) -> None:
        self.status = "evaluating"

    def _picture(self) -> Any:
        from rich.console import Group

        board = self.lines.board
        self.spinner.update(
            text=translate(
                _(" {status}, {words}").format(
                    status=translate_word(self.status), words=self.lines.clock.words(board)
                )
            )
        )
        if not board.entries:
            return self.spinner
        ranked = enumerate(board.ranked)
        shown = [entry for rank, entry in ranked if rank < _MAX_ROWS or not entry.ended]
        return Group(_table(board, shown), self.spinner)


def decision_line(decision: Decision, recipes: RecipeLetters) -> str:
    """Return a decision as a sentence about the letter of a recipe, wrapped to the page."""
    subject = recipes.shown(decision.subject, decision.recipe_id)
    start = _("epoch {epoch:>3}  ").format(epoch=decision.epoch)
    return paragraph(
        printable(_("{subject}: {sentence}").format(subject=subject, sentence=decision.sentence)),
        first=start,
    )


def _epoch_line(record: Record, letter: str) -> str:
    loss = format_loss(record.loss)
    mark = " (best)" if record.improved else ""
    return _("epoch {epoch:>3}  {recipe}: validation loss {loss}{mark}").format(
        epoch=record.epoch, recipe=letter, loss=loss, mark=mark
    )


def _table(board: Leaderboard, entries: list[BoardEntry]) -> Any:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column(translate_word("   recipe"), no_wrap=True, overflow="ellipsis")
    for head in map(translate_word, ("validation loss", "epoch")):
        table.add_column(head, justify="right", no_wrap=True, min_width=display_width(head))
    widest = max(map(display_width, map(translate_word, _STATES.values())))
    table.add_column(translate_word("state"), no_wrap=True, min_width=widest)
    for entry in entries:
        loss = format_loss(entry.best_loss)
        epoch = str(entry.best_epoch or "")
        state = translate_word(_STATES[entry.state])
        name, origin = recipe_name(entry.recipe), entry.letter.rstrip("\u2032")
        if origin != entry.letter:
            name = _("{recipe} with {difference}").format(recipe=origin, difference=name)
        cells = (f"{entry.letter:<2} {name}", loss, epoch, state)
        style = "bold green" if entry is board.best else "dim" if entry.ended else ""
        table.add_row(*(Text(printable(cell)) for cell in cells), style=style)
    return table
