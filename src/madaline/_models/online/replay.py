r"""What is remembered of a stream: the latest rows, and fading means of the labels.

Networks learn from the latest rows again, each as far back as it remembers. What came lately is
often what comes next, so fading means of the labels are features, too: for each share
:math:`\lambda` in `MEMORIES`, :math:`h \leftarrow \lambda h + (1 - \lambda)\, t` after every label
:math:`t` (one-hot, or the scaled number). Some networks see them, others do not, as on a stream
without any order they are noise.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np

from madaline.nn.arrays import Array

MEMORIES = np.array([0.5, 0.9, 0.99])[:, None]
"""What share of a mean is kept at each label: about the last 2, 10 and 100 labels."""

SCALED_ROWS = 2048  # from how many of the latest rows scales are worked out

_MAX_GROWTH = 10.0  # a weight counts no more than so many times the largest before it
_MAX_WEIGHT = 1e6  # nor more than so much


@final
class Replay:
    """A ring of rows: the newest overwrites the oldest."""

    def __init__(
        self,
        capacity: int,
        n_columns: int,
        n_inputs: int,
        n_outputs: int,
        target_type: type[np.floating[Any]] = np.float32,
    ) -> None:
        self.n_added = 0
        # stretches of rows, counted from 0, from which alone is drawn, and all rows since a row;
        # none: from all
        self.stretches: list[tuple[int, int]] = []
        self.raw = np.zeros((capacity, n_columns))
        self.x = np.zeros((capacity, n_inputs), np.float32)
        self.target = np.zeros((capacity, n_outputs), target_type)
        self.weight = np.zeros(capacity, np.float32)

    @property
    def n_kept(self) -> int:
        """How many rows there are."""
        return min(self.n_added, len(self.x))

    def add(self, raw: Array, x: Array, target: Array, weight: Array) -> None:
        """Add rows, no more than the capacity, as the newest ones."""
        places = self._places(np.arange(self.n_added, self.n_added + len(x)))
        self.raw[places] = raw
        self.x[places] = x
        largest = self.weight.max() or 1.0
        self.weight[places] = np.minimum(weight, min(_MAX_GROWTH * largest, _MAX_WEIGHT))
        self.target[places] = target
        self.n_added += len(x)

    def newest(self, count: int) -> Array:
        """Return the places of the newest rows, oldest first."""
        return self._places(np.arange(self.n_added - count, self.n_added))

    def draw(self, horizons: Array, count: int, rng: np.random.Generator) -> Array:
        """Return places, (members, count), drawn from so many latest rows, (members, 1)."""
        stretches = self.stretches or [(0, 0)]
        starts, stops = np.array([*stretches[:-1], (stretches[-1][0], self.n_added)][::-1]).T
        starts = np.maximum(starts, self.n_added - self.n_kept)
        lengths = np.maximum(stops - starts, 0)
        ends = np.cumsum(lengths)
        within = np.minimum(horizons, ends[-1])
        age = (rng.random((len(horizons), count)) * within).astype(np.intp)
        if len(stretches) == 1:
            return self._places(self.n_added - 1 - age)
        stretch = np.searchsorted(ends, age, side="right")
        return self._places(stops[stretch] - 1 - age + (ends - lengths)[stretch])

    def widen(self, positions: Array, n_inputs: int, outputs: int, n_columns: int) -> None:
        """Make room for more inputs, outputs and columns; old inputs move to `positions`."""
        x = np.zeros((len(self.x), n_inputs), np.float32)
        x[: self.n_kept, positions] = self.x[: self.n_kept]
        target = np.zeros((len(self.x), outputs), self.target.dtype)
        target[:, : self.target.shape[1]] = self.target
        self.x = x
        self.target = target
        self.raw = _with_columns(self.raw, n_columns)

    def _places(self, numbers: Array) -> Array:
        return numbers % len(self.x)


@final
class RecentRows:
    """The latest raw rows, with labels or without: scales are worked out from them."""

    def __init__(self, capacity: int, n_columns: int) -> None:
        self.n_added = 0
        self.ring = np.zeros((capacity, n_columns))

    @property
    def rows(self) -> Array:
        """The rows, in any order."""
        return self.ring[: min(self.n_added, len(self.ring))]

    def add(self, raw: Array) -> None:
        """Add rows; the oldest make room."""
        if len(raw) == 1:
            self.ring[self.n_added % len(self.ring)] = raw[0]
            self.n_added += 1
            return
        latest = raw[-len(self.ring) :]
        first = self.n_added + len(raw) - len(latest)
        self.ring[np.arange(first, first + len(latest)) % len(self.ring)] = latest
        self.n_added += len(raw)

    def widen(self, n_columns: int) -> None:
        """Make room for more columns, which earlier rows lack."""
        self.ring = _with_columns(self.ring, n_columns)


def _with_columns(raw: Array, n_columns: int) -> Array:
    """Return rows with so many columns: the new ones are missing."""
    new = np.full((len(raw), n_columns - raw.shape[1]), np.nan)
    return np.concatenate([raw, new], axis=1) if new.size else raw


@final
class LabelHistory:
    """Fading means of the labels that are known so far."""

    def __init__(self, n_outputs: int) -> None:
        self.means = np.zeros((len(MEMORIES), n_outputs))

    def features(self) -> Array:
        """Return the means side by side, shape (n_memories * n_outputs,)."""
        return self.means.ravel()

    def add(self, targets: Array) -> None:
        """Take in labels in their order, shape (n_samples, n_outputs)."""
        if len(targets) == 1:
            self.means *= MEMORIES
            self.means += (1 - MEMORIES) * targets
            return
        age = np.arange(len(targets))[::-1]
        self.means *= MEMORIES ** len(targets)
        self.means += (1 - MEMORIES) * MEMORIES**age @ targets
