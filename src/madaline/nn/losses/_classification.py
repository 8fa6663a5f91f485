"""Losses of classes: cross-entropies, whose predictions are probabilities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, row_blocks
from madaline.nn.losses._base import Loss


@dataclass(frozen=True)
class BinaryCrossEntropy(Loss):
    """``-t log p - (1 - t) log(1 - p)`` with ``p = sigmoid(output)``, averaged over the outputs.

    The output is the log-odds of the second class. Targets are probabilities from 0 to 1.

    >>> loss = BinaryCrossEntropy()
    >>> loss.rows(np.array([[0.0]]), np.array([[1.0]])).round(4)
    array([0.6931])
    >>> loss.prediction(np.array([[0.0]]))
    array([[0.5]])
    """

    label_smoothing: float = 0.0  # share of every target that is replaced by one half

    def rows(self, output: Array, target: Array) -> Array:
        """Return ``log(1 + exp(output)) - target * output``, shape (*axes, n_samples)."""
        rows = np.logaddexp(0, output) - self._smooth(target) * output
        return np.asarray(rows.mean(axis=-1))

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``(sigmoid(output) - target) / n_outputs`` into `out`."""
        smoothed = self._smooth(target)
        sigmoid(output, out)
        out -= smoothed
        if output.shape[-1] > 1:
            out *= 1 / output.shape[-1]
        return out

    def prediction(self, output: Array) -> Array:
        """Return ``sigmoid(output)``, the probability of the second class."""
        return sigmoid(output, np.empty_like(output))

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the log-odds of the mean target, shape (n_outputs,)."""
        mean = np.average(self._smooth(target), axis=0, weights=weight)
        mean = np.clip(mean, 1e-6, 1 - 1e-6)
        return np.asarray(np.log(mean) - np.log1p(-mean))

    def one_of_each(self, n_outputs: int) -> Array:
        """Return the targets of a row of each class, shape (2, n_outputs)."""
        return np.repeat([[0.0], [1.0]], n_outputs, axis=1)

    def _smooth(self, target: Array) -> Array:
        if self.label_smoothing == 0:
            return target
        return target * (1 - self.label_smoothing) + self.label_smoothing / 2


def sigmoid(output: Array, out: Array) -> Array:
    """Write ``1 / (1 + exp(-output))`` into `out`, as ``(1 + tanh(output / 2)) / 2``.

    >>> sigmoid(np.array([-1e4, 0.0, 1e4]), np.empty(3))
    array([0. , 0.5, 1. ])
    """
    np.multiply(output, 0.5, out=out)
    np.tanh(out, out=out)
    out += 1
    out *= 0.5
    return out


# From so many classes on, NumPy's `max` over the classes of a row is as quick as it gets
_MIN_NUMPY_CLASSES = 80


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """``-sum(t log p)`` with ``p = softmax(output)``.

    Targets are one row of probabilities for each sample: one-hot for a known class.

    >>> loss = CrossEntropy()
    >>> loss.rows(np.zeros((1, 4)), np.eye(4)[[2]]).round(4)
    array([1.3863])
    >>> loss.prediction(np.zeros((1, 4)))
    array([[0.25, 0.25, 0.25, 0.25]])
    """

    label_smoothing: float = 0.0  # share of every target that is spread evenly over the classes

    def rows(self, output: Array, target: Array) -> Array:
        """Return ``log(sum(exp(output))) - sum(target * output)``, shape (*axes, n_samples)."""
        shape = np.broadcast_shapes(output.shape, target.shape)
        output = np.broadcast_to(output, shape)
        target = np.broadcast_to(target, shape[-target.ndim :])
        losses = np.empty(shape[:-1], np.result_type(output, target))
        for some in row_blocks(output.shape[-2], output.size // max(1, output.shape[-2])):
            losses[..., some] = self._rows(output[..., some, :], target[..., some, :])
        return losses

    def _rows(self, output: Array, target: Array) -> Array:
        shifted = output - _largest(output)[..., None]
        chosen = _sum(shifted * self._smooth(target))
        return np.asarray(np.log(_sum(np.exp(shifted, out=shifted))) - chosen)

    def slope(self, output: Array, target: Array, out: Array) -> Array:
        """Write ``softmax(output) - target`` into `out`."""
        softmax(output, out)
        out -= self._smooth(target)
        return out

    def prediction(self, output: Array) -> Array:
        """Return ``softmax(output)``, the probability of each class.

        A product with ones would round a row by the rows beside it.
        """
        shares = np.asarray(output - _largest(output)[..., None])
        np.exp(shares, out=shares)
        shares /= shares.sum(axis=-1, keepdims=True)
        return shares

    def initial_output(self, target: Array, weight: Array | None = None) -> Array:
        """Return the logarithm of the classes' frequencies, shape (n_outputs,)."""
        mean = np.average(self._smooth(target), axis=0, weights=weight)
        return np.asarray(np.log(np.clip(mean, 1e-6, 1)))

    def one_of_each(self, n_outputs: int) -> Array:
        """Return the targets of a row of each class, shape (n_outputs, n_outputs)."""
        return np.eye(n_outputs)

    def _smooth(self, target: Array) -> Array:
        if self.label_smoothing == 0:
            return target
        share = self.label_smoothing / target.shape[-1]
        return np.asarray(target * (1 - self.label_smoothing) + share)


def softmax(output: Array, out: Array) -> Array:
    """Write ``exp(output) / sum(exp(output))`` over the last axis into `out`.

    >>> softmax(np.array([1e4, 1e4]), np.empty(2))
    array([0.5, 0.5])
    """
    np.subtract(output, _largest(output)[..., None], out=out)
    np.exp(out, out=out)
    out /= _sum(out)[..., None]
    return out


def _largest(values: Array) -> Array:
    """Return the largest along the last axis, shape (*axes, n_samples).

    Classes are few and rows are many: class by class takes a twentieth of the time of ``max`` over
    a last axis of three, and half of it over one of 26; of a hundred classes it takes longer.
    """
    if values.shape[-1] > _MIN_NUMPY_CLASSES:
        return np.asarray(values.max(axis=-1))
    largest = values[..., 0].copy()
    for number in range(1, values.shape[-1]):
        np.maximum(largest, values[..., number], out=largest)
    return largest


def _sum(values: Array) -> Array:
    """Return the sum along the last axis, shape (*axes, n_samples).

    A product with ones takes from a fifth to a thirtieth of the time of ``sum``.
    """
    return np.asarray(values @ np.ones(values.shape[-1], values.dtype))
