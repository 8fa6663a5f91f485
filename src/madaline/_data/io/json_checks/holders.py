"""What a list or an object in JSON must be: its items or its fields, and what each must be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

from madaline._data.io.json_checks.values import (
    LARGEST_WHOLE,
    TRUTH,
    Check,
    Malformed,
    Measured,
    Optional,
    Text,
    Whole,
    wrong,
)

MOST_ITEMS = 2**20
"""Items of a list, at most, where nothing else is said."""


@dataclass(frozen=True)
class ListOf(Check):
    """A list whose items are alike (final).

    Parameters
    ----------
    item : Check
        What each must be.
    least, most : int
        Numbers of items.
    distinct : bool, default=False
        Whether all must differ.
    """

    item: Check
    least: int = 0
    most: int = MOST_ITEMS
    distinct: bool = False

    def __call__(self, value: Any) -> None:
        """Check one list."""
        if type(value) is not list or not self.least <= len(value) <= self.most:
            raise wrong(value, f"a list of {self.least} to {self.most} items")
        self.item.all(value)
        if self.distinct and len(set(value)) < len(value):
            raise wrong(value, "a list without repetitions")


@dataclass(frozen=True)
class Row(Check):
    """A list of a fixed length, each item of its own kind (final)."""

    items: tuple[Check, ...]

    def __call__(self, value: Any) -> None:
        """Check one list."""
        if type(value) is not list or len(value) != len(self.items):
            raise wrong(value, f"a list of {len(self.items)} items")
        for index, (item, check) in enumerate(zip(value, self.items, strict=True)):
            _inner(check, item, index)


@dataclass(frozen=True)
class MapOf(Check):
    """An object of any names (final)."""

    key: Check
    value: Check
    most: int = MOST_ITEMS

    def __call__(self, value: Any) -> None:
        """Check one object."""
        if type(value) is not dict or len(value) > self.most:
            raise wrong(value, f"an object of at most {self.most} fields")
        self.key.all(list(value))
        for name, inner in value.items():
            _inner(self.value, inner, name)


@dataclass(frozen=True)
class Fields(Check):
    """An object of known fields (final).

    Parameters
    ----------
    needed : mapping of str to Check
        What must be there.
    optional : mapping of str to Check
        What may be there; nothing else may.
    agree : callable, optional
        Returns what is wrong between fields that are right by themselves; empty if nothing is.

    Examples
    --------
    >>> point = Fields({"x": Measured(), "y": Measured()})
    >>> point({"x": 1, "y": "up"})
    Traceback (most recent call last):
    madaline._data.io.json_checks.values.Malformed: y is 'up', but must be a number
    """

    needed: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)
    agree: Callable[[Mapping[str, Any]], str] | None = None

    def __call__(self, value: Any) -> None:
        """Check one object."""
        if type(value) is not dict:
            raise wrong(value, "an object")
        known, found = self.needed.keys(), value.keys()
        if known != found:
            if lacking := known - found:
                raise Malformed(f"lacks {', '.join(sorted(lacking))}")
            if unknown := found - known - self.optional.keys():
                raise Malformed(f"has a field {str(min(unknown))[:40]!r}, which is unknown")
        for name, inner in value.items():
            _inner(self.needed.get(name) or self.optional[name], inner, name)
        problem = "" if self.agree is None else self.agree(value)
        if problem:
            raise Malformed(problem)


@dataclass(frozen=True)
class Kinds(Check):
    """An object of one of several kinds, which one of its fields names (final).

    Parameters
    ----------
    name : str
        That field.
    kinds : mapping of str to Fields
        The other fields of each kind.
    """

    name: str
    kinds: Mapping[str, Check]

    def __call__(self, value: Any) -> None:
        """Check one object."""
        if type(value) is not dict:
            raise wrong(value, "an object")
        kind = value.get(self.name)
        if type(kind) is not str or kind not in self.kinds:
            raise wrong(kind, f"one of {', '.join(self.kinds)}").within(self.name)
        self.kinds[kind]({name: inner for name, inner in value.items() if name != self.name})


class Later(Check):
    """Something that is defined below, because it holds itself (final)."""

    def __init__(self, find: Callable[[], Check]) -> None:
        self._find = find

    def __call__(self, value: Any) -> None:
        """Check one value."""
        self._find()(value)


def fields_of(
    kind: type,
    given: Mapping[str, Check] | None = None,
    *,
    renamed: Mapping[str, str] | None = None,
    more: Mapping[str, Check] | None = None,
    agree: Callable[[Mapping[str, Any]], str] | None = None,
) -> Fields:
    """Return what a dataclass is in JSON, by the types of its fields.

    Parameters
    ----------
    kind : type
        The dataclass; fields that have a default may be missing.
    given : mapping of str to Check, optional
        What fields must be whose type does not tell.
    renamed : mapping of str to str, optional
        The names of some fields in JSON.
    more : mapping of str to Check, optional
        Further fields, which must be there.
    agree : callable, optional
        As for `Fields`.

    Examples
    --------
    >>> fields_of(Whole)({"low": 1, "high": "2"})
    Traceback (most recent call last):
    madaline._data.io.json_checks.values.Malformed: high is '2', but must be a whole number from
    -9007199254740992 to 9007199254740992
    """
    needed, optional, given = dict(more or {}), dict[str, Check](), given or {}
    for one in fields(kind):
        name = (renamed or {}).get(one.name, one.name)
        check = given[one.name] if one.name in given else _BY_TYPE[str(one.type)]
        has_default = one.default is not MISSING or one.default_factory is not MISSING
        (optional if has_default else needed)[name] = check
    return Fields(needed, optional, agree)


_BY_TYPE: Mapping[str, Check] = {
    "int": Whole(-LARGEST_WHOLE, LARGEST_WHOLE),
    "float": Measured(),
    "float | None": Optional(Measured()),
    "str": Text(),
    "bool": TRUTH,
}


def _inner(check: Check, value: Any, place: str | int) -> None:
    try:
        check(value)
    except Malformed as error:
        raise error.within(place) from None
