"""The fields of a JSON object, checked: a name that means nothing is refused, not ignored."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from madaline._serve.rows import json_word
from madaline._words import some
from madaline.errors import InputError


def check_fields(value: Mapping[str, Any], allowed: Collection[str], what: str) -> None:
    """Raise `InputError` if an object has a field that means nothing.

    Examples
    --------
    >>> check_fields({"rows": [], "explian": True}, ("rows", "explain"), "the request")
    Traceback (most recent call last):
    madaline.errors.InputError: 'explian' means nothing in the request: its fields are rows,
    explain.
    """
    for name in value:
        if name not in allowed:
            raise InputError(
                f"{name!r} means nothing in {what}: its fields are {some(allowed, limit=12)}."
            )


def object_of(value: Any, what: str) -> dict[str, Any]:
    """Return a value that is an object; `InputError` if it is none."""
    if type(value) is not dict:
        raise InputError(f"{what} is {json_word(value)}: give an object.")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return a value that is a list; `InputError` if it is none."""
    if type(value) is not list:
        raise InputError(f"{what} is {json_word(value)}: give a list.")
    return value
