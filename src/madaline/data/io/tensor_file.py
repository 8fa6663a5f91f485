"""Model files and checkpoints: named arrays and a JSON value in the safetensors format.

Eight bytes give the length of a JSON header, the header gives the position of each array, and the
arrays follow. Nothing in such a file can be executed, and a checksum detects damage. It is no proof
of who wrote the file: the header is checked, too, and who reads a description checks it as a whole.

The format: https://huggingface.co/docs/safetensors (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from madaline.data.io.atomic import write_atomically
from madaline.data.io.json_checks import Malformed
from madaline.data.io.json_text import parse_json
from madaline.data.io.spill import RowFile, Rows
from madaline.data.io.tensor_header import (
    DTYPES,
    LARGEST_HEADER,
    METADATA,
    parse_header,
    read_arrays,
)
from madaline.data.media.files import open_regular
from madaline.errors import ModelFileError
from madaline.nn.arrays import Array

MODEL = "madaline model"
CHECKPOINT = "madaline checkpoint"
ONLINE = "online model of madaline"
MONITOR = "monitor of madaline"
"""Kinds of files."""

VERSION = 1
"""Version of the JSON layout; a reader refuses newer versions and reads all older ones."""

NO_CHECKSUM = "0" * 64
"""Stands in a file for its checksum while the checksum is computed."""


def read_tensor_file(
    path: str | os.PathLike[str], kind: str = MODEL, *, key: bytes = b""
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the JSON value and the arrays of a file.

    Parameters
    ----------
    path : path
        The file.
    kind : str, default=MODEL
        What the file must be.
    key : bytes, optional
        What it was signed with.

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
    content, start = _content(path, kind)
    with refusing_malformed(path, kind):
        metadata, entries = parse_header(content[8:start])
        if not isinstance(metadata, dict) or metadata.get("format") != kind:
            raise _not_of_kind(path, kind)
        METADATA(metadata)
        _check_version(path, metadata["version"])
        _check_signature(content, metadata["checksum"], key)
        arrays = read_arrays(entries, content, start)
        return parse_json(metadata["description"]), arrays


def is_of_kind(path: str | os.PathLike[str], kind: str) -> bool:
    """Return whether a file has the head of one of that kind; False if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return f'"format":"{kind}"'.encode() in file.read(256)
    except OSError:
        return False


@contextmanager
def refusing_malformed(path: str | os.PathLike[str], kind: str = MODEL) -> Iterator[None]:
    """Make one sentence of whatever is wrong with the content of a file.

    Raises
    ------
    ModelFileError
        In place of `Malformed`.
    """
    try:
        yield
    except Malformed as error:
        raise damaged(path, str(error), kind) from None


def write_tensor_file(
    path: str | os.PathLike[str],
    kind: str,
    description: Mapping[str, Any],
    arrays: Mapping[str, Rows],
    *,
    key: bytes = b"",
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
    key : bytes, optional
        Signs the file: who has no key cannot write one that is read with it.

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
    signature = checksum(chain([header], _bodies(arrays)), key)
    signed = header.replace(NO_CHECKSUM.encode(), signature.encode(), 1)
    write_atomically(path, signed, _bodies(arrays))


def checksum(parts: Iterable[bytes | memoryview], key: bytes = b"") -> str:
    """Return the SHA-256 of a whole file in which `NO_CHECKSUM` stands for its own checksum.

    With a key it is the HMAC (RFC 2104), which nobody can make without that key.

    Parameters
    ----------
    parts : iterable of bytes
        The file, piece by piece.
    key : bytes, optional
        The key.

    Examples
    --------
    >>> checksum([b"{", b"}"])[:8]
    '44136fa3'
    """
    digest = hmac.new(key, digestmod="sha256") if key else hashlib.sha256()
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


def _content(path: Path, kind: str) -> tuple[bytes, int]:
    """Return the bytes of a file and where its header ends; what is no model is not read."""
    try:
        with open_regular(path) as file:
            start = file.read(10)
            length, size = int.from_bytes(start[:8], "little"), os.fstat(file.fileno()).st_size
            if len(start) < 10 or length > LARGEST_HEADER or start[8:9] != b"{":
                raise _not_of_kind(path, kind)
            if size < 8 + length:
                raise damaged(path, kind=kind)
            return start + file.read(), 8 + length
    except FileNotFoundError:
        raise ModelFileError(f"There is no file {path}: check the name.") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelFileError(f"{path} cannot be read ({reason}): check the name.") from None


def _check_version(path: Path, version: str) -> None:
    if not (version.isascii() and version.isdecimal() and len(version) < 10):
        raise Malformed("has no version")
    if int(version) > VERSION:
        raise ModelFileError(
            f"{path} was written by a newer madaline (file version {version}, this one reads up to"
            f" {VERSION}): upgrade with `pip install --upgrade madaline`."
        )


def _check_signature(content: bytes, signature: str, key: bytes) -> None:
    """Refuse content that is not what was signed."""
    place = content.find(signature.encode("ascii", "replace"))
    rest = memoryview(content)[place + len(signature) :]
    found = checksum([memoryview(content)[:place], NO_CHECKSUM.encode(), rest], key)
    is_alike = hmac.compare_digest(found.encode(), signature.encode("ascii", "replace"))
    if len(signature) != len(NO_CHECKSUM) or place < 0 or not is_alike:
        raise Malformed(_CHANGED + _ELSEWHERE if key else _CHANGED)


def _not_of_kind(path: Path, kind: str) -> ModelFileError:
    if kind == MODEL and is_of_kind(path, ONLINE):
        return ModelFileError(
            f"{path} is an online model: load it in Python with madaline.load, or play a table"
            " back with `madaline stream`."
        )
    remedies = {
        MODEL: ": give a file that `madaline fit` or `save` wrote.",
        ONLINE: ": give a file that `save` of an online estimator, or `madaline stream -o`, wrote.",
        MONITOR: ": give a file that `save` of a monitor wrote.",
    }
    remedy = remedies.get(kind, ", so no interrupted fit can be resumed.")
    return ModelFileError(f"{path} is not {'an' if kind == ONLINE else 'a'} {kind}{remedy}")


_CHANGED = "was cut short or changed"
_ELSEWHERE = ", or written by another user or on another machine"


def damaged(
    path: str | os.PathLike[str], problem: str = f"it {_CHANGED}", kind: str = MODEL
) -> ModelFileError:
    """Return the sentence for a file that is not what was written, and what is wrong with it."""
    again = ": copy it again, or fit the model again."
    remedies = {MODEL: again, ONLINE: again, MONITOR: ": watch the model anew."}
    remedy = remedies.get(kind, ", so the interrupted fit cannot be resumed.")
    return ModelFileError(f"{os.fspath(path)} is damaged ({problem}){remedy}")
