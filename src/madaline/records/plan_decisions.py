"""The decisions on the plan before a race: a preset, and what is left out where memory is short."""

from __future__ import annotations

from dataclasses import dataclass

from madaline._words import size
from madaline.records.decision import Decision


@dataclass(frozen=True)
class CheaperPlan(Decision):
    """A plan that takes less memory replaced the usual one."""

    action = "economize"
    n_bytes: int  # that the usual plan would take, about
    cheaper_bytes: int  # that this one takes, about
    limit: int  # how many there are
    changes: str  # what is different, in words

    @property
    def sentence(self) -> str:
        return (
            f"The usual plan would take about {size(self.n_bytes)} of memory, more than the limit"
            f" of {size(self.limit)}: {self.changes} (about {size(self.cheaper_bytes)})."
        )


@dataclass(frozen=True)
class PresetChosen(Decision):
    """The user chose a preset other than the default."""

    action = "preset"
    preset: str  # its name
    changes: str  # what it changes, in words

    @property
    def sentence(self) -> str:
        return f'The preset "{self.preset}" was chosen: {self.changes}.'
