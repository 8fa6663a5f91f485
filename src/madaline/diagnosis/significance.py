"""How easily chance makes something look as it does, and what many looks do to that.

Who looks at a hundred columns sees something odd in five of them at the usual level of 5 %. All
tests here are therefore held to `LEVEL` together, by the procedure of Holm (1979), "A simple
sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6.
"""

from __future__ import annotations

from math import asin, erfc, exp, sqrt

import numpy as np

from madaline.nn.arrays import Array

LEVEL = 0.01
"""Chance of even one false alarm among all the tests of a question."""


def holm(chances: Array, level: float = LEVEL) -> Array:
    """Return which of several tests reject chance, as Booleans of shape (n_tests,).

    Parameters
    ----------
    chances : ndarray of shape (n_tests,)
        For each test how probable something as odd is by chance (its p value).
    level : float
        Chance of even one false alarm.

    Examples
    --------
    >>> holm(np.array([0.004, 0.2, 0.0001]))
    array([ True, False,  True])
    """
    order = np.argsort(chances, kind="stable")
    held = chances[order] <= level / np.arange(len(chances), 0, -1)
    rejected = np.zeros(len(chances), bool)
    rejected[order] = np.logical_and.accumulate(held)
    return rejected


def normal_chance(standard_errors: float) -> float:
    """Return how probable it is to be at least so many standard errors off, either way.

    Examples
    --------
    >>> round(normal_chance(1.96), 3)
    0.05
    """
    return erfc(abs(standard_errors) / sqrt(2))


def shares_apart(first: float, n_first: float, second: float, n_second: float) -> float:
    """Return by how many standard errors two shares differ.

    The arcsine of a share's root has the same scatter everywhere, also near 0, where the scatter of
    the share itself vanishes (Anscombe, 1948, Biometrika 35).

    Parameters
    ----------
    first, second : float
        The shares.
    n_first, n_second : float
        Of how many rows.

    Examples
    --------
    >>> round(shares_apart(0.6, 100, 0.5, 100), 1)
    1.4
    """
    angles = [
        2 * asin(sqrt((share * n + 0.375) / (n + 0.75)))
        for share, n in ((first, n_first), (second, n_second))
    ]
    return (angles[0] - angles[1]) / sqrt(1 / n_first + 1 / n_second)


def kolmogorov_chance(distance: float, n_first: float, n_second: float) -> float:
    """Return how probable it is that two samples of one distribution are so far apart.

    Parameters
    ----------
    distance : float
        Largest difference of the shares of rows up to a value.
    n_first, n_second : float
        Rows of the samples.

    References
    ----------
    Stephens (1970), Journal of the Royal Statistical Society B 32, for the correction of few rows.

    Examples
    --------
    >>> round(kolmogorov_chance(0.136, 200, 200), 3)
    0.045
    """
    rows = sqrt(n_first * n_second / (n_first + n_second))
    scaled = (rows + 0.12 + 0.11 / rows) * distance
    if scaled < 0.3:  # the chance is 0.99999, and the series would converge slowly
        return 1.0
    terms = [(-1.0) ** (k - 1) * exp(-2 * k**2 * scaled**2) for k in range(1, 30)]
    return min(1.0, max(0.0, 2 * sum(terms)))
