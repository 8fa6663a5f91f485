"""Which memory leads: a decision is kept when networks of another one get most of the weight."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline.nn.arrays import Array
from madaline.records.model_decisions import LeadChanged
from madaline.records.reading import DECISIONS, read_decision

MOST = 100
"""Decisions that are kept; the oldest are let go."""

NEEDED = 0.5
"""Share of the weight above which networks lead."""

MEMORY = 0.998
"""How much of the mean weight is kept at each label: about the last 500 count."""


class Leads:
    """Follows the weights of the networks of each memory (final).

    Parameters
    ----------
    horizons : int ndarray of shape (members, 1)
        From how many of the latest rows each network learns again.

    Examples
    --------
    >>> leads = Leads(np.array([[32], [512]]))
    >>> for row in range(1, 1001):
    ...     leads.follow(np.array([0.9, 0.1] if row > 600 else [0.2, 0.8]), row)
    >>> [(decision.epoch, decision.rows) for decision in leads.decisions]
    [(1, 512), (880, 32)]
    >>> print(leads.decisions[0])
    Since row 1 the networks that remember 512 rows lead (80% of the weight).
    """

    def __init__(self, horizons: Array) -> None:
        self.decisions: list[LeadChanged] = []
        self._horizons = np.unique(horizons)
        self._belongs = (self._horizons[:, None] == horizons[:, 0]).astype(float)
        self.means: Array | None = None

    def weights_of(self, weights: Array) -> dict[int, float]:
        """Return the weight of all networks of a memory, for each."""
        return dict(zip(self._horizons.tolist(), (self._belongs @ weights).tolist(), strict=True))

    def follow(self, weights: Array, row: int, n_new: int = 1) -> None:
        """Take in the weights of the members after a row, the last of some new ones."""
        present = self._belongs @ weights
        if self.means is None:
            self.means = present
        self.means = present + MEMORY**n_new * (self.means - present)
        best = int(self.means.argmax())
        rows, weight = int(self._horizons[best]), float(self.means[best])
        before = self.decisions[-1].rows if self.decisions else 0
        if weight > NEEDED and rows != before:
            subject = f"memory of {rows:,} rows"
            self.decisions.append(LeadChanged(row, subject, rows, weight, before))
            del self.decisions[:-MOST]

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        means = None if self.means is None else self.means.tolist()
        return {"means": means, "decisions": [one.to_json() for one in self.decisions]}

    @classmethod
    def from_state(cls, horizons: Array, state: Mapping[str, Any]) -> Leads:
        """Return what `to_state` described; a `ValueError` if it is something else."""
        leads = cls(horizons)
        DECISIONS(state["decisions"])
        for decision in map(read_decision, state["decisions"][-MOST:]):
            if not isinstance(decision, LeadChanged):
                raise ValueError("another decision")
            leads.decisions.append(decision)
        if state["means"] is not None:
            leads.means = np.array(state["means"], float)
            if leads.means.shape != leads._horizons.shape or not np.isfinite(leads.means).all():
                raise ValueError("other memories")
        return leads
