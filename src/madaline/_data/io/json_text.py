"""Reads JSON of unknown origin: how large and deep it is gets counted before it is parsed."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from madaline._data.io.json_checks import Malformed

MOST_MEMORY = 2**28
"""Bytes that the objects of a JSON text may take, at most, about."""

DEEPEST = 32
"""How many lists and objects may stand within each other."""

_PER_HOLDER, _PER_ITEM = 72, 56
"""Bytes of an empty list or object, and of a short text or a number within one."""


def parse_json(text: str) -> Any:
    """Return the value of a JSON text.

    Parameters
    ----------
    text : str
        In ASCII, as `json.dumps` writes it.

    Raises
    ------
    Malformed
        If it is no such JSON, or larger or deeper than any that is written here.

    Examples
    --------
    >>> parse_json('{"sizes": [1, 2]}')
    {'sizes': [1, 2]}
    >>> parse_json("[" * 100_000)
    Traceback (most recent call last):
    madaline._data.io.json_checks.values.Malformed: it holds more than 32 lists within each other
    """
    if not text.isascii():
        raise Malformed("is no JSON in ASCII")
    steps = _STEPS[np.frombuffer(_outside_of_strings(text), np.uint8)]
    holders = np.count_nonzero(steps > 0)
    if _PER_HOLDER * holders + _PER_ITEM * np.count_nonzero(steps == 0) > MOST_MEMORY:
        raise Malformed("holds too many values")
    if np.cumsum(steps, dtype=np.int32).max(initial=0) > DEEPEST:
        raise Malformed(f"holds more than {DEEPEST} lists within each other")
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
