"""Features computed from targets: each fold's networks get their own, without held-out targets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline._data.encoders.category_encoder import CategoryEncoder
from madaline._data.encoders.column_encoder import ColumnEncoder
from madaline._data.encoders.encoders_by_kind import read_column
from madaline._data.table import Table
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class FoldFeatures:
    """Features of the training rows that differ from fold to fold (final).

    Parameters
    ----------
    features : int ndarray of shape (n_features,)
        Indices of the features; the same in every encoding.
    values : float32 ndarray of shape (n_folds, n_samples, n_features)
        Their values.

    Examples
    --------
    >>> features = FoldFeatures(
    ...     np.array([1]), np.array([[[5.0], [6.0]], [[7.0], [8.0]]], np.float32)
    ... )
    >>> features.write(1, slice(0, 2), np.zeros((2, 3), np.float32))
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
        """Return the features of the training rows that depend on targets, without leaks.

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
            Indices of the rows that each fold's networks learn from.
        parts : int ndarray of shape (n_samples,)
            The features of a row do not depend on targets of rows with the same number.

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

    def write(self, folds: int | Array, rows: slice | Array, x: Array) -> Array:
        """Write the features of some rows for the networks of some folds into `x` and return it.

        Parameters
        ----------
        folds : int or int ndarray
            The folds; an array broadcasts with the rows.
        rows : slice or int ndarray
            Indices of the rows.
        x : float32 ndarray of shape (..., features)
            The encoded rows, changed in place.
        """
        x[..., self.features] = self.values[folds, rows]
        return x
