"""The decisions of a fit, as a table."""

from __future__ import annotations

from typing import Any

from madaline._charts.html import block, more, table
from madaline._charts.listing import Listing
from madaline.records.decision import Decision

MOST_ROWS = 60
"""Decisions that are shown, at most."""


class Decisions(Listing[Decision]):
    """Decisions, in the order in which they were made (final)."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return the epoch, the action, the subject, and the sentence."""
        names = ("epoch", "action", "subject", "sentence")
        return {name: [getattr(one, name) for one in self] for name in names}

    def _repr_html_(self) -> str:
        rows = [[f"{one.epoch}", one.subject, one.sentence] for one in self[:MOST_ROWS]]
        return block(
            table(["epoch", "about", "decision"], rows, right=(0,)),
            more(len(rows), len(self), "decisions"),
        )
