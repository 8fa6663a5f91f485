"""The row space: few rows span few directions, however many features they have.

A linear network that is regularized has no weight in any other direction. So it is solved among as
many numbers as there are rows, instead of thousands of features, and is the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array

NEGLIGIBLE = 1e-10
"""A direction whose square is below this share of the largest is none."""


@dataclass(frozen=True, eq=False)
class RowSpace:
    """Rows as coordinates in the space that they span (final); build it with `of`.

    Parameters
    ----------
    rows : float64 ndarray of shape (n_samples, n_directions)
        The coordinates: products of two rows are those of their features.
    mix : float64 ndarray of shape (n_samples, n_directions)
        Each direction as a sum of rows.
    features : float64 ndarray of shape (n_samples, n_features)
        The features.
    scale : float
        Features are divided by this.

    Examples
    --------
    >>> features = np.random.default_rng(0).normal(size=(3, 100)).astype(np.float32)
    >>> space = RowSpace.of(features)
    >>> space.rows.shape
    (3, 3)
    >>> own = np.array([[1.0], [2.0], [3.0]])
    >>> np.allclose(features @ space.weight(own), space.rows @ own)
    True
    """

    rows: Array
    mix: Array
    features: Array
    scale: float

    @classmethod
    def of(cls, features: Array) -> RowSpace:
        """Return the space of some rows, whose features have a mean square of about one.

        They are divided by the root of their number, so that rows have about unit length.
        """
        wide, scale = features.astype(np.float64), float(np.sqrt(features.shape[1]))
        squares, directions = np.linalg.eigh(wide @ wide.T / scale**2)
        kept = squares > NEGLIGIBLE * max(squares[-1], 1e-300)
        roots, directions = np.sqrt(squares[kept]), directions[:, kept]
        return cls(directions * roots, directions / roots, wide, scale)

    @property
    def n_features(self) -> int:
        """Number of features."""
        return int(self.features.shape[1])

    def weight(self, own: Array) -> Array:
        """Return the weights of features that are these weights of coordinates.

        Parameters
        ----------
        own : ndarray of shape (n_directions, n_outputs)
            The weights of coordinates.

        Returns
        -------
        float64 ndarray of shape (n_features, n_outputs)
        """
        return np.asarray(self.features.T @ (self.mix @ own) / self.scale**2)
