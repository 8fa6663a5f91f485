"""A counterfactual: what would have to be different for another prediction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._charts.html import Listing, block, more, paragraph, table, together
from madaline._data.target import ClassEncoder
from madaline._explain.columns import value_text
from madaline._explain.scale import class_index
from madaline._model import FittedModel
from madaline._runtime.predictor import Predictor
from madaline._words import short
from madaline.errors import InputError
from madaline.nn.arrays import Array

MOST_ROWS = 20  # rows of a table that are shown, at most


class Target(ABC):
    """What a prediction should become."""

    @abstractmethod
    def distance(self, output: Array) -> Array:
        """Return how far raw outputs (n_samples, n_outputs) are from the target, zero if there."""

    @abstractmethod
    def prediction(self, output: Array) -> str:
        """Return the prediction in words, given a raw output of shape (1, n_outputs)."""

    def closest(self, output: Array) -> str:
        """Return in words how close a raw output of shape (1, n_outputs) is to the target."""
        return self.prediction(output)

    @property
    @abstractmethod
    def words(self) -> str:
        """The target in words."""


@dataclass(frozen=True, eq=False)
class ClassTarget(Target):
    """A class should become the most probable one (final)."""

    predictor: Predictor
    encoder: ClassEncoder  # the classes
    index: int  # index of the class

    def distance(self, output: Array) -> Array:
        """Return by how much the highest raw output of another class is higher."""
        if output.shape[1] == 1:
            cut = self.encoder.cut
            margin = cut - output[:, 0] if self.index else output[:, 0] - cut
        else:
            margin = np.delete(output, self.index, axis=1).max(axis=1) - output[:, self.index]
        reached = self.predictor.choose(self.predictor.probabilities(output)) == self.index
        # Of two equal classes the first is predicted: the other one is not reached, but very close.
        return np.where(reached, 0.0, np.maximum(margin, np.finfo(np.float64).tiny))

    def prediction(self, output: Array) -> str:
        """Return the most probable class and its probability."""
        probability = self.predictor.probabilities(output)[0]
        index = int(self.encoder.choose(probability[None])[0])
        return f"{self.encoder.classes[index]} ({probability[index]:.1%})"

    def closest(self, output: Array) -> str:
        """Return the probability of the class."""
        return f"{self.words} at {self.predictor.probabilities(output)[0, self.index]:.1%}"

    @property
    def words(self) -> str:
        """The class."""
        return str(self.encoder.classes[self.index])


@dataclass(frozen=True, eq=False)
class RangeTarget(Target):
    """The predicted number should be within a range (final)."""

    predictor: Predictor
    low: float  # the range, both ends included; infinite where it is open
    high: float  # the range, both ends included; infinite where it is open

    def distance(self, output: Array) -> Array:
        """Return how far the number is outside the range, in the target's unit."""
        number = self.predictor.decode(output)
        return np.maximum(0.0, np.maximum(self.low - number, number - self.high))

    def prediction(self, output: Array) -> str:
        """Return the number."""
        return short(float(self.predictor.decode(output)[0]), 4)

    @property
    def words(self) -> str:
        """The range."""
        if np.isinf(self.high):
            return f"{short(self.low, 4)} or more"
        if np.isinf(self.low):
            return f"{short(self.high, 4)} or less"
        return f"between {short(self.low, 4)} and {short(self.high, 4)}"


def targets_of(
    model: FittedModel,
    output: Array,  # (n_samples, n_outputs), raw outputs for the rows
    target: Any,
) -> list[Target]:
    """Return the target of each row."""
    predictor, encoder = model.predictor, model.predictor.target_encoder
    if not isinstance(encoder, ClassEncoder):
        return [_range_target(predictor, model.summary.target, target)] * len(output)
    if target is not None:
        return [ClassTarget(predictor, encoder, class_index(encoder, target))] * len(output)
    second = np.argsort(-predictor.probabilities(output), axis=1, kind="stable")[:, 1]
    return [ClassTarget(predictor, encoder, int(index)) for index in second]


def _range_target(predictor: Predictor, name: str, target: Any) -> RangeTarget:
    pair = target if isinstance(target, Sequence) and not isinstance(target, str) else ()
    try:
        low, high = (None if bound is None else float(bound) for bound in pair)
    except (TypeError, ValueError):
        low = high = None
    if low is None and high is None:
        raise InputError(
            f"target is {target!r}, but the model predicts a number, {name}: give the lowest and"
            " the highest that will do, such as (100, None)."
        )
    bounds = (-np.inf if low is None else low, np.inf if high is None else high)
    if not bounds[0] <= bounds[1]:
        raise InputError(f"target goes from {low} to {high}: give the lower number first.")
    return RangeTarget(predictor, *bounds)


@dataclass(frozen=True)
class Change:
    """Another value in one column."""

    column: str
    before: Any  # the value in the row, and the one that replaces it; None is missing
    after: Any  # the value in the row, and the one that replaces it; None is missing
    distance: float  # size of the change: in interquartile ranges of a number; one for a category

    def __str__(self) -> str:
        """Return the change in words, the new value with the digits that reproduce it."""
        before = "missing" if self.before is None else _text(self.before, 7)
        return f"{self.column} were {_text(self.after, 12)} instead of {before}"

    def to_json(self) -> dict[str, Any]:
        """Return the change as JSON-able values."""
        before, after = (
            value if value is None or isinstance(value, str | bool | float) else _text(value, 7)
            for value in (self.before, self.after)
        )
        return {
            "column": self.column,
            "before": before,
            "after": after,
            "distance": self.distance,
        }


@dataclass(frozen=True)
class Counterfactual:
    """The smallest change found that reaches a target, or the closest one.

    Examples
    --------
    >>> change = Change("education-num", 9.0, 13.0, 1.33)
    >>> print(Counterfactual(0, "yes", "no (62.0%)", "yes (51.0%)", True, (change,), (), 3))
    Row 0 is predicted no (62.0%). It would be yes (51.0%) if education-num were 13 instead of 9.
    """

    row: int  # number of the row, counted from zero
    target: str  # the class or the range to be predicted, in words
    before: str  # the prediction for the row, and after the changes, in words
    after: str  # the prediction for the row, and after the changes, in words
    found: bool  # whether the changes reach the target
    changes: tuple[Change, ...]  # the largest first; none if the row is at the target already
    columns: tuple[str, ...]  # the columns that were allowed to change
    most_columns: int  # how many at a time

    @property
    def distance(self) -> float:
        """Size of all changes together."""
        return float(sum(change.distance for change in self.changes))

    def __repr__(self) -> str:
        """Return it in a line."""
        return f"<Counterfactual: {self}>"

    def _repr_html_(self) -> str:
        return block(paragraph(str(self)))

    def __str__(self) -> str:
        """Return the counterfactual in a few sentences."""
        start = f"Row {self.row} is predicted {self.before}"
        *others, last = map(str, self.changes) if self.changes else ("",)
        changes = f"{', '.join(others)} and {last}" if others else last
        if self.found:
            if not self.changes:
                return f"{start}, which meets the target."
            return f"{start}. It would be {self.after} if {changes}."
        n_columns = min(self.most_columns, len(self.columns))
        count = f"{n_columns} column{'' if n_columns == 1 else 's'}"
        among = ", ".join(self.columns[:8]) + (", ..." if len(self.columns) > 8 else "")
        closest = f" The closest is {self.after}, if {changes}." if changes else ""
        return (
            f"{start}. No change of up to {count} ({among}) within the values seen in training"
            f" makes it {self.target}.{closest}"
        )

    def to_json(self) -> dict[str, Any]:
        """Return the counterfactual as JSON-able values."""
        return {
            "row": self.row,
            "target": self.target,
            "before": self.before,
            "after": self.after,
            "found": self.found,
            "distance": self.distance,
            "changes": [change.to_json() for change in self.changes],
            "sentence": str(self),
        }


def _text(value: Any, digits: int) -> str:
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    return value_text(value, longest=None)


class Counterfactuals(Listing[Counterfactual]):
    """One for each row, in their order (final)."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return a line for each change, and for each row without one: which row, and what."""
        lines = [(one, change) for one in self for change in (one.changes or (None,))]
        changed = [None if change is None else change.to_json() for _, change in lines]
        return {
            "row": [one.row for one, _ in lines],
            "found": [one.found for one, _ in lines],
            "before": [one.before for one, _ in lines],
            "after": [one.after for one, _ in lines],
            "column": [None if one is None else one["column"] for one in changed],
            "from": [None if one is None else str(one["before"]) for one in changed],
            "to": [None if one is None else str(one["after"]) for one in changed],
        }

    def _repr_html_(self) -> str:
        rows = [
            [str(one.row), together(one.before), together(one.after), _changes(one)]
            for one in self[:MOST_ROWS]
        ]
        header = ["row", "is predicted", "would be", "if"]
        return block(table(header, rows, right=(0,)), more(len(rows), len(self), "rows"))


def _changes(one: Counterfactual) -> str:
    if one.found:
        return " and ".join(map(str, one.changes)) or "(it meets the target already)"
    closest = f": the closest is if {' and '.join(map(str, one.changes))}" if one.changes else ""
    return f"no such change was found{closest}"
