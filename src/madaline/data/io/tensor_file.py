"""Model files and checkpoints: named arrays and a JSON value in the safetensors format.

Eight bytes give the length of a JSON header, the header gives the position of each array, and the
arrays follow. Nothing in such a file can be executed, and a checksum detects damage.

The format: https://huggingface.co/docs/safetensors (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.io.atomic import write_atomically
from madaline.data.io.spill import RowFile, Rows
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array

MODEL = "madaline model"
CHECKPOINT = "madaline checkpoint"
"""Kinds of files."""

VERSION = 1
"""Version of the JSON layout; a reader refuses newer versions and reads all older ones."""

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
"""NumPy's name for each element type of the format."""

NO_CHECKSUM = "0" * 64
"""Stands in a file for its checksum while the checksum is computed."""

_LARGEST_HEADER = 100_000_000


def read_tensor_file(
    path: str | os.PathLike[str], kind: str = MODEL
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the JSON value and the arrays of a file.

    Parameters
    ----------
    path : path
        The file.
    kind : str, default=MODEL
        What the file must be.

    Returns
    -------
    description : dict
        The file's JSON value.
    arrays : dict of str to ndarray
        The file's arrays, read-only.

    Raises
    ------
    ModelFileError
        If there is no such file, it is of another kind, damaged, or from a newer version.
    """
    path = Path(path)
    content = _content(path)
    header, body = _split(path, content)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.get("format") != kind:
        raise _not_a_model(path)
    _check_version(path, metadata)
    signature = metadata["checksum"]
    if signature != checksum([content.replace(signature.encode(), NO_CHECKSUM.encode(), 1)]):
        raise _damaged(path)
    return json.loads(metadata["description"]), _arrays(path, header, body)


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
        What the file is: `MODEL` or `CHECKPOINT`.
    description : mapping
        The JSON value.
    arrays : mapping of str to ndarray or RowFile
        The arrays, written one after the other to need little memory.

    Raises
    ------
    OSError
        If the file cannot be written, for example because the disk is full.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
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
    header = _header(metadata, arrays)
    signature = checksum(chain([header], _bodies(arrays)))
    signed = header.replace(NO_CHECKSUM.encode(), signature.encode(), 1)
    write_atomically(path, signed, _bodies(arrays))


def checksum(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of a whole file in which `NO_CHECKSUM` stands for its own checksum.

    Parameters
    ----------
    parts : iterable of bytes
        The file, piece by piece.

    Examples
    --------
    >>> checksum([b"{", b"}"])[:8]
    '44136fa3'
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _header(metadata: Mapping[str, str], arrays: Mapping[str, Rows]) -> bytes:
    """Return the length and the JSON header of a safetensors file, the same bytes on every call.

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


def _bodies(arrays: Mapping[str, Rows]) -> Iterator[bytes]:
    """Yield the bytes of each array, which follow the header."""
    for rows in arrays.values():
        array = rows[:] if isinstance(rows, RowFile) else rows
        yield array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"There is no file {path}: check the name.") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from None


def _split(path: Path, content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and the bytes after it."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 10 or length > _LARGEST_HEADER or content[8:9] != b"{":
        raise _not_a_model(path)
    if len(content) < 8 + length:
        raise _damaged(path)
    try:
        header = json.loads(content[8 : 8 + length])
    except (ValueError, RecursionError):
        raise _damaged(path) from None
    if not isinstance(header, dict):
        raise _damaged(path)
    return header, content[8 + length :]


def _check_version(path: Path, metadata: Mapping[str, Any]) -> None:
    version, texts = str(metadata.get("version")), ("checksum", "description")
    if not version.isdecimal() or not all(isinstance(metadata.get(key), str) for key in texts):
        raise _damaged(path)
    if int(version) > VERSION:
        raise ModelFileError(
            f"{path} was written by a newer madaline (file version {version}, this one reads up to"
            f" {VERSION}): upgrade with `pip install --upgrade madaline`."
        )


def _arrays(path: Path, header: Mapping[str, Any], body: bytes) -> dict[str, Array]:
    try:
        return {
            name: np.frombuffer(
                body[slice(*entry["data_offsets"])], DTYPES[entry["dtype"]]
            ).reshape(entry["shape"])
            for name, entry in header.items()
        }
    except (KeyError, TypeError, ValueError):
        raise _damaged(path) from None


def _not_a_model(path: Path) -> ModelFileError:
    return ModelFileError(
        f"{path} is not a madaline model: give a file that `madaline fit` or `save` wrote."
    )


def _damaged(path: Path) -> ModelFileError:
    return ModelFileError(
        f"{path} is damaged (cut short or changed): copy it again, or fit the model again."
    )
