"""Rows of which most numbers are zero, such as texts in thousands of terms: zeros are left out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np

from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class SparseRows:
    """A matrix without its zeros, row after row (compressed sparse rows)."""

    # int64 (n_rows + 1,): where the numbers of each row start; the last one is where those of the
    # last row end
    starts: Array
    indices: Array  # int32 (n_numbers,): the feature of each number
    values: Array  # float32 (n_numbers,): the numbers
    n_features: int  # how many features there are

    @classmethod
    def of(cls, blocks: Iterable[Array]) -> SparseRows:
        """Return the rows of one block, (rows, n_features), or of several."""
        sizes, indices, values = [np.zeros(1, np.int64)], [], []
        for block in blocks:
            rows, columns = np.nonzero(block)
            sizes.append(np.bincount(rows, minlength=len(block)))
            indices.append(columns.astype(np.int32))
            values.append(block[rows, columns].astype(np.float32, copy=False))
            n_features = block.shape[1]
        starts = np.cumsum(np.concatenate(sizes), dtype=np.int64)
        return cls(starts, np.concatenate(indices), np.concatenate(values), n_features)

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and of features."""
        return len(self), self.n_features

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.starts) - 1

    def __getitem__(self, places: slice | Array) -> SparseRows:
        """Return some rows, in their order."""
        rows = np.arange(len(self))[places]
        sizes = np.diff(self.starts)[rows]
        starts = np.concatenate([np.zeros(1, np.int64), np.cumsum(sizes)])
        numbers = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], sizes)
        return SparseRows(starts, self.indices[numbers], self.values[numbers], self.n_features)

    def dense(self) -> Array:
        """Return the rows with their zeros, float32 of shape (n_rows, n_features)."""
        out = np.zeros(self.shape, np.float32)
        out[np.repeat(np.arange(len(self)), np.diff(self.starts)), self.indices] = self.values
        return out


Features: TypeAlias = Array | SparseRows  # encoded rows, with their zeros or without


def dense(rows: Features) -> Array:
    """Return rows with their zeros, as they are where they have them."""
    return rows.dense() if isinstance(rows, SparseRows) else rows


def arrays_of(rows: Features) -> tuple[Array, ...]:
    """Return the arrays that hold rows."""
    return (rows.starts, rows.indices, rows.values) if isinstance(rows, SparseRows) else (rows,)
