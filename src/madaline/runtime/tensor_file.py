"""Reads a model file: named arrays and one JSON text, in the safetensors format.

Eight bytes give the length of a JSON header, the header says where each array lies, the arrays
follow. Nothing in such a file can be executed. A checksum tells a damaged file from a sound one.

The format: https://huggingface.co/docs/safetensors (Apache-2.0).
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from madaline.core.arrays import Array
from madaline.errors import ModelFileError

FORMAT = "madaline model"
VERSION = 1
"""Version of the layout of our JSON text. A reader refuses newer ones, and reads all older ones."""

_DTYPES = {"F64": "<f8", "F32": "<f4", "I64": "<i8", "I32": "<i4", "U8": "|u1", "BOOL": "|b1"}
_LARGEST_HEADER = 100_000_000


def read_model_file(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the JSON value and the arrays of a model file.

    Parameters
    ----------
    path : path
        The file.

    Returns
    -------
    description : dict
        The model's JSON value.
    arrays : dict of str to ndarray
        The model's arrays, read-only.

    Raises
    ------
    ModelFileError
        If there is no such file, it is not a model, it is damaged, or from a newer version.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"There is no file {path}: check the name.") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from None
    header, body = _split(path, content)
    metadata = header.pop("__metadata__", None)
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise ModelFileError(
            f"{path} is not a madaline model: give a file that `madaline fit` or `save` wrote."
        )
    _check_version(path, metadata)
    if metadata.get("checksum") != checksum(metadata["model"], body):
        raise _damaged(path)
    return json.loads(metadata["model"]), _arrays(path, header, body)


def checksum(model: str, body: bytes) -> str:
    """Return the SHA-256 of a model's JSON text and of its arrays' bytes."""
    digest = hashlib.sha256(model.encode())
    digest.update(body)
    return digest.hexdigest()


def _split(path: Path, content: bytes) -> tuple[dict[str, Any], bytes]:
    """Return the header and the bytes after it."""
    length = int.from_bytes(content[:8], "little")
    if len(content) < 10 or length > _LARGEST_HEADER or content[8:9] != b"{":
        raise ModelFileError(
            f"{path} is not a madaline model: give a file that `madaline fit` or `save` wrote."
        )
    if len(content) < 8 + length:
        raise _damaged(path)
    try:
        header = json.loads(content[8 : 8 + length])
    except ValueError:
        raise _damaged(path) from None
    if not isinstance(header, dict):
        raise _damaged(path)
    return header, content[8 + length :]


def _check_version(path: Path, metadata: Mapping[str, Any]) -> None:
    version = str(metadata.get("version"))
    if not version.isdigit() or "model" not in metadata:
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
                body[slice(*entry["data_offsets"])], _DTYPES[entry["dtype"]]
            ).reshape(entry["shape"])
            for name, entry in header.items()
        }
    except (KeyError, TypeError, ValueError):
        raise _damaged(path) from None


def _damaged(path: Path) -> ModelFileError:
    return ModelFileError(
        f"{path} is damaged (cut short or changed): copy it again, or fit the model again."
    )
