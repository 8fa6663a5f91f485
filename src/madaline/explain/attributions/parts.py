"""A part of a model as explanations ask it: from the sums of a row to outputs, and back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar

import numpy as np

from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import Linear
from madaline.nn.layers.base import Layer
from madaline.nn.layers.chain import ChainBackward, chain_forward
from madaline.nn.workspace import Workspace
from madaline.runtime.part import Part


class AskedPart(ABC):
    """Abstract base: networks with the same layers, those below `first` taken off.

    Attributes
    ----------
    part : Part
        The networks.
    columns : int ndarray of shape (n_features,)
        For each feature the number of its column.
    first : int
        The layer that sums go into.
    """

    part: Part
    columns: Array
    first: ClassVar[int]

    @property
    def n_bins(self) -> int:
        """Which encoding the networks see."""
        return self.part.n_bins

    @property
    @abstractmethod
    def n_units(self) -> int:
        """Numbers that all networks together need for a row, about."""

    @abstractmethod
    def sums(self, features: Array) -> Array:
        """Return what goes into the layer `first`, shape (members, n_samples, units)."""

    @abstractmethod
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

    @abstractmethod
    def feature_totals(self, gradient: Array, difference: Array) -> Array:
        """Return gradient times difference of each feature.

        Parameters
        ----------
        gradient : ndarray of shape (members, n_samples, units)
            By the sums.
        difference : ndarray of shape (n_samples, n_features)
            By how much the features differ.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
        """

    @cached_property
    def share(self) -> Array:
        """How much each network counts, shape (members,)."""
        folds = self.part.theta.shape[1]
        return np.repeat(self.part.weights / folds, folds)

    @property
    def layers(self) -> Sequence[Layer]:
        """The layers that are asked."""
        return self.part.network.layers[self.first :]

    @property
    def parameters(self) -> Sequence[Parameters]:
        """Their parameters."""
        return self._parameters[self.first :]

    @property
    def discarded(self) -> Sequence[Parameters]:
        """Where gradients by the parameters go, which nobody wants here."""
        return self._discarded[self.first :]

    def forward(self, sums: Array, workspace: Workspace) -> tuple[Array, ChainBackward]:
        """Return what the networks say given their sums, (members, n_samples, n_outputs)."""
        return chain_forward(
            self.layers,
            self.parameters,
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
        return backward(self.of_members(slope), self.discarded, input_gradient=True)

    def gathered(self, gradient: Array) -> Array:
        """Return the gradient by sums that members share, given each member's by its own."""
        return gradient

    def of_members(self, slope: Array) -> Array:
        """Return the gradient by what each network says, given that by the mean of all."""
        return np.asarray((self.share[:, None, None] * slope).astype(self.part.theta.dtype))

    @cached_property
    def selector(self) -> Array:
        """A one where a feature was made from a column, shape (n_features, n_columns)."""
        return np.eye(self.columns.max() + 1, dtype=self.part.theta.dtype)[self.columns]

    @cached_property
    def _parameters(self) -> list[Parameters]:
        return self.part.network.bind(self.part.theta.reshape(-1, self.part.theta.shape[-1]))

    @cached_property
    def _discarded(self) -> list[Parameters]:
        theta, layers = self.part.theta, self.part.network.layers
        bound = self.part.network.bind(np.empty((len(self.share), theta.shape[-1]), theta.dtype))
        # What a layer can do without computing goes nowhere.
        return [
            {} if isinstance(layer, Linear) else own
            for layer, own in zip(layers, bound, strict=True)
        ]
