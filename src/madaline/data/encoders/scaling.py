r"""Robust scaling: numbers come to a common size, and no outlier is ever far away.

.. math:: z = \frac{x - \mathrm{median}}{\mathrm{IQR}}, \qquad s(z) = \frac{z}{\sqrt{1 + (z / 3)^2}}

The smooth clipping :math:`s` leaves the middle as it is and keeps everything within -3 and 3. Where
the interquartile range is zero, half the whole range takes its place (Holzmüller, Grinsztajn and
Steinwart, 2024, https://arxiv.org/abs/2407.04491).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.data.statistics import Distribution
from madaline.nn import row_kernels
from madaline.nn.arrays import Array
from madaline.nn.workspace import Workspace

_LARGEST, _SMALLEST = float(np.finfo(np.float64).max), float(np.nextafter(0, 1))
_ONE, _THREE, _FAR, _FAR_BELOW = map(np.array, (1.0, 3.0, 1e100, -1e100))  # quicker than numbers


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
        out = np.empty(numbers.shape)
        with np.errstate(over="ignore", under="ignore"):
            center, spread = np.array(self.center), np.array(self.spread)
            write_scaled(numbers, center, spread, out, Workspace())
        return out


def write_scaled(
    numbers: Array, center: Array, spread: Array, out: Array, workspace: Workspace
) -> None:
    """Write finite numbers scaled and smoothly clipped.

    Parameters
    ----------
    numbers, out : float64 ndarray
        Of the same shape.
    center, spread : float64 ndarray
        What goes with that shape.
    workspace : Workspace
        Does it. Numbers may get too large or too small on the way: `numpy.errstate` says who minds.

    Examples
    --------
    >>> out, center, spread = np.empty((2, 1)), np.array([[4.0], [3.0]]), np.array([[4.0], [2.0]])
    >>> write_scaled(np.array([[4.0], [9.0]]), center, spread, out, Workspace())
    >>> out.round(3)
    array([[0.   ],
           [2.121]])
    """
    if workspace.in_one_call(row_kernels.scale, numbers, center, spread, out):
        return
    below = workspace.empty(out.shape, np.float64)
    workspace.do(np.subtract, numbers, center, out=out)
    workspace.do(np.divide, out, spread, out=out)
    workspace.do(np.maximum, out, _FAR_BELOW, out=out)
    workspace.do(np.minimum, out, _FAR, out=out)
    workspace.do(np.divide, out, _THREE, out=below)
    workspace.do(np.square, below, out=below)
    workspace.do(np.add, below, _ONE, out=below)
    workspace.do(np.sqrt, below, out=below)
    workspace.do(np.divide, out, below, out=out)
