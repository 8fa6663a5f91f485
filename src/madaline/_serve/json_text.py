"""JSON in both directions, strict: no NaN, no infinity, no text that is not UTF-8."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from madaline.errors import InputError

BOM = b"\xef\xbb\xbf"
"""What some editors write in front of UTF-8."""

HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""The beginning of half a letter (a surrogate), as JSON can write it."""

TOGETHER, DEPTH = 16, 4
"""Items of a list that are written at once in parts, and how deep values are taken apart."""


def read_json(body: bytes) -> Any:
    """Return the value of a request's body.

    Parameters
    ----------
    body : bytes
        JSON in UTF-8.

    Raises
    ------
    InputError
        If it is no JSON, nested too deeply, or has a number that JSON lacks.

    Examples
    --------
    >>> read_json(b'{"age": 27, "city": null}')
    {'age': 27, 'city': None}
    >>> read_json(b'{"age": NaN}')
    Traceback (most recent call last):
    madaline.errors.InputError: The body has NaN, which JSON lacks: write null where a value is
    missing.
    """
    if not body.strip():
        raise InputError("The body is empty: send rows in JSON.")
    try:
        value = json.loads(body.removeprefix(BOM).decode(), parse_constant=_refuse_constant)
        if HALF.search(body):  # most often both halves of one letter
            json.dumps(value, ensure_ascii=False).encode()
        return value
    except InputError:
        raise
    except RecursionError:
        raise InputError("The body is nested too deeply: send rows in JSON.") from None
    except UnicodeEncodeError:
        raise InputError(
            "The body has a lone surrogate (such as \\ud800), which is not valid text: correct it."
        ) from None
    except UnicodeDecodeError:
        raise InputError("The body is no text in UTF-8: send rows in JSON.") from None
    except json.JSONDecodeError as error:
        where = f"{error.msg.lower()} at line {error.lineno}, column {error.colno}"
        raise InputError(f"The body is no JSON ({where}): correct it.") from None
    except ValueError:  # a whole number of thousands of digits
        raise InputError("The body has a number of too many digits: correct it.") from None


def write_json(value: Any) -> bytes:
    """Return a value as JSON in UTF-8; what is no text becomes a question mark.

    Examples
    --------
    >>> write_json({"city": "Köln", "share": 0.5}).decode()
    '{"city": "Köln", "share": 0.5}'
    """
    return _text(value).encode("utf-8", "replace")


def write_in_parts(value: Any) -> bytes:
    """Return the same as `write_json`, but never keep other threads waiting for long.

    Examples
    --------
    >>> write_in_parts({"data": [1.5] * 3, "name": None}).decode()
    '{"data": [1.5, 1.5, 1.5], "name": null}'
    """
    return "".join(_parts(value, DEPTH)).encode("utf-8", "replace")


def _parts(value: Any, depth: int) -> Iterator[str]:
    """Yield the parts of a text, each of few values."""
    if depth and type(value) is dict and value:
        for number, (key, one) in enumerate(value.items()):
            yield f"{', ' if number else '{'}{_text(key)}: "
            yield from _parts(one, depth - 1)
        yield "}"
    elif depth and type(value) is list and len(value) > TOGETHER:
        for start in range(0, len(value), TOGETHER):
            yield ", " if start else "["
            yield _text(value[start : start + TOGETHER])[1:-1]
        yield "]"
    elif depth and type(value) is list and value:
        for number, one in enumerate(value):
            yield ", " if number else "["
            yield from _parts(one, depth - 1)
        yield "]"
    else:
        yield _text(value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"The body has {name}, which JSON lacks: write null where a value is missing.")
