"""A fit keeps some of its rows for later updates, where the user allows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from madaline._data.kinds.kind import DROPPED
from madaline._data.schema import Schema
from madaline._fitting.preparation import Preparation
from madaline._model.kept_columns import as_learned, check_kinds
from madaline._model.kept_rows import KeptRows, check_keep_rows
from madaline._model.known_rows import MOST, KnownRows
from madaline._runtime.predictor import Predictor
from madaline.errors import InputError
from madaline.nn.sparse_rows import dense

KEPT_STREAM = 2**32 - 3
"""Separates the random numbers of kept rows from those of networks, batches and folds."""


def check_kept_columns(schema: Schema, keep_rows: int, *, n_outputs: int = 1) -> None:
    """Raise `InputError` if `keep_rows` is no number of rows, or such rows cannot be kept."""
    if check_keep_rows(keep_rows) and n_outputs > 1:
        raise InputError(
            f"keep_rows is {keep_rows}, but a model of {n_outputs} outputs cannot be updated: leave"
            " it out, or fit a model for each."
        )
    if keep_rows:
        check_kinds(schema)


def keep(prepared: Preparation, settings: Mapping[str, Any]) -> KeptRows | None:
    """Return a sample of the rows that a fit learned from; None where none are to be kept."""
    data, rows, most = prepared.data, prepared.rows, settings.get("keep_rows", 0)
    if not most:
        return None
    folds = np.full(rows.n_samples, -1)
    folds[rows.order[: rows.n_evaluated]] = np.repeat(np.arange(rows.n_folds), np.diff(rows.bounds))
    return KeptRows.of(
        as_learned(data.table, prepared.schema, dropped=left_out(settings)),
        data.target,
        folds,
        most=most,
        rng=np.random.default_rng([settings["seed"], KEPT_STREAM]),
        weight=None if data.weight is None else data.weight / data.weight.mean(),
    )


def known_rows(prepared: Preparation, predictor: Predictor) -> KnownRows:
    """Return the checksums of the training rows; of few, those that are encoded already."""
    table, features = prepared.data.table, prepared.dataset.features
    if table.n_samples <= MOST and 0 in features:
        return KnownRows.of_encoded(dense(features[0]), sampled=1.0)
    return KnownRows.of(predictor, table)


def left_out(settings: Mapping[str, Any]) -> list[str]:
    """Return the columns that the user left out of the fit."""
    return [name for name, kind in settings.get("kinds", {}).items() if kind == DROPPED]
