"""Networks that look at a grid are left whole: their first layer adds up no columns.

Such a network, a convolution's, is asked about every row between two from its very inputs on. What
an opened part (`opened_part.py`) calls sums are here the features themselves.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.explain.attributions.parts import AskedPart
from madaline.nn.arrays import Array
from madaline.runtime.part import Part


@dataclass(frozen=True, eq=False)
class WholePart(AskedPart):
    """The networks of a part, nothing taken off.

    Parameters
    ----------
    part : Part
        The networks.
    columns : int ndarray of shape (n_features,)
        For each feature the number of its column.
    """

    part: Part
    columns: Array

    first = 0

    @cached_property
    def n_units(self) -> int:
        """Numbers that come out of the widest layer of all networks together, a row."""
        return len(self.share) * self.part.network.width(len(self.columns))

    def sums(self, features: Array) -> Array:
        """Return the features, which all networks share, shape (1, n_samples, n_features)."""
        return features[None]

    def column_sums(self, difference: Array) -> Array:
        """Return the difference column by column, shape (1, n_samples, n_columns, n_features)."""
        return np.asarray(difference[None, :, None, :] * self.selector.T)

    def gathered(self, gradient: Array) -> Array:
        """Return the sum over the members, shape (1, n_samples, n_features)."""
        return np.asarray(gradient.sum(axis=0, keepdims=True))

    def feature_totals(self, gradient: Array, difference: Array) -> Array:
        """Return gradient times difference, shape (n_samples, n_features), in float64.

        Parameters
        ----------
        gradient : ndarray of shape (1, n_samples, n_features)
            By the features, what `gathered` returned.
        difference : ndarray of shape (n_samples, n_features)
            By how much they differ.
        """
        return np.asarray(gradient[0].astype(np.float64) * difference)
