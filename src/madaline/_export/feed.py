"""The inputs of an exported model, made from rows as `predict` takes them."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._data.conversion import as_levels
from madaline._data.encoders.category_encoder import CategoryEncoder
from madaline._data.encoders.column_encoder import ColumnEncoder
from madaline._data.encoders.datetime_encoder import DatetimeEncoder
from madaline._data.encoders.image_encoder import ImageEncoder
from madaline._data.encoders.pattern_encoder import PatternEncoder
from madaline._data.encoders.sequence_encoder import SequenceEncoder
from madaline._data.table import Table
from madaline._export.inputs import input_name, missing_level, readable, unseen_level
from madaline._runtime.predictor import Predictor
from madaline.nn.arrays import Array


def onnx_feed(predictor: Predictor, rows: Any) -> dict[str, Array]:
    """Return rows as the inputs of the exported model, by name.

    Parameters
    ----------
    predictor : Predictor
        The predictor of the model.
    rows : Table, mapping of str to array, frame, list of dictionaries or structured array
        The rows.

    Returns
    -------
    dict of str to ndarray
        For ``run`` of a session of ONNX Runtime.

    Raises
    ------
    InputError
        If a column is not there, or a value in it cannot be read: what `predict` refuses.
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
