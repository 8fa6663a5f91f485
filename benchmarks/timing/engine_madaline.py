"""madaline's engine, driven as `madaline.training` does: processes take groups of networks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import count, islice
from typing import Any

import numpy as np

from madaline.engine.blas import one_threaded_products
from madaline.nn.compiled import compiled_kernels
from madaline.nn.gradients import GradientWriter
from madaline.nn.layers import Linear, ReLU
from madaline.nn.losses import CrossEntropy
from madaline.nn.network import Network
from madaline.nn.optimizers import Adam, StepSize
from madaline.nn.population import Population
from madaline.nn.workspace import Workspace
from madaline.race.cohort import GROUP_ELEMENTS, STEP_COST
from madaline.race.crew import Crew
from madaline.race.groups import Division, Group, deal, divide, slices
from timing.case import CLASSES, LEARNING_RATE, Case, Trainer

LOSS, OPTIMIZER, STEP = CrossEntropy(), Adam(), StepSize(LEARNING_RATE)


def prepare(case: Case, threads: int) -> list[Trainer]:
    """Return the case as madaline trains it with NumPy alone."""
    return _prepare(case, threads, compiled=False)


def prepare_compiled(case: Case, threads: int) -> list[Trainer]:
    """Return the case as madaline trains it where numba is installed."""
    needed_kernels()
    return _prepare(case, threads, compiled=True)


def needed_kernels() -> Any:
    """Return the compiled kernels; `ImportError` where there are none."""
    kernels = compiled_kernels()
    if kernels is None:
        raise ImportError("numba is not installed, or of no use")
    return kernels


def _prepare(case: Case, threads: int, *, compiled: bool) -> list[Trainer]:
    """Get ready to train in as many processes, where there are networks for them."""
    n_workers = min(threads, case.members)
    crew = Crew(n_workers - 1, 0) if n_workers > 1 else None
    x, y = case.data()
    target = np.eye(CLASSES, dtype=np.float32)[y]
    network, number = build_network(case), count()
    population = network.initialize((case.members,), np.random.default_rng(0))
    OPTIMIZER.start(population)
    if crew is not None:
        population = _moved(population, crew.memory.place)
    parts = [
        _Part(network, population[rows], rows, case, x, target, compiled)
        for rows in group_slices(case, threads)
    ]
    if crew is not None:
        for part in parts:
            crew.memory.keep(part)
    dealt = deal([part.members.members for part in parts], n_workers)
    tasks = [partial(_train, [parts[place] for place in places]) for places in dealt]

    def run(epochs: int) -> None:
        for epoch in islice(number, epochs):
            if crew is None:
                tasks[0](epoch)
            else:
                crew.run(tasks, epoch)

    def loss() -> float:
        return float(LOSS.rows(network.predict(population.theta, x), target).mean())

    return [Trainer(run, loss, f"{len(parts)} groups" if len(parts) > 1 else "")]


def build_network(case: Case) -> Network:
    """Return the layers of a case."""
    layers = [layer for shape in case.shapes for layer in (Linear(*shape), ReLU())]
    return Network(tuple(layers[:-1]))


def group_slices(case: Case, threads: int = 1) -> list[slice]:
    """Return the members that train together, as `Cohort.divisions` and `divide` do."""
    fewest = -(-case.members // max(1, GROUP_ELEMENTS // (case.batch * max(case.units))))
    one = slice(0, 1)
    divisions = []
    for n_parts in range(fewest, case.members + 1):
        groups = tuple(Group(one, members) for members in slices(case.members, n_parts))
        costs = [STEP_COST + group.size / case.members * case.multiply_adds for group in groups]
        divisions.append(Division(groups, tuple(costs)))
    return [group.folds for group in divide([divisions], threads)[0].groups]


@dataclass
class _Part:
    network: Network
    members: Population
    rows: slice
    case: Case
    x: Any
    target: Any
    compiled: bool

    @cached_property
    def workspace(self) -> Workspace:
        """The arrays of a step, in the process that takes it."""
        return Workspace(compiled=needed_kernels() if self.compiled else None)

    @cached_property
    def passes(self) -> tuple[GradientWriter, Any]:
        """From a batch to the gradient, and from there to the next parameters."""
        workspace, members = self.workspace, self.members
        gradient = np.empty_like(members.theta)
        return (
            GradientWriter(self.network, LOSS, members.theta, gradient, workspace=workspace),
            OPTIMIZER.stepper(members, gradient, workspace=workspace),
        )

    def train(self, epoch: int) -> None:
        """Train for one epoch, step by step as `Cohort.train_group` does.

        Its batches follow from its number, so that each process draws those of its networks.
        """
        case = replace(self.case, members=self.members.members)
        order = case.orders(np.random.default_rng([1, epoch, self.rows.start]))
        batches = order.swapaxes(0, 1).copy()  # (steps, members, batch)
        workspace, (write_gradient, take_step) = self.workspace, self.passes
        for index in batches:
            workspace.rewind()
            x, target = (_gather(values, index, workspace) for values in (self.x, self.target))
            write_gradient(x, target)
            take_step(STEP)


def _train(parts: Sequence[_Part], epoch: int) -> None:
    with one_threaded_products():
        for part in parts:
            part.train(epoch)


def _moved(population: Population, place: Any) -> Population:
    """Return the population where other processes see it."""
    return Population(
        population.layout,
        place(population.theta),
        {name: place(matrix) for name, matrix in population.memory.items()},
        {name: place(column) for name, column in population.columns.items()},
    )


def _gather(values: Any, index: Any, workspace: Workspace) -> Any:
    out = workspace.empty(index.shape + values.shape[1:], values.dtype)
    return values.take(index, axis=0, out=out, mode="clip")
