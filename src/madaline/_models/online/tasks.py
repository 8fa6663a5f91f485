"""What is predicted from a stream: classes that may appear later, or numbers whose scale drifts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, final

import numpy as np

from madaline._base.codec import Count, Finite, Items, OneKind, Positive, Stored
from madaline._models.online.columns import (
    LABEL,
    MAX_LEFT_OUT,
    MAX_NUMBER,
    ROWS_PER_LEFT_OUT,
    check_given,
    reach,
)
from madaline._tables.column import shown
from madaline._tables.formats.number_format import NumberFormat
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import CrossEntropy, Loss, Squared

_MIN_PROBABILITY = 1e-3  # losses of members end at the surprise at this, so that one miss is no end
_MAX_SQUARE = 14.0  # the same for numbers: squared errors over their usual size, at most
_MIN_SPREAD = 1e-6  # numbers that differ by a smaller share are taken for equal
# More spreads from the center, a number is far off; if several are, scales are worked out anew.
# Once numbers are 100,000 times as large, errors are then .6 of their spread, not 4.8
_OUTLIER_SPREADS = 5.0
# Where the spread shrinks by more, outputs start anew: errors are 1.04 times as large, not 1.8
_MAX_SHRINKAGE = 10.0
_RANGE_MARGIN = 0.1  # how far predictions may lie beyond the range of late numbers, as its share
_ERROR_MEMORY = 0.998  # how much of the usual squared error is kept at each label


class StreamTask(Stored, ABC):
    """Labels, as networks learn them; what is known of them stands in a file."""

    kind: ClassVar[str]
    target_type: ClassVar[type[np.floating[Any]]] = np.float32
    loss: ClassVar[Loss]

    @property
    @abstractmethod
    def n_outputs(self) -> int:
        """How many outputs a network has."""

    def check(self, y: Array) -> None:
        """Refuse labels that cannot be learned."""

    def admit(self, y: Array) -> None:
        """Take in labels that may be new, before they are encoded; numbers need none of it."""

    @abstractmethod
    def encode(self, y: Array) -> Array:
        """Return targets, float64 of shape (n_samples, n_outputs)."""

    def scaled(self, target: Array) -> Array:
        """Return targets as networks learn them; of classes, they are as they are."""
        return target

    def is_believed(self, target: Array) -> Array:
        """Return which targets count, shape (...) for targets of shape (..., n_outputs)."""
        return np.ones(target.shape[:-1], bool)

    def is_outgrown(self, target: Array) -> bool:  # noqa: ARG002
        """Take in targets; return whether too many were far off for the scale that there is."""
        return False

    @abstractmethod
    def losses(self, predictions: Array, target: Array) -> Array:
        """Return how wrong each prediction was, for weighing, (n_samples, predictors).

        Predictions, (predictors, n_samples, n_outputs), are those of members or of means of them.
        """

    def predictions(self, outputs: Array) -> Array:
        """Return the predictions of raw outputs, in float64."""
        return self.loss.prediction(outputs.astype(np.float64))

    def check_prediction(self, prediction: Array) -> None:
        """Refuse a prediction, shape (n_samples, n_outputs), that is no finite number."""
        if not np.isfinite(prediction).all():
            raise InputError(
                "The model predicts no finite number, as its weights or its scales are too large:"
                " go on from an earlier file, or start a new model."
            )

    def start(self, y: Array) -> None:
        """Take in the first labels; classes need no start."""

    def learned(self, prediction: Array, target: Array) -> None:
        """Take in how far the mixture was off; of classes nothing is noted."""

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind} | super().to_json()


@final
@dataclass(eq=False)
class Classes(StreamTask):
    """Labels of any type, in the order in which they appeared."""

    kind: ClassVar[str] = "classes"
    loss: ClassVar[Loss] = CrossEntropy()

    classes: Annotated[list[Annotated[Any, LABEL]], Items(distinct=True)] = field(
        default_factory=list
    )

    def __post_init__(self) -> None:
        """Give each class its output."""
        known = np.array(list(self.classes), dtype=object)
        self.classes = []
        self._codes: dict[Any, int] = {}
        self.admit(known)

    @property
    def n_outputs(self) -> int:
        """One for each class, and at least one."""
        return max(1, len(self.classes))

    def check(self, y: Array) -> None:
        """Refuse what a file could not hold."""
        for label in dict.fromkeys(_plain(y)):
            check_given(LABEL, label, "A label", "give classes as text, numbers or Booleans")

    def admit(self, y: Array) -> None:
        """Give every class that is new an output."""
        for label in _plain(y):
            if label not in self._codes:
                self._codes[label] = len(self.classes)
                self.classes.append(label)

    def code(self, label: Any) -> int | None:
        """Return the output of a class; None if it has not appeared yet."""
        return self._codes.get(label.item() if isinstance(label, np.generic) else label)

    def encode(self, y: Array) -> Array:
        """Return one-hot rows."""
        target = np.zeros((len(y), self.n_outputs))
        for row, label in enumerate(_plain(y)):
            target[row, self._codes[label]] = 1
        return target

    def losses(self, predictions: Array, target: Array) -> Array:
        """Return the surprise at the true class."""
        true = np.einsum("mnk,nk->nm", predictions, target)
        return np.asarray(-np.log(np.maximum(true, _MIN_PROBABILITY)))


@final
@dataclass(eq=False)
class Numbers(StreamTask):
    """Numbers, which networks learn scaled by the mean and the spread of late.

    Numbers that are out of reach (`_models.online.columns`) count for nothing until they come more
    often. All but what networks learn is in the target's own unit.
    """

    kind: ClassVar[str] = "numbers"
    target_type: ClassVar[type[np.floating[Any]]] = np.float64
    loss: ClassVar[Loss] = Squared()

    center: Finite = 0.0
    spread: Positive = 1.0
    usual: Positive = 1.0  # squared error, in spreads
    limits: tuple[Finite, Finite] | None = None  # the lowest and the highest number lately
    reach: tuple[Finite, Finite] = (-MAX_NUMBER, MAX_NUMBER)
    n_spare: Count = 0  # so many more may be far off before the scale is worked out anew
    written: NumberFormat | None = None  # labels that come as text

    @property
    def n_outputs(self) -> int:
        return 1

    def check(self, y: Array) -> None:
        """Refuse what is no finite number."""
        wrong = y if y.dtype.kind not in "iuf" else y[~np.isfinite(y)]
        if len(wrong):
            raise InputError(
                "The target holds {shown}, which is no finite number: leave such rows out, or use OnlineClassifier for labels.",
                shown=shown(wrong[0]),
            )

    def encode(self, y: Array) -> Array:
        """Return the numbers in a column."""
        return np.minimum(np.maximum(y[:, None].astype(np.float64), -MAX_NUMBER), MAX_NUMBER)

    def is_believed(self, target: Array) -> Array:
        """Return which numbers are within reach."""
        low, high = self.reach
        return np.asarray((low <= target[..., 0]) & (target[..., 0] <= high))

    def scaled(self, target: Array) -> Array:
        """Return what networks learn: the numbers on the present scale, none out of reach."""
        low, high = self.reach
        return (np.minimum(np.maximum(target, low), high) - self.center) / self.spread

    def likely(self, means: Array) -> Array:
        """Return means of numbers; those out of reach become the center."""
        return np.where(self.is_believed(means[..., None]), means, self.center)

    def predictions(self, outputs: Array) -> Array:
        """Return the predictions of raw outputs, hardly beyond the numbers that came lately."""
        predictions = super().predictions(outputs) * self.spread + self.center
        if self.limits is None:
            return predictions
        low, high = self.limits
        margin = _RANGE_MARGIN * (high - low)
        return np.clip(predictions, low - margin, high + margin)

    def start(self, y: Array) -> None:
        """Scale by the first numbers."""
        self.rescale(self.encode(y)[:, 0])

    def rescale(self, y: Array) -> tuple[float, float]:
        """Scale by these numbers; return factor and shift that turn outputs of before into new."""
        is_first = self.limits is None
        before = (self.center, self.spread)
        low, high = (float(end[0]) for end in reach(np.sort(y)[None], np.array([len(y)])))
        self.n_spare = min(len(y) // ROWS_PER_LEFT_OUT, MAX_LEFT_OUT)
        y = y[(low <= y) & (y <= high)]
        self.limits = float(y.min()), float(y.max())
        self.center = float(np.mean(y))
        spread = float(np.std(y))
        least = _MIN_SPREAD * abs(self.center)
        # otherwise the numbers are the same but for rounding
        self.spread = spread if spread > least else max(self.spread, least)
        self.reach = min(low, self.center - self.spread), max(high, self.center + self.spread)
        return (1.0, 0.0) if is_first else moved(before, (self.center, self.spread))

    def is_outgrown(self, target: Array) -> bool:
        """Take in numbers; return whether more were far off than may be left out."""
        low = max(self.reach[0], self.center - _OUTLIER_SPREADS * self.spread)
        high = min(self.reach[1], self.center + _OUTLIER_SPREADS * self.spread)
        self.n_spare -= int(np.count_nonzero((target < low) | (target > high)))
        return self.n_spare < 0

    def losses(self, predictions: Array, target: Array) -> Array:
        """Return half of the squared errors over their usual size."""
        low, high = self.reach
        errors = predictions[..., 0] - np.minimum(np.maximum(target[:, 0], low), high)
        squares = np.square(errors.T / self.spread)
        return np.asarray(np.minimum(squares / self.usual, _MAX_SQUARE) / 2)

    def learned(self, prediction: Array, target: Array) -> None:
        """Follow the usual squared error of the mixture, and how far the numbers reach."""
        counts = self.is_believed(target)
        y = target[counts, 0]
        low, high = self.limits or (np.inf, -np.inf)
        self.limits = min([low, *y.tolist()]), max([high, *y.tolist()])
        for square in np.square((prediction[counts, 0] - y) / self.spread):
            self.usual += (1 - _ERROR_MEMORY) * (min(float(square), 10 * self.usual) - self.usual)
        self.usual = max(self.usual, 1e-12)


def moved(before: tuple[float, float], now: tuple[float, float]) -> tuple[float, float]:
    """Return factor and shift that turn outputs on one scale (center, spread) into another's.

    Where the spread shrinks to less than a tenth, what outputs were off is large now: they start
    anew, at the center.
    """
    factor = before[1] / now[1]
    return (0.0, 0.0) if factor > _MAX_SHRINKAGE else (factor, (before[0] - now[0]) / now[1])


TASK = OneKind("kind", {Classes.kind: Classes, Numbers.kind: Numbers})
"""A task in a file."""


def _plain(labels: Array) -> list[Any]:
    """Return labels as types of Python, which a file can hold."""
    return [label.item() if isinstance(label, np.generic) else label for label in labels.tolist()]
