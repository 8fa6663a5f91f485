"""Networks that see a table's numbers in bins, untrained."""

from __future__ import annotations

import numpy as np

from madaline.data.encoders.table_encoder import TableEncoder
from madaline.data.schema import Schema
from madaline.data.table import Table
from madaline.nn.arrays import Array
from madaline.nn.layers import Linear, ScaledLinear, SiLU
from madaline.nn.network import Network
from madaline.runtime.networks import Networks
from madaline.runtime.part import Part

SHAPES = [(6, 4), (), (5,), (33, 8, 2)]


def networks_of(
    columns: dict[str, Array], used: tuple[int, ...], shapes: list[tuple[int, ...]] = SHAPES
) -> tuple[Networks, list[Part], TableEncoder]:
    """Return networks of two recipes and three folds, a part for each number of bins."""
    table, rng = Table.from_columns(columns), np.random.default_rng(1)
    encoder = TableEncoder.fit(table, Schema.infer(table))
    parts = [
        _part(encoder.feature_columns(n_bins), n_bins, shape, rng)
        for n_bins, shape in zip(used, shapes, strict=False)
    ]
    widths = {n_bins: encoder.n_features(n_bins) for n_bins in (0, *used)}
    return Networks(parts, widths, encoder.joined), parts, encoder


def _part(columns: Array, n_bins: int, units: tuple[int, ...], rng: np.random.Generator) -> Part:
    layers, width = [], len(columns)
    for place, size in enumerate(units):
        first = ScaledLinear(tuple(columns.tolist()), size)
        layers += [Linear(width, size) if place else first, SiLU()]
        width = size
    network = Network((*layers, Linear(width, 2)))
    theta = network.initialize((2, 3), rng).theta
    return Part(n_bins, network, theta, np.array([0.1, 0.2]))
