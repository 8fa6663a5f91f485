"""Where rows are predicted: all arrays that it takes, made once and used block after block."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import numpy as np

from madaline.data.encoders.joined_numbers import JoinedNumbers
from madaline.nn import kernels, row_kernels
from madaline.nn.arrays import Array
from madaline.nn.compiled import Kernel
from madaline.nn.follower import row_follower
from madaline.nn.products import write_product
from madaline.nn.programs import in_few_calls
from madaline.nn.workspace import Call, Workspace
from madaline.runtime.joined_networks import JoinedNetworks, Means, Product
from madaline.runtime.row_counts import CHUNK, LARGEST_PRODUCT

NEAR = 2**13
"""Numbers that compiled kernels bend at a time, about, so that they stay near the processor. Calls
of NumPy bend all at once: for threads, few long calls are better than many short ones."""

ONE = np.array(1, np.float32)
"""NumPy asks less of an array than of a number."""


class Source(Protocol):
    """Rows that have been read."""

    @property
    def n_samples(self) -> int:
        """Number of rows."""

    @property
    def scales(self) -> bool:
        """Whether it writes the features of numbers, too."""

    def read(self, rows: slice, out: Array, /) -> None:
        """Write some rows of the columns of numbers, (n_columns, n_rows), missing ones as NaN."""

    def write(self, rows: slice, out: Array, /) -> None:
        """Write some rows of other features without bins, float32 of (n_rows, n_features)."""


class Desk:
    """Arrays for some rows, for one thread at a time (final).

    What is done to them is written down once, call by call of NumPy, and then repeated.

    Parameters
    ----------
    networks : JoinedNetworks
        What is done to rows.
    means : Means
        What is made of what they say.
    joined : JoinedNumbers, optional
        What makes features of numbers, if there are any.
    n_rows : int
        How many rows there is room for: one, or a multiple of `CHUNK`.
    compiled : mapping of kernel to compiled kernel, optional
        What `compiled_row_kernels` returned, for the same bits in less time.
    """

    def __init__(
        self,
        networks: JoinedNetworks,
        means: Means,
        joined: JoinedNumbers | None,
        n_rows: int,
        compiled: Mapping[Kernel, Kernel] | None = None,
    ) -> None:
        self._networks, self._means = networks, means
        self._n_rows, self._compiled = n_rows, compiled
        self._joined, room = joined, max(n_rows, CHUNK)
        self._workspace = Workspace(largest_product=LARGEST_PRODUCT)  # of heads
        widths = [*networks.widths, len(means.constant)]
        self._matrices = [np.zeros((room, width), np.float32) for width in widths]
        widest = max(networks.widths)
        self._bent = np.zeros(room * widest if compiled is None else max(NEAR, widest), np.float32)
        self._tables = {0: self._matrices[0]} | {
            own.n_bins: np.zeros((room, own.n_features), np.float32)
            for own in networks.entrances
            if own.n_bins
        }
        n_numbers = 0 if joined is None else len(joined.encoders)
        self._numbers = np.zeros((n_numbers, n_rows))
        self._missing = np.empty(self._numbers.shape, np.bool_)
        self._uses_numbers = bool(networks.lookups) or len(self._tables) > 1
        self._said: list[Call] = []  # has the arrays that programs work with
        self._fill = self._noted(self._have_filled)
        self._write = self._noted(self._have_written)
        self._say = self._noted(self._have_said)

    def ask(self, source: Source, rows: slice) -> Array:
        """Have all networks say something about some rows, as many as there is room for at most.

        Parameters
        ----------
        source : Source
            The table.
        rows : slice
            Which rows.

        Returns
        -------
        float64 ndarray of shape (n_rows, n_means * n_outputs)
        """
        n_rows = rows.stop - rows.start
        # Rows are finite; what a matrix library reads beside them may not be.
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if self._uses_numbers or not source.scales:
                source.read(rows, self._numbers[:, :n_rows])
                _repeat(self._fill)
            if not source.scales:
                _repeat(self._write)
            source.write(rows, self._matrices[0][:n_rows])
            if self._networks.entrances:
                self._enter()
            _repeat(self._say)
        return self._matrices[-1][:n_rows] + self._means.constant

    def _enter(self) -> None:
        """Have heads say something: layers of any kind, which are not written down."""
        workspace = self._workspace
        workspace.rewind()
        for n_bins, table in self._tables.items():
            if n_bins:
                width = self._networks.widths[0]
                table[:, :width] = self._matrices[0]
                bins = table[: self._n_rows, width:]
                if self._joined is not None:
                    self._joined.write_bins(n_bins, self._numbers, bins, workspace)
        for own in self._networks.entrances:
            entered = _chunks(self._matrices[own.matrix])
            own.stages.enter(_chunks(self._tables[own.n_bins]), entered, workspace)

    def _have_filled(self, workspace: Workspace) -> None:
        if self._joined is not None:
            self._joined.fill(self._numbers, self._missing, workspace)

    def _have_written(self, workspace: Workspace) -> None:
        if self._joined is not None:
            base = self._matrices[0][: self._n_rows]
            self._joined.write(self._numbers, self._missing, base, workspace)

    def _have_said(self, workspace: Workspace) -> None:
        """Do what levels take, one after the other."""
        networks, n_rows = self._networks, self._n_rows
        for level in networks.levels:
            h = self._matrices[level.matrix][:n_rows]
            self._multiply(level.products, workspace)
            if level is networks.levels[0] and self._joined is not None:
                for own in networks.lookups:
                    located = self._joined.locate(own.n_bins, self._numbers, workspace)
                    own.table.add(*located, h, own.units, workspace)
            size = max(1, len(self._bent) // h.shape[1])
            for start in range(0, n_rows, size):
                self._bend(h[start : start + size], level.bias[None], workspace)
        self._multiply(self._means.products, workspace)

    def _bend(self, h: Array, bias: Array, workspace: Workspace) -> None:
        """Turn halves of sums, (n_rows, units), into what the units say."""
        bent = self._bent[: h.size].reshape(h.shape)
        if workspace.in_one_call(kernels.add_bias, h[None], bias):
            workspace.do(np.tanh, h, out=bent)
            workspace.in_one_call(row_kernels.bend, h.reshape(-1), bent.reshape(-1))
            return
        workspace.do(np.add, h, bias, out=h)
        workspace.do(np.tanh, h, out=bent)
        workspace.do(np.add, bent, ONE, out=bent)
        workspace.do(np.multiply, h, bent, out=h)

    def _multiply(self, products: Sequence[Product], workspace: Workspace) -> None:
        """Write products into their columns; where there was one before, add the next."""
        written = set()
        for own in products:
            rows = own.rows(self._n_rows)
            room, (members, inputs, units) = max(rows, self._n_rows), own.weight.shape
            x, out = (
                _stack(self._matrices[matrix][:room], rows, column, members, width)
                for (matrix, column), width in ((own.source, inputs), (own.into, units))
            )
            if own.into in written:
                part = workspace.empty(out.shape, out.dtype)
                write_product(x, own.weight, part, workspace)
                workspace.do(np.add, out, part, out=out)
            else:
                write_product(x, own.weight, out, workspace)
            written.add(own.into)

    def _noted(self, function: Callable[[Workspace], None]) -> list[Call]:
        """Do something once, and return the calls that do it again."""
        workspace = Workspace(largest_product=LARGEST_PRODUCT, compiled=self._compiled)
        workspace.noted = noted = list[Call]()
        with np.errstate(all="ignore"):
            function(workspace)
        follow = None if self._compiled is None else row_follower()
        if self._compiled is None or follow is None:
            return noted
        self._said += noted
        return in_few_calls(noted, self._compiled, follow)


def _repeat(calls: Sequence[Call]) -> None:
    for function, given, named in calls:
        function(*given, **named)


def _chunks(matrix: Array) -> Array:
    return matrix.reshape(-1, CHUNK, matrix.shape[1])


def _stack(matrix: Array, rows: int, column: int, members: int, width: int) -> Array:
    """Return some rows and columns of a matrix at a time, (n, members, rows, width), a view."""
    columns = matrix[:, column : column + members * width]
    return columns.reshape(-1, rows, members, width).swapaxes(1, 2)
