"""A table that is too large for memory, as a fitted model reads it: block by block."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any, final

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
        model.predictor.check_no_past("used with a table that is read block by block")
        encoders = model.predictor.encoder.encoders
        media = [one.name for one in encoders if KINDS[one.kind].holds == MEDIA]
        if media:
            raise InputError(
                f"The model needs images, sounds or sequences ({listed(media)}), which are not read"
                " block by block: give fewer rows at a time."
            )
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

    def blocks(self, start: int = 0) -> Iterator[RowBlock]:
        """Yield the rows from one on."""
        formats = {name: choice.format for name, choice in self._choices.items()}
        first, written = start, written_formats(self.model)
        for table in self.source.blocks(self._columns, n_rows=BLOCK_ROWS, start=start):
            carried = {name: carried_column(table, name) for name in self._carry}
            with counted_from(first):
                table = read_formats(read_formats(table, written), formats)
            yield RowBlock(first, table, carried)
            first += table.n_samples

    @cached_property
    def _head(self) -> Table:
        """The first rows, by which is decided how numbers and dates are written."""
        head = next(self.source.blocks(self._columns, n_rows=BLOCK_ROWS))
        return read_formats(head, written_formats(self.model))

    @cached_property
    def _choices(self) -> dict[str, Any]:
        return other_formats(self._head, self.model)


@contextmanager
def counted_from(first: int) -> Iterator[None]:
    """Tell in an error about a row of a block where the block begins."""
    try:
        yield
    except InputError as error:
        if not first or " row " not in str(error):
            raise
        sentence = f"{str(error).rstrip('.')}. Here rows are counted from row {first:,} on."
        raise InputError(sentence) from None


def _digest(model: FittedModel) -> str:
    """Return a checksum of all that predictions depend on."""
    state, arrays = model.predictor.to_state()
    checksum = blake2b(json.dumps(state, sort_keys=True).encode(), digest_size=16)
    for name, array in sorted(arrays.items()):
        checksum.update(name.encode() + array.tobytes())
    return checksum.hexdigest()
