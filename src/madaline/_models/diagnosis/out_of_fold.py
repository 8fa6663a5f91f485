"""The rows of a fit with their out-of-fold predictions, and the tests that a diagnosis makes.

Of a hundred columns, five look odd at the usual level of 5 %. All tests of one question are
therefore held to `ALARM_LEVEL` together, by the procedure of Holm (1979), "A simple sequentially
rejective multiple test procedure", Scandinavian Journal of Statistics 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import asin, atan, erfc, exp, pi, sqrt
from typing import Any

import numpy as np

from madaline._race.evaluation.score import mean_and_error
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss

ALARM_LEVEL = 0.01  # probability of even one false alarm among all tests of a question
MAX_LISTED_ROWS = 50  # by a finding
_MANY_DEGREES = 200  # from which on Student's t is as good as normal


def holm(p_values: Array, level: float = ALARM_LEVEL) -> Array:
    """Return which of several tests are significant, as Booleans of shape (n_tests,)."""
    order = np.argsort(p_values, kind="stable")
    passing = p_values[order] <= level / np.arange(len(p_values), 0, -1)
    rejected = np.zeros(len(p_values), bool)
    rejected[order] = np.logical_and.accumulate(passing)
    return rejected


def normal_p_value(standard_errors: float) -> float:
    """Return the two-sided p-value of a normal deviate."""
    return erfc(abs(standard_errors) / sqrt(2))


def student_p_value(standard_errors: float, degrees: int) -> float:
    """Return the two-sided p-value of Student's t, whose error comes from few rows or groups.

    With the substitution t = sqrt(df) * tan(angle), its density is a power of the cosine.
    """
    if degrees < 1:
        return 1.0
    if degrees > _MANY_DEGREES:
        return normal_p_value(standard_errors)
    angle = atan(abs(standard_errors) / sqrt(degrees))
    beyond, half = (
        float(np.trapezoid(np.cos(angles) ** (degrees - 1), angles))
        for angles in (np.linspace(start, pi / 2, 1000) for start in (angle, 0.0))
    )
    return beyond / half


def share_difference(first: float, n_first: float, second: float, n_second: float) -> float:
    """Return by how many standard errors two shares differ.

    The arcsine of a share's root has the same variance everywhere, also near 0, where that of the
    share itself vanishes (Anscombe, 1948, Biometrika 35).
    """
    angles = [
        2 * asin(sqrt((share * n + 0.375) / (n + 0.75)))
        for share, n in ((first, n_first), (second, n_second))
    ]
    return (angles[0] - angles[1]) / sqrt(1 / n_first + 1 / n_second)


def kolmogorov_p_value(distance: float, n_first: float, n_second: float) -> float:
    """Return the p-value of a Kolmogorov-Smirnov test of two samples.

    Stephens (1970), Journal of the Royal Statistical Society B 32, for the correction of few rows.
    """
    rows = sqrt(n_first * n_second / (n_first + n_second))
    scaled = (rows + 0.12 + 0.11 / rows) * distance
    if scaled < 0.3:  # the p-value is 0.99999, and the series would converge slowly
        return 1.0
    terms = [(-1.0) ** (k - 1) * exp(-2 * k**2 * scaled**2) for k in range(1, 30)]
    return min(1.0, max(0.0, 2 * sum(terms)))


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The evaluated rows of a fit, predicted by networks that did not train on them."""

    table: Table  # the evaluated rows, fold after fold
    schema: Schema
    bounds: Sequence[int]  # (n_folds + 1,), start of each fold, and end of the last one
    loss: Loss
    output: Array  # (n_rows, n_outputs), raw out-of-fold outputs of the networks
    baseline: Array  # of the same shape: those of the best constants
    target: Array  # of the same shape: one-hot classes, 0 and 1, or numbers
    classes: Sequence[str] | None = None  # the labels as text; None where numbers are predicted
    weight: Array | None = None  # (n_rows,)
    groups: Array | None = None  # (n_rows,) ints, rows of one group are not independent
    row_numbers: Array | None = None  # (n_rows,) ints, in the user's table; positions by default
    threshold: float = 0.5  # of two classes, the probability above which the second is predicted
    weighted_classes: bool = False  # whether networks learned from classes with other weights
    drawn_classes: bool = False  # whether classes were drawn from a target of probabilities

    @property
    def n_rows(self) -> int:
        """Number of evaluated rows."""
        return len(self.target)

    @property
    def n_targets(self) -> int:
        """Number of targets that are predicted together; the classes of one share its outputs."""
        return 1 if self.classes is not None else self.target.shape[1]

    def of_output(self, index: int, classes: Sequence[str] | None) -> OutOfFold:
        """Return one of several targets, with its labels if it has classes."""
        column = slice(index, index + 1)
        arrays: dict[str, Any] = {
            name: getattr(self, name)[:, column] for name in ("output", "baseline", "target")
        }
        return replace(self, loss=self.loss.of_output(index), classes=classes, **arrays)

    def row_numbers_of(self, indices: Array) -> tuple[int, ...]:
        """Return the numbers of some rows in the user's table, at most `MAX_LISTED_ROWS`."""
        indices = indices[:MAX_LISTED_ROWS]
        numbers = indices if self.row_numbers is None else self.row_numbers[indices]
        return tuple(int(number) for number in numbers)

    @cached_property
    def fold(self) -> Array:
        """The index of each row's fold."""
        return np.repeat(np.arange(len(self.bounds) - 1), np.diff(self.bounds))

    @cached_property
    def losses(self) -> Array:
        """The loss of each row, shape (n_rows,)."""
        return np.asarray(self.loss.rows(self.output, self.target), np.float64)

    @cached_property
    def baseline_losses(self) -> Array:
        """The loss of each row with the baseline's predictions, shape (n_rows,)."""
        return np.asarray(self.loss.rows(self.baseline, self.target), np.float64)

    @cached_property
    def probabilities(self) -> Array:
        """The probability of each class, shape (n_rows, n_classes)."""
        prediction = self.loss.prediction(self.output)
        if prediction.shape[1] > 1:
            return prediction
        return np.concatenate([1 - prediction, prediction], axis=1)

    @cached_property
    def class_index(self) -> Array:
        """The index of each row's class."""
        if self.target.shape[1] > 1:
            return np.asarray(self.target.argmax(axis=1))
        return np.asarray(self.target[:, 0] > 0.5, np.intp)

    @cached_property
    def predicted_index(self) -> Array:
        """The index of each row's predicted class."""
        if self.target.shape[1] > 1:
            return np.asarray(self.probabilities.argmax(axis=1))
        return np.asarray(self.probabilities[:, 1] > self.threshold, np.intp)

    def thinned(self, most: int) -> OutOfFold:
        """Return every k-th row, so that there are at most so many."""
        step = -(-self.n_rows // most)
        if step <= 1:
            return self
        rows = slice(0, self.n_rows, step)
        numbers = np.arange(self.n_rows) if self.row_numbers is None else self.row_numbers
        names = ("output", "baseline", "target", "weight", "groups")
        arrays = {name: getattr(self, name) for name in names}
        taken: dict[str, Any] = {
            name: None if array is None else array[rows] for name, array in arrays.items()
        }
        bounds = tuple(-(-bound // step) for bound in self.bounds)
        table = self.table.take(rows)
        return replace(self, table=table, bounds=bounds, row_numbers=numbers[rows], **taken)

    def mean(self, values: Array, rows: Array | slice = slice(None)) -> tuple[float, float]:
        """Return the mean of some values over some rows, and its standard error."""
        weight = None if self.weight is None else self.weight[rows]
        groups = None
        if self.groups is not None:
            groups = np.unique(self.groups[rows], return_inverse=True)[1]
        return mean_and_error(values[rows], weight, groups)

    def degrees(self, rows: Array | slice = slice(None)) -> int:
        """Return the degrees of freedom of the standard error of a mean over some rows."""
        codes = np.arange(self.n_rows) if self.groups is None else self.groups
        return len(np.unique(codes[rows])) - 1
