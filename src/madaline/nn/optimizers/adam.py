"""Adam: momentum, and for each parameter a step of about the same length whatever its gradient."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np

from madaline.nn import kernels
from madaline.nn.arrays import Array
from madaline.nn.optimizers.ahead import Ahead, running_sum
from madaline.nn.optimizers.base import Optimizer, StepSize
from madaline.nn.optimizers.blocks import Scratch, blocks
from madaline.nn.optimizers.moments import (
    add_squares,
    divided_by_root,
    sum_of_weights,
)
from madaline.nn.optimizers.one_pass import step_in_one_pass
from madaline.nn.population import Population
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps along the running mean of the gradient over the root of that of its squares.

    ::

        m = beta1 m + (1 - beta1) g
        v = beta2 v + (1 - beta2) g**2
        theta -= learning_rate (m / (1 - beta1**k)) / (sqrt(v / (1 - beta2**k)) + epsilon)

    With a weight decay in `StepSize`, which never passes through the moments, this is AdamW. The
    fading sums ``m / (1 - beta1)`` and ``v / (1 - beta2)`` are remembered.

    Parameters
    ----------
    beta1 : float, default=0.9
        Memory of the gradient.
    beta2 : float, default=0.999
        Memory of the squared gradient.
    epsilon : float, default=1e-8
        Keeps steps finite where gradients vanish.

    References
    ----------
    Kingma and Ba (2014), arXiv:1412.6980; AdamW: Loshchilov and Hutter (2017), arXiv:1711.05101.

    Examples
    --------
    >>> from madaline.nn.population import Layout, Slot
    >>> population = Population(Layout((Slot("weight", (2,)),)), np.array([1.0, 2.0]))
    >>> Adam().start(population)
    >>> Adam().step(population, np.array([300.0, -0.01]), StepSize(0.1), workspace=Workspace())
    >>> population.theta.round(4)
    array([0.9, 2.1])
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    repeatable: ClassVar[bool] = True

    def start(self, population: Population) -> None:
        """Begin with sums of nothing."""
        theta = population.theta
        population.memory["slopes"] = np.zeros_like(theta)
        population.memory["squares"] = np.zeros_like(theta)
        population.columns["steps"] = np.zeros((*population.axes, 1), theta.dtype)

    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Take one step."""
        memory = population.memory
        matrices = population.theta, gradient, memory["slopes"], memory["squares"]
        steps = population.columns["steps"]
        numbers = Ahead([steps], partial(self._following, steps, size.learning_rate))
        betas = self.beta1, self.beta2
        if not step_in_one_pass(kernels.adam, matrices, betas, numbers, size, workspace):
            scratch = Scratch(population.theta.shape, population.theta.dtype, workspace)
            workspace.do(self._step_in_blocks, matrices, numbers, size, scratch)

    def _following(
        self, steps: Array, learning_rate: float | Array, n_steps: int
    ) -> tuple[Sequence[Array], Sequence[Array]]:
        """Return the next counts; and the epsilon and the rate of each member in each step."""
        counts = running_sum(steps, np.ones((n_steps, *steps.shape), steps.dtype))
        root = np.sqrt(sum_of_weights(self.beta2, counts))
        factor = root / sum_of_weights(self.beta1, counts)
        return [counts], [self.epsilon * root, learning_rate * factor]

    def _step_in_blocks(
        self,
        matrices: Sequence[Array],
        numbers: Callable[[], Sequence[Array]],
        size: StepSize,
        scratch: Scratch,
    ) -> None:
        epsilon, rate = numbers()
        size = replace(size, learning_rate=rate)
        for block in blocks(matrices[0].shape):
            theta, update, slopes, squares = map(block.matrix, matrices)
            spare = scratch.like(theta)
            add_squares(squares, update, self.beta2, spare)
            slopes *= self.beta1
            slopes += update
            divided_by_root(slopes, squares, block.part(epsilon), spare, update)
            theta -= size.of(block).scaled(update, theta, spare)
