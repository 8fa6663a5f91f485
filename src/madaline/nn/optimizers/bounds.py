"""Bounds of parameters: what an optimizer may not cross, such as zero for some weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class Bounds:
    """The lowest and the highest value of each parameter (final).

    An optimizer moves a parameter that a step takes beyond them back to the nearest bound, which is
    the projected gradient method.

    Parameters
    ----------
    lower, upper : ndarray of shape (*axes, parameters)
        Infinite where a parameter is free; both zero where it must stay zero.

    Examples
    --------
    >>> bounds = Bounds(np.array([0.0, -np.inf]), np.array([np.inf, np.inf]))
    >>> bounds.nearest(np.array([-1.0, -2.0])), bounds.reflected(np.array([-1.0, -2.0]))
    (array([ 0., -2.]), array([ 1., -2.]))
    """

    lower: Array
    upper: Array

    def repeated(self, n: int) -> Bounds:
        """Return the same bounds for n members."""
        return Bounds(np.tile(self.lower, (n, 1)), np.tile(self.upper, (n, 1)))

    def nearest(self, theta: Array) -> Array:
        """Return the parameters moved to the nearest values within the bounds."""
        return np.clip(theta, self.lower, self.upper)

    def reflected(self, theta: Array) -> Array:
        """Return the parameters with the other sign where only that is within the bounds."""
        outside = (theta < self.lower) | (theta > self.upper)
        return self.nearest(np.where(outside, -theta, theta))
