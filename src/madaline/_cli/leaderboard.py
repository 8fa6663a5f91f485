"""The leaderboard of a fit: its recipes so far, the best first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from string import ascii_uppercase

from madaline._words import RECIPE_STATES
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
