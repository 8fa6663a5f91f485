"""A table that is too large for memory, as a fitted model reads it: block by block."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, final

import numpy as np

from madaline._data.io.sources import BLOCK_ROWS, TableSource, open_source
from madaline._data.kinds import KINDS
from madaline._data.kinds.kind import MEDIA
from madaline._data.table import Table, listed
from madaline._data.text_columns import missing_notes, read_formats
from madaline._model.model import FittedModel
from madaline._model.reading import (
    carried_column,
    format_notes,
    needed_columns,
    other_formats,
    reading_options,
    written_formats,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.version import __version__

MAX_DRAWN = 100_000
"""Rows that are drawn of a large table where rows are needed at once."""


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Some rows that follow one another."""

    first: int  # the number of the first row, counted from 0
    table: Table  # what the model needs, and the target where it is there
    carried: Mapping[str, Array]  # columns that identify the rows in what is written


@final
class LargeTable:
    """Rows for a model that are read block by block; `open` builds it."""

    def __init__(
        self,
        model: FittedModel,
        source: TableSource,
        *,
        also: Sequence[str] = (),  # columns that are read where they are
        carry: Sequence[str] = (),  # columns that identify the rows in what is written
        options: Mapping[str, Any],  # how values are read
    ) -> None:
        self.model, self.source, self._carry = model, source, carry
        self._columns = [*dict.fromkeys([*needed_columns(model), *also, *carry])]
        self._options = options

    @classmethod
    def open(
        cls,
        model: FittedModel,
        X: Any,
        *,
        also: Sequence[str] = (),
        carry: Sequence[str] = (),
        encoding: str | None = None,
        missing: Sequence[str] = (),
    ) -> LargeTable | None:
        """Return what `open_source` opens; None if it opens nothing."""
        options = reading_options(model, carry=carry, encoding=encoding, missing=missing)
        source = open_source(X, **options)
        if source is None:
            return None
        what = obstacle(model)
        if what:
            raise InputError(f"The model needs {what}: give rows that fit into memory.")
        return cls(model, source, also=also, carry=carry, options=options)

    @property
    def has_target(self) -> bool:
        """Whether there is a column of the truth."""
        return any(name in self.source.names for name in self.model.target_names)

    @property
    def key(self) -> dict[str, Any]:
        """What the predictions of all rows depend on."""
        options = {name: value for name, value in self._options.items() if name != "categories"}
        return {
            "source": self.source.digest,
            "model": _digest(self.model),
            "columns": self._columns,
            "options": options,
            "block": BLOCK_ROWS,
            "madaline": __version__,
        }

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is done to read the first rows, in sentences."""
        plain = missing_notes(self._head, self.model.predictor.encoder.plain)
        return (*self.source.notes, *format_notes(self._choices), *plain)

    def blocks(self, start: int = 0, *, n_rows: int | None = None) -> Iterator[RowBlock]:
        """Yield the rows from one on, in blocks of so many."""
        formats = {name: choice.format for name, choice in self._choices.items()}
        first, written = start, written_formats(self.model)
        size = n_rows or BLOCK_ROWS
        for table in self.source.blocks(self._columns, n_rows=size, start=start):
            carried = {name: carried_column(table, name) for name in self._carry}
            with counted_from(first):
                table = read_formats(read_formats(table, written), formats)
            yield RowBlock(first, table, carried)
            first += table.n_samples

    def sample(self, max_rows: int) -> RowSample:
        """Return some rows, drawn evenly over the table, which is read once for it."""
        sample = RowSample(max_rows)
        for block in self.blocks():
            sample.add(block, sample.drawn(block))
        return sample

    @cached_property
    def _head(self) -> Table:
        """The first rows, by which is decided how numbers and dates are written."""
        head = next(self.source.blocks(self._columns, n_rows=BLOCK_ROWS))
        return read_formats(head, written_formats(self.model))

    @cached_property
    def _choices(self) -> dict[str, Any]:
        return other_formats(self._head, self.model)


@final
class RowSample:
    """Rows that are drawn as they come, evenly over all of them, with what belongs to them.

    Whether a row is drawn depends on its number alone, not on the blocks.
    """

    def __init__(self, max_rows: int) -> None:
        self._max_rows, self._share, self.n_seen = max_rows, 1.0, 0
        self._blocks: list[tuple[Array, Table, tuple[Array, ...]]] = []

    @property
    def n_rows(self) -> int:
        """Rows that are drawn."""
        return sum(len(numbers) for numbers, *_ in self._blocks)

    @property
    def numbers(self) -> Array:
        """Their numbers, counted from 0."""
        return np.concatenate([numbers for numbers, *_ in self._blocks])

    @property
    def table(self) -> Table:
        """Their columns."""
        tables = [table for _, table, _ in self._blocks]
        columns = {n: np.concatenate([table[n] for table in tables]) for n in tables[0].names}
        return Table(columns, tables[0].levels)

    @property
    def arrays(self) -> tuple[Array, ...]:
        """What belongs to them."""
        return tuple(
            map(np.concatenate, zip(*(arrays for *_, arrays in self._blocks), strict=True))
        )

    def drawn(self, block: RowBlock) -> Array:
        """Return the indices of the rows of a block that are drawn so far."""
        numbers = np.arange(block.first, block.first + block.table.n_samples)
        return np.flatnonzero(_uniform(numbers) < self._share)

    def add(self, block: RowBlock, rows: Array, *arrays: Array) -> None:
        """Take in the rows of a block that are drawn, with what belongs to them."""
        self._blocks.append((block.first + rows, block.table.take(rows), arrays))
        self.n_seen += block.table.n_samples
        while self.n_rows > self._max_rows:
            self._share /= 2
            self._blocks = [self._kept(*one) for one in self._blocks]

    def _kept(
        self, numbers: Array, table: Table, arrays: tuple[Array, ...]
    ) -> tuple[Array, Table, tuple[Array, ...]]:
        kept = np.flatnonzero(_uniform(numbers) < self._share)
        return numbers[kept], table.take(kept), tuple(array[kept] for array in arrays)


def _uniform(rows: Array) -> Array:
    """Return a number from 0 to 1 for the number of each row, as if drawn at random.

    Source: the mixing of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    z = (rows.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray((z ^ (z >> np.uint64(31))) / 2.0**64)


def obstacle(model: FittedModel) -> str:
    """Return in words what a model needs that cannot be read block by block; empty if nothing."""
    if model.predictor.past is not None:
        return "earlier rows of each series, which are not read block by block"
    encoders = model.predictor.encoder.encoders
    media = [one.name for one in encoders if KINDS[one.kind].holds == MEDIA]
    if media:
        return f"images, sounds or sequences ({listed(media)}), which are not read block by block"
    return ""


@contextmanager
def counted_from(first: int) -> Iterator[None]:
    """Tell in an error about a row of a block where the block begins."""
    try:
        yield
    except InputError as error:
        if not first or " row " not in error.english:
            raise
        sentence = f"{error.english.rstrip('.')}. Here rows are counted from row {first:,} on."
        raise InputError(sentence) from None


def checksum(table: Table) -> str:
    """Return a checksum of the rows of a table."""
    digest = blake2b(digest_size=16)
    for name, column in table.columns.items():
        digest.update(
            f"{name} {column.dtype} {column.tolist()}".encode("utf-8", "backslashreplace")
        )
    return digest.hexdigest()


def _digest(model: FittedModel) -> str:
    """Return a checksum of all that predictions depend on."""
    state, arrays = model.predictor.to_state()
    digest = blake2b(json.dumps(state, sort_keys=True).encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        digest.update(name.encode() + array.tobytes())
    return digest.hexdigest()
