"""A column of Python objects is converted by the types in it.

All numbers become float64, all dates and times moments, all durations seconds; all else levels:
text or Booleans. Numbers beside text are refused, as nobody can tell which of them is wrong.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from madaline._data.formats.number_format import EXACT
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOMENT = "datetime64[us]"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def from_objects(name: str, objects: Array) -> Array:
    """Return a column of Python objects as numbers, moments or levels, by the types in it.

    Parameters
    ----------
    name : str
        Name of the column, for messages.
    objects : object ndarray of shape (n_samples,)
        The values.

    Raises
    ------
    InputError
        If they mix numbers and text, hold an infinity, or cannot be told apart.

    Examples
    --------
    >>> from_objects("age", np.array([31, None, Decimal("4.5")], dtype=object))
    array([31. ,  nan,  4.5])
    """
    if set(map(type, objects)) <= _TEXT and len(objects) and objects[0] is not None:
        return objects
    families = {kind: _family(kind) for kind in set(map(type, objects))}
    if families.keys() <= _PLAIN and {str, float} <= families.keys():
        objects = np.where(objects == objects, objects, _NONE)  # NaN, where pandas has no text
        families = {kind: _family(kind) for kind in set(map(type, objects))}
    present = _present(objects, families)
    if not present:
        return np.full(len(objects), np.nan)
    if present <= {_LEVEL, _BOOLEAN}:
        return _levels(name, objects, families)
    if len(present) > 1 and present != {_NUMBER, _BOOLEAN}:
        raise _mixed(name, objects, families)
    family = _NUMBER if _NUMBER in present else present.pop()
    convert = _CONVERSIONS[family]
    values = [None if _no_value(item, families) else convert(item) for item in objects]
    if family == _MOMENT_FAMILY:
        return np.array(values, dtype=MOMENT)
    if family == _NUMBER and _hold_codes(objects, families):
        return np.array(
            [None if _no_value(item, families) else str(item) for item in objects], dtype=object
        )
    return finite(name, np.array(values, dtype=np.float64))


def shown(item: Any) -> str:
    """Return a value for a message: no more than 60 letters of what Python shows of it.

    Examples
    --------
    >>> shown(np.float64(1.5)), len(shown("x" * 999))
    ('1.5', 60)
    """
    if isinstance(item, int) and abs(item) >= 2**1024:
        return f"a whole number of {item.bit_length():,} bits"
    text = " ".join(repr(item.item() if isinstance(item, np.generic) else item).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _hold_codes(objects: Array, families: dict[type, str]) -> bool:
    """Return whether all numbers are integers, some too large to be told apart in float64."""
    kinds = [kind for kind, family in families.items() if family != _MISSING]
    if not all(issubclass(kind, int | np.integer) for kind in kinds):
        return False
    return are_codes([int(item) for item in objects if families[type(item)] != _MISSING])


_MISSING, _NUMBER, _BOOLEAN, _LEVEL = "nothing", "numbers", "Booleans", "text"
_MOMENT_FAMILY, _DURATION = "dates", "durations"

_NONE = np.array(None, object)

_TEXT = {str, type(None)}

_PLAIN = {str, bool, float, type(None)}
"""Types whose values NumPy can compare with one another."""


def _family(kind: type) -> str:
    if kind is type(None) or kind.__name__ in {"NAType", "NaTType"}:  # of pandas
        return _MISSING
    if issubclass(kind, bool | np.bool_):
        return _BOOLEAN
    if issubclass(kind, datetime.timedelta | np.timedelta64 | datetime.time):
        return _DURATION  # before numbers: NumPy's are whole numbers, too
    if issubclass(kind, int | float | np.integer | np.floating | Decimal | Fraction):
        return _NUMBER
    if issubclass(kind, datetime.date | np.datetime64):
        return _MOMENT_FAMILY
    return _LEVEL


def _present(objects: Array, families: dict[type, str]) -> set[str]:
    """Return the families of the values that are not missing, as NaN or NaT are."""
    present = set(families.values()) - {_MISSING}
    if len(present) == 1 or present <= {_LEVEL, _BOOLEAN}:
        return present
    return {families[type(item)] for item in objects if not _no_value(item, families)}


def _no_value(item: Any, families: dict[type, str]) -> bool:
    family = families[type(item)]
    if family == _MISSING:
        return True
    if family == _NUMBER:
        return item.is_nan() if isinstance(item, Decimal) else bool(item != item)
    return isinstance(item, np.datetime64 | np.timedelta64) and bool(np.isnat(item))


def _levels(name: str, objects: Array, families: dict[type, str]) -> Array:
    if families.keys() <= {str, bool, type(None)}:
        return objects
    levels = np.empty(len(objects), dtype=object)
    levels[:] = [None if _no_value(item, families) else _level(name, item) for item in objects]
    return levels


def _level(name: str, item: Any) -> str | bool:
    if isinstance(item, complex | np.complexfloating):
        raise complex_error(name)
    if isinstance(item, bool | np.bool_):
        return bool(item)
    if isinstance(item, bytes):
        return item.decode(errors="replace")
    try:
        hash(item)
    except TypeError:
        raise InputError(
            f"Column {name!r} holds a {type(item).__name__} ({shown(item)}): give one number,"
            " text, Boolean or date a row."
        ) from None
    return str(item)


def _to_float(item: Any) -> float:
    try:
        return float(item)
    except OverflowError:
        return float("inf")  # refused like any other infinity


def _to_seconds(item: Any) -> float:
    if isinstance(item, datetime.time):
        return item.hour * 3600 + item.minute * 60 + item.second + item.microsecond / 1e6
    return float(np.timedelta64(item, "us").astype(np.int64)) / 1e6


def _mixed(name: str, objects: Array, families: dict[type, str]) -> InputError:
    examples: dict[str, str] = {}
    for row, item in enumerate(objects):
        family = families[type(item)]
        if not _no_value(item, families) and family not in examples:
            examples[family] = f"{shown(item)} in row {row}"
    (first, one), (second, other) = list(examples.items())[:2]
    return InputError(
        f"Column {name!r} mixes {first} ({one}) and {second} ({other}, rows counted from 0):"
        " correct the values, or make all of them text."
    )


def complex_error(name: str) -> InputError:
    """Return the error for complex numbers."""
    return InputError(
        f"Complex data not supported: column {name!r} holds complex numbers; give their real and"
        " imaginary parts as two columns."
    )


def to_moment(item: Any) -> Any:
    """Return a date or time of Python, NumPy or pandas as datetime64[us], in UTC if zoned.

    Examples
    --------
    >>> print(to_moment(datetime.datetime.fromisoformat("2026-11-25T13:45+01:00")))
    2026-11-25T12:45:00.000000
    """
    if isinstance(item, datetime.datetime) and item.tzinfo is not None:
        return np.datetime64((item - _EPOCH) // datetime.timedelta(microseconds=1), "us")
    return np.datetime64(item, "us")


def are_codes(numbers: Array | list[int]) -> bool:
    """Return whether integers are too large to be told apart in float64; then they are text."""
    if isinstance(numbers, list):
        return EXACT < max(max(numbers), -min(numbers)) < 2**1023  # more is an infinity
    if numbers.itemsize < 8 or not numbers.size:
        return False
    if numbers.size == 1:
        return bool(abs(numbers.item()) > EXACT)
    return are_codes([int(numbers.min()), int(numbers.max())])


def finite(name: str, numbers: Array) -> Array:
    """Return numbers as they are, or raise `InputError` where one is infinite."""
    infinite = np.isinf(numbers)
    if np.count_nonzero(infinite):
        row = int(np.argmax(infinite))
        raise InputError(
            f"Column {name!r} holds an infinity (inf) in row {row} (counted from 0): correct it, or"
            " leave it empty."
        )
    return numbers


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    _NUMBER: _to_float,
    _MOMENT_FAMILY: to_moment,
    _DURATION: _to_seconds,
}
