"""A cohort is one matrix of networks with the same layers: recipes x folds.

Each network learns from the rows outside its fold and predicts those of its fold.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import final

import numpy as np

from madaline._race.architecture import build_training_network, hide_features, width
from madaline._race.dataset import Dataset
from madaline._race.epoch_task import EpochResult, EpochSeed, EpochTask, TaskGroup, divide
from madaline._race.recipe import Recipe
from madaline.nn._engine.backend import Backend, TrainingRule
from madaline.nn._engine.executors.executor import Shared
from madaline.nn._engine.numpy_backend import backend_named
from madaline.nn._normalization import folded, without_normalization
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss
from madaline.nn.network import Network
from madaline.nn.optimizers import ScheduleFreeAdamW, weights_only
from madaline.nn.population import Population, Slot

# Rows that are evaluated at a time, so that activations stay in the processor's cache
EVALUATED_ROWS = 1024

# Activations of one layer that evaluation may need at a time: four MiB in float32
_EVALUATED_ELEMENTS = 2**20

# Activations of one layer that a group of networks may have: half a MiB in float32
GROUP_ELEMENTS = 2**17

# Parameters that a group of networks may have: a task copies them with the optimizer's state
GROUP_PARAMETERS = 2**24

# Weights of an early step are soon out of date; the average forgets them in proportion
_AVERAGING_POWER = 1.0


@final
class Cohort:
    """Networks of recipes that share their layers, one for each recipe and fold.

    The recipes share everything but `decay_time` and `learning_rate`. The population has axes
    (recipes, folds).
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        network: Network,
        population: Population,
        dataset: Dataset,
        batch_size: int,
    ) -> None:
        self.recipes = list(recipes)
        self.network = network
        self.kept_network = without_normalization(network)
        self.population = population
        self.dataset = dataset
        self.batch_size = batch_size
        self.rule = TrainingRule(
            network,
            training_loss(recipes[0], dataset.loss),
            ScheduleFreeAdamW(power=_AVERAGING_POWER),
            network.layout.row(learning_rate_multiple),
            weights_only(network.layout),
            warmup_steps=max(10, min(2 * min(self.steps), 200)),
            bounds=dataset.bounds(network, recipes[0].n_bins),
        )

    @classmethod
    def start(
        cls,
        recipes: Sequence[Recipe],
        dataset: Dataset,
        batch_size: int,
        rngs: Sequence[np.random.Generator],
    ) -> Cohort:
        """Initialize the networks of `recipes`, each recipe from its own random numbers.

        The last layer starts at zero and its bias at the prior of the fold's training rows: every
        network starts from the baseline.
        """
        network = build_training_network(recipes[0], dataset.inputs, dataset.n_outputs)
        folds = dataset.rows.n_networks
        theta = np.empty((len(rngs), folds, network.layout.size), np.float32)
        for networks, rng in zip(theta, rngs, strict=True):
            networks[...] = network.initialize((folds,), rng).theta
        hide_features(recipes[0], network, theta, dataset.inputs)
        population = Population(network.layout, theta)
        bias = network.bind(population.theta)[-1]["bias"]  # (recipes, folds, n_outputs)
        bias[...] = np.stack([dataset.prior(fold) for fold in range(folds)])
        return cls.continued(recipes, network, population, dataset, batch_size)

    @classmethod
    def continued(
        cls,
        recipes: Sequence[Recipe],
        network: Network,
        population: Population,
        dataset: Dataset,
        batch_size: int,
    ) -> Cohort:
        """Train given networks on, with an optimizer that remembers nothing yet."""
        cohort = cls(recipes, network, population, dataset, batch_size)
        if cohort.rule.bounds is not None:
            population.theta[...] = cohort.rule.bounds.reflected(population.theta)
        cohort.rule.optimizer.start(population)
        steps = cohort.steps
        for name, values in {
            "learning_rate": [[recipe.learning_rate] * len(steps) for recipe in recipes],
            "weight_decay": [[1 / (recipe.decay_time * n) for n in steps] for recipe in recipes],
        }.items():
            population.columns[name] = np.asarray(values, np.float32)[..., None]
        return cohort

    @property
    def steps(self) -> list[int]:
        """Steps of a pass through all rows, of each network of a recipe."""
        return self.dataset.steps_of_pass(self.batch_size)

    @property
    def multiply_adds(self) -> float:
        """Multiply-adds of one epoch: forward, twice as much back, and the validation rows."""
        rows = self.dataset.rows
        trained = float(sum(self.steps) * self.batch_size) / self.dataset.n_blocks
        work = trained * self.network.training_multiply_adds()
        return len(self.recipes) * (work + rows.n_evaluated * self.network.multiply_adds())

    @property
    def solved(self) -> bool:
        """Whether one epoch solves its networks."""
        return self.recipes[0].solved

    @property
    def _widest(self) -> int:
        """Outputs of the widest layer."""
        return width(self.recipes[0], self.dataset.inputs, self.dataset.n_outputs)

    def tasks(
        self,
        epoch: EpochSeed,
        order: Sequence[Array] | None,  # of each network, int (steps, batch); None as in tasks
        dataset: Shared[Dataset],
        backend: Backend,
        n_workers: int,
        block: Shared[Dataset] | None = None,  # what they learn from, if not the dataset
    ) -> list[EpochTask]:
        """Return the tasks of an epoch, for so many workers; NumPy trains what a backend cannot."""
        if not backend.covers(self.rule):
            backend = backend_named("numpy")
        chunk = min(EVALUATED_ROWS, max(1, _EVALUATED_ELEMENTS // self._widest))
        return [
            EpochTask(
                group,
                self.population[group.recipes, group.folds],
                self.rule,
                self.recipes[0],
                dataset,
                epoch,
                None if order is None else np.stack(order[group.folds]),
                self.batch_size,
                backend,
                chunk,
                block,
            )
            for group in self._groups(backend, n_workers)
        ]

    def take(self, results: Iterable[EpochResult]) -> list[Array]:
        """Go on with the networks of all tasks' results, and return the raw out-of-fold outputs.

        They are float32 of shape (n_evaluated, n_outputs), for each recipe.
        """
        rows = self.dataset.rows
        shape = rows.n_evaluated, self.dataset.n_outputs
        outputs = [np.empty(shape, np.float32) for _ in self.recipes]
        for result in results:
            group = result.group
            self.population[group.recipes, group.folds].copy_from(result.members)
            folds = range(group.folds.start, min(group.folds.stop, rows.n_folds))
            for fold, of_fold in zip(folds, result.outputs, strict=True):
                for output, part in zip(outputs[group.recipes], of_fold, strict=True):
                    output[rows.held_out(fold)] = part
        return outputs

    def averaged(self, index: int) -> Array:
        """Return the averaged parameters of one recipe, a copy, shape (folds, parameters).

        They are those of `kept_network`.
        """
        return folded(self.network, self.rule.averaged(self.population[index]))

    def keep(self, indices: Sequence[int]) -> None:
        """Keep some recipes, in this order, with their memory; drop the others."""
        self.recipes = [self.recipes[index] for index in indices]
        self.population = self.population.take(indices)

    def _groups(self, backend: Backend, n_workers: int) -> list[TaskGroup]:
        """Return groups that fit the cache; for several workers, small ones that share well.

        Layers that are random in training draw for a whole group, so where there are any, each fold
        is a group; so it is where networks take unlike numbers of steps.
        """
        n_recipes = len(self.recipes)
        n_folds = self.dataset.rows.n_networks
        if self.solved or len(set(self.steps)) > 1:  # each fold's, one after the other
            return divide(n_recipes, n_folds, recipes_each=n_recipes, folds_each=1)
        if n_workers > 1 or self.recipes[0].random_layers:
            one_by_one = backend.uses_threads and n_workers > 1
            return divide(
                n_recipes, n_folds, recipes_each=1 if one_by_one else n_recipes, folds_each=1
            )
        activations = n_recipes * self.batch_size * self._widest
        parameters = n_recipes * self.network.layout.size
        folds_each = max(1, min(GROUP_ELEMENTS // activations, GROUP_PARAMETERS // parameters))
        return divide(n_recipes, n_folds, recipes_each=n_recipes, folds_each=folds_each)


def training_loss(recipe: Recipe, loss: Loss) -> Loss:
    """Return the loss that a recipe's networks minimize: smoothed labels, where it smooths them."""
    if recipe.label_smoothing and isinstance(loss, BinaryCrossEntropy | CrossEntropy):
        return replace(loss, label_smoothing=recipe.label_smoothing)
    return loss


def learning_rate_multiple(slot: Slot) -> float:
    """Return how much faster or slower than a bias the parameters of a slot learn.

    Weights at ``10 / sqrt(fan_in)``: a unit's sum moves equally far whatever the number of its
    inputs. Gates at 6 (RealMLP, arXiv:2407.04491).
    """
    match slot.kind:
        case "weight":
            return float(10 / np.sqrt(slot.fan_in))
        case "gate":
            return 6.0
        case _:
            return 1.0
