"""Where a smooth curve is asked for its integral: the nodes of Gauss and Legendre."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


def gauss_legendre(
    count: int, dtype: npt.DTypeLike = np.float64
) -> Iterator[tuple[np.floating, np.floating]]:
    """Yield places between 0 and 1 with their weights, exact up to the power ``2 * count - 1``.

    Examples
    --------
    >>> round(float(sum(weight * place**3 for place, weight in gauss_legendre(2))), 12)
    0.25
    """
    places, weights = np.polynomial.legendre.leggauss(count)
    yield from zip(((places + 1) / 2).astype(dtype), (weights / 2).astype(dtype), strict=True)
