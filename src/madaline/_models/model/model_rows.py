"""Rows as a fitted model reads them: a table at hand is one block, files and queries are many."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import blake2b
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._models.model.model import FittedModel
from madaline._models.model.reading import (
    WrittenAs,
    carried_column,
    needed_columns,
    reading_options,
)
from madaline._tables.drawing import draw
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.kind import MEDIA
from madaline._tables.rows import BLOCK_ROWS, FileRows, Rows, TableRows, open_rows
from madaline._tables.table import Table, listed
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.version import __version__

MAX_DRAWN = 100_000
"""Rows that are drawn of a table in blocks where rows are needed at once."""


@final
@dataclass(frozen=True, eq=False)
class RowBlock:
    """Some rows, which mostly follow one another."""

    table: Table  # what the model needs, and the target where it is there, of rows that can be read
    first: int = 0  # the number of the first row, counted from 0
    # columns in front of what is written, which identify the rows
    carried: Mapping[str, Array] = field(default_factory=dict)
    # bool (n_rows,): of rows that name images or sounds, which can be read; None where all can
    readable: Array | None = None
    files: Array | None = None  # (n_rows,), of images or sounds in a folder, the name of each file
    drawn: Array | None = None  # int (n_rows,): the numbers of rows that were drawn

    @property
    def n_rows(self) -> int:
        """Number of rows, also of those that cannot be read."""
        return self.table.n_samples if self.readable is None else len(self.readable)

    @property
    def numbers(self) -> Array:
        """The number of each row of the table."""
        if self.drawn is not None:
            return self.drawn
        rows = np.arange(self.n_rows)
        return self.first + (rows if self.readable is None else rows[self.readable])

    @property
    def names(self) -> Array | None:
        """The name of the file of each row of the table."""
        if self.files is None or self.readable is None:
            return self.files
        return self.files[self.readable]

    def part(self, start: int, n_rows: int | None) -> RowBlock:
        """Return so many rows from one on, or all of them."""
        rows = slice(start, None if n_rows is None else start + n_rows)
        in_table, readable = rows, self.readable
        if readable is not None:
            before, readable = int(readable[:start].sum()), readable[rows]
            in_table = slice(before, before + int(readable.sum()))
        return RowBlock(
            self.table.take(in_table),
            self.first + start,
            {name: values[rows] for name, values in self.carried.items()},
            readable,
            None if self.files is None else self.files[rows],
            None if self.drawn is None else self.drawn[rows],
        )

    def spread(self, columns: Mapping[str, Array]) -> dict[str, Array]:
        """Return columns for all rows, empty where a file could not be read, behind the names."""
        named = self.carried if self.files is None else {"file": self.files}
        return {**named, **{name: self._spread(values) for name, values in columns.items()}}

    def _spread(self, values: Array) -> Array:
        if self.readable is None or self.readable.all():
            return values
        column = np.full(self.n_rows, None)
        column[self.readable] = values.tolist()
        return column


@final
class ModelRows:
    """Rows for a model; `open` reads them from files and queries, `of` takes a table at hand."""

    def __init__(
        self,
        model: FittedModel,
        rows: Rows,
        *,
        columns: Sequence[str] = (),  # that are read where they are
        carry: Sequence[str] = (),  # columns that identify the rows in what is written
        options: Mapping[str, Any] | None = None,  # how values are read
        at_hand: RowBlock | None = None,
    ) -> None:
        self.model, self.rows, self._carry, self._columns = model, rows, carry, columns
        self._options, self._at_hand = options or {}, at_hand

    @classmethod
    def of(cls, model: FittedModel, block: RowBlock) -> ModelRows:
        """Return rows that are read already, all at once."""
        return cls(model, TableRows(block.table), at_hand=block)

    @classmethod
    def open(
        cls,
        model: FittedModel,
        X: Any,
        *,
        also: Sequence[str] = (),  # columns that are read where they are
        carry: Sequence[str] = (),
        encoding: str | None = None,
        missing: Sequence[str] = (),
    ) -> ModelRows | None:
        """Return what `open_rows` opens; None if it opens nothing."""
        options = reading_options(model, carry=carry, encoding=encoding, missing=missing)
        rows = open_rows(X, **options)
        if rows is None:
            return None
        what = obstacle(model)
        if what:
            raise InputError("The model needs {what}: give rows that fit into memory.", what=what)
        columns = [*dict.fromkeys([*needed_columns(model), *also, *carry])]
        return cls(model, rows, columns=columns, carry=carry, options=options)

    @property
    def in_blocks(self) -> bool:
        """Whether the rows are read block by block, and may be more than fit into memory."""
        return isinstance(self.rows, FileRows)

    @property
    def has_target(self) -> bool:
        """Whether there is a column of the truth."""
        return any(name in self.rows.names for name in self.model.target_names)

    @property
    def key(self) -> dict[str, Any]:
        """What the predictions of all rows depend on."""
        options = {name: value for name, value in self._options.items() if name != "categories"}
        return {
            "source": self.rows.digest,
            "model": _digest(self.model),
            "columns": self._columns,
            "options": options,
            "block": BLOCK_ROWS,
            "madaline": __version__,
        }

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What is done to read the first rows, in sentences."""
        return (*self.rows.notes, *self._written.notes)

    def blocks(self, start: int = 0, *, n_rows: int | None = None) -> Iterator[RowBlock]:
        """Yield the rows from one on: of a table at hand all at once, otherwise in blocks."""
        if self._at_hand is not None:
            whole = start == 0 and n_rows is None
            block = self._at_hand if whole else self._at_hand.part(start, n_rows)
            yield from (block,) if block.n_rows else ()
            return
        written = self._written  # before the rows: DuckDB has one open result at most
        first = start
        for table in self.rows.blocks(self._columns, n_rows=n_rows or BLOCK_ROWS, start=start):
            carried = {name: carried_column(table, name) for name in self._carry}
            with counted_from(first):
                table = written.read(table)
            yield RowBlock(table, first, carried)
            first += table.n_samples

    def first(self, n_rows: int | None) -> RowBlock:
        """Return the first rows, as many as there are."""
        if self._at_hand is not None:
            return self._at_hand.part(0, n_rows)
        blocks: list[RowBlock] = []
        for block in self.blocks(n_rows=None if n_rows is None else min(n_rows, BLOCK_ROWS)):
            blocks.append(block)
            if n_rows is not None and block.first + block.n_rows >= n_rows:
                break
        return RowBlock(Table.join([block.table for block in blocks])).part(0, n_rows)

    def sample(self, max_rows: int) -> tuple[RowBlock, str]:
        """Return rows to look at, all of those at hand, and a sentence if these are not all.

        Of others so many are drawn evenly; all are read once for it.
        """
        if self._at_hand is not None:
            return self._at_hand, ""
        drawn = draw((block.table for block in self.blocks()), max_rows)
        return RowBlock(drawn.table, drawn=drawn.numbers), drawn.note

    @cached_property
    def _written(self) -> WrittenAs:
        """How numbers and dates are written, by the first rows."""
        head = next(self.rows.blocks(self._columns, n_rows=BLOCK_ROWS))
        return WrittenAs.of(head, self.model)[0]


def obstacle(model: FittedModel) -> str:
    """Return in words what a model needs that cannot be read block by block; empty if nothing."""
    if model.predictor.past is not None:
        return "earlier rows of each series, which are not read block by block"
    encoders = model.predictor.encoder.encoders
    media = [encoder.name for encoder in encoders if KINDS[encoder.kind].holds == MEDIA]
    if media:
        return _(
            "images, sounds or sequences ({listed}), which are not read block by block"
        ).format(listed=listed(media))
    return ""


@contextmanager
def counted_from(first: int) -> Iterator[None]:
    """Tell in an error about a row of a block where the block begins."""
    try:
        yield
    except InputError as error:
        if not first or " row " not in error.english:
            raise
        sentence = _("{english}. Here rows are counted from row {first:,} on.").format(
            english=error.english.rstrip("."), first=first
        )
        raise InputError(sentence) from None


def _digest(model: FittedModel) -> str:
    """Return a checksum of all that predictions depend on."""
    state, arrays = model.predictor.to_state()
    digest = blake2b(json.dumps(state, sort_keys=True).encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        digest.update(name.encode() + array.tobytes())
    return digest.hexdigest()
