r"""The live population and stored regimes are weighed by how well they predict.

After each label, weights are multiplied by :math:`e^{-\ell}`. Then a share of them goes to where
the weight was in the past (Bousquet and Warmuth, 2002, "Tracking a small set of experts by mixing
past posteriors"): half of it to the live population, half to stored regimes. How large that is
depends on how often regimes change, so several shares predict side by side and are weighed, too.
"""

from __future__ import annotations

from typing import final

import numpy as np

from madaline.nn.arrays import Array

_SHARES = np.array([0.0003, 0.01, 0.1])[:, None]  # of the weight that moves at each label
_TOP_SHARE = 0.01  # the same of the weights of these
_TOP_PRIOR = np.array([0.85, 0.12, 0.03])  # what they begin with, and where that share goes
_PAST_MEMORY = 0.9998  # how much of the mean weights of the past is kept at each label


@final
class Mixing:
    """Weights of the live population, which comes first, and of stored regimes."""

    def __init__(self) -> None:
        self.weights = np.ones((len(_SHARES), 1))
        self.top = _TOP_PRIOR.copy()
        self.past = np.ones(1)

    @property
    def mean(self) -> Array:
        """The weight of each, (1 + regimes,)."""
        return np.asarray(self.top @ self.weights)

    def mix(self, predictions: Array) -> Array:
        """Return the mixture of predictions, (1 + regimes, n_samples, n_outputs)."""
        return np.asarray(np.tensordot(self.mean, predictions, axes=1))

    def by_share(self, predictions: Array) -> Array:
        """Return what each share predicts, (shares, n_samples, n_outputs)."""
        return np.asarray(np.tensordot(self.weights, predictions, axes=1))

    def update(self, losses: Array, top_losses: Array, n_new: int) -> None:
        """Take in the summed losses of some rows: of each predictor, and of each share."""
        self.top = _moved(self.top, top_losses, 1 - (1 - _TOP_SHARE) ** n_new, _TOP_PRIOR)
        mean = self.mean
        self.past += (1 - _PAST_MEMORY**n_new) * (mean - self.past)
        target = self.past / (2 * max(self.past[1:].sum(), 1e-12))
        target[0] = 0.5 if len(target) > 1 else 1.0
        self.weights = _moved(self.weights, losses, 1 - (1 - _SHARES) ** n_new, target)

    def add(self) -> None:
        """Make room for another regime, without weight but for a share of what moves."""
        self.weights = np.append(self.weights, np.zeros((len(_SHARES), 1)), axis=1)
        self.past = np.append(self.past, 1 / (1 + len(self.past)))

    def remove(self, place: int) -> None:
        """Let a regime go; its weight goes to the live population."""
        self.weights[:, 0] += self.weights[:, 1 + place]
        self.weights = np.delete(self.weights, 1 + place, axis=1)
        self.past = np.delete(self.past, 1 + place)

    def swap(self, place: int) -> None:
        """Give the live population, which is now the same, the weight of a regime."""
        self.weights[:, 0] += self.weights[:, 1 + place]
        self.weights[:, 1 + place] = 0


def _moved(weights: Array, losses: Array, share: Array | float, target: Array | float) -> Array:
    """Return weights after losses, a share of them moved to a target."""
    weights = weights * np.exp(losses.min() - losses)
    total = weights.sum(axis=-1, keepdims=True)
    weights = np.where(total > 0, weights / np.maximum(total, 1e-300), target)
    return np.asarray((1 - share) * weights + share * target)
