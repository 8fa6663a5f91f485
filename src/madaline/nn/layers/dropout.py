"""Dropout silences random units in training, so that no unit relies on another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer, over_members, pass_through
from madaline.nn.workspace import Workspace

Rate: TypeAlias = float | tuple["Rate", ...]
"""One rate for all members, or one for each, nested like the population's axes."""

LEVELS = 2**16
"""Rates are rounded to multiples of one in 65,536: sixteen random bits decide on a unit."""


@dataclass(frozen=True)
class Dropout(Layer):
    """In training ``y = x * keep / (1 - rate)`` with random `keep` of 0 or 1; else ``y = x``.

    The division ("inverted" dropout) keeps the expected value, so that prediction needs no change.

    Parameters
    ----------
    rate : float or nested tuple of float
        Probability that a unit is silenced, at least 0 and below 1: for all members or, nested like
        the population's axes, for each. Where an input shared by all members meets a single rate,
        they share what is silenced, too.

    Raises
    ------
    InputError
        If a rate is not at least 0 and below 1; in training, if there is no `rng`.

    References
    ----------
    Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov (2014), "Dropout: a simple way to
    prevent neural networks from overfitting".

    Examples
    --------
    >>> layer = Dropout(0.5)
    >>> rng = np.random.default_rng(0)
    >>> y, _ = layer.forward({}, np.ones((1, 9)), workspace=Workspace(), training=True, rng=rng)
    >>> sorted({float(value) for value in y.flat})
    [0.0, 2.0]
    """

    rate: Rate

    def __post_init__(self) -> None:
        """Check the rates."""
        rates = np.asarray(self.rate)
        if rates.dtype.kind not in "fiu" or not np.all((rates >= 0) & (rates < 1)):
            raise InputError(f"rate is {self.rate}: give probabilities from 0 to below 1.")

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
        levels = np.minimum(np.rint(rates * LEVELS), LEVELS - 1)
        if not training or not levels.any():
            return x, pass_through
        if rng is None:
            raise InputError("Dropout needs random numbers in training: pass rng.")
        factor = over_members(x, levels, workspace)
        np.greater_equal(_random_bits(factor.shape, rng), levels.astype(np.uint16), out=factor)
        factor *= (LEVELS / (LEVELS - levels)).astype(x.dtype)
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
