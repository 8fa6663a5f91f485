"""What networks see: the features of rows, and what each of these features stands for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self, final

from madaline._tables.encoders.encoded import Encoded, FoldFeatures
from madaline._tables.encoders.table_encoder import TableEncoder
from madaline._tables.media.grids import Grid
from madaline.nn._sparse_rows import Features, dense
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class RowFeatures:
    """Encoded rows, for each number of bins."""

    # (n_samples, n_features): float32; those of texts without their zeros
    encoded: Mapping[int, Features]
    # features that are others for the networks of each fold
    of_folds: FoldFeatures | None = None

    @classmethod
    def of(
        cls, encoded: Encoded, n_bins: Sequence[int], of_folds: FoldFeatures | None = None
    ) -> Self:
        """Return the features of rows with some numbers of bins."""
        return cls({n: encoded.kept(n) for n in n_bins}, of_folds)

    def __getitem__(self, n_bins: int) -> Features:
        """Return the rows with so many bins, as they are for all folds."""
        return self.encoded[n_bins]

    def seen(self, n_bins: int, fold: int, places: slice | Array) -> Features:
        """Return some rows as the networks of a fold see them."""
        x = self.encoded[n_bins][places]
        if self.of_folds is None:
            return x
        return self.of_folds.write(fold, places, dense(x).copy())


@final
@dataclass(frozen=True, eq=False)
class NetworkInputs:
    """What features stand for: enough to know the layers of networks."""

    # for each number of bins, the column that each feature was made from
    columns: Mapping[int, tuple[int, ...]]
    # the grids that features stand on, such as those of images; none where all are columns of a
    # table
    grids: tuple[Grid, ...] = ()
    # from which feature to which each column of patterns goes. Few of its features matter, so each
    # has a gate of its own; those of other columns share one
    patterns: tuple[tuple[int, int], ...] = ()
    n_changes: int = 0  # how many of the last features are patterns of changes
    # (n_features,): for each number of bins how outputs may move with each feature, as
    # `parameter_bounds` takes it; empty where no column is constrained
    directions: Mapping[int, Array] = field(default_factory=dict)
    # for each number of bins the features that `timeless` recipes, linear models and trees do not
    # see: those that rise with time
    hidden: Mapping[int, Array] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        encoder: TableEncoder,
        n_bins: Sequence[int],
        *,
        monotone: Mapping[str, int] | None = None,
        hidden: Mapping[int, Array] | None = None,
    ) -> Self:
        """Return what the features of an encoder stand for, with some numbers of bins."""
        return cls(
            {n: tuple(encoder.feature_columns(n).tolist()) for n in n_bins},
            tuple(encoder.grids.values()),
            tuple(encoder.patterns.values()),
            encoder.n_changes,
            {n: encoder.directions(n, monotone) for n in n_bins} if monotone else {},
            hidden or {},
        )

    @property
    def plain(self) -> int:
        """The number of bins of the plainest encoding: zero, or the fewest."""
        return min(self.columns)

    @property
    def n_columns(self) -> int:
        """Number of columns of the table that the features were made from."""
        return 1 + max(map(max, self.columns.values()))

    @property
    def of_columns_alone(self) -> bool:
        """Whether there are no images, sounds or sequences among them."""
        return not (self.grids or self.patterns)
