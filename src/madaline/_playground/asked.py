"""What a page asks: a JSON value, read as a dataclass whose types say what it must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar, final

from madaline._data.codec import Count, Stored, check_of
from madaline._data.json_checks import Malformed
from madaline.errors import InputError

_A = TypeVar("_A", bound=Stored)


@final
@dataclass(frozen=True)
class OfRun(Stored):
    """A question about what goes on."""

    run: str  # the key of a session


@final
@dataclass(frozen=True)
class OfTable(Stored):
    """A question about a table that the page has the key of, such as after a reload."""

    table: str


@final
@dataclass(frozen=True)
class Since(Stored):
    """A question for the events of a fit from a number on; of none for a page that only looks."""

    since: Count = 0
    run: str = ""


def read_asked(kind: type[_A], value: Any) -> _A:
    """Return what a JSON value asks; `InputError` if it is something else."""
    if not isinstance(value, Mapping):
        raise InputError("The request is no object: reload the page.")
    names = {field.name for field in fields(kind)}  # type: ignore[arg-type]
    known = {name: value[name] for name in names & value.keys()}
    try:
        check_of(kind)(known)
    except Malformed as error:
        raise InputError(f"The request cannot be answered: {error}.") from None
    return kind.from_json(known)
