"""A counterfactual: what would have to be different for another prediction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from madaline._base.language import _
from madaline._base.words import format_count
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.target import ClassEncoder
from madaline._tell.explain.columns import value_text
from madaline._tell.explain.scale import class_index
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.records._results.blocks import Cell, Paragraph, Section, TextTable, more
from madaline.records._results.result import Listing, Result

_MAX_SHOWN_ROWS = 20
_FIELDS = ("row", "target", "before", "after", "found", "distance")  # in JSON as they are


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
class _ClassTarget(Target):
    """A class should become the most probable one."""

    predictor: Predictor
    encoder: ClassEncoder
    index: int  # of the class

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
        probability = self.predictor.probabilities(output)[0]
        index = int(self.encoder.choose(probability[None])[0])
        return _("{classes} ({probability:.1%})").format(
            classes=self.encoder.classes[index], probability=probability[index]
        )

    def closest(self, output: Array) -> str:
        return _("{words} at {probabilities:.1%}").format(
            words=self.words, probabilities=self.predictor.probabilities(output)[0, self.index]
        )

    @property
    def words(self) -> str:
        return str(self.encoder.classes[self.index])


@dataclass(frozen=True, eq=False)
class _RangeTarget(Target):
    """The predicted number should be within a range, both ends included."""

    predictor: Predictor
    low: float  # infinite where the range is open
    high: float
    written: NumberFormat  # how the numbers of the target were written in training

    def distance(self, output: Array) -> Array:  # in the target's unit
        number = self.predictor.decode(output)
        return np.maximum(0.0, np.maximum(self.low - number, number - self.high))

    def prediction(self, output: Array) -> str:
        return self.written.show(float(self.predictor.decode(output)[0]), 4)

    @property
    def words(self) -> str:
        if np.isinf(self.high):
            return _("{low} or more").format(low=self.written.show(self.low, 4))
        if np.isinf(self.low):
            return _("{high} or less").format(high=self.written.show(self.high, 4))
        return _("between {low} and {high}").format(
            low=self.written.show(self.low, 4), high=self.written.show(self.high, 4)
        )


def targets_of(model: FittedModel, output: Array, target: Any) -> list[Target]:
    """Return the target of each row, given raw outputs of shape (n_samples, n_outputs).

    It is a class, or the lowest and the highest number, either None for an open end. None is the
    second most probable class of each row.
    """
    predictor = model.predictor
    encoder = model.predictor.target_encoder
    if not isinstance(encoder, ClassEncoder):
        written = model.schema.target or PLAIN
        range_target = _range_target(predictor, model.summary.target, target, written)
        return [range_target] * len(output)
    if target is not None:
        return [_ClassTarget(predictor, encoder, class_index(encoder, target))] * len(output)
    second = np.argsort(-predictor.probabilities(output), axis=1, kind="stable")[:, 1]
    return [_ClassTarget(predictor, encoder, int(index)) for index in second]


def _range_target(
    predictor: Predictor, name: str, target: Any, written: NumberFormat
) -> _RangeTarget:
    pair = target if isinstance(target, Sequence) and not isinstance(target, str) else ()
    try:
        low, high = (None if bound is None else float(bound) for bound in pair)
    except (TypeError, ValueError):
        low = high = None
    if low is None and high is None:
        raise InputError(
            "target is {target!r}, but the model predicts a number, {name}: give the lowest and the highest that will do, such as (100, None).",
            target=target,
            name=name,
        )
    bounds = (-np.inf if low is None else low, np.inf if high is None else high)
    if not bounds[0] <= bounds[1]:
        raise InputError(
            "target goes from {low} to {high}: give the lower number first.", low=low, high=high
        )
    return _RangeTarget(predictor, *bounds, written)


@dataclass(frozen=True)
class ValueChange:
    """Another value in one column.

    Attributes
    ----------
    column : str
        Its name.
    before : Any
        The value of the row; None is missing.
    after : Any
        The other value.
    distance : float
        In interquartile ranges of a number; one for a category.
    written : NumberFormat
        How numbers of the column are written, where they have a unit.
    """

    column: str
    before: Any
    after: Any
    distance: float
    written: NumberFormat = field(default=PLAIN, repr=False, compare=False)

    def __str__(self) -> str:
        """Return the change in words, the new value with the digits that reproduce it."""
        before = "missing" if self.before is None else self._text(self.before, 7)
        return _("{column} were {text} instead of {before}").format(
            column=self.column, text=self._text(self.after, 12), before=before
        )

    def _text(self, value: Any, digits: int) -> str:
        return value_text(value, digits=digits, longest=None, written=self.written)

    def to_json(self) -> dict[str, Any]:
        """Return the change as JSON-able values."""
        before, after = (
            value if isinstance(value, str | bool | float | None) else self._text(value, 7)
            for value in (self.before, self.after)
        )
        column, distance = self.column, self.distance
        return {"column": column, "before": before, "after": after, "distance": distance}


@dataclass(frozen=True)
class Counterfactual(Result):
    """The smallest change found that reaches a target, or the closest one.

    Attributes
    ----------
    row : int
        Its number, counted from zero.
    target : str
        The class or the range to be predicted, in words.
    before : str
        The prediction for the row, in words.
    after : str
        The prediction after the changes, in words.
    found : bool
        Whether the changes reach the target.
    changes : tuple[ValueChange, ...]
        The largest first; none if the row is at the target already.
    columns : tuple[str, ...]
        Those that were allowed to change.
    most_columns : int
        How many at a time.

    Examples
    --------
    >>> change = ValueChange("education-num", 9.0, 13.0, 1.33)
    >>> print(Counterfactual(0, "yes", "no (62.0%)", "yes (51.0%)", True, (change,), (), 3))
    Row 0 is predicted no (62.0%). It would be yes (51.0%) if education-num were 13 instead of 9.
    """

    row: int
    target: str
    before: str
    after: str
    found: bool
    changes: tuple[ValueChange, ...]
    columns: tuple[str, ...]
    most_columns: int

    @property
    def distance(self) -> float:
        """Size of all changes together."""
        return float(sum(change.distance for change in self.changes))

    def __repr__(self) -> str:
        """Return the counterfactual in a line."""
        return f"<Counterfactual: {self}>"

    def sections(self) -> Iterator[Section]:
        yield Section([Paragraph(str(self))])

    def __str__(self) -> str:
        """Return the counterfactual in a few sentences."""
        start = _("Row {row} is predicted {before}").format(row=self.row, before=self.before)
        *others, last = map(str, self.changes) if self.changes else ("",)
        changes = (
            _("{others} and {last}").format(others=_(", ").join(others), last=last)
            if others
            else last
        )
        if self.found:
            if not self.changes:
                return _("{start}, which meets the target ({target}).").format(
                    start=start, target=self.target
                )
            return _("{start}. It would be {after} if {changes}.").format(
                start=start, after=self.after, changes=changes
            )
        n_columns = min(self.most_columns, len(self.columns))
        count = format_count(n_columns, "column")
        among = _(", ").join(self.columns[:8]) + (", ..." if len(self.columns) > 8 else "")
        closest = (
            _(" The closest is {after}, if {changes}.").format(after=self.after, changes=changes)
            if changes
            else ""
        )
        return _(
            "{start}. No change of up to {count} ({among}) within the values seen in training makes it {target}.{closest}"
        ).format(start=start, count=count, among=among, target=self.target, closest=closest)

    def to_json(self) -> dict[str, Any]:
        """Return the counterfactual as JSON-able values."""
        fields = {name: getattr(self, name) for name in _FIELDS}
        changes = [change.to_json() for change in self.changes]
        return fields | {"changes": changes, "sentence": str(self)}


class Counterfactuals(Listing[Counterfactual]):
    """One for each row, in their order."""

    __slots__ = ()

    def to_columns(self) -> dict[str, Any]:
        """Return a line for each change, and for each row without one: which row, and what."""
        lines = [(each, change) for each in self for change in (each.changes or (None,))]
        of_rows: dict[str, Any] = {
            name: [getattr(each, name) for each, _ in lines]
            for name in ("row", "found", "before", "after")
        }
        changed = [None if change is None else change.to_json() for _, change in lines]
        return of_rows | {
            "column": [change and change["column"] for change in changed],
            "from": [change and str(change["before"]) for change in changed],
            "to": [change and str(change["after"]) for change in changed],
        }

    def sections(self) -> Iterator[Section]:
        rows = [[*_cells(each)] for each in self[:_MAX_SHOWN_ROWS]]
        told = TextTable(["row", "is predicted", "would be", "if"], rows, right=(0,))
        yield Section([told, *more(len(rows), len(self), "rows")])


def _cells(counterfactual: Counterfactual) -> Iterator[Cell]:
    yield str(counterfactual.row)
    yield Paragraph(counterfactual.before, "together")
    yield Paragraph(counterfactual.after, "together")
    yield _changes(counterfactual)


def _changes(counterfactual: Counterfactual) -> str:
    changes = _(" and ").join(map(str, counterfactual.changes))
    if counterfactual.found:
        return changes or _("(it meets the target already)")
    return _("no such change was found") + (
        _(": the closest is if {changes}").format(changes=changes) if changes else ""
    )
