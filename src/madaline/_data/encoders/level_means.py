"""Target encoding: the mean target at each level of a category that has too many for one-hot.

The mean of few rows is unreliable, so it is shrunk towards the overall mean, the more the fewer the
rows. To leak no target, each fold's networks have means of their own, over the rows that they learn
from, and the mean that such a row gets is that of other rows. New rows get the mean of all rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from madaline.nn.arrays import Array

MOST_OUTPUTS = 10
"""The largest number of outputs whose means are encoded, those of the most frequent classes."""

PARTS = 10
"""Parts of the rows that a network learns from; the mean of each row is over the other parts."""


@dataclass(frozen=True, eq=False)
class LevelMeans:
    r"""Shrunk means of a target at the levels of a column, as deviations of about unit size.

    With :math:`n_l` rows of mean :math:`\bar y_l` at level l and :math:`\bar y` overall::

        d_l = n_l (mean_l - mean) / (n_l + m)        with m = variance within / variance between

    Both variances are those of a one-way analysis of variance, so m is the number of rows at which
    a level's mean counts as much as the overall mean.

    Parameters
    ----------
    outputs : int ndarray of shape (n_means,)
        Indices of the encoded outputs of the target.
    prior : float64 ndarray of shape (n_means,)
        Number of rows m that the overall mean counts as; infinite where levels are uninformative.
    scale : float64 ndarray of shape (n_means,)
        What deviations are divided by.
    values : float32 ndarray of shape (n_levels, n_means)
        The deviations over all rows, scaled.

    References
    ----------
    Micci-Barreca (2001), "A preprocessing scheme for high-cardinality categorical attributes",
    SIGKDD Explorations 3; the moments: Searle, Casella and McCulloch (1992), "Variance components".

    Examples
    --------
    >>> levels, target = np.array([0, 0, 1, 1, 1, 2]), np.array([[1.0], [2], [5], [6], [7], [4]])
    >>> means = LevelMeans.fit(levels, target, None, n_levels=3)
    >>> means.values.ravel().round(2)
    array([-1.31,  0.92, -0.08], dtype=float32)

    A network that learns from the first four rows: each of these gets the mean of the other three,
    and the rest get that of all four.

    >>> values = means.for_networks(levels, target, None, np.arange(4), np.arange(6))
    >>> values.ravel().round(2)
    array([-1.08, -1.39,  1.39,  1.08,  0.98,  0.  ], dtype=float32)
    """

    outputs: Array
    prior: Array
    scale: Array
    values: Array

    @classmethod
    def fit(
        cls, levels: Array, target: Array, weight: Array | None, *, n_levels: int
    ) -> LevelMeans:
        """Return the means of a training table.

        Parameters
        ----------
        levels : int ndarray of shape (n_samples,)
            Each row's level, from 0 to ``n_levels - 1``.
        target : ndarray of shape (n_samples, n_outputs)
            What the networks learn to predict.
        weight : ndarray of shape (n_samples,), optional
            Weight of each row.
        n_levels : int
            Number of levels.
        """
        weight = _weights(weight, len(levels))
        outputs = np.sort(np.argsort(-(weight @ target), kind="stable")[:MOST_OUTPUTS])
        target = target[:, outputs].astype(np.float64)
        rows, sums = _totals(levels, target, weight, n_levels)
        prior = _prior(levels, target, weight, rows, sums)
        deviations = _shrunk(rows, sums, prior)
        scale = np.sqrt(rows @ np.square(deviations) / max(rows.sum(), 1e-300))
        scale = np.where(scale > 0, scale, 1.0)
        return cls(outputs, prior, scale, (deviations / scale).astype(np.float32))

    def for_networks(
        self, levels: Array, target: Array, weight: Array | None, learned: Array, parts: Array
    ) -> Array:
        """Return the values of every row for networks that learn from some rows.

        Parameters
        ----------
        levels, target, weight
            As for `fit`, of all training rows.
        learned : int ndarray
            Indices of the rows that the networks learn from.
        parts : int ndarray of shape (n_samples,)
            A row that is learned from gets the mean of the rows of other parts.

        Returns
        -------
        float32 ndarray of shape (n_samples, n_means)
            0 where no such row has the level.
        """
        n_levels, parts = len(self.values), parts % PARTS
        targets = target[learned][:, self.outputs].astype(np.float64)
        weights = _weights(weight, len(levels))[learned]
        keys = parts[learned] * n_levels + levels[learned]
        rows, sums = _totals(keys, targets, weights, PARTS * n_levels)
        rows, sums = rows.reshape(PARTS, n_levels), sums.reshape(PARTS, n_levels, -1)
        all_rows, all_sums = rows.sum(axis=0), sums.sum(axis=0)
        result = self._scaled(all_rows, all_sums)[levels]
        for part in range(PARTS):
            these = learned[parts[learned] == part]
            scaled = self._scaled(all_rows - rows[part], all_sums - sums[part])
            result[these] = scaled[levels[these]]
        return result

    def _scaled(self, rows: Array, sums: Array) -> Array:
        return (_shrunk(rows, sums, self.prior) / self.scale).astype(np.float32)

    def to_arrays(self) -> dict[str, Array]:
        """Return the arrays, for a file."""
        return {f"means.{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> LevelMeans:
        """Return the means that `to_arrays` described."""
        return cls(*(arrays[f"means.{field.name}"] for field in fields(cls)))


def _weights(weight: Array | None, n_samples: int) -> Array:
    return np.ones(n_samples) if weight is None else np.asarray(weight, np.float64)


def _totals(levels: Array, target: Array, weight: Array, n_levels: int) -> tuple[Array, Array]:
    """Return the weight of each level's rows, and the weighted sum of their targets."""
    rows = np.bincount(levels, weight, n_levels)
    sums = [np.bincount(levels, weight * output, n_levels) for output in target.T]
    return rows, np.stack(sums, axis=1)  # (n_levels,), (n_levels, n_means)


def _prior(levels: Array, target: Array, weight: Array, rows: Array, sums: Array) -> Array:
    """Return the variance within levels over that between them, by the method of moments."""
    n_samples = rows.sum()
    means = sums / np.maximum(rows, 1e-300)[:, None]
    mean = sums.sum(axis=0) / n_samples
    within = weight @ np.square(target - means[levels])
    between = rows @ np.square(means - mean)
    n_levels = np.count_nonzero(rows > 0)
    spread_within = within / max(n_samples - n_levels, 1.0)
    rest = n_samples - np.square(rows).sum() / n_samples
    spread_between = (between - (n_levels - 1) * spread_within) / max(rest, 1e-300)
    prior: Array = np.full(len(mean), np.inf)
    np.divide(spread_within, spread_between, out=prior, where=spread_between > 0)
    return prior


def _shrunk(rows: Array, sums: Array, prior: Array) -> Array:
    """Return the deviations of the levels' means from that of all, shrunk; 0 for unknown levels."""
    mean = sums.sum(axis=0) / max(rows.sum(), 1e-300)
    known = (rows > 1e-12 * rows.sum())[:, None]  # a difference of sums of weights may be off zero
    shrunk: Array = np.zeros_like(sums)
    np.divide(sums - rows[:, None] * mean, rows[:, None] + prior, out=shrunk, where=known)
    return shrunk
