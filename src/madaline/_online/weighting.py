"""Who predicts well now: members are weighed by their recent losses, and the leaders are told."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any, final

import numpy as np

from madaline.nn.arrays import Array
from madaline.records.model_decisions import LeadChanged
from madaline.records.reading import DECISIONS, read_decision

RATES, MEMORIES = (0.25, 1.0), (0.9, 0.98, 0.998, 1.0)
"""Those of the aggregators: each rate with each memory."""

FINAL_MEMORY = 0.998  # memory of what weighs the aggregators
SHARE = 0.01  # share of the weights that is the same for all

_RATES, _MEMORIES = np.array([*product(RATES, MEMORIES)]).T[:, :, None]


@final
class Weighting:
    """Weights of members that follow their losses.

    Examples
    --------
    >>> weighting = Weighting(2)
    >>> weighting.weights
    array([0.5, 0.5])
    >>> for _ in range(10):  # the second member errs
    ...     weighting.update(np.array([[0.1, 2.0]]), np.full((1, 9), 0.5))
    >>> weighting.weights.round(2)
    array([0.93, 0.07])
    """

    def __init__(self, n_members: int) -> None:
        n_aggregators = len(_RATES) + 1
        self.losses = np.zeros((len(_RATES), n_members))
        self.aggregator_losses = np.zeros(n_aggregators)
        self.weigh()

    def weigh(self) -> None:
        """Work out all weights from the losses."""
        members = self.losses.shape[1]
        self.aggregators = np.empty((len(self.aggregator_losses), members))
        self.aggregators[:-1] = _weights(_RATES * self.losses)
        self.aggregators[-1] = 1 / members  # the plain mean
        self.aggregator_weights = _weights(self.aggregator_losses)
        self.weights = self.aggregator_weights @ self.aggregators  # (members,)

    def update(self, losses: Array, aggregator_losses: Array) -> None:
        """Take in the losses of rows in their order.

        Shapes: `losses` (n_samples, members); `aggregator_losses` (n_samples, aggregators).
        """
        if len(losses) == 1:
            self.losses *= _MEMORIES
            self.losses += losses
            self.aggregator_losses *= FINAL_MEMORY
            self.aggregator_losses += aggregator_losses[0]
        else:
            age = np.arange(len(losses))[::-1]
            self.losses *= _MEMORIES ** len(losses)
            self.losses += _MEMORIES**age @ losses
            self.aggregator_losses *= FINAL_MEMORY ** len(losses)
            self.aggregator_losses += FINAL_MEMORY**age @ aggregator_losses
        self.weigh()

    def to_arrays(self) -> dict[str, Array]:
        """Return what is remembered."""
        return {"losses": self.losses, "aggregator_losses": self.aggregator_losses}


def _weights(losses: Array) -> Array:
    """Return weights of sum one along the last axis: the lower the loss, the higher."""
    weights = np.exp(losses.min(axis=-1, keepdims=True) - losses)
    weights *= (1 - SHARE) / weights.sum(axis=-1, keepdims=True)
    weights += SHARE / losses.shape[-1]
    return np.asarray(weights)


MOST = 100  # decisions that are kept; the oldest are let go
NEEDED = 0.5  # share of the weight above which networks lead
MEMORY = 0.998  # how much of the mean weight is kept at each label: about the last 500 count


@final
class Leads:
    """Follows the weights of the networks of each memory.

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
