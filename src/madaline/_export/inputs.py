"""What the exported model takes: one input for each column, under its name, made from rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.conversion import as_levels
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.kinds.category import CategoryEncoder
from madaline._data.kinds.image import ImageEncoder
from madaline._data.kinds.kind import (
    BOOLEAN,
    CATEGORY,
    DATETIME,
    IMAGE,
    NUMBER,
    SEQUENCE,
    SOUND,
    TEXT,
    ColumnEncoder,
)
from madaline._data.kinds.moment import DatetimeEncoder
from madaline._data.kinds.sequence import PatternEncoder, SequenceEncoder
from madaline._data.table import Table, listed
from madaline._runtime.predictor import Predictor
from madaline.errors import InputError
from madaline.nn.arrays import Array

REFUSED = {TEXT: "texts", SOUND: "sounds"}
"""Kinds of columns that the standard operators cannot read."""

WORDS = {
    NUMBER: "a number; NaN where missing",
    BOOLEAN: "1 for true, 0 for false, NaN where missing",
    DATETIME: "seconds since 1970-01-01T00:00:00 UTC, days included as multiples of 86400; NaN"
    " where missing",
    CATEGORY: "the level as text; any other text is an unseen level",
    IMAGE: "pixels on the scale of the training images; none may be missing",
    SEQUENCE: "the steps, and as the last channel the share of the step's numbers that are known; a"
    " sequence that is shorter is followed by NaN and 0",
}
"""How the values of each kind of column enter."""


@dataclass(frozen=True)
class Input:
    """An input of the exported model."""

    name: str  # the name of the input: that of the column, if it has one
    encoder: ColumnEncoder  # what encodes the column

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of a row."""
        if isinstance(self.encoder, ImageEncoder):
            return self.encoder.shape
        if isinstance(self.encoder, SequenceEncoder):
            return self.encoder.grid_shape
        if isinstance(self.encoder, PatternEncoder):
            return self.encoder.steps.grid_shape
        return (1,)

    @property
    def type(self) -> str:
        """The type of its elements, as ONNX names it."""
        return {CATEGORY: "STRING", IMAGE: "FLOAT"}.get(self.encoder.kind, "DOUBLE")

    @property
    def _kind(self) -> str:
        return SEQUENCE if isinstance(self.encoder, PatternEncoder) else self.encoder.kind

    def to_json(self) -> dict[str, Any]:
        """Return what a program needs to know to fill it, as JSON-able values."""
        facts = {
            "input": self.name,
            "column": self.encoder.name,
            "kind": self._kind,
            "values": WORDS[self._kind],
        }
        if isinstance(self.encoder, CategoryEncoder):
            return facts | {"missing": missing_level(self.encoder)}
        return facts


def inputs_of(
    encoder: TableEncoder,  # the encoder of the model
    without: Sequence[str],  # columns of texts and sounds that are left out: as if they were empty
) -> list[Input]:
    """Return the inputs, in the order of the columns."""
    refused = {one.name: REFUSED[one.kind] for one in encoder.encoders if one.kind in REFUSED}
    _check_left_out(encoder, refused, without)
    if len(refused) == len(encoder.encoders):
        raise _nothing_else(refused)
    remaining = {name: words for name, words in refused.items() if name not in without}
    if remaining:
        raise _unreadable(remaining)
    return [Input(input_name(encoder, one.name), one) for one in readable(encoder)]


def readable(encoder: TableEncoder) -> list[ColumnEncoder]:
    """Return the encoders of the columns that the standard operators can read."""
    return [one for one in encoder.encoders if one.kind not in REFUSED]


def input_name(encoder: TableEncoder, column: str) -> str:
    """Return the name of the input of a column: its own, but no input may have an empty name."""
    name = column or "column"
    while name != column and name in encoder.columns:
        name += "_"
    return name


def missing_level(encoder: CategoryEncoder) -> str:
    """Return the text that stands for a missing value of a category: empty unless that is a level.

    Examples
    --------
    >>> import numpy as np
    >>> column = np.array(["red", "", "blue", ""], dtype=object)
    >>> missing_level(CategoryEncoder.fit("color", column))
    '<missing>'
    >>> missing_level(CategoryEncoder.fit("color", column[[0, 2]]))
    ''
    """
    return _text_that_is_no_level("<missing>", encoder) if "" in encoder.levels else ""


def unseen_level(encoder: CategoryEncoder) -> str:
    """Return a text that is neither a level nor stands for a missing value."""
    return _text_that_is_no_level("<unseen>", encoder)


def _text_that_is_no_level(text: str, encoder: CategoryEncoder) -> str:
    return text if text not in encoder.levels else _text_that_is_no_level(f"<{text}>", encoder)


def _check_left_out(encoder: TableEncoder, refused: dict[str, str], without: Sequence[str]) -> None:
    unknown = [name for name in without if name not in encoder.columns]
    if unknown:
        raise InputError(
            f"The model has no column {listed(unknown)}: it uses {listed(encoder.columns)}."
        )
    needless = [name for name in without if name not in refused]
    if needless:
        raise InputError(
            f"{listed(needless)} can be exported: leave out only columns of texts and sounds."
        )


def _nothing_else(refused: dict[str, str]) -> InputError:
    return InputError(
        f"The standard operators of ONNX cannot read {_kinds(refused)}, and the model has nothing"
        f" else ({listed(refused)}): predict with madaline.runtime, which needs NumPy alone."
    )


def _unreadable(refused: dict[str, str]) -> InputError:
    return InputError(
        f"The standard operators of ONNX cannot read {_kinds(refused)}: give"
        f" without={list(refused)!r} (--without on the command line) to export all other columns;"
        f" the file then predicts as if {listed(refused)} were empty."
    )


def _kinds(refused: dict[str, str]) -> str:
    return " and ".join(sorted(set(refused.values())))


def onnx_feed(
    predictor: Predictor,  # the predictor of the model
    rows: Any,
) -> dict[str, Array]:
    """Return rows as the inputs of the exported model, by name.

    For ``run`` of a session of ONNX Runtime.
    """
    table, encoder = predictor.table(rows), predictor.encoder
    encoder.check_columns(table)
    return {input_name(encoder, one.name): _values(one, table) for one in readable(encoder)}


def _values(encoder: ColumnEncoder, table: Table) -> Array:
    """Return a column as an input."""
    column = table[encoder.name]
    match encoder:
        case CategoryEncoder():
            distinct = table.distinct(encoder.name)
            return _levels(encoder, distinct.values).take(distinct.codes)[:, None]
        case DatetimeEncoder():
            moments = encoder.read(column)
            seconds = moments.astype(np.int64) / 1e6
            return np.where(np.isnat(moments), np.nan, seconds)[:, None]
        case ImageEncoder():
            return encoder.read(column).astype(np.float32)
        case SequenceEncoder():
            return _steps(encoder, encoder.read(column))
        case PatternEncoder():
            return _steps(encoder.steps, encoder.read(column))
        case _:
            return encoder.read(column)[:, None]


def _levels(encoder: CategoryEncoder, column: Array) -> Array:
    """Return values as text: missing ones as the model's file tells, in no other row."""
    missing, unseen = missing_level(encoder), unseen_level(encoder)
    texts = [unseen if level == missing else level for level in as_levels(column)]
    return np.array([missing if text is None else text for text in texts], dtype=object)


def _steps(encoder: SequenceEncoder, column: Array) -> Array:
    """Return sequences at the model's length, each step with the share that is known."""
    steps = np.full((len(column), *encoder.grid_shape), np.nan)
    steps[..., -1] = 0
    for row, one in enumerate(column):
        if one is not None:
            resampled = encoder.resampled(one)
            steps[row, : len(resampled)] = resampled
    return steps
