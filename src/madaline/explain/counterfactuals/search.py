"""Counterfactuals: the smallest change of a row's columns that leads to another answer.

Only values seen in training are tried: numbers within their range, whole ones whole, and levels.
The size of a change is the sum over its columns of their distance (`choices.py`),
so that few columns change (Wachter, Mittelstadt and Russell, 2018, arXiv:1711.00399). One
more column must make the change smaller by a tenth.

The answer is the networks', not the world's: it says what they would predict for such a row, not
what becomes of somebody who changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from madaline.data.table import Table
from madaline.errors import InputError
from madaline.explain.counterfactuals.choices import Choices, choices_of, plain
from madaline.explain.counterfactuals.counterfactual import Change, Counterfactual
from madaline.explain.counterfactuals.target import Wish, wishes_of
from madaline.explain.effects import encoder_of, values_of
from madaline.explain.readout import as_table
from madaline.model import FittedModel
from madaline.nn.arrays import Array

MOST_COLUMNS = 3
"""Columns that change at a time, unless told."""

BEAM = 24
"""Changes that are not enough yet and are gone on with."""

REFINED = 12
"""Changes that are enough and are made smaller."""

BETWEEN = 64
"""Values that are tried between one that is not enough and one that is."""

WORTH_A_COLUMN = 0.9
"""How small a change must be, beside the smallest with a column less."""

Changes: TypeAlias = tuple[tuple[int, Any], ...]
"""Numbers of columns, each with its new value."""


def counterfactuals(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    *,
    target: Any = None,
    columns: Sequence[str] | None = None,
    most_columns: int = MOST_COLUMNS,
    numbers: Sequence[int] | None = None,
) -> tuple[Counterfactual, ...]:
    """Return for each row the smallest change found that leads to another answer.

    Parameters
    ----------
    model : FittedModel
        The model.
    table : Table or mapping of str to array
        The rows.
    target : label or pair of numbers, optional
        The class that is wished, by default the most probable other one of each row; or the lowest
        and the highest number that will do, either None where it does not matter.
    columns : sequence of str, optional
        The columns that may change; by default all but images and texts.
    most_columns : int, default=3
        How many may change at a time.
    numbers : sequence of int, optional
        What the rows are called; counted from zero by default.

    Returns
    -------
    tuple of Counterfactual
        One for each row; it says so if none was found.

    Raises
    ------
    InputError
        If there is no such class or column, or the range is none.
    """
    table = as_table(table)
    names = tuple(_of_values(model) if columns is None else dict.fromkeys(columns))
    for name in names:
        encoder_of(model, name)
    if not names or most_columns < 1:
        raise InputError("Nothing may be changed: name at least one column.")
    output = model.predictor.output(table)
    wishes = wishes_of(model, output, target)
    choices = choices_of(model, names)
    return tuple(
        _Search(model, table.take([place]), choices, wish, most_columns).run(
            place if numbers is None else numbers[place]
        )
        for place, wish in enumerate(wishes)
    )


@dataclass(frozen=True, eq=False)
class _Tried:
    """Changes, how far they go, and how far the answer still is from what is wished."""

    changes: Changes
    distance: float
    lacks: float


def _of_values(model: FittedModel) -> Sequence[str]:
    """Return the columns that hold a value a row, or if there are none all, to say why not."""
    used = model.predictor.encoder.columns
    return [name for name in used if name in model.schema.single] or used


@dataclass(eq=False)
class _Search:
    """The search of one row (final): ever more columns, the most promising changes first."""

    model: FittedModel
    table: Table
    choices: list[Choices]
    wish: Wish
    most_columns: int
    before: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        """Read the values that are there."""
        read = {
            one.name: values_of(encoder_of(self.model, one.name), self.table[one.name])
            for one in self.choices
        }
        names = self.model.predictor.encoder.columns
        self.table = Table({**self.table.select(names).columns, **read})
        self.before = [plain(read[one.name][0]) for one in self.choices]

    def run(self, row: int) -> Counterfactual:
        """Return what was found."""
        start = self._try([()])[0]
        best, beam, closest = None if start.lacks else start, [start], start
        for _ in range(self.most_columns if best is None else 0):
            tried = self._try(self._longer(beam))
            enough = sorted((one for one in tried if not one.lacks), key=_size)
            for one in enough[:REFINED]:
                smaller = self._refine(one)
                if (
                    best is None
                    or smaller.distance < WORTH_A_COLUMN * best.distance
                    or (
                        len(smaller.changes) <= len(best.changes)
                        and smaller.distance < best.distance
                    )
                ):
                    best = smaller
            short_of = [one for one in tried if one.lacks]
            beam = _promising(short_of, start)
            closest = min([closest, *short_of], key=lambda one: (one.lacks, *_size(one)))
            if not beam:
                break
        return self._told(row, best or closest, found=best is not None)

    def _longer(self, beam: Sequence[_Tried]) -> list[Changes]:
        """Return all changes with one more column."""
        longer = {
            _with(one.changes, number, value): None
            for one in beam
            for number, choices in enumerate(self.choices)
            if all(number != changed for changed, _ in one.changes)
            for value in choices.others(self.before[number])
        }
        return list(longer)

    def _refine(self, one: _Tried) -> _Tried:
        """Return the changes made as small as they may be, whichever column is first."""
        refined = []
        for first in range(len(one.changes)):
            smaller = one
            for number, _ in (*one.changes[first:], *one.changes[:first]):
                if any(number == changed for changed, _ in smaller.changes):
                    smaller = self._shrink(smaller, number)
            refined.append(smaller)
        return min(refined, key=_size)

    def _shrink(self, one: _Tried, number: int) -> _Tried:
        """Return the smallest value of a column that is still enough: coarsely, then finely."""
        rest = tuple(change for change in one.changes if change[0] != number)
        if rest and not (without := self._try([rest])[0]).lacks:
            return without
        near = self.before[number]
        for _ in range(2):
            values = self.choices[number].between(near, dict(one.changes)[number], BETWEEN)
            tried = self._try([_with(rest, number, value) for value in values])
            first = next((place for place, this in enumerate(tried) if not this.lacks), None)
            if first is None:
                return one
            one, near = tried[first], values[first - 1] if first else near
        return one

    def _try(self, options: Sequence[Changes]) -> list[_Tried]:
        """Return how far changes go and how far the answers are then."""
        if not options:
            return []
        changed = dict(self.table.take(np.zeros(len(options), np.intp)).columns)
        chosen: dict[int, list[tuple[int, Any]]] = {}
        for place, changes in enumerate(options):
            for number, value in changes:
                chosen.setdefault(number, []).append((place, value))
        for number, values in chosen.items():
            name = self.choices[number].name
            changed[name] = _written(changed[name], values)
        lacks = self.wish.lacks(self.model.predictor.output(Table(changed)))
        return [
            _Tried(changes, self._distance(changes), float(one))
            for changes, one in zip(options, lacks, strict=True)
        ]

    def _distance(self, changes: Changes) -> float:
        return float(
            sum(self.choices[one].distance(self.before[one], value) for one, value in changes)
        )

    def _told(self, row: int, one: _Tried, *, found: bool) -> Counterfactual:
        output = self.model.predictor.output(self.table)
        changed = dict(self.table.columns)
        for number, value in one.changes:
            name = self.choices[number].name
            changed[name] = _written(changed[name], [(0, value)])
        changes = [
            Change(self.choices[n].name, self.before[n], value, self._distance(((n, value),)))
            for n, value in one.changes
        ]
        reached = self.model.predictor.output(Table(changed))
        return Counterfactual(
            row=row,
            wish=self.wish.words,
            before=self.wish.says(output),
            after=self.wish.says(reached) if found else self.wish.comes_to(reached),
            found=found,
            changes=tuple(sorted(changes, key=lambda change: -change.distance)),
            columns=tuple(choices.name for choices in self.choices),
            most_columns=self.most_columns,
        )


def _promising(tried: Sequence[_Tried], start: _Tried) -> list[_Tried]:
    """Return the changes to go on with: those that come close, and those that come far for little.

    How far a change would have to go to be enough is guessed by going on the same way.
    """

    def whole_way(one: _Tried) -> float:
        gained = start.lacks - one.lacks
        return one.distance * start.lacks / gained if gained > 0 else np.inf

    cheap = sorted(tried, key=lambda one: (whole_way(one), one.lacks, str(one.changes)))
    close = sorted(tried, key=lambda one: (one.lacks, *_size(one)))
    chosen = {id(one): one for one in (*cheap[: BEAM // 2], *close[: BEAM // 2])}
    return list(chosen.values())


def _size(one: _Tried) -> tuple[float, int, str]:
    """Return what makes a change small; a text breaks ties, so that the order never matters."""
    return one.distance, len(one.changes), str(one.changes)


def _number(change: tuple[int, Any]) -> int:
    return change[0]


def _with(changes: Changes, number: int, value: Any) -> Changes:
    return tuple(sorted((*changes, (number, value)), key=_number))


def _written(column: Array, chosen: Sequence[tuple[int, Any]]) -> Array:
    """Return a column with other values in some rows."""
    levels = any(isinstance(value, str | bool) for _, value in chosen)
    written = column.astype(object) if levels else column.copy()
    for place, value in chosen:
        written[place] = value
    return written
