"""A part of a predictor: networks with the same layers, and how much each counts."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np

from madaline.core.arrays import Array
from madaline.core.network import Network


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

    def mean(self, said: Array) -> Array:
        """Return this part's share of the raw output, in float64.

        Parameters
        ----------
        said : ndarray of shape (recipes * folds, n_samples, n_outputs)
            What every network says.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)

        Examples
        --------
        >>> part = Part(0, Network(()), np.zeros((1, 2, 0)), np.array([0.5]))
        >>> part.mean(np.array([[[1.0]], [[3.0]]]))  # two folds, half of the prediction
        array([[1.]])
        """
        return np.asarray(np.einsum("m,mso->so", self._share, said))

    def fold_means(self, said: Array) -> Array:
        """Return the same of the networks of each fold alone, (n_folds, n_samples, n_outputs)."""
        of_folds = said.reshape(*self.theta.shape[:2], *said.shape[1:])
        return np.asarray(np.einsum("r,rfso->fso", self.weights, of_folds))

    @cached_property
    def _share(self) -> Array:
        """How much each network counts, shape (recipes * folds,)."""
        folds = self.theta.shape[1]
        return np.repeat(self.weights / folds, folds)

    def __getstate__(self) -> dict[str, Any]:
        """Return what a pickle or a copy holds: the fields alone."""
        return {item.name: getattr(self, item.name) for item in fields(self)}
