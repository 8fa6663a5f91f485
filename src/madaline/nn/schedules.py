"""A schedule says how much of its full value a setting has at each step, such as a learning rate.

A schedule is a function from the number of steps already taken to a factor; factors of several
schedules may be multiplied. A step may be an array, with a number for each member.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from madaline.nn.arrays import Array


class Schedule(Protocol):
    """From steps already taken to a factor."""

    def __call__(self, step: npt.ArrayLike) -> Array:
        """Return the factor at `step`, elementwise.

        Parameters
        ----------
        step : int, float or ndarray
            Number of steps already taken, from 0.

        Returns
        -------
        ndarray of the shape of `step`
            The factor, in the type of `step` if that is floating.
        """


@dataclass(frozen=True)
class Constant:
    """The same factor at every step.

    Parameters
    ----------
    factor : float, default=1
        The factor.

    Examples
    --------
    >>> Constant()(np.array([0, 10]))
    array([1., 1.])
    """

    factor: float = 1.0

    def __call__(self, step: npt.ArrayLike) -> Array:
        """Return the factor, see `Schedule`."""
        return np.full_like(_floating(step), self.factor)


@dataclass(frozen=True)
class Warmup:
    """A straight rise to 1, which is reached by the last of the first `steps` steps.

    The first step is not zero: no step is wasted.

    Parameters
    ----------
    steps : int
        Length of the rise.

    References
    ----------
    Goyal et al. (2017), "Accurate, large minibatch SGD", arXiv:1706.02677.

    Examples
    --------
    >>> Warmup(4)(np.array([0, 1, 2, 3, 4]))
    array([0.25, 0.5 , 0.75, 1.  , 1.  ])
    """

    steps: int

    def __call__(self, step: npt.ArrayLike) -> Array:
        """Return the factor, see `Schedule`."""
        return np.minimum((_floating(step) + 1) / max(1, self.steps), 1)


@dataclass(frozen=True)
class Cosine:
    """Half a cosine from 1 down to 0: slowly at first and at last.

    Parameters
    ----------
    steps : int
        Length of the fall; 0 from then on.

    References
    ----------
    Loshchilov and Hutter (2016), "SGDR", arXiv:1608.03983.

    Examples
    --------
    >>> Cosine(100)(np.array([0, 50, 100])).round(3)
    array([1. , 0.5, 0. ])
    """

    steps: int

    def __call__(self, step: npt.ArrayLike) -> Array:
        """Return the factor, see `Schedule`."""
        return _cosine(1, 0, _progress(step, 0, self.steps))


@dataclass(frozen=True)
class FlatCosine:
    """1 for the first part, then half a cosine down to 0.

    Parameters
    ----------
    steps : int
        Length of both parts.
    flat : float, default=0.5
        Share of the first part.

    References
    ----------
    RealMLP uses it for dropout and label smoothing: Holzmüller, Grinsztajn and Steinwart (2024),
    arXiv:2407.04491.

    Examples
    --------
    >>> FlatCosine(100)(np.array([0, 50, 75, 100])).round(3)
    array([1. , 1. , 0.5, 0. ])
    """

    steps: int
    flat: float = 0.5

    def __call__(self, step: npt.ArrayLike) -> Array:
        """Return the factor, see `Schedule`."""
        return _cosine(1, 0, _progress(step, self.flat * self.steps, self.steps))


@dataclass(frozen=True)
class CosLog4:
    """Four rises and falls between 0 and 1, each about twice as long as the one before.

    ``(1 - cos(2 pi log2(1 + 15 t))) / 2`` with t from 0 to 1.

    Parameters
    ----------
    steps : int
        Length of all four; 0 from then on.

    References
    ----------
    The learning rate of RealMLP: Holzmüller, Grinsztajn and Steinwart (2024), arXiv:2407.04491.

    Examples
    --------
    >>> CosLog4(150)(np.array([0, 10, 30, 70, 150])).round(3)
    array([0., 0., 0., 0., 0.])
    >>> CosLog4(150)(np.array([4.1421, 18.284])).round(3)
    array([1., 1.])
    """

    steps: int

    def __call__(self, step: npt.ArrayLike) -> Array:
        """Return the factor, see `Schedule`."""
        cycles = np.log2(1 + 15 * _progress(step, 0, self.steps))
        return np.asarray((1 - np.cos(2 * np.pi * cycles)) / 2)


@dataclass(frozen=True)
class OneCycle:
    """A rise from `start` to 1, then a long fall to `end`, both along half a cosine.

    Parameters
    ----------
    steps : int
        Length of both.
    rise : float, default=0.3
        Share of the rise.
    start, end : float, default=0.04 and 0.0001
        Factors at the first step and from the last step on.

    References
    ----------
    Smith and Topin (2017), "Super-convergence", arXiv:1708.07120.

    Examples
    --------
    >>> OneCycle(100)(np.array([0, 30, 100])).round(4)
    array([4.e-02, 1.e+00, 1.e-04])
    """

    steps: int
    rise: float = 0.3
    start: float = 0.04
    end: float = 1e-4

    def __call__(self, step: npt.ArrayLike) -> Array:
        """Return the factor, see `Schedule`."""
        top = self.rise * self.steps
        rising = _cosine(self.start, 1, _progress(step, 0, top))
        falling = _cosine(1, self.end, _progress(step, top, self.steps))
        return np.where(_floating(step) < top, rising, falling)


def _floating(step: npt.ArrayLike) -> Array:
    array = np.asarray(step)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _progress(step: npt.ArrayLike, first: float, last: float) -> Array:
    """Return how far `step` is on the way from `first` to `last`, from 0 to 1."""
    way = max(last - first, 1e-30)  # no way at all has ended as soon as it begins
    return np.asarray(np.clip((_floating(step) - first) / way, 0, 1))


def _cosine(start: float, end: float, progress: Array) -> Array:
    return np.asarray(end + (start - end) * (1 + np.cos(np.pi * progress)) / 2)
