"""A linear model learns from the same rows in the same folds: networks should be better than it.

It sees the features of the networks without hidden layers, or what their loss makes of weighted
sums: ridge regression, or logistic regression where classes are predicted. How strongly its weights
decay is chosen by the out-of-fold loss, as recipes are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._race.dataset import Dataset
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn._engine.solving import solve_linear, sparse_rows
from madaline.nn._sparse_rows import SparseRows
from madaline.nn.arrays import Array

_DECAY_TIMES = (0.01, 0.1, 1.0, 10.0)  # from strong to weak decay, while the loss falls

# A solution takes so many passes over the numbers; all may take such a share of the work of the
# race, or so many multiply-adds, else it learns from fewer rows: of those it needs so many for each
# feature
_PASSES, _SHARE_OF_WORK, _MIN_WORK, _MIN_ROWS_OF_FEATURE = 200, 0.1, 2e9, 5


@final
@dataclass(frozen=True, eq=False)
class LinearModels:
    """The linear model of each fold."""

    dataset: Dataset
    solutions: list[tuple[Array, Array]]  # of each fold: weights and biases

    def output(self, fold: int, places: slice | Array) -> Array:
        """Return what a fold's model says of some rows, (rows, n_outputs), as networks do."""
        weights, bias = self.solutions[fold]
        return np.asarray(_features(self.dataset, fold, places) @ weights + bias, np.float32)

    def out_of_fold(self) -> Array:
        """Return the raw out-of-fold output, (n_evaluated, n_outputs)."""
        rows = self.dataset.rows
        folds = range(rows.n_folds)
        return np.concatenate([self.output(fold, rows.held_out(fold)) for fold in folds])


def linear_models(dataset: Dataset, work: float) -> LinearModels | None:
    """Return the linear model of each fold, beside a race of so many multiply-adds.

    None of images, sounds and sequences, and where there are too few rows for the features.
    """
    rows = dataset.rows
    n_features = len(dataset.inputs.columns[dataset.inputs.plain])
    learned = [_thinned(dataset, rows.training(fold), work) for fold in range(rows.n_folds)]
    few = min(map(len, learned)) < _MIN_ROWS_OF_FEATURE * n_features
    if few or not dataset.inputs.of_columns_alone:
        return None
    with one_threaded_products():
        known = [(_features(dataset, fold, places), places) for fold, places in enumerate(learned)]
        zeros = np.zeros((n_features, dataset.n_outputs))
        models = LinearModels(dataset, [(zeros, dataset.prior(fold)) for fold in range(len(known))])
        best = None
        lowest = np.inf
        for decay_time in _DECAY_TIMES:
            starts = zip(known, models.solutions, strict=True)
            solved = [_solved(dataset, *facts, start, decay_time) for facts, start in starts]
            models = LinearModels(dataset, solved)
            loss = dataset.validation_loss(models.out_of_fold())
            if not loss < lowest:
                break
            best, lowest = models, loss
    return best


def _thinned(dataset: Dataset, places: Array, work: float) -> Array:
    """Return rows to learn from, not more than there is work for."""
    width = len(dataset.inputs.columns[dataset.inputs.plain])
    solutions = dataset.n_outputs * dataset.rows.n_folds * len(_DECAY_TIMES)
    work_of_row = 2 * width * solutions * _PASSES
    most = max(_MIN_WORK, _SHARE_OF_WORK * work) / work_of_row
    return places[:: max(1, int(np.ceil(len(places) / max(1.0, most))))]


def _solved(
    dataset: Dataset,
    features: Any,
    places: Array,
    start: tuple[Array, Array],
    decay_time: float,
) -> tuple[Array, Array]:
    target = dataset.target[places]
    weight = dataset.weights(places)
    loss = dataset.loss
    return solve_linear(features, target, weight, loss, decay_time=decay_time, start=start)


def _features(dataset: Dataset, fold: int, places: slice | Array) -> Any:
    """Return rows without bins; what rises with time is hidden, as a trend may end."""
    n_bins, hidden = dataset.inputs.plain, dataset.inputs.hidden
    kept = dataset.features.seen(n_bins, fold, places)
    if isinstance(kept, SparseRows):
        return sparse_rows(kept, np.arange(len(kept)))
    x = np.asarray(kept, np.float64).copy()
    if n_bins in hidden:
        x[:, hidden[n_bins]] = 0
    return x
