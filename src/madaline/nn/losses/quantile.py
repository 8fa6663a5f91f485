"""The quantile loss: a value that is exceeded with a chosen probability, instead of the middle."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses.base import Loss


@dataclass(frozen=True)
class Quantile(Loss):
    """The pinball loss, averaged over the outputs; its best constant is the quantile.

    Where the output is too low it is ``level * (target - output)``, where it is too high
    ``(1 - level) * (output - target)``.

    Parameters
    ----------
    level : float, default=0.5
        Share of the targets that should lie below the prediction, between 0 and 1.

    Raises
    ------
    InputError
        If the level is not between 0 and 1.

    References
    ----------
    Koenker and Bassett (1978), "Regression quantiles".

    Examples
    --------
    >>> Quantile(0.9).rows(np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]])).round(4)
    array([0.9, 0.1])
    """

    level: float = 0.5

    def __post_init__(self) -> None:
        """Check the level."""
        if not 0 < self.level < 1:
            raise InputError(f"level is {self.level}: give a number between 0 and 1.")

    def rows(self, output: Array, target: Array) -> Array:
        """Return the loss averaged over the outputs, shape (*axes, n_samples)."""
        error = output - target
        rows = np.maximum(-self.level * error, (1 - self.level) * error)
        return np.asarray(rows.mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``((output > target) - level) / n_outputs`` into `out`."""
        np.greater(output, target, out=out)
        out -= self.level
        out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return the output as it is."""
        return output

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the quantile of the targets, shape (n_outputs,)."""
        return weighted_quantile(target, self.level, weight)


def weighted_quantile(target: Array, level: float, weight: Array | None) -> Array:
    """Return the smallest target at or below which a share `level` of the weight lies.

    Examples
    --------
    >>> weighted_quantile(np.array([[1.0], [2.0], [9.0]]), 0.5, np.array([1, 1, 3]))
    array([9.])
    """
    quantile = np.quantile(target, level, axis=0, weights=weight, method="inverted_cdf")
    return np.asarray(quantile)
