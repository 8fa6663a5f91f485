"""Files are written whole or not at all: a full disk or a killed run never leaves half a file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.io.row_file import RowFile, Rows
from madaline.data.io.tensor_file import DTYPES, NO_CHECKSUM, VERSION, checksum


def write_tensor_file(
    path: str | os.PathLike[str],
    kind: str,
    description: Mapping[str, Any],
    arrays: Mapping[str, Rows],
) -> None:
    """Write a JSON value and arrays to one file that `read_tensor_file` reads.

    Parameters
    ----------
    path : path
        Where to write; an existing file is replaced only when the new one is complete.
    kind : str
        What the file is: ``MODEL`` or ``CHECKPOINT`` of `madaline.data.io.tensor_file`.
    description : mapping
        The JSON value.
    arrays : mapping of str to ndarray or RowFile
        The arrays; they are written one after the other, to need little room.

    Raises
    ------
    OSError
        If the file cannot be written, for example because the disk is full.

    Examples
    --------
    >>> from madaline.data.io.tensor_file import MODEL, read_tensor_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "numbers"
    ...     write_tensor_file(path, MODEL, {"unit": "mm"}, {"size": np.array([1.0, 2.0])})
    ...     read_tensor_file(path)
    ({'unit': 'mm'}, {'size': array([1., 2.])})
    """
    metadata = {
        "format": kind,
        "version": str(VERSION),
        "checksum": NO_CHECKSUM,
        "description": json.dumps(description),
    }
    header = _safetensors_header(metadata, arrays)
    signature = checksum(chain([header], _parts(arrays)))
    signed = header.replace(NO_CHECKSUM.encode(), signature.encode(), 1)
    write_whole(path, signed, _parts(arrays))


def write_whole(path: str | os.PathLike[str], content: bytes, more: Iterable[bytes] = ()) -> None:
    """Write `content` beside `path` and move it there when it is complete.

    Parameters
    ----------
    path : path
        Where to write; an existing file is replaced.
    content : bytes
        What to write.
    more : iterable of bytes, optional
        What comes after it.

    Raises
    ------
    OSError
        If it cannot be written; then an existing file is as it was.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.writelines(more)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _safetensors_header(metadata: Mapping[str, str], arrays: Mapping[str, Rows]) -> bytes:
    """Return how a safetensors file begins; the same arrays always make the same bytes.

    The format's own library writes its header in an order that changes from call to call.
    """
    names = {np.dtype(numpy_name): name for name, numpy_name in DTYPES.items()}
    header: dict[str, Any] = {"__metadata__": metadata}
    start = 0
    for name, array in arrays.items():
        stop = start + prod(array.shape) * array.dtype.itemsize
        header[name] = {
            "dtype": names[array.dtype.newbyteorder("<")],
            "shape": array.shape,
            "data_offsets": (start, stop),
        }
        start = stop
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text


def _parts(arrays: Mapping[str, Rows]) -> Iterator[bytes]:
    """Yield what follows the header: the numbers of one array after the other."""
    for rows in arrays.values():
        array = rows[:] if isinstance(rows, RowFile) else rows
        yield array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
