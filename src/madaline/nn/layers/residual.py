"""A residual block adds what its layers say to its input, so that they need only learn the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer, over_members
from madaline.nn.layers.chain import chain_forward
from madaline.nn.layers.nested import Nested
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class Residual(Nested):
    """``y = x + f(x)`` with layers `f` whose output has as many features as their input.

    Parameters
    ----------
    layers : tuple of Layer
        From input to output.

    References
    ----------
    He, Zhang, Ren and Sun (2015), "Deep residual learning", arXiv:1512.03385; without an activation
    after the sum: He et al. (2016), arXiv:1603.05027.

    Examples
    --------
    >>> from madaline.nn.layers import Linear, ReLU
    >>> layer = Residual((Linear(2, 4), ReLU(), Linear(4, 2)))
    >>> [slot.name for slot in layer.slots()]
    ['0.weight', '0.bias', '2.weight', '2.bias']
    """

    layers: tuple[Layer, ...]

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return ``x + f(x)`` and its backward pass."""
        inner, inner_backward = chain_forward(
            self.layers,
            self._bind(parameters),
            x,
            workspace=workspace,
            training=training,
            rng=rng,
        )
        y = np.add(x, inner, out=over_members(x, inner, workspace))

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            branch = workspace.empty(gradient.shape, gradient.dtype)
            branch[...] = gradient  # the inner layers may overwrite theirs
            by_inner = inner_backward(branch, self._bind(gradients), input_gradient=input_gradient)
            if not input_gradient:
                return gradient
            gradient += by_inner
            return gradient

        return y, backward
