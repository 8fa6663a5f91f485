"""The way of a network downhill: an optimizer turns the gradient into a step, again and again.

Optimizers are gradient descent, with momentum or without, and Adam.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field, replace
from typing import final

import numpy as np

from madaline._apps.neural_network.parameters import Gradients, Parameters
from madaline.errors import InputError

NAMES = ("sgd", "adam")


class StepRule(ABC):
    """Abstract: a rule for steps, with what it remembers of earlier ones."""

    @abstractmethod
    def step(self, parameters: Iterable[np.ndarray], gradients: Gradients, rate: float) -> None:
        """Change the parameters in place by one step."""


@final
class Momentum(StepRule):
    """Gradient descent that keeps a part of its last step, as a ball that rolls downhill.

    ::

        velocity = momentum * velocity - learning_rate * gradient
        weight = weight + velocity

    With ``momentum=0`` it is plain gradient descent.

    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors",
    Nature 323, equation 9.

    >>> weight, gradient = np.array([1.0]), Gradients([np.array([1.0])], [])
    >>> rule = Momentum(0.5)
    >>> for _ in range(3):
    ...     rule.step([weight], gradient, 0.1)
    ...     print(weight.round(3))
    [0.9]
    [0.75]
    [0.575]
    """

    def __init__(self, momentum: float) -> None:
        self._momentum = momentum
        self._velocity: list[np.ndarray] = []

    def step(self, parameters: Iterable[np.ndarray], gradients: Gradients, rate: float) -> None:
        """Take one step."""
        if not self._velocity:
            self._velocity = [np.zeros_like(gradient) for gradient in gradients]
        for weight, gradient, velocity in zip(parameters, gradients, self._velocity, strict=True):
            velocity *= self._momentum
            velocity -= rate * gradient
            weight += velocity


@final
class AdamRule(StepRule):
    """Steps of much the same length for every weight, whether its gradient is large or small.

    ::

        mean   = beta1 * mean   + (1 - beta1) * gradient
        square = beta2 * square + (1 - beta2) * gradient**2
        weight = weight - learning_rate * (mean / (1 - beta1**t))
                                        / (sqrt(square / (1 - beta2**t)) + epsilon)

    The divisors ``1 - beta**t`` make up for the zeros that both begin with, where t counts steps.

    Kingma and Ba (2015), "Adam: a method for stochastic optimization", arXiv:1412.6980,
    algorithm 1, with its beta1 = 0.9, beta2 = 0.999 and epsilon = 1e-8.

    >>> weights = np.array([1.0, 2.0])
    >>> AdamRule().step([weights], Gradients([np.array([300.0, -0.01])], []), 0.1)
    >>> weights.round(4)
    array([0.9, 2.1])
    """

    BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

    def __init__(self) -> None:
        self._steps = 0
        self._means: list[np.ndarray] = []
        self._squares: list[np.ndarray] = []

    def step(self, parameters: Iterable[np.ndarray], gradients: Gradients, rate: float) -> None:
        """Take one step."""
        if not self._means:
            self._means = [np.zeros_like(gradient) for gradient in gradients]
            self._squares = [np.zeros_like(gradient) for gradient in gradients]
        self._steps += 1
        for_mean, for_square = 1 - self.BETA1**self._steps, 1 - self.BETA2**self._steps
        for weight, gradient, mean, square in zip(
            parameters, gradients, self._means, self._squares, strict=True
        ):
            mean += (1 - self.BETA1) * (gradient - mean)
            square += (1 - self.BETA2) * (gradient**2 - square)
            weight -= rate * (mean / for_mean) / (np.sqrt(square / for_square) + self.EPSILON)


def step_rule(optimizer: str, momentum: float) -> StepRule:
    """Return a rule of this name that remembers nothing yet."""
    if optimizer not in NAMES:
        raise InputError(
            "optimizer is {optimizer!r}: give 'sgd' (gradient descent, with momentum if you like) or 'adam'.",
            optimizer=optimizer,
        )
    if optimizer == "adam" and momentum:
        raise InputError(
            "momentum is {momentum!r}, but Adam has a momentum of its own: leave it out, or give optimizer='sgd'.",
            momentum=momentum,
        )
    return AdamRule() if optimizer == "adam" else Momentum(momentum)


@final
@dataclass(eq=False)
class Descent:
    """A network on its way: its weights, how long steps are, and what its optimizer remembers."""

    parameters: Parameters
    new_rule: Callable[[], StepRule]  # returns an optimizer that remembers nothing
    learning_rate: float
    weight_decay: float
    rule: StepRule = field(init=False)

    def __post_init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin with an optimizer that remembers nothing."""
        self.rule = self.new_rule()

    def step(self, gradients: Gradients) -> None:
        """Make every weight, not the biases, smaller by a share of itself, and take a step.

        The share is ``learning_rate * weight_decay``. For plain gradient descent that is the
        gradient step of the L2 penalty ``weight_decay / 2 * sum(weights**2)``. For momentum and
        Adam it is decoupled weight decay, which does not pass through what they remember (SGDW and
        AdamW).

        Loshchilov and Hutter (2019), "Decoupled weight decay regularization", arXiv:1711.05101.
        """
        for weights in self.parameters.weights:
            weights *= 1 - self.learning_rate * self.weight_decay
        self.rule.step(self.parameters, gradients, self.learning_rate)

    def copy(self) -> Descent:
        """Return the same place, to come back to."""
        other = replace(self, parameters=self.parameters.copy())
        other.rule = deepcopy(self.rule)
        return other

    def go_to(self, place: Descent) -> None:
        """Go on from another place; the lists of the parameters stay the same objects."""
        place = place.copy()
        self.parameters.replace_by(place.parameters)
        self.rule = place.rule
        self.learning_rate = place.learning_rate
        self.weight_decay = place.weight_decay
