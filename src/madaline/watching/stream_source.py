"""The signals of a stream that an online model learns: its columns and the losses."""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline.data.column import is_missing
from madaline.data.kinds import BOOLEAN, CATEGORY, DATETIME, NUMBER
from madaline.data.profile import read_levels, read_numbers
from madaline.data.table import Table
from madaline.nn.arrays import Array
from madaline.watching.bank import Signal
from madaline.watching.source import LevelCodes, Source

SHARE_OF_COLUMNS = 0.5
"""Of the false alarms; the other half is for the losses."""


class StreamSource(Source):
    """The columns of a stream, and the losses as they were when rows came (final).

    There is no training table: the first values of each column become its reference. What
    `Monitor.observe` takes as labels are the losses.

    Parameters
    ----------
    table : Table
        Some rows of the stream: they decide what kind each column is.
    loss_name : str
        What the losses are.
    """

    def __init__(self, table: Table, loss_name: str) -> None:
        self._kinds = {name: _kind(table[name]) for name in table.names}
        self.levels = {
            ("values", name): LevelCodes(())
            for name, kind in self._kinds.items()
            if kind in (CATEGORY, BOOLEAN)
        }
        share = SHARE_OF_COLUMNS / max(1, len(self._kinds))
        self.of_rows = [
            (Signal("values", name, "level" if self._has_levels(name) else kind, share), None)
            for name, kind in self._kinds.items()
        ]
        errors = Signal("errors", loss_name, "number", 1 - SHARE_OF_COLUMNS)
        self.of_labels = [(errors, None)]
        self.loss_name, self.identity, self.n_kept = loss_name, "", 1

    def table(self, rows: Any) -> Table:
        """Return rows as a table."""
        return rows if isinstance(rows, Table) else Table.from_columns(rows)

    def observe(self, table: Table, uniform: Array) -> tuple[Array, Array]:  # noqa: ARG002
        """Return the columns as numbers; nothing is kept until losses come."""
        values = [self._values(table, name, kind) for name, kind in self._kinds.items()]
        return np.stack(values, axis=1), np.zeros((table.n_samples, 1))

    def learn(self, kept: Array, y: Array) -> Array:  # noqa: ARG002
        """Return the losses."""
        return np.asarray(y, np.float64)[:, None]

    def _has_levels(self, name: str) -> bool:
        return ("values", name) in self.levels

    def _values(self, table: Table, name: str, kind: str) -> Array:
        if not self._has_levels(name):
            return read_numbers(name, kind, table[name])
        levels = read_levels(name, kind, table[name])
        levels[is_missing(levels)] = None
        return self.levels["values", name].read(levels)


def _kind(column: Array) -> str:
    if column.dtype.kind == "f":
        return NUMBER
    if column.dtype.kind == "M":
        return DATETIME
    present = column[~is_missing(column)]
    return BOOLEAN if len(present) and all(isinstance(one, bool) for one in present) else CATEGORY
