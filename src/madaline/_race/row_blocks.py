"""Rows in blocks: of a table too large for features of all its rows, a block has them at a time.

What an encoder read of a table is small, an array for each column; its features are some ten to a
hundred times as many numbers. So the columns are kept, in memory or on disk, and the features of a
block are made when networks learn from it. The rows stand in shuffled order, each block holds rows
of all parts of the table, and the race ran on some of the rows, the sample.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

import numpy as np

from madaline._race.dataset import AllRows, Dataset
from madaline._race.features import RowFeatures
from madaline._race.level_means import MeansOfAllRows, parts_of
from madaline._race.stored_rows import RowsInMemory, RowValues, StoredRows, count_blocks
from madaline._tables.encoders.encoded import FoldFeatures
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.splits.folds import FoldedRows
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class RowBlocks:
    """All rows of a table, of which a sample raced, in blocks that networks learn from."""

    encoder: TableEncoder
    sample: Dataset  # the rows that raced
    rows: StoredRows
    means: MeansOfAllRows | None = None  # of targets, where features are such

    @classmethod
    def in_memory(
        cls, encoder: TableEncoder, sample: Dataset, values: RowValues, *, seed: int
    ) -> RowBlocks:
        """Return the blocks of rows of which an array holds each column."""
        n_blocks = count_blocks(values.n_samples, max(encoder.widths.values()))
        return cls(encoder, sample, RowsInMemory.of(values, n_blocks=n_blocks, seed=seed))

    @property
    def sampled(self) -> Dataset:
        """The rows that raced, which know of all rows."""
        return replace(self.sample, all_rows=AllRows(self.n_samples, self.n_learned, self.n_blocks))

    @cached_property
    def n_learned(self) -> tuple[int, ...]:
        """From how many rows each network of a recipe learns."""
        rows = self.sample.rows
        of_folds = self.rows.count_learned(rows.n_folds).tolist()
        return (*of_folds, *(self.n_samples,) * rows.n_final)

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return self.rows.n_samples

    @property
    def n_blocks(self) -> int:
        """Number of blocks."""
        return self.rows.n_blocks

    def dataset(self, number: int, n_bins: Collection[int]) -> Dataset:
        """Return the rows of a block, fold after fold, with the features of some encodings."""
        values = self.rows.read(number)
        rows = FoldedRows.from_folds(
            values.folds,
            None if values.learned is None else values.learned.T,
            self.sample.rows.n_final,
            n_folds=self.sample.rows.n_folds,
        )
        parts, values = parts_of(values)[rows.order], values.take(rows.order)
        encoded = self.encoder.encoded(values.columns, values.n_samples)
        return replace(
            self.sample,
            rows=rows,
            features=RowFeatures.of(encoded, tuple(n_bins), self._fold_features(values, parts)),
            target=values.target,
            weight=values.weight,
            groups=None,
            metric=None,
        )

    def with_means_of_all(self) -> RowBlocks:
        """Return the blocks with usual targets of all rows, not only of the sample."""
        means = MeansOfAllRows.of(self.encoder, self.sample, self.rows)
        if means is None:
            return self
        encoder = means.encoder(self.encoder)
        blocks = replace(self, encoder=encoder, means=means)
        features = replace(self.sample.features, of_folds=blocks._of_sample(means))
        return replace(blocks, sample=replace(self.sample, features=features))

    def _of_sample(self, means: MeansOfAllRows) -> FoldFeatures:
        """Return the features of the sample that depend on targets."""
        sample = self.sample
        slots = dict[int, Array]()
        learned = np.zeros((sample.n_samples, sample.rows.n_networks), bool)
        for network in range(sample.rows.n_networks):
            learned[sample.rows.training(network), network] = True
        for number in range(self.n_blocks):
            values = self.rows.read(number)
            drawn = values.places >= 0
            for index, own in means.slots(self.encoder, values).items():
                slots.setdefault(index, np.zeros(sample.n_samples, np.intp))
                slots[index][values.places[drawn]] = own[drawn]
        return means.of_rows(slots, means.parts, learned)

    def _fold_features(self, values: RowValues, parts: Array) -> FoldFeatures | None:
        """Return the features that depend on targets: of all rows, or of the sample alone."""
        of_sample = self.sample.features.of_folds
        if of_sample is None:
            return None
        if self.means is not None:
            slots = self.means.slots(self.encoder, values)
            return self.means.of_rows(slots, parts, values.learned_by(self.sample.rows))
        features = of_sample.of_other_rows(self.encoder.encoders, values.columns)
        raced = np.flatnonzero(values.places >= 0)
        features.values[:, raced] = of_sample.values[:, values.places[raced]]
        return features
