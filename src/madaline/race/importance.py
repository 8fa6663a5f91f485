"""The importance of a column: how much worse predictions get when its values are permuted.

If a row's age is replaced by the age of some other row, and the networks predict as well as before,
age does not matter to them. This is done out of fold, so that a column from which networks learned
mere chance counts for nothing (Breiman, 2001, "Random forests", section 10,
https://doi.org/10.1023/A:1010933404324).

Columns that carry the same information hide each other: where one is permuted, the networks still
have the other. Permute them together to measure both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.engine.blas import one_threaded_products
from madaline.evaluation.score import LOSS_METRICS, mean_and_error
from madaline.nn.arrays import Array
from madaline.nn.layers import ScaledLinear
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss, Squared
from madaline.nn.workspace import Workspace
from madaline.race.dataset import Examples
from madaline.race.ensemble import Ensemble, EnsembleMember

PERMUTED_ROWS = 2000
"""Rows whose values are permuted, at most: evenly spread over those that are judged."""

FEWEST_ROWS = 200
"""Rows whose values are permuted, if there are as many, however much work it is."""

PERMUTATION_STREAM = 2**32 - 3
"""Separates the random numbers of permutations from those of folds, batches and training."""


@dataclass(frozen=True)
class Importance:
    """How much worse predictions get without the right values of some columns.

    Parameters
    ----------
    columns : tuple of str
        The column, or several whose values are permuted together.
    metric : str
        What gets worse: a loss or R², named as in scikit-learn.
    value : float
        By how much, in the unit of the metric; above zero if the columns help.
    standard_error : float
        How far off the value may easily be, from the scatter of the rows.

    Examples
    --------
    >>> print(Importance(("age",), "log_loss", 0.031, 0.004))
    age: log_loss is worse by 0.031 ± 0.004
    """

    columns: tuple[str, ...]
    metric: str
    value: float
    standard_error: float

    def __str__(self) -> str:
        """Say in a line how much it matters."""
        return (
            f"{self.name}: {self.metric} is worse by {self.value:.3g} ± {self.standard_error:.2g}"
        )

    @property
    def name(self) -> str:
        """The names of the columns, joined."""
        return " + ".join(self.columns)

    @property
    def clear(self) -> bool:
        """Whether the columns clearly help: by more than two standard errors."""
        return self.value > 2 * self.standard_error

    def to_json(self) -> dict[str, Any]:
        """Return the importance as JSON-able values."""
        return asdict(self) | {"columns": list(self.columns)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Importance:
        """Return the importance that `to_json` described."""
        return cls(**(dict(values) | {"columns": tuple(values["columns"])}))


def measured(
    columns: Sequence[str],
    rise: Array,
    weight: Array | None,
    groups: Array | None,
    metric: tuple[str, float],
) -> Importance:
    """Return the importance of columns, of the rise of each row's loss.

    Parameters
    ----------
    columns : sequence of str
        Their names.
    rise : ndarray of shape (n_rows,)
        By how much the loss of each row rises.
    weight, groups : ndarray of shape (n_rows,), optional
        Weights of the rows, and which of them are not independent.
    metric : tuple of str and float
        What the loss is called, and how many units of it a unit of the loss is (`metric_of_loss`).
    """
    name, factor = metric
    mean, error = mean_and_error(rise.astype(np.float64), weight, groups)
    return Importance(tuple(columns), name, factor * mean, factor * error)


def metric_of_loss(loss: Loss, scale: float) -> tuple[str, float]:
    """Return what people call a loss, and how many units of that a unit of the loss is.

    Parameters
    ----------
    loss : Loss
        What is made small.
    scale : float
        How many of the target's units is one. Squares are left in units of the target's variance,
        so that a rise of the loss is a fall of R².

    Examples
    --------
    >>> metric_of_loss(Squared(), 12.0)
    ('r2', 1.0)
    """
    if isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        return "log_loss", 1.0
    if isinstance(loss, Squared):
        return "r2", 1.0
    name, factor = LOSS_METRICS[type(loss)]
    return name, factor * scale


def out_of_fold_importances(
    ensemble: Ensemble,
    examples: Examples,
    names: Sequence[str],
    *,
    work: float,
    seed: int,
    metric: tuple[str, float],
    temperature: float = 1.0,
) -> tuple[Importance, ...]:
    """Return how much every column matters, out of fold.

    The values of a column are permuted among rows of the same fold, so that each row gets those of
    another, for the networks of that fold.

    Parameters
    ----------
    ensemble : Ensemble
        The networks, with their outputs for all judged rows.
    examples : Examples
        The rows.
    names : sequence of str
        Names of the columns that the features were made from.
    work : float
        Multiply-adds that this may take; fewer rows are permuted where that is little, but at least
        `FEWEST_ROWS`.
    seed : int
        Decides the permutations.
    metric : tuple of str and float
        What `metric_of_loss` returns.
    temperature : float, default=1
        What raw outputs are divided by.

    Returns
    -------
    tuple of Importance
        The most important column first; none if no fold has two rows.
    """
    if examples.grids and len(names) < 2:  # nothing beside it
        return ()
    affordable = int(work / permutation_work(ensemble, len(names)))
    spread = examples.rows.spread(min(PERMUTED_ROWS, max(FEWEST_ROWS, affordable)))
    folds = [(fold, indices) for fold, indices in enumerate(spread) if len(indices) > 1]
    if not folds:
        return ()

    of_ensemble = ensemble.output

    def rises(fold: int, indices: Array) -> Array:
        rng = np.random.default_rng([seed, PERMUTATION_STREAM, fold])
        permuted = _Permuted(indices, [permute_rows(len(indices), rng) for _ in names])
        outputs = [one.weight * permuted.output(one, fold, examples) for one in ensemble.members]
        output = np.sum(outputs, axis=0)
        target = examples.target[indices]
        before = examples.loss.rows(of_ensemble[indices] / temperature, target)
        return np.asarray(examples.loss.rows(output / temperature, target) - before)

    with one_threaded_products():
        found = [rises(fold, indices) for fold, indices in folds]
    rise = np.concatenate(found, axis=1)  # (n_columns, n_rows)
    indices = np.concatenate([indices for _, indices in folds])
    weight = examples.weights(indices)
    groups = None if examples.groups is None else examples.groups[indices]
    importances = [
        measured([name], one, weight, groups, metric) for name, one in zip(names, rise, strict=True)
    ]
    importances.sort(key=lambda one: -one.value)
    return tuple(importances)


@dataclass(frozen=True, eq=False)
class _Permuted:
    """Rows of one fold, and from which of them each gets its value of each column (final).

    Parameters
    ----------
    indices : int ndarray of shape (n_rows,)
        The rows.
    donors : sequence of int ndarray of shape (n_rows,)
        For each column, for each of these rows, which of them its value comes from.
    """

    indices: Array
    donors: Sequence[Array]

    def output(self, one: EnsembleMember, fold: int, examples: Examples) -> Array:
        """Return a fold's outputs with each column permuted, (n_columns, n_rows, n_outputs).

        The first layer is a sum over columns, so that only the term of the permuted one is computed
        again: for 73 columns and 2,000 rows that takes a fifth of the time.
        """
        x = examples.encoded(one.n_bins, fold, self.indices)
        columns = np.asarray(examples.columns[one.n_bins])
        if not isinstance(one.network.layers[0], ScaledLinear):
            return self._whole_output(one, fold, x, columns)
        first, *others = one.network.bind(one.theta[fold])
        weight = first["weight"] * first["gate"][columns, None]  # (n_features, units)
        before = x @ weight + first["bias"]  # (n_rows, units)
        output = np.empty((len(self.donors), len(x), examples.n_outputs))
        for column, donors in enumerate(self.donors):
            own = np.flatnonzero(columns == column)
            mine = x[:, own]
            hidden = before + (mine[donors] - mine) @ weight[own]
            for layer, parameters in zip(one.network.layers[1:], others, strict=True):
                hidden, _ = layer.forward(parameters, hidden, workspace=Workspace())
            output[column] = hidden
        return output

    def _whole_output(self, one: EnsembleMember, fold: int, x: Array, columns: Array) -> Array:
        """Return the same for networks whose first layer is no sum over columns."""
        outputs = []
        for column, donors in enumerate(self.donors):
            own = columns == column
            outputs.append(one.network.predict(one.theta[fold], np.where(own, x[donors], x)))
        return np.stack(outputs)


def permutation_work(ensemble: Ensemble, n_columns: int) -> int:
    """Return the multiply-adds of permuting every column, per row.

    The first layer's are those of two forward passes, the others' those of one for each column.
    """
    total = 0
    for one in ensemble.members:
        first = 0
        if isinstance(one.network.layers[0], ScaledLinear):
            first = int(np.prod(one.network.layers[0].slots()[1].shape))
        total += 2 * first + n_columns * (one.network.multiply_adds() - first)
    return total


def permute_rows(n_rows: int, rng: np.random.Generator) -> Array:
    """Return a random permutation that leaves no row in its place.

    Parameters
    ----------
    n_rows : int
        Number of rows; a single one stays.
    rng : numpy.random.Generator
        Source of chance.

    Examples
    --------
    >>> permute_rows(2, np.random.default_rng(0))
    array([1, 0])
    """
    order = rng.permutation(n_rows)
    donors = np.empty(n_rows, np.intp)
    donors[order] = np.roll(order, 1)
    return donors
