"""Permutation importance of columns, on any table with known targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline.data.table import Table
from madaline.data.target import CountEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.explain.columns import as_table, encoder_of
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.race.importance import (
    PERMUTED_ROWS,
    importance_of,
    metric_of_loss,
    permute_rows,
)
from madaline.race.importances import Importances


def importances(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    target: Array,
    *,
    together: Sequence[Sequence[str]] | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> Importances:
    """Return how much worse the model predicts when columns' values are permuted among rows.

    Columns with the same information hide each other's importance: permute them `together`. On
    training rows, overfitting counts as importance: give other rows, or read
    `model.summary.importances`, which the fit importance_of out of fold.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table or mapping of str to array
        The rows; of more than 2,000, every k-th.
    target : ndarray of shape (n_samples,)
        Their labels or numbers.
    together : sequence of sequence of str, optional
        Groups of columns that are permuted together; by default each column alone.
    repeats : int, default=5
        Number of permutations.
    seed : int, default=0
        Seed of the permutations.

    Returns
    -------
    Importances
        The most important first; the standard errors come from the scatter of the rows.

    Raises
    ------
    InputError
        If there are fewer than two rows, a class is unknown to the model, or the model uses no such
        column.
    """
    table = as_table(table)
    if len(target) != table.n_samples:
        raise InputError(
            f"There are {len(target)} targets for {table.n_samples} rows: give one for each."
        )
    if table.n_samples < 2:
        raise InputError("The table has one row, and permuting needs two: add rows.")
    if repeats < 1:
        raise InputError(f"repeats is {repeats}: give a whole number from 1 up.")
    groups = _groups(model, together)
    rows = slice(None, None, -(-table.n_samples // PERMUTED_ROWS))
    table = table.take(rows).select(model.predictor.encoder.columns)
    truth = model.predictor.target_encoder.matrix(np.asarray(target)[rows])
    before = _losses(model, table, truth)
    encoder = model.predictor.target_encoder
    scale = encoder.scale if isinstance(encoder, RegressionEncoder | CountEncoder) else 1.0
    metric = metric_of_loss(model.predictor.loss, scale)
    found = []
    for number, columns in enumerate(groups):
        rng = np.random.default_rng([seed, number])
        rise = np.zeros(len(before))
        for _ in range(repeats):
            donors = permute_rows(table.n_samples, rng)
            permuted = {name: table[name][donors] for name in columns}
            rise += _losses(model, Table({**table.columns, **permuted}), truth) - before
        found.append(importance_of(columns, rise / repeats, None, None, metric))
    return Importances(sorted(found, key=lambda importance: -importance.value))


def important_columns(model: FittedModel, most: int) -> list[str]:
    """Return the columns with a clear importance, or the first ones if none has.

    Columns of images and texts are left out, if there are others.
    """
    clear = [importance.columns[0] for importance in model.summary.importances if importance.clear]
    names = clear or list(model.predictor.encoder.columns)
    return ([name for name in names if name in model.schema.single] or names)[:most]


def _groups(model: FittedModel, together: Sequence[Sequence[str]] | None) -> list[tuple[str, ...]]:
    if together is None:
        return [(name,) for name in model.predictor.encoder.columns]
    if isinstance(together, str) or any(isinstance(group, str) or not group for group in together):
        raise InputError(
            f"together is {together!r}: give groups of columns, such as [['width', 'length']]."
        )
    groups = [tuple(columns) for columns in together]
    for columns in groups:
        for name in columns:
            encoder_of(model, name)
    return groups


def _losses(model: FittedModel, table: Table, truth: Array) -> Array:
    """Return the loss of each row, shape (n_samples,), in float64."""
    losses = model.predictor.loss.rows(model.predictor.output(table), truth)
    return np.asarray(losses, np.float64)
