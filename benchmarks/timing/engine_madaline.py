"""madaline's engine, driven as `madaline._race` does: an executor takes groups of networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any

import numpy as np

from madaline._race.cohort import GROUP_ELEMENTS
from madaline._race.epoch_task import divide
from madaline.nn._engine.backend import Backend, Batches, TrainingRule
from madaline.nn._engine.blas import one_threaded_products
from madaline.nn._engine.executors.executor import Serial, Threads
from madaline.nn._engine.executors.processes import Processes
from madaline.nn._engine.numpy_backend import backend_named
from madaline.nn.layers import Linear, ReLU
from madaline.nn.losses import CrossEntropy
from madaline.nn.network import Network
from madaline.nn.optimizers import Adam
from madaline.nn.population import Population
from timing.case import CLASSES, LEARNING_RATE, Case, Trainer

LOSS, OPTIMIZER = CrossEntropy(), Adam()


def prepare(case: Case, threads: int) -> list[Trainer]:
    """Return the case as madaline trains it with NumPy alone."""
    return _prepare(case, threads, backend_named("numpy"))


def prepare_compiled(case: Case, threads: int) -> list[Trainer]:
    """Return the case as madaline trains it where numba is installed."""
    return _prepare(case, threads, backend_named("numba"))


def _prepare(case: Case, threads: int, backend: Backend) -> list[Trainer]:
    """Get ready to train on as many workers, where there are networks for them."""
    n_workers = min(threads, case.members)
    workers = Threads if backend.uses_threads else Processes
    executor = workers(n_workers) if n_workers > 1 else Serial()
    x, y = case.data()
    rows = executor.share((x, np.eye(CLASSES, dtype=np.float32)[y]))
    network, number = build_network(case), count()
    population = network.initialize((1, case.members), np.random.default_rng(0))
    OPTIMIZER.start(population)
    for name, value in {"learning_rate": LEARNING_RATE, "weight_decay": 0.0}.items():
        population.columns[name] = np.full((*population.axes, 1), value, np.float32)
    ones = np.ones(network.layout.size, np.float32)
    rule = TrainingRule(network, LOSS, OPTIMIZER, ones, ones, warmup_steps=1.0)
    groups = group_slices(case, threads, one_by_one=backend.uses_threads)

    def run(epochs: int) -> None:
        for epoch in islice(number, epochs):
            tasks = [
                _Task(population[:, group], group, rule, case, rows, backend, epoch)
                for group in groups
            ]
            for group, members in zip(groups, executor.map(_train, tasks), strict=True):
                population[:, group].copy_from(members)

    def loss() -> float:
        return float(LOSS.rows(network.predict(population.theta, x), rows.get()[1]).mean())

    return [Trainer(run, loss, f"{len(groups)} groups" if len(groups) > 1 else "")]


def build_network(case: Case) -> Network:
    """Return the layers of a case."""
    layers = [layer for shape in case.shapes for layer in (Linear(*shape), ReLU())]
    return Network(tuple(layers[:-1]))


def group_slices(case: Case, threads: int = 1, *, one_by_one: bool = False) -> list[slice]:
    """Return the members that train together, as `Cohort` decides."""
    fitting = max(1, GROUP_ELEMENTS // (case.batch * max(case.units)))
    share = 1 if one_by_one else -(-case.members // threads)
    each = min(fitting, share) if threads > 1 else fitting
    return [one.folds for one in divide(1, case.members, recipes_each=1, folds_each=each)]


@dataclass(frozen=True)
class _Task:
    members: Population
    group: slice
    rule: TrainingRule
    case: Case
    rows: Any
    backend: Backend
    epoch: int


def _train(task: _Task) -> Population:
    """Train for one epoch, whose batches follow from its number and the member's."""
    members, (x, target) = task.members.snapshot(), task.rows.get()
    one, numbers = replace(task.case, members=1), range(task.group.start, task.group.stop)
    orders = [one.orders(np.random.default_rng([1, task.epoch, number])) for number in numbers]
    order = np.concatenate(orders)
    values, rng = np.zeros((len(order), 1, 0), np.float32), np.random.default_rng(0)
    batches = Batches(
        x, target, None, np.zeros(0, np.intp), values, order, None, [rng] * len(order)
    )
    with one_threaded_products():
        task.backend.train(task.rule, members, batches)
    return members
