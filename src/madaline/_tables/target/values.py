"""The values of a target as they are given, the task that they suggest, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._tables.column import number_text
from madaline._tables.conversion import type_word
from madaline._tables.formats.number_format import PLAIN, NumberFormat
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
            "Regression needs numbers, but the target holds {not_a_number}: correct it, or choose classification.",
            not_a_number=_not_a_number(array),
        ) from None
    infinite = np.isinf(numbers)
    if infinite.any():
        raise InputError(
            "The target holds an infinity (Input y contains infinity) in row {argmax} (counted from 0): correct it or remove the row.",
            argmax=int(np.argmax(infinite)),
        )
    large = np.abs(numbers) > MAX_TARGET
    if large.any():
        row = int(np.argmax(large))
        raise too_large(numbers[row], row)
    return numbers


def too_large(number: float, row: int) -> InputError:
    """Return the error of a number that networks cannot learn."""
    return InputError(
        "The target holds {number:g} in row {row} (counted from 0), but networks learn numbers up to {MAX_TARGET:g}: correct it, or give the target in another unit.",
        number=number,
        row=row,
        MAX_TARGET=MAX_TARGET,
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
        raise InputError(
            "The target has the shape {shape}: give one value a row.", shape=array.shape
        )
    missing = missing_values(array)
    if missing.any():
        raise InputError(
            "The target has no value (Input y contains NaN) in {sum:,} of {n_array:,} rows, the first is row {argmax} (counted from 0): fill them in or remove these rows.",
            sum=int(missing.sum()),
            n_array=len(array),
            argmax=int(np.argmax(missing)),
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
            "Unknown label type: continuous. The target holds {n_distinct:,} different numbers with decimals (such as {distinct!r}), which are no classes: choose regression.",
            n_distinct=len(distinct),
            distinct=float(distinct[0]),
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
                "The target holds a whole number of {bit_length} bits, but labels have at most 64: give them as text.",
                bit_length=label.bit_length(),
            )


def infer_task(
    values: Array,  # (n_samples,)
    written: NumberFormat = PLAIN,  # how its numbers are, in their unit
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
        return CLASSIFICATION, _("the target holds {word}").format(word=word)
    distinct = np.unique(present).astype(np.float64)
    if len(distinct) == 2:
        return CLASSIFICATION, "the target holds two different values"
    if not (distinct == np.floor(distinct)).all():
        return REGRESSION, "the target holds numbers with decimals"
    return _whole_number_task(distinct, len(present), written)


def infer_task_of_several(
    names: Sequence[str],
    values: Array,  # (n_samples, n_targets)
) -> tuple[str, str]:
    """Return the task that several targets suggest, and why."""
    tasks = [infer_task(column) for column in values.T]
    for name, (task, __) in zip(names, tasks, strict=True):
        if task != tasks[0][0]:
            raise InputError(
                "Targets that are predicted together must be of one task, but {names} suggests {tasks} and {name} {task}: choose a task, or fit a model for each.",
                names=names[0],
                tasks=tasks[0][0],
                name=name,
                task=task,
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
        raise InputError(
            "The target {name!r} has no value in any row: choose another column.", name=name
        )
    counts = _("has no value in {n_missing:,} of {n_rows:,} rows").format(
        n_missing=n_missing, n_rows=n_rows
    )
    if 2 * n_missing > n_rows:
        raise InputError(
            "The target {name!r} {counts}, which is most of them: fill them in, choose another column, or remove these rows.",
            name=name,
            counts=counts,
        )
    verb = "is" if n_missing == 1 else "are"
    return (
        _("{name} {counts}, which {verb} left out.").format(name=name, counts=counts, verb=verb)
        if n_missing
        else ""
    )


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
        raise InputError(
            "The target {name!r} has no value in any row: choose another column.", name=name
        )
    if n_missing:
        raise InputError(
            "The target {name!r} has no value in {n_missing:,} of {n_values:,} rows: fill them in or remove these rows.",
            name=name,
            n_missing=n_missing,
            n_values=len(values),
        )
    if len(set(present.tolist())) == 1:
        word = "class" if task == CLASSIFICATION else "value"
        raise InputError(
            "The target {name!r} holds only one {word} ({present!s}) in all {n_present:,} rows: choose another column.",
            name=name,
            word=word,
            present=present[0],
            n_present=len(present),
        )


def _whole_number_task(distinct: Array, n_values: int, written: NumberFormat) -> tuple[str, str]:
    if len(distinct) == 0:
        return REGRESSION, "the target holds no values"
    low, high = (written.text(number_text, float(end)) for end in distinct[[0, -1]])
    told = _("the target holds whole numbers from {low} to {high}")
    if written.power:
        told = _("the target holds numbers from {low} to {high}")
    described = told.format(low=low, high=high)
    if distinct[0] not in (0, 1):
        return REGRESSION, _("{described}, not numbered from 0 or 1").format(described=described)
    if distinct[-1] - distinct[0] != len(distinct) - 1:
        return REGRESSION, _("{described} with gaps").format(described=described)
    if len(distinct) > min(_MAX_NUMBERED_CLASSES, n_values / 10):
        return REGRESSION, _("{described}, too many to be classes").format(described=described)
    return CLASSIFICATION, _("{described} without a gap").format(described=described)


def side_by_side(columns: Sequence[Array]) -> Array:
    """Return one target as it is, or several as the columns of an array."""
    if len(columns) == 1:
        return columns[0]
    kinds = {column.dtype.kind for column in columns}
    dtype = None if kinds <= set("biuf") else object
    return np.stack([column.astype(dtype or column.dtype) for column in columns], axis=1)
