"""What goes into an exported model, an input for each column, and the features made of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._apps.export.columns import (
    EXPORTED,
    ExportedColumn,
    bin_features,
    fill,
    missing_level,
    scale,
)
from madaline._apps.export.graph import Graph, Piece
from madaline._base.language import _
from madaline._models.runtime.predictor import Predictor
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.table import listed
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True)
class Input:
    """An input of the exported model."""

    name: str  # the name of the input: that of the column, if it has one
    encoder: ColumnEncoder  # what encodes the column
    float32: bool = False  # whether numbers enter with 32 bits

    @property
    def exported(self) -> ExportedColumn:
        """How the column enters."""
        return EXPORTED[type(self.encoder)]

    @property
    def type(self) -> str:
        """The type of its elements, as ONNX names it."""
        return self.exported.types[self.float32]

    def to_json(self) -> dict[str, Any]:
        """Return what a program needs to know to fill it, as JSON-able values."""
        facts = {
            "input": self.name,
            "column": self.encoder.name,
            "kind": self.encoder.kind,
            "values": self.exported.words,
        }
        if isinstance(self.encoder, CategoryEncoder):
            return facts | {"missing": missing_level(self.encoder)}
        return facts


def inputs_of(
    encoder: TableEncoder,  # the encoder of the model
    without: Sequence[str],  # columns of texts and sounds that are left out: as if they were empty
    float32: bool = False,  # whether numbers enter with 32 bits
) -> list[Input]:
    """Return the inputs, in the order of the columns."""
    refused = {
        column.name: f"{column.kind}s"
        for column in encoder.encoders
        if type(column) not in EXPORTED
    }
    _check_left_out(encoder, refused, without)
    if len(refused) == len(encoder.encoders):
        raise _nothing_else(refused)
    remaining = {name: words for name, words in refused.items() if name not in without}
    if remaining:
        raise _unreadable(remaining)
    return [Input(input_name(encoder, part.name), part, float32) for part in readable(encoder)]


def readable(encoder: TableEncoder) -> list[ColumnEncoder]:
    """Return the encoders of the columns that the standard operators can read."""
    return [column for column in encoder.encoders if type(column) in EXPORTED]


def input_name(encoder: TableEncoder, column: str) -> str:
    """Return the name of the input of a column: its own, but no input may have an empty name."""
    name = column or "column"
    while name != column and name in encoder.columns:
        name += "_"
    return name


def _check_left_out(encoder: TableEncoder, refused: dict[str, str], without: Sequence[str]) -> None:
    unknown = [name for name in without if name not in encoder.columns]
    if unknown:
        raise InputError(
            "The model has no column {listed}: it uses {columns}.",
            listed=listed(unknown),
            columns=listed(encoder.columns),
        )
    needless = [name for name in without if name not in refused]
    if needless:
        raise InputError(
            "{listed} can be exported: leave out only columns of texts and sounds.",
            listed=listed(needless),
        )


def _nothing_else(refused: dict[str, str]) -> InputError:
    return InputError(
        "The standard operators of ONNX cannot read {kinds}, and the model has nothing else ({listed}): predict with madaline.runtime, which needs NumPy alone.",
        kinds=_kinds(refused),
        listed=listed(refused),
    )


def _unreadable(refused: dict[str, str]) -> InputError:
    return InputError(
        "The standard operators of ONNX cannot read {kinds}: give without={refused!r} to export all other columns; the file then predicts as if {listed} were empty.",
        kinds=_kinds(refused),
        refused=list(refused),
        listed=listed(refused),
    )


def _kinds(refused: dict[str, str]) -> str:
    return _(" and ").join(sorted(set(refused.values())))


def onnx_feed(
    predictor: Predictor,  # the predictor of the model
    rows: Any,
    float32: bool = False,  # as in the export
) -> dict[str, Array]:
    """Return rows as the inputs of the exported model, by name.

    For ``run`` of a session of ONNX Runtime.
    """
    table = predictor.table(rows)
    encoder = predictor.encoder
    encoder.check_columns(table)
    feed = {}
    for column in readable(encoder):
        source = Input(input_name(encoder, column.name), column, float32)
        values = source.exported.values(column, table)
        with np.errstate(over="ignore"):
            feed[source.name] = values.astype(np.float32) if source.type == "FLOAT" else values
    return feed


@dataclass(frozen=True)
class Features:
    """Names of what holds the features of the rows."""

    base: str  # those without bins, float32 of shape (rows, n_base_features)
    # for each number of bins, how full they are, float32 of shape (rows, n_bin_features)
    bins: Mapping[int, str]
    means: Mapping[int, Array]  # (n_bin_features,): their means over the training rows

    def centered_bins(self, graph: Graph, n_bins: int) -> str:
        """Return how full bins are, minus the means: what the networks learned from."""
        return graph.add("Sub", self.bins[n_bins], np.asarray(self.means[n_bins], np.float32))


def table_features(
    graph: Graph,
    inputs: Sequence[Input],  # the inputs of the columns that are not left out
    encoder: TableEncoder,  # the encoder of the table
    n_bins: Sequence[int],  # the numbers of bins that networks need
) -> Features:
    """Return the features of a table."""
    pieces: list[Piece] = []
    bins: dict[int, str] = {}
    joined = encoder.joined
    names = {source.encoder.name: _entering(graph, source) for source in inputs}
    if joined is not None:
        columns = [names[column.name] for column in joined.encoders]
        numbers, missing = fill(graph, columns, joined)
        pieces += scale(graph, numbers, missing, joined)
        used = [n for n in n_bins if n in joined.bins]
        bins = {n: bin_features(graph, numbers, n, joined) for n in used}
    for column, start in zip(encoder.encoders, encoder.starts, strict=True):
        span = np.arange(start, start + column.n_features)
        if column.name not in names:
            pieces.append(Piece(_empty(graph, inputs[0].name, column), span))
            continue
        features = EXPORTED[type(column)].features
        if features is not None:
            pieces.append(Piece(features(graph, names[column.name], column), span))
    means = {n: joined.bins[n].means for n in bins} if joined else {}
    return Features(_in_order(graph, pieces), bins, means)


def _entering(graph: Graph, source: Input) -> str:
    """Return the values of an input in their exact type."""
    exact = source.type == source.exported.types[0]
    return source.name if exact else graph.cast(source.name, np.float64)


def _empty(graph: Graph, name: str, encoder: ColumnEncoder) -> str:
    """Return the features of a column that is left out: those of a row without a value."""
    row = np.empty((1, encoder.n_features), np.float32)
    encoder.write(encoder.read(np.array([None], dtype=object)), row)
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
