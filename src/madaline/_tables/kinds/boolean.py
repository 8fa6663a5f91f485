"""A Boolean becomes one feature of -0.5 and 0.5, centered, and whether it is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._base.codec import Share
from madaline._base.language import _
from madaline._tables.conversion import as_booleans
from madaline._tables.kinds.kind import (
    BOOLEAN,
    LEVELS,
    ColumnEncoder,
    Kind,
    TrainingColumn,
    missing_name,
    write_missing,
)
from madaline._tables.statistics import share, total_weight
from madaline._tables.table import Table
from madaline.nn.arrays import Array


@dataclass(frozen=True)
class BooleanEncoder(ColumnEncoder):
    """Encodes a column of Booleans."""

    name: str
    true_share: Share  # share of true among the training rows that have a value
    missing_share: Share | None  # share of training rows without a value; None when all had one

    kind, by_level = BOOLEAN, True

    @classmethod
    def fit(cls, name: str, column: Array, sample_weight: Array | None = None) -> BooleanEncoder:
        """Return the encoder of a training column, shape (n_samples,), of any kind."""
        numbers = as_booleans(name, column)
        present = total_weight(~np.isnan(numbers), sample_weight)
        true = total_weight(numbers == 1, sample_weight)
        missing_share = share(np.isnan(numbers), sample_weight)
        return cls(
            name,
            true / present if present else 0.0,
            missing_share if 0 < missing_share < 1 else None,
        )

    @property
    def varies(self) -> bool:
        """Whether training had both true and false."""
        return 0 < self.true_share < 1

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The Boolean itself, and whether it is missing."""
        value = (self.name,) if self.varies else ()
        return value if self.missing_share is None else (*value, missing_name(self.name))

    @property
    def rising(self) -> tuple[bool, ...]:
        """The Boolean itself rises from false to true."""
        return tuple(name == self.name for name in self.feature_names)

    @property
    def candidates(self) -> tuple[bool, ...]:
        return True, False

    def read(self, column: Array) -> Array:
        """Return 1 for true, 0 for false, NaN where missing."""
        return as_booleans(self.name, column)

    def write(self, column: Array, out: Array) -> None:
        """Write the centered Boolean (zero where missing), and whether it is missing."""
        missing = np.isnan(column)
        if self.varies:
            out[:, 0] = np.where(missing, 0.0, column - self.true_share)
        write_missing(missing, self.missing_share, out)


class BooleanKind(Kind):
    """True and false, also as 1 and 0 or as words."""

    name, words, holds, json = BOOLEAN, ("Boolean", "Booleans"), LEVELS, "boolean"
    ordered = True
    encoders = (BooleanEncoder,)

    def read(self, name: str, column: Array) -> Array:
        """Return 1 for true, 0 for false, NaN where missing."""
        return as_booleans(name, column)

    def levels(self, name: str, column: Array) -> Array:
        """Return "true", "false", or None where missing."""
        numbers = as_booleans(name, column)
        texts = np.where(numbers == 1, "true", "false").astype(object)
        texts[np.isnan(numbers)] = None
        return texts

    def detail(self, table: Table, name: str) -> str:
        """Return how many rows are true."""
        levels = table.distinct(name)
        numbers = as_booleans(name, levels.values)
        present = levels.counts[~np.isnan(numbers)].sum()
        true = levels.counts[numbers == 1].sum()
        return _("true in {true:.0%} of the rows").format(true=true / present) if present else ""

    def fit(self, training: TrainingColumn) -> BooleanEncoder:
        return BooleanEncoder.fit(training.name, *training.weighted())
