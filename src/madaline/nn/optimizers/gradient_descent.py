"""Gradient descent: a step straight downhill, the rule that all the others refine."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.nn.arrays import Array
from madaline.nn.optimizers.base import Optimizer, StepSize
from madaline.nn.population import Population
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """``theta -= learning_rate * gradient``; it remembers nothing.

    References
    ----------
    Cauchy (1847); with one batch after another it is the stochastic approximation of Robbins and
    Monro (1951).

    Examples
    --------
    >>> import numpy as np
    >>> from madaline.nn.population import Layout, Slot
    >>> population = Population(Layout((Slot("weight", (2,)),)), np.array([1.0, 2.0]))
    >>> GradientDescent().step(
    ...     population, np.array([1.0, -1.0]), StepSize(0.5), workspace=Workspace()
    ... )
    >>> population.theta
    array([0.5, 2.5])
    """

    def start(self, population: Population) -> None:
        """Do nothing: there is no memory."""

    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Take one step downhill."""
        size.subtract(population.theta, gradient, workspace)
