"""Rows of different lengths become rows of one: the mean of what layers say over the steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer
from madaline.nn.layers.chain import chain_forward
from madaline.nn.layers.nested import Nested
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class MaskedPooling(Nested):
    """``y = mean(f(steps) over the first n steps)``, the rest of the row being padding.

    A row holds its steps one after the other and, as its last feature, their number `n`; steps
    beyond it count as zeros before the layers and as nothing behind them. So rows of different
    lengths fit in one matrix.

    Parameters
    ----------
    length : int
        Steps of the longest row.
    layers : tuple of Layer
        `f`: from ``length * in_channels`` to ``length * out_channels`` features, such as
        convolutions over ``(length,)``.

    Examples
    --------
    >>> x = np.array([[1.0, 3, 9, 2], [1, 3, 9, 3]])  # two steps of one number; three
    >>> y, _ = MaskedPooling(3, ()).forward({}, x, workspace=Workspace())
    >>> y.round(2)
    array([[2.  ],
           [4.33]])
    """

    length: int
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
        """Return the mean over the steps that there are and the backward pass."""
        shares = self._there(x, workspace)  # (..., batch, length)
        shares /= self._lengths(x)
        inner, inner_backward = chain_forward(
            self.layers,
            self._bind(parameters),
            self._steps(x, workspace),
            workspace=workspace,
            training=training,
            rng=rng,
        )
        channels = inner.shape[-1] // self.length
        y = workspace.empty((*inner.shape[:-1], channels), inner.dtype)
        np.matmul(shares[..., None, :], self._by_step(inner), out=y[..., None, :])

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            shape = (*gradient.shape[:-1], self.length, channels)
            by_inner = workspace.empty(shape, gradient.dtype)
            np.multiply(shares[..., None], gradient[..., None, :], out=by_inner)
            by_steps = inner_backward(
                by_inner.reshape(*gradient.shape[:-1], -1),
                self._bind(gradients),
                input_gradient=input_gradient,
            )
            if not input_gradient:
                return gradient
            out = workspace.empty((*by_steps.shape[:-1], x.shape[-1]), gradient.dtype)
            out[..., -1] = 0  # how many steps there are is no quantity to change
            there = self._there(x, workspace)[..., None]
            np.multiply(self._by_step(by_steps), there, out=self._by_step(out[..., :-1]))
            return out

        return y, backward

    def _lengths(self, x: Array) -> Array:
        """Return how many steps each row has, at least one, (..., batch, 1)."""
        return np.asarray(np.clip(np.rint(x[..., -1:]), 1, self.length))

    def _there(self, x: Array, workspace: Workspace) -> Array:
        """Return 1 for each step that there is and 0 for padding, (..., batch, length)."""
        there = workspace.empty((*x.shape[:-1], self.length), x.dtype)
        np.less(np.arange(self.length, dtype=x.dtype), self._lengths(x), out=there)
        return there

    def _entering(self, x: Array) -> Array:
        return self._steps(x, Workspace())

    def _steps(self, x: Array, workspace: Workspace) -> Array:
        """Return the steps with zeros beyond each row's length."""
        steps = workspace.empty((*x.shape[:-1], x.shape[-1] - 1), x.dtype)
        there = self._there(x, workspace)[..., None]
        np.multiply(self._by_step(x[..., :-1]), there, out=self._by_step(steps))
        return steps

    def _by_step(self, x: Array) -> Array:
        """Return (..., length * channels) as (..., length, channels), a view."""
        return x.reshape(*x.shape[:-1], self.length, x.shape[-1] // self.length)
