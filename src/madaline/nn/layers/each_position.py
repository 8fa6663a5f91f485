"""What is done at each position of a grid alike: its channels are the features of a row."""

from __future__ import annotations

from dataclasses import dataclass

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer
from madaline.nn.layers.chain import chain_forward
from madaline.nn.layers.nested import Nested
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class EachPosition(Nested):
    """Layers that take each position for a row: normalization of channels, or mixing them.

    With `BatchNorm` inside, a channel's mean and variance are over all positions of all rows; with
    `Linear` inside, it is a convolution whose windows are single positions.

    Parameters
    ----------
    n_positions : int
        Positions of the grid.
    layers : tuple of Layer
        From a position's channels to its outputs.

    Examples
    --------
    >>> import numpy as np
    >>> from madaline.nn.layers import RMSNorm
    >>> layer = EachPosition(2, (RMSNorm(2),))
    >>> parameters = {"0.scale": np.ones(2)}
    >>> y, _ = layer.forward(parameters, np.array([[1.0, 1, 2, 2]]), workspace=Workspace())
    >>> y.round(3)
    array([[1., 1., 1., 1.]])
    """

    n_positions: int
    layers: tuple[Layer, ...]

    def multiply_adds(self) -> int:
        """Return the multiply-adds of one row: the inner layers', at every position."""
        return self.n_positions * super().multiply_adds()

    def input_multiply_adds(self) -> int:
        """Return the multiply-adds of one row's gradient by the input."""
        return self.n_positions * super().input_multiply_adds()

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return what the layers say at every position, and the backward pass."""
        y, inner_backward = chain_forward(
            self.layers,
            self._bind(parameters),
            self._entering(x),
            workspace=workspace,
            training=training,
            rng=rng,
        )

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            by_inner = inner_backward(
                self._entering(gradient), self._bind(gradients), input_gradient=input_gradient
            )
            return self._together(by_inner) if input_gradient else gradient

        return self._together(y), backward

    def _entering(self, x: Array) -> Array:
        """Return (*axes, batch, positions * channels) as (*axes, batch * positions, channels)."""
        *axes, batch, features = x.shape
        return x.reshape(*axes, batch * self.n_positions, features // self.n_positions)

    def _together(self, x: Array) -> Array:
        """Return (*axes, batch * positions, channels) as (*axes, batch, positions * channels)."""
        *axes, rows, channels = x.shape
        return x.reshape(*axes, rows // self.n_positions, self.n_positions * channels)
