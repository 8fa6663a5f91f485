"""A column is one array of one of five kinds: numbers, moments, levels, images, or signals.

Numbers are float64 (NaN is missing), moments are datetime64[us] (NaT is missing), levels are
objects: text or Booleans (None is missing). Images have more axes than one, and none is missing.
Signals are objects: sequences or sounds (None is missing). Whatever a user gives is converted to
one of these here, so that no code behind this point depends on where a column came from.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._tables.formats.number_format import MAX_EXACT
from madaline._tables.media.images import is_images, read_images, to_images
from madaline._tables.media.signals import Sequence, Signal, sequences
from madaline.errors import InputError
from madaline.nn.arrays import Array


def to_column(
    name: str,  # name of the column, for messages
    # numbers, text, Booleans, dates and times, durations (they become seconds), decimals, other
    # hashable objects (they become their text), with None, NaN, NaT or NA where one is missing
    values: Any,
) -> Array:
    """Return `values` as a column of one of the five kinds, of shape (n_samples,).

    float64, datetime64[us] or object (str, bool, None).
    """
    plain = _plain_values(values)
    if plain is not None:
        return plain if plain.dtype == object else _finite(name, plain)
    array = _as_array(values)
    if _is_signals(array):
        return _signals(name, array)
    if is_images(array):
        return to_images(name, array)
    if array.ndim != 1:
        raise InputError(
            "Column {name!r} has {ndim} dimensions (shape {shape}): give one value a row.",
            name=name,
            ndim=array.ndim,
            shape=array.shape,
        )
    return _by_type(name, array)


def _by_type(name: str, array: Array) -> Array:
    """Return an array of one value a row as a column."""
    match array.dtype.kind:
        case "i" | "u" if _are_codes(array):
            return np.fromiter(map(str, array.tolist()), object, len(array))
        case "i" | "u" | "f":
            return _finite(name, array.astype(np.float64, copy=False))
        case "b":
            return array.astype(object)
        case "M":
            return array.astype(MOMENT, copy=False)
        case "m":
            return _seconds(array)
        case "U" | "S" | "T" | "O":
            return _from_objects(name, array.astype(object, copy=False))
        case "c":
            raise _complex_error(name)
        case _:
            raise InputError(
                "Column {name!r} has the type {dtype}: give numbers, text, Booleans or dates.",
                name=name,
                dtype=array.dtype,
            )


def is_missing(column: Array) -> Array:
    """Return where a column has no value, as Booleans of shape (n_samples,)."""
    if column.ndim > 1:
        return np.zeros(len(column), bool)
    match column.dtype.kind:
        case "f":
            return np.isnan(column)
        case "M":
            return np.isnat(column)
        case _:
            return np.asarray(np.equal(column, np.array(None, dtype=object)))


def as_texts(values: Array) -> Array:
    """Return values as text, objects as objects: an array of texts is as wide as the longest."""
    if values.dtype.kind != "O":
        return values.astype(str)
    return np.fromiter(map(str, values.tolist()), object, len(values))


def number_text(number: float) -> str:
    """Return a number as the text that stands for it as a level."""
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _plain_values(values: Any) -> Array | None:
    """Return numbers as float64, a list of texts, or the text of a single row; None for all else.

    Most columns are of this kind, and for a single row all further questions would take longer
    than its prediction.
    """
    if type(values) is np.ndarray:
        if values.shape == (1,) and type(values[0]) is str:
            return values.astype(object, copy=False)
        kind = values.dtype.kind
        is_plain = values.ndim == 1 and (kind == "f" or (kind in "iu" and not _are_codes(values)))
        return values.astype(np.float64, copy=False) if is_plain else None
    if type(values) is not list or not values:
        return None
    types = set(map(type, values))
    if types == {str}:
        return np.fromiter(values, object, len(values))
    if not types <= {int, float, np.float64} or (types == {int} and _are_codes(values)):
        return None
    try:
        return np.array(values, dtype=np.float64)
    except OverflowError:
        return None


def _as_array(values: Any) -> Array:
    images = values
    if isinstance(values, np.ndarray):
        of_arrays = values.dtype == object and values.ndim == 1 and len(values) > 0
        images = values.tolist() if of_arrays and isinstance(values[0], np.ndarray) else None
    array = read_images(images)
    if array is not None:
        return array
    if isinstance(values, np.ma.MaskedArray):
        objects = np.array(values.data, dtype=object)
        objects[np.ma.getmaskarray(values)] = None
        return objects
    if hasattr(values, "__array__"):
        return np.asarray(values)
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        return np.asarray(values)
    items = list(values)
    if any(isinstance(item, list | tuple) for item in items[:1]):
        return np.asarray(items, dtype=object)
    return np.fromiter(items, object, len(items))  # np.asarray would turn [1, "a"] into text


def _is_signals(array: Array) -> bool:
    """Return whether there are signals, or arrays that may be sequences."""
    if array.dtype != object or array.ndim != 1:
        return False
    first = next((item for item in array if item is not None), None)
    return isinstance(first, Signal | np.ndarray)


def _signals(name: str, array: Array) -> Array:
    """Return sequences or sounds, all of one kind; arrays are sequences."""
    kinds = {type(item) for item in array if item is not None}
    if len(kinds) > 1 and not kinds <= {np.ndarray, Sequence}:
        raise InputError(
            "Column {name!r} mixes {kinds}: give one kind.",
            name=name,
            kinds=_(" and ").join(sorted(one.__name__ for one in kinds)),
        )
    return sequences(array, name) if kinds <= {np.ndarray, Sequence} else array


def in_seconds(column: Array) -> Array:
    """Return numbers as they are, and moments as seconds since 1970; NaN is missing."""
    if column.dtype.kind == "f":
        return column
    seconds = column.astype(MOMENT).astype(np.int64) / 1e6
    return np.where(np.isnat(column), np.nan, seconds)


def from_seconds(seconds: Array, kind: str = "datetime64[us]") -> Array:
    """Return moments, or durations, of which these are the seconds; NaN is missing."""
    missing = np.isnan(seconds)
    micros = np.rint(np.where(missing, 0, seconds) * 1e6).astype(np.int64)
    times = micros.astype(kind)
    times[missing] = np.array("NaT", kind)
    return times


def _seconds(durations: Array) -> Array:
    seconds = durations.astype("timedelta64[us]").astype(np.float64) / 1e6
    return np.where(np.isnat(durations), np.nan, seconds)


SEQUENCES_HINT = ", or madaline.sequences(column) if each row has a sequence of numbers"

MOMENT = "datetime64[us]"
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def _from_objects(name: str, objects: Array) -> Array:
    """Return a column of Python objects as numbers, moments or levels, by the types in it."""
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
    return _finite(name, np.array(values, dtype=np.float64))


def shown(item: Any) -> str:
    """Return a value for a message: no more than 60 letters of what Python shows of it."""
    if isinstance(item, int) and abs(item) >= 2**1024:
        return _("a whole number of {bit_length:,} bits").format(bit_length=item.bit_length())
    text = " ".join(repr(item.item() if isinstance(item, np.generic) else item).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _hold_codes(objects: Array, families: dict[type, str]) -> bool:
    """Return whether all numbers are integers, some too large to be told apart in float64."""
    kinds = [kind for kind, family in families.items() if family != _MISSING]
    if not all(issubclass(kind, int | np.integer) for kind in kinds):
        return False
    return _are_codes([int(item) for item in objects if families[type(item)] != _MISSING])


_MISSING, _NUMBER, _BOOLEAN, _LEVEL = "nothing", "numbers", "Booleans", "text"
_MOMENT_FAMILY, _DURATION = "dates", "durations"

_NONE = np.array(None, object)

_TEXT = {str, type(None)}

_PLAIN = {str, bool, float, type(None)}  # types whose values NumPy can compare with one another


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
        raise _complex_error(name)
    if isinstance(item, bool | np.bool_):
        return bool(item)
    if isinstance(item, bytes):
        return item.decode(errors="replace")
    try:
        hash(item)
    except TypeError:
        raise InputError(
            "Column {name!r} holds a {type} ({shown}): give one number, text, Boolean or date a row{SEQUENCES_HINT}.",
            name=name,
            type=type(item).__name__,
            shown=shown(item),
            SEQUENCES_HINT=SEQUENCES_HINT if hasattr(item, "__len__") else "",
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
            examples[family] = _("{shown} in row {row}").format(shown=shown(item), row=row)
    (first, example), (second, other) = list(examples.items())[:2]
    return InputError(
        "Column {name!r} mixes {first} ({example}) and {second} ({other}, rows counted from 0): correct the values, or make all of them text.",
        name=name,
        first=first,
        example=example,
        second=second,
        other=other,
    )


def _complex_error(name: str) -> InputError:
    """Return the error for complex numbers."""
    return InputError(
        "Complex data not supported: column {name!r} holds complex numbers; give their real and imaginary parts as two columns.",
        name=name,
    )


def to_moment(item: Any) -> Any:
    """Return a date or time of Python, NumPy or pandas as datetime64[us], in UTC if zoned."""
    if isinstance(item, datetime.datetime) and item.tzinfo is not None:
        return np.datetime64((item - _EPOCH) // datetime.timedelta(microseconds=1), "us")
    return np.datetime64(item, "us")


def _are_codes(numbers: Array | list[int]) -> bool:
    """Return whether integers are too large to be told apart in float64; then they are text."""
    if isinstance(numbers, list):
        return MAX_EXACT < max(max(numbers), -min(numbers)) < 2**1023  # more is an infinity
    if numbers.itemsize < 8 or not numbers.size:
        return False
    if numbers.size == 1:
        return bool(abs(numbers.item()) > MAX_EXACT)
    return _are_codes([int(numbers.min()), int(numbers.max())])


def _finite(name: str, numbers: Array) -> Array:
    """Return numbers as they are, or raise `InputError` where one is infinite."""
    infinite = np.isinf(numbers)
    if np.count_nonzero(infinite):
        row = int(np.argmax(infinite))
        raise InputError(
            "Column {name!r} holds an infinity (inf) in row {row} (counted from 0): correct it, or leave it empty.",
            name=name,
            row=row,
        )
    return numbers


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    _NUMBER: _to_float,
    _MOMENT_FAMILY: to_moment,
    _DURATION: _to_seconds,
}
