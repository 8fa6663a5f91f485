"""Usual targets at the levels of large categories, over all rows of a table, not of its sample.

Few rows of the sample have any one of thousands of levels; all rows have enough. As in the sample,
each network has means over the rows that it learns from, and such a row gets the mean of the rows
of other parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np

from madaline._race.dataset import Dataset
from madaline._race.stored_rows import RowValues, StoredRows
from madaline._tables.encoders.encoded import FoldFeatures
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.kinds.category import CategoryEncoder
from madaline._tables.kinds.level_means import PARTS, LevelMeans, level_totals
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class MeansOfAllRows:
    """The means of each network at each level."""

    features: Array  # int (n_features,): indices of the features that they are
    # by the index of a column, float32 (n_networks, PARTS + 1, n_levels, n_means): without the rows
    # of each part, and over all parts
    tables: Mapping[int, Array]
    # by the index of a column, the means over all rows at its levels, and at pairs, if there are
    # any, for prediction
    of_all: Mapping[int, tuple[LevelMeans, ...]]
    parts: Array  # int (n_samples,): the part of each row of the sample

    @classmethod
    def of(cls, encoder: TableEncoder, sample: Dataset, rows: StoredRows) -> MeansOfAllRows | None:
        """Read all rows once; None where no feature is a mean."""
        of_folds = sample.features.of_folds
        if of_folds is None or not dict(_categories(encoder)):
            return None
        totals = {
            index: _ColumnTotals(
                category, _place(encoder, category.pair_column), sample.rows.n_networks
            )
            for index, category in _categories(encoder)
        }
        parts = np.zeros(sample.n_samples, np.intp)
        for number in range(rows.n_blocks):
            values = rows.read(number)
            drawn = values.places >= 0
            parts[values.places[drawn]] = parts_of(values)[drawn]
            learned = values.learned_by(sample.rows)
            for index, total in totals.items():
                total.add(values, index, learned)
        of_all = {index: total.means() for index, total in totals.items()}
        tables = {index: total.tables(of_all[index]) for index, total in totals.items()}
        return cls(of_folds.features, tables, of_all, parts)

    def encoder(self, encoder: TableEncoder) -> TableEncoder:
        """Return the encoder with the means over all rows."""
        encoders = [
            own.replaced(*self.of_all[index])
            if isinstance(own, CategoryEncoder) and index in self.of_all
            else own
            for index, own in enumerate(encoder.encoders)
        ]
        return replace(encoder, encoders=tuple(encoders))

    def of_rows(self, slots: Mapping[int, Array], parts: Array, learned: Array) -> FoldFeatures:
        """Return the features of rows, given their levels, parts, and which networks learn them."""
        part = np.where(learned.T, parts, PARTS)  # (n_networks, n_rows)
        networks = np.arange(len(part))[:, None]
        values = [self.tables[index][networks, part, own] for index, own in slots.items()]
        return FoldFeatures(self.features, np.concatenate(values, axis=-1))

    def slots(self, encoder: TableEncoder, values: RowValues) -> dict[int, Array]:
        """Return the level of each row in each column of means."""
        return {index: own.slots(values.columns[index]) for index, own in _categories(encoder)}


def parts_of(values: RowValues) -> Array:
    """Return the part of each row of a block."""
    return np.arange(values.n_samples) % PARTS


def _categories(encoder: TableEncoder) -> Iterator[tuple[int, CategoryEncoder]]:
    for index, own in enumerate(encoder.encoders):
        if isinstance(own, CategoryEncoder) and own.means is not None:
            yield index, own


def _place(encoder: TableEncoder, name: str) -> int | None:
    return encoder.columns.index(name) if name else None


@final
class _ColumnTotals:
    """Totals of a category, and of its pairs with another column, if there are any."""

    def __init__(self, category: CategoryEncoder, pair: int | None, n_networks: int) -> None:
        self._category, self._pair = category, pair
        self._totals = [_Totals(means, n_networks) for means in category.all_means]

    def add(self, values: RowValues, index: int, learned: Array) -> None:
        """Count the rows of a block, given the index of the column."""
        levels = self._category.slots(values.columns[index])
        parts = parts_of(values)
        alone, *of_pairs = self._totals
        alone.add(values, levels, np.zeros(len(levels), np.intp), parts, learned)
        if self._pair is None:
            return
        for totals in of_pairs:
            totals.add(values, levels, values.columns[self._pair], parts, learned)

    def means(self) -> tuple[LevelMeans, ...]:
        """Return the means over all rows."""
        return tuple(totals.means() for totals in self._totals)

    def tables(self, means: tuple[LevelMeans, ...]) -> Array:
        """Return the means of each network without each part, and over all parts."""
        each = zip(self._totals, means, strict=True)
        return np.concatenate([totals.tables(own) for totals, own in each], -1)


@final
class _Totals:
    """The rows and the targets of each level, or pair of levels, by network and part."""

    def __init__(self, means: LevelMeans, n_networks: int) -> None:
        self._outputs, self._n_cells = means.outputs, means.n_cells
        self._n_levels = len(means.values) * self._n_cells
        n_keys = PARTS * self._n_levels
        n_outputs = len(self._outputs)
        self._rows, self._sums = np.zeros(n_keys), np.zeros((n_keys, n_outputs))  # of all rows
        self._squares = np.zeros(n_outputs)  # of the targets of all rows
        # those that a network does not learn from
        self._rows_held_out = np.zeros((n_networks, n_keys))
        self._sums_held_out = np.zeros((n_networks, n_keys, n_outputs))

    def add(
        self,
        values: RowValues,
        levels: Array,  # int (n_rows,): slots of an encoder
        cells: Array,  # int (n_rows,): all 0, or those of the other column
        parts: Array,
        learned: Array,
    ) -> None:
        """Count the rows of a block."""
        counted = np.flatnonzero(cells >= 0)
        targets = values.target[:, self._outputs].astype(np.float64)[counted]
        weight = np.ones(len(levels)) if values.weight is None else values.weight.astype(np.float64)
        weight = weight[counted]
        levels = levels[counted] * self._n_cells + cells[counted]
        keys = parts[counted] * self._n_levels + levels
        rows, sums = level_totals(keys, targets, weight, PARTS * self._n_levels)
        self._rows += rows
        self._sums += sums
        self._squares += weight @ np.square(targets)
        for network, own in enumerate(learned[counted].T):
            others = np.flatnonzero(~own)
            weighted = weight[others, None] * targets[others]
            np.add.at(self._rows_held_out[network], keys[others], weight[others])
            np.add.at(self._sums_held_out[network], keys[others], weighted)

    def tables(self, means: LevelMeans) -> Array:
        """Return the means of each network without each part, and over all parts."""
        shape = (PARTS, self._n_levels)
        networks = range(len(self._rows_held_out))
        tables = []
        for network in networks:
            rows = (self._rows - self._rows_held_out[network]).reshape(shape)
            sums = (self._sums - self._sums_held_out[network]).reshape(*shape, -1)
            all_rows, all_sums = rows.sum(axis=0), sums.sum(axis=0)
            parts = zip(rows, sums, strict=True)
            without = [means.scaled(all_rows - own, all_sums - own_sums) for own, own_sums in parts]
            tables.append(np.stack([*without, means.scaled(all_rows, all_sums)]))
        return np.stack(tables)

    def means(self) -> LevelMeans:
        """Return the means over all rows."""
        rows = self._rows.reshape(PARTS, -1).sum(axis=0)
        sums = self._sums.reshape(PARTS, len(rows), -1).sum(axis=0)
        between = (np.square(sums) / np.maximum(rows, 1e-300)[:, None]).sum(axis=0)
        within = np.maximum(self._squares - between, 0.0)
        return LevelMeans.of_totals(self._outputs, rows, sums, within, self._n_cells)
