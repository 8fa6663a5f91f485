"""Schedule-Free AdamW: steps at a constant rate, judged at the running average of the way.

Averaging does what a falling learning rate is for, without asking when training will end, which a
network that decides for itself when to stop cannot know.
"""

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
class ScheduleFreeAdamW(Optimizer):
    """AdamW steps of a point ``z``, a weighted average ``x`` of its way, gradients between them.

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
        0 averages the whole way alike; 1 lets later points count more, the second half of the way
        three times as much as the first.

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

    repeatable: ClassVar[bool] = True

    def start(self, population: Population) -> None:
        """Begin the way at theta: x = y = z."""
        theta = population.theta
        population.memory["z"] = theta.copy()
        population.memory["squares"] = np.zeros_like(theta)
        population.columns["steps"] = np.zeros((*population.axes, 1), theta.dtype)
        population.columns["way"] = np.zeros((*population.axes, 1), theta.dtype)

    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Take one step."""
        memory = population.memory
        matrices = population.theta, gradient, memory["z"], memory["squares"]
        counted = population.columns["steps"], population.columns["way"]
        numbers = Ahead(counted, partial(self._following, *counted, size.learning_rate))
        betas = self.beta1, self.beta2
        if not step_in_one_pass(kernels.schedule_free, matrices, betas, numbers, size, workspace):
            scratch = Scratch(population.theta.shape, population.theta.dtype, workspace)
            workspace.do(self._step_in_blocks, matrices, numbers, size, scratch)

    def _following(
        self, steps: Array, way: Array, learning_rate: float | Array, n_steps: int
    ) -> tuple[Sequence[Array], Sequence[Array]]:
        """Return the next counts and ways; and epsilon, rate, share, kept and back in each step."""
        dtype = steps.dtype
        ones = np.ones((n_steps, *steps.shape), dtype)
        counts = running_sum(steps, ones)
        stretch = np.square(np.asarray(learning_rate, dtype)) * ones  # w_k
        if self.power:
            stretch *= counts ** dtype.type(self.power)
        ways = running_sum(way, stretch)
        # A learning rate of zero goes no way at all: its share is zero, not 0 / 0.
        share = stretch / np.maximum(ways, np.finfo(dtype).tiny)  # c
        back = (1 - self.beta1) + self.beta1 * share
        root = np.sqrt(sum_of_weights(self.beta2, counts))
        return [counts, ways], [self.epsilon * root, learning_rate * root, share, 1 - share, back]

    def _step_in_blocks(
        self,
        matrices: Sequence[Array],
        numbers: Callable[[], Sequence[Array]],
        size: StepSize,
        scratch: Scratch,
    ) -> None:
        epsilon, rate, share, kept, back = numbers()
        size = replace(size, learning_rate=rate)
        for block in blocks(matrices[0].shape):
            y, delta, z, squares = map(block.matrix, matrices)
            spare = scratch.like(y)
            add_squares(squares, delta, self.beta2, spare)
            divided_by_root(delta, squares, block.part(epsilon), spare, delta)
            size.of(block).scaled(delta, y, spare)  # d

            y *= block.part(kept)
            y += np.multiply(z, block.part(share), out=spare)
            z -= delta
            delta *= block.part(back)
            y -= delta

    def averaged(self, population: Population) -> Array:
        """Return x, the average of the way, as a new array."""
        x = population.theta - (1 - self.beta1) * population.memory["z"]
        x /= self.beta1
        return x
