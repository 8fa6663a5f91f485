"""A part of a predictor: networks with the same layers, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.network import Network


@dataclass(frozen=True, eq=False)
class Part:
    """Networks with the same layers, and how much each counts.

    Parameters
    ----------
    n_bins : int
        Which encoding they see.
    network : Network
        Their layers.
    theta : ndarray of shape (recipes, folds, parameters)
        Their parameters.
    weights : ndarray of shape (recipes,)
        Share of each recipe in the prediction; over all parts the shares add up to one.
    """

    n_bins: int
    network: Network
    theta: Array
    weights: Array

    @property
    def shares(self) -> Array:
        """How much each network counts in the prediction, shape (recipes * folds, 1).

        Examples
        --------
        >>> part = Part(0, Network(()), np.zeros((1, 2, 0)), np.array([0.5]))
        >>> part.shares.tolist(), part.fold_shares.tolist()
        ([[0.25], [0.25]], [[0.5, 0.0], [0.0, 0.5]])
        """
        return np.asarray(self.fold_shares.mean(axis=1, keepdims=True))

    @property
    def fold_shares(self) -> Array:
        """How much each counts in that of the networks of a fold, (recipes * folds, folds)."""
        folds = np.eye(self.theta.shape[1])
        return np.reshape(self.weights[:, None, None] * folds, (-1, len(folds)))
