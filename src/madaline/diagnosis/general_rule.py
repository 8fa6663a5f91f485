"""The general rule: what most rows say of each row, as if some of them were not there.

It is a ridge regression of the encoded columns and of random ramps of them (a network whose first
layer is left to chance). That is too stiff to learn an exception by heart, and it can forget rows:
sums over rows are all that it depends on, and those of some rows are taken away again.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.out_of_fold import Facts
from madaline.nn.arrays import Array

RAMPS = 200
"""Units of the first layer. Without them, one end of a column of phoneme looks upside down, as what
goes with it elsewhere ends there."""

RIDGE = 0.03
"""Penalty, as a share of the variance of a feature."""


@dataclass(frozen=True, eq=False)
class GeneralRule:
    """A regression that can forget rows (final).

    Parameters
    ----------
    features : float32 ndarray of shape (n_rows, 1 + n_features)
        Ones, and standardized features.
    truth : float32 ndarray of shape (n_rows, n_outputs)
        Classes one-hot, or ranks of numbers from 0 to 1, so that a few large ones do not decide.
    products : ndarray of shape (1 + n_features, 1 + n_features + n_outputs)
        Sums over all rows of the products of features with features and with the truth.
    """

    features: Array
    truth: Array
    products: Array

    @classmethod
    def of(cls, facts: Facts) -> GeneralRule:
        """Return the rule of the judged rows of a fit."""
        features, truth = _features(facts.features), _truth(facts)
        return cls(features, truth, _products(features, truth))

    def expected(self, forgotten: Array, *, straight: bool = False) -> Array:
        """Return what is expected of each row by those that are not forgotten.

        Parameters
        ----------
        forgotten : Boolean ndarray of shape (n_rows,)
            The rows that the rule must not know.
        straight : bool
            Whether to do without the ramps.

        Returns
        -------
        float32 ndarray of shape (n_rows, n_outputs)
        """
        size = self.features.shape[1] - straight * RAMPS
        products = self.products - _products(self.features[forgotten], self.truth[forgotten])
        of_features, of_truth = np.split(products, [self.features.shape[1]], axis=1)
        penalty = np.full(size, RIDGE * np.count_nonzero(~forgotten))
        penalty[0] = 0.0  # the constant
        weights = np.linalg.solve(of_features[:size, :size] + np.diag(penalty), of_truth[:size])
        return np.asarray(self.features[:, :size] @ weights.astype(np.float32))


def _products(features: Array, truth: Array) -> Array:
    """Return what the rule depends on, in float64."""
    return np.hstack([features.T @ features, features.T @ truth]).astype(np.float64)


def _features(encoded: Array) -> Array:
    linear = _standardized(encoded.astype(np.float32))
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(linear.shape[1], RAMPS)) / np.sqrt(linear.shape[1])
    starts = rng.uniform(-1, 1, RAMPS).astype(np.float32)
    ramps = linear @ directions.astype(np.float32)
    ramps += starts
    np.maximum(ramps, 0, out=ramps)
    return np.hstack([np.ones_like(linear[:, :1]), linear, _standardized(ramps)])


def _standardized(x: Array) -> Array:
    """Return the array itself, changed in place."""
    x -= x.mean(axis=0)
    scale = x.std(axis=0)
    x /= np.where(scale > 0, scale, 1)
    return x


def _truth(facts: Facts) -> Array:
    if facts.classes is None:
        ranks = facts.target.ravel().argsort(kind="stable").argsort(kind="stable")
        return np.asarray(ranks[:, None] / len(ranks), np.float32)
    if len(facts.classes) > 2:
        return facts.target
    return np.eye(2, dtype=np.float32)[facts.codes]
