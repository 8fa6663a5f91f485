"""Rows in a file: what every recipe says about every row is much, and is read a few at a time.

The best mix of recipes is chosen among the out-of-fold outputs of all of them. With many classes
these take more room than the table does, so that only those that are looked at are in memory.
"""

from __future__ import annotations

import os
import tempfile
from io import FileIO
from typing import TypeAlias
from weakref import finalize

import numpy as np

from madaline.nn.arrays import Array

LARGE = 2**20
"""Numbers from which on an array is worth a file: four MiB in float32."""


class RowFile:
    """Rows of numbers in a temporary file; slices of it are arrays, as those of an array (final).

    The file is gone when nothing refers to it any more; where the system can, it has no name.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, width)
        What to write.

    Raises
    ------
    OSError
        If the file cannot be written, such as on a full disk.

    Examples
    --------
    >>> rows = RowFile(np.arange(6.0).reshape(3, 2))
    >>> rows[1:]
    array([[2., 3.],
           [4., 5.]])
    >>> rows.shape
    (3, 2)
    """

    __slots__ = ("__weakref__", "_file", "_row_bytes", "dtype", "shape")

    def __init__(self, rows: Array) -> None:
        self.shape, self.dtype, self._row_bytes = rows.shape, rows.dtype, rows[:1].nbytes
        # A mapped file would count as memory as long as its pages are there.
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 (it stays open as long as this is)
        finalize(self, self._file.close)
        left = _bytes_of(np.ascontiguousarray(rows))
        while left.size:  # not always all at once
            left = left[self._file.write(left.data) :]

    def __len__(self) -> int:
        """Return the number of rows."""
        return int(self.shape[0])

    def __getitem__(self, places: slice) -> Array:
        """Return some rows, in a new array."""
        wanted = range(*places.indices(len(self)))
        rows = np.empty((len(wanted), *self.shape[1:]), self.dtype)
        if wanted.step == 1:
            self.read(wanted.start, rows)
            return rows
        for place, source in enumerate(wanted):
            self.read(source, rows[place : place + 1])
        return rows

    def read(self, start: int, out: Array) -> None:
        """Fill an array in one piece, of the same type, with the rows from a place on.

        Raises
        ------
        OSError
            If they are not in the file any more.
        """
        if out.dtype != self.dtype:
            raise TypeError(f"The rows are {self.dtype}, but there is room for {out.dtype}.")
        left, place = _bytes_of(out), start * self._row_bytes
        while left.size:
            n_read = _read_at(self._file, place, left)
            if n_read == 0:
                raise OSError("A temporary file has been cut short: start again.")
            left, place = left[n_read:], place + n_read


def _bytes_of(rows: Array) -> Array:
    return rows.reshape(-1).view(np.uint8)


def _read_at(file: FileIO, place: int, out: Array) -> int:
    """Read bytes from a place on; return how many."""
    if hasattr(os, "preadv"):
        return os.preadv(file.fileno(), [out.data], place)  # has no place that threads share
    file.seek(place)
    return file.readinto(out.data)


Rows: TypeAlias = Array | RowFile
"""Rows in memory or in a file: both have a shape, a length and slices."""


def read_rows(rows: Rows, start: int, out: Array) -> None:
    """Fill an array in one piece with the rows from a place on."""
    if isinstance(rows, RowFile):
        rows.read(start, out)
    else:
        np.copyto(out, rows[start : start + len(out)])


def put_away(rows: Array) -> Rows:
    """Return rows in a file if there are many numbers, and the disk has room for them.

    Examples
    --------
    >>> few = np.zeros((3, 2))
    >>> put_away(few) is few
    True
    """
    if rows.size < LARGE:
        return rows
    try:
        return RowFile(rows)
    except OSError:
        return rows
