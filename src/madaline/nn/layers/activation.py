"""An activation is a function of each number; without one, layers in a row are just one layer."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer
from madaline.nn.workspace import Workspace


class Activation(Layer):
    """``y = f(x)`` for each number; the chain rule multiplies the gradient by the slope ``f'(x)``.

    Subclasses say what the function and its slope are. They have no parameters.
    """

    @abstractmethod
    def value(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return ``f(x)`` and whatever array makes the slope cheap.

        Parameters
        ----------
        x : ndarray of any shape
            Input; never changed.
        workspace : Workspace
            Where the arrays come from.

        Returns
        -------
        y : ndarray of the shape of `x`
            The values.
        kept : ndarray of the shape of `x`
            What `slope` is given back; may be `y` or `x`.
        """

    @abstractmethod
    def slope(self, x: Array, y: Array, kept: Array, workspace: Workspace) -> Array:
        """Return ``f'(x)`` in a new array of the workspace, given what `value` had and returned."""

    def __call__(self, x: Array) -> Array:
        """Return ``f(x)``, as a textbook writes it.

        Examples
        --------
        >>> from madaline.nn.layers import ReLU
        >>> ReLU()(np.array([-1.0, 2.0])), ReLU().derivative(np.array([-1.0, 2.0]))
        (array([0., 2.]), array([0., 1.]))
        """
        return self.value(x, Workspace())[0]

    def derivative(self, x: Array) -> Array:
        """Return ``f'(x)``."""
        workspace = Workspace()
        return self.slope(x, *self.value(x, workspace), workspace)

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return ``f(x)`` and its backward pass."""
        y, kept = self.value(x, workspace)

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            if not input_gradient:
                return gradient
            gradient *= self.slope(x, y, kept, workspace)
            return gradient

        return y, backward


def empty_like(x: Array, workspace: Workspace) -> Array:
    """Return an uninitialized array of the shape and type of `x`."""
    return workspace.empty(x.shape, x.dtype)


def sigmoid(x: Array, workspace: Workspace) -> Array:
    """Return ``1 / (1 + exp(-x))`` as ``(1 + tanh(x / 2)) / 2``, which cannot overflow."""
    y = np.multiply(x, 0.5, out=empty_like(x, workspace))
    np.tanh(y, out=y)
    y += 1
    y *= 0.5
    return y
