"""What the optimizers that remember squared gradients share."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array


def add_squares(squares: Array, gradient: Array, beta2: float, scratch: Array) -> None:
    """Take the gradient into the fading sum of its squares: ``q = beta2 q + g**2``.

    Parameters
    ----------
    squares : ndarray of shape (*axes, parameters)
        The sum, changed in place.
    gradient : ndarray of shape (*axes, parameters)
        The gradient.
    beta2 : float
        How much of the past is kept.
    scratch : ndarray of shape (*axes, parameters)
        Overwritten.
    """
    np.multiply(gradient, gradient, out=scratch)
    squares *= beta2
    squares += scratch


def divide_by_root(
    direction: Array, squares: Array, epsilon: float | Array, scratch: Array, out: Array
) -> Array:
    """Write ``direction / (sqrt(squares) + epsilon)`` into `out`, which may be the direction."""
    np.sqrt(squares, out=scratch)
    scratch += epsilon
    return np.divide(direction, scratch, out=out)


def sum_of_weights(beta: float, steps: Array) -> Array:
    """Return ``1 + beta + ... + beta**(steps - 1)``: what a fading sum is divided by for a mean.

    So the mean is right from the first step on. The division moves from the matrix to one number
    for each member: ``g / (sqrt(q / s) + epsilon) = sqrt(s) g / (sqrt(q) + sqrt(s) epsilon)``.

    Parameters
    ----------
    beta : float
        How much of the past is kept, below 1.
    steps : ndarray of shape (*axes, 1)
        Number of steps, the present one included.

    Examples
    --------
    >>> sum_of_weights(0.5, np.array([[1.0], [2.0], [3.0]])).ravel()
    array([1.  , 1.5 , 1.75])
    """
    exact = np.expm1(steps.astype(np.float64) * np.log(beta)) / (beta - 1)
    return np.asarray(exact.astype(steps.dtype))
