"""A part of the ensemble: networks with the same layers, and their weights in the mean."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.nn.surgery.outputs import take_output


@dataclass(frozen=True, eq=False)
class Part:
    """Networks with the same layers, and their weights in the mean of all networks.

    Parameters
    ----------
    n_bins : int
        How many bins stand beside the numbers among their inputs.
    network : Network
        Their layers.
    theta : ndarray of shape (recipes, folds, parameters)
        Their parameters.
    weights : ndarray of shape (recipes,)
        Weight of each recipe, shared by its folds; over all parts they add up to one.
    """

    n_bins: int
    network: Network
    theta: Array
    weights: Array

    @property
    def shares(self) -> Array:
        """The weight of each network in the mean of all, shape (recipes * folds, 1).

        Examples
        --------
        >>> part = Part(0, Network(()), np.zeros((1, 2, 0)), np.array([0.5]))
        >>> part.shares.tolist(), part.fold_shares.tolist()
        ([[0.25], [0.25]], [[0.5, 0.0], [0.0, 0.5]])
        """
        return np.asarray(self.fold_shares.mean(axis=1, keepdims=True))

    @property
    def fold_shares(self) -> Array:
        """The weight of each in the mean of the networks of a fold, (recipes * folds, folds)."""
        folds = np.eye(self.theta.shape[1])
        return np.reshape(self.weights[:, None, None] * folds, (-1, len(folds)))

    def of_output(self, index: int) -> Part:
        """Return networks that compute one of the outputs."""
        network, theta = take_output(self.network, self.theta, index)
        return replace(self, network=network, theta=theta)
