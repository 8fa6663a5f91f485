"""Schedule-Free AdamW: steps at a constant rate, evaluated at the running average of the points.

Averaging does what a falling learning rate is for, without asking when training will end, which a
network that decides for itself when to stop cannot know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.optimizers.base import Optimizer, StepSize
from madaline.nn.optimizers.moments import add_squares, divide_by_root, sum_of_weights
from madaline.nn.population import Population
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class ScheduleFreeAdamW(Optimizer):
    """AdamW steps of a point ``z``, gradients between it and ``x``, the weighted average of all z.

    With ``b = beta1``, the gradient ``g`` is taken at ``y = (1 - b) z + b x``, which is ``theta``::

        v = beta2 v + (1 - beta2) g**2
        d = learning_rate g / (sqrt(v / (1 - beta2**k)) + epsilon) + weight_decay y
        z = z - d
        x = (1 - c) x + c z        with c = w_k / (w_1 + ... + w_k)
        w_k = learning_rate**2 k**power

    Only y, z and ``v / (1 - beta2)`` are stored; inserting gives
    ``y = (1 - c) y + c z_old - (1 - b + b c) d``.

    Parameters
    ----------
    beta1 : float, default=0.9
        Where between z and x the gradient is taken.
    beta2 : float, default=0.999
        Memory of the squared gradient.
    epsilon : float, default=1e-8
        Keeps steps finite where gradients vanish.
    power : float, default=0
        0 averages all points alike; 1 lets later points count more, the second half of them three
        times as much as the first.

    References
    ----------
    Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky (2024), "The road less scheduled",
    arXiv:2405.15682.

    Examples
    --------
    >>> from madaline.nn.population import Layout, Slot
    >>> population = Population(Layout((Slot("weight", (1,)),)), np.array([1.0]))
    >>> ScheduleFreeAdamW().start(population)
    >>> for _ in range(2):
    ...     ScheduleFreeAdamW().step(population, np.ones(1), StepSize(0.1), workspace=Workspace())
    >>> population.memory["z"].round(4)  # the point that steps
    array([0.8])
    >>> ScheduleFreeAdamW().averaged(population).round(4)  # the mean of 0.9 and 0.8
    array([0.85])
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    power: float = 0.0

    def start(self, population: Population) -> None:
        """Begin at theta: x = y = z."""
        theta = population.theta
        population.memory["z"] = theta.copy()
        population.memory["squares"] = np.zeros_like(theta)
        population.columns["steps"] = np.zeros((*population.axes, 1), theta.dtype)
        population.columns["weight_sum"] = np.zeros((*population.axes, 1), theta.dtype)

    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Take one step."""
        y, z, squares = population.theta, population.memory["z"], population.memory["squares"]
        steps, weight_sum = population.columns["steps"], population.columns["weight_sum"]
        steps += 1
        weight = np.square(size.learning_rate, dtype=y.dtype) * steps**self.power  # w_k
        weight_sum += weight
        # A learning rate of zero adds no weight: its share is zero, not 0 / 0.
        share = weight / np.maximum(weight_sum, np.finfo(y.dtype).tiny)  # c

        scratch = workspace.empty(y.shape, y.dtype)
        root = np.sqrt(sum_of_weights(self.beta2, steps))
        add_squares(squares, gradient, self.beta2, scratch)
        divide_by_root(gradient, squares, self.epsilon * root, scratch, gradient)
        delta = size.scaled(gradient, y, scratch, root)  # d
        if size.bounds is not None:
            np.subtract(z, size.bounds.nearest(z - delta), out=delta)

        y *= 1 - share
        y += np.multiply(z, share, out=scratch)
        z -= delta
        delta *= (1 - self.beta1) + self.beta1 * share
        y -= delta

    def averaged(self, population: Population) -> Array:
        """Return x, the average, as a new array."""
        x = population.theta - (1 - self.beta1) * population.memory["z"]
        x /= self.beta1
        return x
