"""All networks of a predictor: rows go through them block by block, on one thread or several."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from madaline.core.arrays import Array
from madaline.core.threads import in_threads
from madaline.core.workspace import Workspace
from madaline.runtime.desk import CHUNK, Desk, Source
from madaline.runtime.part import Part
from madaline.runtime.stages import take_apart

STACK = 64
"""Chunks that go through the networks at a time, at most; NumPy multiplies each by itself."""

STACKED_NUMBERS = 2**22
"""Numbers that come out of a layer of all networks at a time, about: 16 MiB in float32."""

FEWEST_BLOCKS = 4
"""Blocks of a thread, at least: to start one, and to make its arrays, takes as long as a block."""

SPANS = 8
"""Stretches of rows for each thread, so that one that is held up leaves some to the others."""


class Networks:
    """Networks that can be asked, by several threads at once, too (final).

    Parameters
    ----------
    parts : sequence of Part
        What they are made of, at least one.
    n_features : mapping of int to int
        How many features there are, for each number of bins that parts see.

    Examples
    --------
    >>> from madaline.core.layers import Linear
    >>> from madaline.core.network import Network
    >>> theta = np.array([[[1.0, 0.0], [3.0, 0.0]]], np.float32)  # two folds: x and 3 x
    >>> part = Part(0, Network((Linear(1, 1),)), theta, np.ones(1))
    >>> Networks([part], {0: 1}).output(Features({0: np.array([[1.0], [5.0]], np.float32)}))
    array([[ 2.],
           [10.]])
    """

    def __init__(self, parts: Sequence[Part], n_features: Mapping[int, int]) -> None:
        self._parts = tuple(parts)
        self._n_features = n_features
        self._stages = [(part.n_bins, take_apart(part.network, part.theta)) for part in parts]
        self._small_desks: list[Desk] = []

    def output(self, source: Source, n_threads: int = 1) -> Array:
        """Return the raw output, shape (n_samples, n_outputs), in float64."""
        output = np.empty((source.n_samples, self._n_outputs))

        def keep(desk: Desk, rows: slice) -> None:
            said = zip(self._parts, desk.outputs, strict=True)
            total = _sum([part.mean(own) for part, own in said])
            output[rows] = total[: rows.stop - rows.start]

        self._ask(source, n_threads, keep)
        return output

    def fold_outputs(self, source: Source, n_threads: int = 1) -> Array:
        """Return the raw output of the networks of each fold alone.

        Returns
        -------
        ndarray of shape (n_folds, n_samples, n_outputs)
            In float64; the mean over the folds is `output`.
        """
        n_folds = self._parts[0].theta.shape[1]
        outputs = np.empty((n_folds, source.n_samples, self._n_outputs))

        def keep(desk: Desk, rows: slice) -> None:
            said = zip(self._parts, desk.outputs, strict=True)
            total = _sum([part.fold_means(own) for part, own in said])
            outputs[:, rows] = total[:, : rows.stop - rows.start]

        self._ask(source, n_threads, keep)
        return outputs

    def _ask(self, source: Source, n_threads: int, keep: Callable[[Desk, slice], None]) -> None:
        """Ask about all rows, block by block, and have kept what is said."""
        n_chunks = -(-source.n_samples // CHUNK)
        most = self._most_chunks
        if n_chunks < FEWEST_BLOCKS * most:  # to make a large desk would not pay
            most = max(1, most // 2)
        n_blocks = -(-n_chunks // most) or 1
        size = -(-n_chunks // n_blocks)  # chunks of a block, about as many of each
        desks = self._small_desks if size == 1 else []

        def work(span: slice) -> None:
            desk = _taken(desks) or Desk(self._stages, self._n_features, size)
            for rows in _cut(span, size * CHUNK):
                desk.ask(source, rows)
                keep(desk, rows)
            desks.append(desk)

        n_threads = max(1, min(n_threads, n_blocks // FEWEST_BLOCKS))
        of_span = size * CHUNK * max(1, n_blocks // (SPANS * n_threads))
        in_threads(work, _cut(slice(0, source.n_samples), of_span), n_threads)

    @cached_property
    def _most_chunks(self) -> int:
        """How many chunks to take at a time: of images fewer than of a table's rows."""
        numbers = max(
            CHUNK * len(stages.last.bias) * part.network.width(self._n_features[part.n_bins])
            for part, (_, stages) in zip(self._parts, self._stages, strict=True)
        )
        return max(1, min(STACK, STACKED_NUMBERS // numbers))

    @property
    def _n_outputs(self) -> int:
        return int(self._stages[0][1].last.bias.shape[1])


@dataclass(frozen=True, eq=False)
class Features:
    """Rows that have been encoded, as a source.

    Parameters
    ----------
    features : mapping of int to float32 ndarray of shape (n_samples, n_features)
        For each number of bins the features.
    """

    features: Mapping[int, Array]

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(next(iter(self.features.values())))

    def write(self, n_bins: int, rows: slice, out: Array, _: Workspace) -> None:
        """Write the features of some rows."""
        out[...] = self.features[n_bins][rows]


def _cut(rows: slice, size: int) -> list[slice]:
    """Return stretches of rows of that size; the last one has what is left."""
    starts = range(rows.start, rows.stop, max(1, size))
    return [slice(start, min(start + size, rows.stop)) for start in starts]


def _taken(desks: list[Desk]) -> Desk | None:
    """Return a desk that is free; two threads never get the same."""
    try:
        return desks.pop()
    except IndexError:
        return None


def _sum(shares: Sequence[Array]) -> Array:
    total, *others = shares
    for share in others:
        total += share
    return total
