"""A task of an executor: some networks learn for an epoch and are evaluated on unseen rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._engine.backend import Backend
from madaline._engine.blas import one_threaded_products
from madaline._engine.executors import Shared
from madaline._engine.training import Batches, TrainingRule
from madaline._race.augmentation import Augmentation
from madaline._race.dataset import Dataset
from madaline._race.epoch import Epoch
from madaline._race.groups import Group
from madaline._race.normalizing import measure
from madaline._race.recipe import LinearRecipe, PatternRecipe, Recipe
from madaline._race.solving import solve
from madaline._race.solving_patterns import solve_patterns
from madaline.nn.arrays import Array
from madaline.nn.population import Population
from madaline.nn.surgery.normalization import folded, without_normalization


@dataclass(frozen=True, eq=False)
class EpochTask:
    """All that some networks need to learn for an epoch, wherever that is (final).

    Parameters
    ----------
    group : Group
        Which networks of their cohort.
    members : Population
        The networks, with axes (recipes, folds) of the group; they are not changed.
    rule : TrainingRule
        How they learn.
    recipe : Recipe
        What they share but for weight decay and learning rate.
    dataset : Shared
        A handle to the rows.
    epoch : Epoch
        The order of the rows, and the random numbers.
    order : int ndarray of shape (folds, steps, batch)
        The rows of each batch of these folds.
    backend : Backend
        What trains them.
    chunk : int
        How many rows to evaluate at a time.
    """

    group: Group
    members: Population
    rule: TrainingRule
    recipe: Recipe
    dataset: Shared[Dataset]
    epoch: Epoch
    order: Array
    backend: Backend
    chunk: int


@dataclass(frozen=True, eq=False)
class EpochResult:
    """What came of a task (final).

    Parameters
    ----------
    group : Group
        Which networks of their cohort.
    members : Population
        The networks after the epoch.
    outputs : list of float32 ndarray of shape (recipes, rows of the fold, n_outputs)
        For each fold the raw outputs for the rows that its networks never saw.
    """

    group: Group
    members: Population
    outputs: list[Array]


def run_epoch_task(task: EpochTask) -> EpochResult:
    """Train for an epoch, then evaluate the averaged networks of each fold on its own rows."""
    dataset, members = task.dataset.get(), run_training(task)
    outputs: list[Array] = []
    trained, kept = task.rule.network, without_normalization(task.rule.network)
    with one_threaded_products(), np.errstate(over="ignore", invalid="ignore"):  # may diverge
        for place, fold in enumerate(range(task.group.folds.start, task.group.folds.stop)):
            x = dataset.kept(task.recipe.n_bins, fold, dataset.rows.held_out(fold))
            own, n_bins = members[:, place], task.recipe.n_bins
            measure(task.rule, own, dataset, n_bins=n_bins, fold=fold)
            theta = folded(trained, task.rule.averaged(own))
            outputs.append(task.backend.predict(kept, theta, x, task.chunk))
    return EpochResult(task.group, members, outputs)


def run_training(task: EpochTask) -> Population:
    """Return the networks after the batches of a task, or solved, not evaluated."""
    members = task.members.snapshot()
    if isinstance(task.recipe, LinearRecipe | PatternRecipe):
        _solve(task, task.recipe, members)
        return members
    with one_threaded_products(), np.errstate(over="ignore", invalid="ignore"):  # may diverge
        task.backend.train(task.rule, members, _batches(task, task.dataset.get()))
    return members


def _solve(task: EpochTask, recipe: LinearRecipe | PatternRecipe, members: Population) -> None:
    """Solve networks of one layer, in place."""
    dataset, folds = task.dataset.get(), task.group.folds
    decay = members.columns["weight_decay"][:, 0, 0].astype(np.float64)
    decay_times = 1 / (decay * task.order.shape[1])
    if isinstance(recipe, PatternRecipe):
        solve_patterns(members, task.rule, recipe, dataset, folds=folds, decay_times=decay_times)
    else:
        solve(members, task.rule, recipe, dataset, folds=folds, decay_times=decay_times)


def _batches(task: EpochTask, dataset: Dataset) -> Batches:
    """Return the batches of the group's folds."""
    folds, own = task.group.folds, dataset.fold_features
    augmentation = Augmentation.of(task.recipe, dataset)
    return Batches(
        dataset.features[task.recipe.n_bins],
        dataset.target,
        dataset.weight,
        np.zeros(0, np.intp) if own is None else own.features,
        np.zeros((len(task.order), 1, 0), np.float32) if own is None else own.values[folds],
        task.order,
        augmentation if augmentation.active else None,
        task.epoch.rngs(folds),
    )
