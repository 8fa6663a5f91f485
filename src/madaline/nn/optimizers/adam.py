"""Adam: momentum, and for each parameter a step of about the same length whatever its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.optimizers.base import Optimizer, StepSize
from madaline.nn.optimizers.moments import add_squares, divide_by_root, sum_of_weights
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
        theta, steps = population.theta, population.columns["steps"]
        slopes, squares = population.memory["slopes"], population.memory["squares"]
        steps += 1
        scratch = workspace.empty(theta.shape, theta.dtype)
        root = np.sqrt(sum_of_weights(self.beta2, steps))
        add_squares(squares, gradient, self.beta2, scratch)
        slopes *= self.beta1
        slopes += gradient
        divide_by_root(slopes, squares, self.epsilon * root, scratch, gradient)
        theta -= size.scaled(gradient, theta, scratch, root / sum_of_weights(self.beta1, steps))
