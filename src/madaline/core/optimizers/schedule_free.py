"""Schedule-Free AdamW: steps at a constant rate, judged at the running average of the way.

Averaging does what a falling learning rate is for, without asking when training will end, which a
network that decides for itself when to stop cannot know.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.core.arrays import Array
from madaline.core.optimizers.base import Optimizer, StepSize
from madaline.core.population import Population
from madaline.core.workspace import Workspace


@dataclass(frozen=True)
class ScheduleFreeAdamW(Optimizer):
    """AdamW steps of a point ``z``, a weighted average ``x`` of its way, gradients between them.

    With ``b = beta1``, the gradient ``g`` is taken at ``y = (1 - b) z + b x``, which is ``theta``::

        v = beta2 v + (1 - beta2) g**2
        d = learning_rate g / (sqrt(v / (1 - beta2**k)) + epsilon) + weight_decay y
        z = z - d
        x = (1 - c) x + c z        with c = w_k / (w_1 + ... + w_k), w = learning_rate**2

    Only y and z are stored; inserting gives ``y = (1 - c) y + c z_old - (1 - b + b c) d``.

    Parameters
    ----------
    beta1 : float, default=0.9
        Where between z and x the gradient is taken.
    beta2 : float, default=0.999
        Memory of the squared gradient.
    epsilon : float, default=1e-8
        Keeps steps finite where gradients vanish.

    References
    ----------
    Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky (2024), "The road less scheduled",
    arXiv:2405.15682.
    """

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def start(self, population: Population) -> None:
        """Begin the way at theta: x = y = z."""
        theta = population.theta
        population.memory["z"] = theta.copy()
        population.memory["second_moment"] = np.zeros_like(theta)
        population.columns["steps"] = np.zeros((*population.axes, 1), theta.dtype)
        population.columns["way"] = np.zeros((*population.axes, 1), theta.dtype)

    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Take one step."""
        y, z = population.theta, population.memory["z"]
        steps, way = population.columns["steps"], population.columns["way"]
        steps += 1
        squared_rate = np.square(np.asarray(size.learning_rate, y.dtype))
        way += squared_rate
        share = squared_rate / way  # c, (*axes, 1)

        second, scratch = population.memory["second_moment"], workspace.empty(y.shape, y.dtype)
        adam_direction(gradient, second, steps, self.beta2, self.epsilon, scratch)
        delta = size.scaled(gradient, y, workspace)  # d

        y *= 1 - share
        y += np.multiply(z, share, out=scratch)
        z -= delta
        delta *= (1 - self.beta1) + self.beta1 * share
        y -= delta

    def averaged(self, population: Population) -> Array:
        """Return x, the average of the way, as a new array."""
        x = population.theta - (1 - self.beta1) * population.memory["z"]
        x /= self.beta1
        return x


def adam_direction(
    gradient: Array, second: Array, steps: Array, beta2: float, epsilon: float, scratch: Array
) -> None:
    """Update Adam's second moment and divide `gradient` in place by its bias-corrected root.

    The correction is moved from the matrix to one number for each member:
    ``g / (sqrt(v / k) + e) = sqrt(k) g / (sqrt(v) + sqrt(k) e)`` with ``k = 1 - beta2**steps``.
    """
    np.multiply(gradient, gradient, out=scratch)
    scratch *= 1 - beta2
    second *= beta2
    second += scratch
    correction = np.sqrt(1 - np.power(beta2, steps)).astype(gradient.dtype)  # (*axes, 1)
    np.sqrt(second, out=scratch)
    scratch += correction * epsilon
    gradient /= scratch
    gradient *= correction
