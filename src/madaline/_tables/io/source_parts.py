"""Where the rows of a large table stand: in a file, in a query, in a data set of Arrow.

A part of a table yields its rows as frames of polars, from a row on and in the same order every
time, and holds no more than some of them in memory.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, final

from madaline._base.extras import load_polars
from madaline._base.words import warn
from madaline._tables.io.compression import decompressed_blocks, plain_name
from madaline._tables.io.csv_files import stream_csv
from madaline._tables.io.encodings import decoded_blocks, encoding_of
from madaline._tables.io.surroundings import with_all_names
from madaline._tables.io.table_files import parse_json, undamaged
from madaline._tables.table import listed
from madaline.errors import InputError

FRAME_ROWS = 65_536  # rows that are read at a time
_HEAD_BYTES, _TEXT_BYTES = 2**18, 2**22  # bytes that tell the encoding, and that are read at a time
_MAX_QUOTED, _MAX_LINE = 2**24, 2**26  # letters within which a quote, and a line, must end
_STAMP_ROWS = 1000  # rows that tell whether a query still finds the same


class Part(ABC):
    """A file, or what else holds rows."""

    name: str  # in messages

    @property
    @abstractmethod
    def schema(self) -> Mapping[str, Any]:
        """The type of each column, of polars."""

    @property
    @abstractmethod
    def stamp(self) -> str:
        """A text that changes with the rows."""

    @abstractmethod
    def frames(self, columns: Sequence[str], start: int = 0) -> Iterator[Any]:
        """Yield the rows as frames of polars; from one on where their number is known."""

    @property
    def n_rows(self) -> int | None:
        """The number of rows, where it is known without reading them."""
        return None

    @property
    def n_rows_about(self) -> int | None:
        """About how many rows there are, where that can be told."""
        return self.n_rows

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to read the first rows, in sentences."""
        return ()


@final
class BinaryPart(Part):
    """A Parquet or Arrow file, which is read from any row on."""

    def __init__(self, path: Path, what: str, *, is_partitioned: bool = False) -> None:
        self.path, self.name, self._what = path, str(path), what
        self._is_partitioned = is_partitioned  # whether folders such as year=2026 are columns

    @property
    def _rows(self) -> Any:
        polars = load_polars()
        scan = polars.scan_parquet if self._what == "Parquet" else polars.scan_ipc
        return scan(self.path, hive_partitioning=self._is_partitioned, glob=False)

    def _collected(self, rows: Any) -> Any:
        return undamaged(self.path, self._what, rows.collect)

    @cached_property
    def schema(self) -> Mapping[str, Any]:
        """The type of each column, of polars."""
        schema: Mapping[str, Any] = undamaged(self.path, self._what, self._rows.collect_schema)
        return schema

    @cached_property
    def n_rows(self) -> int:
        """The number of rows, as the file says."""
        return int(self._collected(self._rows.select(load_polars().len())).item())

    @property
    def stamp(self) -> str:
        """The size and the time of the file."""
        return file_stamp(self.path)

    def frames(self, columns: Sequence[str], start: int = 0) -> Iterator[Any]:
        """Yield the rows from one on as frames of polars."""
        for first in range(start, self.n_rows, FRAME_ROWS):
            yield self._collected(self._rows.select(columns).slice(first, FRAME_ROWS))


@final
class TextPart(Part):
    """A CSV file, or a file with a JSON object a line, which is read from its start."""

    def __init__(
        self, path: Path, *, is_json: bool, encoding: str | None, otherwise: str | None
    ) -> None:
        self.path, self.name, self._is_json = path, str(path), is_json
        self._encoding, self._otherwise = encoding, otherwise

    @cached_property
    def _codec(self) -> tuple[str, tuple[str, ...]]:
        """The encoding, and what was assumed about it."""
        head = next(decompressed_blocks(self.path, _HEAD_BYTES), b"")
        if not head.strip():
            raise InputError(
                "{path} is empty: give a table with column names and rows.", path=self.path
            )
        return encoding_of(self.path, head, self._encoding, self._otherwise)

    @cached_property
    def _start(self) -> tuple[Mapping[str, Any], tuple[str, ...], float]:
        """The types of the columns, what was done, and the rows for each letter."""
        text = next(self._texts())
        frame, notes = next(self._parsed(iter([text])))
        return frame.schema, notes, frame.height / len(text)

    @property
    def schema(self) -> Mapping[str, Any]:
        """The type of each column, of polars; in CSV, all are text."""
        return self._start[0]

    @property
    def notes(self) -> tuple[str, ...]:
        """What was done to read the first rows, in sentences."""
        return (*self._codec[1], *self._start[1])

    @property
    def n_rows_about(self) -> int | None:
        """About how many rows there are; None where the file is compressed."""
        is_compressed = plain_name(self.path) != self.path.name.lower()
        return None if is_compressed else int(self.path.stat().st_size * self._start[2])

    @property
    def stamp(self) -> str:
        """The size and the time of the file, and its encoding."""
        return f"{file_stamp(self.path)} {self._codec[0]}"

    def frames(self, columns: Sequence[str], start: int = 0) -> Iterator[Any]:  # noqa: ARG002
        """Yield the rows as frames of polars, all of them."""
        for frame, __ in self._parsed(self._texts()):
            later = [name for name in frame.columns if name not in self.schema]
            if later:
                warn(
                    "{path} has {listed} in later rows alone, which is left out.",
                    path=self.path,
                    listed=listed(later),
                )
            yield _with_columns(frame, columns)

    def _parsed(self, texts: Iterator[str]) -> Iterator[tuple[Any, tuple[str, ...]]]:
        """Yield a frame of each text, and what was done."""
        if self._is_json:
            yield from ((parse_json(self.path, text.encode()), ()) for text in texts)
            return
        frames = stream_csv(self.path, texts)
        frame, notes = next(frames)
        named, note = with_all_names(frame)
        names = dict(zip(frame.columns, named.columns, strict=True))
        yield named, (*notes, *filter(None, [note]))
        yield from ((frame.rename(names, strict=False), ()) for frame, _ in frames)

    def _texts(self) -> Iterator[str]:
        """Yield the text in parts that end where a line ends, outside of quotes."""
        blocks = decompressed_blocks(self.path, _TEXT_BYTES)
        rest = ""
        for block in decoded_blocks(self.path, blocks, self._codec[0]):
            text = rest + block
            end = text.rfind("\n") + 1 if self._is_json else _line_end(text)
            if not end and len(text) > _MAX_LINE:
                raise InputError(
                    "{path} has a line that does not end: check that every quote is closed.",
                    path=self.path,
                )
            if text[:end].strip():
                yield text[:end]
            rest = text[end:]
        if rest.strip():
            yield rest


@final
class QueryPart(Part):
    """What another library reads: it is asked again for every pass over the rows."""

    def __init__(
        self,
        name: str,
        plan: str,  # a text that tells what is read
        head: Any,  # a frame of the first rows
        read: Callable[[Sequence[str]], Iterator[Any]],  # frames of all rows
        n_rows: int | None = None,
    ) -> None:
        self.name, self._plan, self._head, self._read = name, plan, head, read
        self._n_rows = n_rows

    @property
    def schema(self) -> Mapping[str, Any]:
        """The type of each column, of polars."""
        schema: Mapping[str, Any] = self._head.schema
        return schema

    @property
    def n_rows(self) -> int | None:
        """The number of rows, where it is known without reading them."""
        return self._n_rows

    @property
    def stamp(self) -> str:
        """What is read, and its first rows."""
        return f"{self._plan} {self._head.rows()}"

    def frames(self, columns: Sequence[str], start: int = 0) -> Iterator[Any]:
        """Yield the rows as frames of polars; from one on where their number is known."""
        for frame in self._read(columns):
            if start < frame.height:
                yield frame[start:]
            start = max(0, start - frame.height)


def of_lazy_frame(X: Any) -> QueryPart:
    """Return a lazy frame of polars as a part."""

    def read(columns: Sequence[str]) -> Iterator[Any]:
        rows = X.select(columns)
        if not hasattr(rows, "collect_batches"):  # before polars 1.34
            return iter(rows.collect().iter_slices(FRAME_ROWS))
        return iter(rows.collect_batches(chunk_size=FRAME_ROWS, maintain_order=True))

    return QueryPart("the LazyFrame", X.explain(), X.head(_STAMP_ROWS).collect(), read)


def of_dataset(X: Any) -> QueryPart:
    """Return a dataset of pyarrow as a part."""
    polars = load_polars()

    def read(columns: Sequence[str]) -> Iterator[Any]:
        batches = X.to_batches(
            columns=list(columns), batch_size=FRAME_ROWS, batch_readahead=2, fragment_readahead=1
        )
        return map(polars.from_arrow, batches)

    plan = " ".join(file_stamp(Path(file)) for file in getattr(X, "files", []))
    is_counted = getattr(getattr(X, "format", None), "default_extname", "") == "parquet"
    n_rows = X.count_rows() if is_counted else None
    return QueryPart("the Dataset", plan, polars.from_arrow(X.head(_STAMP_ROWS)), read, n_rows)


def of_relation(X: Any) -> QueryPart:
    """Return a relation of DuckDB as a part."""
    polars = load_polars()

    def read(columns: Sequence[str]) -> Iterator[Any]:
        rows = X.project(", ".join('"' + name.replace('"', '""') + '"' for name in columns))
        reader = getattr(rows, "to_arrow_reader", None) or rows.fetch_record_batch
        return map(polars.from_arrow, reader(FRAME_ROWS))

    try:
        head = X.limit(_STAMP_ROWS).pl()
    except ImportError:
        raise InputError(
            "A relation of DuckDB is read with pyarrow, which is not installed: install it."
        ) from None
    return QueryPart("the DuckDBPyRelation", X.sql_query(), head, read)


def file_stamp(path: Path) -> str:
    """Return the place, the size and the time of a file, as text."""
    if not path.exists():  # in a store elsewhere
        return str(path)
    state = path.stat()
    return f"{os.path.abspath(path)} {state.st_size} {state.st_mtime_ns}"


def _with_columns(frame: Any, columns: Sequence[str]) -> Any:
    """Return these columns of a frame, without values where it has no such column."""
    lacking = [name for name in columns if name not in frame.columns]
    return frame.with_columns(load_polars().lit(None).alias(name) for name in lacking)[columns]


def _line_end(text: str) -> int:
    """Return where the last line ends that does not end within quotes; 0 if there is none.

    A text whose quotes do not come in pairs is cut at its last line.
    """
    n_quotes, last = text.count('"'), len(text)
    while end := text.rfind("\n", 0, last) + 1:
        n_quotes -= text.count('"', end, last)
        if n_quotes % 2 == 0:
            return end
        last = end - 1
    return text.rfind("\n") + 1 if len(text) > _MAX_QUOTED else 0
