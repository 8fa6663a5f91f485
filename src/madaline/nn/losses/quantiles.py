"""The quantile loss of several quantiles at once: an output for each."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses.base import Loss
from madaline.nn.losses.quantile import Quantile, weighted_quantile


@dataclass(frozen=True)
class Quantiles(Loss):
    """The pinball loss of each output at its own level, averaged over the outputs.

    The prediction is the sorted output: a network may put a low quantile above a higher one, and
    sorting them never raises the loss.

    Parameters
    ----------
    levels : tuple of float
        Share of the targets that should lie below each output, ascending, between 0 and 1.

    Raises
    ------
    InputError
        If the levels do not ascend, or are not between 0 and 1.

    References
    ----------
    Chernozhukov, Fernandez-Val and Galichon (2010), "Quantile and probability curves without
    crossing", Econometrica 78 (arXiv:0704.3649).

    Examples
    --------
    >>> loss = Quantiles((0.1, 0.9))
    >>> loss.rows(np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]])).round(4)
    array([0.1])
    >>> loss.prediction(np.array([[2.0, 1.0]]))
    array([[1., 2.]])
    """

    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the levels; those of a file are a list."""
        object.__setattr__(self, "levels", tuple(self.levels))
        inside = all(0 < level < 1 for level in self.levels)
        if not inside or any(low >= high for low, high in pairwise(self.levels)):
            raise InputError(
                f"levels are {self.levels}: give numbers between 0 and 1 in ascending order."
            )

    @property
    def middle(self) -> int:
        """The index of the level closest to one half."""
        return min(range(len(self.levels)), key=lambda index: abs(self.levels[index] - 0.5))

    def rows(self, output: Array, target: Array) -> Array:
        """Return the loss averaged over the outputs, shape (*axes, n_samples)."""
        error, levels = output - target, self._levels(output)
        rows = np.maximum(-levels * error, (1 - levels) * error)
        return np.asarray(rows.mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``((output > target) - level) / n_outputs`` into `out`."""
        np.greater(output, target, out=out)
        out -= self._levels(output)
        out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return the outputs of each row in ascending order, so that no quantiles cross."""
        return self.in_order(output)

    def in_order(self, output: Array) -> Array:
        """Return the same."""
        return np.sort(output, axis=-1)

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the quantile of each target, shape (n_outputs,)."""
        columns = zip(self.levels, target.T, strict=True)
        return np.array([weighted_quantile(column, level, weight) for level, column in columns])

    def of_output(self, index: int) -> Quantile:
        """Return the loss of one quantile."""
        return Quantile(self.levels[index])

    def _levels(self, output: Array) -> Array:
        return np.asarray(self.levels, output.dtype)
