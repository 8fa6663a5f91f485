"""Linear networks are solved: those of a fold one after the other, from strong weight decay on."""

from __future__ import annotations

import numpy as np

from madaline._engine.blas import one_threaded_products
from madaline._engine.solving import solve_linear, sparse_rows
from madaline._engine.training import TrainingRule
from madaline._race.dataset import Dataset
from madaline._race.recipe import LinearRecipe
from madaline.nn.arrays import Array
from madaline.nn.population import Population


def solve(
    members: Population,
    rule: TrainingRule,
    recipe: LinearRecipe,
    dataset: Dataset,
    *,
    folds: slice,
    decay_times: Array,
) -> None:
    """Put networks of one layer where their loss is lowest, in place.

    Parameters
    ----------
    members : Population
        The networks, with axes (recipes, folds).
    rule : TrainingRule
        Their layer and their loss.
    recipe : LinearRecipe
        What they share but for weight decay.
    dataset : Dataset
        The rows.
    folds : slice
        Which folds they are of.
    decay_times : ndarray of shape (recipes,)
        The time scale of each recipe's weight decay.
    """
    for place, fold in enumerate(range(folds.start, folds.stop)):
        with one_threaded_products():
            _solve_fold(members[:, place], rule, recipe, dataset, fold, decay_times)
    rule.optimizer.start(members)


def _solve_fold(
    members: Population,
    rule: TrainingRule,
    recipe: LinearRecipe,
    dataset: Dataset,
    fold: int,
    decay_times: Array,
) -> None:
    """Solve the networks of a fold; each starts where the one before it ended."""
    rows, features = dataset.rows.training(fold), dataset.features[recipe.n_bins]
    length = np.sqrt(features.shape[1])  # of a row: texts are scaled to a mean square of one
    x, weight = sparse_rows(features, rows) / length, dataset.weights(rows)
    layer = rule.network.bind(members.theta)[0]
    solution = layer["weight"][0] * length, layer["bias"][0]
    for index in np.argsort(decay_times, kind="stable"):
        solution = solve_linear(
            x,
            dataset.target[rows],
            weight,
            rule.loss,
            decay_time=float(decay_times[index]),
            tolerance=recipe.tolerance,
            start=solution,
        )
        layer["weight"][index], layer["bias"][index] = solution[0] / length, solution[1]
