"""All networks of a predictor: rows go through them block by block, on one thread or several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from madaline.data.encoders.joined_numbers import JoinedNumbers
from madaline.engine.threads import in_threads
from madaline.nn.arrays import Array
from madaline.nn.compiled import Kernel, compiled_row_kernels
from madaline.runtime.at_rest import AtRest
from madaline.runtime.desk import Desk, Source
from madaline.runtime.joined_networks import JoinedNetworks, Means, join
from madaline.runtime.part import Part
from madaline.runtime.row_counts import CHUNK, MANY
from madaline.runtime.stages import take_apart

MOST_ROWS, MOST_COMPILED = 512, 256
"""Rows that go through the networks at a time, at most, with NumPy alone and with compiled kernels:
what is said stays in the cache, but of short calls of NumPy threads would wait for one another."""

NUMBERS, KEPT_NUMBERS = 2**22, 2**19
"""Numbers of a desk, about: 16 MiB in float32; and those of one that is kept for the next table."""

WORTH_COMPILING = 2e10
"""Multiply-adds of a table for which compiled kernels are worth the half second that loading them
takes. With and without, the bits are the same."""

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
        How many features there are, for each number of bins that parts see, and for none.
    joined : JoinedNumbers, optional
        What makes features of numbers, if there are any.

    Examples
    --------
    >>> from madaline.nn.layers import Linear
    >>> from madaline.nn.network import Network
    >>> theta = np.array([[[1.0, 0.0], [3.0, 0.0]]], np.float32)  # two folds: x and 3 x
    >>> networks = Networks([Part(0, Network((Linear(1, 1),)), theta, np.ones(1))], {0: 1})
    >>> networks.output(Features(np.array([[1.0], [5.0]], np.float32)))
    array([[ 2.],
           [10.]])
    """

    def __init__(
        self,
        parts: Sequence[Part],
        n_features: Mapping[int, int],
        joined: JoinedNumbers | None = None,
    ) -> None:
        self._parts = tuple(parts)
        self._n_features = n_features
        self._joined = joined

    def output(self, source: Source, n_threads: int = 1) -> Array:
        """Return the raw output, shape (n_samples, n_outputs), in float64."""
        return self._of_all.ask(source, n_threads)

    def fold_outputs(self, source: Source, n_threads: int = 1) -> Array:
        """Return the raw output of the networks of each fold alone.

        Returns
        -------
        ndarray of shape (n_folds, n_samples, n_outputs)
            In float64; the mean over the folds is `output`, but for rounding.
        """
        n_folds = self._parts[0].theta.shape[1]
        outputs = self._of_folds.ask(source, n_threads)
        shape = len(outputs), n_folds, outputs.shape[1] // n_folds
        return np.moveaxis(outputs.reshape(shape), 1, 0)

    @cached_property
    def _of_all(self) -> _Office:
        return self._office([part.shares for part in self._parts])

    @cached_property
    def _of_folds(self) -> _Office:
        return self._office([part.fold_shares for part in self._parts])

    def _office(self, shares: Sequence[Array]) -> _Office:
        means = self._side_by_side.means(shares)
        return _Office(self._side_by_side, means, self._joined, self._n_numbers)

    @cached_property
    def _side_by_side(self) -> JoinedNetworks:
        bins = self._joined.bins if self._joined else {}
        parts = [AtRest(part.n_bins, take_apart(part.network, part.theta)) for part in self._parts]
        return join(parts, self._n_features, bins)

    @property
    def _n_numbers(self) -> int:
        """How many numbers a row becomes, about: what all levels say, or a layer of a head."""
        heads = [
            len(part.shares) * part.network.width(self._n_features[part.n_bins])
            for part in self._parts
        ]
        networks = self._side_by_side
        return max(sum(networks.widths), max(heads) if networks.entrances else 0)


class _Office:
    """Desks for networks; one that is free is taken again (final)."""

    def __init__(
        self,
        networks: JoinedNetworks,
        means: Means,
        joined: JoinedNumbers | None,
        n_numbers: int,
    ) -> None:
        self._networks, self._means, self._joined = networks, means, joined
        self._n_numbers = n_numbers
        self._free: dict[tuple[int, bool], list[Desk]] = {}

    def ask(self, source: Source, n_threads: int) -> Array:
        """Return what is said about all rows, block by block, float64 (n_samples, n_numbers)."""
        n_samples = source.n_samples
        compiled = self._compiled(n_samples)
        most = min(MOST_ROWS if compiled is None else MOST_COMPILED, NUMBERS // self._n_numbers)
        n_blocks = -(-n_samples // max(CHUNK, most // MANY * MANY or most // CHUNK * CHUNK))
        size = _room(-(-n_samples // max(1, n_blocks)))
        desks = self._desks(size, compiled is not None)

        def taken() -> Desk:
            desk = _taken(desks)
            return desk or Desk(self._networks, self._means, self._joined, size, compiled)

        if n_blocks == 1:
            desk = taken()
            said = desk.ask(source, slice(0, n_samples))
            desks.append(desk)
            return said
        output = np.empty((n_samples, len(self._means.constant)))

        def work(span: slice) -> None:
            desk = taken()
            for rows in _cut(span, size):
                output[rows] = desk.ask(source, rows)
            desks.append(desk)

        n_threads = max(1, min(n_threads, n_blocks // FEWEST_BLOCKS))
        of_span = size * max(1, n_blocks // (SPANS * n_threads))
        in_threads(work, _cut(slice(0, n_samples), of_span), n_threads)
        return output

    def _compiled(self, n_samples: int) -> Mapping[Kernel, Kernel] | None:
        """Return compiled kernels if they are there already, or worth loading."""
        are_there = compiled_row_kernels.cache_info().currsize
        worth = n_samples * self._networks.multiply_adds >= WORTH_COMPILING
        return compiled_row_kernels() if are_there or worth else None

    def _desks(self, size: int, compiled: bool) -> list[Desk]:
        """Return those of a size that are free; large ones are for one table alone."""
        if size * self._n_numbers > KEPT_NUMBERS:
            return []
        return self._free.setdefault((size, compiled), [])


@dataclass(frozen=True, eq=False)
class Features:
    """Rows that have been encoded, as a source.

    Parameters
    ----------
    given : float32 ndarray of shape (n_samples, n_features)
        The features without bins.
    numbers : float64 ndarray of shape (n_columns, n_samples), optional
        What bins are made of.
    """

    given: Array
    numbers: Array = field(default_factory=lambda: np.empty((0, 0)))

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.given)

    @property
    def scales(self) -> bool:
        """Whether it writes the features of numbers, too."""
        return True

    def read(self, rows: slice, out: Array) -> None:
        """Write some rows of the columns of numbers."""
        out[...] = self.numbers[:, rows]

    def write(self, rows: slice, out: Array) -> None:
        """Write some rows of the features."""
        out[...] = self.given[rows]


def _room(n_rows: int) -> int:
    """Return how many rows a desk for so many has room for."""
    if n_rows <= 1:
        return 1
    step = MANY if n_rows > MANY else CHUNK
    return -(-n_rows // step) * step


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
