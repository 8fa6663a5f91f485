"""Features that depend on targets, so that the networks of each fold see their own."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.core.arrays import Array


@dataclass(frozen=True, eq=False)
class FoldFeatures:
    """Some features of the training rows, as the networks of each fold may see them (final).

    Parameters
    ----------
    features : int ndarray of shape (n_features,)
        Which features; the same in every encoding.
    values : float32 ndarray of shape (n_folds, n_samples, n_features)
        What they are.

    Examples
    --------
    >>> import numpy as np
    >>> own = FoldFeatures(np.array([1]), np.array([[[5.0], [6.0]], [[7.0], [8.0]]], np.float32))
    >>> own.write(1, slice(0, 2), np.zeros((2, 3), np.float32))
    array([[0., 7., 0.],
           [0., 8., 0.]], dtype=float32)
    """

    features: Array
    values: Array

    def write(self, folds: int | Array, places: slice | Array, x: Array) -> Array:
        """Write what some folds' networks see of some rows into encoded rows; return those.

        Parameters
        ----------
        folds : int or int ndarray
            Whose networks; an array broadcasts with the places.
        places : slice or int ndarray
            Which rows.
        x : float32 ndarray of shape (..., features)
            The encoded rows, changed in place.
        """
        x[..., self.features] = self.values[folds, places]
        return x
