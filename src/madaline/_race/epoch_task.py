"""A task of an executor: some networks learn for an epoch and predict rows that they never saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from typing import final

import numpy as np

from madaline._race.augmentation import Augmentation
from madaline._race.dataset import Dataset
from madaline._race.recipe import LinearRecipe, PatternRecipe, Recipe
from madaline._race.row_blocks import RowBlocks
from madaline._race.solving import solve, solve_patterns
from madaline.nn import _normalization as normalization
from madaline.nn._engine.backend import Backend, Batches, TrainingRule
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn._engine.executors.executor import Shared
from madaline.nn.arrays import Array
from madaline.nn.population import Population


@dataclass(frozen=True, eq=False)
class EpochTask:
    """All that some networks need to learn for an epoch, wherever that is."""

    group: TaskGroup  # which networks of their cohort
    # the networks, with axes (recipes, folds) of the group; they are not changed
    members: Population
    rule: TrainingRule  # how they learn
    recipe: Recipe  # what they share but for weight decay and learning rate
    dataset: Shared[Dataset]  # a handle to the rows, those of a fold to be predicted
    epoch: EpochSeed  # the order of the rows, and the random numbers
    # int (folds, steps, batch): the rows of each batch of these folds; None to draw it in the task
    order: Array | None
    batch_size: int
    backend: Backend  # what trains them
    chunk: int  # how many rows to predict at a time
    # a handle to the block of a large table that is learned from, instead of these rows
    block: Shared[Dataset] | None = None


@final
@dataclass(frozen=True)
class BlockInTask:
    """A handle to a block whose features are made where the task runs."""

    blocks: Shared[RowBlocks]
    number: int
    n_bins: tuple[int, ...]  # the encodings that are needed

    def get(self) -> Dataset:
        """Return the block, which all tasks of an epoch share."""
        return _made(self.blocks.get(), self.number, self.n_bins)


@lru_cache(maxsize=1)
def _made(blocks: RowBlocks, number: int, n_bins: tuple[int, ...]) -> Dataset:
    return blocks.dataset(number, n_bins)


@final
@dataclass(frozen=True, eq=False)
class EpochResult:
    """What came of a task."""

    group: TaskGroup  # which networks of their cohort
    members: Population  # the networks after the epoch
    # (recipes, rows of the fold, n_outputs): for each fold the raw outputs for the rows that its
    # networks never saw
    outputs: list[Array]


def run_epoch_task(task: EpochTask) -> EpochResult:
    """Train for an epoch, then predict the rows of each fold with its averaged networks.

    `Dataset.validation_loss` makes a loss of the outputs.
    """
    dataset = task.dataset.get()
    members = run_training(_ordered(task))
    outputs: list[Array] = []
    trained = task.rule.network
    kept = normalization.without_normalization(task.rule.network)
    with one_threaded_products(), np.errstate(over="ignore", invalid="ignore"):  # may diverge
        for place, fold in enumerate(range(task.group.folds.start, task.group.folds.stop)):
            networks = members[:, place]
            n_bins = task.recipe.n_bins
            measure(task.rule, networks, dataset, n_bins=n_bins, fold=fold)
            if fold >= dataset.rows.n_folds:  # a final network
                continue
            x = dataset.features.seen(n_bins, fold, dataset.rows.held_out(fold))
            theta = normalization.folded(trained, task.rule.averaged(networks))
            outputs.append(task.backend.predict(kept, theta, x, task.chunk))
    return EpochResult(task.group, members, outputs)


def run_training(task: EpochTask) -> Population:
    """Return the networks after the batches of a task, or solved, without predictions."""
    members = task.members.snapshot()
    if isinstance(task.recipe, LinearRecipe | PatternRecipe):
        _solve(task, task.recipe, members)
        return members
    with one_threaded_products(), np.errstate(over="ignore", invalid="ignore"):  # may diverge
        task.backend.train(task.rule, members, _batches(task, (task.block or task.dataset).get()))
    return members


def _ordered(task: EpochTask) -> EpochTask:
    """Return a task with the order of its rows, which follows from the seed of the epoch."""
    if task.order is not None:
        return task
    order = _drawn(task.epoch, (task.block or task.dataset).get(), task.batch_size)
    return replace(task, order=np.stack(order[task.group.folds]))


@lru_cache(maxsize=1)  # all tasks of an epoch that a worker gets
def _drawn(epoch: EpochSeed, dataset: Dataset, batch_size: int) -> list[Array]:
    return epoch.order(dataset, batch_size)


def _solve(task: EpochTask, recipe: LinearRecipe | PatternRecipe, members: Population) -> None:
    """Solve networks of one layer, in place."""
    dataset = task.dataset.get()
    folds = task.group.folds
    decay = members.columns["weight_decay"][:, 0, 0].astype(np.float64)
    decay_times = 1 / (decay * dataset.steps_of_pass(task.batch_size)[folds.start])
    if isinstance(recipe, PatternRecipe):
        solve_patterns(members, task.rule, recipe, dataset, folds=folds, decay_times=decay_times)
    else:
        solve(members, task.rule, recipe, dataset, folds=folds, decay_times=decay_times)


def _batches(task: EpochTask, dataset: Dataset) -> Batches:
    """Return the batches of the group's folds."""
    folds = task.group.folds
    by_fold = dataset.features.of_folds
    assert task.order is not None
    augmentation = Augmentation.of(task.recipe, dataset.inputs)
    return Batches(
        dataset.features[task.recipe.n_bins],
        dataset.target,
        dataset.weight,
        np.zeros(0, np.intp) if by_fold is None else by_fold.features,
        np.zeros((len(task.order), 1, 0), np.float32) if by_fold is None else by_fold.values[folds],
        task.order,
        augmentation if augmentation.active else None,
        task.epoch.rngs(folds),
    )


# Tells the random numbers of batches from those of initial weights, which count from zero
_BATCH_STREAM = 2**32 - 1

_TRAINING_STREAM = 2**32 - 2  # tells the random numbers of training from both


@dataclass(frozen=True)
class EpochSeed:
    """What is random in an epoch: all of it follows from the seed and the epoch's number."""

    seed: int  # the seed of the race
    number: int  # which epoch, counted from one

    def order(self, dataset: Dataset, batch_size: int) -> list[Array]:
        """Return the rows of each batch of each network, int of shape (steps, batch_size)."""
        rng = np.random.default_rng([self.seed, _BATCH_STREAM, self.number])
        return dataset.rows.batches(batch_size, rng)

    def rngs(self, folds: slice) -> list[np.random.Generator]:
        """Return the random numbers of some folds, whatever other folds they train with."""
        return [
            np.random.default_rng([self.seed, _TRAINING_STREAM, self.number, fold])
            for fold in range(folds.start, folds.stop)
        ]


_ROWS = 256  # rows that statistics are measured on: each has hundreds of positions


def measure(
    rule: TrainingRule, members: Population, dataset: Dataset, *, n_bins: int, fold: int
) -> None:
    """Store the statistics of some training rows in the networks of a fold, if they have any."""
    if not normalization.has_normalization(rule.network):
        return
    places = dataset.rows.training_sample(fold)
    places = places[:: max(1, len(places) // _ROWS)][:_ROWS]
    theta = rule.averaged(members)
    normalization.measure_statistics(rule.network, theta, dataset.encoded(n_bins, fold, places))
    for matrix in (members.theta, members.memory["z"]):  # so that their average has them
        normalization.copy_statistics(rule.network, theta, matrix)


@final
@dataclass(frozen=True)
class TaskGroup:
    """Some folds of some recipes of a cohort."""

    recipes: slice  # which ones, both from a start to a stop
    folds: slice  # which ones, both from a start to a stop


def divide(n_recipes: int, n_folds: int, *, recipes_each: int, folds_each: int) -> list[TaskGroup]:
    """Return groups of so many recipes and folds, at most, as alike as can be."""
    return [
        TaskGroup(recipes, folds)
        for recipes in _slices(n_recipes, -(-n_recipes // recipes_each))
        for folds in _slices(n_folds, -(-n_folds // folds_each))
    ]


def _slices(n: int, n_parts: int) -> list[slice]:
    """Return so many slices of n things, as alike as can be, larger ones first."""
    size, more = divmod(n, n_parts)
    starts = [part * size + min(part, more) for part in range(n_parts + 1)]
    return [slice(start, stop) for start, stop in pairwise(starts)]
