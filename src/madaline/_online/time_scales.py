"""The members of the population: one network for each way of forgetting.

A world that stands still wants small steps and a long memory, a world that changes large steps and
a short one. No setting suits both, so all of them learn side by side and are weighed by how well
they predict at the time. Each pair comes twice: with the latest labels among its inputs, and
without.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from madaline.nn.arrays import Array

LEARNING_RATES = (0.002, 0.008, 0.03)
HORIZONS = (32, 512, 8192)
"""From how many of the latest rows a member draws those that it learns again."""

AVERAGED = 30
"""Over about so many steps the members of the longest memory average their weights."""


@dataclass(frozen=True, eq=False)
class TimeScales:
    """Settings of each member.

    Parameters
    ----------
    learning_rates : float32 ndarray of shape (members, 1)
        Length of a step.
    horizons : int ndarray of shape (members, 1)
        From how many of the latest rows it learns again.
    n_without : int
        The first so many do not see the latest labels.

    Examples
    --------
    >>> scales = TimeScales.all()
    >>> len(scales), scales.n_without, scales.name(0), scales.name(17)
    (18, 9, 'rate 0.002, 32 rows', 'rate 0.03, 8,192 rows, latest labels')
    """

    learning_rates: Array
    horizons: Array
    n_without: int

    @classmethod
    def all(cls) -> TimeScales:
        """Return the settings of the whole population."""
        pairs = [*product(LEARNING_RATES, HORIZONS)] * 2
        rates = np.array([[rate] for rate, _ in pairs], np.float32)
        return cls(rates, np.array([[rows] for _, rows in pairs]), len(pairs) // 2)

    @property
    def without_quarters(self) -> Array:
        """Return which members do not see the quarters of numbers: those of the smallest steps."""
        return np.flatnonzero(self.learning_rates[:, 0] == np.float32(min(LEARNING_RATES)))

    @cached_property
    def shares(self) -> Array:
        """Share of the present weights in the mean that predicts, float32 (members, 1)."""
        return np.where(self.horizons == max(HORIZONS), 1 / AVERAGED, 1.0).astype(np.float32)

    def __len__(self) -> int:
        """Return the number of members."""
        return len(self.horizons)

    def name(self, member: int) -> str:
        """Return how a member is told from the others."""
        rate, rows = float(self.learning_rates[member, 0]), int(self.horizons[member, 0])
        latest = "" if member < self.n_without else ", latest labels"
        return f"rate {rate:.3g}, {rows:,} rows{latest}"
