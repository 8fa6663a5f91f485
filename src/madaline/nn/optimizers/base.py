"""An optimizer turns gradients into steps: downhill, at a rate of its own for each parameter.

All that it remembers stands in the population, in matrices of the shape of ``theta`` and columns
with one number for each member. It moves with the rows when networks are dropped, cloned or
widened.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.optimizers.bounds import Bounds
from madaline.nn.population import Layout, Population
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class StepSize:
    """How far one step goes.

    Parameters
    ----------
    learning_rate : float or ndarray of shape (*axes, 1)
        Length of a step, for all members or for each.
    weight_decay : float or ndarray, default=0
        Share of every parameter that is forgotten in this step; an array broadcasts to
        (*axes, parameters), and times `weights_only` spares biases, gates and scales. It is *not*
        multiplied by the learning rate (PyTorch's AdamW does that): its inverse is a time scale in
        steps.
    rates : ndarray of shape (parameters,), optional
        Multiple of the learning rate for each parameter; 1 by default.
    bounds : Bounds, optional
        What no parameter may cross; only `ScheduleFreeAdamW` keeps within them.

    References
    ----------
    Loshchilov and Hutter (2017), "Decoupled weight decay regularization", arXiv:1711.05101; the
    time scale: Wang and Aitchison (2024), arXiv:2405.13698.

    Examples
    --------
    >>> theta, update = np.array([1.0, 2.0]), np.array([1.0, -1.0])
    >>> StepSize(0.5, weight_decay=0.1).subtract(theta, update, Workspace())
    >>> theta
    array([0.4, 2.3])
    """

    learning_rate: float | Array
    weight_decay: float | Array = 0.0
    rates: Array | None = None
    bounds: Bounds | None = None

    def times(self, share: float) -> StepSize:
        """Return a shorter step, decay included, as at the start of training.

        Examples
        --------
        >>> StepSize(0.5, 0.1).times(0.5)
        StepSize(learning_rate=0.25, weight_decay=0.05, rates=None, bounds=None)
        """
        rate, decay = share * self.learning_rate, share * self.weight_decay
        return replace(self, learning_rate=rate, weight_decay=decay)

    def subtract(self, theta: Array, update: Array, workspace: Workspace) -> None:
        """Take the step, decay included.

        ``theta -= learning_rate * rates * update + weight_decay * theta``

        Parameters
        ----------
        theta : ndarray of shape (*axes, parameters)
            The parameters, changed in place.
        update : ndarray of shape (*axes, parameters)
            The direction; overwritten by the step that was taken.
        workspace : Workspace
            Where the arrays come from.
        """
        theta -= self.scaled(update, theta, workspace.empty(theta.shape, theta.dtype))

    def scaled(
        self, update: Array, theta: Array, scratch: Array, factor: float | Array = 1.0
    ) -> Array:
        """Return `update` overwritten by the step to subtract, decay of `theta` included.

        Parameters
        ----------
        update : ndarray of shape (*axes, parameters)
            The direction.
        theta : ndarray of shape (*axes, parameters)
            The parameters, from which the decay is computed.
        scratch : ndarray of shape (*axes, parameters)
            Overwritten.
        factor : float or ndarray of shape (*axes, 1), default=1
            Multiplies the learning rate.
        """
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

    Examples
    --------
    >>> from madaline.nn.population import Slot
    >>> weights_only(Layout((Slot("weight", (2,)), Slot("bias", (1,), "bias"))))
    array([1., 1., 0.], dtype=float32)
    """
    return layout.row(lambda slot: float(slot.kind == "weight"))
