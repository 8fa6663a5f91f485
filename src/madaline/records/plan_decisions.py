"""The decision on the plan before a race: what a fit does with less where memory is short."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.records.decision import Decision
from madaline.words import size


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
