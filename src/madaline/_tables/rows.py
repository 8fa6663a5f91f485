"""The rows of a table, in blocks: a table in memory is one, files and queries are many.

Every verb takes them, so that what is too large for memory needs no other way.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, TypeAlias, final

from madaline._base.extras import load_polars
from madaline._base.language import _
from madaline._base.words import warn
from madaline._tables.drawing import Drawn, draw
from madaline._tables.formats.characters import check_missing
from madaline._tables.io.encodings import check_encoding
from madaline._tables.io.held_types import HeldTypes
from madaline._tables.io.recognition import recognize, to_table
from madaline._tables.io.source_files import find_parts
from madaline._tables.io.source_parts import Part, QueryPart
from madaline._tables.table import Table, listed
from madaline.errors import InputError
from madaline.nn._engine.memory import check_address_space

BLOCK_ROWS = 65_536  # rows of a block, where no other number is asked for

Columns: TypeAlias = Collection[str] | None  # names of columns to read; None for all


class Rows(ABC):
    """Rows of a table, which are read in blocks: more than once, in the same order."""

    @property
    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""

    @property
    @abstractmethod
    def n_rows(self) -> int | None:
        """The number of rows, where it is known without reading them."""

    @property
    def n_rows_about(self) -> int | None:
        """About how many rows there are, where that can be told without reading them."""
        return self.n_rows

    @property
    @abstractmethod
    def digest(self) -> str:
        """A text that changes with the data."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What is done to read the first rows, in sentences."""
        return ()

    @abstractmethod
    def blocks(
        self, columns: Columns = None, *, n_rows: int | None = None, start: int = 0
    ) -> Iterator[Table]:
        """Yield the rows in blocks, whose columns have one type in all of them.

        Parameters
        ----------
        columns : collection of str, optional
            The columns to read, in the order of the table; by default all. Others are ignored.
        n_rows : int, optional
            Rows of each block but the last; by default all of a table in memory, otherwise 65,536.
        start : int, default=0
            The first row.

        Yields
        ------
        Table
            Of at least one row.

        Raises
        ------
        InputError
            If a file is damaged, is not like the others, or holds what cannot be a column.
        """

    def sample(self, n_rows: int, seed: int = 0) -> Drawn:
        """Return so many rows, drawn evenly over all of them."""
        return draw(self.blocks(), n_rows, seed)


@final
@dataclass(frozen=True, eq=False)
class TableRows(Rows):
    """A table in memory, which is one block."""

    table: Table

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self.table.names

    @property
    def n_rows(self) -> int:
        """The number of rows."""
        return self.table.n_samples

    @cached_property
    def digest(self) -> str:
        """A checksum of the values."""
        digest = blake2b(digest_size=16)
        for name, column in self.table.columns.items():
            values = f"{name} {column.dtype} {column.tolist()}"
            digest.update(values.encode("utf-8", "backslashreplace"))
        return digest.hexdigest()

    def blocks(
        self, columns: Columns = None, *, n_rows: int | None = None, start: int = 0
    ) -> Iterator[Table]:
        """Yield the rows, all at once unless blocks of so many are asked for."""
        table = self.table
        if columns is not None:
            table = table.select(name for name in table.names if name in columns)
        if n_rows is None and start == 0:
            yield from (table,) if table.n_samples else ()
            return
        for first in range(start, table.n_samples, n_rows or table.n_samples):
            yield table.take(slice(first, None if n_rows is None else first + n_rows))


def open_rows(
    X: Any,
    *,
    encoding: str | None = None,
    otherwise: str | None = None,
    missing: Collection[str] = (),
    categories: Collection[str] = (),
) -> FileRows | None:
    """Return a table to be read block by block; None if `X` is none.

    Parameters
    ----------
    X : RecognizedRows, or path, pattern, folder, list of paths, LazyFrame, Dataset or relation
        Files of one format: Parquet, Feather or Arrow, CSV, or JSON lines, the last two compressed
        if need be. A pattern is such as ``"folder/*.parquet"``. Files are read in the order of
        their names, or of the list.
    encoding, otherwise, missing, categories
        As for `read_file`.

    Raises
    ------
    InputError
        If there is no such file, or the files are not of one format.
    """
    for name in filter(None, (encoding, otherwise)):
        check_encoding(name)
    parts = find_parts(recognize(X, in_blocks=True), encoding=encoding, otherwise=otherwise)
    if parts is None:
        return None
    check_address_space()
    return FileRows(parts, check_missing([*missing]), categories)


@final
@dataclass(frozen=True, eq=False, repr=False)
class FileRows(Rows):
    """Rows of some parts, one after the other: read in blocks, more than once, in the same order.

    What `follow` is given as blocks are asked for, with about how many rows there are and the first
    one, it yields; so it may tell how far they are read.
    """

    _parts: Sequence[Part]
    _missing: Collection[str]  # words that stand for missing values
    _categories: Collection[str]  # columns that are read as text
    follow: Callable[[Iterator[Table], int | None, int], Iterator[Table]] | None = None

    def __repr__(self) -> str:
        """Return what is read, in one line."""
        rows = "" if self.n_rows is None else _("{n_rows:,} rows of ").format(n_rows=self.n_rows)
        more = (
            _(" and {n_parts} more").format(n_parts=len(self._parts) - 1)
            if len(self._parts) > 1
            else ""
        )
        return f"<FileRows: {rows}{self._parts[0].name}{more}>"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, which are those of the first file."""
        return tuple(self._parts[0].schema)

    @cached_property
    def digest(self) -> str:
        """A text that changes with the data: with the paths, sizes and times of the files."""
        stamps = "\n".join(part.stamp for part in self._parts)
        return blake2b(stamps.encode("utf-8", "backslashreplace"), digest_size=16).hexdigest()

    @cached_property
    def n_rows(self) -> int | None:
        """The number of rows, where all files tell it without being read."""
        return _sum(part.n_rows for part in self._parts)

    @cached_property
    def n_rows_about(self) -> int | None:
        """About how many rows there are, where that can be told without reading them."""
        return _sum(part.n_rows_about for part in self._parts)

    @property
    def notes(self) -> tuple[str, ...]:
        """What is done to read the first file, in sentences."""
        return (*self._parts[0].notes, *self._types.notes)

    def blocks(
        self, columns: Columns = None, *, n_rows: int | None = None, start: int = 0
    ) -> Iterator[Table]:
        """Yield the rows in blocks of the same size, whatever the files are made of."""
        blocks = self._blocks(columns, n_rows or BLOCK_ROWS, start)
        return blocks if self.follow is None else self.follow(blocks, self.n_rows_about, start)

    def _blocks(self, columns: Columns, n_rows: int, start: int) -> Iterator[Table]:
        wanted = [name for name in self.names if columns is None or name in columns]
        if not wanted:
            raise InputError(
                "There is none of the columns: there are {listed}.", listed=listed(self.names)
            )
        types = self._types  # before the rows: a connection of DuckDB has one open result at most
        for frame in _of_equal_size(self._frames(types, wanted, start), n_rows):
            yield types.table(to_table(frame))

    @cached_property
    def _types(self) -> HeldTypes:
        """The types of the columns, by the first rows that have values."""
        head = next(self._raw(list(self.names)), None)
        if head is None:
            name = self._parts[0].name
            raise InputError(
                "{name} has column names but no rows: give at least one row.", name=name
            )
        types = self._types_by(head)
        undecided = types.undecided(head)
        for frame in self._raw(undecided) if undecided else ():
            some = self._types_by(frame)
            left = some.undecided(frame)
            types = types.decided(set(undecided) - set(left), some)
            undecided = left
            if not undecided:
                break
        return types

    def _types_by(self, frame: Any) -> HeldTypes:
        if isinstance(self._parts[0], QueryPart):
            return HeldTypes.of_frame(frame, self._categories, self._missing)
        path = Path(self._parts[0].name)
        return HeldTypes.of(path, frame, self._categories, self._missing)

    def _raw(self, columns: Sequence[str]) -> Iterator[Any]:
        """Yield frames of some columns as the files hold them."""
        for part in self._parts:
            _check_alike(part, self._parts[0], columns)
            yield from (frame for frame in part.frames(columns) if frame.height)

    def _frames(self, types: HeldTypes, columns: Sequence[str], start: int) -> Iterator[Any]:
        """Yield frames of the rows from one on, in the types of the columns."""
        for part in self._parts:
            _check_alike(part, self._parts[0], columns)
            n_part = part.n_rows
            row = 0 if n_part is None else min(start, n_part)  # the first of the next frame
            start -= row
            for frame in part.frames(columns, row) if n_part is None or row < n_part else ():
                skipped = min(start, frame.height)
                if skipped < frame.height:
                    yield types.apply(frame[skipped:], part.name, row + skipped)
                start, row = start - skipped, row + frame.height
            self._tell_other_types(part, columns)

    def _tell_other_types(self, part: Part, columns: Sequence[str]) -> None:
        """Tell once of a column that holds numbers in one file, and text in another."""
        first = self._parts[0]
        for name in () if part is first else columns:
            kinds = [_written_as(own.schema[name]) for own in (first, part)]
            if {*kinds} != {"numbers", "text"} or name in self._types.told:
                continue
            self._types.told.add(name)
            held = "numbers" if self._types.types[name].is_numeric() else "text"
            warn(
                "Column {name!r} holds {kinds} in {file}, but {others} in {other_file}: all of it is read as {held}; write it as one of them, or, if it holds codes, fit with `--category {name}` (in Python, the argument kinds).",
                name=name,
                kinds=kinds[0],
                file=first.name,
                others=kinds[1],
                other_file=part.name,
                held=held,
            )


def _written_as(dtype: Any) -> str:
    if dtype.is_numeric():
        return "numbers"
    return "text" if dtype == load_polars().String else "other values"


def _of_equal_size(frames: Iterator[Any], n_rows: int) -> Iterator[Any]:
    """Yield the same rows in frames of so many rows, the last of fewer."""
    polars = load_polars()
    waiting: list[Any] = []
    height = 0
    for frame in frames:
        waiting.append(frame)
        height += frame.height
        if height < n_rows:
            continue
        rows = polars.concat(waiting)
        whole = height - height % n_rows
        yield from (rows[first : first + n_rows] for first in range(0, whole, n_rows))
        waiting, height = [rows[whole:]], height - whole
    if height:
        yield polars.concat(waiting)


def _check_alike(part: Part, first: Part, columns: Sequence[str]) -> None:
    """Refuse a file that lacks some of the columns, or holds others than the first where all count.

    What a column holds may differ where it can be read alike.
    """
    if part is first:
        return
    lacking = [name for name in columns if name not in part.schema]
    more = [name for name in part.schema if name not in first.schema]
    if lacking:
        raise InputError(
            "{name} has no column {listed}, as {other} has: give files with the same columns.",
            name=part.name,
            listed=listed(lacking),
            other=first.name,
        )
    if more and len(columns) == len(first.schema):
        raise InputError(
            "{name} has a column {listed}, which {other} has not: give files with the same columns.",
            name=part.name,
            listed=listed(more),
            other=first.name,
        )


def _sum(numbers: Iterable[int | None]) -> int | None:
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total
