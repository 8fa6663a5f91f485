"""A cohort is one matrix of networks with the same layers: recipes x folds.

Each network learns from the rows outside its fold and is judged on its fold.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.compiled import compiled_kernels
from madaline.nn.gradients import GradientWriter
from madaline.nn.network import Network
from madaline.nn.optimizers import ScheduleFreeAdamW, StepSize, weights_only
from madaline.nn.population import Population, Slot
from madaline.nn.workspace import Workspace
from madaline.race.architecture import build_network, width
from madaline.race.augmentation import Augmentation
from madaline.race.dataset import Examples
from madaline.race.groups import Division, Group, slices
from madaline.race.learner import Learner
from madaline.race.recipe import Recipe

JUDGED_ROWS = 1024
"""Rows that are judged at a time, so that activations stay in the processor's cache."""

JUDGED_ELEMENTS = 2**20
"""Activations of one layer that judging may need at a time: four MiB in float32."""

GROUP_ELEMENTS = 2**17
"""Activations of one layer that a group of networks may have: half a MiB in float32."""

WORTH_COMPILING = 6e9
"""Multiply-adds after which a cohort's training is so long that compiled kernels are worth the half
second that loading them takes. Before and after, the bits are the same."""

STEP_COST = 6e6
"""What a step of a group costs beside its products, in multiply-adds: Python and calls of NumPy."""

AVERAGING_POWER = 1.0
"""Weights of an early step are soon out of date; the average forgets them in proportion."""


class Cohort:
    """Networks of recipes that share their layers, one for each recipe and fold.

    Parameters
    ----------
    recipes : sequence of Recipe
        They share everything but `decay_time` and `learning_rate`.
    network : Network
        The layers.
    population : Population
        With axes (recipes, folds).
    examples : Examples
        The rows.
    batch_size : int
        Rows in a batch.
    """

    def __init__(
        self,
        recipes: Sequence[Recipe],
        network: Network,
        population: Population,
        examples: Examples,
        batch_size: int,
    ) -> None:
        self.recipes = list(recipes)
        self.network = network
        self.population = population
        self.examples = examples
        self.batch_size = batch_size
        self.augmentation = Augmentation.of(self.recipes[0], examples)
        self.optimizer = ScheduleFreeAdamW(power=AVERAGING_POWER)
        self._rates = network.layout.row(learning_rate_multiple)
        self._decays = weights_only(network.layout)
        self._workspaces: dict[tuple[int, int], Workspace] = {}
        self._gradients: dict[tuple[int, ...], Array] = {}
        self._learners: dict[tuple[int, ...], Learner] = {}
        self._trained = 0.0  # multiply-adds

    def __reduce__(self) -> tuple[Any, ...]:
        """Be sent to another process without what can be made again there."""
        return Cohort, (
            self.recipes,
            self.network,
            self.population,
            self.examples,
            self.batch_size,
        )

    @classmethod
    def start(
        cls,
        recipes: Sequence[Recipe],
        examples: Examples,
        batch_size: int,
        rngs: Sequence[np.random.Generator],
    ) -> Cohort:
        """Initialize the networks of `recipes`, each recipe from its own random numbers.

        The last layer starts at zero and its bias at the prior of the fold's training rows: every
        network starts from the best constant.
        """
        network = build_network(recipes[0], examples)
        folds = examples.rows.n_folds
        thetas = [network.initialize((folds,), rng).theta for rng in rngs]
        population = Population(network.layout, np.stack(thetas))
        bias = network.bind(population.theta)[-1]["bias"]  # (recipes, folds, n_outputs)
        bias[...] = np.stack([examples.prior(fold) for fold in range(folds)])
        return cls.continued(recipes, network, population, examples, batch_size)

    @classmethod
    def continued(
        cls,
        recipes: Sequence[Recipe],
        network: Network,
        population: Population,
        examples: Examples,
        batch_size: int,
    ) -> Cohort:
        """Train given networks on, with an optimizer that remembers nothing yet."""
        cohort = cls(recipes, network, population, examples, batch_size)
        cohort.optimizer.start(population)
        cohort._set_hyperparameters()
        return cohort

    @property
    def steps(self) -> int:
        """Steps of an epoch."""
        return self.examples.rows.steps(self.batch_size)

    @property
    def multiply_adds(self) -> float:
        """Multiply-adds of one epoch: forward and twice as much back, and the judgement."""
        rows = self.examples.rows
        trained = float(rows.n_folds * self.steps * self.batch_size)
        work = trained * self.network.training_multiply_adds()
        return len(self.recipes) * (work + rows.n_judged * self.network.multiply_adds())

    @property
    def cost(self) -> float:
        """What an epoch of all networks costs, in multiply-adds, with that of calling NumPy."""
        calls, each = self._costs
        return calls + self.population.members * each

    def groups(self) -> tuple[Group, ...]:
        """Return groups small enough for the cache, large enough to be worth a call."""
        return self._division(1, self._fewest_fold_parts).groups

    def divisions(self) -> list[Division]:
        """Return the ways to train the networks in groups, the coarsest that suits the cache first.

        What a network learns does not depend on the group that it is in: layers that draw by chance
        in training do so for a whole group, so where there are any, each fold is one.
        """
        most = 1 if self.recipes[0].random_layers else len(self.recipes)
        return [
            self._division(parts, fold_parts)
            for parts in range(1, most + 1)
            for fold_parts in range(self._fewest_fold_parts, self.examples.rows.n_folds + 1)
        ]

    @property
    def _fewest_fold_parts(self) -> int:
        recipe, folds = self.recipes[0], self.examples.rows.n_folds
        activations = len(self.recipes) * self.batch_size * width(recipe, self.examples)
        size = 1 if recipe.random_layers else max(1, GROUP_ELEMENTS // activations)
        return -(-folds // size)

    def _division(self, parts: int, fold_parts: int) -> Division:
        recipes = slices(len(self.recipes), parts)
        folds = slices(self.examples.rows.n_folds, fold_parts)
        groups = tuple(Group(some, own) for some in recipes for own in folds)
        calls, each = self._costs
        return Division(groups, tuple(calls + group.size * each for group in groups))

    @cached_property
    def _costs(self) -> tuple[float, float]:
        """What an epoch of a group costs beside its products, and those of each network in it."""
        rows, steps = self.examples.rows, self.steps
        seen = 3.0 * steps * self.batch_size + rows.n_judged / rows.n_folds
        return steps * STEP_COST, seen * self.network.multiply_adds()

    def move(self, place: Callable[[Array], Array]) -> None:
        """Keep all that changes in training elsewhere, such as where other processes see it.

        Parameters
        ----------
        place : callable
            From an array to one with the same content.
        """
        old = self.population
        self.population = Population(
            old.layout,
            place(old.theta),
            {name: place(matrix) for name, matrix in old.memory.items()},
            {name: place(column) for name, column in old.columns.items()},
        )
        self._forget_arrays()

    def train_group(self, group: Group, order: Array, rngs: Sequence[np.random.Generator]) -> None:
        """Train some folds of some recipes for one epoch.

        Parameters
        ----------
        group : Group
            Which ones.
        order : int ndarray of shape (n_folds, steps, batch_size)
            The epoch's batches.
        rngs : sequence of numpy.random.Generator
            Chance in training, for each of these folds.
        """
        with np.errstate(over="ignore", invalid="ignore"):  # a policy looks after divergence
            self._train_group(group, order, rngs)
        self._trained += self.multiply_adds * group.size / self.population.members

    def _train_group(self, group: Group, order: Array, rngs: Sequence[np.random.Generator]) -> None:
        learner, folds = self._learner(group), group.folds
        workspace = learner.workspace
        for index in order[folds].swapaxes(0, 1).copy():  # (folds, batch), in one piece
            workspace.rewind()
            x, target, weight = self._batch(index, folds, workspace)
            x = self.augmentation.apply(x, rngs, workspace)
            learner.write_gradient(x, target, weight, rng=rngs[0])
            learner.take_step(self._step_size(learner))

    def judge_fold(
        self,
        fold: int,
        places: slice,
        recipes: slice = slice(None),
        *,
        workspace: Workspace | None = None,
    ) -> Array:
        """Return what this fold's networks say about some rows.

        Parameters
        ----------
        fold : int
            Whose networks are asked.
        places : slice
            Which rows; those held out from this fold for an honest answer.
        recipes : slice, optional
            Whose networks are asked; by default those of all recipes.
        workspace : Workspace, optional
            Where the arrays come from, such as for other folds, too.

        Returns
        -------
        ndarray of shape (recipes, rows, n_outputs)
            Raw outputs of the averaged networks.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            return self._judge_fold(fold, places, recipes, self._quick(workspace or Workspace()))

    def _judge_fold(self, fold: int, places: slice, recipes: slice, workspace: Workspace) -> Array:
        theta = self.optimizer.averaged(self.population[recipes, fold])
        parameters = self.network.bind(theta)
        x = self.examples.encoded(self.recipes[0].n_bins, fold, places)
        output = np.empty((len(theta), len(x), self.examples.n_outputs), np.float32)
        rows = min(JUDGED_ROWS, max(1, JUDGED_ELEMENTS // width(self.recipes[0], self.examples)))
        for start in range(0, len(x), rows):
            workspace.rewind()
            chunk = slice(start, start + rows)
            output[:, chunk], _ = self.network.forward(parameters, x[chunk], workspace=workspace)
        return output

    def averaged(self, place: int) -> Array:
        """Return a copy of the averaged parameters of one recipe, shape (folds, parameters)."""
        return self.optimizer.averaged(self.population[place]).copy()

    def keep(self, places: Sequence[int]) -> None:
        """Keep some recipes, in this order, with their memory; drop the others."""
        self.recipes = [self.recipes[place] for place in places]
        self.population = self.population.take(places)
        self._forget_arrays()

    def _set_hyperparameters(self) -> None:
        shape = (*self.population.axes, 1)
        for name, values in {
            "learning_rate": [recipe.learning_rate for recipe in self.recipes],
            "weight_decay": [1 / (recipe.decay_time * self.steps) for recipe in self.recipes],
        }.items():
            column = np.asarray(values, np.float32)[:, None, None]
            self.population.columns[name] = np.broadcast_to(column, shape).copy()

    def _step_size(self, learner: Learner) -> StepSize:
        """Return how far to go now; the networks of a cohort took their first steps together."""
        full, steps = learner.size, learner.members.columns["steps"]
        warmup = np.float32(steps.flat[0] + 1) / self._warmup_steps
        if warmup >= 1:
            return full
        rate, decay = (
            np.multiply(full.learning_rate, warmup),
            np.multiply(full.weight_decay, warmup),
        )
        return StepSize(rate, decay, full.rates)

    @cached_property
    def _warmup_steps(self) -> np.float32:
        return np.float32(max(10, min(2 * self.steps, 200)))

    def _batch(
        self, index: Array, own: slice, workspace: Workspace
    ) -> tuple[Array, Array, Array | None]:
        """Gather a batch for each fold: x (folds, batch, features), target and weight alike."""
        examples = self.examples
        features = examples.features[self.recipes[0].n_bins]
        x = _gather(features, index, workspace)
        if examples.fold_features is not None:
            folds = np.arange(examples.rows.n_folds)[own, None]
            examples.fold_features.write(folds, index, x)
        target = _gather(examples.target, index, workspace)
        if examples.weight is None:
            return x, target, None
        return x, target, _gather(examples.weight, index, workspace)

    def _learner(self, group: Group) -> Learner:
        """Return a group's learner, the same one as long as its networks stay where they are."""
        workspace = self._quick(self._workspaces.setdefault(group.shape, Workspace()))
        folds = group.folds
        place = (group.recipes.start, group.recipes.stop, folds.start, folds.stop)
        if place not in self._learners:
            self._learners[place] = self._new_learner(
                self.population[group.recipes, folds], workspace
            )
        return self._learners[place]

    def _new_learner(self, members: Population, workspace: Workspace) -> Learner:
        gradient = self._gradients.setdefault(members.axes, np.empty_like(members.theta))
        loss, columns = self.examples.loss, members.columns
        decay = columns["weight_decay"][:, :1] * self._decays  # folds share it
        return Learner(
            members,
            workspace,
            GradientWriter(self.network, loss, members.theta, gradient, workspace=workspace),
            self.optimizer.stepper(members, gradient, workspace=workspace),
            StepSize(columns["learning_rate"], decay, self._rates),
        )

    def _forget_arrays(self) -> None:
        self._workspaces.clear()
        self._gradients.clear()
        self._learners.clear()

    def _quick(self, workspace: Workspace) -> Workspace:
        """Return it with compiled kernels, where they are there or worth loading by now."""
        if self._trained >= WORTH_COMPILING or compiled_kernels.cache_info().currsize:
            workspace.compiled = compiled_kernels()
        return workspace


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


def _gather(values: Array, index: Array, workspace: Workspace) -> Array:
    out = workspace.empty(index.shape + values.shape[1:], values.dtype)
    # mode="clip" writes into `out` directly; the default goes through a buffer to be undoable.
    return values.take(index, axis=0, out=out, mode="clip")
