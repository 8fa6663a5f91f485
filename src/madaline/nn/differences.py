"""Central differences: how much a value changes with small changes of its input.

At a kink, such as that of `ReLU` at zero, there is no derivative. Where a difference reaches across
one (two step sizes then disagree) it is left out; inputs exactly on a kink are to be avoided.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from madaline.errors import MadalineError
from madaline.nn.arrays import Array

TOLERANCE = 1e-6
"""Largest relative error of a gradient that passes; in float64 a right one has about 1e-9."""

STEP = 1e-5
"""Length of a change: short enough for curvature, long enough for rounding."""

COORDINATES = 100
"""Entries of an array that are changed one by one; of a larger one, so many at random."""


class GradientError(MadalineError, AssertionError):
    """A gradient differs from central differences."""


def check_gradient(
    function: Callable[[Array], float],
    point: Array,
    gradient: Array,
    *,
    name: str = "point",
    tolerance: float = TOLERANCE,
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
    madaline.nn.differences.GradientError: The gradient by point is wrong by 5.0e-04 (relative):
    at (1,) it is 12.006, central differences give 12.
    """
    rng = np.random.default_rng(seed)
    floor = 1e-3 * (1 + abs(function(point)))  # differences of values cannot tell less from zero
    scale = max(float(np.linalg.norm(gradient)), floor)
    chosen = np.arange(point.size)
    if point.size > COORDINATES:
        chosen = np.sort(rng.choice(point.size, COORDINATES, replace=False))
    entries = [np.unravel_index(number, point.shape) for number in chosen]
    claimed = np.array([gradient[entry] for entry in entries])
    true = np.array(
        [_slope(function, point, _at(point, entry), scale, tolerance) for entry in entries]
    )
    smooth = ~np.isnan(true)
    if 2 * smooth.sum() < len(entries):
        raise GradientError(f"The gradient by {name} cannot be checked: move it away from kinks.")
    errors = np.where(smooth, np.abs(claimed - true), 0)
    norm = max(float(np.linalg.norm(true[smooth])), float(np.linalg.norm(claimed[smooth])))
    error = float(np.linalg.norm(errors)) / max(norm, floor)
    if not error <= tolerance:
        worst = int(np.argmax(errors))
        raise GradientError(
            f"The gradient by {name} is wrong by {error:.1e} (relative): at "
            f"{tuple(map(int, entries[worst]))} it is {claimed[worst]:.6g}, "
            f"central differences give {true[worst]:.6g}."
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
            f"The gradient by {name} is wrong by {error:.1e} (relative) in a random direction, "
            f"perhaps at entries that were not checked one by one."
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

    full, half = difference(STEP), difference(STEP / 2)
    if abs(full - half) > max(0.1 * tolerance, 1e-7) * scale:
        return float("nan")
    return (4 * half - full) / 3


def _at(point: Array, entry: tuple[np.intp, ...]) -> Array:
    """Return the direction that changes one entry alone."""
    direction = np.zeros(point.shape)
    direction[entry] = 1
    return direction
