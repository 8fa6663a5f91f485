"""Layers that act otherwise in training than in prediction: dropout and batch normalization."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from madaline.errors import InputError
from madaline.nn._products import sum_over_batch
from madaline.nn.arrays import Array, Parameters, Rng, Workspace
from madaline.nn.layers._base import Backward, Layer, pass_through
from madaline.nn.population import Slot

# One rate for all members, or one for each, nested like the population's axes
_Rate: TypeAlias = float | tuple["_Rate", ...]

# Rates are rounded to multiples of one in 65,536: sixteen random bits decide on a unit
_LEVELS = 2**16


@dataclass(frozen=True)
class Dropout(Layer):
    """In training ``y = x * keep / (1 - rate)`` with random `keep` of 0 or 1; else ``y = x``.

    The division ("inverted" dropout) keeps the expected value, so that prediction needs no change.

    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: a simple way to
    prevent neural networks from overfitting".

    >>> layer = Dropout(0.5)
    >>> rng = np.random.default_rng(0)
    >>> y, _ = layer.forward({}, np.ones((1, 9)), workspace=Workspace(), training=True, rng=rng)
    >>> sorted({float(value) for value in y.flat})
    [0.0, 2.0]
    """

    # probability that a unit is silenced, at least 0 and below 1: for all members or, nested like
    # the population's axes, for each. Where an input shared by all members meets a single rate,
    # they share what is silenced, too
    rate: _Rate

    def __post_init__(self) -> None:
        """Check the rates."""
        rates = np.asarray(self.rate)
        if rates.dtype.kind not in "fiu" or not np.all((rates >= 0) & (rates < 1)):
            raise InputError(
                "rate is {rate}: give probabilities from 0 to below 1.", rate=self.rate
            )

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return `x` with silenced units and the backward pass; `x` itself in prediction."""
        rates = np.asarray(self.rate)[..., None, None]  # (*axes, 1, 1)
        levels = np.minimum(np.rint(rates * _LEVELS), _LEVELS - 1)
        if not training or not levels.any():
            return x, pass_through
        if rng is None:
            raise InputError("Dropout needs random numbers in training: pass rng.")
        factor = workspace.empty(np.broadcast_shapes(x.shape, levels.shape), x.dtype)
        np.greater_equal(_random_bits(factor.shape, rng), levels.astype(np.uint16), out=factor)
        factor *= (_LEVELS / (_LEVELS - levels)).astype(x.dtype)
        y = np.multiply(x, factor, out=workspace.empty(factor.shape, x.dtype))

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            return np.multiply(gradient, factor, out=gradient)

        return y, backward

    def config(self) -> dict[str, Any]:
        """Return the layer's name and rate."""
        return {"layer": "Dropout", "rate": self.rate}


def _random_bits(shape: tuple[int, ...], rng: Rng) -> Array:
    """Return sixteen random bits for each unit, four units to a draw."""
    size = int(np.prod(shape))
    words = rng.integers(0, 2**64, -(-size // 4), np.uint64)
    return words.view(np.uint16)[:size].reshape(shape)


_EPSILON = 1e-5  # added to the variance, which is zero where all numbers of a channel are alike


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """``y = gain * scale * (x - mean) + shift``, for each channel of a grid.

    The scale is one through the standard deviation. In training, mean and deviation are those of
    the batch, over its rows and positions; in prediction what is stored counts. Whoever trains
    stores it: see `madaline.nn._normalization`, which also folds the layer into the
    convolution below it.

    Ioffe and Szegedy (2015), "Batch normalization: accelerating deep network training by reducing
    internal covariate shift".

    >>> layer = BatchNormalization(2, 1)  # two positions
    >>> parameters = {name: np.ones(1) for name in ("gain", "shift", "mean", "scale")}
    >>> x = np.array([[0.0, 2.0], [4.0, 6.0]])
    >>> layer.forward(parameters, x, workspace=Workspace(), training=True)[0].round(2)
    array([[-0.34,  0.55],
           [ 1.45,  2.34]])
    >>> layer.forward(parameters, x, workspace=Workspace())[0]
    array([[0., 2.],
           [4., 6.]])
    """

    positions: int  # positions of the grid
    channels: int  # numbers at each position

    def __post_init__(self) -> None:
        """Check the sizes."""
        if min(self.positions, self.channels) < 1:
            raise InputError(
                "positions and channels are {positions} and {channels}: give at least 1.",
                positions=self.positions,
                channels=self.channels,
            )

    def slots(self) -> tuple[Slot, ...]:
        """Return gain and shift, which learn, and mean and scale, which are measured."""
        names = ("gain", "shift", "mean", "scale")
        return tuple(Slot(name, (self.channels,), "bias") for name in names)

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Start with what changes nothing."""
        for name, value in (("gain", 1), ("shift", 0), ("mean", 0), ("scale", 1)):
            parameters[name][...] = value

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return normalized numbers and the backward pass."""
        gain, mean, scale = parameters["gain"], parameters["mean"], parameters["scale"]
        if training:
            mean, scale, centered = self._standardized(x, workspace)
        else:
            centered = self._by_channel(np.subtract, x, mean, workspace)
        y = self._by_channel(np.multiply, centered, gain * scale, workspace)
        self._by_channel(np.add, y, parameters["shift"], workspace, out=y)

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            product = np.multiply(gradient, centered, out=workspace.empty(y.shape, y.dtype))
            along, whole = self._sum(product, workspace), self._sum(gradient, workspace)
            if gradients:
                gradients["gain"][...] = along * scale
                gradients["shift"][...] = whole
                # Those of a batch are no parameters.
                gradients["mean"][...] = 0 if training else -whole * gain * scale
                gradients["scale"][...] = 0 if training else along * gain
            if not input_gradient:
                return gradient
            if training:
                n = x.shape[-2] * self.positions
                share = along * scale**2 / n
                gradient -= self._by_channel(np.multiply, centered, share, workspace, out=product)
                self._by_channel(np.subtract, gradient, whole / n, workspace, out=gradient)
            return self._by_channel(np.multiply, gradient, gain * scale, workspace, out=gradient)

        return y, backward

    def statistics(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return mean and scale of each channel, over rows and positions, (*axes, channels)."""
        return self._standardized(x, workspace)[:2]

    def _standardized(self, x: Array, workspace: Workspace) -> tuple[Array, Array, Array]:
        """Return mean and scale of each channel, and `x` without the means."""
        n = x.shape[-2] * self.positions
        mean = self._sum(x, workspace) / n
        centered = self._by_channel(np.subtract, x, mean, workspace)
        square = workspace.empty(centered.shape, x.dtype)
        np.multiply(centered, centered, out=square)
        variance = self._sum(square, workspace) / n
        return mean, 1 / np.sqrt(variance + x.dtype.type(_EPSILON)), centered

    def _sum(self, x: Array, workspace: Workspace) -> Array:
        """Return the sum of each channel, (*axes, channels)."""
        rows = workspace.empty((*x.shape[:-2], x.shape[-1]), x.dtype)
        sum_over_batch(x, rows)  # long rows first: their channels are few
        by_position = rows.reshape(*rows.shape[:-1], self.positions, self.channels)
        return np.asarray(by_position.sum(axis=-2))

    def _by_channel(
        self, f: np.ufunc, x: Array, value: Array, workspace: Workspace, out: Array | None = None
    ) -> Array:
        """Return ``f(x, value)`` with a value of each channel."""
        tiled = np.tile(value, self.positions)[..., None, :]  # long rows are quick
        if out is None:
            shape = np.broadcast_shapes(x.shape, tiled.shape)
            out = workspace.empty(shape, x.dtype)
        f(x, tiled, out=out)
        return out
