"""Reads our files: named arrays and one JSON text, in the safetensors format.

Eight bytes give the length of a JSON header, the header says where each array lies, the arrays
follow. Nothing in such a file can be executed. A checksum tells a damaged file from a sound one.

The format: https://huggingface.co/docs/safetensors (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from madaline.errors import ModelFileError
from madaline.nn.arrays import Array

MODEL = "madaline model"
CHECKPOINT = "madaline checkpoint"
"""What a file can be."""

VERSION = 1
"""Version of the layout of our JSON texts. A reader refuses newer ones and reads all older ones."""

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "|i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "|u1",
    "BOOL": "|b1",
}
"""NumPy's name of each element type of the format."""

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
        raise _foreign(path)
    _check_version(path, metadata)
    own, unsigned = metadata["checksum"].encode(), NO_CHECKSUM.encode()
    if metadata["checksum"] != checksum([content.replace(own, unsigned, 1)]):
        raise _damaged(path)
    return json.loads(metadata["description"]), _arrays(path, header, body)


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
        raise _foreign(path)
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


def _foreign(path: Path) -> ModelFileError:
    return ModelFileError(
        f"{path} is not a madaline model: give a file that `madaline fit` or `save` wrote."
    )


def _damaged(path: Path) -> ModelFileError:
    return ModelFileError(
        f"{path} is damaged (cut short or changed): copy it again, or fit the model again."
    )
