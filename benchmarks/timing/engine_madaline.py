"""madaline's engine, driven as `madaline.training.cohort` does: threads take groups of networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from madaline.core.compiled import compiled_kernels
from madaline.core.layers import Linear, ReLU
from madaline.core.losses import CrossEntropy
from madaline.core.network import Network
from madaline.core.optimizers import Adam, StepSize
from madaline.core.population import Population
from madaline.core.workspace import Workspace
from madaline.training.cohort import GROUP_ELEMENTS
from madaline.training.threads import Workers
from timing.case import CLASSES, LEARNING_RATE, Case, Trainer

LOSS, OPTIMIZER, STEP = CrossEntropy(), Adam(), StepSize(LEARNING_RATE)


def prepare(case: Case, threads: int) -> list[Trainer]:
    """Return the case as madaline trains it with NumPy alone."""
    return _prepare(case, threads, None)


def prepare_compiled(case: Case, threads: int) -> list[Trainer]:
    """Return the case as madaline trains it where numba is installed."""
    return _prepare(case, threads, needed_kernels())


def needed_kernels() -> Any:
    """Return the compiled kernels; `ImportError` where there are none."""
    kernels = compiled_kernels()
    if kernels is None:
        raise ImportError("numba is not installed, or of no use")
    return kernels


def _prepare(case: Case, threads: int, kernels: Any) -> list[Trainer]:
    x, y = case.data()
    target = np.eye(CLASSES, dtype=np.float32)[y]
    network = build_network(case)
    population = network.initialize((case.members,), np.random.default_rng(0))
    OPTIMIZER.start(population)
    groups = [
        _Group(network, population[rows], rows, Workspace(compiled=kernels))
        for rows in group_slices(case)
    ]
    workers, rng = Workers(threads), np.random.default_rng(1)

    def run(epochs: int) -> None:
        for _ in range(epochs):
            train = partial(_Group.train, x=x, target=target, order=case.orders(rng))
            workers.map(train, groups)

    def loss() -> float:
        return float(LOSS.rows(network.predict(population.theta, x), target).mean())

    return [Trainer(run, loss, f"{len(groups)} groups" if len(groups) > 1 else "")]


def build_network(case: Case) -> Network:
    """Return the layers of a case."""
    layers = [layer for shape in case.shapes for layer in (Linear(*shape), ReLU())]
    return Network(tuple(layers[:-1]))


def group_slices(case: Case) -> list[slice]:
    """Return the members that train together, as `Cohort.groups` does."""
    size = max(1, GROUP_ELEMENTS // (case.batch * max(case.units)))
    return [slice(start, start + size) for start in range(0, case.members, size)]


@dataclass
class _Group:
    network: Network
    members: Population
    rows: slice
    workspace: Workspace

    def train(self, x: Any, target: Any, order: Any) -> None:
        """Train for one epoch, step by step as `Cohort.train_group` does."""
        workspace, members = self.workspace, self.members
        gradient = np.empty_like(members.theta)
        parameters, gradients = self.network.bind(members.theta), self.network.bind(gradient)
        for step in range(order.shape[1]):
            workspace.rewind()
            index = order[self.rows, step]
            output, backward = self.network.forward(
                parameters, _gather(x, index, workspace), workspace=workspace, training=True
            )
            slope = LOSS.gradient(
                output, _gather(target, index, workspace), None, workspace=workspace
            )
            backward(slope, gradients)
            OPTIMIZER.step(members, gradient, STEP, workspace=workspace)


def _gather(values: Any, index: Any, workspace: Workspace) -> Any:
    out = workspace.empty(index.shape + values.shape[1:], values.dtype)
    return np.take(values, index, axis=0, out=out, mode="clip")
