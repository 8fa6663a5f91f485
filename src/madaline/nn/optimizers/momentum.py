"""Momentum: steps that go on in the direction of the steps before, like a heavy ball."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.optimizers.base import Optimizer, StepSize
from madaline.nn.optimizers.blocks import Scratch, blocks
from madaline.nn.population import Population
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Momentum(Optimizer):
    """``velocity = momentum * velocity + g``, then ``theta -= learning_rate * velocity``.

    On the long run steps are ``1 / (1 - momentum)`` times as long as those of gradient descent.

    Parameters
    ----------
    momentum : float, default=0.9
        Share of the velocity that is kept.
    nesterov : bool, default=False
        Step by ``g + momentum * velocity`` instead, as if the gradient were taken a step ahead.

    References
    ----------
    Polyak (1964); Nesterov (1983), in the form of Sutskever, Martens, Dahl and Hinton (2013), "On
    the importance of initialization and momentum in deep learning".

    Examples
    --------
    >>> from madaline.nn.population import Layout, Slot
    >>> population = Population(Layout((Slot("weight", (1,)),)), np.array([1.0]))
    >>> Momentum().start(population)
    >>> for _ in range(2):
    ...     Momentum().step(population, np.ones(1), StepSize(0.1), workspace=Workspace())
    >>> population.theta.round(4)
    array([0.71])
    """

    momentum: float = 0.9
    nesterov: bool = False

    def start(self, population: Population) -> None:
        """Begin at rest."""
        population.memory["velocity"] = np.zeros_like(population.theta)

    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Take one step."""
        scratch = Scratch(population.theta.shape, population.theta.dtype, workspace)
        for block in blocks(population.theta.shape):
            theta, update = block.matrix(population.theta), block.matrix(gradient)
            velocity = block.matrix(population.memory["velocity"])
            spare = scratch.like(theta)
            velocity *= self.momentum
            velocity += update
            if self.nesterov:
                update += np.multiply(velocity, self.momentum, out=spare)
            else:
                update[...] = velocity
            theta -= size.of(block).scaled(update, theta, spare)
