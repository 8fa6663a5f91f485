"""Spills large arrays to disk: the outputs of all recipes may take more room than the table.

The ensemble is chosen among the outputs of all recipes, which are read one block of rows at a time.
"""

from __future__ import annotations

import os
import tempfile
from io import FileIO
from threading import Lock
from typing import TypeAlias, final
from weakref import finalize

import numpy as np

from madaline._base.language import _
from madaline.nn.arrays import Array

MIN_SPILLED = 2**20  # size from which an array is spilled to disk: four MiB in float32


@final
class RowFile:
    """An array in a temporary file; slices of its rows are read as arrays.

    The file is deleted when nothing refers to it any more; where the system allows, it has no name.

    `OSError` if the file cannot be written, for example because the disk is full.
    """

    __slots__ = ("__weakref__", "_file", "_row_bytes", "_start", "dtype", "shape")

    def __init__(self, rows: Array) -> None:
        self.shape, self.dtype, self._row_bytes = rows.shape, rows.dtype, rows[:1].nbytes
        self._start = 0
        # Not a memory map: its resident pages would count as memory of the process.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (closed by `finalize`)
        finalize(self, self._file.close)
        left = _bytes_of(np.ascontiguousarray(rows))
        while left.size:  # a write may be partial
            left = left[self._file.write(left.data) :]

    @classmethod
    def within(cls, file: FileIO, place: range) -> RowFile:
        """Return some bytes of a file that others read, too, without buffering."""
        part = cls.__new__(cls)
        part.shape, part.dtype, part._row_bytes = (len(place),), np.dtype(np.uint8), 1
        part._file, part._start = file, place.start
        return part

    def __len__(self) -> int:
        return int(self.shape[0])

    def __getitem__(self, rows: slice) -> Array:
        """Return a slice of the rows as a new array."""
        indices = range(*rows.indices(len(self)))
        out = np.empty((len(indices), *self.shape[1:]), self.dtype)
        if indices.step == 1:
            self.read(indices.start, out)
            return out
        for position, index in enumerate(indices):
            self.read(index, out[position : position + 1])
        return out

    def read(self, start: int, out: Array) -> None:
        """Fill a contiguous array of the same dtype with the rows from `start` on.

        `OSError` if the file no longer holds them.
        """
        if out.dtype != self.dtype:
            raise TypeError(
                _("The rows are {dtype}, but out is {wanted}.").format(
                    dtype=self.dtype, wanted=out.dtype
                )
            )
        left, offset = _bytes_of(out), self._start + start * self._row_bytes
        while left.size:
            n_read = read_at(self._file, offset, left)
            if n_read == 0:
                raise OSError("A file has been cut short while it was read: start again.")
            left, offset = left[n_read:], offset + n_read


Rows: TypeAlias = Array | RowFile  # rows in memory or on disk: both have shape, length, slices


def read_rows(rows: Rows, start: int, out: Array) -> None:
    """Fill a contiguous array with the rows from `start` on."""
    if isinstance(rows, RowFile):
        rows.read(start, out)
    else:
        np.copyto(out, rows[start : start + len(out)])


def spill_to_disk(rows: Array) -> Rows:
    """Return a large array as a file, unless the disk is full; a small one is returned as it is."""
    if rows.size < MIN_SPILLED:
        return rows
    try:
        return RowFile(rows)
    except OSError:
        return rows


def _bytes_of(rows: Array) -> Array:
    return rows.reshape(-1).view(np.uint8)


_POSITION = Lock()  # on Windows a file has one position, which threads would move for one another


def read_at(file: FileIO, offset: int, out: Array) -> int:
    """Read bytes from an offset on; return how many were read."""
    if hasattr(os, "preadv"):
        return os.preadv(file.fileno(), [out.data], offset)  # threads share no file position
    with _POSITION:
        file.seek(offset)
        return file.readinto(out.data)
