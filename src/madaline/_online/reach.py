r"""How far numbers of a stream are believed: one wild number must not ruin what is learned later.

Of the latest numbers, the four largest and the four smallest are left out (fewer, if there are
few). The others reach from :math:`a` to :math:`b`, and numbers are believed up to one such width
beyond: from :math:`2a - b` to :math:`2b - a`. A number outside these fences (Tukey, 1977,
"Exploratory data analysis") counts for nothing: it sets no scale, no network learns it, and no
later row sees it. So an error of a sensor is as good as ignored, while what comes more often is
believed: then the world has changed.
"""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

LEFT_OUT = 4
"""How many of the largest numbers are left out, and of the smallest, at most."""

NEEDED = 16
"""One of so many is left out, as long as there are few."""

FAR = 1e100
"""No number is believed beyond it, so that squares overflow nowhere."""


def reach(values: Array, counts: Array) -> tuple[Array, Array]:
    """Return the lowest and the highest number that is believed.

    Where the others would all be the same, only one at either end is left out: what came twice is
    rare, but no error.

    Parameters
    ----------
    values : float64 ndarray of shape (rows, n_samples)
        In ascending order, missing numbers last; none beyond `FAR`.
    counts : int ndarray of shape (rows,)
        How many of each row are no missing numbers; at least one.

    Returns
    -------
    low, high : float64 ndarray of shape (rows,)

    Examples
    --------
    >>> values = np.array([[20.0, 20.5, 21.0, *[22.0] * 13, 1e20]])
    >>> reach(values, np.array([17]))
    (array([19.]), array([23.5]))
    """
    low, high = _ends(values, counts, LEFT_OUT)
    rarer_low, rarer_high = _ends(values, counts, 1)
    same = low == high
    low, high = np.where(same, rarer_low, low), np.where(same, rarer_high, high)
    width = high - low
    return low - width, high + width


def _ends(values: Array, counts: Array, most: int) -> tuple[Array, Array]:
    """Return the ends of each row's numbers, some of them left out."""
    rows, left_out = np.arange(len(values)), np.minimum(counts // NEEDED, most)
    return values[rows, left_out], values[rows, counts - 1 - left_out]
