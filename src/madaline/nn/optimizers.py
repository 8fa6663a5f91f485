"""An optimizer turns gradients into steps: downhill, at a rate of its own for each parameter.

All that it remembers stands in the population, in matrices of the shape of ``theta`` and columns
with one number for each member. It moves with the rows when networks are dropped, cloned or
widened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from madaline.nn.arrays import Array, Workspace
from madaline.nn.population import Layout, Population


@dataclass(frozen=True)
class StepSize:
    """How far one step goes.

    Loshchilov and Hutter (2017), "Decoupled weight decay regularization", arXiv:1711.05101; the
    time scale: Wang and Aitchison (2024), arXiv:2405.13698.

    >>> theta, update = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    >>> StepSize(0.5, weight_decay=0.1).subtract(theta, update, Workspace())
    >>> theta
    array([0.4, 2.3])
    """

    learning_rate: float | Array  # (*axes, 1): length of a step, for all members or for each
    # share of every parameter that is forgotten in this step; an array broadcasts to (*axes,
    # parameters), and times `weights_only` spares biases, gates and scales. It is *not* multiplied
    # by the learning rate (PyTorch's AdamW does that): its inverse is a time scale in steps
    weight_decay: float | Array = 0.0
    # (parameters,): multiple of the learning rate for each parameter; 1 by default
    rates: Array | None = None
    # what no parameter may cross; only `ScheduleFreeAdamW` keeps within them
    bounds: Bounds | None = None

    def times(self, share: float) -> StepSize:
        """Return a shorter step, decay included, as at the start of training.

        >>> StepSize(0.5, 0.1).times(0.5)
        StepSize(learning_rate=0.25, weight_decay=0.05, rates=None, bounds=None)
        """
        rate, decay = share * self.learning_rate, share * self.weight_decay
        return replace(self, learning_rate=rate, weight_decay=decay)

    def subtract(self, theta: Array, update: Array, workspace: Workspace) -> None:
        """Take the step, decay included.

        ``theta -= learning_rate * rates * update + weight_decay * theta``
        """
        theta -= self.scaled(update, theta, workspace.empty(theta.shape, theta.dtype))

    def scaled(
        self,
        update: Array,  # (*axes, parameters)
        theta: Array,  # (*axes, parameters)
        scratch: Array,  # (*axes, parameters)
        factor: float | Array = 1.0,  # (*axes, 1)
    ) -> Array:
        """Return `update` overwritten by the step to subtract, decay of `theta` included."""
        update *= self.learning_rate * factor
        if self.rates is not None:
            update *= self.rates
        if isinstance(self.weight_decay, np.ndarray) or self.weight_decay:
            update += np.multiply(theta, self.weight_decay, out=scratch)
        return update


class Optimizer(ABC):
    """One rule for steps. Subclasses are frozen dataclasses whose fields are its settings."""

    @abstractmethod
    def start(self, population: Population) -> None:
        """Add the memory that this rule needs to the population, as of before the first step."""

    @abstractmethod
    def step(
        self, population: Population, gradient: Array, size: StepSize, *, workspace: Workspace
    ) -> None:
        """Change the population's parameters and memory in place by one step.

        Parameters
        ----------
        population : Population
            The networks, or views of some of them.
        gradient : ndarray of shape (*axes, parameters)
            Gradient of each member's loss. It may be overwritten.
        size : StepSize
            How far to go.
        workspace : Workspace
            Where the arrays come from.
        """

    def averaged(self, population: Population) -> Array:
        """Return the parameters to evaluate and to keep, shape (*axes, parameters).

        They are ``theta`` itself, unless the rule trains at one point and averages at another.
        """
        return population.theta


def weights_only(layout: Layout) -> Array:
    """Return 1 for weights, 0 for biases, gates and scales, shape (parameters,).

    A weight decay times this leaves alone what is not a weight.

    >>> from madaline.nn.population import Slot
    >>> weights_only(Layout((Slot("weight", (2,)), Slot("bias", (1,), "bias"))))
    array([1., 1., 0.], dtype=float32)
    """
    return layout.row(lambda slot: float(slot.kind == "weight"))


@final
@dataclass(frozen=True, eq=False)
class Bounds:
    """The lowest and the highest value of each parameter.

    An optimizer moves a parameter that a step takes beyond them back to the nearest bound, which is
    the projected gradient method.

    >>> bounds = Bounds(np.array([0.0, -np.inf]), np.array([np.inf, np.inf]))
    >>> bounds.nearest(np.array([-1.0, -2.0])), bounds.reflected(np.array([-1.0, -2.0]))
    (array([ 0., -2.]), array([ 1., -2.]))
    """

    # (*axes, parameters): infinite where a parameter is free; both zero where it must stay zero
    lower: Array
    # (*axes, parameters): infinite where a parameter is free; both zero where it must stay zero
    upper: Array

    def repeated(self, n: int) -> Bounds:
        """Return the same bounds for n members."""
        return Bounds(np.tile(self.lower, (n, 1)), np.tile(self.upper, (n, 1)))

    def nearest(self, theta: Array) -> Array:
        """Return the parameters moved to the nearest values within the bounds."""
        return np.clip(theta, self.lower, self.upper)

    def reflected(self, theta: Array) -> Array:
        """Return the parameters with the other sign where only that is within the bounds."""
        outside = (theta < self.lower) | (theta > self.upper)
        return self.nearest(np.where(outside, -theta, theta))


@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """``theta -= learning_rate * gradient``; it remembers nothing.

    Cauchy (1847); with one batch after another it is the stochastic approximation of Robbins and
    Monro (1951).

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


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps along the running mean of the gradient over the root of that of its squares.

    ::

        m = beta1 m + (1 - beta1) g
        v = beta2 v + (1 - beta2) g**2
        theta -= learning_rate (m / (1 - beta1**k)) / (sqrt(v / (1 - beta2**k)) + epsilon)

    With a weight decay in `StepSize`, which never passes through the moments, this is AdamW. The
    fading sums ``m / (1 - beta1)`` and ``v / (1 - beta2)`` are remembered.

    Kingma and Ba (2014), arXiv:1412.6980; AdamW: Loshchilov and Hutter (2017), arXiv:1711.05101.

    >>> from madaline.nn.population import Layout, Slot
    >>> population = Population(Layout((Slot("weight", (2,)),)), np.array([1.0, 2.0]))
    >>> Adam().start(population)
    >>> Adam().step(population, np.array([300.0, -0.01]), StepSize(0.1), workspace=Workspace())
    >>> population.theta.round(4)
    array([0.9, 2.1])
    """

    beta1: float = 0.9  # memory of the gradient
    beta2: float = 0.999  # memory of the squared gradient
    epsilon: float = 1e-8  # keeps steps finite where gradients vanish

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
        root = np.sqrt(_sum_of_weights(self.beta2, steps))
        _add_squares(squares, gradient, self.beta2, scratch)
        slopes *= self.beta1
        slopes += gradient
        _divide_by_root(slopes, squares, self.epsilon * root, scratch, gradient)
        theta -= size.scaled(gradient, theta, scratch, root / _sum_of_weights(self.beta1, steps))


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

    Defazio, Yang, Mehta, Mishchenko, Khaled and Cutkosky (2024), "The road less scheduled",
    arXiv:2405.15682.

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

    beta1: float = 0.9  # where between z and x the gradient is taken
    beta2: float = 0.999  # memory of the squared gradient
    epsilon: float = 1e-8  # keeps steps finite where gradients vanish
    # 0 averages all points alike; 1 lets later points count more, the second half of them three
    # times as much as the first
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
        root = np.sqrt(_sum_of_weights(self.beta2, steps))
        _add_squares(squares, gradient, self.beta2, scratch)
        _divide_by_root(gradient, squares, self.epsilon * root, scratch, gradient)
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


def _add_squares(squares: Array, gradient: Array, beta2: float, scratch: Array) -> None:
    """Take the gradient into the fading sum of its squares: ``q = beta2 q + g**2``."""
    np.multiply(gradient, gradient, out=scratch)
    squares *= beta2
    squares += scratch


def _divide_by_root(
    direction: Array, squares: Array, epsilon: float | Array, scratch: Array, out: Array
) -> Array:
    """Write ``direction / (sqrt(squares) + epsilon)`` into `out`, which may be the direction."""
    np.sqrt(squares, out=scratch)
    scratch += epsilon
    return np.divide(direction, scratch, out=out)


def _sum_of_weights(beta: float, steps: Array) -> Array:
    """Return ``1 + beta + ... + beta**(steps - 1)``: what a fading sum is divided by for a mean.

    So the mean is right from the first step on. The division moves from the matrix to one number
    for each member: ``g / (sqrt(q / s) + epsilon) = sqrt(s) g / (sqrt(q) + sqrt(s) epsilon)``.

    >>> _sum_of_weights(0.5, np.array([[1.0], [2.0], [3.0]])).ravel()
    array([1.  , 1.5 , 1.75])
    """
    exact = np.expm1(steps.astype(np.float64) * np.log(beta)) / (beta - 1)
    return np.asarray(exact.astype(steps.dtype))
