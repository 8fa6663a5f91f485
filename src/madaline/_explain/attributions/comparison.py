"""Rows are compared with the rows of a background: each combination of both is a pair.

Pairs go through the networks in blocks, so that memory does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from madaline._explain.attributions.background import Background
from madaline._explain.attributions.networks import DifferentiableNetworks
from madaline.nn.arrays import Array

BLOCK_ELEMENTS = 2**18
"""Activations of one layer of all networks in a block, at most: a MiB in float32."""

BLOCK_ELEMENTS_OF_GRIDS = 2**22
"""The same of networks for images or sounds, which divide blocks further themselves."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some pairs of a row and a row of the background.

    Parameters
    ----------
    rows, background_rows : int ndarray of shape (n_pairs,)
        Indices of both.
    class_index : int ndarray of shape (n_pairs,)
        The class to explain.
    """

    rows: Array
    background_rows: Array
    class_index: Array


class Comparison:
    """Rows, a background, and the networks that predict both (final).

    Parameters
    ----------
    networks : DifferentiableNetworks
        The networks, and the scale.
    features : mapping of int to ndarray of shape (n_samples, n_features)
        For each number of bins that networks use, the encoded rows.
    class_index : int ndarray of shape (n_samples,)
        The class to explain in each row.
    background : Background
        What the rows are compared with.
    """

    def __init__(
        self,
        networks: DifferentiableNetworks,
        features: Mapping[int, Array],
        class_index: Array,
        background: Background,
    ) -> None:
        self.networks, self.class_index = networks, class_index
        self.n_samples, self.n_background = len(class_index), background.n_rows
        bins = [part.part.n_bins for part in networks.parts]
        self._features = [features[n_bins] for n_bins in bins]
        self._background = [background.features[n_bins] for n_bins in bins]
        self._sums = networks.sums(self._features)
        self._background_sums = networks.sums(self._background)
        self.n_columns = networks.n_columns
        self._map_shapes = {name: map_shape(grid.shape) for name, grid in networks.grids.items()}
        spans = networks.patterns.items()
        self._map_shapes |= {name: (stop - start,) for name, (start, stop) in spans}
        self._mapped = {name: grid.features for name, grid in networks.grids.items()}
        self._mapped |= {name: slice(*span) for name, span in spans}
        self.n_attributions = self.n_columns + sum(map(prod, self._map_shapes.values()))

    @cached_property
    def base(self) -> Array:
        """The mean explained value of the background, for each row's class, (n_samples,)."""
        bases = np.zeros(self.n_samples)
        for index in np.unique(self.class_index):
            of_class = np.full(self.n_background, index)
            mean = self.networks.values(self._background_sums, of_class).mean()
            bases[self.class_index == index] = mean
        return bases

    def pairs(self, rows: Array, evaluations: int = 1) -> Iterator[Pairs]:
        """Yield all pairs of some rows, those of one row after another, in blocks.

        Parameters
        ----------
        rows : int ndarray of shape (n,)
            Indices of the rows.
        evaluations : int
            How often a pair goes through the networks at the same time.
        """
        width = max(self.networks.n_units * evaluations, self.networks.n_features)
        elements = BLOCK_ELEMENTS_OF_GRIDS if self.networks.have_kinks else BLOCK_ELEMENTS
        size = max(1, elements // width)
        total = len(rows) * self.n_background
        for start in range(0, total, size):
            index, background_rows = np.divmod(
                np.arange(start, min(start + size, total)), self.n_background
            )
            yield Pairs(rows[index], background_rows, self.class_index[rows[index]])

    def starts(self, pairs: Pairs) -> list[Array]:
        """Return for each part the sums of the background, (members, n_pairs, units)."""
        return [sums[:, pairs.background_rows] for sums in self._background_sums]

    def ends(self, pairs: Pairs) -> list[Array]:
        """Return for each part the sums of the rows, shape (members, n_pairs, units)."""
        return [sums[:, pairs.rows] for sums in self._sums]

    def column_sums(self, pairs: Pairs) -> list[Array]:
        """Return for each part what each column adds, (members, n_pairs, n_columns, units)."""
        return [
            part.column_sums(difference)
            for part, difference in zip(self.networks.parts, self._differences(pairs), strict=True)
        ]

    def feature_attributions(self, pairs: Pairs, gradients: Sequence[Array]) -> Iterator[Array]:
        """Yield for each part gradient times difference of each feature, (n_pairs, n_features).

        Parameters
        ----------
        pairs : Pairs
            Where the differences are from.
        gradients : sequence of ndarray of shape (members, n_pairs, units)
            For each part, with respect to its sums.
        """
        for part, gradient, difference in zip(
            self.networks.parts, gradients, self._differences(pairs), strict=True
        ):
            yield part.feature_attributions(gradient, difference)

    def attributions(self, pairs: Pairs, gradients: Sequence[Array]) -> Array:
        """Return the attributions of columns, then of grid positions, or of each pattern.

        Returns
        -------
        ndarray of shape (n_pairs, n_attributions)
        """
        attributions = np.zeros((len(pairs.rows), self.n_attributions))
        of_parts = self.feature_attributions(pairs, gradients)
        for part, by_feature in zip(self.networks.parts, of_parts, strict=True):
            start = self.n_columns
            attributions[:, :start] += by_feature @ part.column_of_feature
            for name, shape in self._map_shapes.items():
                size = prod(shape)
                positions = by_feature[:, self._mapped[name]].reshape(len(by_feature), size, -1)
                attributions[:, start : start + size] += positions.sum(axis=-1)
                start += size
        return attributions

    def maps(self, attributions: Array) -> dict[str, Array]:
        """Return the attribution of each position of a grid, (n_samples, *sides), by column name.

        Of a column of patterns it is that of each feature, (n_samples, n_features).

        Parameters
        ----------
        attributions : ndarray of shape (n_samples, n_attributions)
            Sums or means of what `attributions` returned.
        """
        maps, start = {}, self.n_columns
        for name, shape in self._map_shapes.items():
            stop = start + prod(shape)
            maps[name] = attributions[:, start:stop].reshape(len(attributions), *shape)
            start = stop
        return maps

    def _differences(self, pairs: Pairs) -> Iterator[Array]:
        """Yield for each part the differences of the features of each pair."""
        for features, background in zip(self._features, self._background, strict=True):
            yield features[pairs.rows] - background[pairs.background_rows]


def map_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the attributions of a grid, given its sides and channels.

    The colors of a pixel are added up; the channels of a sequence, or the pitches of a sound, are
    kept apart.

    Examples
    --------
    >>> map_shape((28, 28, 3)), map_shape((22, 13))
    ((28, 28), (22, 13))
    """
    return shape[:-1] if len(shape) > 2 else shape
