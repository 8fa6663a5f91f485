r"""Who predicts well now: members are weighed by their recent losses, and the leaders are told.

For each pair of a rate :math:`\eta` and a memory :math:`\lambda`, an *aggregator* keeps the fading
sum of every member's losses, :math:`L_i \leftarrow \lambda L_i + \ell_i`, and weighs the members by
:math:`e^{-\eta L_i}`, with a small equal share for all of them so that none is ever out (fixed
share). Which pair is right changes, too. So the aggregators, and the plain mean of all members, are
weighed in the same manner.

Herbster and Warmuth (1998), "Tracking the best expert".
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, final

import numpy as np

from madaline.nn.arrays import Array
from madaline.records.model_decisions import LeadChanged
from madaline.records.reading import DECISION

_RATES, _MEMORIES = np.array([*product((0.25, 1.0), (0.9, 0.98, 0.998, 1.0))]).T[:, :, None]
"""Those of the aggregators, each rate with each memory: both of shape (aggregators, 1)."""

_FINAL_MEMORY = 0.998  # memory of what weighs the aggregators
_EQUAL_SHARE = 0.01  # share of the weights that is the same for all
_MAX_DECISIONS = 100  # decisions that are kept; the oldest are let go
_LEADING_WEIGHT = 0.5  # share of the weight above which networks lead
_LEAD_MEMORY = 0.998  # how much of the mean weight is kept at each label: about 500 labels count


@final
class Weighting:
    """Weights of members that follow their losses."""

    def __init__(self, n_members: int) -> None:
        self.losses = np.zeros((len(_RATES), n_members))
        self.aggregator_losses = np.zeros(len(_RATES) + 1)
        self.weigh()

    def weigh(self) -> None:
        """Work out all weights from the losses."""
        members = self.losses.shape[1]
        self.aggregators = np.empty((len(self.aggregator_losses), members))
        self.aggregators[:-1] = _weights(_RATES * self.losses)
        self.aggregators[-1] = 1 / members  # the plain mean
        self.weights = _weights(self.aggregator_losses) @ self.aggregators  # (members,)

    def update(self, losses: Array, aggregator_losses: Array) -> None:
        """Take in losses of rows, (n_samples, members) and (n_samples, aggregators), in order."""
        if len(losses) == 1:
            self.losses *= _MEMORIES
            self.losses += losses
            self.aggregator_losses *= _FINAL_MEMORY
            self.aggregator_losses += aggregator_losses[0]
        else:
            age = np.arange(len(losses))[::-1]
            self.losses *= _MEMORIES ** len(losses)
            self.losses += _MEMORIES**age @ losses
            self.aggregator_losses *= _FINAL_MEMORY ** len(losses)
            self.aggregator_losses += _FINAL_MEMORY**age @ aggregator_losses
        self.weigh()

    def to_arrays(self) -> dict[str, Array]:
        """Return what is remembered."""
        return {"losses": self.losses, "aggregator_losses": self.aggregator_losses}


def _weights(losses: Array) -> Array:
    """Return weights of sum one along the last axis: the lower the loss, the higher."""
    weights = np.exp(losses.min(axis=-1, keepdims=True) - losses)
    weights *= (1 - _EQUAL_SHARE) / weights.sum(axis=-1, keepdims=True)
    weights += _EQUAL_SHARE / losses.shape[-1]
    return np.asarray(weights)


@final
class LeadTracker:
    """Decides which memory leads: whose networks have most of the weight, on average of late."""

    def __init__(self, horizons: Array) -> None:
        self.decisions: list[LeadChanged] = []
        self._horizons = np.unique(horizons)
        self._belongs = (self._horizons[:, None] == horizons[:, 0]).astype(float)
        self.means: Array | None = None

    def weights_by_horizon(self, weights: Array) -> dict[int, float]:
        """Return the weight of all networks of a memory, for each."""
        return dict(zip(self._horizons.tolist(), (self._belongs @ weights).tolist(), strict=True))

    def follow(self, weights: Array, row: int, n_new: int = 1) -> None:
        """Take in the weights of the members after a row, the last of some new ones."""
        present = self._belongs @ weights
        if self.means is None:
            self.means = present
        self.means = present + _LEAD_MEMORY**n_new * (self.means - present)
        best = int(self.means.argmax())
        rows, weight = int(self._horizons[best]), float(self.means[best])
        before = self.decisions[-1].rows if self.decisions else 0
        if weight > _LEADING_WEIGHT and rows != before:
            subject = f"memory of {rows:,} rows"
            self.decisions.append(LeadChanged(row, subject, rows, weight, before))
            del self.decisions[:-_MAX_DECISIONS]

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        means = None if self.means is None else self.means.tolist()
        return {"means": means, "decisions": [decision.to_json() for decision in self.decisions]}

    @classmethod
    def from_state(cls, horizons: Array, state: Mapping[str, Any]) -> LeadTracker:
        """Return what `to_state` described; a `ValueError` if it is something else."""
        leads = cls(horizons)
        for decision in map(DECISION.read, state["decisions"][-_MAX_DECISIONS:]):
            if not isinstance(decision, LeadChanged):
                raise ValueError("another decision")
            leads.decisions.append(decision)
        if state["means"] is not None:
            leads.means = np.array(state["means"], float)
            if leads.means.shape != leads._horizons.shape or not np.isfinite(leads.means).all():
                raise ValueError("other memories")
        return leads
