"""RMSProp: steps of about the same length for every parameter, however large its gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.optimizers.base import Optimizer, StepSize
from madaline.nn.optimizers.blocks import Scratch, blocks
from madaline.nn.optimizers.moments import add_squares, divided_by_root
from madaline.nn.population import Population
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """``theta -= learning_rate g / (sqrt(v) + epsilon)``, v being the running mean of g squared.

    ``v = beta2 v + (1 - beta2) g**2`` starts at zero and is not corrected for that as in `Adam`, so
    that the first steps are long.

    Parameters
    ----------
    beta2 : float, default=0.99
        Memory of the squared gradient.
    epsilon : float, default=1e-8
        Keeps steps finite where gradients vanish.

    References
    ----------
    Tieleman and Hinton (2012), lecture 6.5 of "Neural networks for machine learning".

    Examples
    --------
    >>> from madaline.nn.population import Layout, Slot
    >>> population = Population(Layout((Slot("weight", (2,)),)), np.array([1.0, 2.0]))
    >>> RMSProp().start(population)
    >>> RMSProp().step(population, np.array([300.0, -0.01]), StepSize(0.01), workspace=Workspace())
    >>> population.theta.round(4)
    array([0.9, 2.1])
    """

    beta2: float = 0.99
    epsilon: float = 1e-8

    def start(self, population: Population) -> None:
        """Begin with a sum of nothing."""
        population.memory["squares"] = np.zeros_like(population.theta)

    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Take one step."""
        root = float(np.sqrt(1 / (1 - self.beta2)))  # of the sum of all weights
        scratch = Scratch(population.theta.shape, population.theta.dtype, workspace)
        for block in blocks(population.theta.shape):
            theta, update = block.matrix(population.theta), block.matrix(gradient)
            squares = block.matrix(population.memory["squares"])
            spare = scratch.like(theta)
            add_squares(squares, update, self.beta2, spare)
            divided_by_root(update, squares, self.epsilon * root, spare, update)
            theta -= size.of(block).scaled(update, theta, spare, root)
