"""Predictions as the columns of a table: of what, with probabilities, with intervals or sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.encoders.encoded import Encoded
from madaline._data.table import Table
from madaline._data.target import CLASSIFICATION, ClassEncoder, JointEncoder
from madaline._evaluation.scores import label_text
from madaline._model.model import FittedModel
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class PredictedRows:
    """Predictions of some rows."""

    prediction: Array  # (n_rows,) or (n_rows, n_outputs)
    output: Array  # raw, (n_rows, n_outputs)
    columns: dict[str, Array]  # what is written
    unseen: Mapping[str, int]  # in how many rows a category has a level that no training row had


def predict_columns(
    model: FittedModel,
    table: Table,
    *,
    probabilities: bool = False,
    coverage: float | None = None,
    n_jobs: int | None = -1,
) -> PredictedRows:
    """Return the predictions of a table, with the columns that are asked for."""
    encoded = model.predictor.encode(table, n_jobs=n_jobs)
    output = model.predictor.output(encoded, n_jobs=n_jobs)
    prediction = model.predictor.decode(output)
    columns = dict(zip(model.output_names, np.atleast_2d(prediction.T), strict=True))
    if probabilities:
        columns |= _probability_columns(model, output)
    if coverage is not None:
        columns |= _coverage_columns(model, encoded, coverage)
    return PredictedRows(prediction, output, columns, encoded.unseen)


def _probability_columns(model: FittedModel, output: Array) -> dict[str, Array]:
    encoder: Any = model.predictor.target_encoder
    names = model.output_names if model.summary.outputs else map(label_text, encoder.classes)
    columns = zip(names, model.predictor.probabilities(output).T, strict=True)
    return {f"probability_{name}": values for name, values in columns}


def _coverage_columns(model: FittedModel, encoded: Encoded, coverage: float) -> dict[str, Array]:
    """Return the bounds of each row's interval, or the labels of its set in one text."""
    of_classes, encoder = model.summary.task == CLASSIFICATION, model.predictor.target_encoder
    covered = (model.predict_set if of_classes else model.predict_interval)(encoded, coverage)
    several = isinstance(encoder, JointEncoder) and covered.ndim == 3
    encoders = encoder.encoders if isinstance(encoder, JointEncoder) else [encoder]
    each = np.moveaxis(covered, 1, 0) if several else [covered]
    columns: dict[str, Array] = {}
    for name, target, values in zip(model.target_names, encoders, each, strict=False):
        if isinstance(target, ClassEncoder):
            labels = np.array([label_text(label) for label in target.classes], dtype=object)
            texts = [" | ".join(labels[chosen]) for chosen in values]
            columns[f"{name}_set"] = np.array(texts, dtype=object)
        else:
            columns |= {f"{name}_low": values[:, 0], f"{name}_high": values[:, 1]}
    return columns
