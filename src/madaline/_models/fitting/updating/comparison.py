"""The candidates of an update are compared row by row, on rows that none of them learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, final

import numpy as np

from madaline._models.fitting.updating.new_rows import JointRows
from madaline._models.runtime.predictor import Predictor
from madaline._race.evaluation.score import LOSS_METRICS, mean_and_error
from madaline._tables.target import ClassEncoder, CountEncoder, RegressionEncoder, TargetEncoder
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss, Squared
from madaline.records.model_decisions import AS_IT_IS

_STRETCHES = 50
"""Stretches of rows that standard errors are taken from: neighbors in time resemble one another."""


class Difference(NamedTuple):
    """A mean difference of losses, and its standard error."""

    mean: float
    error: float

    @property
    def is_clear(self) -> bool:
        """Whether the loss is lower by more than a standard error."""
        return -self.mean > self.error


@final
@dataclass(frozen=True, eq=False)
class CandidateLosses:
    """The losses of candidates on the same rows.

    The model as it was is the first one. A row's loss is missing (NaN) where its class is not known
    to all. Rows of one group are not independent.
    """

    losses: dict[str, Array]  # (n_rows,), by candidate
    weight: Array | None  # (n_rows,)
    groups: Array | None = None  # (n_rows,)

    @property
    def best(self) -> str:
        """The candidate to keep: each has to be better than those before by a standard error."""
        best = AS_IT_IS
        for name in self.losses:
            if name != best and self.difference(name, best).is_clear:
                best = name
        return best

    def mean(self, name: str) -> Difference:
        """Return the mean loss of a candidate, and its standard error."""
        return self._mean(self.losses[name])

    def difference(self, name: str, other: str = AS_IT_IS) -> Difference:
        """Return the loss of a candidate less that of another, row by row."""
        return self._mean(self.losses[name] - self.losses[other])

    def _mean(self, values: Array) -> Difference:
        compared = ~np.isnan(np.sum(list(self.losses.values()), axis=0))
        if not compared.any():
            return Difference(0.0, 0.0)
        weight = None if self.weight is None else self.weight[compared]
        groups = self.groups
        if groups is None:
            n_rows = len(compared)
            groups = np.arange(n_rows) * min(n_rows, _STRETCHES) // n_rows
        numbers = np.unique(groups[compared], return_inverse=True)[1]
        return Difference(*mean_and_error(values[compared], weight, numbers))


def own_fold_losses(predictor: Predictor, rows: JointRows) -> Array:
    """Return the loss of each row by the networks of its fold; missing (NaN) where it has none."""
    outputs = predictor.fold_outputs(rows.table)  # (n_folds, n_rows, n_outputs)
    output = outputs[np.maximum(rows.folds, 0) % len(outputs), np.arange(rows.n_rows)]
    losses = losses_in_unit(predictor.loss, predictor.target_encoder, output, rows.target)
    return np.where(rows.folds < 0, np.nan, losses)


def losses_in_unit(loss: Loss, encoder: TargetEncoder, output: Array, target: Array) -> Array:
    """Return the loss of each row in the target's unit; NaN of labels that the encoder lacks."""
    losses = np.full(len(target), np.nan)
    has_output = np.ones(len(target), bool)
    if isinstance(encoder, ClassEncoder):
        classes = set(encoder.classes.tolist())
        has_output = np.array([label in classes for label in target.tolist()], bool)
    losses[has_output] = loss.rows(output[has_output], encoder.matrix(target[has_output]))
    return losses * unit_of_loss(loss, encoder)


def unit_of_loss(loss: Loss, encoder: TargetEncoder) -> float:
    """Return what a loss of networks is in the unit of the target."""
    if not isinstance(encoder, RegressionEncoder | CountEncoder):
        return 1.0
    if isinstance(loss, Squared):
        return encoder.scale**2
    return encoder.scale * LOSS_METRICS[type(loss)][1]
