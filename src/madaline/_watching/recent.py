"""The latest rows of some signals: they tell what changed, and are the reference of a new test."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

MOST = 4096
"""Rows that are kept."""


class Recent:
    """The latest rows (final).

    Parameters
    ----------
    n_signals : int
        Values of a row.

    Examples
    --------
    >>> recent = Recent(1)
    >>> recent.add(np.array([[1.0], [np.nan], [3.0]]), np.array([10, 11, 12]))
    >>> recent.values(0, since=11)
    array([3.])
    """

    def __init__(self, n_signals: int) -> None:
        self.ring = np.full((MOST, n_signals), np.nan)
        self.rows = np.full(MOST, -1, np.int64)
        self.n_added = 0

    def add(self, values: Array, rows: Array) -> None:
        """Take in rows with their numbers."""
        values, rows = values[-MOST:], rows[-MOST:]
        places = (self.n_added + np.arange(len(rows))) % MOST
        self.ring[places], self.rows[places] = values, rows
        self.n_added = (self.n_added + len(rows)) % (1 << 62)

    def values(self, number: int, since: int, until: int | None = None) -> Array:
        """Return what a signal was from a row on, oldest first, without missing values."""
        place = self.n_added % MOST
        order = np.concatenate([np.arange(place, MOST), np.arange(place)])
        rows = self.rows[order]
        held = rows >= since if until is None else (rows >= since) & (rows <= until)
        found: Array = self.ring[order[held], number]
        return found[~np.isnan(found)]
