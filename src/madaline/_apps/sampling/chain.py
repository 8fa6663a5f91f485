"""Columns one after the other: each is drawn given those before it, with NumPy alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._apps.sampling.cells import LEVEL, ColumnCells
from madaline._apps.sampling.column_model import (
    N_COMPUTED,
    N_SUMS,
    ColumnModel,
    SumCodes,
    learn_column,
    learn_sums,
)
from madaline._apps.sampling.growing import FollowStrength
from madaline._apps.sampling.relations import (
    Lookup,
    Relation,
    WeightedSum,
    find_relations,
    in_order,
)
from madaline._base.language import _
from madaline._tables.table import Table
from madaline.errors import InputError
from madaline.nn._engine.threads import in_threads
from madaline.nn.arrays import Array, Rng

_MAX_BATCH = 100_000  # rows that are drawn at once where some are rejected
_MAX_REJECTED = 2000  # rows that are drawn for one that fits, at most


Drawn = Mapping[str, tuple[Array, Array]]
"""Rows so far: of each column that is drawn, the cell of each row, int32, and its value."""

Given = Mapping[str, tuple[Array, Array]]
"""What some columns may hold: of each, the cells, int32, and the value in each of them."""


@final
@dataclass(frozen=True, eq=False)
class Chain:
    """The columns in the order in which they are drawn, and how each follows from those before."""

    cells: Mapping[str, ColumnCells]  # by name, in the order of drawing
    models: Mapping[str, ColumnModel]  # of the columns without a relation
    relations: Mapping[str, Relation]
    sums: Mapping[str, SumCodes]  # of columns of numbers behind other ones

    @property
    def names(self) -> tuple[str, ...]:
        """The columns, in the order of drawing."""
        return tuple(self.cells)

    def draw(
        self,
        n_rows: int,
        seed: Sequence[int],
        given: Given | None = None,
    ) -> dict[str, Array]:
        """Return the values of rows.

        Of columns that are `given`, only these values are drawn: columns are drawn up to the last
        of them, and rows that do not fit are drawn again.
        """
        given = given or {}
        last = max((self.names.index(name) + 1 for name in given), default=0)
        start = self._fitting(n_rows, last, seed, given) if given else {}
        done = self._continued(start, n_rows, self.names[last:], [*seed, 1])
        return {name: values for name, (_, values) in done.items()}

    def _fitting(self, n_rows: int, last: int, seed: Sequence[int], given: Given) -> Drawn:
        """Return the first columns of rows that fit what is given."""
        parts: list[Drawn] = []
        n_fitting = 0
        n_tried = 0
        batch = n_rows
        while n_fitting < n_rows:
            drawn = self._continued({}, batch, self.names[:last], [*seed, 0, n_tried], given)
            fit = [np.isin(drawn[name][0], cells) for name, (cells, _) in given.items()]
            fits = np.all(fit, axis=0)
            parts.append(
                {name: (cells[fits], values[fits]) for name, (cells, values) in drawn.items()}
            )
            n_fitting = n_fitting + int(fits.sum())
            n_tried = n_tried + batch
            if n_fitting < n_rows and n_tried > _MAX_REJECTED * max(n_fitting, 10):
                raise InputError(
                    "Of {n_tried:,} rows that were drawn, {n_fitting} fit what is given ({given}): ask for something more frequent, or fit with the columns first (first=).",
                    n_tried=n_tried,
                    n_fitting=n_fitting,
                    given=_(", ").join(given),
                )
            share = max(n_fitting, 1) / n_tried
            batch = int(min(_MAX_BATCH, max(1000, 1.1 * (n_rows - n_fitting) / share)))
        joined = {}
        for name in self.names[:last]:
            cells, values = zip(*(part[name] for part in parts), strict=True)
            joined[name] = np.concatenate(cells)[:n_rows], np.concatenate(values)[:n_rows]
        return joined

    def _continued(
        self,
        start: Drawn,
        n_rows: int,
        names: Sequence[str],
        seed: Sequence[int],
        given: Given | None = None,
    ) -> Drawn:
        """Return rows with some more columns."""
        drawn = dict(start)
        codes = np.zeros((n_rows, N_COMPUTED + len(self.cells)), np.uint8)
        for number, name in enumerate((*drawn, *names), N_COMPUTED):
            if name not in drawn:
                rng = np.random.default_rng([*seed, number - N_COMPUTED])
                drawn[name] = self._column(name, drawn, codes[:, :number], rng)
                is_level = self.cells[name].kind == LEVEL
                computed = name in self.relations
                if given and name in given and not (is_level or computed):
                    _set_given(*drawn[name], *given[name], rng)
            codes[:, number] = self.cells[name].codes[drawn[name][0]]
        return drawn

    def _column(
        self,
        name: str,
        before: Drawn,
        codes: Array,  # uint8 (n_rows, n): space for what is computed, and the columns before
        rng: Rng,
    ) -> tuple[Array, Array]:
        """Return the cells and the values of the next column."""
        cells = self.cells[name]
        relation = self.relations.get(name)
        if isinstance(relation, WeightedSum):
            total = cells.rounded(
                relation({source: values for source, (_, values) in before.items()})
            )
            return cells.nearest(total), total
        if isinstance(relation, Lookup):
            drawn = np.array(relation.cells, np.int32)[before[relation.source][0]]
        else:
            if name in self.sums:
                numbers = [earlier for earlier in before if self.cells[earlier].kind != LEVEL]
                scores = [self.cells[earlier].scores for earlier in numbers]
                codes[:, :N_SUMS] = self.sums[name].codes(scores, [before[n][0] for n in numbers])
            drawn = self.models[name].draw(codes, rng)
        return drawn, cells.draw(drawn, rng)


def _set_given(drawn: Array, values: Array, cells: Array, wanted: Array, rng: Rng) -> None:
    """Replace the values of cells by one of those that are wanted in each of them."""
    for cell in np.unique(cells):
        rows = np.flatnonzero(drawn == cell)
        values[rows] = rng.choice(wanted[cells == cell], len(rows))


@final
@dataclass(frozen=True)
class ChainSettings:
    """How a chain is learned."""

    min_rows: int  # of a value, for a cell of its own
    seed: int
    target: str  # drawn last, by a finer model
    first: tuple[str, ...] = ()  # columns that are drawn before all others
    n_threads: int = 1


def learn_chain(table: Table, strength: FollowStrength, settings: ChainSettings) -> Chain:
    """Return the chain of the columns of a table: the `first` ones, others, and the target."""
    others = (name for name in table.names if name != settings.target)
    names = tuple(dict.fromkeys((*settings.first, *others, settings.target)))
    table = table.select(names)
    cells = {n: ColumnCells.of(column, settings.min_rows) for n, column in table.columns.items()}
    drawn = {name: cells[name].encode(table[name]) for name in names}
    relations = find_relations(table, cells, drawn)
    order = in_order(names, relations)
    sums = _learn_sums(order, cells, drawn)
    models = _learn_models(order, cells, drawn, sums, relations, strength, settings)
    return Chain(
        {name: cells[name] for name in order},
        {name: models[name] for name in order if name in models},
        relations,
        {name: of_column for name, of_column in sums.items() if name in models},
    )


def _learn_sums(
    order: Sequence[str], cells: Mapping[str, ColumnCells], drawn: Mapping[str, Array]
) -> dict[str, SumCodes]:
    """Return the sums of each column of numbers but the first."""
    numbers = [name for name in order if cells[name].kind != LEVEL]
    if not numbers:
        return {}
    sums = learn_sums([cells[name].scores for name in numbers], [drawn[name] for name in numbers])
    return dict(zip(numbers[1:], sums, strict=True))


def _learn_models(
    order: Sequence[str],
    cells: Mapping[str, ColumnCells],
    drawn: Mapping[str, Array],
    sums: Mapping[str, SumCodes],
    relations: Collection[str],
    strength: FollowStrength,
    settings: ChainSettings,
) -> dict[str, ColumnModel]:
    """Return the models of the columns that no others determine."""
    codes = np.array([cells[name].codes[drawn[name]] for name in order], np.uint8)
    models: dict[str, ColumnModel] = {}

    def learn(place: int) -> None:
        name = order[place]
        if name in relations:
            return
        seen = np.vstack([np.zeros((N_COMPUTED, codes.shape[1]), np.uint8), codes[:place]])
        if name in sums:
            before = [earlier for earlier in order[:place] if cells[earlier].kind != LEVEL]
            scores = [cells[earlier].scores for earlier in before]
            seen[:N_SUMS] = sums[name].codes(scores, [drawn[earlier] for earlier in before]).T
        rng = np.random.default_rng([settings.seed, place])
        models[name] = learn_column(
            seen, drawn[name], cells[name], strength, rng, is_target=name == settings.target
        )

    in_threads(learn, range(len(order)), settings.n_threads)
    return models
