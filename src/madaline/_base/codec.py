"""A dataclass is the description of its part of a file: what it holds, and what is refused.

The types of the fields say what their JSON must be, and bounds stand beside them:

>>> @dataclass(frozen=True)
... class Dose(Stored):
...     drug: str
...     share: Share
...     days: Annotated[tuple[Count, ...], Items(most=7)] = ()
>>> Dose("aspirin", 0.5, (1, 3)).to_json()
{'drug': 'aspirin', 'share': 0.5, 'days': [1, 3]}
>>> Dose.from_json({"drug": "aspirin", "share": 0.5, "days": [1, 3]})
Dose(drug='aspirin', share=0.5, days=(1, 3))
>>> check_of(Dose)({"drug": "aspirin", "share": 50})
Traceback (most recent call last):
madaline._base.json_checks.Malformed: share is 50, but must be a number from 0 to 1

A field that has a default may be missing.
"""

from __future__ import annotations

import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cache, cached_property
from string import Formatter
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    Union,
    cast,
    final,
    get_args,
    get_origin,
    get_type_hints,
)

import numpy as np

from madaline._base.json_checks import (
    LARGEST_WHOLE,
    MAX_ITEMS,
    TRUTH,
    AnyNumber,
    Anything,
    Check,
    Either,
    Fields,
    Forward,
    Kinds,
    ListOf,
    Malformed,
    MapOf,
    Number,
    OneOf,
    Optional,
    Row,
    Text,
    Whole,
)
from madaline._base.language import Message, _

_F = TypeVar("_F", bound=Callable[..., Any])


def _once(function: _F) -> _F:
    """Return the function with a cache; mypy takes classes for not hashable."""
    return cast("_F", cache(function))


@final
@dataclass(frozen=True)
class Items:
    """How many items a list has, and whether all must differ."""

    least: int = 0
    most: int = MAX_ITEMS
    distinct: bool = False


NOT_STORED = {"stored": False}
"""The metadata of a field that another part of the file tells."""

Count = Annotated[int, Whole(0, LARGEST_WHOLE)]
Finite = Annotated[float, Number()]
Positive = Annotated[float, Number(0, above=True)]
Share = Annotated[float, Number(0, 1)]
RoundedShare = Annotated[float, Number(0, 1 + 1e-9)]  # a share that is a sum, perhaps rounded up

LabelText = Annotated[str, Text(2**20)]
LongText = Annotated[str, Text(2**24)]
"""The label of a class; a level or a word."""


class Stored:
    """Abstract: a dataclass that is part of a file."""

    told: ClassVar[Mapping[str, Check]] = {}
    """What `to_json` adds for whoever reads the file elsewhere; it is checked, but not read."""

    def to_json(self) -> dict[str, Any]:
        """Return the fields as JSON-able values."""
        sentences = _sentences(type(self))
        return {
            name: _stored(value) if name in sentences else _to_json(value)
            for name in _fields(type(self))
            for value in (getattr(self, name),)
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Return what `to_json` described; `check_of` the class must hold for it."""
        known = _fields(cls)
        made = {name: value for name, value in values.items() if name in known}
        for name, read in _readers(cls).items():
            if name in made:
                made[name] = read(made[name])
        return cls(**made)

    @classmethod
    def described(cls) -> type[Stored]:
        """Return the class of the description, by default this one."""
        return cls

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong between fields that are right by themselves; "" if nothing is."""
        del values
        return ""


def check_of(kind: type[Stored]) -> Check:
    """Return what the JSON of a class must be."""
    return Forward(lambda: fields_of(kind))


@final
class OneKind(Check):
    """An instance of one of several classes, of which a field tells the name."""

    def __init__(self, tag: str, kinds: Mapping[str, type[Stored]]) -> None:
        self.tag, self.kinds = tag, kinds

    @cached_property
    def _check(self) -> Kinds:
        return Kinds(self.tag, {name: fields_of(kind) for name, kind in self.kinds.items()})

    def holds(self, values: Sequence[Any]) -> bool:
        return not values or self._check.holds(values)

    def refuse(self, value: Any) -> Malformed:
        return self._check.refuse(value)

    def read(self, values: Mapping[str, Any]) -> Any:
        """Return what the `to_json` of one of the classes described."""
        return self.kinds[values[self.tag]].from_json(values)


def unequal(values: Mapping[str, Any], *names: str) -> str:
    """Return what is wrong with lists that must be of one length; "" if nothing is."""
    lengths = {len(values.get(name, ())) for name in names}
    return (
        _("has {names} of different lengths").format(names=_(", ").join(names))
        if len(lengths) > 1
        else ""
    )


@_once
def fields_of(kind: type[Stored]) -> Fields:
    """Return the fields of the description of a class and what each must be."""
    kind = kind.described()
    needed, optional = dict(kind.told), dict[str, Check]()
    hints = get_type_hints(kind, include_extras=True)
    for name, has_default in _fields(kind).items():
        (optional if has_default else needed)[name] = _check(hints[name])
    has_rule = kind.disagreement.__func__ is not Stored.disagreement.__func__  # type: ignore[attr-defined]
    return Fields(needed, optional, kind.disagreement if has_rule else None)


@_once
def _fields(kind: type) -> dict[str, bool]:
    """Return the names of the fields that are stored, and whether each has a default."""
    return {
        one.name: one.default is not MISSING or one.default_factory is not MISSING
        for one in fields(kind)
        if one.metadata.get("stored", True)
    }


@final
class SentenceText(Check):
    """A text, or a message with its template and values."""

    def __init__(self) -> None:
        text = Text()
        several = (text, ListOf(text), AnyNumber(), TRUTH, Forward(lambda: self._message))
        values = MapOf(text, Either(*several, words="text that UTF-8 can hold, or a number"))
        parts = {"message": text, "plural": text, "values": values}
        self._message = Fields(parts, {}, _unfilled)
        self._check = Either(text, self._message, words="a text or a message")

    def holds(self, values: Sequence[Any]) -> bool:
        return self._check.holds(values)

    def refuse(self, value: Any) -> Malformed:
        return (self._message if type(value) is dict else self._check).refuse(value)

    read = staticmethod(Message.restored)


_MAX_SHOWN = 10_000_000  # characters of a sentence, which its gaps may repeat
_FORM = r"[-+]?,?(\.\d)?[fgde%]?"  # a format that makes a short text of a number


def _unfilled(message: Mapping[str, Any]) -> str:
    """Return what is wrong with a message: its gaps are others than the names of its values."""
    for template in (message["message"], message["plural"]):
        try:
            gaps = [gap for gap in Formatter().parse(template) if gap[1] is not None]
        except ValueError:
            return "has braces that do not match"
        for _literal, name, form, conversion in gaps:
            is_short = re.fullmatch(_FORM, form or "") and conversion in (None, "r")
            if name not in message["values"] or not is_short:
                return "has words that name what is not there"
    if message["plural"] and not isinstance(message["values"].get("n"), int | float):
        return "has a plural, but no number"
    return "is too long" if _length(message) > _MAX_SHOWN else ""


def _length(value: Any) -> int:
    """Return how many characters a value of a message takes at most, before it is made."""
    if isinstance(value, str):
        return 10 * len(value)  # as code, each may be escaped
    if isinstance(value, list):
        return sum(map(_length, value)) + 2 * len(value)
    if not isinstance(value, dict):
        return 400  # the digits of the largest number
    lengths = {name: _length(one) for name, one in value["values"].items()}
    templates = [*Formatter().parse(value["message"] + value["plural"])]
    return sum(len(literal) + lengths.get(name or "", 0) for literal, name, _, _ in templates)


Sentence = Annotated[str, SentenceText()]
"""A sentence for people, shown in the language of whoever reads the file."""


_SIMPLE: Mapping[Any, Check] = {
    int: Whole(-LARGEST_WHOLE, LARGEST_WHOLE),
    float: AnyNumber(),
    str: Text(),
    bool: TRUTH,
    Any: Anything(),
}


def _check(hint: Any, items: Items = Items()) -> Check:
    """Return what the JSON of a type must be."""
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return OneOf(inner)
    if origin is Annotated:
        bounds = inner[1]
        return bounds if isinstance(bounds, Check) else _check(inner[0], bounds)
    if _is_union(origin):
        others = [one for one in inner if one is not types.NoneType]
        check = _check(others[0]) if len(others) == 1 else Either(*map(_check, others))
        return check if len(others) == len(inner) else Optional(check)
    if origin is list or (origin is tuple and inner[-1] is Ellipsis):
        return ListOf(_check(inner[0]), items.least, items.most, items.distinct)
    if origin is tuple:
        return Row(tuple(map(_check, inner)))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return MapOf(_check(inner[0]), _check(inner[1]), items.most)
    return check_of(hint)


@_once
def _readers(kind: type[Stored]) -> dict[str, Callable[[Any], Any]]:
    """Return how fields of a class are made of their JSON, as far as they are something else."""
    hints = get_type_hints(kind, include_extras=True)
    readers = {name: reader_of(hints[name]) for name in _fields(kind)}
    return {name: read for name, read in readers.items() if read is not _as_it_is}


def reader_of(hint: Any) -> Callable[[Any], Any]:
    """Return what makes a value of a type of its JSON."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        own = isinstance(inner[1], OneKind | SentenceText)
        return inner[1].read if own else reader_of(inner[0])
    if _is_union(origin):
        others = [one for one in inner if one is not types.NoneType]
        return _optional(reader_of(others[0])) if len(others) == 1 else _one_with_fields(others)
    if origin is list or (origin is tuple and inner[-1] is Ellipsis):
        read = reader_of(inner[0])
        return origin if read is _as_it_is else lambda values: origin(map(read, values))
    if origin is tuple:
        each = [*map(reader_of, inner)]
        return lambda values: tuple(read(one) for read, one in zip(each, values, strict=True))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        of_values = reader_of(inner[1])
        if of_values is _as_it_is:
            return _as_it_is
        return lambda values: {name: of_values(one) for name, one in values.items()}
    return getattr(hint, "from_json", _as_it_is)


def _as_it_is(value: Any) -> Any:
    return value


def _optional(read: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if value is None else read(value)


def _one_with_fields(kinds: list[Any]) -> Callable[[Any], Any]:
    """Return a reader of one of several classes, or null: the fields tell which it is."""

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return max(kinds, key=lambda kind: len(value.keys() & _fields(kind))).from_json(value)

    return read


def _is_union(origin: Any) -> bool:
    return origin is Union or origin is types.UnionType


@_once
def _sentences(kind: type[Stored]) -> set[str]:
    """Return the names of the fields that are sentences for people."""
    hints = get_type_hints(kind, include_extras=True)
    return {name for name in _fields(kind) if hints[name] == Sentence}


def _stored(value: Any) -> Any:
    return value.stored() if isinstance(value, Message) else value


def _to_json(value: Any) -> Any:
    if isinstance(value, Message):
        return value.english
    if hasattr(value, "to_json"):
        return value.to_json()
    if isinstance(value, tuple | list):
        return [*map(_to_json, value)]
    if isinstance(value, Mapping):
        return {name: _to_json(one) for name, one in value.items()}
    if isinstance(value, np.number | np.bool_):
        return value.item()
    return value


def without_empty(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values but for what was left at nothing."""
    nothing = (type(None), str, list, dict)
    return {
        name: value for name, value in values.items() if value or not isinstance(value, nothing)
    }
