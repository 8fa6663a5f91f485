"""The target codec turns labels or numbers into what networks learn, and predictions back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.core.arrays import Array
from madaline.data.column import number_text
from madaline.data.conversion import type_word
from madaline.data.statistics import Distribution
from madaline.errors import InputError

CLASSIFICATION, REGRESSION = "classification", "regression"

MOST_NUMBERED_CLASSES = 20
"""Whole numbers from 0 or 1 without a gap up to here are taken for the numbers of classes."""


class TargetCodec(ABC):
    """What a codec can do; it is fitted once and never changes."""

    @abstractmethod
    def encode(self, values: Array) -> Array:
        """Return targets as networks learn them, shape (n_samples,)."""

    @abstractmethod
    def decode(self, prediction: Array) -> Array:
        """Return predictions, shape (n_samples, n_outputs), in the target's terms: (n_samples,)."""

    @abstractmethod
    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""


@dataclass(frozen=True, eq=False)
class ClassCodec(TargetCodec):
    """Numbers the classes.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The labels, in order; they keep their type.

    Examples
    --------
    >>> codec = ClassCodec.fit(np.array(["no", "yes", "no", "no"]))
    >>> codec.classes
    array(['no', 'yes'], dtype='<U3')
    >>> codec.encode(np.array(["yes", "no"]))
    array([1, 0])
    >>> codec.decode(np.array([[0.4, 0.6], [0.9, 0.1]]))
    array(['yes', 'no'], dtype='<U3')
    """

    classes: Array

    @classmethod
    def fit(cls, values: Array, sample_weight: Array | None = None) -> ClassCodec:
        """Return the codec of a training target.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            Labels of any type that has a text in JSON: text, Booleans, whole numbers, floats.
        sample_weight : ndarray of shape (n_samples,), optional
            Weight of each row; classes without any weight are left out.

        Raises
        ------
        InputError
            If a label is missing, there are fewer than two classes, or the labels are measurements.
        """
        labels = _labels(values)
        classes, codes = _distinct(labels)
        classes = classes[np.bincount(codes, sample_weight, len(classes)) > 0]
        if len(classes) < 2:
            held = f": {classes[0]!s}" if len(classes) else ""
            raise InputError(
                f"The target holds only one class{held}; give rows of at least two classes."
            )
        return cls(classes)

    def encode(self, values: Array) -> Array:
        """Return the number of each label's class, int64.

        Raises
        ------
        InputError
            If a label is missing or not among `classes`.
        """
        numbers = {label: number for number, label in enumerate(self.classes.tolist())}
        labels = _labels(values).tolist()
        try:
            return np.fromiter(map(numbers.__getitem__, labels), np.int64, count=len(labels))
        except KeyError as error:
            raise InputError(
                f"The label {error.args[0]!r} is not among the classes"
                f" {', '.join(map(repr, self.classes.tolist()[:8]))}: correct it."
            ) from None

    def decode(self, prediction: Array) -> Array:
        """Return the most probable label of each row.

        Parameters
        ----------
        prediction : ndarray of shape (n_samples, n_classes)
            Probabilities.
        """
        return np.asarray(self.classes[np.argmax(prediction, axis=1)])

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return {
            "task": CLASSIFICATION,
            "classes": self.classes.tolist(),
            "dtype": self.classes.dtype.str,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> ClassCodec:
        """Return the codec that `to_state` described."""
        classes = np.empty(len(state["classes"]), dtype=np.dtype(state["dtype"]))
        classes[:] = state["classes"]
        return cls(classes)


@dataclass(frozen=True)
class RegressionCodec(TargetCodec):
    """Standardizes the target: mean zero, standard deviation one.

    Parameters
    ----------
    center, scale : float
        Mean and standard deviation of the training target; the scale of a constant is one.
    low, high : float
        Its range; no prediction leaves it.

    Examples
    --------
    >>> codec = RegressionCodec.fit(np.array([1.0, 3.0]))
    >>> codec
    RegressionCodec(center=2.0, scale=1.0, low=1.0, high=3.0)
    >>> codec.encode(np.array([1.0, 3.0]))
    array([-1.,  1.], dtype=float32)
    >>> codec.decode(np.array([[0.5], [7.0]]))
    array([2.5, 3. ])
    """

    center: float
    scale: float
    low: float
    high: float

    @classmethod
    def fit(cls, values: Array, sample_weight: Array | None = None) -> RegressionCodec:
        """Return the codec of a training target.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            Finite numbers.
        sample_weight : ndarray of shape (n_samples,), optional
            Weight of each row.

        Raises
        ------
        InputError
            If a number is missing or infinite, or the target is no number.
        """
        distribution = Distribution.of(_numbers(values), sample_weight)
        if len(distribution.values) == 0:
            raise InputError("The target has no rows: give at least two different rows.")
        low, high = float(distribution.values[0]), float(distribution.values[-1])
        unit = max(abs(low), abs(high)) or 1.0  # so that squares neither overflow nor vanish
        scaled = distribution.values / unit
        mean = float(distribution.mean(scaled))
        spread = float(np.sqrt(distribution.mean(np.square(scaled - mean)))) * unit
        return cls(mean * unit, spread if low < high and spread > 0 else 1.0, low, high)

    def encode(self, values: Array) -> Array:
        """Return the standardized target, float32.

        Raises
        ------
        InputError
            If a number is missing or infinite, or the target is no number.
        """
        return ((_numbers(values) - self.center) / self.scale).astype(np.float32)

    def decode(self, prediction: Array) -> Array:
        """Return predictions in the target's unit and range, float64.

        Parameters
        ----------
        prediction : ndarray of shape (n_samples,) or (n_samples, 1)
            Standardized predictions.
        """
        standardized = np.asarray(prediction, dtype=np.float64).reshape(len(prediction))
        with np.errstate(over="ignore"):
            return np.clip(standardized * self.scale + self.center, self.low, self.high)

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return {"task": REGRESSION} | asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> RegressionCodec:
        """Return the codec that `to_state` described."""
        return cls(state["center"], state["scale"], state["low"], state["high"])


def codec_from_state(state: Mapping[str, Any]) -> TargetCodec:
    """Return the codec that its `to_state` described.

    Examples
    --------
    >>> codec_from_state(RegressionCodec(2.0, 1.0, 1.0, 3.0).to_state())
    RegressionCodec(center=2.0, scale=1.0, low=1.0, high=3.0)
    """
    if state["task"] == CLASSIFICATION:
        return ClassCodec.from_state(state)
    return RegressionCodec.from_state(state)


def infer_task(values: Array) -> tuple[str, str]:
    """Tell classification from regression by the target.

    Text, Booleans and anything of two values are classes. Whole numbers are classes where they
    look numbered: from 0 or 1 without a gap, at most `MOST_NUMBERED_CLASSES`, ten rows to each.
    Ratings that begin elsewhere (3 to 9) and all else are numbers.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        The training target.

    Returns
    -------
    task : {"classification", "regression"}
        What to learn.
    reason : str
        Why, in a few words.

    Examples
    --------
    >>> infer_task(np.array([3, 5, 6, 9] * 20))
    ('regression', 'the target holds whole numbers from 3 to 9, not numbered from 0 or 1')
    """
    present = _present(values)
    if present.dtype.kind not in "iuf":
        word = "Booleans" if present.dtype.kind == "b" else "text"
        return CLASSIFICATION, f"the target holds {word}"
    distinct = np.unique(present).astype(np.float64)
    if len(distinct) == 2:
        return CLASSIFICATION, "the target holds two different values"
    if not (distinct == np.floor(distinct)).all():
        return REGRESSION, "the target holds numbers with decimals"
    return _whole_number_task(distinct, len(present))


def check_learnable(values: Array, task: str, *, name: str = "target") -> None:
    """Refuse a target from which nothing can be learned.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        The training target.
    task : {"classification", "regression"}
        What is to be learned.
    name : str
        What the target is called.

    Raises
    ------
    InputError
        If no row has a value, some rows lack one, or all have the same.

    Examples
    --------
    >>> check_learnable(np.array(["yes", "yes"]), CLASSIFICATION, name="paid")
    Traceback (most recent call last):
    madaline.errors.InputError: The target 'paid' holds only one class (yes) in all 2 rows: choose
    another column.
    """
    present = _present(values)
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
    if len(distinct) > min(MOST_NUMBERED_CLASSES, n_values / 10):
        return REGRESSION, f"{described}, too many to be classes"
    return CLASSIFICATION, f"{described} without a gap"


def _missing(values: Array) -> Array:
    """Return where a target has no value, as Booleans of shape (n_samples,)."""
    match values.dtype.kind:
        case "f":
            return np.isnan(values)
        case "M" | "m":
            return np.isnat(values)
        case "O":
            return np.fromiter(map(_is_nothing, values.tolist()), bool, count=len(values))
        case _:
            return np.zeros(len(values), dtype=bool)


def _is_nothing(item: Any) -> bool:
    if item is None or type(item).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(item, float | np.floating) and bool(np.isnan(item))


def _present(values: Array) -> Array:
    """Return the values that are there; objects that are all Booleans or numbers as such."""
    present = values[~_missing(values)]
    if present.dtype.kind != "O":
        return present
    types = set(map(type, present.tolist()))
    if types and all(issubclass(kind, bool | np.bool_) for kind in types):
        return present.astype(bool)
    if types and all(issubclass(kind, int | float | np.integer | np.floating) for kind in types):
        return present.astype(np.float64)
    return present


def _complete(values: Any) -> Array:
    """Return a target of which no row is missing."""
    array = np.asarray(values)
    if array.ndim != 1:
        raise InputError(f"The target has the shape {array.shape}: give one value a row.")
    missing = _missing(array)
    if missing.any():
        raise InputError(
            f"The target has no value (Input y contains NaN) in {int(missing.sum()):,} of"
            f" {len(array):,} rows, the first is row {int(np.argmax(missing))} (counted from 0):"
            " fill them in or remove these rows."
        )
    return array


def _numbers(values: Any) -> Array:
    array = _complete(values)
    try:
        if array.dtype.kind not in "iufbO":
            raise ValueError
        numbers = np.asarray(array, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise InputError(
            f"Regression needs numbers, but the target holds {_odd_one(array)}: correct it, or"
            " choose classification."
        ) from None
    infinite = np.isinf(numbers)
    if infinite.any():
        raise InputError(
            "The target holds an infinity (Input y contains infinity) in row"
            f" {int(np.argmax(infinite))} (counted from 0): correct it or remove the row."
        )
    return numbers


def _odd_one(array: Array) -> str:
    for item in array.tolist():
        try:
            float(item)
        except (ValueError, TypeError, OverflowError):
            return f"{type_word(item)} ({item!r})" if isinstance(item, str) else repr(item)
    return "text"


def _labels(values: Any) -> Array:
    """Return labels in a type that JSON can carry."""
    array = _complete(values)
    match array.dtype.kind:
        case "b" | "i" | "u" | "U":
            return array
        case "f":
            return _float_labels(array)
        case "O":
            return _object_labels(array)
        case "T":
            return array.astype(object)
        case "c":
            raise InputError("Complex data not supported: the target holds complex numbers.")
        case _:
            return array.astype(str)


def _float_labels(array: Array) -> Array:
    distinct = np.unique(array)
    if np.isinf(distinct).any():
        raise InputError(
            "The target holds an infinity (Input y contains infinity): correct it or remove the"
            " row."
        )
    if len(distinct) > MOST_NUMBERED_CLASSES and not (distinct == np.floor(distinct)).all():
        raise InputError(
            f"Unknown label type: continuous. The target holds {len(distinct):,} different numbers"
            f" with decimals (such as {float(distinct[0])!r}), which are no classes: choose"
            " regression."
        )
    return array


def _object_labels(array: Array) -> Array:
    plain = np.empty(len(array), dtype=object)
    plain[:] = [item.item() if isinstance(item, np.generic) else item for item in array.tolist()]
    types = set(map(type, plain.tolist()))
    if types and types <= {float}:
        _float_labels(plain.astype(np.float64))
    if types <= {str, bool, int, float}:
        return plain
    plain[:] = [item if isinstance(item, str | bool | int | float) else str(item) for item in plain]
    return plain


def _distinct(labels: Array) -> tuple[Array, Array]:
    """Return the distinct labels in order, and the place of each row's label among them."""
    if labels.dtype.kind != "O":
        return np.unique(labels, return_inverse=True)
    found = list(dict.fromkeys(labels.tolist()))
    try:
        found.sort()
    except TypeError:  # text and numbers have no order: numbers first
        found.sort(key=lambda label: (isinstance(label, str), str(label)))
    places = {label: place for place, label in enumerate(found)}
    classes = np.empty(len(found), dtype=object)
    classes[:] = found
    codes = np.fromiter(map(places.__getitem__, labels.tolist()), np.intp, count=len(labels))
    return classes, codes
