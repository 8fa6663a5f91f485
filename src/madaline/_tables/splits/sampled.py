"""What the folds of a sample mean for the other rows of its table.

All networks learn from a row outside of the sample, but for those that are evaluated on what it
belongs to: on other rows of its group, or on a stretch of time that it is in, or comes after.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np

from madaline._tables.splits.folds import FoldedRows
from madaline.nn.arrays import Array


@final
@dataclass(frozen=True, eq=False)
class SampleSplit:
    """Which networks learn from the rows of a table of which a sample was divided into folds."""

    rows: FoldedRows  # the sample
    held_out: Mapping[Any, tuple[int, ...]]  # the folds that hold out rows of a group
    # (n_folds,): the time before which networks learn, where folds are stretches of time
    starts: Array | None = None

    @classmethod
    def of(
        cls,
        rows: FoldedRows,
        groups: Array | None = None,  # (n_samples,): the group of each row of the sample
        # (n_samples,): the time before which networks that are evaluated on a row learn, where
        # folds are stretches of time
        limits: Array | None = None,
    ) -> SampleSplit:
        """Return what the folds of a sample mean for other rows."""
        held_out: defaultdict[Any, list[int]] = defaultdict(list)
        starts = np.empty(rows.n_folds)
        for fold in range(rows.n_folds):
            own = rows.order[rows.held_out(fold)]
            if groups is not None:
                for group in dict.fromkeys(groups[own].tolist()):
                    held_out[group].append(fold)
            if limits is not None:
                starts[fold] = limits[own].min()
        folds = {group: tuple(own) for group, own in held_out.items()}
        return cls(rows, folds, None if limits is None else starts)

    def assign(
        self,
        places: Array,  # int (n_rows,): the place of each row in the sample, -1 of others
        groups: Array | None = None,  # (n_rows,)
        times: Array | None = None,  # (n_rows,), in the unit of those of the sample
    ) -> tuple[Array, Array | None]:
        """Return the fold of each row, int16, -1 if it has none; and which networks learn from it.

        The latter is bool (n_rows, n_folds), or None where all but those of its fold do.
        """
        drawn, folds = places >= 0, folds_in_sample(self.rows, places)
        groups = None if groups is None else self._held_out(groups)
        if self.starts is None or times is None:
            if groups is not None:
                of_group = np.where(groups.any(axis=1), groups.argmax(axis=1), -1)
                folds = np.where(drawn, folds, of_group).astype(np.int16)
            return folds, None
        learned = times[:, None] < self.starts  # False where the time is missing
        learned = learned if groups is None else learned & ~groups
        learned[drawn] = self._learned[places[drawn]]
        return folds, learned

    def _held_out(self, groups: Array) -> Array:
        """Return which folds hold out rows of the group of each row, bool (n_rows, n_folds)."""
        index = {group: code for code, group in enumerate(dict.fromkeys(groups.tolist()))}
        held_out = np.zeros((len(index), self.rows.n_folds), bool)
        for group, code in index.items():
            held_out[code, list(self.held_out.get(group, ()))] = True
        codes = map(index.__getitem__, groups.tolist())
        return held_out[np.fromiter(codes, np.intp, len(groups))]

    @cached_property
    def _learned(self) -> Array:
        """Which networks learn from each row of the sample, bool (n_samples, n_folds)."""
        learned = np.zeros((self.rows.n_samples, self.rows.n_folds), bool)
        for fold in range(self.rows.n_folds):
            learned[self.rows.training(fold), fold] = True
        return learned


def folds_in_sample(rows: FoldedRows, places: Array) -> Array:
    """Return the fold of each row of a table that the sample holds, int16; -1 of other rows."""
    folds = np.searchsorted(rows.bounds, places, side="right") - 1
    outside = (places < 0) | (folds >= rows.n_folds)
    return np.where(outside, -1, folds).astype(np.int16)
