"""Where learning starts: small random weights, so that units differ and signals keep their size."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt
from typing import TypeAlias

from madaline.nn.arrays import Array, Rng

# Fills an array in place, given its fan-in and fan-out and a source of random numbers
Initializer: TypeAlias = Callable[[Array, int, int, Rng], None]


def zeros(values: Array, fan_in: int, fan_out: int, rng: Rng) -> None:
    """Fill with zeros: a last layer that starts from the prior."""
    values[...] = 0


def he_normal(values: Array, fan_in: int, fan_out: int, rng: Rng) -> None:
    """Fill from N(0, 2 / fan_in), which keeps the variance through rectifiers.

    >>> import numpy as np
    >>> weight = np.empty((200, 300))
    >>> he_normal(weight, 200, 300, np.random.default_rng(0))
    >>> round(float(weight.var()), 3)  # 2 / 200
    0.01

    He, Zhang, Ren and Sun (2015), "Delving deep into rectifiers", arXiv:1502.01852.
    """
    values[...] = rng.standard_normal(values.shape, values.dtype) * sqrt(2 / max(1, fan_in))


def near_zero(values: Array, fan_in: int, fan_out: int, rng: Rng) -> None:
    """Fill from N(0, 2 / fan_in) / 16: units differ, but contribute little until they learn.

    The effect of thousands of rare inputs is then what was learned of them, not their random start.

    Woodworth et al. (2020), "Kernel and rich regimes in overparametrized models", arXiv:2002.09277.
    """
    he_normal(values, fan_in, fan_out, rng)
    values /= 16


def lecun_normal(values: Array, fan_in: int, fan_out: int, rng: Rng) -> None:
    """Fill from N(0, 1 / fan_in), which keeps the variance through linear units.

    LeCun, Bottou, Orr and Müller (1998), "Efficient BackProp".
    """
    values[...] = rng.standard_normal(values.shape, values.dtype) * sqrt(1 / max(1, fan_in))


def standard_normal(values: Array, fan_in: int, fan_out: int, rng: Rng) -> None:
    """Fill from N(0, 1), whatever the fan-in: the textbook's choice for very small networks."""
    values[...] = rng.standard_normal(values.shape, values.dtype)


def uniform(values: Array, fan_in: int, fan_out: int, rng: Rng) -> None:
    """Fill uniformly within ±1: biases that spread the kinks of the units over the data."""
    values[...] = rng.uniform(-1, 1, values.shape)
