"""What a number or a text in JSON must be: its type and its bounds."""

from __future__ import annotations

import math
import re
import reprlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

LARGEST, LARGEST_WHOLE = sys.float_info.max, 2**53
"""The largest number, and the largest whole one up to which floating-point numbers have all."""


class Malformed(ValueError):
    """A value is not what it must be.

    Parameters
    ----------
    problem : str
        What it is, and what it must be.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem
        self.places: list[str] = []

    def within(self, place: str | int) -> Malformed:
        """Return the error with the place of the value in what holds it."""
        self.places.insert(0, str(place)[:40])
        return self

    def __str__(self) -> str:
        """Return the place and the problem."""
        return f"{'.'.join(self.places) or 'it'} {self.problem}"


class Check(ABC):
    """What a value must be."""

    @abstractmethod
    def __call__(self, value: Any) -> None:
        """Raise `Malformed` if the value is something else."""

    def holds(self, value: Any) -> bool:
        """Return whether the value is what it must be."""
        try:
            self(value)
        except Malformed:
            return False
        return True

    def all(self, values: Sequence[Any]) -> None:
        """Check every value of a list; long ones in as few steps as possible."""
        for index, value in enumerate(values):
            try:
                self(value)
            except Malformed as error:
                raise error.within(index) from None


@dataclass(frozen=True)
class Whole(Check):
    """A whole number within bounds (final).

    Examples
    --------
    >>> Whole(0, 9)(3)
    >>> Whole(0, 9)(3.0)
    Traceback (most recent call last):
    madaline...Malformed: it is 3.0, but must be a whole number from 0 to 9
    """

    low: int
    high: int

    def __call__(self, value: Any) -> None:
        """Check one number; True and False are none."""
        if type(value) is not int or not self.low <= value <= self.high:
            raise wrong(value, f"a whole number from {self.low} to {self.high}")

    def all(self, values: Sequence[Any]) -> None:
        """Check many numbers."""
        fine = set(map(type, values)) <= {int}
        if not fine or (values and (min(values) < self.low or max(values) > self.high)):
            super().all(values)


@dataclass(frozen=True)
class Number(Check):
    """A finite number within bounds (final).

    Parameters
    ----------
    low, high : float
        The bounds.
    above : bool, default=False
        Whether the number must be above `low`.
    """

    low: float = -LARGEST
    high: float = LARGEST
    above: bool = False

    def __call__(self, value: Any) -> None:
        """Check one number; True, False, NaN and infinities are none."""
        known = type(value) is float or (type(value) is int and abs(value) <= LARGEST_WHOLE)
        if not known or not self._holds(value, value):
            raise wrong(value, self._words)

    def all(self, values: Sequence[Any]) -> None:
        """Check many numbers."""
        if not values:
            return
        fine = set(map(type, values)) <= {float} and self._holds(min(values), max(values))
        if not fine or math.isnan(sum(values)):  # the sum is NaN if a number is
            super().all(values)

    def _holds(self, least: float, most: float) -> bool:
        return (self.low < least if self.above else self.low <= least) and most <= self.high

    @property
    def _words(self) -> str:
        if (self.low, self.high) == (-LARGEST, LARGEST):
            return "a finite number"
        return f"a number {'above' if self.above else 'from'} {self.low:g} to {self.high:g}"


@dataclass(frozen=True)
class Measured(Check):
    """Any number, NaN and infinities included: what came of a fit that went wrong (final)."""

    def __call__(self, value: Any) -> None:
        """Check one number."""
        if type(value) is not float and (type(value) is not int or abs(value) > LARGEST_WHOLE):
            raise wrong(value, "a number")


@dataclass(frozen=True)
class Text(Check):
    """A text of limited length, which UTF-8 can hold (final)."""

    longest: int = 100_000

    def __call__(self, value: Any) -> None:
        """Check one text."""
        if type(value) is not str or len(value) > self.longest:
            raise wrong(value, f"text of at most {self.longest:,} characters")
        if not is_text(value):
            raise wrong(value, "text that UTF-8 can hold")

    def all(self, values: Sequence[Any]) -> None:
        """Check many texts."""
        fine = set(map(type, values)) <= {str} and is_text("".join(values))
        if not fine or max(map(len, values), default=0) > self.longest:
            super().all(values)


@dataclass(frozen=True)
class OneOf(Check):
    """One of a few texts or numbers (final)."""

    values: Collection[Any]

    def __call__(self, value: Any) -> None:
        """Check one value; True is not 1."""
        if not any(type(value) is type(one) and value == one for one in self.values):
            raise wrong(value, f"one of {', '.join(map(repr, self.values))}")


@dataclass(frozen=True)
class Pattern(Check):
    """A text that matches a regular expression as a whole (final)."""

    pattern: str

    def __call__(self, value: Any) -> None:
        """Check one text."""
        if type(value) is not str or not re.fullmatch(self.pattern, value, re.ASCII):
            raise wrong(value, f"of the form {self.pattern}")


TRUTH = OneOf((True, False))


@dataclass(frozen=True)
class Optional(Check):
    """Something, or null (final)."""

    check: Check

    def __call__(self, value: Any) -> None:
        """Check one value."""
        if value is not None:
            self.check(value)


class Either(Check):
    """Either of some; the error is that of the first (final)."""

    def __init__(self, *checks: Check) -> None:
        self._first, *self._others = checks

    def __call__(self, value: Any) -> None:
        """Check one value."""
        try:
            self._first(value)
        except Malformed:
            if not any(check.holds(value) for check in self._others):
                raise


def wrong(value: Any, wanted: str) -> Malformed:
    """Return the error for a value that must be something else."""
    return Malformed(f"is {_SHORT.repr(value)}, but must be {wanted}")


def is_text(value: str) -> bool:
    """Return whether a text has no lone half of a pair of UTF-16, which no file can hold."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


class _Repr(reprlib.Repr):
    def repr_int(self, number: int, level: int) -> str:
        """Return a whole number; of a huge one Python writes no digits."""
        if abs(number) < 10**100:
            return super().repr_int(number, level)
        return "a whole number of more than 100 digits"


_SHORT = _Repr()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = 40
_SHORT.maxlevel = _SHORT.maxlist = _SHORT.maxdict = 2
