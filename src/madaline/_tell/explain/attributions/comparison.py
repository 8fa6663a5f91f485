"""Rows are compared with the rows of a background: each combination of both is a pair.

Pairs go through the networks in blocks, so that memory does not grow with the rows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import prod
from typing import final

import numpy as np
import numpy.typing as npt

from madaline._base.language import _
from madaline._models.runtime.predictor import Predictor
from madaline._tables.encoders.encoded import Encoded
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.number import NumberEncoder
from madaline._tables.kinds.text import TextEncoder
from madaline._tables.table import Table
from madaline._tell.explain.attributions.parts import (
    DifferentiablePart,
    LayerPass,
    LinearFirstPart,
    Pairs,
    WholePart,
    passes,
    rescale,
)
from madaline._tell.explain.attributions.trees import TreesPart
from madaline._tell.explain.scale import Scale
from madaline.errors import InputError
from madaline.nn.arrays import Array, Workspace
from madaline.nn.layers import Linear, ScaledLinear, Trees
from madaline.nn.layers._branches import ChainBackward

# Rows of a background: the work grows with them. Attributions by 100 rows differ by 12 to 14 % from
# those by 2,000, those by an average row by 12 to 36 % (benchmarks/explaining.py)
_MAX_ROWS = 100
_MAX_ROWS_OF_GRIDS = 40  # where there are images: another 40 change a map by 26 %
_AVERAGE = "an average training row (each number at its median, each category at its shares)"
_WITH_IMAGES = ", each image plain, in the mean color of all"
_PLAIN_IMAGE = "a plain image, in the mean color of all training images"
NO_ROWS = "The background has no rows: give at least one row to compare with."

_NODES_OF_SCALE = 32  # where its gradient is averaged between two raw outputs; they are cheap

# Activations of one layer of all networks in a block: a MiB in float32. Networks for images or
# sounds divide blocks further themselves.
_BLOCK_ELEMENTS, _BLOCK_ELEMENTS_OF_GRIDS = 2**18, 2**22


@dataclass(frozen=True, eq=False)
class Background:
    """Encoded rows to compare with: an attribution is a difference from them."""

    features: Mapping[int, Array]  # (n_rows, n_features) for each number of bins of networks
    description: str  # in words
    # what columns add to the outputs of networks on average, in the unit of the target, by name:
    # where networks learned differences from the past
    parts: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def average(cls, predictor: Predictor) -> Background:
        """Return one average row, which needs nothing but the model.

        Encoders center their features over the training table (numbers at their median), so that
        the average of all features is zero. No real row is like it: half Kiel, half Bonn.
        """
        encoder = predictor.encoder
        zeros = {
            n_bins: np.zeros((1, encoder.n_features(n_bins)), np.float32)
            for n_bins in _used(predictor)
        }
        words = _AVERAGE + (_WITH_IMAGES if encoder.grids else "")
        only_grids = len(encoder.grids) == len(encoder.columns)
        medians = {
            column.name: np.full(1, column.scaling.center)
            for column in encoder.encoders
            if isinstance(column, NumberEncoder)
        }
        parts = _mean_parts(predictor, Table(medians))
        return cls(zeros, _PLAIN_IMAGE if only_grids else words, parts)

    @classmethod
    def of(
        cls, predictor: Predictor, table: Table, *, most: int | None = None, seed: int = 0
    ) -> Background:
        """Return the rows of a table, or a random sample of at most 100 (40 with images)."""
        most = most or (_MAX_ROWS_OF_GRIDS if predictor.encoder.grids else _MAX_ROWS)
        n_samples = table.n_samples
        if n_samples == 0:
            raise InputError(NO_ROWS)
        words = _(
            "{n_samples:,} given row" if n_samples == 1 else "{n_samples:,} given rows"
        ).format(n_samples=n_samples)
        if n_samples > most:
            table = some_rows(table, most, seed)
            words = _("{most:,} of {n_samples:,} given rows, drawn at random").format(
                most=most, n_samples=n_samples
            )
        table = predictor.with_past(table)
        encoded = predictor.encode(table)
        features = {n_bins: encoded.features(n_bins) for n_bins in _used(predictor)}
        return cls(features, words, _mean_parts(predictor, table))

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.features.values())))

    def mean(self) -> Background:
        """Return one row with the mean features of these rows."""
        means = {n: f.mean(axis=0, keepdims=True) for n, f in self.features.items()}
        if self.n_rows == 1:
            return self
        return Background(
            means, _("the mean of {description}").format(description=self.description), self.parts
        )


def _mean_parts(predictor: Predictor, table: Table) -> dict[str, float]:
    if predictor.past is None:
        return {}
    return {name: float(part.mean()) for name, part in predictor.past.parts(table).items()}


def some_rows(table: Table, most: int = _MAX_ROWS, seed: int = 0) -> Table:
    """Return the rows of a table, or a random sample of them in their order."""
    if table.n_samples <= most:
        return table
    rows = np.random.default_rng(seed).choice(table.n_samples, most, replace=False)
    return table.take(np.sort(rows))


def _used(predictor: Predictor) -> list[int]:
    return sorted({part.n_bins for part in predictor.parts})


@final
class DifferentiableNetworks:
    """The explained value as a function of the sums of the first layers of all networks.

    One thread at a time may use it.
    """

    def __init__(self, predictor: Predictor, scale: Scale) -> None:
        self.scale = scale
        self.n_columns = len(predictor.encoder.columns)
        self.grids = predictor.encoder.grids
        self.patterns = predictor.encoder.patterns
        self.parts: list[DifferentiablePart] = []
        for part in predictor.parts:
            columns = predictor.encoder.feature_columns(part.n_bins)
            match part.network.layers:
                case (Trees(),) | (Linear(), Trees()):
                    players = _players(predictor.encoder, columns)
                    self.parts.append(TreesPart(part, columns, players))
                case (Linear() | ScaledLinear(), *_):
                    self.parts.append(LinearFirstPart(part, columns))
                case _:
                    self.parts.append(WholePart(part, columns))
        self.n_units = sum(part.n_units for part in self.parts)
        self.n_leaves = sum(part.n_leaves for part in self.parts if isinstance(part, TreesPart))
        self.n_features = max(len(part.columns) for part in self.parts)
        self.have_kinks = any(isinstance(part, WholePart) for part in self.parts)
        self._temperature = predictor.temperature
        self._workspaces = [(Workspace(), Workspace()) for _ in self.parts]

    # Arguments and results are lists of one array for each part: features (n, n_features), sums and
    # gradients (members, n, units). A class index, of the class to explain, has the shape (n,).

    def sums(self, features: Sequence[Array]) -> list[Array]:
        """Return the sums of the first layers."""
        return [part.sums(x) for part, x in zip(self.parts, features, strict=True)]

    def values(self, sums: Sequence[Array], class_index: Array) -> Array:  # (n,)
        """Return the explained values at some sums."""
        return self.scale.value(self._output(sums)[0], class_index)

    def gradients(self, sums: Sequence[Array], class_index: Array) -> list[Array]:
        """Return the gradient with respect to the sums, valid until the next call."""
        output, backwards = self._output(sums)
        gradient = self.scale.gradient(output, class_index) / self._temperature
        return [
            part.backward(backward, gradient)
            for part, backward in zip(self.parts, backwards, strict=True)
        ]

    def mean_gradients(
        self, starts: Sequence[Array], ends: Sequence[Array], class_index: Array, nodes: int
    ) -> list[Array]:
        """Return the mean gradient on the straight paths between sums.

        Nodes are those of an integral, or segments of the path where networks have kinks.
        """
        if self.have_kinks:
            return self._over_segments(starts, ends, class_index, nodes)
        paths = [end - start for end, start in zip(ends, starts, strict=True)]
        totals = [np.zeros_like(path) for path in paths]
        for position, weight in _gauss_legendre(nodes, np.float32):
            points = [start + position * path for start, path in zip(starts, paths, strict=True)]
            for total, gradient in zip(totals, self.gradients(points, class_index), strict=True):
                total += weight * gradient
        return totals

    def _over_segments(
        self, starts: Sequence[Array], ends: Sequence[Array], class_index: Array, segments: int
    ) -> list[Array]:
        totals = [np.zeros_like(start) for start in starts]
        before, output = self._passes(starts, 0)
        for segment in range(1, segments + 1):
            position = np.float32(segment / segments)
            points = [a + position * (b - a) for a, b in zip(starts, ends, strict=True)]
            after, next_output = self._passes(points, segment)
            mean = self._mean_gradient(output, next_output, class_index)
            for part, total, start, end in zip(self.parts, totals, before, after, strict=True):
                gradient = rescale(start, end, part.member_gradients(mean), part.discarded)
                total += part.reduce_members(gradient) / segments
            before = after
            output = next_output
        return totals

    def _passes(self, sums: Sequence[Array], segment: int) -> tuple[list[list[LayerPass]], Array]:
        """Return every layer of each part at some sums, and the mean raw output."""
        layers_of_parts = [
            passes(part, x, workspaces[segment % 2])  # the last segment's arrays are still needed
            for part, x, workspaces in zip(self.parts, sums, self._workspaces, strict=True)
        ]
        return layers_of_parts, self._mean([layers[-1].y for layers in layers_of_parts])

    def _mean_gradient(self, start: Array, end: Array, class_index: Array) -> Array:
        """Return the mean gradient of the scale between two raw outputs, (n, n_outputs)."""
        gradients = [
            weight * self.scale.gradient(start + position * (end - start), class_index)
            for position, weight in _gauss_legendre(_NODES_OF_SCALE)
        ]
        return np.asarray(np.sum(gradients, axis=0) / self._temperature)

    def _output(self, sums: Sequence[Array]) -> tuple[Array, list[ChainBackward]]:
        """Return the mean raw output, shape (n, n_outputs), and each part's backward pass."""
        outputs = []
        backwards = []
        for part, x, (workspace, __) in zip(self.parts, sums, self._workspaces, strict=True):
            workspace.rewind()
            output, backward = part.forward(x, workspace)
            outputs.append(output)
            backwards.append(backward)
        return self._mean(outputs), backwards

    def _mean(self, outputs: Sequence[Array]) -> Array:
        weighted = [
            np.einsum("m,mno->no", part.weights, output)
            for part, output in zip(self.parts, outputs, strict=True)
        ]
        return np.asarray(np.sum(weighted, axis=0) / self._temperature)


def _gauss_legendre(
    n_nodes: int, dtype: npt.DTypeLike = np.float64
) -> Iterator[tuple[np.floating, np.floating]]:
    """Yield the nodes between 0 and 1 with their weights, exact up to degree ``2 n_nodes - 1``."""
    nodes, weights = np.polynomial.legendre.leggauss(n_nodes)
    yield from zip(((nodes + 1) / 2).astype(dtype), (weights / 2).astype(dtype), strict=True)


@final
class BackgroundComparison:
    """Rows, a background, and the networks that predict both."""

    def __init__(
        self,
        networks: DifferentiableNetworks,
        encoded: Encoded,  # the rows
        class_index: Array,  # (n_samples,), the class to explain in each row
        background: Background,
    ) -> None:
        self.networks = networks
        self.class_index = class_index
        self.n_samples = len(class_index)
        self.n_background = background.n_rows
        self.parts = background.parts  # of the anchors of the background, by the column
        bins = [part.part.n_bins for part in networks.parts]
        features = {n_bins: encoded.features(n_bins) for n_bins in dict.fromkeys(bins)}
        self._features = [features[n_bins] for n_bins in bins]
        self._background = [background.features[n_bins] for n_bins in bins]
        self._sums = networks.sums(self._features)
        self._background_sums = networks.sums(self._background)
        triples = zip(networks.parts, self._background, self._features, strict=True)
        self._marks = [
            (part.background(before), part.marks(after)) for part, before, after in triples
        ]
        self.n_columns = networks.n_columns
        self._map_shapes = {name: _map_shape(grid.shape) for name, grid in networks.grids.items()}
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
        """Yield all pairs of some rows, given their indices, in blocks.

        The more evaluations a pair needs at the same time, the smaller are the blocks.
        """
        width = max(self.networks.n_units * evaluations, self.networks.n_features)
        elements = _BLOCK_ELEMENTS_OF_GRIDS if self.networks.have_kinks else _BLOCK_ELEMENTS
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
            part.column_sums(before, after, pairs)
            for part, (before, after) in zip(self.networks.parts, self._marks, strict=True)
        ]

    def feature_attributions(self, pairs: Pairs, gradients: Sequence[Array]) -> Iterator[Array]:
        """Yield for each part gradient times difference of each feature, (n_pairs, n_features).

        Of trees, those of all pairs of a row stand at the first of them.
        """
        for part, gradient, (before, after) in zip(
            self.networks.parts, gradients, self._marks, strict=True
        ):
            yield part.feature_attributions(gradient, before, after, pairs)

    def attributions(self, pairs: Pairs, gradients: Sequence[Array]) -> Array:
        """Return those of columns, then of positions or patterns, (n_pairs, n_attributions)."""
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
        """
        maps = {}
        start = self.n_columns
        for name, shape in self._map_shapes.items():
            stop = start + prod(shape)
            maps[name] = attributions[:, start:stop].reshape(len(attributions), *shape)
            start = stop
        return maps


def _players(encoder: TableEncoder, columns: Array) -> Array:
    """Return for each feature a number for its column, of texts one for each term."""
    players = columns.copy()
    of_terms = [isinstance(encoder.encoders[column], TextEncoder) for column in columns]
    players[of_terms] = len(players) + np.arange(np.count_nonzero(of_terms))
    return np.unique(players, return_inverse=True)[1]


def _map_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of the attributions of a grid, given its sides and channels.

    The colors of a pixel are added up; the channels of a sequence, or the pitches of a sound, are
    kept apart.
    """
    return shape[:-1] if len(shape) > 2 else shape
