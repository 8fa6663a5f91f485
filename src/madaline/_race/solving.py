"""Linear networks are solved: those of a fold one after the other, from strong weight decay on."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from madaline._race.dataset import Dataset
from madaline._race.evaluation.calibration import best_temperatures
from madaline._race.recipe import LinearRecipe, PatternRecipe
from madaline.nn._engine.backend import TrainingRule
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn._engine.solving import LeastSquares, least_squares, solve_linear, sparse_rows
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss
from madaline.nn.population import Population


def solve(
    members: Population,
    rule: TrainingRule,
    recipe: LinearRecipe,
    dataset: Dataset,
    *,
    folds: slice,
    decay_times: Array,  # (recipes,)
) -> None:
    """Put networks of one layer where their loss is lowest, in place."""
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
    rows = dataset.rows.training(fold)
    features = dataset.features[recipe.n_bins]
    length = np.sqrt(features.shape[1])  # of a row: texts are scaled to a mean square of one
    x = sparse_rows(features, rows) / length
    weight = dataset.weights(rows)
    if recipe.timeless:  # what is zero has no slope and keeps its weight of zero
        shown = np.ones(x.shape[1])
        shown[dataset.inputs.hidden[recipe.n_bins]] = 0
        x = (x * shown).tocsr()
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


# By what outputs of least squares are multiplied to be log-odds, about: two to 32 times, where
# left-out rows decide. Those of the right class are near one, and those of others near zero.
_SHARPNESS = 8.0


def solve_patterns(
    members: Population,
    rule: TrainingRule,
    recipe: PatternRecipe,
    dataset: Dataset,
    *,
    folds: slice,
    decay_times: Array,  # (recipes,)
) -> None:
    """Put networks of one layer where their loss, or their squared error, is lowest, in place."""
    space = dataset.row_spaces[recipe.changes]
    solver = _squares if recipe.squares else _loss
    kept = slice(space.n_features)  # the weights of others stay zero
    order = np.argsort(decay_times, kind="stable")
    with one_threaded_products():
        for place, fold in enumerate(range(folds.start, folds.stop)):
            rows = dataset.rows.training(fold)
            facts = space.rows[rows], dataset.target[rows], dataset.weights(rows)
            layer = rule.network.bind(members[:, place].theta)[0]
            solved = solver(*facts, rule.loss, decay_times[order].tolist())
            for index, (weight, bias) in zip(order, solved, strict=True):
                layer["weight"][index, kept], layer["bias"][index] = space.weight(weight), bias
    rule.optimizer.start(members)


def _loss(
    x: Array, target: Array, weight: Array | None, loss: Loss, decay_times: list[float]
) -> Iterator[tuple[Array, Array]]:
    """Yield the weights and biases with the lowest loss; each starts where the one before ended."""
    solution = np.zeros((x.shape[1], target.shape[1])), loss.initial_output(target, weight)
    for decay_time in decay_times:
        solution = solve_linear(x, target, weight, loss, decay_time=decay_time, start=solution)
        yield solution


def _squares(
    x: Array, target: Array, weight: Array | None, loss: Loss, decay_times: list[float]
) -> Iterator[tuple[Array, Array]]:
    """Yield the weights and biases with the least squares, made log-odds where those are wanted."""
    of_classes = isinstance(loss, BinaryCrossEntropy | CrossEntropy)
    wanted = target.astype(np.float64)
    if isinstance(loss, BinaryCrossEntropy):
        wanted = 2 * wanted - 1  # the difference between two classes
    for solution in least_squares(x, wanted, weight, decay_times):
        sharpness = _sharpness(solution, target, weight, loss) if of_classes else 1.0
        yield solution.weight * sharpness, solution.bias * sharpness


def _sharpness(solution: LeastSquares, target: Array, weight: Array | None, loss: Loss) -> float:
    """Return by what outputs are multiplied: what suits rows that they did not learn from."""
    output = _SHARPNESS * solution.left_out
    rows = np.arange(len(target))
    return _SHARPNESS / float(best_temperatures(loss, output, target, [rows], weight)[0])
