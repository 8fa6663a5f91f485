"""Signed but malformed files: a real model or checkpoint, changed at random, with a right checksum.

Whoever writes a file can sign it, too, so the checksum does not help against these.
"""

from __future__ import annotations

import copy
import json
from random import Random
from typing import Any

import numpy as np

from madaline._tables.io.tensor_file import MODELS, NO_CHECKSUM, VERSION, checksum
from madaline._tables.io.tensor_header import DTYPES

NAMES = {np.dtype(numpy_name): name for name, numpy_name in DTYPES.items()}

VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2, 7, 64, 100_000, 2**31, 2**63, 10**30, -(10**30)),
    *(0.0, 0.5, -0.5, 1e-320, 1e30, 1e300, -1e300, float("nan"), float("inf"), -float("inf")),
    *("", "a", "x" * 10_000, "\x1b[2J", "{subject.__class__}", "{rows:>99999999}", "<U100000000"),
    *("|O", "<f8", "NaN", "number", "Linear", "SiLU", "../../etc/passwd", "\ud800", "1", "é\n`"),
    *([], [[]], {}, [None], [0], [1, 2, 3], [10**9], ["a"], {"a": 1}, [0] * 100_000),
)
"""What may stand in place of anything."""

NUMBERS = (np.nan, np.inf, -np.inf, 0, 1, -1, 1e-40, 1e10, 3e38, -3e38)
"""What may stand in place of numbers of an array."""


def mutant(rng: Random, kind: str, description: Any, arrays: dict[str, np.ndarray]) -> bytes:
    """Return a file that differs from a valid one in one to three ways, signed."""
    description, arrays = copy.deepcopy(description), dict(arrays)
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        if rng.random() < 0.75 or not arrays:
            description = change_json(rng, description)
        else:
            change_arrays(rng, arrays)
    text = json.dumps(description)
    if rng.random() < 0.02:
        text = rng.choice(
            ("", "[]", "3", '"', "[" * 100_000, '{"predictor":' * 50_000, "1" * 9_999)
        )
    entries, body = lay_out(arrays)
    if rng.random() < 0.06:
        change_header(rng, entries, body)
    return signed(kind, text, entries, body)


def change_json(rng: Random, root: Any) -> Any:
    """Return a JSON value with one place changed."""
    holders = list(_holders(root))
    if not holders:
        return rng.choice(VALUES)
    # Each kind of place is as likely, however often it occurs: lists hold hundreds of numbers.
    paths: dict[str, list[tuple[Any, Any]]] = {}
    for path, holder, key in holders:
        paths.setdefault(path, []).append((holder, key))
    holder, key = rng.choice(paths[rng.choice(sorted(paths))])
    old = holder[key]
    match rng.choice(("delete", "value", "value", "number", "swap", "nest", "list", "key")):
        case "delete":
            del holder[key]
        case "number" if isinstance(old, int | float) and not isinstance(old, bool):
            holder[key] = rng.choice((-old, old + 1, old - 1, old * 1000, float(old), str(old)))
        case "swap":
            other, place = rng.choice(paths[rng.choice(sorted(paths))])
            holder[key] = copy.deepcopy(other.get(place) if isinstance(other, dict) else old)
        case "nest":
            holder[key] = rng.choice(([old], {"a": old}, [old, old], [[[[old]]]]))
        case "list" if isinstance(old, list) and old:
            holder[key] = rng.choice((old[:-1], old + old, old[::-1], old[:1] * len(old), old[1:]))
        case "key" if isinstance(old, dict):
            old["unknown" if rng.random() < 0.5 else next(iter(old), "a")] = rng.choice(VALUES)
        case _:
            holder[key] = copy.deepcopy(rng.choice(VALUES))
    return root


def _holders(value: Any, path: str = "") -> Any:
    """Yield the kind of place, the holder and the key of all values within a value."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        own = f"{path}.{key}" if isinstance(value, dict) else f"{path}[]"
        yield own, value, key
        if isinstance(inner, dict | list):
            yield from _holders(inner, own)


def change_arrays(rng: Random, arrays: dict[str, np.ndarray]) -> None:
    """Change one array."""
    name = rng.choice(sorted(arrays))
    array = arrays[name]
    match rng.choice(("number", "number", "fill", "type", "shape", "delete", "rename", "swap")):
        case "delete":
            del arrays[name]
        case "rename":
            arrays[rng.choice(("x", "encoder.99.x", "encoder.x.y", name + "0"))] = arrays.pop(name)
        case "swap":
            other = rng.choice(sorted(arrays))
            arrays[name], arrays[other] = arrays[other], array
        case "type":
            with np.errstate(all="ignore"):
                arrays[name] = array.astype(rng.choice(list(NAMES)))
        case "shape":
            shapes = ((-1,), (1, *array.shape), (*array.shape, 1), array.shape[::-1])
            changed = array.reshape(rng.choice(shapes))
            arrays[name] = rng.choice((changed, changed[:-1], np.concatenate([array, array])))
        case _ if array.size:
            with np.errstate(all="ignore"):
                array = array.copy()
                value = np.array(rng.choice(NUMBERS)).astype(array.dtype)
                array[(slice(None) if rng.random() < 0.3 else rng.randrange(len(array)))] = value
                arrays[name] = array


def lay_out(arrays: dict[str, np.ndarray]) -> tuple[dict[str, Any], bytes]:
    """Return the entries of a header and the bytes behind it."""
    entries: dict[str, Any] = {}
    body = b""
    for name, array in arrays.items():
        array = np.ascontiguousarray(array)
        offsets = [len(body), len(body) + array.nbytes]
        dtype = NAMES[array.dtype.newbyteorder("<")]
        entries[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": offsets}
        body += array.tobytes()
    return entries, body


def change_header(rng: Random, entries: dict[str, Any], body: bytes) -> None:
    """Change where an array stands, its type or its shape."""
    if not entries:
        return
    entry = entries[rng.choice(sorted(entries))]
    start, stop = entry["data_offsets"]
    match rng.randrange(7):
        case 0:
            entry["data_offsets"] = rng.choice(([0, len(body)], [stop, start], [start, stop + 8]))
        case 1:
            entry["data_offsets"] = rng.choice(([start, 10**15], [-8, stop], [], None, ["0", "8"]))
        case 2:
            entry["shape"] = rng.choice(([10**12], [-1], [0, 10**18], [1] * 99, None, "3", [1.0]))
        case 3:
            entry["dtype"] = rng.choice(("F32", "F64", "U8", "O", "U" * 10**6, None, "object", 3))
        case 4:
            entries["more"] = dict(entry)
        case 5:
            entry["more"] = 1
        case 6:
            entries.clear()


def signed(kind: str, text: str, entries: dict[str, Any], body: bytes) -> bytes:
    """Return a file with a right checksum."""
    metadata = {"format": kind, "version": str(VERSION), "checksum": NO_CHECKSUM}
    header = json.dumps({"__metadata__": metadata | {"description": text}, **entries}).encode()
    header += b" " * (-len(header) % 8)
    content = len(header).to_bytes(8, "little") + header + body
    told = content[: 8 + len(header)] if kind == MODELS else content
    return content.replace(NO_CHECKSUM.encode(), checksum([told]).encode(), 1)
