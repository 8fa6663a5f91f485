"""Permutation importance of columns, on any table with known targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from madaline._data.table import Table
from madaline._data.target import CountEncoder, JointEncoder, RegressionEncoder, TargetEncoder
from madaline._explain.columns import as_table, encoder_of
from madaline._model import FittedModel
from madaline._race.importance import (
    PERMUTED_ROWS,
    Measure,
    importance_of,
    metric_of_loss,
    permute_rows,
)
from madaline._race.importances import Importances
from madaline._runtime.predictor import Predictor
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss


def importances(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    target: Array,
    *,
    output: Any = None,
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
    target : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Their labels or numbers.
    output : str, float or int, optional
        Which of several targets or quantiles: its name, level or index; by
        default the mean over all.
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
    measures = _measures(model.predictor, output)
    before = _metric_rows(model, table, truth, measures)
    found = []
    for number, columns in enumerate(groups):
        rng = np.random.default_rng([seed, number])
        rise = np.zeros(len(before))
        for _ in range(repeats):
            donors = permute_rows(table.n_samples, rng)
            permuted = {name: table[name][donors] for name in columns}
            changed = Table({**table.columns, **permuted})
            rise += _metric_rows(model, changed, truth, measures) - before
        found.append(importance_of(columns, rise / repeats, None, None, measures[0].metric))
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


def _measures(predictor: Predictor, output: Any) -> list[Measure]:
    """Return how the predictions of each target are evaluated, or those of one."""
    encoder = predictor.target_encoder
    if not isinstance(encoder, JointEncoder):
        return [_measure(predictor.loss, encoder, slice(None))]
    measures = [
        _measure(predictor.loss.of_output(index), own, slice(index, index + 1))
        for index, own in enumerate(encoder.encoders)
    ]
    return measures if output is None else [measures[encoder.index(output)]]


def _measure(loss: Loss, encoder: TargetEncoder, outputs: slice) -> Measure:
    scale = encoder.scale if isinstance(encoder, RegressionEncoder | CountEncoder) else 1.0
    return Measure(loss, outputs, *metric_of_loss(loss, scale))


def _metric_rows(
    model: FittedModel, table: Table, truth: Array, measures: Sequence[Measure]
) -> Array:
    """Return the mean metric of each row, shape (n_samples,), in float64."""
    output = model.predictor.output(table)
    rows = [measure.rows(output, truth) for measure in measures]
    return np.asarray(np.mean(rows, axis=0))
