"""The features of a table: those of its columns, in the order that the networks expect."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.encoders.column_encoder import ColumnEncoder
from madaline._data.encoders.pattern_encoder import PatternEncoder
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.kinds import BOOLEAN, CATEGORY, DATETIME, IMAGE, NUMBER, SEQUENCE
from madaline._export.bins import bin_features
from madaline._export.booleans import boolean_features
from madaline._export.categories import category_features
from madaline._export.dates import date_features
from madaline._export.graph import Graph, Piece
from madaline._export.inputs import REFUSED, Input
from madaline._export.media import image_features, sequence_features
from madaline._export.numbers import fill, scale
from madaline._export.patterns import pattern_features
from madaline.nn.arrays import Array

OTHERS: Mapping[str, Callable[[Graph, str, Any], str]] = {
    BOOLEAN: boolean_features,
    CATEGORY: category_features,
    DATETIME: date_features,
    IMAGE: image_features,
    SEQUENCE: sequence_features,
    PatternEncoder.kind: pattern_features,
}
"""What makes the features of each kind of column but numbers."""


@dataclass(frozen=True)
class Features:
    """Names of what holds the features of the rows.

    Parameters
    ----------
    base : str
        Those without bins, float32 of shape (rows, n_base_features).
    bins : mapping of int to str
        For each number of bins, how full they are, float32 of shape (rows, n_bin_features).
    means : mapping of int to ndarray of shape (n_bin_features,)
        Their means over the training rows.
    """

    base: str
    bins: Mapping[int, str]
    means: Mapping[int, Array]

    def centered_bins(self, graph: Graph, n_bins: int) -> str:
        """Return how full bins are, minus the means: what the networks learned from."""
        return graph.add("Sub", self.bins[n_bins], np.asarray(self.means[n_bins], np.float32))


def table_features(
    graph: Graph, inputs: Sequence[Input], encoder: TableEncoder, n_bins: Sequence[int]
) -> Features:
    """Return the features of a table.

    Parameters
    ----------
    graph : Graph
        Where nodes are added.
    inputs : sequence of Input
        The inputs of the columns that are not left out.
    encoder : TableEncoder
        The encoder of the table.
    n_bins : sequence of int
        The numbers of bins that networks need.
    """
    pieces: list[Piece] = []
    bins: dict[int, str] = {}
    joined, names = encoder.joined, {one.encoder.name: one.name for one in inputs}
    if joined is not None:
        columns = [names[one.name] for one in joined.encoders]
        numbers, missing = fill(graph, columns, joined)
        pieces += scale(graph, numbers, missing, joined)
        used = [own for own in n_bins if own in joined.bins]
        bins = {own: bin_features(graph, numbers, own, joined) for own in used}
    for one, start in zip(encoder.encoders, encoder.starts, strict=True):
        span = np.arange(start, start + one.n_features)
        if one.kind in REFUSED:
            pieces.append(Piece(_empty(graph, inputs[0].name, one), span))
        elif one.kind != NUMBER:
            pieces.append(Piece(OTHERS[one.kind](graph, names[one.name], one), span))
    means = {own: joined.bins[own].means for own in bins} if joined else {}
    return Features(_in_order(graph, pieces), bins, means)


def _empty(graph: Graph, name: str, encoder: ColumnEncoder) -> str:
    """Return the features of a column that is left out: those of a row without a value."""
    row = np.empty((1, encoder.n_features), np.float32)
    writer: Any = encoder
    writer.write(encoder.read(np.array([None], dtype=object)), row)
    n_rows = graph.add("Shape", name, start=0, end=1)
    shape = graph.add("Concat", n_rows, np.array([row.shape[1]]), axis=0)
    return graph.add("Expand", row, shape)


def _in_order(graph: Graph, pieces: Sequence[Piece]) -> str:
    """Return the pieces side by side, each feature at its index."""
    values = graph.add("Concat", *[piece.values for piece in pieces], axis=1)
    features = np.concatenate([piece.features for piece in pieces])
    if np.array_equal(features, np.arange(len(features))):
        return values
    return graph.add("Gather", values, np.argsort(features), axis=1)
