"""Counterfactuals: the smallest change of a row's columns that leads to another prediction.

Only values seen in training are tried: levels, and numbers within their range, whole ones whole.
The size of a change is the sum over its columns of their distance (`choices.py`), so that few
columns change (Wachter, Mittelstadt and Russell, 2018, arXiv:1711.00399). An additional column must
make the change smaller by a tenth.

A counterfactual tells what the networks would predict for such a row, not what becomes of a person
who changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from madaline._models.model import FittedModel
from madaline._tables.formats.number_format import PLAIN
from madaline._tables.table import Table
from madaline._tell.explain.columns import as_table, encoder_of, values_of
from madaline._tell.explain.counterfactuals.choices import Choices, choices_of, is_fixed
from madaline._tell.explain.counterfactuals.counterfactual import (
    Counterfactual,
    Counterfactuals,
    Target,
    ValueChange,
    targets_of,
)
from madaline.errors import InputError
from madaline.nn.arrays import Array

MAX_CHANGED_COLUMNS = 3  # that change at a time, unless given
_N_BEAM = 24  # changes that do not reach the target yet and are extended
_N_REFINED = 12  # changes that reach the target and are made smaller
_N_BETWEEN = 64  # values tried between one that does not reach the target and one that does
_COLUMN_DISCOUNT = 0.9  # size of a change compared with the smallest of one column less

_Changes: TypeAlias = tuple[tuple[int, Any], ...]  # indices of columns, each with its new value


def counterfactuals(
    model: FittedModel,
    table: Table | Mapping[str, Any],
    *,
    output: Any = None,
    target: Any = None,
    columns: Sequence[str] | None = None,
    most_columns: int = MAX_CHANGED_COLUMNS,
    row_numbers: Sequence[int] | None = None,
) -> Counterfactuals:
    """Return for each row the smallest change found that leads to another prediction.

    The closest change if none reaches the target, which is described at `targets_of`.
    """
    table = as_table(table)
    model = model.of_output(output)
    if columns is None:
        columns = changing_columns(model)
    names = tuple(dict.fromkeys(columns))
    for name in names:
        encoder_of(model, name)
    if not names or most_columns < 1:
        raise InputError("Nothing may be changed: name at least one column.")
    targets = targets_of(model, model.predictor.output(table), target)
    choices = choices_of(model, names)
    return Counterfactuals(
        _Search(model, table.take([index]), choices, row_target, most_columns).run(
            index if row_numbers is None else row_numbers[index]
        )
        for index, row_target in enumerate(targets)
    )


def changing_columns(model: FittedModel) -> list[str]:
    """Return the columns that change unless others are named.

    Those are all but dates, times and who somebody is; all where there are no others.
    """
    used = model.predictor.encoder.columns
    single = [name for name in used if name in model.schema.single] or list(used)
    time = model.summary.request.time.column
    free = [name for name in single if name != time and not is_fixed(model.schema[name])]
    return free or single


@dataclass(frozen=True, eq=False)
class _Trial:
    """_Changes, their size, and how far the prediction still is from the target."""

    changes: _Changes
    size: float
    distance: float

    @property
    def order(self) -> tuple[float, int, str]:
        """Key that sorts by size; the text breaks ties reproducibly."""
        return self.size, len(self.changes), str(self.changes)


@dataclass(eq=False)
class _Search:
    """A beam search for one row: one column more each round, promising changes first."""

    model: FittedModel
    table: Table
    choices: list[Choices]
    target: Target
    most_columns: int
    before: list[Any] = field(init=False)

    def __post_init__(self) -> None:
        """Read the values of the row."""
        values = {
            choices.name: values_of(encoder_of(self.model, choices.name), self.table[choices.name])
            for choices in self.choices
        }
        names = self.model.predictor.encoder.columns
        self.table = Table({**self.table.select(names).columns, **values})
        self.before = [choices.read(values[choices.name][0]) for choices in self.choices]

    def run(self, row: int) -> Counterfactual:
        """Return the best change."""
        start = self._try([()])[0]
        best = None if start.distance else start
        beam = [start]
        closest = start
        for _ in range(self.most_columns if best is None else 0):
            trials = self._try(self._longer(beam))
            reaching = sorted(
                (trial for trial in trials if not trial.distance), key=lambda t: t.order
            )
            for trial in reaching[:_N_REFINED]:
                best = self._better(best, self._refine(trial))
            short_of = [trial for trial in trials if trial.distance]
            beam = _promising(short_of, start)
            closest = min([closest, *short_of], key=lambda trial: (trial.distance, *trial.order))
            if not beam:
                break
        return self._result(row, best or closest, found=best is not None)

    def _better(self, best: _Trial | None, trial: _Trial) -> _Trial:
        """Return the smaller of two changes; an additional column must pay."""
        if best is None:
            return trial
        no_longer = len(trial.changes) <= len(best.changes)
        limit = best.size if no_longer else _COLUMN_DISCOUNT * best.size
        return trial if trial.size < limit else best

    def _longer(self, beam: Sequence[_Trial]) -> list[_Changes]:
        """Return all changes of one more column."""
        longer = {
            _with(trial.changes, index, value): None
            for trial in beam
            for index, choices in enumerate(self.choices)
            if all(index != changed for changed, _ in trial.changes)
            for value in choices.others(self.before[index])
        }
        return list(longer)

    def _refine(self, trial: _Trial) -> _Trial:
        """Return the changes made as small as possible, with the best column to begin with."""
        refined = []
        for first in range(len(trial.changes)):
            smaller = trial
            for index, _ in (*trial.changes[first:], *trial.changes[:first]):
                if any(index == changed for changed, _ in smaller.changes):
                    smaller = self._shrink(smaller, index)
            refined.append(smaller)
        return min(refined, key=lambda trial: trial.order)

    def _shrink(self, trial: _Trial, index: int) -> _Trial:
        """Return the smallest change of a column that still reaches the target, in two rounds."""
        rest = tuple(change for change in trial.changes if change[0] != index)
        if rest and not (without := self._try([rest])[0]).distance:
            return without
        near = self.before[index]
        for _ in range(2):
            values = self.choices[index].between(near, dict(trial.changes)[index], _N_BETWEEN)
            tried = self._try([_with(rest, index, value) for value in values])
            first = next((i for i, candidate in enumerate(tried) if not candidate.distance), None)
            if first is None:
                return trial
            trial = tried[first]
            near = values[first - 1] if first else near
        return trial

    def _try(self, options: Sequence[_Changes]) -> list[_Trial]:
        """Return the size of changes and how far the predictions then are from the target."""
        if not options:
            return []
        distances = self.target.distance(self.model.predictor.output(self._changed(options)))
        return [
            _Trial(changes, sum(map(self._size, changes)), float(distance))
            for changes, distance in zip(options, distances, strict=True)
        ]

    def _size(self, change: tuple[int, Any]) -> float:
        index, value = change
        return self.choices[index].distance(self.before[index], value)

    def _changed(self, options: Sequence[_Changes]) -> Table:
        """Return the row once for each option, changed."""
        columns = dict(self.table.take(np.zeros(len(options), np.intp)).columns)
        chosen: dict[int, list[tuple[int, Any]]] = {}
        for row, changes in enumerate(options):
            for index, value in changes:
                chosen.setdefault(index, []).append((row, value))
        for index, values in chosen.items():
            name = self.choices[index].name
            write = self.choices[index].write
            levels = any(isinstance(value, str | bool) for _, value in values)
            column: Array = columns[name].astype(object) if levels else columns[name].copy()
            for row, value in values:
                column[row] = write(value)
            columns[name] = column
        return Table(columns)

    def _result(self, row: int, trial: _Trial, *, found: bool) -> Counterfactual:
        output = self.model.predictor.output(self.table)
        reached = self.model.predictor.output(self._changed([trial.changes]))
        changes = []
        for index, value in trial.changes:
            name = self.choices[index].name
            write = self.choices[index].write
            size = self._size((index, value))
            written = self.model.schema.formats.get(name, PLAIN)
            before = write(self.before[index])
            changes.append(ValueChange(name, before, write(value), size, written))
        return Counterfactual(
            row=row,
            target=self.target.words,
            before=self.target.prediction(output),
            after=(self.target.prediction if found else self.target.closest)(reached),
            found=found,
            changes=tuple(sorted(changes, key=lambda change: -change.distance)),
            columns=tuple(choices.name for choices in self.choices),
            most_columns=self.most_columns,
        )


def _promising(trials: Sequence[_Trial], start: _Trial) -> list[_Trial]:
    """Return the changes to extend: the closest to the target, and the cheapest so far.

    The cost of reaching the target is extrapolated linearly.
    """

    def cost(trial: _Trial) -> float:
        gained = start.distance - trial.distance
        return trial.size * start.distance / gained if gained > 0 else np.inf

    cheap = sorted(trials, key=lambda trial: (cost(trial), trial.distance, str(trial.changes)))
    close = sorted(trials, key=lambda trial: (trial.distance, *trial.order))
    chosen = {id(trial): trial for trial in (*cheap[: _N_BEAM // 2], *close[: _N_BEAM // 2])}
    return list(chosen.values())


def _with(changes: _Changes, index: int, value: Any) -> _Changes:
    return tuple(sorted((*changes, (index, value)), key=lambda change: change[0]))
