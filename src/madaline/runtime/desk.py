"""Where rows are predicted: all arrays that it takes, made once and used block after block.

Networks of all parts stand side by side: for each chunk of rows what their layers of one depth say
is one run of numbers, so that biases are added, and sums bent, for all of them at once. A row by
itself takes few calls of NumPy so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import zip_longest
from typing import Protocol

import numpy as np

from madaline.core.arrays import Array
from madaline.core.products import write_product
from madaline.core.workspace import Workspace
from madaline.runtime.stages import Stages, Sums

CHUNK = 8
"""Rows of a matrix product, always as many.

A matrix product may round differently for another number of rows, and on some processors for the
last rows of many. With chunks of one small size, the last one padded, what is predicted for a row
never depends on the rows beside it.
"""

LARGEST_PRODUCT = 2**15
"""Multiply-adds of a matrix product. Up to 2**18, OpenBLAS, the matrix library of NumPy on most
machines, stays on one thread: so a prediction has the same bits on any number of threads."""


class Source(Protocol):
    """Rows that features can be asked of."""

    @property
    def n_samples(self) -> int:
        """Number of rows."""

    def write(self, n_bins: int, rows: slice, out: Array, workspace: Workspace, /) -> None:
        """Write the features of some rows, float32 of shape (n_rows, n_features)."""


class Desk:
    """Arrays for some chunks of rows, for one thread at a time (final).

    Parameters
    ----------
    stages : sequence of (int, Stages)
        For each part, with how many bins it sees numbers, and what its networks do.
    n_features : mapping of int to int
        How many features there are, for each number of bins.
    n_chunks : int
        For how many chunks of `CHUNK` rows there is room.

    Attributes
    ----------
    outputs : list of ndarray of shape (members, n_rows, n_outputs)
        For each part what its networks said last.
    """

    def __init__(
        self,
        stages: Sequence[tuple[int, Stages]],
        n_features: Mapping[int, int],
        n_chunks: int,
    ) -> None:
        self._workspace = Workspace(largest_product=LARGEST_PRODUCT)
        self._inputs = {
            n_bins: np.zeros((n_chunks, CHUNK, n_features[n_bins]), np.float32)
            for n_bins, _ in stages
        }
        said = [own.entrance(self._inputs[n_bins]) for n_bins, own in stages]
        self._heads = [
            (own, self._inputs[n_bins], x)
            for (n_bins, own), x in zip(stages, said, strict=True)
            if own.head
        ]
        self._levels = []
        for sums in zip_longest(*[own.hidden for _, own in stages]):
            self._levels.append(_Level(said, sums, n_chunks))
            said = self._levels[-1].said
        self._last = [_Last(x, own.last) for x, (_, own) in zip(said, stages, strict=True)]
        self.outputs = [last.output for last in self._last]

    def ask(self, source: Source, rows: slice) -> None:
        """Have all networks say something about some rows, as many as there is room for at most."""
        self._workspace.rewind()
        for n_bins, x in self._inputs.items():
            some = x.reshape(-1, x.shape[-1])[: rows.stop - rows.start]
            source.write(n_bins, rows, some, self._workspace)
        for stages, x, entered in self._heads:
            np.copyto(entered, stages.enter(x, self._workspace))
        for level in self._levels:
            level.run(self._workspace)
        for last in self._last:
            last.run(self._workspace)


class _Level:
    """Hidden layers of one depth, of all parts that are so deep."""

    def __init__(self, said: Sequence[Array], sums: Sequence[Sums | None], n_chunks: int) -> None:
        self._row = np.concatenate([_bias_row(own).ravel() for own in sums if own is not None])
        self._sums = np.empty((n_chunks, len(self._row)), self._row.dtype)
        self._tanh = np.empty_like(self._sums)
        self._products, self.said, start = [], list(said), 0
        for place, own in enumerate(sums):
            if own is None:
                continue
            members, _, units = own.weight.shape
            stop = start + members * CHUNK * units
            out = self._sums[:, start:stop].reshape(n_chunks, members, CHUNK, units)
            self._products.append(_product(said[place], own.weight, out))
            self.said[place], start = out, stop

    def run(self, workspace: Workspace) -> None:
        for product in self._products:
            product(workspace)
        h, tanh = self._sums, self._tanh
        h += self._row
        np.tanh(h, out=tanh)
        tanh += 1
        h *= tanh


class _Last:
    """The raw outputs of a part."""

    def __init__(self, x: Array, sums: Sums) -> None:
        members, _, n_outputs = sums.weight.shape
        out = np.empty((members, len(x), CHUNK, n_outputs), sums.weight.dtype)
        self._product = _product(x.swapaxes(0, 1), sums.weight[:, None], out)
        self._row, self._runs = _bias_row(sums), out.reshape(members, len(x), CHUNK * n_outputs)
        self.output = out.reshape(members, len(x) * CHUNK, n_outputs)

    def run(self, workspace: Workspace) -> None:
        self._product(workspace)
        self._runs += self._row


def _bias_row(sums: Sums) -> Array:
    """Return the biases as often as there are rows in a chunk, (members, 1, CHUNK * units)."""
    return np.tile(sums.bias[:, None], CHUNK)


def _product(x: Array, weight: Array, out: Array) -> Callable[[Workspace], object]:
    """Return what writes ``x @ weight`` into `out`; what can be known before is."""
    if CHUNK * weight[0].size > LARGEST_PRODUCT:  # that of one network
        return partial(write_product, x, weight, out)
    return lambda _: np.matmul(x, weight, out=out)
