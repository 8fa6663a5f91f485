"""The decisions of a stream: which networks are trusted most, and since when."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.records.decision import Decision


@dataclass(frozen=True)
class LeadChanged(Decision):
    """Networks of another memory got most of the weight; `epoch` counts labels instead."""

    action = "lead"
    rows: int  # how many of the latest rows these networks learn again
    weight: float  # their share of the weight, a mean over recent labels
    rows_before: int = 0  # those of the networks that led before; 0 if none did

    def __str__(self) -> str:
        """Return the decision in a line."""
        return self.sentence

    @property
    def sentence(self) -> str:
        since = f"Since row {self.epoch:,} the networks that remember {self.rows:,} rows lead"
        if not self.rows_before:
            return f"{since} ({self.weight:.0%} of the weight)."
        return (
            f"{since} ({self.weight:.0%} of the weight), no longer those that remember"
            f" {self.rows_before:,}: {self._reason}."
        )

    @property
    def _reason(self) -> str:
        if self.rows < self.rows_before:
            return "the latest rows tell more than older ones, so something may have changed"
        return "older rows tell as much as the latest, so little has changed lately"
