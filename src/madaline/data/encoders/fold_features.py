"""Features that depend on targets, so that the networks of each fold see their own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline.data.encoders.category_encoder import CategoryEncoder
from madaline.data.encoders.column_encoder import ColumnEncoder
from madaline.data.encoders.column_encoders import read_column
from madaline.data.table import Table
from madaline.nn.arrays import Array


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
    >>> own = FoldFeatures(np.array([1]), np.array([[[5.0], [6.0]], [[7.0], [8.0]]], np.float32))
    >>> own.write(1, slice(0, 2), np.zeros((2, 3), np.float32))
    array([[0., 7., 0.],
           [0., 8., 0.]], dtype=float32)
    """

    features: Array
    values: Array

    @classmethod
    def of(
        cls,
        encoders: Sequence[ColumnEncoder],
        table: Table,
        target: Array,
        sample_weight: Array | None,
        learned: Sequence[Array],
        parts: Array,
    ) -> FoldFeatures | None:
        """Return the features of the training rows that depend on targets, as each fold may know.

        Parameters
        ----------
        encoders : sequence of ColumnEncoder
            Those of the columns.
        table : Table
            The rows that they were fitted on, in any order.
        target : ndarray of shape (n_samples, n_outputs)
            Their targets.
        sample_weight : ndarray of shape (n_samples,), optional
            Their weights.
        learned : sequence of int ndarray
            Places of the rows that each fold's networks learn from.
        parts : int ndarray of shape (n_samples,)
            Rows of the same number do not tell one another.

        Returns
        -------
        FoldFeatures or None
            None where no feature depends on targets.
        """
        stops = np.cumsum([encoder.n_features for encoder in encoders])
        features, values = [], []
        for encoder, stop in zip(encoders, stops, strict=True):
            if isinstance(encoder, CategoryEncoder) and encoder.means is not None:
                slots = encoder.slots(read_column(encoder, table))
                of_folds = [
                    encoder.means.for_networks(slots, target, sample_weight, rows, parts)
                    for rows in learned
                ]
                features.append(np.arange(stop - encoder.n_means, stop))
                values.append(np.stack(of_folds))
        if not features:
            return None
        return cls(np.concatenate(features), np.concatenate(values, axis=-1))

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
