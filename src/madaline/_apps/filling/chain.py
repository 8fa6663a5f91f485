"""Columns filled in turn, several rounds: each from all others as they are filled so far.

In the first round a gap counts as what is most usual. Every round learns forests anew, from rows
that are filled better. They are kept, so that other rows go through the same rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._apps.filling.column import MAX_CLASSES, PLAIN, GapModel, Others, learn_gaps
from madaline._apps.filling.forest import N_TREES, GapTask
from madaline._apps.sampling.cells import LEVEL, MAX_CODE, ColumnCells
from madaline._base.language import _
from madaline._base.words import format_count
from madaline._tables.column import in_seconds, is_missing
from madaline._tables.table import Table
from madaline.nn.arrays import Array

# What was tried, and came out, is in benchmarks/experiments/filling.md.
ROUNDS = 3
_EARLY_TREES = 10  # in rounds before the last one, whose values are filled in anew
_CYCLES = 3  # rounds of draws, from what is filled best
_MIN_KNOWN = 5  # values of a column from which its gaps can be learned

Report = Callable[[str], None]


@final
@dataclass(frozen=True, eq=False)
class KnownColumn:
    """What is known of a column: its values as cells of one value each, and the usual one."""

    cells: ColumnCells
    usual: float  # the mean of numbers, the cell of the most frequent level
    # uint8 (n_cells,): what trees split by. Levels are in the order of their texts, as many have
    # one that means something: grades, sizes, ranges
    code_of: Array

    @classmethod
    def of(cls, column: Array) -> KnownColumn:
        """Return what is known of a column that has any value."""
        cells = ColumnCells.of(column, 1)
        if cells.kind == LEVEL:
            return cls(cells, 0.0, _alphabetic(cells))
        return cls(cells, float(np.nanmean(in_seconds(column))), cells.codes)

    @property
    def is_level(self) -> bool:
        """Whether it is a category; numbers and moments are numbers."""
        return self.cells.kind == LEVEL

    @property
    def n_classes(self) -> int:
        """Levels that may be filled in; zero of numbers."""
        if not self.is_level:
            return 0
        return min(MAX_CLASSES, sum(level is not None for level in self.cells.levels))

    def values(self, column: Array) -> Array:
        """Return numbers, moments as seconds, or numbers of levels; NaN where one is missing."""
        if not self.is_level:
            return in_seconds(column)
        index = {level: float(n) for n, level in enumerate(self.cells.levels) if level is not None}
        return np.array([index.get(item, np.nan) for item in column.tolist()], np.float64)

    def codes(self, values: Array) -> Array:
        """Return the code of each value, none of which is missing."""
        if self.is_level:
            return self.code_of[values.astype(np.intp)]
        return self.code_of[self.cells.nearest(values)]

    def rounded(self, values: Array) -> Array:
        """Return numbers rounded as those of the column are."""
        return values if self.is_level else self.cells.rounded(values)

    def column(self, values: Array) -> Array:
        """Return values as a column again."""
        if self.is_level:
            return np.array([*self.cells.levels, None], object)[:-1][values.astype(np.intp)]
        return self.cells.as_column(values)


def _alphabetic(cells: ColumnCells) -> Array:
    """Return codes of levels in the order of their numbers or texts; rare ones share the last."""
    frequent = [level for level in cells.levels[:MAX_CODE] if level is not None]
    ordered = sorted(frequent, key=_sort_key)
    rank: dict[str | bool | None, int] = {level: place for place, level in enumerate(ordered)}
    return np.array([rank.get(level, MAX_CODE) for level in cells.levels], np.uint8)


def _sort_key(level: str | bool | None) -> tuple[float, str]:
    try:
        return float(level or 0), ""
    except ValueError:
        return np.inf, str(level)


@final
class _FilledRows:
    """Rows that are being filled."""

    def __init__(self, known: Mapping[str, KnownColumn], table: Table) -> None:
        self.known = known
        self.values: dict[str, Array] = {}
        self.gaps: dict[str, Array] = {}  # (n_rows,) Booleans
        self._codes: dict[str, Array] = {}
        for name, column in known.items():
            values = column.values(table[name])
            # a level that nobody knows is no gap: it stays, and counts as the usual one
            self.gaps[name] = is_missing(table[name])
            self._set(name, np.where(np.isnan(values), column.usual, values))

    def _set(self, name: str, values: Array) -> None:
        self.values[name] = values
        self._codes[name] = self.known[name].codes(values)

    def fill(self, name: str, filled: Array) -> None:
        """Put values into the gaps of a column."""
        values = self.values[name].copy()
        values[self.gaps[name]] = self.known[name].rounded(filled)
        self._set(name, values)

    def others(self, name: str, rows: Array) -> Others:
        """Return the other columns of some rows."""
        names = [other for other in self.known if other != name]
        codes = np.zeros((len(rows), max(1, len(names))), np.uint8)
        for place, other in enumerate(names):
            codes[:, place] = self._codes[other][rows]
        is_level = np.array([self.known[other].is_level for other in names], bool)
        numbers = [self.values[other][rows] for other in names if not self.known[other].is_level]
        matrix = np.array(numbers).reshape(len(numbers), len(rows)).T
        return Others(codes, np.flatnonzero(is_level), matrix)

    def fill_best(self, name: str, model: GapModel) -> None:
        """Put the best values into the gaps of a column."""
        rows = np.flatnonzero(self.gaps[name])
        if len(rows):
            self.fill(name, model.best(self.others(name, rows)))

    def task(self, name: str, seed: int) -> GapTask:
        """Return what is to be learned of a column."""
        return GapTask(self.known[name].n_classes, seed)

    def learn(self, name: str, task: GapTask, **settings: Any) -> GapModel:
        """Return a model of a column, of the rows in which it is known."""
        fits = ~self.gaps[name]
        if task.n_classes:
            fits &= self.values[name] < task.n_classes
        rows = np.flatnonzero(fits)
        return learn_gaps(self.others(name, rows), self.values[name][rows], task, **settings)

    def copy(self) -> _FilledRows:
        """Return the same rows, to be filled otherwise."""
        other = copy(self)
        other.values = dict(self.values)
        other._codes = dict(self._codes)
        return other


@final
@dataclass(frozen=True, eq=False)
class Filler:
    """What columns are known, and the forests of each round."""

    known: Mapping[str, KnownColumn]
    rounds: tuple[Mapping[str, GapModel], ...]

    def best(self, table: Table) -> dict[str, Array]:
        """Return the columns of a table with the best values in their gaps."""
        return self._columns(self._best(table), table)

    def draws(self, table: Table, n: int, seed: int) -> list[dict[str, Array]]:
        """Return the columns several times, with values drawn into their gaps."""
        best = self._best(table)
        drawn = []
        models: dict[str, GapModel] = {}
        for of_round in self.rounds:
            models |= of_round
        for number in range(n):
            state = best.copy()
            for cycle in range(_CYCLES):
                for place, (name, model) in enumerate(models.items()):
                    rows = np.flatnonzero(state.gaps[name])
                    if len(rows):
                        rng = np.random.default_rng([seed, number, cycle, place])
                        state.fill(name, model.draw(state.others(name, rows), rng))
            drawn.append(self._columns(state, table))
        return drawn

    def _best(self, table: Table) -> _FilledRows:
        state = _FilledRows(self.known, table)
        for models in self.rounds:
            for name, model in models.items():
                state.fill_best(name, model)
        return state

    def _columns(self, state: _FilledRows, table: Table) -> dict[str, Array]:
        """Return the columns of a table; cells that were there are as they were."""
        columns = {}
        for name, known in self.known.items():
            gaps = state.gaps[name]
            columns[name] = table[name].copy()
            if gaps.any():
                columns[name][gaps] = known.column(state.values[name][gaps])
        return columns


def learn_filler(
    table: Table,
    *,
    seed: int,
    only_gaps: bool = False,  # whether columns without gaps get no forest
    n_trees: int = N_TREES,
    report: Report = lambda __: None,
) -> Filler:
    """Return what fills the gaps of a table, and of rows like those."""
    known = {
        name: KnownColumn.of(column)
        for name, column in table.columns.items()
        if not is_missing(column).all()
    }
    rows = _FilledRows(known, table)
    by_gaps = sorted(known, key=lambda name: int(rows.gaps[name].sum()))
    learnable = [name for name in by_gaps if (~rows.gaps[name]).sum() >= _MIN_KNOWN]
    with_gaps = [name for name in learnable if rows.gaps[name].any()]
    learned = _learn_rounds(rows, with_gaps, seed, n_trees, report)
    complete = [] if only_gaps else [name for name in learnable if name not in with_gaps]
    if complete:
        report(_("{columns} without gaps").format(columns=format_count(len(complete), "column")))
    without_gaps = {
        name: rows.learn(name, rows.task(name, _seed(seed, len(learned), place)))
        for place, name in enumerate(complete)
    }
    return Filler(known, (without_gaps, *learned))


def _learn_rounds(
    rows: _FilledRows,
    names: Sequence[str],
    seed: int,
    n_trees: int,  # of the last round
    report: Report,
) -> list[dict[str, GapModel]]:
    """Return the models of each round, which have filled the gaps of the rows."""
    n_rounds = ROUNDS if len(names) > 1 else min(1, len(names))
    learned: list[dict[str, GapModel]] = []
    for number in range(n_rounds):
        models: dict[str, GapModel] = {}
        report(
            _("round {number} of {n_rounds}: {columns}").format(
                number=number + 1, n_rounds=n_rounds, columns=format_count(len(names), "column")
            )
        )
        for place, name in enumerate(names):
            choice = None  # tried once, on others that are filled well already
            if number != min(1, n_rounds - 1):
                choice = learned[-1][name].choice if learned else PLAIN
            task = rows.task(name, _seed(seed, number, place))
            trees = n_trees if number == n_rounds - 1 else min(n_trees, _EARLY_TREES)
            models[name] = rows.learn(name, task, choice=choice, n_trees=trees)
            rows.fill_best(name, models[name])
        learned.append(models)
    return learned


def _seed(*numbers: int) -> int:
    return int(np.random.SeedSequence(numbers).generate_state(1)[0])
