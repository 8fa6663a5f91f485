"""JSON in both directions, strict: no NaN, no infinity, no text that is not UTF-8."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from madaline.errors import InputError

BOM = b"\xef\xbb\xbf"
"""What some editors write in front of UTF-8."""


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
        return json.loads(body.removeprefix(BOM).decode(), parse_constant=_refuse_constant)
    except InputError:
        raise
    except RecursionError:
        raise InputError("The body is nested too deeply: send rows in JSON.") from None
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
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")


def _refuse_constant(name: str) -> NoReturn:
    raise InputError(f"The body has {name}, which JSON lacks: write null where a value is missing.")
