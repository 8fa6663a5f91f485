"""What goes into an exported model: an input for each column, and how rows are given to it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._apps.export.graph import Graph
from madaline._apps.export.media import image_features, pattern_features, sequence_features
from madaline._base.language import _
from madaline._models.runtime.predictor import Predictor
from madaline._tables.column import in_seconds
from madaline._tables.conversion import as_levels
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.image import ImageEncoder
from madaline._tables.kinds.kind import ColumnEncoder
from madaline._tables.kinds.moment import DatetimeEncoder
from madaline._tables.kinds.number import NumberEncoder
from madaline._tables.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._tables.table import Table, listed
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

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a row."""
        return self.exported.shape(self.encoder)

    @property
    def is_exact(self) -> bool:
        """Whether it holds all digits."""
        return self.type == self.exported.types[0]

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
    kinds = {own.name: own.kind for own in encoder.encoders if type(own) not in EXPORTED}
    _check_left_out(encoder, kinds, without)
    remaining = [name for name in kinds if name not in without]
    words = _(" and ").join(sorted({f"{kinds[name]}s" for name in remaining or kinds}))
    if len(kinds) == len(encoder.encoders):
        raise InputError(
            "The standard operators of ONNX cannot read {kinds}, and the model has nothing else ({listed}): predict with madaline.runtime, which needs NumPy alone.",
            kinds=words,
            listed=listed(kinds),
        )
    if remaining:
        raise InputError(
            "The standard operators of ONNX cannot read {kinds}: give without={refused!r} to export all other columns; the file then predicts as if {listed} were empty.",
            kinds=words,
            refused=remaining,
            listed=listed(remaining),
        )
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


def _check_left_out(
    encoder: TableEncoder, refused: Collection[str], without: Sequence[str]
) -> None:
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


def missing_level(encoder: CategoryEncoder) -> str:
    """Return the text that stands for a missing level: empty unless that is a level."""
    return _text_that_is_no_level("<missing>", encoder) if "" in encoder.levels else ""


def unseen_level(encoder: CategoryEncoder) -> str:
    """Return a text that is neither a level nor stands for a missing value."""
    return _text_that_is_no_level("<unseen>", encoder)


def _text_that_is_no_level(text: str, encoder: CategoryEncoder) -> str:
    return text if text not in encoder.levels else _text_that_is_no_level(f"<{text}>", encoder)


def _read(encoder: ColumnEncoder, table: Table) -> Array:
    return encoder.read(table[encoder.name])[:, None]


def _levels(encoder: CategoryEncoder, table: Table) -> Array:
    """Return values as text: missing ones as the model's file tells, in no other row."""
    missing = missing_level(encoder)
    unseen = unseen_level(encoder)
    distinct = table.distinct(encoder.name)
    texts = [unseen if level == missing else level for level in as_levels(distinct.values)]
    values = np.array([missing if text is None else text for text in texts], dtype=object)
    return values.take(distinct.codes)[:, None]


def _seconds(encoder: DatetimeEncoder, table: Table) -> Array:
    return in_seconds(encoder.read(table[encoder.name]))[:, None]


def _pixels(encoder: ImageEncoder, table: Table) -> Array:
    return encoder.read(table[encoder.name]).astype(np.float32)


def _steps(encoder: SequenceEncoder | PatternEncoder, table: Table) -> Array:
    """Return sequences at the model's length, each step with the share that is known."""
    frames = encoder if isinstance(encoder, SequenceEncoder) else encoder.steps
    column = frames.read(table[encoder.name])
    steps = np.full((len(column), *frames.grid_shape), np.nan)
    steps[..., -1] = 0
    for row, sequence in enumerate(column):
        if sequence is not None:
            resampled = frames.resampled(sequence)
            steps[row, : len(resampled)] = resampled
    return steps


@dataclass(frozen=True)
class ExportedColumn:
    """How a column enters an exported model."""

    words: str  # how its values enter
    values: Callable[[Any, Table], Array]  # from the encoder and rows to the input
    # the nodes that make features of it, where the program does not
    features: Callable[[Graph, str, Any], str] | None = None
    # of the elements of the input, as ONNX names them: the exact one, and the one of 32 bits
    types: tuple[str, str] = ("DOUBLE", "FLOAT")
    shape: Callable[[Any], tuple[int, ...]] = lambda _: (1,)  # of a row


_OF_STEPS = (
    "the steps, and as the last channel the share of the step's numbers that are known; a"
    " sequence that is shorter is followed by NaN and 0"
)

EXPORTED: Mapping[type[ColumnEncoder], ExportedColumn] = {
    NumberEncoder: ExportedColumn("a number; NaN where missing", _read),
    BooleanEncoder: ExportedColumn("1 for true, 0 for false, NaN where missing", _read),
    DatetimeEncoder: ExportedColumn(
        "seconds since 1970-01-01T00:00:00 UTC, days included as multiples of 86400; NaN where"
        " missing",
        _seconds,
        types=("DOUBLE", "DOUBLE"),  # as float32, a moment is off by a minute
    ),
    CategoryEncoder: ExportedColumn(
        "the level as text; any other text is an unseen level",
        _levels,
        types=("STRING", "STRING"),
    ),
    ImageEncoder: ExportedColumn(
        "pixels on the scale of the training images; none may be missing",
        _pixels,
        image_features,
        types=("FLOAT", "FLOAT"),
        shape=lambda encoder: encoder.shape,
    ),
    SequenceEncoder: ExportedColumn(
        _OF_STEPS, _steps, sequence_features, shape=lambda encoder: encoder.grid_shape
    ),
    PatternEncoder: ExportedColumn(
        _OF_STEPS, _steps, pattern_features, shape=lambda encoder: encoder.steps.grid_shape
    ),
}
"""What can be exported; the standard operators cannot read the columns of other encoders."""
