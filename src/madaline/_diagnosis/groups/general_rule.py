"""The general rule: a rough model of most rows, from which some rows can be left out.

It is a ridge regression on the encoded columns and on random ramps of them (a network with a random
first layer). It is too stiff to memorize an exception. And it depends on the rows only by sums over
them, from which those of some rows can be subtracted: they are predicted as if never seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.out_of_fold import OutOfFold
from madaline.nn.arrays import Array
from madaline.nn.sparse_rows import dense

RAMPS = 200
"""Units of the first layer. Without them, one end of a column of phoneme looks reversed, as a trend
that holds elsewhere ends there."""

RIDGE = 0.03
"""Penalty, as a share of the variance of a feature."""


@dataclass(frozen=True, eq=False)
class GeneralRule:
    """A ridge regression that can leave out rows (final).

    Parameters
    ----------
    features : float32 ndarray of shape (n_rows, 1 + n_features)
        Ones, and standardized features.
    truth : float32 ndarray of shape (n_rows, n_outputs)
        One-hot classes, or ranks of numbers from 0 to 1, so that a few large ones do not dominate.
    products : ndarray of shape (1 + n_features, 1 + n_features + n_outputs)
        Sums over all rows of the products of features with features and with the truth.
    """

    features: Array
    truth: Array
    products: Array

    @classmethod
    def of(cls, evaluated: OutOfFold) -> GeneralRule:
        """Return the rule of the evaluated rows of a fit."""
        features, truth = _features(dense(evaluated.features)), _truth(evaluated)
        return cls(features, truth, _products(features, truth))

    def predict(self, left_out: Array, *, straight: bool = False) -> Array:
        """Return the prediction for each row by the rows that are not left out.

        Parameters
        ----------
        left_out : Boolean ndarray of shape (n_rows,)
            The rows that the rule must not know.
        straight : bool
            Whether to do without the ramps.

        Returns
        -------
        float32 ndarray of shape (n_rows, n_outputs)
        """
        size = self.features.shape[1] - straight * RAMPS
        products = self.products - _products(self.features[left_out], self.truth[left_out])
        of_features, of_truth = np.split(products, [self.features.shape[1]], axis=1)
        penalty = np.full(size, RIDGE * np.count_nonzero(~left_out))
        penalty[0] = 0.0  # the intercept
        weights = np.linalg.solve(of_features[:size, :size] + np.diag(penalty), of_truth[:size])
        return np.asarray(self.features[:, :size] @ weights.astype(np.float32))


def _products(features: Array, truth: Array) -> Array:
    return np.hstack([features.T @ features, features.T @ truth]).astype(np.float64)


def _features(encoded: Array) -> Array:
    linear = _standardize(encoded.astype(np.float32))
    rng = np.random.default_rng(0)
    directions = rng.normal(size=(linear.shape[1], RAMPS)) / np.sqrt(linear.shape[1])
    starts = rng.uniform(-1, 1, RAMPS).astype(np.float32)
    ramps = linear @ directions.astype(np.float32)
    ramps += starts
    np.maximum(ramps, 0, out=ramps)
    return np.hstack([np.ones_like(linear[:, :1]), linear, _standardize(ramps)])


def _standardize(x: Array) -> Array:
    """Standardize the columns of an array in place, and return it."""
    x -= x.mean(axis=0)
    scale = x.std(axis=0)
    x /= np.where(scale > 0, scale, 1)
    return x


def _truth(evaluated: OutOfFold) -> Array:
    if evaluated.classes is None:
        ranks = evaluated.target.ravel().argsort(kind="stable").argsort(kind="stable")
        return np.asarray(ranks[:, None] / len(ranks), np.float32)
    if len(evaluated.classes) > 2:
        return evaluated.target
    return np.eye(2, dtype=np.float32)[evaluated.class_index]
