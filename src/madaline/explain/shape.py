"""A curve in a few stretches: where it rises, where it falls, where it stays."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from madaline.nn.arrays import Array


def bends(curve: Array, tolerance: float) -> list[tuple[int, int]]:
    """Return the stretches of a curve that each rise, fall or stay, as numbers of points.

    The curve is first made a broken line from which no point is further than the tolerance (Ramer,
    1972; Douglas and Peucker, 1973); pieces that go the same way then become one.

    Parameters
    ----------
    curve : ndarray of shape (n_points,)
        The curve.
    tolerance : float
        What is too small to be seen.

    Examples
    --------
    >>> bends(np.array([0.0, 1.0, 2.1, 3.0, 3.0, 2.9, 3.0]), 0.3)
    [(0, 3), (3, 6)]
    """
    points = [0, *_corners(curve, 0, len(curve) - 1, tolerance), len(curve) - 1]
    stretches: list[tuple[int, int]] = []
    for first, last in pairwise(points):
        way = _way(curve, (first, last), tolerance)
        if stretches and _way(curve, stretches[-1], tolerance) == way:
            stretches.append((stretches.pop()[0], last))
        else:
            stretches.append((first, last))
    return stretches


def _corners(curve: Array, first: int, last: int, tolerance: float) -> list[int]:
    """Return the points between two others at which a broken line must bend."""
    if last - first < 2:
        return []
    line = np.linspace(curve[first], curve[last], last - first + 1)
    away = np.abs(curve[first : last + 1] - line)
    corner = first + int(away.argmax())
    if away.max() <= tolerance:
        return []
    before = _corners(curve, first, corner, tolerance)
    return [*before, corner, *_corners(curve, corner, last, tolerance)]


def _way(curve: Array, stretch: tuple[int, int], tolerance: float) -> int:
    """Return 1 for up, -1 for down, 0 for neither."""
    change = curve[stretch[1]] - curve[stretch[0]]
    return int(np.sign(change)) if abs(change) > tolerance else 0
