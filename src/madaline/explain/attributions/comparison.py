"""Rows are compared with the rows of a background; each row and each of those are a pair.

Pairs go through the networks in blocks, so that memory does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from madaline.explain.attributions.background import Background
from madaline.explain.attributions.networks import OpenedNetworks
from madaline.nn.arrays import Array

BLOCK_ELEMENTS = 2**18
"""Activations of one layer of all networks in a block, at most: a MiB in float32."""

BLOCK_ELEMENTS_OF_GRIDS = 2**22
"""The same of networks that look at a grid, which put blocks of their own into the cache."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Some pairs of a row and a row of the background.

    Parameters
    ----------
    rows, others : int ndarray of shape (n_pairs,)
        Numbers of the row and of the row of the background.
    """

    rows: Array
    others: Array


class Comparison:
    """Rows, a background, and the networks that are asked about both (final).

    Parameters
    ----------
    networks : OpenedNetworks
        The networks, and what is made of their outputs.
    features : mapping of int to ndarray of shape (n_samples, n_features)
        For each number of bins that networks see, the encoded rows.
    asked : int ndarray of shape (n_samples,)
        Number of the class that is asked about in each row.
    background : Background
        What the rows are compared with.
    """

    def __init__(
        self,
        networks: OpenedNetworks,
        features: Mapping[int, Array],
        asked: Array,
        background: Background,
    ) -> None:
        self.networks = networks
        self.asked = asked
        self.n_samples, self.n_others = len(asked), background.n_rows
        parts = networks.parts
        self._own = [features[part.n_bins] for part in parts]
        self._others = [background.features[part.n_bins] for part in parts]
        self._own_sums = networks.sums(self._own)
        self._other_sums = networks.sums(self._others)

    @property
    def n_columns(self) -> int:
        """Number of columns."""
        return self.networks.n_columns

    @property
    def n_shares(self) -> int:
        """Number of columns, and of positions of the grids that some stand on."""
        grids = self.networks.grids.values()
        return self.n_columns + sum(prod(map_shape(grid.shape)) for grid in grids)

    @cached_property
    def base(self) -> Array:
        """The mean answer to the background, for what is asked of each row, (n_samples,)."""
        of_classes = {
            number: self.networks.values(self._other_sums, np.full(self.n_others, number)).mean()
            for number in np.unique(self.asked)
        }
        return np.array([of_classes[number] for number in self.asked], np.float64)

    def pairs(self, rows: Array, evaluations: int = 1) -> Iterator[Pairs]:
        """Yield all pairs of some rows, those of one row after another, in blocks.

        Parameters
        ----------
        rows : int ndarray of shape (n,)
            Numbers of the rows.
        evaluations : int
            How often a pair goes through the networks at the same time.
        """
        width = max(self.networks.n_units * evaluations, self.networks.n_features)
        most = BLOCK_ELEMENTS_OF_GRIDS if self.networks.have_kinks else BLOCK_ELEMENTS
        size = max(1, most // width)
        total = len(rows) * self.n_others
        for start in range(0, total, size):
            pair = np.arange(start, min(start + size, total))
            yield Pairs(rows[pair // self.n_others], pair % self.n_others)

    def starts(self, pairs: Pairs) -> list[Array]:
        """Return for each part the sums of the background's rows, (members, n_pairs, units)."""
        return [sums[:, pairs.others] for sums in self._other_sums]

    def ends(self, pairs: Pairs) -> list[Array]:
        """Return for each part the sums of the rows, shape (members, n_pairs, units)."""
        return [sums[:, pairs.rows] for sums in self._own_sums]

    def column_sums(self, pairs: Pairs) -> list[Array]:
        """Return for each part what each column adds to the sums from start to end.

        Returns
        -------
        list of ndarray of shape (members, n_pairs, n_columns, units)
        """
        return [
            part.column_sums(difference)
            for part, difference in zip(self.networks.parts, self._differences(pairs), strict=True)
        ]

    def shares(self, pairs: Pairs, gradients: Sequence[Array]) -> Array:
        """Return gradient times difference, added up for each column and each position of a grid.

        Parameters
        ----------
        pairs : Pairs
            Where the differences are from.
        gradients : sequence of ndarray of shape (members, n_pairs, units)
            For each part, by its sums.

        Returns
        -------
        float64 ndarray of shape (n_pairs, n_shares)
            First the columns, then the positions of each grid.
        """
        shares = np.zeros((len(pairs.rows), self.n_shares))
        for part, gradient, difference in zip(
            self.networks.parts, gradients, self._differences(pairs), strict=True
        ):
            totals = part.feature_totals(gradient, difference)
            start = self.n_columns
            shares[:, :start] += totals @ part.selector
            for grid in self.networks.grids.values():
                n_places = prod(map_shape(grid.shape))
                places = totals[:, grid.features].reshape(len(totals), n_places, -1)
                positions = places.sum(axis=-1)
                shares[:, start : start + positions.shape[1]] += positions
                start += positions.shape[1]
        return shares

    def maps(self, shares: Array) -> dict[str, Array]:
        """Return what each position of a grid adds, (n_samples, *sides), by the grid's column.

        Parameters
        ----------
        shares : ndarray of shape (n_samples, n_shares)
            Sums or means of what `shares` returned.
        """
        maps, start = {}, self.n_columns
        for name, grid in self.networks.grids.items():
            shape = map_shape(grid.shape)
            stop = start + prod(shape)
            maps[name] = shares[:, start:stop].reshape(len(shares), *shape)
            start = stop
        return maps

    def feature_totals(self, pairs: Pairs, gradients: Sequence[Array], span: slice) -> Array:
        """Return gradient times difference of each feature that all encodings share.

        Parameters
        ----------
        pairs : Pairs
            Where the differences are from.
        gradients : sequence of ndarray of shape (members, n_pairs, units)
            For each part, by its sums.
        span : slice
            Which features.

        Returns
        -------
        float64 ndarray of shape (n_pairs, n_features_of_span)
        """
        totals = np.zeros((len(pairs.rows), span.stop - span.start))
        for part, gradient, difference in zip(
            self.networks.parts, gradients, self._differences(pairs), strict=True
        ):
            totals += part.feature_totals(gradient, difference)[:, span]
        return totals

    def _differences(self, pairs: Pairs) -> Iterator[Array]:
        """Yield for each part by how much the features of each pair differ."""
        for own, others in zip(self._own, self._others, strict=True):
            yield own[pairs.rows] - others[pairs.others]


def map_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of a map of a grid, given its sides and channels.

    The colors of a pixel belong together; the channels of a step, or the pitches of a moment, are
    told apart.

    Examples
    --------
    >>> map_shape((28, 28, 3)), map_shape((22, 13))
    ((28, 28), (22, 13))
    """
    return shape[:-1] if len(shape) > 2 else shape
