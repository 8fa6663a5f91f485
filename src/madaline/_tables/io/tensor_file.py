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
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from madaline._base.json_checks import Malformed
from madaline._base.language import _
from madaline._base.words import format_size
from madaline._tables.io import tensor_header
from madaline._tables.io.atomic import write_atomically
from madaline._tables.io.spill import Rows
from madaline._tables.media.files import open_regular
from madaline.errors import InputError, ModelFileError
from madaline.nn.arrays import Array
from madaline.version import __version__

MODEL = "madaline model"
CHECKPOINT = "madaline checkpoint"
ONLINE = "online model of madaline"
MONITOR = "monitor of madaline"
MODELS = "models of madaline"
SAMPLER = "sampler of madaline"
"""Kinds of files."""

CHANGED = "was cut short or changed"
ELSEWHERE = ", or written by another user or on another machine"
"""What may have happened to a file whose checksum, or signature, is wrong."""

VERSION = 1  # of the files: rises when older readers cannot read what is written (docs/files.md)
NO_CHECKSUM = "0" * 64  # stands in a file for its checksum while the checksum is computed


def read_tensor_file(
    path: str | os.PathLike[str], kind: str = MODEL, *, key: bytes = b""
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the JSON value and the arrays of a file, which are read-only.

    `ModelFileError` if there is no such file, it is of another kind, damaged, from a newer version,
    or not signed with the key.
    """
    return parse_tensor_file(_content(Path(path), kind), path, kind, key=key)


def parse_tensor_file(
    content: memoryview, path: str | os.PathLike[str], kind: str = MODEL, *, key: bytes = b""
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the same of the bytes of a file; the path is for messages."""
    with _refusing_damage(path, kind):
        start = 8 + int.from_bytes(content[:8], "little")
        metadata, entries = _checked_header(content[:start], path, kind)
        _check_signature(content, start, metadata["checksum"], key)
        arrays = tensor_header.read_arrays(entries, content, start)
        return tensor_header.parse_json(metadata["description"]), arrays


def read_index(
    path: str | os.PathLike[str], kind: str = MODELS
) -> tuple[dict[str, Any], dict[str, range]]:
    """Return the JSON value of a file whose arrays are files, and the bytes of each within it.

    Its checksum is that of the header alone, so that one of them can be read without the others;
    the JSON value has theirs.
    """
    header, size = _header_of(Path(path), kind)
    with _refusing_damage(path, kind):
        metadata, entries = _checked_header(header, path, kind)
        _check_signature(header, len(header), metadata["checksum"], b"")
        places = tensor_header.read_places(entries, size - len(header))
        parts = {name: range(len(header) + a, len(header) + b) for name, (a, b) in places.items()}
        return tensor_header.parse_json(metadata["description"]), parts


@contextmanager
def _refusing_damage(path: str | os.PathLike[str], kind: str) -> Iterator[None]:
    try:
        yield
    except Malformed as error:
        raise damaged(path, str(error), kind) from None


def _checked_header(
    header: memoryview, path: str | os.PathLike[str], kind: str
) -> tuple[Any, dict[str, Any]]:
    """Return the metadata of a header, and its entries, which are not checked."""
    metadata, entries = tensor_header.parse_header(bytes(header[8:]))
    if not isinstance(metadata, dict) or metadata.get("format") != kind:
        raise _not_of_kind(path, kind)
    tensor_header.METADATA(metadata)
    _check_version(Path(path), metadata["version"])
    return metadata, entries


def is_of_kind(path: str | os.PathLike[str], kind: str) -> bool:
    """Return whether a file has the head of one of that kind; False if it cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return f'"format":"{kind}"'.encode() in file.read(256)
    except OSError:
        return False


def write_tensor_file(
    path: str | os.PathLike[str],
    kind: str,
    description: Mapping[str, Any],
    arrays: Mapping[str, Rows],
    *,
    check: Callable[[Any, Mapping[str, Any]], object],
    key: bytes = b"",
) -> None:
    """Write a JSON value and arrays to one file that `read_tensor_file` reads.

    What could not be read again is not written (`InputError`), and an existing file stands: `check`
    is what its reader does with the JSON value and the arrays, and raises `Malformed`. A `key`
    signs the file: who has none cannot write one that is read with it. Arrays are written one after
    the other, to need little memory. Of an index (`MODELS`), the checksum is that of the header.
    """
    signed = _signed_header(os.fspath(path), kind, description, arrays, check, key)
    write_atomically(path, signed, _bodies(arrays))


def tensor_bytes(
    kind: str,
    description: Mapping[str, Any],
    arrays: Mapping[str, Rows],
    *,
    check: Callable[[Any, Mapping[str, Any]], object],
    key: bytes = b"",
) -> bytes:
    """Return what `write_tensor_file` writes."""
    signed = _signed_header("The model", kind, description, arrays, check, key)
    return b"".join([signed, *_bodies(arrays)])


def _signed_header(
    name: str,
    kind: str,
    description: Mapping[str, Any],
    arrays: Mapping[str, Rows],
    check: Callable[[Any, Mapping[str, Any]], object],
    key: bytes,
) -> bytes:
    metadata = {
        "format": kind,
        "version": str(VERSION),
        "checksum": NO_CHECKSUM,
        "description": json.dumps(description),
    }
    header = _header(metadata, arrays)
    with refusing_unreadable(_("{name} is not written").format(name=name)):
        check_header(len(header) - 8)
        written = tensor_header.parse_json(tensor_header.parse_header(header[8:])[0]["description"])
        check(written, arrays)
    signature = checksum(chain([header], () if kind == MODELS else _bodies(arrays)), key)
    return header.replace(NO_CHECKSUM.encode(), signature.encode(), 1)


def check_header(n_bytes: int) -> None:
    """Raise `Malformed` if a header would be too long to be read."""
    if n_bytes > (most := tensor_header.MAX_HEADER):
        raise Malformed(
            "needs {n_bytes} for names and levels, of {most}",
            n_bytes=format_size(n_bytes),
            most=format_size(most),
        )


def header_size(description: Mapping[str, Any], arrays: Mapping[str, Rows]) -> int:
    """Return how many bytes of a header a description and the places of arrays take."""
    return len(_header({"description": json.dumps(description)}, arrays)) - 8


def checksum(parts: Iterable[bytes | memoryview], key: bytes = b"") -> str:
    """Return the SHA-256 of a whole file in which `NO_CHECKSUM` stands for its own checksum.

    With a key it is the HMAC (RFC 2104), which nobody can make without that key.
    """
    digest = hmac.new(key, digestmod="sha256") if key else hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _header(metadata: Mapping[str, str], arrays: Mapping[str, Rows]) -> bytes:
    """Return the length and the JSON header of a safetensors file, the same bytes on every call.

    The format's own library writes its header in an order that changes from call to call.
    """
    names = {np.dtype(numpy_name): name for name, numpy_name in tensor_header.DTYPES.items()}
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
        array = rows if isinstance(rows, np.ndarray) else rows[:]
        yield array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()


def _content(path: Path, kind: str) -> memoryview:
    """Return the bytes of a file; what is no model is not read."""
    with _refusing_unread(path), open_regular(path) as file:
        start, _, size = _beginning(file, path, kind)
        content = np.empty(size, np.uint8)  # not bytes: those would be copied once more
        content[: len(start)] = np.frombuffer(start, np.uint8)
        reader: Any = file
        n_read = len(start) + reader.readinto(content.data[len(start) :])
        content.flags.writeable = False
        return content[:n_read].data


def _header_of(path: Path, kind: str) -> tuple[memoryview, int]:
    """Return the header of a file, its length in front, and how many bytes the file has."""
    with _refusing_unread(path), open_regular(path) as file:
        start, length, size = _beginning(file, path, kind)
        return memoryview(start + file.read(length - len(start))), size


def _beginning(file: Any, path: Path, kind: str) -> tuple[bytes, int, int]:
    """Return the first bytes of a file, where its header ends, and its size."""
    start = file.read(10)
    length, size = int.from_bytes(start[:8], "little"), os.fstat(file.fileno()).st_size
    if len(start) < 10 or length > tensor_header.MAX_HEADER or start[8:9] != b"{":
        raise _not_of_kind(path, kind)
    if size < 8 + length:
        raise damaged(path, kind=kind)
    return start, 8 + length, size


@contextmanager
def _refusing_unread(path: Path) -> Iterator[None]:
    """Make a sentence of what the system says to who reads a file."""
    try:
        yield
    except FileNotFoundError:
        raise ModelFileError("There is no file {path}: check the name.", path=path) from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelFileError(
            "{path} cannot be read ({reason}): check the name.", path=path, reason=reason
        ) from None


def _check_version(path: Path, version: str) -> None:
    if not (version.isascii() and version.isdecimal() and len(version) < 10):
        raise Malformed("has no version")
    if int(version) > VERSION:
        raise newer(path, version, VERSION)


def _check_signature(content: memoryview, start: int, signature: str, key: bytes) -> None:
    """Refuse content that is not what was signed; its header ends at `start`."""
    place = bytes(content[:start]).find(signature.encode("ascii", "replace"))
    rest = content[place + len(signature) :]
    found = checksum([content[: max(0, place)], NO_CHECKSUM.encode(), rest], key)
    is_alike = hmac.compare_digest(found.encode(), signature.encode("ascii", "replace"))
    if len(signature) != len(NO_CHECKSUM) or place < 0 or not is_alike:
        raise Malformed(CHANGED + ELSEWHERE if key else CHANGED)


@contextmanager
def refusing_malformed(
    path: str | os.PathLike[str], kind: str = MODEL, *, writer: Any = None
) -> Iterator[None]:
    """Make one sentence of whatever is wrong with the content of a file that is whole.

    It raises `ModelFileError` in place of `Malformed`, or any other ValueError. The `writer` is the
    version of madaline that wrote the file, if it tells; it may tell anything.
    """
    try:
        yield
    except ModelFileError:
        raise
    except ValueError as error:
        raise _of_another(path, str(error), kind, writer) from None


@contextmanager
def refusing_unreadable(what: str, remedy: str = "correct it in the table") -> Iterator[None]:
    """Make one sentence of what a file cannot hold, before it is written.

    It raises `InputError` in place of `Malformed`, or any other ValueError; `what` is refused, such
    as "Column 'a' cannot be learned from".
    """
    try:
        yield
    except InputError:
        raise
    except ValueError as error:
        raise InputError(
            "{what}, as no file can hold it ({error}): {remedy}.",
            what=what,
            error=error,
            remedy=remedy,
        ) from None


def written_by(description: Any) -> Any:
    """Return what the description of a model tells of the madaline that wrote it."""
    return description.get("madaline") if type(description) is dict else None


def _not_of_kind(path: str | os.PathLike[str], kind: str) -> ModelFileError:
    """Return the sentence for a file that is something else; it may be another kind of model."""
    if _is_network(path):
        return ModelFileError(
            "{path} is a file of NeuralNetwork: load it in Python with madaline.NeuralNetwork.load.",
            path=path,
        )
    if kind == MODEL and is_of_kind(path, ONLINE):
        return ModelFileError(
            "{path} is an online model: load it in Python with madaline.load, or play a table back with `madaline stream`.",
            path=path,
        )
    if kind == MODEL and is_of_kind(path, SAMPLER):
        return ModelFileError(
            "{path} is a sampler: draw rows with `madaline sample`, or load it in Python with madaline.Sampler.load.",
            path=path,
        )
    if kind == MODEL and is_of_kind(path, MODELS):
        return ModelFileError(
            "{path} holds a model for each group: choose one with --group, or load all in Python with madaline.load.",
            path=path,
        )
    return _of_another_kind(path, kind)


def _of_another_kind(path: str | os.PathLike[str], kind: str) -> ModelFileError:
    remedies = {
        MODEL: ": give a file that `madaline fit` or `save` wrote.",
        MODELS: ": give a file that `madaline fit --by` wrote.",
        ONLINE: ": give a file that `save` of an online estimator, or `madaline stream -o`, wrote.",
        MONITOR: ": give a file that `save` of a monitor wrote.",
        SAMPLER: ": give a file that `save` of a sampler, or `madaline sample --save`, wrote.",
    }
    remedy = remedies.get(kind, ", so no interrupted fit can be resumed.")
    return ModelFileError(
        _(
            "{path} is not an {kind}{remedy}"
            if kind == ONLINE
            else "{path} is not a {kind}{remedy}"
        ).format(path=path, kind=kind, remedy=remedy)
    )


def _is_network(path: str | os.PathLike[str]) -> bool:
    """Return whether a file is the archive of NumPy that `NeuralNetwork.save` writes."""
    try:
        with Path(path).open("rb") as file:
            start = file.read(39)
    except OSError:
        return False
    return start.startswith(b"PK\x03\x04") and start.endswith(b"about.npy")


def newer(path: str | os.PathLike[str], version: str, ours: int) -> ModelFileError:
    """Return the sentence for a file of a later version of the files."""
    return ModelFileError(
        "{fspath} was written by a newer madaline (file version {version}, this one reads up to {ours}): upgrade with `pip install --upgrade madaline`.",
        fspath=os.fspath(path),
        version=version,
        ours=ours,
    )


def damaged(
    path: str | os.PathLike[str], problem: str = f"it {CHANGED}", kind: str = MODEL
) -> ModelFileError:
    """Return the sentence for a file that is not what was written, and what is wrong with it."""
    again = ": copy it again, or fit the model again."
    remedies = dict.fromkeys((MODEL, ONLINE, MODELS), again) | {
        MONITOR: ": watch the model anew.",
        SAMPLER: ": copy it again, or fit the sampler again.",
    }
    remedy = remedies.get(kind, ", so the interrupted fit cannot be resumed.")
    return ModelFileError(
        "{fspath} is damaged ({problem}){remedy}",
        fspath=os.fspath(path),
        problem=problem,
        remedy=remedy,
    )


def _of_another(
    path: str | os.PathLike[str], problem: str, kind: str, writer: Any
) -> ModelFileError:
    """Return the sentence for a file that is whole, but not as this madaline writes it."""
    remedies = {
        MODEL: "fit the model again",
        MODELS: "fit the models again",
        CHECKPOINT: "start the fit anew",
        ONLINE: "save the model again",
        MONITOR: "watch the model anew",
        SAMPLER: "fit the sampler again",
    }
    remedy = remedies[kind]
    name, ours = os.fspath(path), _numbers(__version__)
    theirs = _numbers(writer)
    if not theirs or theirs == ours:
        return ModelFileError(
            "{name} is whole, but not as madaline {version} writes it ({problem}): {remedy}, or use the version that wrote it.",
            name=name,
            version=__version__,
            problem=problem,
            remedy=remedy,
        )
    if theirs > ours:
        remedy = "upgrade with `pip install --upgrade madaline`"
    return ModelFileError(
        "{name} was written by madaline {writer}, which this one ({version}) cannot read ({problem}): {remedy}.",
        name=name,
        writer=writer,
        version=__version__,
        problem=problem,
        remedy=remedy,
    )


def _numbers(version: Any) -> tuple[int, ...]:
    """Return the numbers of a version such as 0.1.0; none of anything else."""
    parts = version.split(".") if type(version) is str and len(version) <= 20 else []
    return tuple(int(part) for part in parts) if all(map(str.isdecimal, parts)) else ()
