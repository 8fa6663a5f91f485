"""The facts of a fit are what its diagnosis looks at: the judged rows, fold after fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from madaline.data.schema import Schema
from madaline.data.table import Table
from madaline.evaluation.score import mean_and_error
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss

MOST_NUMBERS = 50
"""Rows that a finding names, at most."""


@dataclass(frozen=True, eq=False)
class Facts:
    """The judged rows of a fit, and what networks that never saw them said.

    Parameters
    ----------
    table : Table
        The judged rows, fold after fold.
    schema : Schema
        What each column was taken for.
    bounds : sequence of int, of length n_folds + 1
        Where each fold starts, and where the last one ends.
    loss : Loss
        What the networks made small.
    output, prior : ndarray of shape (n_judged, n_outputs)
        Raw out-of-fold outputs of the networks, and of constants.
    target : ndarray of shape (n_judged, n_outputs)
        One-hot classes, 0 and 1, or numbers.
    features : ndarray of shape (n_judged, n_features)
        The encoded rows, without bins.
    classes : sequence of str, optional
        The labels as text; None where numbers are predicted.
    weight : ndarray of shape (n_judged,), optional
        Weight of each row.
    groups : int ndarray of shape (n_judged,), optional
        Rows of one group are not independent.
    numbers : int ndarray of shape (n_judged,), optional
        The number of each row in the table that was given, from 0; its place here by default.
    """

    table: Table
    schema: Schema
    bounds: Sequence[int]
    loss: Loss
    output: Array
    prior: Array
    target: Array
    features: Array
    classes: Sequence[str] | None = None
    weight: Array | None = None
    groups: Array | None = None
    numbers: Array | None = None

    @property
    def n_rows(self) -> int:
        """Number of judged rows."""
        return len(self.target)

    def numbered(self, places: Array) -> tuple[int, ...]:
        """Return the numbers of some rows in the table that was given, at most `MOST_NUMBERS`."""
        places = places[:MOST_NUMBERS]
        numbers = places if self.numbers is None else self.numbers[places]
        return tuple(int(number) for number in numbers)

    @cached_property
    def fold(self) -> Array:
        """The number of each row's fold."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @cached_property
    def losses(self) -> Array:
        """The loss of each row, shape (n_judged,)."""
        return np.asarray(self.loss.rows(self.output, self.target), np.float64)

    @cached_property
    def constant_losses(self) -> Array:
        """The loss of each row if a constant predicts, shape (n_judged,)."""
        return np.asarray(self.loss.rows(self.prior, self.target), np.float64)

    @cached_property
    def probabilities(self) -> Array:
        """The probability of each class, shape (n_judged, n_classes)."""
        prediction = self.loss.prediction(self.output)
        if prediction.shape[1] > 1:
            return prediction
        return np.concatenate([1 - prediction, prediction], axis=1)

    @cached_property
    def codes(self) -> Array:
        """The number of each row's class."""
        if self.target.shape[1] > 1:
            return np.asarray(self.target.argmax(axis=1))
        return np.asarray(self.target[:, 0] > 0.5, np.intp)

    def thinned(self, most: int) -> Facts:
        """Return the facts of every k-th row, so that there are at most so many."""
        step = -(-self.n_rows // most)
        if step <= 1:
            return self
        rows = slice(0, self.n_rows, step)
        return replace(
            self,
            table=self.table.take(rows),
            bounds=tuple(-(-bound // step) for bound in self.bounds),
            output=self.output[rows],
            prior=self.prior[rows],
            target=self.target[rows],
            features=self.features[rows],
            weight=None if self.weight is None else self.weight[rows],
            groups=None if self.groups is None else self.groups[rows],
            numbers=(np.arange(self.n_rows) if self.numbers is None else self.numbers)[rows],
        )

    def mean(self, values: Array, rows: Array | slice = slice(None)) -> tuple[float, float]:
        """Return the mean of something over some rows, and its standard error."""
        weight = None if self.weight is None else self.weight[rows]
        groups = None
        if self.groups is not None:
            groups = np.unique(self.groups[rows], return_inverse=True)[1]
        return mean_and_error(values[rows], weight, groups)
