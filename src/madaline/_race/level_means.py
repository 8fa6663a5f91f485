"""Usual targets at the levels of large categories, over all rows of a table, not of its sample.

Few rows of the sample have any one of thousands of levels; all rows have enough. As in the sample,
each network has means over the rows that it learns from, and such a row gets the mean of the rows
of other parts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, final

import numpy as np

from madaline._data.encoders.encoded import FoldFeatures
from madaline._data.encoders.table_encoder import TableEncoder
from madaline._data.kinds.category import CategoryEncoder
from madaline._data.kinds.level_means import PARTS, LevelMeans, level_totals
from madaline.nn.arrays import Array

if TYPE_CHECKING:
    from madaline._race.row_blocks import RowBlocks, RowValues


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
    def of(cls, blocks: RowBlocks) -> MeansOfAllRows | None:
        """Read all rows once; None where no feature is a mean."""
        sample = blocks.sample.fold_features
        encoders = dict(_categories(blocks.encoder))
        if sample is None or not encoders:
            return None
        n_networks = blocks.sample.rows.n_networks
        totals = {
            index: [_Totals(means, n_networks) for means in own.all_means]
            for index, own in encoders.items()
        }
        pairs = {index: _place(blocks.encoder, own.pair_column) for index, own in encoders.items()}
        parts = np.zeros(blocks.sample.n_samples, np.intp)
        for number in range(blocks.n_blocks):
            values = blocks.rows.read(number)
            own_parts, drawn = parts_of(values), values.places >= 0
            parts[values.places[drawn]] = own_parts[drawn]
            learned = blocks.learned(values)
            for index, own in encoders.items():
                levels, pair = own.slots(values.columns[index]), pairs[index]
                cells = np.zeros(len(levels), np.intp) if pair is None else values.columns[pair]
                totals[index][0].add(values, levels, np.zeros_like(cells), own_parts, learned)
                for of_pairs in totals[index][1:]:
                    of_pairs.add(values, levels, cells, own_parts, learned)
        of_all = {index: tuple(total.means() for total in own) for index, own in totals.items()}
        tables = {
            index: np.concatenate(
                [total.tables(means) for total, means in zip(own, of_all[index], strict=True)], -1
            )
            for index, own in totals.items()
        }
        return cls(sample.features, tables, of_all, parts)

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
class _Totals:
    """The rows and the targets of each level, or pair of levels, by network and part."""

    def __init__(self, means: LevelMeans, n_networks: int) -> None:
        self._outputs, self._n_cells = means.outputs, means.n_cells
        self._n_levels = len(means.values) * self._n_cells
        n_keys, n_outputs = PARTS * self._n_levels, len(self._outputs)
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
        shape, networks = (PARTS, self._n_levels), range(len(self._rows_held_out))
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
