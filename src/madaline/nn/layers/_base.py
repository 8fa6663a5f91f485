"""Networks are made of layers. A layer passes its input forward and a gradient back.

``forward`` returns the output *and its own backward pass*, a function. What the backward pass needs
lives in that function, never on the layer: the same layer can serve many threads at once, and
prediction keeps nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import Any, Protocol

from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.population import Slot


class Backward(Protocol):
    """From the loss's gradient by a layer's output to the gradients by its parameters and input."""

    def __call__(
        self, gradient: Array, gradients: Parameters, *, input_gradient: bool = True
    ) -> Array:
        """Write the gradients by the parameters into `gradients`, return that by the input.

        Parameters
        ----------
        gradient : ndarray of shape (*axes, batch, out_features)
            Gradient of the loss by the layer's output. It may be overwritten.
        gradients : mapping of str to ndarray of shape (*axes, *shape)
            Where to write the gradients by the parameters. Empty if nobody wants them: a layer may
            then do without, as `Linear` does.
        input_gradient : bool, default=True
            A first layer in training need not compute the gradient by its input; what is returned
            then is undefined.

        Returns
        -------
        ndarray of shape (*axes, batch, in_features)
            Gradient of the loss by the layer's input.
        """


class Layer(ABC):
    """One step of a network, for all members of a population at once.

    Subclasses are frozen dataclasses whose fields are sizes and settings. They hold no parameters:
    those are passed in as views of the population's matrix.
    """

    def slots(self) -> tuple[Slot, ...]:
        """Return the parameter arrays that this layer needs; none by default."""
        return ()

    def initialize(self, parameters: Parameters, rng: Rng) -> None:  # noqa: B027
        """Write initial values into `parameters`; nothing by default."""

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one row: by default, each weight is used once."""
        return sum(slot.size for slot in self.slots() if len(slot.shape) > 1)

    def input_multiply_adds(self) -> int:
        """Return the multiply-adds of one row's gradient by the input: by default, as forward."""
        return self.multiply_adds()

    def width(self, parameters: Parameters, x: Array) -> int:
        """Return how many numbers come out of the layer for a row, or out of one within it.

        Parameters
        ----------
        parameters : mapping of str to ndarray
            This layer's parameters.
        x : ndarray of shape (1, in_features)
            Any row.
        """
        y, _ = self.forward(parameters, x, workspace=Workspace())
        return int(y.shape[-1])

    @abstractmethod
    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return the layer's output and its backward pass.

        Parameters
        ----------
        parameters : mapping of str to ndarray of shape (*axes, *shape)
            This layer's parameters.
        x : ndarray of shape (*axes, batch, in_features)
            Input; leading axes of one, or fewer of them, are shared by the members. Never changed.
        workspace : Workspace
            Where the arrays come from.
        training : bool, default=False
            Whether to do what is only done in training, such as dropout.
        rng : numpy.random.Generator, optional
            Source of random numbers in training.

        Returns
        -------
        output : ndarray of shape (*axes, batch, out_features)
            The output.
        backward : Backward
            The backward pass of this very call.
        """

    def fixed(self, parameters: Parameters) -> tuple[Layer, Parameters]:
        """Return a layer and parameters that predict the same bits, for parameters at rest.

        What only depends on the parameters may be done here, once; nothing by default.

        Parameters
        ----------
        parameters : mapping of str to ndarray of shape (*axes, *shape)
            This layer's parameters, which will not change any more.

        Returns
        -------
        layer : Layer
            It has the same output as this one.
        parameters : mapping of str to ndarray
            What its `forward` wants.
        """
        return self, parameters

    def config(self) -> dict[str, Any]:
        """Return the layer's name and settings as JSON-able values."""
        saved = [item for item in fields(self) if item.metadata.get("saved", True)]  # type: ignore[arg-type]
        return {"layer": type(self).__name__} | {
            item.name: getattr(self, item.name) for item in saved
        }


def pass_through(gradient: Array, gradients: Parameters, *, input_gradient: bool = True) -> Array:
    """Return the gradient as it is: the backward pass of a layer that did nothing."""
    return gradient


@dataclass(frozen=True)
class Identity(Layer):
    """``y = x``.

    >>> import numpy as np
    >>> x = np.array([[-2.0, 3.0]])
    >>> y, _ = Identity().forward({}, x, workspace=Workspace())
    >>> y is x
    True
    """

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return `x` itself, and gradients as they come."""
        return x, pass_through
