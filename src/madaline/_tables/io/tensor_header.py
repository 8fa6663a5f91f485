"""The header of a safetensors file: its JSON is bounded, and places of arrays are checked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from madaline._base.json_checks import Check, Fields, ListOf, Malformed, OneOf, Row, Text, Whole
from madaline.nn.arrays import Array

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
"""NumPy's name for each element type of the format."""

MAX_HEADER = 2**26  # bytes of a header, at most

_SIZE = Whole(0, 2**53)
_ENTRY = Fields(
    {
        "dtype": OneOf(tuple(DTYPES)),
        "shape": ListOf(_SIZE, most=8),
        "data_offsets": Row((_SIZE, _SIZE)),
    }
)
"""What a header tells of an array."""

_ANY_TEXT: Check = Text(longest=MAX_HEADER)
METADATA = Fields(dict.fromkeys(("format", "version", "checksum", "description"), _ANY_TEXT))
"""What it tells of the file."""


def parse_header(text: bytes) -> tuple[Any, dict[str, Any]]:
    """Return the metadata of a header, unchecked, and the entry of each array."""
    header = parse_json(text.decode("ascii", "replace"))
    if not isinstance(header, dict):
        raise Malformed("is no JSON object")
    return header.pop("__metadata__", None), header


def read_arrays(entries: Mapping[str, Any], content: memoryview, start: int) -> dict[str, Array]:
    """Return the arrays of a whole file, views of its content; they begin at `start`.

    It raises `Malformed` if an entry is none, or the arrays do not fill the file to its end, one
    after the other.
    """
    read_places(entries, len(content) - start)
    return {name: _array(entry, content, start) for name, entry in entries.items()}


def read_places(entries: Mapping[str, Any], size: int) -> dict[str, tuple[int, int]]:
    """Return where each array begins and ends, in bytes behind the header, of which there are some.

    It raises `Malformed` as `read_arrays`.
    """
    for name, entry in entries.items():
        try:
            _ENTRY(entry)
            _check_size(entry)
        except Malformed as error:
            raise error.within(name) from None
    _check_order(entries, size)
    return {name: tuple(entry["data_offsets"]) for name, entry in entries.items()}


def _check_size(entry: Mapping[str, Any]) -> None:
    first, last = entry["data_offsets"]
    size = prod(entry["shape"]) * np.dtype(DTYPES[entry["dtype"]]).itemsize
    if last - first != size:
        raise Malformed("needs {size} bytes, but has {last}", size=size, last=last - first)


def _check_order(entries: Mapping[str, Any], size: int) -> None:
    """Refuse arrays that share bytes, and bytes of no array."""
    end = 0
    for first, last in sorted(tuple(entry["data_offsets"]) for entry in entries.values()):
        if first != end:
            raise Malformed("has arrays that do not follow each other")
        end = last
    if end != size:
        raise Malformed("has arrays of {end} bytes, but holds {size}", end=end, size=size)


def _array(entry: Mapping[str, Any], content: memoryview, start: int) -> Array:
    dtype, (first, last) = np.dtype(DTYPES[entry["dtype"]]), entry["data_offsets"]
    # A view, unless it begins where NumPy would be slow.
    is_aligned = (start + first) % dtype.itemsize == 0
    buffer = content[start + first : start + last]
    flat = np.frombuffer(buffer if is_aligned else bytes(buffer), dtype)
    return flat.reshape(entry["shape"])


def named(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Return the arrays whose names begin with a prefix, under what follows it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def with_prefix(prefix: str, arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return arrays as `named` finds them: each under its name behind a prefix."""
    return {f"{prefix}{name}": array for name, array in arrays.items()}


MAX_MEMORY = 2**28  # bytes that the objects of a JSON text may take, at most, about
_MAX_DEPTH = 32  # how many lists and objects may stand within each other
_PER_HOLDER, _PER_ITEM = 72, 56  # bytes of an empty list or object, and of a text or number in one


def parse_json(text: str) -> Any:
    """Return the value of a JSON text.

    It raises `Malformed` if it is no JSON in ASCII, as `json.dumps` writes it, or larger or deeper
    than any that is written here.
    """
    if not text.isascii():
        raise Malformed("is no JSON in ASCII")
    steps = _STEPS[np.frombuffer(_outside_of_strings(text), np.uint8)]
    holders = np.count_nonzero(steps > 0)
    if _PER_HOLDER * holders + _PER_ITEM * np.count_nonzero(steps == 0) > MAX_MEMORY:
        raise Malformed("holds too many values")
    if np.cumsum(steps, dtype=np.int32).max(initial=0) > _MAX_DEPTH:
        raise Malformed("holds more than {MAX_DEPTH} lists within each other", MAX_DEPTH=_MAX_DEPTH)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise Malformed("is no JSON") from None


def _outside_of_strings(text: str) -> bytes:
    """Return the brackets, braces and commas outside of strings.

    Each step is one of C, as texts of megabytes are checked whenever a model is loaded.
    """
    # The quotes that are left end strings.
    plain = text.encode("ascii").replace(b"\\\\", b"").replace(b'\\"', b"")
    marks = plain.translate(None, _OTHERS)
    return b"".join(marks.split(b'"')[::2])


_OTHERS = bytes(set(range(256)) - set(b'[]{},"'))
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")], _STEPS[list(b"]}")] = 1, -1
