"""What a JSON value of a file must be: types and bounds, checked before anything is built of it.

Whoever writes a file can write anything into it. Lists are checked at once, column by column, since
files hold long ones; where something is wrong, the error names the place.
"""

from __future__ import annotations

import math
import re
import reprlib
import sys
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any, final

from madaline._base.language import _
from madaline._base.words import format_list

LARGEST, LARGEST_WHOLE = sys.float_info.max, 2**53
"""The largest number, and the largest whole one up to which floating-point numbers have all."""

MAX_ITEMS = 2**20  # items of a list, at most, where nothing else is said


class Malformed(ValueError):
    """A value is not what it must be: `problem` says what it is, and what was wanted."""

    def __init__(self, problem: str, wanted: str = "", /, **values: Any) -> None:
        problem = _(problem).format(**values) if values else problem
        super().__init__(problem)
        self.problem = problem
        self.wanted = wanted
        self.places: list[str] = []

    def within(self, place: str | int) -> Malformed:
        """Return the error with the place of the value in what holds it."""
        self.places.insert(0, str(place)[:40])
        return self

    def __str__(self) -> str:
        return f"{'.'.join(self.places) or 'it'} {self.problem}"


class Check(ABC):
    """What a value must be."""

    def __call__(self, value: Any) -> None:
        """Raise `Malformed` if the value is something else."""
        if not self.holds((value,)):
            raise self.refuse(value)

    @abstractmethod
    def holds(self, values: Sequence[Any]) -> bool:
        """Return whether all values are what they must be."""

    @abstractmethod
    def refuse(self, value: Any) -> Malformed:
        """Return the error for a value that is something else."""


@final
@dataclass(frozen=True, eq=False)
class Whole(Check):
    """A whole number within bounds.

    >>> Whole(0, 9)(3)
    >>> Whole(0, 9)(3.0)
    Traceback (most recent call last):
    madaline._base.json_checks.Malformed: it is 3.0, but must be a whole number from 0 to 9
    """

    low: int
    high: int

    def holds(self, values: Sequence[Any]) -> bool:
        if set(map(type, values)) != {int}:  # True and False are none
            return not values
        return bool(self.low <= min(values) and max(values) <= self.high)

    def refuse(self, value: Any) -> Malformed:
        return wrong(
            value, _("a whole number from {low} to {high}").format(low=self.low, high=self.high)
        )


@final
@dataclass(frozen=True, eq=False)
class Number(Check):
    """A finite number within bounds; `above` says that it must be above `low`."""

    low: float = -LARGEST
    high: float = LARGEST
    above: bool = False

    def holds(self, values: Sequence[Any]) -> bool:
        if not values or not _are_numbers(values):
            return not values
        least = min(values)
        fits = (self.low < least if self.above else self.low <= least) and max(values) <= self.high
        return bool(fits) and not math.isnan(sum(values))  # the sum is NaN if a number is

    def refuse(self, value: Any) -> Malformed:
        if (self.low, self.high) == (-LARGEST, LARGEST):
            return wrong(value, "a finite number")
        word = "above" if self.above else "from"
        return wrong(
            value,
            _("a number {word} {low:g} to {high:g}").format(
                word=word, low=self.low, high=self.high
            ),
        )


@final
@dataclass(frozen=True, eq=False)
class AnyNumber(Check):
    """Any number, NaN and infinities included: what came of a fit that went wrong."""

    def holds(self, values: Sequence[Any]) -> bool:
        return _are_numbers(values)

    def refuse(self, value: Any) -> Malformed:
        return wrong(value, "a number")


@final
@dataclass(frozen=True, eq=False)
class Text(Check):
    """A text of limited length, which UTF-8 can hold."""

    longest: int = 100_000

    def holds(self, values: Sequence[Any]) -> bool:
        if set(map(type, values)) != {str}:
            return not values
        return max(map(len, values)) <= self.longest and is_text("".join(values))

    def refuse(self, value: Any) -> Malformed:
        if type(value) is not str or len(value) > self.longest:
            return wrong(
                value, _("text of at most {longest:,} characters").format(longest=self.longest)
            )
        return wrong(value, "text that UTF-8 can hold")


@final
@dataclass(frozen=True, eq=False)
class OneOf(Check):
    """One of a few texts or numbers; True is not 1."""

    values: Collection[Any]

    def holds(self, values: Sequence[Any]) -> bool:
        types = set(map(type, values))
        return (
            types <= self._types and {*zip(map(type, values), values, strict=True)} <= self._typed
        )

    @cached_property
    def _types(self) -> set[type]:
        return set(map(type, self.values))

    @cached_property
    def _typed(self) -> set[tuple[type, Any]]:
        return {(type(value), value) for value in self.values}

    def refuse(self, value: Any) -> Malformed:
        return wrong(
            value, _("one of {values}").format(values=format_list(map(_JSON.repr, self.values)))
        )


@final
@dataclass(frozen=True, eq=False)
class Pattern(Check):
    """A text that matches a regular expression as a whole."""

    pattern: str

    def holds(self, values: Sequence[Any]) -> bool:
        return all(
            type(value) is str and re.fullmatch(self.pattern, value, re.ASCII) for value in values
        )

    def refuse(self, value: Any) -> Malformed:
        return wrong(value, _("of the form {pattern}").format(pattern=self.pattern))


TRUTH = OneOf((True, False))


@final
@dataclass(frozen=True, eq=False)
class Optional(Check):
    """Something, or null."""

    check: Check

    def holds(self, values: Sequence[Any]) -> bool:
        return self.check.holds([value for value in values if value is not None])

    def refuse(self, value: Any) -> Malformed:
        return self.check.refuse(value)


@final
class Anything(Check):
    """Whatever it is: who reads it looks at it."""

    def holds(self, values: Sequence[Any]) -> bool:
        del values
        return True

    def refuse(self, value: Any) -> Malformed:
        return wrong(value, "something")


@final
class Either(Check):
    """Either of some; the error is that of the first, unless words say what it must be."""

    def __init__(self, *checks: Check, words: str = "") -> None:
        self.checks = checks
        self._words = words

    def holds(self, values: Sequence[Any]) -> bool:
        return any(check.holds(values) for check in self.checks) or all(
            any(check.holds((value,)) for check in self.checks) for value in values
        )

    def refuse(self, value: Any) -> Malformed:
        return wrong(value, self._words) if self._words else self.checks[0].refuse(value)


@final
@dataclass(frozen=True, eq=False)
class ListOf(Check):
    """A list of `least` to `most` items, which are alike; `distinct` ones all differ."""

    item: Check
    least: int = 0
    most: int = MAX_ITEMS
    distinct: bool = False

    def holds(self, values: Sequence[Any]) -> bool:
        for value in values:
            if type(value) is not list or not self.least <= len(value) <= self.most:
                return False
        if not self.item.holds(values[0] if len(values) == 1 else [*chain.from_iterable(values)]):
            return False
        return not self.distinct or all(len(set(value)) == len(value) for value in values)

    def refuse(self, value: Any) -> Malformed:
        if type(value) is not list or not self.least <= len(value) <= self.most:
            return wrong(
                value,
                _("a list of {least} to {most} items").format(least=self.least, most=self.most),
            )
        inner = _refuse_inner(enumerate(value), lambda __: self.item)
        twice = [item for item, count in Counter(value).items() if count > 1] if not inner else [0]
        return inner or Malformed("has {twice} twice", twice=_JSON.repr(twice[0]))


@final
@dataclass(frozen=True, eq=False)
class Row(Check):
    """A list of a fixed length, each item of its own kind."""

    items: tuple[Check, ...]

    def holds(self, values: Sequence[Any]) -> bool:
        if not set(map(type, values)) <= {list} or not {*map(len, values)} <= {len(self.items)}:
            return False
        return all(
            map(lambda check, items: check.holds(items), self.items, zip(*values, strict=True))
        )

    def refuse(self, value: Any) -> Malformed:
        if type(value) is list and len(value) == len(self.items):
            inner = _refuse_inner(enumerate(value), self.items.__getitem__)
            if inner is not None:
                return inner
        return wrong(value, _("a list of {n_items} items").format(n_items=len(self.items)))


@final
@dataclass(frozen=True, eq=False)
class MapOf(Check):
    """An object of any names."""

    key: Check
    value: Check
    most: int = MAX_ITEMS

    def holds(self, values: Sequence[Any]) -> bool:
        return (
            set(map(type, values)) <= {dict}
            and all(len(value) <= self.most for value in values)
            and self.key.holds([*chain(*values)])
            and self.value.holds([*chain(*(value.values() for value in values))])
        )

    def refuse(self, value: Any) -> Malformed:
        if type(value) is not dict or len(value) > self.most:
            return wrong(value, _("an object of at most {most} fields").format(most=self.most))
        return (
            _refuse_inner(enumerate(value), lambda __: self.key)
            or _refuse_inner(value.items(), lambda __: self.value)
            or wrong(value, "an object")
        )


@final
@dataclass(frozen=True, eq=False)
class Fields(Check):
    """An object of known fields.

    >>> point = Fields({"x": AnyNumber(), "y": AnyNumber()})
    >>> point({"x": 1, "y": "up"})
    Traceback (most recent call last):
    madaline._base.json_checks.Malformed: y is 'up', but must be a number
    """

    needed: Mapping[str, Check]  # what must be there
    optional: Mapping[str, Check] = field(default_factory=dict)  # what may be; nothing else may
    # what is wrong between fields that are right by themselves; empty if nothing is
    agree: Callable[[Mapping[str, Any]], str] | None = None

    def holds(self, values: Sequence[Any]) -> bool:
        needed, known = self.needed.keys(), self._checks.keys()
        for value in values:
            if type(value) is not dict:
                return False
            if value.keys() != needed and not needed <= value.keys() <= known:
                return False
        for name, check in self.needed.items():
            if not check.holds([value[name] for value in values]):
                return False
        for name, check in self.optional.items():
            if not check.holds([value[name] for value in values if name in value]):
                return False
        return self.agree is None or not any(map(self.agree, values))

    @cached_property
    def _checks(self) -> dict[str, Check]:
        return {**self.needed, **self.optional}

    def refuse(self, value: Any) -> Malformed:
        if type(value) is not dict:
            return wrong(value, "an object")
        if lacking := self.needed.keys() - value.keys():
            return Malformed("lacks {lacking}", lacking=_(", ").join(sorted(lacking)))
        if unknown := value.keys() - self._checks.keys():
            named, known = str(min(unknown))[:40], format_list(sorted(self._checks), limit=12)
            return Malformed(
                "has a field {named!r}, which is unknown: there are {known}",
                named=named,
                known=known,
            )
        inner = _refuse_inner(value.items(), self._checks.__getitem__)
        return inner or Malformed("" if self.agree is None else self.agree(value))


@final
class Kinds(Check):
    """An object of one of several kinds, which the field `name` names."""

    def __init__(self, name: str, kinds: Mapping[str, Fields]) -> None:
        self.name = name
        self.kinds = {
            kind: Fields({name: OneOf((kind,)), **own.needed}, own.optional, own.agree)
            for kind, own in kinds.items()
        }

    def holds(self, values: Sequence[Any]) -> bool:
        of_kinds: dict[Any, list[Any]] = {}
        for value in values:
            kind = value.get(self.name) if type(value) is dict else None
            if type(kind) is not str or kind not in self.kinds:
                return False
            of_kinds.setdefault(kind, []).append(value)
        return all(self.kinds[kind].holds(own) for kind, own in of_kinds.items())

    def refuse(self, value: Any) -> Malformed:
        if type(value) is not dict:
            return wrong(value, "an object")
        kind = value.get(self.name)
        if type(kind) is not str or kind not in self.kinds:
            return wrong(kind, _("one of {kinds}").format(kinds=format_list(self.kinds))).within(
                self.name
            )
        return self.kinds[kind].refuse(value)


@final
class Forward(Check):
    """A check that is made when it is first needed: it holds itself, or takes time to make."""

    def __init__(self, find: Callable[[], Check]) -> None:
        self._find = find

    @cached_property
    def found(self) -> Check:
        return self._find()

    def holds(self, values: Sequence[Any]) -> bool:
        return not values or self.found.holds(values)

    def refuse(self, value: Any) -> Malformed:
        return self.found.refuse(value)


def wrong(value: Any, wanted: str) -> Malformed:
    """Return the error for a value that must be something else."""
    return Malformed(
        _("is {value}, but must be {wanted}").format(value=_JSON.repr(value), wanted=wanted), wanted
    )


def short_repr(value: Any) -> str:
    """Return a value as Python writes it, with no more of it than a sentence can hold."""
    return _PYTHON.repr(value)


def is_text(value: str) -> bool:
    """Return whether a text has no lone half of a pair of UTF-16, which no file can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _are_numbers(values: Sequence[Any]) -> bool:
    types = set(map(type, values))
    return types <= {float} or (
        types <= {float, int}
        and all(abs(value) <= LARGEST_WHOLE for value in values if type(value) is int)
    )


def _refuse_inner(items: Any, check_of: Callable[[Any], Check]) -> Malformed | None:
    """Return the error of the first of some (place, value) that is something else."""
    for place, value in items:
        if not check_of(place).holds((value,)):
            return check_of(place).refuse(value).within(place)
    return None


class _PythonRepr(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = 40
        self.maxlevel = self.maxlist = self.maxdict = 2

    def repr_int(self, number: int, level: int) -> str:
        """Return a whole number; of a huge one Python writes no digits."""
        if abs(number) < 10**100:
            return super().repr_int(number, level)
        return "a whole number of more than 100 digits"


class _JsonRepr(_PythonRepr):
    def repr_bool(self, value: bool, _: int) -> str:
        return "true" if value else "false"

    def repr_NoneType(self, *_: Any) -> str:
        return "null"


_PYTHON = _PythonRepr()
_JSON = _JsonRepr()
