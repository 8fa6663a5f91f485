r"""Who predicts well now: members are weighed by their recent losses.

For each pair of a rate :math:`\eta` and a memory :math:`\lambda`, an *aggregator* keeps the fading
sum of every member's losses, :math:`L_i \leftarrow \lambda L_i + \ell_i`, and weighs the members by
:math:`e^{-\eta L_i}`, with a small equal share for all of them so that none is ever out (fixed
share). Which pair is right changes, too. So the aggregators, and the plain mean of all members, are
weighed in the same manner.

Herbster and Warmuth (1998), "Tracking the best expert".
"""

from __future__ import annotations

from itertools import product

import numpy as np

from madaline.nn.arrays import Array

RATES, MEMORIES = (0.25, 1.0), (0.9, 0.98, 0.998, 1.0)
"""Those of the aggregators: each rate with each memory."""

FINAL_MEMORY = 0.998
"""Memory of what weighs the aggregators."""

SHARE = 0.01
"""Share of the weights that is the same for all."""

_RATES, _MEMORIES = np.array([*product(RATES, MEMORIES)]).T[:, :, None]


class Weighting:
    """Weights of members that follow their losses (final).

    Parameters
    ----------
    n_members : int
        How many members there are.

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

        Parameters
        ----------
        losses : ndarray of shape (n_samples, members)
            Loss of each member on each row.
        aggregator_losses : ndarray of shape (n_samples, aggregators)
            Loss of each aggregator's own prediction.
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
