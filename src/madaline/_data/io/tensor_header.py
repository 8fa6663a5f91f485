"""The header of a safetensors file, checked: where arrays stand is known before any is made."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

import numpy as np

from madaline._data.io.json_checks import Check, Fields, ListOf, Malformed, OneOf, Row, Text, Whole
from madaline._data.io.json_text import parse_json
from madaline.nn.arrays import Array

DTYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "I64": "<i8", "I32": "<i4", "I16": "<i2",
    "I8": "|i1", "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
"""NumPy's name for each element type of the format."""

LARGEST_HEADER = 2**26
"""Bytes of a header, at most."""

_SIZE = Whole(0, 2**53)
ENTRY = Fields(
    {
        "dtype": OneOf(tuple(DTYPES)),
        "shape": ListOf(_SIZE, most=8),
        "data_offsets": Row((_SIZE, _SIZE)),
    }
)
"""What a header tells of an array."""

ANY_TEXT: Check = Text(longest=LARGEST_HEADER)
METADATA = Fields(dict.fromkeys(("format", "version", "checksum", "description"), ANY_TEXT))
"""What it tells of the file."""


def parse_header(text: bytes) -> tuple[Any, dict[str, Any]]:
    """Return the metadata of a header, unchecked, and the entry of each array.

    Raises
    ------
    Malformed
        If it is no JSON object.
    """
    header = parse_json(text.decode("ascii", "replace"))
    if not isinstance(header, dict):
        raise Malformed("is no JSON object")
    return header.pop("__metadata__", None), header


def read_arrays(entries: Mapping[str, Any], content: bytes, start: int) -> dict[str, Array]:
    """Return the arrays of a file, views of its content.

    Parameters
    ----------
    entries : mapping of str to entry
        What the header tells of each.
    content : bytes
        The whole file.
    start : int
        Where the arrays begin in it.

    Raises
    ------
    Malformed
        If an entry is none, or the arrays do not fill the file from `start` to its end, one after
        the other.
    """
    for name, entry in entries.items():
        try:
            ENTRY(entry)
            _check_size(entry)
        except Malformed as error:
            raise error.within(name) from None
    _check_order(entries, len(content) - start)
    return {name: _array(entry, content, start) for name, entry in entries.items()}


def _check_size(entry: Mapping[str, Any]) -> None:
    first, last = entry["data_offsets"]
    size = prod(entry["shape"]) * np.dtype(DTYPES[entry["dtype"]]).itemsize
    if last - first != size:
        raise Malformed(f"needs {size} bytes, but has {last - first}")


def _check_order(entries: Mapping[str, Any], size: int) -> None:
    """Refuse arrays that share bytes, and bytes of no array."""
    end = 0
    for first, last in sorted(tuple(entry["data_offsets"]) for entry in entries.values()):
        if first != end:
            raise Malformed("has arrays that do not follow each other")
        end = last
    if end != size:
        raise Malformed(f"has arrays of {end} bytes, but holds {size}")


def _array(entry: Mapping[str, Any], content: bytes, start: int) -> Array:
    dtype, (first, last) = np.dtype(DTYPES[entry["dtype"]]), entry["data_offsets"]
    # A view, unless it begins where NumPy would be slow.
    is_aligned = (start + first) % dtype.itemsize == 0
    buffer = memoryview(content)[start + first : start + last]
    flat = np.frombuffer(buffer if is_aligned else bytes(buffer), dtype)
    return flat.reshape(entry["shape"])


def named(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Return the arrays whose names begin with a prefix, under what follows it.

    Examples
    --------
    >>> named({"a.x": 1, "b.x": 2}, "b.")
    {'x': 2}
    """
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
