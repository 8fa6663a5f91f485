"""The state of a long race is saved in a file now and then, so that a killed fit can continue."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import final

from madaline._data.io.atomic import remove_leftovers
from madaline._race.checkpoint import resume, save_checkpoint
from madaline._race.race import Race
from madaline._words import warn
from madaline.errors import InputError, ModelFileError
from madaline.records.decision import Decision
from madaline.records.history import Record

CHECKPOINT_SECONDS = 5.0
"""Seconds between two checkpoints, at least. The result does not depend on it."""

CHECKPOINT_SHARE = 0.05
"""Share of the time that saving may take."""


@final
class CheckpointFile:
    """Saves the state of a race in a file, if a path is given."""

    def __init__(self, path: Path | None) -> None:
        self.path, self.epoch = path, 0  # the last epoch saved; zero before
        self._saved, self._cost = time.monotonic(), 0.0

    def resume(self, race: Race) -> tuple[list[Record], list[Decision]]:
        """Restore the race of an interrupted fit of the same table; return its records."""
        if self.path is None or not self.path.exists():
            return [], []
        try:
            found = resume(self.path, race) or ([], [])
            self.epoch = race.epoch
            return found
        except ModelFileError as error:
            sentence = str(error).rstrip(".")
            warn(f"{sentence}; the fit starts from the beginning.")
            return [], []

    def start(self) -> None:
        """Start the clock."""
        self._saved, self._cost = time.monotonic(), 0.0

    def save_if_due(
        self, race: Race, records: Sequence[Record], decisions: Sequence[Decision]
    ) -> None:
        """Save the state if enough time has passed; if that fails, warn and continue."""
        wait = max(CHECKPOINT_SECONDS, self._cost / CHECKPOINT_SHARE)
        if self.path is None or time.monotonic() - self._saved <= wait:
            return
        started = time.monotonic()
        try:
            save_checkpoint(self.path, race, records, decisions)
            self.epoch = race.epoch
        except (OSError, InputError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            warn(
                f"The fit goes on, but cannot be resumed if it is interrupted: {self.path}"
                f" cannot be written ({reason}).",
            )
            self.path = None
        self._saved = time.monotonic()
        self._cost = self._saved - started

    def discard(self) -> None:
        """Remove the file, and what killed runs left of it."""
        if self.path:
            self.path.unlink(missing_ok=True)
            remove_leftovers(self.path)
