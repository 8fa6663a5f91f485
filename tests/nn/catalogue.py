"""Every layer, loss and optimizer once; the tests beside this file hold each to all the laws."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from madaline.nn import layers, losses, optimizers


def chain(n: int, *inner: layers.Layer) -> layers.Layer:
    """Return one layer that is made of several, for those that want a grid of a certain shape."""
    return layers.Branches((((0, n),),), (inner,))


LAYERS: dict[str, Callable[[int], layers.Layer]] = {
    "batch_normalization": lambda n: layers.BatchNormalization(1, n),
    "batch_normalization_of_pictures": lambda n: chain(
        n, layers.Linear(n, 12), layers.BatchNormalization(4, 3), layers.Linear(12, n)
    ),
    "convolution_of_sequences": lambda n: layers.Convolution((n,), 1, 2),
    "convolution_of_channels": lambda n: layers.Convolution((1,), n, 2, 5),
    "convolution_of_pictures": lambda n: chain(
        n, layers.Linear(n, 24), layers.Convolution((3, 4), 2, 3), layers.Linear(36, n)
    ),
    "branches": lambda n: layers.Branches(
        (((0, n),), ((0, 1), (n - 1, n))),
        ((layers.Linear(n, 3), layers.SiLU()), (layers.ScaledLinear((0, 1), 2),)),
    ),
    "branches_of_pictures": lambda n: chain(
        n,
        layers.Linear(n, 26),
        layers.Branches(
            (((2, 26),), ((0, 2),)),
            (
                (layers.Convolution((3, 4), 2, 3), layers.MaxPooling((3, 4)), layers.SiLU()),
                (layers.Linear(2, 4),),
            ),
        ),
        layers.Linear(10, n),
    ),
    "dropout": lambda n: layers.Dropout(0.25),
    "elu": lambda n: layers.ELU(),
    "elu_deep": lambda n: layers.ELU(2.0),
    "gelu": lambda n: layers.GELU(),
    "identity": lambda n: layers.Identity(),
    "leaky_relu": lambda n: layers.LeakyReLU(0.1),
    "leaky_silu": lambda n: layers.LeakySiLU(),
    "linear": lambda n: layers.Linear(n, 4),
    "max_pooling": lambda n: layers.MaxPooling((n,), min(n, 2)),
    "max_pooling_of_pictures": lambda n: chain(
        n, layers.Linear(n, 24), layers.MaxPooling((2, 6), 2), layers.Linear(6, n)
    ),
    "mean_pooling": lambda n: layers.MeanPooling((n,), min(n, 2)),
    "mish": lambda n: layers.Mish(),
    "relu": lambda n: layers.ReLU(),
    "scaled_linear": lambda n: layers.ScaledLinear(tuple(i // 2 for i in range(n)), 4),
    "selu": lambda n: layers.SELU(),
    "sigmoid": lambda n: layers.Sigmoid(),
    "silu": lambda n: layers.SiLU(),
    "softplus": lambda n: layers.Softplus(),
    "tanh": lambda n: layers.Tanh(),
    "trees": lambda n: layers.Trees(n, 2, 3, 4),
}
"""From the number of features to a layer that takes them."""


@dataclass(frozen=True)
class LossCase:
    """A loss with what its targets look like."""

    loss: losses.Loss
    draw: Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]
    n_outputs: int | None = None  # any number, if it is not given


def _numbers(rng, shape):
    return rng.normal(size=shape)


def _counts(rng, shape):
    return rng.poisson(2.0, shape).astype(float)


def _coins(rng, shape):
    return rng.integers(0, 2, shape).astype(float)


def _classes(rng, shape):
    return np.eye(shape[-1])[rng.integers(0, shape[-1], shape[:-1])]


LOSSES = {
    "absolute": LossCase(losses.Absolute(), _numbers),
    "binary_cross_entropy": LossCase(losses.BinaryCrossEntropy(), _coins),
    "binary_cross_entropy_smooth": LossCase(losses.BinaryCrossEntropy(0.1), _coins),
    "cross_entropy": LossCase(losses.CrossEntropy(), _classes),
    "cross_entropy_smooth": LossCase(losses.CrossEntropy(0.1), _classes),
    "huber": LossCase(losses.Huber(0.7), _numbers),
    "poisson": LossCase(losses.Poisson(), _counts),
    "quantile": LossCase(losses.Quantile(0.8), _numbers),
    "quantiles": LossCase(losses.Quantiles((0.1, 0.5, 0.8)), _numbers, 3),
    "squared": LossCase(losses.Squared(), _numbers),
}

OPTIMIZERS = {
    "adam": optimizers.Adam(),
    "gradient_descent": optimizers.GradientDescent(),
    "schedule_free": optimizers.ScheduleFreeAdamW(),
}
