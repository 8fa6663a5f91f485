"""Batch normalization brings each unit to mean zero and variance one over the rows.

In training the rows are those of the batch. For prediction the layer reads each unit's mean and
variance from the population, where `Network.calibrate` writes them: there is no running average
that somebody must remember to update, and no state on the layer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.layers.base import Backward, Layer, over_members
from madaline.nn.population import Slot
from madaline.nn.products import sum_over_batch
from madaline.nn.workspace import Workspace


@dataclass(frozen=True)
class BatchNorm(Layer):
    """``y = n * scale + bias`` with ``n = (x - mean) / sqrt(variance + epsilon)`` over the rows.

    The gradient by the mean and the variance is zero, so that optimizers leave them alone. Measure
    them when training has ended, at the parameters that are kept: an average over many batches of
    networks that no longer exist is worse, and where an optimizer averages parameters it is wrong.

    Parameters
    ----------
    features : int
        Number of features.
    epsilon : float, default=1e-5
        Keeps constant features finite.

    References
    ----------
    Ioffe and Szegedy (2015), arXiv:1502.03167; statistics measured at the end ("precise"): Wu and
    Johnson (2021), "Rethinking 'batch' in BatchNorm", arXiv:2105.07576.

    Examples
    --------
    >>> from madaline.nn.network import Network
    >>> network = Network((BatchNorm(1),))
    >>> x = np.array([[1.0], [5.0]])
    >>> theta = network.initialize((), np.random.default_rng(0), dtype=float).theta
    >>> network.calibrate(theta, x)
    >>> network.predict(theta, x).round(4)
    array([[-1.],
           [ 1.]])
    """

    features: int
    epsilon: float = 1e-5

    def slots(self) -> tuple[Slot, ...]:
        """Return the scale and the bias, which are learned, the mean and the variance."""
        return (
            Slot("scale", (self.features,), "scale"),
            Slot("bias", (self.features,), "bias"),
            Slot("mean", (self.features,), "statistic"),
            Slot("variance", (self.features,), "statistic"),
        )

    def initialize(self, parameters: Parameters, rng: Rng) -> None:
        """Start with a scale and a variance of one, a bias and a mean of zero."""
        for name, value in {"scale": 1, "bias": 0, "mean": 0, "variance": 1}.items():
            parameters[name][...] = value

    def calibrate(self, parameters: Parameters, x: Array) -> None:
        """Measure the mean and the variance of every feature of `x`."""
        parameters["mean"][...] = x.mean(axis=-2)
        parameters["variance"][...] = x.var(axis=-2)

    def forward(
        self,
        parameters: Parameters,
        x: Array,
        *,
        workspace: Workspace,
        training: bool = False,
        rng: Rng | None = None,
    ) -> tuple[Array, Backward]:
        """Return the normalized features and the backward pass."""
        scale = parameters["scale"][..., None, :]  # (*axes, 1, features)
        normal, deviation = (
            self._by_batch(x, workspace) if training else self._by_record(parameters, x, workspace)
        )
        y = np.multiply(normal, scale, out=over_members(x, scale, workspace))
        y += parameters["bias"][..., None, :]

        def backward(
            gradient: Array, gradients: Parameters, *, input_gradient: bool = True
        ) -> Array:
            product = workspace.empty(gradient.shape, gradient.dtype)
            sum_over_batch(gradient, gradients["bias"], workspace)
            sum_over_batch(
                np.multiply(gradient, normal, out=product), gradients["scale"], workspace
            )
            gradients["mean"][...] = 0
            gradients["variance"][...] = 0
            if not input_gradient:
                return gradient
            if training:  # the batch's mean and variance depend on x, too
                share = 1 / x.shape[-2]
                gradient -= gradients["bias"][..., None, :] * share
                by_scale = gradients["scale"][..., None, :] * share
                gradient -= np.multiply(normal, by_scale, out=product)
            gradient *= scale
            gradient /= deviation
            return gradient

        return y, backward

    def _by_batch(self, x: Array, workspace: Workspace) -> tuple[Array, Array]:
        """Return `x` normalized by its own rows and the deviation, shape (..., 1, features)."""
        normal, square = workspace.empty(x.shape, x.dtype), workspace.empty(x.shape, x.dtype)
        np.subtract(x, _batch_mean(x, workspace), out=normal)
        deviation = _batch_mean(np.multiply(normal, normal, out=square), workspace)
        deviation += self.epsilon
        np.sqrt(deviation, out=deviation)
        normal /= deviation
        return normal, deviation

    def _by_record(
        self, parameters: Parameters, x: Array, workspace: Workspace
    ) -> tuple[Array, Array]:
        """Return `x` normalized by the mean and the variance on record, and the deviation."""
        mean, variance = parameters["mean"][..., None, :], parameters["variance"][..., None, :]
        deviation = np.sqrt(variance + self.epsilon)
        normal = np.subtract(x, mean, out=over_members(x, mean, workspace))
        normal /= deviation
        return normal, deviation


def _batch_mean(x: Array, workspace: Workspace) -> Array:
    """Return the mean over the rows, shape (..., 1, features)."""
    mean = workspace.empty((*x.shape[:-2], 1, x.shape[-1]), x.dtype)
    sum_over_batch(x, mean[..., 0, :], workspace)
    mean *= 1 / x.shape[-2]
    return mean
