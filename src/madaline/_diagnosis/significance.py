"""Significance: p-values, and their correction for many tests.

Of a hundred columns, five look odd at the usual level of 5 %. All tests of one question are
therefore held to `LEVEL` together, by the procedure of Holm (1979), "A simple sequentially
rejective multiple test procedure", Scandinavian Journal of Statistics 6.
"""

from __future__ import annotations

from math import asin, erfc, exp, sqrt

import numpy as np

from madaline.nn.arrays import Array

LEVEL = 0.01
"""Probability of even one false alarm among all tests of a question."""


def holm(p_values: Array, level: float = LEVEL) -> Array:
    """Return which of several tests are significant, as Booleans of shape (n_tests,).

    Parameters
    ----------
    p_values : ndarray of shape (n_tests,)
        The p-value of each test.
    level : float
        Probability of even one false alarm.

    Examples
    --------
    >>> holm(np.array([0.004, 0.2, 0.0001]))
    array([ True, False,  True])
    """
    order = np.argsort(p_values, kind="stable")
    held = p_values[order] <= level / np.arange(len(p_values), 0, -1)
    rejected = np.zeros(len(p_values), bool)
    rejected[order] = np.logical_and.accumulate(held)
    return rejected


def normal_p_value(standard_errors: float) -> float:
    """Return the two-sided p-value of a normal deviate.

    Examples
    --------
    >>> round(normal_p_value(1.96), 3)
    0.05
    """
    return erfc(abs(standard_errors) / sqrt(2))


def share_difference(first: float, n_first: float, second: float, n_second: float) -> float:
    """Return by how many standard errors two shares differ.

    The arcsine of a share's root has the same variance everywhere, also near 0, where that of the
    share itself vanishes (Anscombe, 1948, Biometrika 35).

    Parameters
    ----------
    first, second : float
        The shares.
    n_first, n_second : float
        Numbers of rows.

    Examples
    --------
    >>> round(share_difference(0.6, 100, 0.5, 100), 1)
    1.4
    """
    angles = [
        2 * asin(sqrt((share * n + 0.375) / (n + 0.75)))
        for share, n in ((first, n_first), (second, n_second))
    ]
    return (angles[0] - angles[1]) / sqrt(1 / n_first + 1 / n_second)


def kolmogorov_p_value(distance: float, n_first: float, n_second: float) -> float:
    """Return the p-value of a Kolmogorov-Smirnov test of two samples.

    Parameters
    ----------
    distance : float
        Largest difference of the empirical distribution functions.
    n_first, n_second : float
        Sizes of the samples.

    References
    ----------
    Stephens (1970), Journal of the Royal Statistical Society B 32, for the correction of few rows.

    Examples
    --------
    >>> round(kolmogorov_p_value(0.136, 200, 200), 3)
    0.045
    """
    rows = sqrt(n_first * n_second / (n_first + n_second))
    scaled = (rows + 0.12 + 0.11 / rows) * distance
    if scaled < 0.3:  # the p-value is 0.99999, and the series would converge slowly
        return 1.0
    terms = [(-1.0) ** (k - 1) * exp(-2 * k**2 * scaled**2) for k in range(1, 30)]
    return min(1.0, max(0.0, 2 * sum(terms)))
