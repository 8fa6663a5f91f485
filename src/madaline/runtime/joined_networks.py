"""Networks of all parts side by side: what one level of all of them says is one matrix.

So biases are added, and sums bent, for all networks at once; inputs that several share are
multiplied once, with the weights of all; and as only means of what the networks say are wanted,
their last weights are one matrix, too. A row by itself takes few calls of NumPy so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TypeAlias

import numpy as np

from madaline.data.encoders.joined_bins import JoinedBins
from madaline.nn.arrays import Array
from madaline.runtime.at_rest import AtRest
from madaline.runtime.bin_table import BinTable
from madaline.runtime.row_counts import rows_of_product
from madaline.runtime.stages import Stages

Place: TypeAlias = tuple[int, int]
"""A matrix, by its number, and one of its columns."""

LOOKED_UP = 32
"""Multiply-adds that take as long as NumPy does to look up what a number adds to a unit."""

WIDEST = 1024
"""Outputs that are multiplied at a time, at most: with more, so few inputs would fit into a product
that they would be added up one by one."""

BASE: Place = (0, 0)
"""Where the features without bins stand."""


@dataclass(frozen=True, eq=False)
class Product:
    """Some columns of a matrix times weights are some columns of another one.

    Parameters
    ----------
    source : Place
        Where the first input stands.
    weight : float32 ndarray of shape (members, in, units)
        Members have inputs of their own, side by side, and so are their sums.
    into : Place
        Where the first sum goes.
    """

    source: Place
    weight: Array
    into: Place

    def rows(self, n_rows: int) -> int:
        """Return how many rows to multiply at a time: see `rows_of_product`."""
        if n_rows not in self._rows:
            self._rows[n_rows] = rows_of_product(self.weight, n_rows)
        return self._rows[n_rows]

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {}


@dataclass(frozen=True, eq=False)
class LookUp:
    """Bins of numbers are added to the first units of the first level, or to some behind them.

    Parameters
    ----------
    n_bins : int
        Which bins.
    table : BinTable
        What they add.
    units : slice
        To which units.
    n_numbers : int
        How many numbers have bins.
    """

    n_bins: int
    table: BinTable
    units: slice
    n_numbers: int


@dataclass(frozen=True, eq=False)
class Entrance:
    """A part that sees a matrix of its own: all its features, or what its head makes of them.

    Parameters
    ----------
    n_bins : int
        How many bins stand beside its numbers.
    n_features : int
        How many features that are.
    stages : Stages
        What its networks do.
    matrix : int
        The number of the matrix.
    """

    n_bins: int
    n_features: int
    stages: Stages
    matrix: int


@dataclass(frozen=True, eq=False)
class Level:
    """The hidden layers of one depth, of all networks that are so deep.

    Parameters
    ----------
    matrix : int
        The number of the matrix of their sums.
    products : sequence of Product
        What they are.
    bias : float32 ndarray of shape (units,)
        What is added before they are bent.
    """

    matrix: int
    products: Sequence[Product]
    bias: Array


@dataclass(frozen=True, eq=False)
class Means:
    """What is made of what networks say.

    Parameters
    ----------
    matrix : int
        The number of the last matrix.
    products : sequence of Product
        Their sum are the means of the raw outputs.
    constant : float64 ndarray of shape (n_means * n_outputs,)
        What is added to that.
    """

    matrix: int
    products: Sequence[Product]
    constant: Array


@dataclass(frozen=True, eq=False)
class JoinedNetworks:
    """What is done to rows; build it with `join`.

    Parameters
    ----------
    widths : sequence of int
        How many columns each matrix has but for the last; the first holds the features without
        bins.
    entrances : sequence of Entrance
        Those that see more than that.
    lookups : sequence of LookUp
        What is added to the first level.
    levels : sequence of Level
        What comes one after the other.
    said : sequence of (Place, int, AtRest)
        Where the networks of each part say something, in the order of places; and which part it is.
    """

    widths: Sequence[int]
    entrances: Sequence[Entrance]
    lookups: Sequence[LookUp]
    levels: Sequence[Level]
    said: Sequence[tuple[Place, int, AtRest]]

    def means(self, shares: Sequence[Array]) -> Means:
        """Return means of the raw outputs.

        Parameters
        ----------
        shares : sequence of float64 ndarray of shape (members, n_means)
            How much each network of each part counts in each.
        """
        matrix = len(self.widths)
        products = [
            Product(source, part.last_weight(shares[place]), (matrix, 0))
            for source, place, part in self.said
        ]
        constants = [part.constant(shares[place]) for _, place, part in self.said]
        narrow = [one for own in _sharing_sums(products) for one in _narrow(own)]
        return Means(matrix, narrow, np.sum(constants, axis=0))

    @cached_property
    def multiply_adds(self) -> int:
        """Those of a row, but for heads and means, with what NumPy looks up in that time."""
        products = [own for level in self.levels for own in level.products]
        looked_up = sum(own.n_numbers * own.table.full.shape[1] for own in self.lookups)
        return int(sum(own.weight.size for own in products) + LOOKED_UP * looked_up)


def join(
    parts: Sequence[AtRest], n_features: Mapping[int, int], bins: Mapping[int, JoinedBins]
) -> JoinedNetworks:
    """Return the networks of parts side by side.

    Parameters
    ----------
    parts : sequence of AtRest
        At least one.
    n_features : mapping of int to int
        How many features there are, for each number of bins.
    bins : mapping of int to JoinedBins
        For each number of bins those of all numbers that have any.
    """
    order = sorted(range(len(parts)), key=lambda place: _order(parts[place]))
    parts = [parts[place] for place in order]
    widths, entrances, said = [n_features[0]], [], []
    for part in parts:
        said.append(BASE if part.sees_table else (len(widths), 0))
        if not part.sees_table:
            width = n_features[part.n_bins]
            entrances.append(Entrance(part.n_bins, width, part.stages, len(widths)))
            widths.append(part.stages.n_entering(width))
    levels: list[Level] = []
    for depth in range(max(len(part.stages.hidden) for part in parts)):
        products, biases, column = [], [], 0
        for place, part in enumerate(parts):
            if depth < len(part.stages.hidden):
                weight, into = part.weight(depth), (len(widths), column)
                if said[place] == BASE:
                    weight = weight[:, : n_features[0]]
                products.append(Product(said[place], weight, into))
                biases.append(part.stages.hidden[depth].bias.ravel())
                said[place], column = into, column + len(biases[-1])
        levels.append(Level(len(widths), _sharing_inputs(products), np.concatenate(biases)))
        widths.append(column)
    lookups = _lookups(parts, n_features[0], bins)
    for own, taken in lookups:
        levels[0].bias[own.units] += taken
    by_place = sorted(zip(said, order, parts, strict=True), key=lambda one: one[0])
    return JoinedNetworks(widths, entrances, [own for own, _ in lookups], levels, by_place)


def _order(part: AtRest) -> tuple[bool, int]:
    """Those that see the table come first, and those with the same bins together."""
    return not part.sees_table, part.n_bins


def _lookups(
    parts: Sequence[AtRest], n_base: int, bins: Mapping[int, JoinedBins]
) -> list[tuple[LookUp, Array]]:
    """Return what is looked up, and what means take from each unit."""
    lookups, column = [], 0
    first = [part for part in parts if part.sees_table]
    for n_bins, some in groupby(first, key=lambda part: part.n_bins):
        weight = np.concatenate([part.weight(0)[0, n_base:] for part in some], axis=1)
        units = slice(column, column + weight.shape[1])
        column = units.stop
        if len(weight):
            table, taken = BinTable.of(weight, bins[n_bins])
            n_numbers = len(bins[n_bins].edges)
            lookups.append((LookUp(n_bins, table, units, n_numbers), taken))
    return lookups


def _sharing_inputs(products: Sequence[Product]) -> list[Product]:
    """Return products, those of the same inputs as one."""
    joined = []
    for _, some in groupby(products, key=lambda own: own.source):
        first, *others = some
        weight = np.concatenate([first.weight, *[own.weight for own in others]], axis=2)
        joined.append(Product(first.source, weight, first.into))
    return joined


def _sharing_sums(products: Sequence[Product]) -> list[Product]:
    """Return products that are added up, those of neighboring columns as one."""
    joined: list[Product] = []
    for own in products:
        if joined and own.source == _behind(joined[-1]):
            before = joined.pop()
            weight = np.concatenate([before.weight, own.weight], axis=1)
            own = Product(before.source, weight, before.into)
        joined.append(own)
    return joined


def _narrow(product: Product) -> Iterator[Product]:
    """Yield products of fewer sums each that are the same together."""
    matrix, column = product.into
    for start in range(0, product.weight.shape[2], WIDEST):
        weight = np.ascontiguousarray(product.weight[:, :, start : start + WIDEST])
        yield Product(product.source, weight, (matrix, column + start))


def _behind(product: Product) -> Place:
    """Return the place behind the inputs of a product."""
    matrix, column = product.source
    return matrix, column + product.weight.shape[1]
