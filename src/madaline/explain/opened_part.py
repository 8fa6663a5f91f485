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

from madaline.core.arrays import Array, Parameters
from madaline.core.layers.chain import ChainBackward, chain_forward
from madaline.core.workspace import Workspace
from madaline.runtime.predictor import Part


@dataclass(frozen=True, eq=False)
class OpenedPart:
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

    @property
    def n_bins(self) -> int:
        """Which encoding the networks see."""
        return self.part.n_bins

    @cached_property
    def share(self) -> Array:
        """How much each network counts, shape (members,)."""
        folds = self.part.theta.shape[1]
        return np.repeat(self.part.weights / folds, folds)

    @cached_property
    def weight(self) -> Array:
        """What each feature adds to the sums, shape (members, n_features, units)."""
        first = self._parameters[0]
        silent = {**first, "bias": np.zeros_like(first["bias"])}
        unit_rows = np.eye(len(self.columns), dtype=self.part.theta.dtype)
        weight, _ = self.part.network.layers[0].forward(silent, unit_rows, workspace=Workspace())
        return weight

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
            for own in map(np.flatnonzero, self._selector.T)
        ]
        return np.stack(sums, axis=2)

    def forward(self, sums: Array, workspace: Workspace) -> tuple[Array, ChainBackward]:
        """Return what the networks say given their sums, (members, n_samples, n_outputs)."""
        return chain_forward(
            self.part.network.layers[1:],
            self._parameters[1:],
            sums,
            workspace=workspace,
            training=False,
            rng=None,
        )

    def backward(self, backward: ChainBackward, slope: Array) -> Array:
        """Return the gradient by the sums, shape (members, n_samples, units).

        Parameters
        ----------
        backward : ChainBackward
            What `forward` returned.
        slope : ndarray of shape (n_samples, n_outputs)
            Gradient by the mean output of all networks.
        """
        of_members = (self.share[:, None, None] * slope).astype(self.part.theta.dtype)
        return backward(of_members, self._discarded[1:], input_gradient=True)

    def column_totals(self, gradient: Array, difference: Array) -> Array:
        """Return gradient times difference, summed over the features of each column.

        Parameters
        ----------
        gradient : ndarray of shape (members, n_samples, units)
            By the sums.
        difference : ndarray of shape (n_samples, n_features)
            By how much the features differ.

        Returns
        -------
        ndarray of shape (n_samples, n_columns)
        """
        members, samples, units = gradient.shape
        flat = gradient.swapaxes(0, 1).reshape(samples, members * units)
        by_features = np.matmul(flat, self._flat_weight)  # (n_samples, n_features)
        by_features *= difference
        return np.asarray(by_features @ self._selector)

    @cached_property
    def _flat_weight(self) -> Array:
        """The weight with members and units in one axis, shape (members * units, n_features)."""
        members, features, units = self.weight.shape
        return np.ascontiguousarray(self.weight.swapaxes(1, 2).reshape(members * units, features))

    @cached_property
    def _selector(self) -> Array:
        """A one where a feature was made from a column, shape (n_features, n_columns)."""
        return np.eye(self.columns.max() + 1, dtype=self.part.theta.dtype)[self.columns]

    @cached_property
    def _parameters(self) -> list[Parameters]:
        return self.part.network.bind(self.part.theta.reshape(-1, self.part.theta.shape[-1]))

    @cached_property
    def _discarded(self) -> list[Parameters]:
        """Where gradients by the parameters go, which nobody wants here."""
        theta = self.part.theta
        return self.part.network.bind(np.empty((len(self.share), theta.shape[-1]), theta.dtype))
