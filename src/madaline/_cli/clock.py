"""How long a fit has taken, and about how long it will take."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from madaline._cli.leaderboard import Entry, Leaderboard
from madaline._race.plan import Plan
from madaline._words import duration

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
