"""A race may take long: its state is kept in a file now and then, and a killed fit goes on."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from madaline.errors import ModelFileError
from madaline.race.checkpoint import resume, save_checkpoint
from madaline.race.race import Race
from madaline.records.decision import Decision
from madaline.records.record import Record

CHECKPOINT_SECONDS = 5.0
"""How much work may be lost when a fit is killed. It decides nothing about the result."""

CHECKPOINT_SHARE = 0.05
"""Share of the time that keeping the state may take."""


class Keeper:
    """Keeps the state of a race in a file, if there is one (final).

    Parameters
    ----------
    path : Path, optional
        Where to keep it.

    Attributes
    ----------
    epoch : int
        After which epoch the fit would go on; zero where nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path, self.epoch = path, 0
        self._saved, self._cost = time.monotonic(), 0.0

    def resume(self, race: Race) -> tuple[list[Record], list[Decision]]:
        """Put the race where an interrupted fit of the same table stopped; return what happened."""
        if self.path is None or not self.path.exists():
            return [], []
        try:
            found = resume(self.path, race) or ([], [])
            self.epoch = race.epoch
            return found
        except ModelFileError:  # not a checkpoint of ours, or cut short: begin at the beginning
            return [], []

    def start(self) -> None:
        """Count the time from now on."""
        self._saved, self._cost = time.monotonic(), 0.0

    def save_if_due(
        self, race: Race, records: Sequence[Record], decisions: Sequence[Decision]
    ) -> None:
        """Keep the state if enough was done since; what cannot be kept goes on all the same."""
        wait = max(CHECKPOINT_SECONDS, self._cost / CHECKPOINT_SHARE)
        if self.path is None or time.monotonic() - self._saved <= wait:
            return
        started = time.monotonic()
        try:
            save_checkpoint(self.path, race, records, decisions)
            self.epoch = race.epoch
        except OSError as error:
            warnings.warn(
                f"The fit goes on, but cannot be resumed if it is interrupted: {self.path}"
                f" cannot be written ({error.strerror}).",
                stacklevel=2,
            )
            self.path = None
        self._saved = time.monotonic()
        self._cost = self._saved - started

    def discard(self) -> None:
        """Remove the file."""
        if self.path:
            self.path.unlink(missing_ok=True)
