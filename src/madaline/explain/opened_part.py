"""A network is opened after its first layer, which only adds up what the columns say.

The first layer of every network is linear: before anything is bent, the sum in each of its units is
the bias and one term for each column of the table. So a straight way between two rows is a straight
way between their sums, and a row that has some columns of one row and the rest of another has sums
that are put together in the same way. What asks a network about very many rows between two
(`gradients.py`, `shapley.py`) needs the first layer, the widest, for these two alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.explain.attributions.parts import AskedPart
from madaline.nn.arrays import Array
from madaline.runtime.part import Part


@dataclass(frozen=True, eq=False)
class OpenedPart(AskedPart):
    """The networks of a part, their first layer taken off.

    Parameters
    ----------
    part : Part
        The networks; the first layer is linear.
    columns : int ndarray of shape (n_features,)
        For each feature the number of its column.
    """

    part: Part
    columns: Array

    first = 1

    @property
    def n_units(self) -> int:
        """Number of units of the first layers of all networks together."""
        return int(np.prod(self.weight.shape[::2]))

    @cached_property
    def weight(self) -> Array:
        """What each feature adds to the sums, shape (members, n_features, units)."""
        _, fixed = self.part.network.layers[0].fixed(self._parameters[0])
        return fixed["weight"]

    def sums(self, features: Array) -> Array:
        """Return the sums of the first layer, shape (members, n_samples, units)."""
        bias = self._parameters[0]["bias"][:, None, :]
        return np.asarray(np.matmul(features, self.weight) + bias)

    def column_sums(self, difference: Array) -> Array:
        """Return what each column adds to the sums when features change.

        Parameters
        ----------
        difference : ndarray of shape (n_samples, n_features)
            By how much they change.

        Returns
        -------
        ndarray of shape (members, n_samples, n_columns, units)
        """
        sums = [
            np.matmul(difference[:, own], self.weight[:, own])
            for own in map(np.flatnonzero, self.selector.T)
        ]
        return np.stack(sums, axis=2)

    def feature_totals(self, gradient: Array, difference: Array) -> Array:
        """Return gradient times difference of each feature, shape (n_samples, n_features)."""
        members, samples, units = gradient.shape
        flat = gradient.swapaxes(0, 1).reshape(samples, members * units)
        by_features = np.matmul(flat, self._flat_weight)  # (n_samples, n_features)
        by_features *= difference
        return np.asarray(by_features)

    @cached_property
    def _flat_weight(self) -> Array:
        """The weight with members and units in one axis, shape (members * units, n_features)."""
        members, features, units = self.weight.shape
        return np.ascontiguousarray(self.weight.swapaxes(1, 2).reshape(members * units, features))
