"""Target encoders: classes are numbered, numbers come to a unit that networks learn well."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Self

import numpy as np

from madaline._base.codec import Finite, Items, Positive, Stored
from madaline._base.json_checks import TRUTH, Either, Number, Pattern, Text, Whole
from madaline._base.language import _
from madaline._tables.statistics import Distribution
from madaline._tables.target.probabilities import drawn_classes
from madaline._tables.target.values import (
    CLASSIFICATION,
    REGRESSION,
    distinct_labels,
    target_labels,
    target_numbers,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array

COUNT = "count"
"""How a file names the target encoder of a regression on the logarithm of amounts."""

JOINT = "joint"
"""How a file names the target encoder of several outputs."""


class TargetEncoder(Stored, ABC):
    """Encodes a target; it is fitted once and never changes."""

    task: ClassVar[str]  # how a file names it

    @abstractmethod
    def encode(self, values: Array) -> Array:
        """Return targets as networks learn them, shape (n_samples,), or a column an output."""

    def matrix(self, values: Array) -> Array:
        """Return targets as networks output them, float32 of shape (n_samples, n_outputs)."""
        return self.encode(values).astype(np.float32)[:, None]

    @abstractmethod
    def decode(self, prediction: Array) -> Array:
        """Return predictions, shape (n_samples, n_outputs), in the target's terms: (n_samples,)."""

    @property
    def each(self) -> tuple[TargetEncoder, ...]:
        """The encoder of each output: itself, unless several are predicted together."""
        return (self,)

    @property
    def of_classes(self) -> bool:
        """Whether labels are predicted."""
        return False

    @property
    def unit(self) -> float:
        """One, as networks learn it, in the target's own unit."""
        return 1.0

    @property
    def encoded_range(self) -> tuple[float, float] | None:
        """The range of decoded predictions, as networks output them; None of labels."""
        return None

    def widened(self) -> Self:
        """Return the encoder for rows that come later than those that it was fitted on."""
        return self

    def shifts(self, anchors: Array) -> Array:
        """Return anchors, (n_samples,), in the unit of outputs, (n_samples, n_outputs)."""
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return {"task": self.task} | super().to_json()


@dataclass(frozen=True, eq=False)
class ClassEncoder(TargetEncoder):
    """Numbers the classes; a target may also be a matrix of their probabilities.

    >>> encoder = ClassEncoder.fit(np.array(["no", "yes", "no", "no"]))
    >>> encoder.classes
    array(['no', 'yes'], dtype='<U3')
    >>> encoder.encode(np.array(["yes", "no"]))
    array([1, 0])
    >>> encoder.decode(np.array([[0.4, 0.6], [0.9, 0.1]]))
    array(['yes', 'no'], dtype='<U3')
    """

    classes: Array  # (n_classes,): the labels, in order; they keep their type
    # of two classes, the second one is predicted where its probability is above
    threshold: float = 0.5

    task = CLASSIFICATION

    @property
    def of_classes(self) -> bool:
        """Whether labels are predicted."""
        return True

    @classmethod
    def fit(
        cls,
        # (n_samples,): labels of any type that has a text in JSON: text, Booleans, whole numbers,
        # floats
        values: Array,
        # (n_samples,): weight of each row; classes without any weight are left out
        sample_weight: Array | None = None,
    ) -> ClassEncoder:
        """Return the target encoder of a training target."""
        classes, codes = distinct_labels(target_labels(values))
        classes = classes[np.bincount(codes, sample_weight, len(classes)) > 0]
        if len(classes) < 2:
            held = f": {classes[0]!s}" if len(classes) else ""
            raise InputError(
                "The target holds only one class{held}; give rows of at least two classes.",
                held=held,
            )
        return cls(classes)

    def encode(self, values: Array) -> Array:
        """Return the number of each label's class, int64; of probabilities, of a class drawn."""
        if values.ndim == 2:
            return drawn_classes(values)
        numbers = {label: number for number, label in enumerate(self.classes.tolist())}
        items = target_labels(values).tolist()
        try:
            return np.fromiter(map(numbers.__getitem__, items), np.int64, count=len(items))
        except KeyError as error:
            raise InputError(
                "The label {label!r} is not among the classes {classes}: correct it.",
                label=error.args[0],
                classes=_(", ").join(map(repr, self.classes.tolist()[:8])),
            ) from None

    def matrix(self, values: Array) -> Array:
        """Return 0 and 1 of two classes, or one-hot rows of several; of probabilities, these."""
        if values.ndim == 2:
            return values[:, -1 if len(self.classes) == 2 else 0 :].astype(np.float32)
        if len(self.classes) == 2:
            return super().matrix(values)
        return np.eye(len(self.classes), dtype=np.float32)[self.encode(values)]

    def decode(
        self,
        prediction: Array,  # (n_samples, n_classes)
    ) -> Array:
        """Return the most probable label of each row; of two, according to the threshold."""
        return np.asarray(self.classes[self.choose(prediction)])

    def choose(self, probabilities: Array) -> Array:
        """Return the index of the class that is predicted for each row."""
        if self.threshold == 0.5:
            return np.asarray(np.argmax(probabilities, axis=1))
        return np.asarray(probabilities[:, 1] > self.threshold, np.intp)

    @property
    def cut(self) -> float:
        """The raw output, as log-odds, above which the second of two classes is predicted."""
        return float(np.log(self.threshold / (1 - self.threshold)))

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description, the usual threshold left out."""
        facts = _ClassFacts(tuple(self.classes.tolist()), self.classes.dtype.str, self.threshold)
        values = {"task": self.task} | facts.to_json()
        if self.threshold == 0.5:
            del values["threshold"]
        return values

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ClassEncoder:
        """Return the target encoder that `to_json` described."""
        facts = _ClassFacts.from_json(values)
        labels, dtype = facts.classes, np.dtype(facts.dtype)
        if dtype.kind == "U":  # the labels decide how long they are, and not a number in a file
            dtype = np.dtype(f"U{max(map(len, labels))}")
        classes = np.empty(len(labels), dtype)
        classes[:] = labels
        return cls(classes, facts.threshold)

    @classmethod
    def described(cls) -> type[Stored]:
        """Return the class of the description."""
        return _ClassFacts


LABEL = Either(Text(2**20), TRUTH, Whole(-(2**63), 2**64 - 1), Number())
"""The label of a class in a file."""

_TYPES_OF_LABELS: Mapping[str, set[type]] = {
    "U": {str},
    "b": {bool},
    "i": {int},
    "u": {int},
    "f": {int, float},
}


@dataclass(frozen=True)
class _ClassFacts(Stored):
    """What a file tells of an encoder of classes."""

    classes: Annotated[tuple[Annotated[Any, LABEL], ...], Items(least=2, most=2**20)]
    dtype: Annotated[str, Pattern(r"\|O|\|b1|<U\d{1,9}|[<>|=][iuf][1248]")]
    threshold: Annotated[float, Number(1e-12, 1 - 1e-12)] = 0.5

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong with the labels, their type and the threshold."""
        labels, dtype = values["classes"], values["dtype"]
        if "threshold" in values and len(labels) != 2:
            return "has a threshold, but not two classes"
        if len(set(labels)) < len(labels):
            return "has two classes of one label"
        kind = dtype.lstrip("<>|=")[:1]
        types = _TYPES_OF_LABELS.get(kind)
        if types is not None and not set(map(type, labels)) <= types:
            return _("has labels that are not of type {dtype}").format(dtype=dtype[:20])
        if kind in "iu":
            bounds = np.iinfo(dtype)
            if min(labels) < bounds.min or max(labels) > bounds.max:
                return _("has labels that are too large for type {dtype}").format(dtype=dtype)
        return ""


MAX_ENCODED = 1e15
"""Encoded numbers, at most: sums of their squares must not overflow in float32."""


class _NumericEncoder(TargetEncoder, ABC):
    """``(value - center) / scale``; decoded predictions stay between `low` and `high`."""

    center: float
    scale: float
    low: float
    high: float

    def encode(self, values: Array) -> Array:
        """Return the encoded target, float32."""
        numbers = target_numbers(values)
        encoded = (numbers - self.center) / self.scale
        far = np.abs(encoded) > MAX_ENCODED
        if far.any():
            row = int(np.argmax(far))
            raise InputError(
                "The target holds {numbers:g} in row {row} (counted from 0), too far from the numbers learned from ({low:g} to {high:g}): correct it or remove the row.",
                numbers=numbers[row],
                row=row,
                low=self.low,
                high=self.high,
            )
        return np.asarray(encoded, np.float32)

    def decode(
        self,
        # (n_samples,) or (n_samples, 1): predictions as the networks make them, after the loss's
        # inverse link
        prediction: Array,
    ) -> Array:
        """Return predictions in the target's unit and range, float64."""
        encoded = np.asarray(prediction, dtype=np.float64).reshape(len(prediction))
        with np.errstate(over="ignore"):
            return np.clip(encoded * self.scale + self.center, self.low, self.high)

    @property
    def unit(self) -> float:
        """One, as networks learn it, in the target's own unit."""
        return self.scale

    @property
    def encoded_range(self) -> tuple[float, float]:
        """The range of decoded predictions, as networks output them."""
        low, high = ((end - self.center) / self.scale for end in (self.low, self.high))
        return low, high

    def _wider_range(self) -> dict[str, float]:
        """Return a range that reaches beyond that of the training target by its width.

        Where no target is below zero, none is expected there.
        """
        spread = self.high - self.low
        low = max(0.0, self.low - spread) if self.low >= 0 else self.low - spread
        return {"low": low, "high": self.high + spread}

    def shifts(self, anchors: Array) -> Array:
        """Return anchors, (n_samples,), in the unit of outputs, (n_samples, 1)."""
        return np.asarray(anchors, np.float64)[:, None] / self.scale

    @classmethod
    def disagreement(cls, values: Mapping[str, Any]) -> str:
        """Return what is wrong with the range."""
        return "" if values["low"] <= values["high"] else "has a lowest value above the highest"


@dataclass(frozen=True)
class RegressionEncoder(_NumericEncoder):
    """Standardizes the target: mean zero, standard deviation one.

    >>> encoder = RegressionEncoder.fit(np.array([1.0, 3.0]))
    >>> encoder
    RegressionEncoder(center=2.0, scale=1.0, low=1.0, high=3.0)
    >>> encoder.encode(np.array([1.0, 3.0]))
    array([-1.,  1.], dtype=float32)
    >>> encoder.decode(np.array([[0.5], [7.0]]))
    array([2.5, 3. ])
    """

    # mean and standard deviation of the training target; the scale of a constant is one
    center: Finite
    scale: Positive
    low: Finite  # its range; no prediction leaves it
    high: Finite

    task = REGRESSION

    @classmethod
    def fit(
        cls,
        values: Array,  # (n_samples,)
        sample_weight: Array | None = None,  # (n_samples,)
    ) -> RegressionEncoder:
        """Return the encoder of a training target."""
        distribution, low, high = _distribution(values, sample_weight)
        unit = max(abs(low), abs(high)) or 1.0  # so that squares neither overflow nor vanish
        scaled = distribution.values / unit
        mean = float(distribution.mean(scaled))
        spread = float(np.sqrt(distribution.mean(np.square(scaled - mean)))) * unit
        return cls(mean * unit, spread if low < high and spread > 0 else 1.0, low, high)

    def widened(self) -> Self:
        """Return the encoder with a range that later targets may lie in."""
        return replace(self, **self._wider_range())


@dataclass(frozen=True)
class CountEncoder(_NumericEncoder):
    """Divides amounts by their mean, so that the best constant is one; zero stays zero.

    >>> encoder = CountEncoder.fit(np.array([0.0, 4.0, 2.0]))
    >>> encoder
    CountEncoder(scale=2.0, low=0.0, high=4.0)
    >>> encoder.encode(np.array([0.0, 4.0]))
    array([0., 2.], dtype=float32)
    >>> encoder.decode(np.array([[0.5], [7.0]]))
    array([1., 4.])
    """

    scale: Positive  # mean of the training target; that of nothing but zeros is one
    low: Annotated[float, Number(0)]  # its range; no prediction leaves it
    high: Annotated[float, Number(0)]

    task = COUNT
    center = 0.0

    @classmethod
    def fit(
        cls,
        values: Array,  # (n_samples,): finite numbers, zero or more; they need not be whole
        sample_weight: Array | None = None,  # (n_samples,)
    ) -> CountEncoder:
        """Return the encoder of a training target."""
        distribution, low, high = _distribution(values, sample_weight)
        if low < 0:
            raise InputError(
                "The Poisson loss is for amounts of 0 or more, but the target holds {low:g}: choose another loss.",
                low=low,
            )
        unit = high or 1.0  # so that a sum does not overflow
        mean = float(distribution.mean(distribution.values / unit)) * unit
        return cls(mean or 1.0, low, high)

    def widened(self) -> Self:
        """Return the encoder with a range that later targets may lie in."""
        return replace(self, **self._wider_range())


def _distribution(values: Array, sample_weight: Array | None) -> tuple[Distribution, float, float]:
    """Return the distribution of a target, its smallest value and its largest."""
    distribution = Distribution.of(target_numbers(values), sample_weight)
    if len(distribution.values) == 0:
        raise InputError("The target has no rows: give at least two different rows.")
    return distribution, float(distribution.values[0]), float(distribution.values[-1])
