"""The gradient check: it compares gradients with central differences.

Whoever writes a backward pass by hand makes mistakes, and a network with a slightly wrong gradient
still learns, only worse. So every layer, every loss and whole networks are checked against central
differences in float64, and so should be yours.

At a kink, such as that of `ReLU` at zero, there is no derivative. Where a difference reaches across
one (two step sizes then disagree) it is left out; inputs exactly on a kink are to be avoided.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from madaline._base.language import _
from madaline.errors import MadalineError
from madaline.nn.arrays import Array, Workspace
from madaline.nn.layers._base import Layer
from madaline.nn.losses._base import Loss
from madaline.nn.network import Network

# Largest relative error of a gradient that passes; in float64 a right one has about 1e-9
_TOLERANCE = 1e-6

_STEP = 1e-5  # length of a change: short enough for curvature, long enough for rounding

# Entries of an array that are changed one by one; of a larger one, so many at random
_COORDINATES = 100

_ValueAndGradient: TypeAlias = Callable[[Array], tuple[float, Array]]


def check_layer(
    layer: Layer,
    x: Array,
    *,
    axes: tuple[int, ...] = (),
    training: bool = False,
    seed: int = 0,
    tolerance: float = _TOLERANCE,
) -> float:
    """Check a layer's gradients by its input and its parameters, for a random sum of its outputs.

    Parameters
    ----------
    layer : Layer
        The layer.
    x : ndarray of shape (*axes, batch, in_features), or with fewer axes
        Input.
    axes : tuple of int, default=()
        Shape of the population.
    training : bool, default=False
        Whether to do what is only done in training.
    seed : int, default=0
        Of parameters, outputs' weights and what the layer draws in training.
    tolerance : float, default=1e-6
        Largest relative error.

    Returns
    -------
    float
        Largest relative error of all arrays.

    Raises
    ------
    GradientError
        If one is above the tolerance.

    Examples
    --------
    >>> from madaline.nn.layers import Linear
    >>> check_layer(Linear(3, 2), np.random.default_rng(0).normal(size=(5, 3)), axes=(4,)) < 1e-8
    True
    """
    # A stream of its own: weights equal to the input would make gradients of normalization vanish.
    rng = np.random.default_rng((seed, 1))
    weights: list[Array] = []

    def random_sum(output: Array) -> tuple[float, Array]:
        if not weights:
            weights.append(rng.standard_normal(output.shape))
        return float(np.vdot(weights[0], output)), weights[0].copy()

    return _check_backward(Network((layer,)), random_sum, x, axes, training, seed, tolerance)


def check_loss(
    loss: Loss,
    output: Array,
    target: Array,
    weight: Array | None = None,
    *,
    tolerance: float = _TOLERANCE,
) -> float:
    """Check a loss's slope and its gradient of the weighted mean.

    Parameters
    ----------
    loss : Loss
        The loss.
    output : ndarray of shape (*axes, n_samples, n_outputs)
        Raw output.
    target : ndarray that broadcasts to the shape of `output`
        What it should have been.
    weight : ndarray of shape (n_samples,), optional
        Weight of each row.
    tolerance : float, default=1e-6
        Largest relative error.

    Returns
    -------
    float
        Largest relative error.

    Raises
    ------
    GradientError
        If it is above the tolerance.

    Examples
    --------
    >>> from madaline.nn.losses import Squared
    >>> check_loss(Squared(), np.array([[1.0], [2.0]]), np.zeros((2, 1))) < 1e-8
    True
    """
    point = np.array(output, np.float64)
    return max(
        check_gradient(
            lambda values: float(loss.rows(values, target).sum()),
            point,
            loss.slope(point, target, np.empty_like(point)),
            name="the output (slope)",
            tolerance=tolerance,
        ),
        check_gradient(
            lambda values: _batch_mean(loss, values, target, weight),
            point,
            loss.gradient(point, target, weight, workspace=Workspace()),
            name="the output (gradient)",
            tolerance=tolerance,
        ),
    )


def check_network(
    network: Network,
    loss: Loss,
    x: Array,
    target: Array,
    weight: Array | None = None,
    *,
    axes: tuple[int, ...] = (),
    training: bool = False,
    seed: int = 0,
    tolerance: float = _TOLERANCE,
) -> float:
    """Check the gradients of a loss by a network's input and all its parameters.

    Parameters
    ----------
    network : Network
        The network; its parameters are drawn at random.
    loss : Loss
        The loss.
    x : ndarray of shape (*axes, batch, in_features), or with fewer axes
        Input.
    target : ndarray that broadcasts to the shape of the output
        What the output should be.
    weight : ndarray of shape (batch,), optional
        Weight of each row.
    axes : tuple of int, default=()
        Shape of the population.
    training : bool, default=False
        Whether to do what is only done in training.
    seed : int, default=0
        Of all that is random.
    tolerance : float, default=1e-6
        Largest relative error.

    Returns
    -------
    float
        Largest relative error of all arrays.

    Raises
    ------
    GradientError
        If one is above the tolerance; the message names the array.

    Examples
    --------
    >>> from madaline.nn.layers import Linear, Tanh
    >>> from madaline.nn.losses import Squared
    >>> network = Network((Linear(3, 4), Tanh(), Linear(4, 1)))
    >>> x = np.random.default_rng(0).normal(size=(5, 3))
    >>> check_network(network, Squared(), x, np.ones((5, 1)), axes=(2,)) < 1e-8
    True
    """

    def mean_loss(output: Array) -> tuple[float, Array]:
        gradient = loss.gradient(output, target, weight, workspace=Workspace())
        return _batch_mean(loss, output, target, weight), gradient

    return _check_backward(network, mean_loss, x, axes, training, seed, tolerance)


def _check_backward(
    network: Network,
    of_output: _ValueAndGradient,
    x: Array,
    axes: tuple[int, ...],
    training: bool,
    seed: int,
    tolerance: float,
) -> float:
    """Check all gradients of a function of a network's output."""
    population = network.initialize(axes, np.random.default_rng(seed), dtype=np.float64)
    theta, x = population.theta, np.array(x, np.float64)
    # Zeros and ones, where some layers start, would hide mistakes.
    theta += 0.1 * np.random.default_rng((seed, 2)).standard_normal(theta.shape)
    parameters = network.bind(theta)

    def value(_: Array) -> float:
        output, _backward = network.forward(
            parameters, x, workspace=Workspace(), training=training, rng=np.random.default_rng(seed)
        )
        return of_output(output)[0]

    output, backward = network.forward(
        parameters, x, workspace=Workspace(), training=training, rng=np.random.default_rng(seed)
    )
    by_theta = np.full_like(theta, np.nan)  # whatever is not written is found
    by_x = backward(of_output(output)[1], network.bind(by_theta), input_gradient=True)
    points, gradients = population.layout.views(theta), population.layout.views(by_theta)
    errors = [
        check_gradient(
            value, points[name], gradients[name], name=name, tolerance=tolerance, seed=seed
        )
        for name in points
    ]
    by_x = _summed_to(by_x, x.shape)
    return max(
        *errors, check_gradient(value, x, by_x, name="x", tolerance=tolerance, seed=seed), 0.0
    )


def _batch_mean(loss: Loss, output: Array, target: Array, weight: Array | None) -> float:
    """Return the weighted mean loss that `Loss.gradient` belongs to, summed over members."""
    rows = loss.rows(output, target)
    return float((rows if weight is None else rows * weight).mean(axis=-1).sum())


def _summed_to(gradient: Array, shape: tuple[int, ...]) -> Array:
    """Return the gradient by an input that members share: the sum of theirs."""
    gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    shared = tuple(axis for axis, size in enumerate(shape) if size < gradient.shape[axis])
    return np.asarray(gradient.sum(axis=shared, keepdims=True))


class GradientError(MadalineError, AssertionError):
    """A gradient differs from central differences."""


def check_gradient(
    function: Callable[[Array], float],
    point: Array,
    gradient: Array,
    *,
    name: str = "point",
    tolerance: float = _TOLERANCE,
    seed: int = 0,
) -> float:
    """Compare a gradient with central differences, entry by entry and in a random direction.

    Parameters
    ----------
    function : callable
        From an array like `point` to a number.
    point : ndarray of float64
        Where the gradient was taken. It is changed in place meanwhile and restored.
    gradient : ndarray of the shape of `point`
        The gradient in question.
    name : str, default="point"
        What `point` is called in the error message.
    tolerance : float, default=1e-6
        Largest relative error.
    seed : int, default=0
        Of the random direction and, in a large array, of the choice of entries.

    Returns
    -------
    float
        The larger relative error of both comparisons.

    Raises
    ------
    GradientError
        If it is above the tolerance.

    Examples
    --------
    >>> x = np.array([1.0, 2.0])
    >>> check_gradient(lambda x: float((x**3).sum()), x, 3 * x**2) < 1e-8
    True
    >>> check_gradient(lambda x: float((x**3).sum()), x, 3.0015 * x**2)
    Traceback (most recent call last):
    madaline.nn.gradcheck.GradientError: The gradient by point is wrong by 5.0e-04 (relative):
    at (1,) it is 12.006, central differences give 12.
    """
    rng = np.random.default_rng(seed)
    floor = 1e-3 * (1 + abs(function(point)))  # differences of values cannot tell less from zero
    scale = max(float(np.linalg.norm(gradient)), floor)
    chosen = np.arange(point.size)
    if point.size > _COORDINATES:
        chosen = np.sort(rng.choice(point.size, _COORDINATES, replace=False))
    entries = [np.unravel_index(number, point.shape) for number in chosen]
    claimed = np.array([gradient[entry] for entry in entries])
    true = np.array(
        [_slope(function, point, _at(point, entry), scale, tolerance) for entry in entries]
    )
    smooth = ~np.isnan(true)
    if 2 * smooth.sum() < len(entries):
        told = _("The gradient by {name} cannot be checked: move it away from kinks.")
        raise GradientError(told.format(name=name))
    errors = np.where(smooth, np.abs(claimed - true), 0)
    norm = max(float(np.linalg.norm(true[smooth])), float(np.linalg.norm(claimed[smooth])))
    error = float(np.linalg.norm(errors)) / max(norm, floor)
    if not error <= tolerance:
        worst = int(np.argmax(errors))
        raise GradientError(
            _(
                "The gradient by {name} is wrong by {error:.1e} (relative): at {place} it is {claimed:.6g}, central differences give {true:.6g}."
            ).format(
                name=name,
                error=error,
                place=tuple(map(int, entries[worst])),
                claimed=claimed[worst],
                true=true[worst],
            )
        )
    return max(error, _check_direction(function, point, gradient, scale, name, tolerance, rng))


def _check_direction(
    function: Callable[[Array], float],
    point: Array,
    gradient: Array,
    scale: float,
    name: str,
    tolerance: float,
    rng: np.random.Generator,
) -> float:
    """Return the relative error in a random direction, 0 if that leads across a kink."""
    direction = rng.standard_normal(point.shape)
    true = _slope(function, point, direction, scale, tolerance)
    error = abs(float(np.vdot(gradient, direction)) - true) / scale
    if error > tolerance:
        raise GradientError(
            _(
                "The gradient by {name} is wrong by {error:.1e} (relative) in a random direction, perhaps at entries that were not checked one by one."
            ).format(name=name, error=error)
        )
    return 0.0 if np.isnan(error) else error


def _slope(
    function: Callable[[Array], float],
    point: Array,
    direction: Array,
    scale: float,
    tolerance: float,
) -> float:
    """Return the slope along `direction` by central differences, NaN if there is a kink.

    Differences of two lengths are extrapolated to none, ``(4 half - full) / 3`` (Richardson). Where
    the function is smooth they agree to the square of the length.
    """
    before = point.copy()

    def difference(length: float) -> float:
        point[...] = before + length * direction
        above = function(point)
        point[...] = before - length * direction
        below = function(point)
        point[...] = before
        return (above - below) / (2 * length)

    full, half = difference(_STEP), difference(_STEP / 2)
    if abs(full - half) > max(0.1 * tolerance, 1e-7) * scale:
        return float("nan")
    return (4 * half - full) / 3


def _at(point: Array, entry: tuple[np.intp, ...]) -> Array:
    """Return the direction that changes one entry alone."""
    direction = np.zeros(point.shape)
    direction[entry] = 1
    return direction
