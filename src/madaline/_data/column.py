"""A column is one array of one of five kinds: numbers, moments, levels, images, or signals.

Numbers are float64 (NaN is missing), moments are datetime64[us] (NaT is missing), levels are
objects: text or Booleans (None is missing). Images have more axes than one, and none is missing.
Signals are objects: sequences or sounds (None is missing). Whatever a user gives is converted to
one of these here, so that no code behind this point depends on where a column came from.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from madaline._data.media.images import is_images, read_images, to_images
from madaline._data.media.signals import Sequence, Signal, sequences
from madaline._data.objects import MOMENT, are_codes, complex_error, finite, from_objects
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

    Examples
    --------
    >>> to_column("age", [31, None, 45])
    array([31., nan, 45.])
    >>> to_column("member", [True, None, False])
    array([True, None, False], dtype=object)
    """
    numbers = _plain_numbers(values)
    if numbers is not None:
        return finite(name, numbers)
    array = _as_array(values)
    if _is_signals(array):
        return _signals(name, array)
    if is_images(array):
        return to_images(name, array)
    if array.ndim != 1:
        raise InputError(
            f"Column {name!r} has {array.ndim} dimensions (shape {array.shape}): give one value a"
            " row."
        )
    match array.dtype.kind:
        case "i" | "u" if are_codes(array):
            return np.fromiter(map(str, array.tolist()), object, len(array))
        case "i" | "u" | "f":
            return finite(name, array.astype(np.float64, copy=False))
        case "b":
            return array.astype(object)
        case "M":
            return array.astype(MOMENT, copy=False)
        case "m":
            return _seconds(array)
        case "U" | "S" | "T" | "O":
            return from_objects(name, array.astype(object, copy=False))
        case "c":
            raise complex_error(name)
        case _:
            raise InputError(
                f"Column {name!r} has the type {array.dtype}: give numbers, text, Booleans or"
                " dates."
            )


def is_missing(column: Array) -> Array:
    """Return where a column has no value, as Booleans of shape (n_samples,).

    Examples
    --------
    >>> is_missing(np.array([1.0, np.nan])), is_missing(np.array(["a", None], dtype=object))
    (array([False,  True]), array([False,  True]))
    """
    if column.ndim > 1:
        return np.zeros(len(column), bool)
    match column.dtype.kind:
        case "f":
            return np.isnan(column)
        case "M":
            return np.isnat(column)
        case _:
            return np.asarray(np.equal(column, np.array(None, dtype=object)))


def number_text(number: float) -> str:
    """Return a number as the text that stands for it as a level.

    Examples
    --------
    >>> number_text(3.0), number_text(0.5)
    ('3', '0.5')
    """
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _plain_numbers(values: Any) -> Array | None:
    """Return an array of numbers, or a list of Python's, as float64; None for all else.

    Most columns are of this kind, and for a single row all further questions would take longer
    than its prediction.
    """
    if type(values) is np.ndarray:
        kind = values.dtype.kind
        is_plain = values.ndim == 1 and (kind == "f" or (kind in "iu" and not are_codes(values)))
        return values.astype(np.float64, copy=False) if is_plain else None
    if type(values) is not list or not values:
        return None
    types = set(map(type, values))
    if not types <= {int, float} or (types == {int} and are_codes(values)):
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
            f"Column {name!r} mixes {' and '.join(sorted(one.__name__ for one in kinds))}: give one"
            " kind."
        )
    return sequences(array, name) if kinds <= {np.ndarray, Sequence} else array


def _seconds(durations: Array) -> Array:
    seconds = durations.astype("timedelta64[us]").astype(np.float64) / 1e6
    return np.where(np.isnat(durations), np.nan, seconds)
