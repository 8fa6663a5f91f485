"""What becomes of the past of a column: the columns that lags make of it, and their names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, final

import numpy as np

from madaline._base.codec import Items, LabelText, Stored
from madaline._base.json_checks import Text
from madaline._base.language import _
from madaline._race.time.history import PastValues
from madaline._tables.conversion import as_booleans, as_levels, as_numbers
from madaline._tables.formats.number_format import NumberFormat
from madaline._tables.table import Table
from madaline.nn.arrays import Array

_MAX_SHARES = 8  # classes whose shares among the latest rows become columns, at most

Name = Annotated[str, Text(1000)]
Classes = Annotated[tuple[LabelText, ...], Items(most=2**20, distinct=True)]


@final
@dataclass(frozen=True)
class PastColumn(Stored):
    """A column whose past becomes columns, and which of its values are classes, if any."""

    name: Name
    classes: Classes = ()
    of_truth: bool = False  # whether its values are true or false
    written: NumberFormat | None = None  # how its numbers were written, where they were text

    def read(self, table: Table) -> Array:
        """Return what rows hold of it, float64, NaN where that is unknown."""
        if self.name not in table:
            return np.full(table.n_samples, np.nan)
        column = table[self.name]
        if self.classes:
            codes = {label: float(code) for code, label in enumerate(self.classes)}
            return np.array([codes.get(label, np.nan) for label in as_levels(column)], np.float64)
        if self.of_truth:
            return as_booleans(self.name, column)
        return np.array(as_numbers(self.name, column, self.written), np.float64)

    @property
    def last(self) -> str:
        """The column of its last known value."""
        return _("last known {name}").format(name=self.name)

    def before(self, lag: int) -> str:
        """Return the column of its value a multiple of the lag before the row."""
        return _("{name} {lag} rows before").format(name=self.name, lag=lag)

    def change(self, lag: int) -> str:
        """Return the column of its latest change."""
        return _("{lag}-row change of {name}").format(lag=lag, name=self.name)

    def next_change(self, lag: int) -> str:
        """Return the column of how it went on a season before."""
        return _("{lag} rows before: next change of {name}").format(lag=lag, name=self.name)

    def mean(self, lag: int) -> str:
        """Return the column of the mean of its latest values."""
        return _("{lag}-row mean of {name}").format(lag=lag, name=self.name)

    @property
    def theta(self) -> str:
        """The column of the forecast of Theta."""
        return _("Theta forecast of {name}").format(name=self.name)

    @property
    def trend(self) -> str:
        """The column of what Theta adds for the trend."""
        return _("trend of {name}").format(name=self.name)

    def columns(self, past: PastValues, lags: Sequence[int], horizon: int) -> dict[str, Array]:
        """Return what becomes of its past."""
        if self.classes:
            return self._of_classes(past, lags)
        return self._of_numbers(past, lags, horizon)

    def _of_numbers(self, past: PastValues, lags: Sequence[int], horizon: int) -> dict[str, Array]:
        last = past.back(0)
        columns = {self.last: last}
        for lag in lags:
            if lag > 1:
                columns[self.before(lag)] = past.season(lag) - last
            columns[self.change(lag)] = last - past.back(lag)
            if horizon > lag > 1:
                columns[self.next_change(lag)] = past.next_change(lag)
            if lag > 1:
                columns[self.mean(lag)] = past.mean(lag) - last
        return columns

    def _of_classes(self, past: PastValues, lags: Sequence[int]) -> dict[str, Array]:
        columns = {self.last: self._labels(past.back(0))}
        for lag in lags:
            if lag > 1:
                columns[self.before(lag)] = self._labels(past.season(lag))
                for label in self._shared:
                    name = _("{lag}-row share of {name} {label}").format(
                        lag=lag, name=self.name, label=label
                    )
                    columns[name] = past.mean(lag, float(self.classes.index(label)))
        return columns

    @property
    def _shared(self) -> tuple[str, ...]:
        """The classes whose shares among the latest rows are columns; one of two is enough."""
        if len(self.classes) > _MAX_SHARES:
            return ()
        return self.classes[1:] if len(self.classes) == 2 else self.classes

    def _labels(self, codes: Array) -> Array:
        """Return the text of each class, None where it is unknown."""
        labels = np.array([*self.classes, None], dtype=object)
        return labels[np.where(np.isnan(codes), len(self.classes), codes).astype(np.intp)]
