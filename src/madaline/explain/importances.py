"""What matters overall, on any table whose answers are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline.data.table import Table
from madaline.data.target import ClassEncoder, CountEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.explain.effects import encoder_of
from madaline.explain.readout import as_table
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.race.importance import (
    EXCHANGED_ROWS,
    Importance,
    exchange_rows,
    measured,
    metric_of_loss,
)


def importances(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    target: Array,
    *,
    together: Sequence[Sequence[str]] | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> tuple[Importance, ...]:
    """Return how much worse the model predicts where columns' values are exchanged among rows.

    Columns that say the same hide each other: name them `together` to see what they matter. On the
    rows that a model learned from, what it knows by heart counts too: give other rows, or read
    `model.summary.importances`, which the fit measured on rows that its networks never saw.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table or mapping of str to array
        The rows; of more than 2,000, every k-th.
    target : ndarray of shape (n_samples,)
        Their answers.
    together : sequence of sequence of str, optional
        Groups of columns whose values are exchanged together; by default each column alone.
    repeats : int, default=5
        How often each is exchanged, every time with other rows.
    seed : int, default=0
        Decides who exchanges with whom.

    Returns
    -------
    tuple of Importance
        The most important first; errors are those of the scatter of the rows.

    Raises
    ------
    InputError
        If there are fewer than two rows, an answer is none that the model knows, or the model uses
        no such column.
    """
    table = as_table(table)
    if len(target) != table.n_samples:
        raise InputError(
            f"There are {len(target)} answers for {table.n_samples} rows: give one for each."
        )
    if table.n_samples < 2:
        raise InputError("The table has one row, which has none to exchange values with: add rows.")
    if repeats < 1:
        raise InputError(f"repeats is {repeats}: give a whole number from 1 up.")
    groups = _groups(model, together)
    rows = slice(None, None, -(-table.n_samples // EXCHANGED_ROWS))
    table = table.take(rows).select(model.predictor.encoder.columns)
    truth = _target_matrix(model, target[rows])
    before = _losses(model, table, truth)
    target_encoder = model.predictor.target_encoder
    scale = (
        target_encoder.scale
        if isinstance(target_encoder, RegressionEncoder | CountEncoder)
        else 1.0
    )
    metric = metric_of_loss(model.predictor.loss, scale)
    found = []
    for number, columns in enumerate(groups):
        rng = np.random.default_rng([seed, number])
        rise = np.zeros(len(before))
        for _ in range(repeats):
            donors = exchange_rows(table.n_samples, rng)
            rise += _losses(model, _exchanged(table, columns, donors), truth) - before
        found.append(measured(columns, rise / repeats, None, None, metric))
    return tuple(sorted(found, key=lambda one: -one.value))


def important_columns(model: FittedModel, most: int) -> list[str]:
    """Return the columns that help beyond doubt, or the first ones if none does, at most so many.

    Columns of images and texts are left out, if there are others.

    Parameters
    ----------
    model : FittedModel
        The model.
    most : int
        How many, at most.
    """
    clear = [one.columns[0] for one in model.summary.importances if one.clear]
    names = clear or list(model.predictor.encoder.columns)
    return ([name for name in names if name in model.schema.single] or names)[:most]


def _groups(model: FittedModel, together: Sequence[Sequence[str]] | None) -> list[tuple[str, ...]]:
    if together is None:
        return [(name,) for name in model.predictor.encoder.columns]
    if isinstance(together, str) or any(isinstance(one, str) or not one for one in together):
        raise InputError(
            f"together is {together!r}: give groups of columns, such as [['width', 'length']]."
        )
    groups = [tuple(columns) for columns in together]
    for columns in groups:
        for name in columns:
            encoder_of(model, name)
    return groups


def _exchanged(table: Table, columns: Sequence[str], donors: Array) -> Table:
    changed = {name: table[name][donors] for name in columns}
    return Table({**table.columns, **changed})


def _losses(model: FittedModel, table: Table, truth: Array) -> Array:
    """Return the loss of each row, shape (n_samples,), in float64."""
    losses = model.predictor.loss.rows(model.predictor.output(table), truth)
    return np.asarray(losses, np.float64)


def _target_matrix(model: FittedModel, target: Array) -> Array:
    """Return what the networks should say, shape (n_samples, n_outputs)."""
    target_encoder = model.predictor.target_encoder
    encoded = target_encoder.encode(np.asarray(target))
    if isinstance(target_encoder, ClassEncoder) and len(target_encoder.classes) > 2:
        return np.asarray(np.eye(len(target_encoder.classes))[encoded])
    return np.asarray(encoded, np.float64)[:, None]
