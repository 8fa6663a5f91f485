"""Losses of numbers: each has the constant that it is smallest for, such as mean or median."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses._base import Loss


@dataclass(frozen=True)
class Squared(Loss):
    """``(output - target)**2``, averaged over the outputs; its best constant is the mean.

    Some books halve it; here the mean is plain, so that its root is the RMSE.

    >>> Squared().rows(np.array([[1.0], [3.0]]), np.array([[0.0], [3.0]]))
    array([1., 0.])
    """

    def rows(self, output: Array, target: Array) -> Array:
        """Return ``(output - target)**2`` averaged over the outputs, shape (*axes, n_samples)."""
        return np.asarray(np.square(output - target).mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``2 (output - target) / n_outputs`` into `out`."""
        np.subtract(output, target, out=out)
        out *= 2 / output.shape[-1]
        return out

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the mean target, shape (n_outputs,)."""
        return np.asarray(np.average(target, axis=0, weights=weight))


@dataclass(frozen=True)
class Absolute(Loss):
    """``|output - target|``, averaged over the outputs; its best constant is the median.

    >>> Absolute().rows(np.array([[1.0], [3.0]]), np.array([[0.0], [5.0]]))
    array([1., 2.])
    """

    def rows(self, output: Array, target: Array) -> Array:
        """Return ``|output - target|`` averaged over the outputs, shape (*axes, n_samples)."""
        return np.asarray(np.abs(output - target).mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``sign(output - target) / n_outputs`` into `out`."""
        np.subtract(output, target, out=out)
        np.sign(out, out=out)
        out *= 1 / output.shape[-1]
        return out

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the median target, the lower one of two, shape (n_outputs,)."""
        return _weighted_quantile(target, 0.5, weight)


@dataclass(frozen=True)
class Huber(Loss):
    """``e**2 / 2`` up to an error of `delta`, then ``delta (|e| - delta / 2)``; the outputs' mean.

    Huber (1964), "Robust estimation of a location parameter".

    >>> Huber(1.0).rows(np.array([[0.5], [3.0]]), np.zeros((2, 1)))
    array([0.125, 2.5  ])
    """

    delta: float = 1.0  # error, in the unit of the target, above which errors count as outliers

    def __post_init__(self) -> None:
        """Check delta."""
        if not 0 < self.delta < np.inf:
            raise InputError("delta is {delta}: give a number above 0.", delta=self.delta)

    def rows(self, output: Array, target: Array) -> Array:
        """Return the loss averaged over the outputs, shape (*axes, n_samples)."""
        error = np.abs(output - target)
        small = np.minimum(error, self.delta)  # small * (error - small / 2) is both cases
        return np.asarray((small * (error - small / 2)).mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write the error, clipped to ±delta, divided by n_outputs, into `out`."""
        np.subtract(output, target, out=out)
        np.clip(out, -self.delta, self.delta, out=out)
        out *= 1 / output.shape[-1]
        return out

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the constant where the clipped errors cancel, shape (n_outputs,).

        It has no formula. The weighted sum of the clipped errors rises with the constant, so that
        halving the interval between the smallest and the largest target finds it.
        """
        targets = np.asarray(target, np.float64)
        share = np.ones(len(targets)) if weight is None else np.asarray(weight, np.float64)
        low, high = targets.min(axis=0), targets.max(axis=0)
        for __ in range(np.finfo(np.float64).nmant + 1):
            middle = (low + high) / 2
            total = share @ np.clip(middle - targets, -self.delta, self.delta)
            low, high = np.where(total < 0, middle, low), np.where(total < 0, high, middle)
        return np.asarray((low + high) / 2)


@dataclass(frozen=True)
class Quantile(Loss):
    """The pinball loss, averaged over the outputs; its best constant is the quantile.

    Where the output is too low it is ``level * (target - output)``, where it is too high
    ``(1 - level) * (output - target)``.

    Koenker and Bassett (1978), "Regression quantiles".

    >>> Quantile(0.9).rows(np.array([[1.0], [3.0]]), np.array([[2.0], [2.0]])).round(4)
    array([0.9, 0.1])
    """

    level: float = 0.5  # share of the targets that should lie below the prediction, between 0 and 1

    def __post_init__(self) -> None:
        """Check the level."""
        if not 0 < self.level < 1:
            raise InputError("level is {level}: give a number between 0 and 1.", level=self.level)

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

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the quantile of the targets, shape (n_outputs,)."""
        return _weighted_quantile(target, self.level, weight)


def _weighted_quantile(target: Array, level: float, weight: Array | None) -> Array:
    """Return the smallest target at or below which a share `level` of the weight lies."""
    quantile = np.quantile(target, level, axis=0, weights=weight, method="inverted_cdf")
    return np.asarray(quantile)


@dataclass(frozen=True)
class Quantiles(Loss):
    """The pinball loss of each output at its own level, averaged over the outputs.

    The prediction is the sorted output: a network may put a low quantile above a higher one, and
    sorting them never raises the loss.

    Chernozhukov, Fernandez-Val and Galichon (2010), "Quantile and probability curves without
    crossing", Econometrica 78 (arXiv:0704.3649).

    >>> loss = Quantiles((0.1, 0.9))
    >>> loss.rows(np.array([[1.0, 3.0]]), np.array([[2.0, 2.0]])).round(4)
    array([0.1])
    >>> loss.prediction(np.array([[2.0, 1.0]]))
    array([[1., 2.]])
    """

    # share of the targets that should lie below each output, ascending, between 0 and 1
    levels: tuple[float, ...]

    def __post_init__(self) -> None:
        """Check the levels; those of a file are a list."""
        object.__setattr__(self, "levels", tuple(self.levels))
        inside = all(0 < level < 1 for level in self.levels)
        if not inside or any(low >= high for low, high in pairwise(self.levels)):
            raise InputError(
                "levels are {levels}: give numbers between 0 and 1 in ascending order.",
                levels=self.levels,
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
        """Return the outputs of each row in ascending order."""
        return np.sort(output, axis=-1)

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the quantile of each target, shape (n_outputs,)."""
        columns = zip(self.levels, target.T, strict=True)
        return np.array([_weighted_quantile(column, level, weight) for level, column in columns])

    def of_output(self, index: int) -> Quantile:
        """Return the loss of one quantile."""
        return Quantile(self.levels[index])

    def _levels(self, output: Array) -> Array:
        return np.asarray(self.levels, output.dtype)


# Logarithm of the largest count that is predicted, 1e13: beyond it exp goes on as its tangent
MAX_LOG = 30.0

# Smallest mean count that a network starts from: the logarithm of none at all is not a number
_MIN_MEAN = 1e-6


@dataclass(frozen=True)
class Poisson(Loss):
    """Half the Poisson deviance, averaged over the outputs; its best constant is the mean.

    ``exp(output) - target - target * (output - log(target))``: the negative log-likelihood less
    that of a prediction equal to the target, so 0 is perfect and nothing is below. The output is
    the logarithm of the expected count. Targets are at least 0; they need not be whole.

    Above an output of 30 the exponential is replaced by its tangent, in the loss and its slope
    alike: nothing overflows, and the gradient stays that of the loss. Predictions end at exp(30).

    >>> Poisson().rows(np.array([[0.0]]), np.array([[3.0]])).round(4)
    array([1.2958])
    >>> Poisson().prediction(np.array([[0.0]]))
    array([[1.]])
    """

    def rows(self, output: Array, target: Array) -> Array:
        """Return the loss averaged over the outputs, shape (*axes, n_samples)."""
        beyond = np.maximum(output - MAX_LOG, 0)
        rows = self.prediction(output) * (1 + beyond) - target * output - _perfect(target)
        return np.asarray(rows.mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``(exp(output) - target) / n_outputs`` into `out`."""
        np.minimum(output, MAX_LOG, out=out)
        np.exp(out, out=out)
        out -= target
        out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return ``exp(output)``, the expected count."""
        return np.asarray(np.exp(np.minimum(output, MAX_LOG)))

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the logarithm of the mean target, shape (n_outputs,)."""
        mean = np.average(target, axis=0, weights=weight)
        return np.asarray(np.log(np.clip(mean, _MIN_MEAN, np.exp(MAX_LOG))))


def _perfect(target: Array) -> Array:
    """Return ``target - target * log(target)``, with zero for zero."""
    return np.asarray(target * (1 - np.log(np.where(target > 0, target, 1))))
