"""The leaderboard of a fit: its recipes so far, the best first."""

from __future__ import annotations

from dataclasses import dataclass, field

from madaline.records.decision import Decision
from madaline.records.race_decisions import TrainingEnded
from madaline.records.record import Record


@dataclass
class Entry:
    """One recipe's race so far.

    Parameters
    ----------
    recipe : str
        Its name, for people.
    losses : list of float
        Out-of-fold loss of each of its epochs.
    best_loss : float
        The lowest of them.
    best_epoch : int
        When it was reached.
    last_epoch : int
        The epoch of its latest record.
    ended : bool
        Whether it is trained no more.
    """

    recipe: str
    losses: list[float] = field(default_factory=list)
    best_loss: float = float("inf")
    best_epoch: int = 0
    last_epoch: int = 0
    ended: bool = False


@dataclass
class Leaderboard:
    """All recipes' races so far.

    Examples
    --------
    >>> board = Leaderboard()
    >>> board.add(Record(1, "plain", 0.5, 0.5, 0.03, 2, 1e6, "1"))
    >>> board.add(Record(1, "16 bins", 0.4, 0.4, 0.03, 2, 1e6, "2"))
    >>> [entry.recipe for entry in board.racing]
    ['16 bins', 'plain']
    """

    epoch: int = 0
    multiply_adds: float = 0.0
    entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, record: Record) -> None:
        """Take in one record."""
        self.epoch, self.multiply_adds = record.epoch, record.multiply_adds
        entry = self.entries.setdefault(record.recipe_id, Entry(record.recipe))
        entry.losses.append(record.loss)
        entry.last_epoch = record.epoch
        if record.improved:
            entry.best_loss, entry.best_epoch = record.loss, record.epoch

    def note(self, decision: Decision) -> None:
        """Take in one decision."""
        if isinstance(decision, TrainingEnded) and decision.recipe_id in self.entries:
            self.entries[decision.recipe_id].ended = True

    @property
    def racing(self) -> list[Entry]:
        """The recipes that still train, best first."""
        racing = [entry for entry in self.entries.values() if not entry.ended]
        return sorted(racing, key=lambda entry: entry.best_loss)

    def is_complete(self, record: Record) -> bool:
        """Whether this was the last record of its epoch."""
        return sum(one.last_epoch == record.epoch for one in self.entries.values()) == record.racing

    @property
    def best(self) -> Entry:
        """The recipe with the lowest loss so far."""
        return min(self.entries.values(), key=lambda entry: entry.best_loss)
