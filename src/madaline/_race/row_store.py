"""Rows on disk: what an encoder read of a table larger than memory, written once, read in blocks.

A row is a record of some hundred bytes. The rows of a chunk of the table are shuffled and dealt to
all blocks, so that a block of the file holds rows of the whole table: the chunk's rows go to each
block as one run. Where a row stands follows from its number, so no order of all rows is ever made.
"""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Any, final

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_size
from madaline._race.stored_rows import CHUNK, RowValues, StoredRows, shuffled_chunk
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.io.spill import read_at
from madaline._tables.kinds import KINDS
from madaline._tables.kinds.boolean import BooleanEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.kind import MEDIA, ColumnEncoder
from madaline.errors import InputError
from madaline.nn._engine.executors.processes import SharedFolder
from madaline.nn.arrays import Array

_SPARE = 64 * 2**20  # bytes of the disk that stay free, at least

_FULL = (errno.ENOSPC, errno.EDQUOT)


@final
class RowStore(StoredRows):
    """A file of rows in shuffled order, which ends with the process that wrote it."""

    def __init__(
        self,
        encoder: TableEncoder,
        chunks: Iterable[RowValues],  # all rows, in any portions
        n_samples: int,
        *,
        n_blocks: int,
        seed: int,
        one_hot: bool,  # whether each target is a one among zeros
        text_bytes: float = 0.0,  # of the texts of a row, on average
    ) -> None:
        self.n_samples, self.n_blocks = n_samples, n_blocks
        self._one_hot, self._texts_end = one_hot, 0
        self._files: dict[str, FileIO] = {}
        with _full_disk():
            self._folder: SharedFolder | None = SharedFolder()
        self._path = self._folder.path
        try:
            self._write(encoder, chunks, seed, text_bytes)
        except BaseException:
            self.close()
            raise

    def __getstate__(self) -> dict[str, Any]:
        """Return what another process of this machine needs to read the rows."""
        return {**self.__dict__, "_files": {}, "_folder": None}

    @property
    def n_bytes(self) -> int:
        """The bytes of the rows on disk."""
        return self.n_samples * self._record.itemsize + self._texts_end

    def close(self) -> None:
        """Remove the rows from the disk."""
        for file in self._files.values():
            file.close()
        self._files = {}
        if self._folder is not None:
            self._folder.remove()
        self._folder = None

    def read(self, number: int) -> RowValues:
        """Return the rows of a block."""
        records = np.empty(self._size(number), self._record)
        _fill(self._file("rows"), self._start(number) * self._record.itemsize, records)
        columns = []
        for index, dtype in enumerate(self._columns):
            if dtype.kind == "O":
                columns.append(self._texts(records[f"from {index}"], records[f"bytes {index}"]))
            else:
                columns.append(records[f"column {index}"].astype(dtype))
        names = self._record.names or ()
        return RowValues(
            columns,
            self._targets(records["target"]),
            records["weight"].copy() if "weight" in names else None,
            records["place"].copy(),
            records["fold"].copy(),
            records["learned"].copy() if "learned" in names else None,
        )

    def _targets(self, stored: Array) -> Array:
        if not self._one_hot:
            return stored.copy()
        targets = np.zeros((len(stored), self._n_outputs), np.float32)
        targets[np.arange(len(stored)), stored] = 1
        return targets

    def _size(self, number: int) -> int:
        return len(range(number, self.n_samples, self.n_blocks))

    def _start(self, number: int) -> int:
        """Return where a block begins: as many rows as those before it have."""
        size, larger = divmod(self.n_samples, self.n_blocks)
        return number * size + min(number, larger)

    def _write(
        self, encoder: TableEncoder, chunks: Iterable[RowValues], seed: int, text_bytes: float
    ) -> None:
        start = 0
        for number, values in enumerate(portions(chunks)):
            if number == 0:
                self._lay_out(encoder, values, text_bytes)
            if start + values.n_samples > self.n_samples:
                raise _changed(self.n_samples)
            self._write_chunk(
                values.take(shuffled_chunk(number, values.n_samples, seed=seed)), start
            )
            start += values.n_samples
        if start < self.n_samples:
            raise _changed(self.n_samples)

    def _lay_out(self, encoder: TableEncoder, values: RowValues, text_bytes: float) -> None:
        """Decide what a record holds, and take the room for all of them."""
        self._columns = [column.dtype for column in values.columns]
        self._n_outputs = values.target.shape[1]
        fields: list[tuple[Any, ...]] = []
        for index, (own, dtype) in enumerate(zip(encoder.encoders, self._columns, strict=True)):
            if dtype.kind == "O":
                fields += [
                    (_("from {index}").format(index=index), np.int64),
                    (_("bytes {index}").format(index=index), np.int32),
                ]
            else:
                fields.append((_("column {index}").format(index=index), _small_type(own) or dtype))
        targets = (np.int32,) if self._one_hot else (np.float32, (self._n_outputs,))
        fields += [("target", *targets), ("place", np.int32), ("fold", np.int16)]
        if values.weight is not None:
            fields.append(("weight", np.float32))
        if values.learned is not None:
            fields.append(("learned", np.bool_, values.learned.shape[1:]))
        self._record = np.dtype(fields)
        check_room(int(self.n_samples * (self._record.itemsize + text_bytes)))
        with _full_disk():
            _reserve(self._file("rows"), self.n_samples * self._record.itemsize)

    def _write_chunk(self, values: RowValues, start: int) -> None:
        """Write shuffled rows, of which the first is the `start`-th of all: a run to each block."""
        block = (start + np.arange(values.n_samples)) % self.n_blocks
        order = np.argsort(block, kind="stable")
        values, counts = values.take(order), np.bincount(block, minlength=self.n_blocks)
        records = self._records(values)
        stops = np.cumsum(counts)
        with _full_disk():
            for number in np.flatnonzero(counts).tolist():
                stop = int(stops[number])
                run = records[stop - int(counts[number]) : stop]
                before = len(range(number, start, self.n_blocks))
                _put(self._file("rows"), (self._start(number) + before) * run.itemsize, run)

    def _records(self, values: RowValues) -> Array:
        records = np.empty(values.n_samples, self._record)
        for index, column in enumerate(values.columns):
            if column.dtype == object:
                self._write_texts(column, records[f"from {index}"], records[f"bytes {index}"])
            else:
                records[f"column {index}"] = column
        records["target"] = values.target.argmax(axis=1) if self._one_hot else values.target
        records["place"], records["fold"] = values.places, values.folds
        if values.weight is not None:
            records["weight"] = values.weight
        if values.learned is not None:
            records["learned"] = values.learned
        return records

    def _write_texts(self, column: Array, starts: Array, sizes: Array) -> None:
        """Append texts to their file; write where each begins, and its length, -1 if missing."""
        texts = [None if t is None else t.encode("utf-8", "surrogatepass") for t in column.tolist()]
        sizes[:] = [-1 if text is None else len(text) for text in texts]
        ends = self._texts_end + np.cumsum(np.maximum(sizes, 0), dtype=np.int64)
        starts[:] = ends - np.maximum(sizes, 0)
        with _full_disk():
            joined = np.frombuffer(b"".join(filter(None, texts)), np.uint8)
            _put(self._file("texts"), self._texts_end, joined)
        self._texts_end += joined.size

    def _texts(self, starts: Array, sizes: Array) -> Array:
        """Return texts, of which the rows of a chunk follow one another in the file."""
        lengths = np.maximum(sizes, 0).astype(np.int64)
        gaps = np.flatnonzero(starts[1:] != (starts + lengths)[:-1]) + 1
        texts: list[str | None] = []
        for rows in np.split(np.arange(len(starts)), gaps):
            run = np.empty(int(lengths[rows].sum()), np.uint8)
            if run.size:
                _fill(self._file("texts"), int(starts[rows[0]]), run)
            content = run.tobytes()
            end = 0
            for size in sizes[rows].tolist():
                begin, end = end, end + max(size, 0)
                text = content[begin:end].decode("utf-8", "surrogatepass")
                texts.append(None if size < 0 else text)
        return np.fromiter(texts, object, len(texts))

    def _file(self, name: str) -> FileIO:
        if name not in self._files:
            path = Path(self._path, name)
            if self._folder is None and not path.exists():
                raise InputError(
                    "A task needs the rows that are in {path} on the machine that fits: let TMPDIR name a folder that all machines of the cluster share.",
                    path=self._path,
                )
            # Written and read by position: unbuffered.
            self._files[name] = FileIO(path, "r+" if path.exists() else "w+")
        return self._files[name]


def _small_type(encoder: ColumnEncoder) -> type[np.generic] | None:
    """Return a type that holds all that an encoder reads, smaller than what it gives."""
    if isinstance(encoder, CategoryEncoder):
        return np.int16 if len(encoder.levels) <= np.iinfo(np.int16).max else np.int32
    return np.float16 if isinstance(encoder, BooleanEncoder) else None


def check_storable(encoder: TableEncoder) -> None:
    """Refuse columns whose values have no room in records, and texts alone, which are solved."""
    if encoder.only_texts:
        raise InputError(
            "The table has nothing but texts, which are learned from in memory alone: give fewer"
            " rows, or other columns."
        )
    for own in encoder.encoders:
        if KINDS[own.kind].holds == MEDIA:
            what = KINDS[own.kind].words[1]
            raise InputError(
                "Column {name!r} is read as {what}, which are learned from in memory alone: leave it out, or give fewer rows.",
                name=own.name,
                what=what,
            )


def portions(chunks: Iterable[RowValues]) -> Iterator[RowValues]:
    """Yield rows in portions of `CHUNK`, but the last one."""
    kept: list[RowValues] = []
    n_kept = 0
    for values in chunks:
        kept.append(values)
        n_kept += values.n_samples
        while n_kept >= CHUNK:
            joined = RowValues.join(kept)
            yield joined.take(slice(0, CHUNK))
            kept, n_kept = [joined.take(slice(CHUNK, None))], n_kept - CHUNK
    if n_kept:
        yield RowValues.join(kept)


def check_room(n_bytes: int) -> None:
    """Raise `InputError` unless the disk for temporary files has so many bytes to spare."""
    folder = tempfile.gettempdir()
    free = shutil.disk_usage(folder).free
    if n_bytes + _SPARE > free:
        raise _no_room(
            _("take about {n_bytes}").format(n_bytes=format_size(n_bytes)),
            _(", which has {free} left").format(free=format_size(free)),
        )


@contextmanager
def _full_disk() -> Iterator[None]:
    """Turn the error of a full disk into one sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise _no_room("need more room than there is", "") from None


def _no_room(what: str, left: str) -> InputError:
    return InputError(
        "The rows of the table, encoded, {what} on the disk of temporary files, {gettempdir}{left}: free some, or name a folder on another disk in the environment variable TMPDIR.",
        what=what,
        gettempdir=tempfile.gettempdir(),
        left=left,
    )


def _changed(n_samples: int) -> InputError:
    return InputError(
        "The table had {n_samples:,} rows when it was read first, and has another number of them now: do not change it during the fit.",
        n_samples=n_samples,
    )


def _reserve(file: FileIO, n_bytes: int) -> None:
    """Take the room on the disk, where the system can do so."""
    if hasattr(os, "posix_fallocate"):
        try:
            os.posix_fallocate(file.fileno(), 0, n_bytes)
        except OSError as error:
            if error.errno in _FULL:
                raise


def _put(file: FileIO, offset: int, rows: Array) -> None:
    """Write a contiguous array from an offset on."""
    left = rows.view(np.uint8).reshape(-1)
    file.seek(offset)
    while left.size:  # a write may be partial
        left = left[file.write(left.data) :]


def _fill(file: FileIO, offset: int, rows: Array) -> None:
    """Fill a contiguous array with what the file holds from an offset on."""
    left = rows.view(np.uint8).reshape(-1)
    while left.size:
        n_read = read_at(file, offset, left)
        if n_read == 0:
            raise OSError("A temporary file has been cut short: start again.")
        left, offset = left[n_read:], offset + n_read
