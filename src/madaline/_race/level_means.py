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
from madaline._data.kinds.category import PARTS, CategoryEncoder, LevelMeans, level_totals
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
    # by the index of a column, the means over all rows, for prediction
    of_all: Mapping[int, LevelMeans]
    parts: Array  # int (n_samples,): the part of each row of the sample

    @classmethod
    def of(cls, blocks: RowBlocks) -> MeansOfAllRows | None:
        """Read all rows once; None where no feature is a mean."""
        sample = blocks.sample.fold_features
        encoders = dict(_categories(blocks.encoder))
        if sample is None or not encoders:
            return None
        totals = {
            index: _Totals(own, blocks.sample.rows.n_networks) for index, own in encoders.items()
        }
        parts = np.zeros(blocks.sample.n_samples, np.intp)
        for number in range(blocks.n_blocks):
            values = blocks.rows.read(number)
            own_parts, drawn = parts_of(values), values.places >= 0
            parts[values.places[drawn]] = own_parts[drawn]
            learned = blocks.learned(values)
            for index, total in totals.items():
                total.add(values, encoders[index].slots(values.columns[index]), own_parts, learned)
        means = {index: total.means() for index, total in totals.items()}
        tables = {index: total.tables(means[index]) for index, total in totals.items()}
        return cls(sample.features, tables, means, parts)

    def encoder(self, encoder: TableEncoder) -> TableEncoder:
        """Return the encoder with the means over all rows."""
        encoders = [
            replace(own, means=self.of_all[index])
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


@final
class _Totals:
    """The rows and the targets of each level, by network and part."""

    def __init__(self, encoder: CategoryEncoder, n_networks: int) -> None:
        assert encoder.means is not None
        self._outputs, self._n_levels = encoder.means.outputs, len(encoder.means.values)
        shape = PARTS, self._n_levels
        self._rows = np.zeros((n_networks, *shape))
        self._sums = np.zeros((n_networks, *shape, len(self._outputs)))
        self._rows_of_all = np.zeros(self._n_levels)
        self._sums_of_all = np.zeros((self._n_levels, len(self._outputs)))
        self._squares = np.zeros(len(self._outputs))  # of the targets of all rows

    def add(self, values: RowValues, levels: Array, parts: Array, learned: Array) -> None:
        """Count the rows of a block."""
        targets = values.target[:, self._outputs].astype(np.float64)
        weight = np.ones(len(levels)) if values.weight is None else values.weight.astype(np.float64)
        keys, n_keys = parts * self._n_levels + levels, PARTS * self._n_levels
        rows, sums = level_totals(keys, targets, weight, n_keys)
        shape = PARTS, self._n_levels
        rows, sums = rows.reshape(shape), sums.reshape(*shape, -1)
        self._rows_of_all += rows.sum(axis=0)
        self._sums_of_all += sums.sum(axis=0)
        self._squares += weight @ np.square(targets)
        for network, own in enumerate(learned.T):
            others = np.flatnonzero(~own)
            less = level_totals(keys[others], targets[others], weight[others], n_keys)
            self._rows[network] += rows - less[0].reshape(shape)
            self._sums[network] += sums - less[1].reshape(*shape, -1)

    def tables(self, means: LevelMeans) -> Array:
        """Return the means of each network without each part, and over all parts."""
        rows, sums = self._rows.sum(axis=1), self._sums.sum(axis=1)
        return np.stack(
            [
                np.stack(
                    [
                        *(
                            means.scaled(all_rows - own_rows[part], all_sums - own_sums[part])
                            for part in range(PARTS)
                        ),
                        means.scaled(all_rows, all_sums),
                    ]
                )
                for all_rows, all_sums, own_rows, own_sums in zip(
                    rows, sums, self._rows, self._sums, strict=True
                )
            ]
        )

    def means(self) -> LevelMeans:
        """Return the means over all rows."""
        rows, sums = self._rows_of_all, self._sums_of_all
        between = (np.square(sums) / np.maximum(rows, 1e-300)[:, None]).sum(axis=0)
        within = np.maximum(self._squares - between, 0.0)
        return LevelMeans.of_totals(self._outputs, rows, sums, within)
