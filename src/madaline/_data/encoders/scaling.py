r"""Robust scaling: numbers come to a common size, and no outlier is ever far away.

.. math:: z = \frac{x - \mathrm{median}}{\mathrm{IQR}}, \qquad s(z) = \frac{z}{\sqrt{1 + (z / 3)^2}}

The smooth clipping :math:`s` leaves the middle as it is and keeps everything within -3 and 3. Where
the interquartile range is zero, half the whole range takes its place (Holzmüller, Grinsztajn and
Steinwart, 2024, https://arxiv.org/abs/2407.04491).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._data.statistics import Distribution
from madaline.nn.arrays import Array

_LARGEST, _SMALLEST = float(np.finfo(np.float64).max), float(np.nextafter(0, 1))
FAR = 1e100
"""Scaled numbers stay within it, so that their squares do not overflow."""


@dataclass(frozen=True)
class RobustScaling:
    """Where the middle of some numbers is, and how far they spread.

    Parameters
    ----------
    center : float
        The median.
    spread : float
        The interquartile range, or half the range where it is zero; above zero.

    Examples
    --------
    >>> scaling = RobustScaling.fit(Distribution.of(np.arange(9.0)))
    >>> scaling
    RobustScaling(center=4.0, spread=4.0)
    >>> scaling.apply(np.array([4.0, 1e300])).round(3)
    array([0., 3.])
    """

    center: float
    spread: float

    @classmethod
    def fit(cls, distribution: Distribution) -> RobustScaling:
        """Return the scaling of a distribution of at least one value."""
        with np.errstate(over="ignore"):  # a range beyond 1.8e308 becomes the largest number
            spread = distribution.quantile(0.75) - distribution.quantile(0.25)
            if spread == 0:
                spread = float(distribution.values[-1] / 2 - distribution.values[0] / 2)
        spread = min(max(spread, _SMALLEST), _LARGEST)
        return cls(distribution.quantile(0.5), spread)

    def apply(self, numbers: Array) -> Array:
        """Return finite numbers scaled and smoothly clipped, in float64."""
        return scaled(numbers, np.array(self.center), np.array(self.spread))


def scaled(numbers: Array, center: Array, spread: Array) -> Array:
    """Return finite numbers scaled and smoothly clipped, in float64.

    Parameters
    ----------
    numbers : float64 ndarray
        The numbers.
    center, spread : float64 ndarray
        What broadcasts to their shape.

    Examples
    --------
    >>> center, spread = np.array([[4.0], [3.0]]), np.array([[4.0], [2.0]])
    >>> scaled(np.array([[4.0], [9.0]]), center, spread).round(3)
    array([[0.   ],
           [2.121]])
    """
    with np.errstate(over="ignore", under="ignore"):
        z = numbers - center
        z /= spread
        z = np.minimum(np.maximum(z, -FAR, out=z), FAR, out=z)
        size = np.square(z / 3)
        size += 1
        z /= np.sqrt(size, out=size)
        return np.asarray(z)
