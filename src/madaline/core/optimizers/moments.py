"""What the optimizers that remember squared gradients share."""

from __future__ import annotations

import numpy as np

from madaline.core.arrays import Array


def update_second_moment(second: Array, gradient: Array, beta2: float, scratch: Array) -> None:
    """Take the gradient into the running mean of its squares: ``v = beta2 v + (1 - beta2) g**2``.

    Parameters
    ----------
    second : ndarray of shape (*axes, parameters)
        The running mean, changed in place.
    gradient : ndarray of shape (*axes, parameters)
        The gradient.
    beta2 : float
        How much of the past is kept.
    scratch : ndarray of shape (*axes, parameters)
        Overwritten.
    """
    np.multiply(gradient, gradient, out=scratch)
    scratch *= 1 - beta2
    second *= beta2
    second += scratch


def divide_by_root(direction: Array, second: Array, epsilon: float | Array, scratch: Array) -> None:
    """Divide in place: ``direction /= sqrt(second) + epsilon``."""
    np.sqrt(second, out=scratch)
    scratch += epsilon
    direction /= scratch


def bias_correction(beta2: float, steps: Array) -> Array:
    """Return ``r = sqrt(1 - beta2**steps)``, which makes up for moments that started at zero.

    It moves Adam's correction from the matrix to one number for each member:
    ``g / (sqrt(v / r**2) + epsilon) = r g / (sqrt(v) + r epsilon)``.

    Parameters
    ----------
    beta2 : float
        How much of the past is kept.
    steps : ndarray of shape (*axes, 1)
        Number of steps, the present one included.
    """
    exact = np.sqrt(-np.expm1(steps.astype(np.float64) * np.log(beta2)))
    return np.asarray(exact.astype(steps.dtype))
