"""Networks that were never trained, and rows for them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.networks import Networks
from madaline._tables.encoders.encoded import Block
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.nn.arrays import Array
from madaline.nn.layers import Linear, ScaledLinear, SiLU
from madaline.nn.network import Network

SHAPES = [(6, 4), (), (5,), (33, 8, 2)]


@dataclass(frozen=True, eq=False)
class Features:
    """Rows that have been encoded, without bins."""

    given: Array

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.given)

    def block(self, rows: slice) -> Block:
        """Return some rows."""
        base = self.given[rows]
        return Block(base, np.empty((0, len(base))), None)


def networks_of(
    columns: dict[str, Array], used: tuple[int, ...], shapes: list[tuple[int, ...]] = SHAPES
) -> tuple[Networks, list[NetworkPart], TableEncoder]:
    """Return networks of two recipes and three folds, a part for each number of bins."""
    table, rng = Table.from_columns(columns), np.random.default_rng(1)
    encoder = TableEncoder.fit(table, Schema.infer(table))
    parts = []
    for n_bins, units in zip(used, shapes, strict=False):
        features = tuple(encoder.feature_columns(n_bins).tolist())
        layers = [ScaledLinear(features, units[0]) if units else Linear(len(features), 2)]
        network = chain((len(features), *units), 2, first=layers[0])
        parts.append(part_of(network, rng, n_bins=n_bins))
    widths = {n_bins: encoder.n_features(n_bins) for n_bins in (0, *used)}
    return Networks(parts, widths, encoder.joined), parts, encoder


def chain(
    widths: tuple[int, ...], n_outputs: int, first: Linear | ScaledLinear | None = None
) -> Network:
    """Return a network of linear layers with SiLU units between them, given what goes into each."""
    sizes = (*widths, n_outputs)
    layers = [Linear(below, units) for below, units in pairwise(sizes)]
    layers[0] = first or layers[0]  # type: ignore[call-overload]
    between = [layer for one in layers for layer in (one, SiLU())]
    return Network(tuple(between[:-1]))


def part_of(
    network: Network,
    rng: np.random.Generator,
    axes: tuple[int, int] = (2, 3),
    n_bins: int = 0,
) -> NetworkPart:
    """Return untrained networks of some recipes and folds, with different weights."""
    theta = network.initialize(axes, rng).theta
    return NetworkPart(n_bins, network, theta, np.linspace(0.1, 0.2, axes[0]))
