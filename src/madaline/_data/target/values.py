"""The values of a target as they are given, the task that they suggest, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from madaline._data.column import number_text
from madaline._data.conversion import type_word
from madaline.errors import InputError
from madaline.nn.arrays import Array

CLASSIFICATION, REGRESSION = "classification", "regression"
"""The tasks."""

MAX_TARGET = 1e150
"""Size of a number to predict, at most: squares of errors must not overflow."""

_MAX_NUMBERED_CLASSES = 20
"""Whole numbers from 0 or 1 without a gap up to here are taken for the numbers of classes."""


_NEVER_MISSING = {str, bool, int}
"""Types whose values are all there."""


def known_values(values: Array) -> Array:
    """Return the values that are not missing; objects of one type as Booleans or numbers."""
    present = values[~missing_values(values)]
    if present.dtype.kind != "O":
        return present
    types = set(map(type, present.tolist()))
    if types and all(issubclass(kind, bool | np.bool_) for kind in types):
        return present.astype(bool)
    if types and all(issubclass(kind, int | float | np.integer | np.floating) for kind in types):
        return present.astype(np.float64)
    return present


def target_numbers(values: Any) -> Array:
    """Return a target of finite numbers, float64."""
    array = _complete(values)
    try:
        if array.dtype.kind not in "iufbO":
            raise ValueError
        numbers = np.asarray(array, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InputError(
            f"Regression needs numbers, but the target holds {_not_a_number(array)}: correct it, or"
            " choose classification."
        ) from None
    infinite = np.isinf(numbers)
    if infinite.any():
        raise InputError(
            "The target holds an infinity (Input y contains infinity) in row"
            f" {int(np.argmax(infinite))} (counted from 0): correct it or remove the row."
        )
    large = np.abs(numbers) > MAX_TARGET
    if large.any():
        row = int(np.argmax(large))
        raise too_large(numbers[row], row)
    return numbers


def too_large(number: float, row: int) -> InputError:
    """Return the error of a number that networks cannot learn."""
    return InputError(
        f"The target holds {number:g} in row {row} (counted from 0), but networks learn"
        f" numbers up to {MAX_TARGET:g}: correct it, or give the target in another unit."
    )


def target_labels(values: Any) -> Array:
    """Return labels in a type that JSON can carry."""
    array = _complete(values)
    match array.dtype.kind:
        case "b" | "i" | "u" | "U":
            return array.astype(array.dtype.newbyteorder("="), copy=False)
        case "f":  # a file holds at most eight bytes of a number
            known = array.astype(array.dtype.newbyteorder("="), copy=False)
            return _float_labels(known if known.itemsize <= 8 else known.astype(np.float64))
        case "O":
            return _object_labels(array)
        case "T":
            return array.astype(object)
        case "c":
            raise InputError("Complex data not supported: the target holds complex numbers.")
        case _:
            return array.astype(str)


def distinct_labels(labels: Array) -> tuple[Array, Array]:
    """Return the distinct labels in order, and the index of each row's label among them."""
    if labels.dtype.kind != "O":
        return np.unique(labels, return_inverse=True)
    distinct = list(dict.fromkeys(labels.tolist()))
    try:
        distinct.sort()
    except TypeError:  # text and numbers have no order: numbers first
        distinct.sort(key=lambda label: (isinstance(label, str), str(label)))
    index = {label: code for code, label in enumerate(distinct)}
    codes = np.fromiter(map(index.__getitem__, labels.tolist()), np.intp, count=len(labels))
    return np.fromiter(distinct, object, len(distinct)), codes


def missing_values(values: Array) -> Array:
    """Return where a target has no value, as Booleans of shape (n_samples,)."""
    match values.dtype.kind:
        case "f":
            return np.isnan(values)
        case "M" | "m":
            return np.isnat(values)
        case "O":
            items = values.tolist()
            if set(map(type, items)) <= _NEVER_MISSING:
                return np.zeros(len(values), dtype=bool)
            return np.fromiter(map(_is_missing, items), bool, count=len(values))
        case _:
            return np.zeros(len(values), dtype=bool)


def _is_missing(item: Any) -> bool:
    if item is None or type(item).__name__ in {"NAType", "NaTType"}:
        return True
    if isinstance(item, Decimal):
        return item.is_nan()  # a signaling NaN cannot be compared
    return isinstance(item, float | np.floating) and bool(np.isnan(item))


def _complete(values: Any) -> Array:
    """Return a target as an array, or raise `InputError` if a value is missing."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"The target has the shape {array.shape}: give one value a row.")
    missing = missing_values(array)
    if missing.any():
        raise InputError(
            f"The target has no value (Input y contains NaN) in {int(missing.sum()):,} of"
            f" {len(array):,} rows, the first is row {int(np.argmax(missing))} (counted from 0):"
            " fill them in or remove these rows."
        )
    return array


def _not_a_number(array: Array) -> str:
    for item in array.tolist():
        try:
            float(item)
        except (ValueError, TypeError, OverflowError):
            return f"{type_word(item)} ({item!r})" if isinstance(item, str) else repr(item)
    return "text"


def _float_labels(array: Array) -> Array:
    distinct = np.unique(array)
    if np.isinf(distinct).any():
        raise InputError(
            "The target holds an infinity (Input y contains infinity): correct it or remove the"
            " row."
        )
    if len(distinct) > _MAX_NUMBERED_CLASSES and not (distinct == np.floor(distinct)).all():
        raise InputError(
            f"Unknown label type: continuous. The target holds {len(distinct):,} different numbers"
            f" with decimals (such as {float(distinct[0])!r}), which are no classes: choose"
            " regression."
        )
    return array


def _object_labels(array: Array) -> Array:
    items = [item.item() if isinstance(item, np.generic) else item for item in array.tolist()]
    plain, types = np.fromiter(items, object, len(items)), set(map(type, items))
    if types and types <= {float}:
        _float_labels(plain.astype(np.float64))
    if types <= {str, bool, int, float}:
        if types & {int, float}:
            _check_numbers(plain)
        return plain
    texts = (item if isinstance(item, str | bool | int | float) else str(item) for item in items)
    return np.fromiter(texts, object, len(items))


def _check_numbers(labels: Array) -> None:
    """Refuse infinities, and whole numbers that need more than 64 bits, among labels."""
    for label in set(labels.tolist()):
        if isinstance(label, float):
            _float_labels(np.array([label]))
        if isinstance(label, int) and not -(2**63) <= label < 2**64:
            raise InputError(
                f"The target holds a whole number of {label.bit_length()} bits, but labels have at"
                " most 64: give them as text."
            )


def infer_task(
    values: Array,  # (n_samples,)
) -> tuple[str, str]:
    """Return the task that a target suggests, and why.

    Text, Booleans and anything of two values are classes. Whole numbers are classes where they
    look numbered: from 0 or 1 without a gap, at most `_MAX_NUMBERED_CLASSES`, ten rows to each.
    Ratings that begin elsewhere (3 to 9) and all else are numbers.

    `task`: The task. `reason`: Why, in a few words.

    >>> infer_task(np.array([3, 5, 6, 9] * 20))
    ('regression', 'the target holds whole numbers from 3 to 9, not numbered from 0 or 1')
    """
    present = known_values(values)
    if present.dtype.kind not in "iuf":
        word = "Booleans" if present.dtype.kind == "b" else "text"
        return CLASSIFICATION, f"the target holds {word}"
    distinct = np.unique(present).astype(np.float64)
    if len(distinct) == 2:
        return CLASSIFICATION, "the target holds two different values"
    if not (distinct == np.floor(distinct)).all():
        return REGRESSION, "the target holds numbers with decimals"
    return _whole_number_task(distinct, len(present))


def infer_task_of_several(
    names: Sequence[str],
    values: Array,  # (n_samples, n_targets)
) -> tuple[str, str]:
    """Return the task that several targets suggest, and why."""
    tasks = [infer_task(column) for column in values.T]
    for name, (task, _) in zip(names, tasks, strict=True):
        if task != tasks[0][0]:
            raise InputError(
                "Targets that are predicted together must be of one task, but"
                f" {names[0]} suggests {tasks[0][0]} and {name} {task}: choose a task, or fit a"
                " model for each."
            )
    return tasks[0]


def left_out_words(name: str, missing: Array) -> str:
    """Return that rows without a target are left out, or raise `InputError` if most are.

    >>> left_out_words("price", np.array([False, True, False]))
    'price has no value in 1 of 3 rows, which is left out.'
    """
    return left_out_of(name, int(missing.sum()), len(missing))


def left_out_of(name: str, n_missing: int, n_rows: int) -> str:
    """Return that so many rows without a target are left out, as `left_out_words` does."""
    if n_missing == n_rows:
        raise InputError(f"The target {name!r} has no value in any row: choose another column.")
    counts = f"has no value in {n_missing:,} of {n_rows:,} rows"
    if 2 * n_missing > n_rows:
        raise InputError(
            f"The target {name!r} {counts}, which is most of them: fill them in, choose another"
            " column, or remove these rows."
        )
    verb = "is" if n_missing == 1 else "are"
    return f"{name} {counts}, which {verb} left out." if n_missing else ""


def check_learnable(
    values: Array,  # (n_samples,)
    task: str,  # {"classification", "regression"}
    *,
    name: str = "target",
) -> None:
    """Refuse a target from which nothing can be learned."""
    present = known_values(values)
    n_missing = len(values) - len(present)
    if len(present) == 0:
        raise InputError(f"The target {name!r} has no value in any row: choose another column.")
    if n_missing:
        raise InputError(
            f"The target {name!r} has no value in {n_missing:,} of {len(values):,} rows: fill them"
            " in or remove these rows."
        )
    if len(set(present.tolist())) == 1:
        word = "class" if task == CLASSIFICATION else "value"
        raise InputError(
            f"The target {name!r} holds only one {word} ({present[0]!s}) in all {len(present):,}"
            " rows: choose another column."
        )


def _whole_number_task(distinct: Array, n_values: int) -> tuple[str, str]:
    if len(distinct) == 0:
        return REGRESSION, "the target holds no values"
    described = (
        f"the target holds whole numbers from {number_text(float(distinct[0]))} to"
        f" {number_text(float(distinct[-1]))}"
    )
    if distinct[0] not in (0, 1):
        return REGRESSION, f"{described}, not numbered from 0 or 1"
    if distinct[-1] - distinct[0] != len(distinct) - 1:
        return REGRESSION, f"{described} with gaps"
    if len(distinct) > min(_MAX_NUMBERED_CLASSES, n_values / 10):
        return REGRESSION, f"{described}, too many to be classes"
    return CLASSIFICATION, f"{described} without a gap"


def side_by_side(columns: Sequence[Array]) -> Array:
    """Return one target as it is, or several as the columns of an array."""
    if len(columns) == 1:
        return columns[0]
    kinds = {column.dtype.kind for column in columns}
    dtype = None if kinds <= set("biuf") else object
    return np.stack([column.astype(dtype or column.dtype) for column in columns], axis=1)
