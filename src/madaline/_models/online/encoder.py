r"""Features of a stream: their scales move with it, and new levels get features of their own.

Numbers and moments are scaled by the median and the interquartile range of the latest rows and
smoothly clipped (`_tables/kinds/number.py`). How far a number has come between the quartiles
is a feature for each quarter, too, so that a step is easily learned (piecewise-linear encoding;
Gorishniy, Rubachev and Babenko, 2022, https://arxiv.org/abs/2203.05556). A moment also stands on
the circles of the day, the week and the year. Every level of a category that was learned from is a
feature, and so is that a value is missing. Features only ever get more, so a network goes on with
what it has learned. Columns that the first rows did not have are late: all of their features are
zero where they are missing, as in earlier rows, and one of the features says that there is a value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._models.online.columns import (
    CATEGORY,
    MAX_NUMBER,
    MISSING,
    MOMENT,
    N_CODES,
    UNKNOWN,
    StreamColumns,
    place_of,
    reach,
)
from madaline._tables.kinds.number import scaled
from madaline.nn.arrays import Array

_QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)
QUARTERS = len(_QUARTILES) - 1
CIRCLES = (86_400.0, 604_800.0, 31_557_600.0)  # seconds of a day, a week and a year


@dataclass(eq=False)
class _ColumnArrays:
    """The scale and the features of each column, by the names that the arrays have in a file."""

    scaled: Array  # (n_scaled,): columns of numbers and moments, in the order in which they came
    scaled_features: Array  # (n_scaled,): the first feature of each; its quarters follow
    categories: Array  # (n_categories,): columns of levels
    late: Array  # (n_columns,): whether the first rows did not have the column
    flags: Array  # (n_columns,): the feature for a missing number, or for a late one present, or -1
    levels: Array  # (n_columns, N_CODES + 1): the feature of each level, -1 if none
    centers: Array  # (n_columns,)
    spreads: Array  # (n_columns,)
    quartiles: Array  # (n_columns, quartiles)

    @classmethod
    def empty(cls, n_columns: int) -> _ColumnArrays:
        """Return the arrays of columns without features."""
        none = np.zeros(0, np.intp)
        return cls(
            scaled=none,
            scaled_features=none,
            categories=none,
            late=np.zeros(n_columns, bool),
            flags=np.full(n_columns, -1),
            levels=np.full((n_columns, N_CODES + 1), -1),
            centers=np.zeros(n_columns),
            spreads=np.ones(n_columns),
            quartiles=np.zeros((n_columns, len(_QUARTILES))),
        )

    def widened(self, n_columns: int) -> _ColumnArrays:
        """Return the arrays with room for more columns."""
        wider = vars(_ColumnArrays.empty(n_columns))
        for name, array in vars(self).items():
            if name in _OF_SCALED:
                wider[name] = array
            else:
                wider[name][: len(array)] = array
        return _ColumnArrays(**wider)


_OF_SCALED = ("scaled", "scaled_features", "categories")  # arrays that grow by themselves


@final
class StreamEncoder:
    """Turns raw rows, as `StreamColumns` reads them, into features."""

    def __init__(self, columns: StreamColumns) -> None:
        self._columns = columns
        self.n_features = 0
        self._arrays = _ColumnArrays.empty(len(columns.names))
        self._circled: list[tuple[int, int]] = []  # moments, and their circles' first features
        self._gather_scales()

    def widen(self, raw: Array) -> bool:
        """Add the features that some rows need; return whether there are more than before."""
        before = self.n_features
        n_known = len(self._arrays.flags)
        if raw.shape[1] > n_known:
            self._arrays = self._arrays.widened(raw.shape[1])
            self._arrays.late[n_known:] = before > 0
        arrays = self._arrays
        if len(arrays.scaled) + len(arrays.categories) < raw.shape[1]:
            self._add_columns(raw)
        if len(arrays.categories):
            codes = self._codes(raw)
            for row, place in np.argwhere(arrays.levels[arrays.categories, codes] < 0):
                column = arrays.categories[place]
                code = codes[row, place]
                is_nothing = code == UNKNOWN or (code == MISSING and arrays.late[column])
                if not is_nothing and arrays.levels[column, code] < 0:
                    arrays.levels[column, code] = self._add_features(1)
        if np.isnan(raw).any():
            for column in arrays.scaled[np.isnan(raw[:, arrays.scaled]).any(axis=0)]:
                if arrays.flags[column] < 0:
                    arrays.flags[column] = self._add_features(1)
        return self.n_features > before

    def rescale(self, raw: Array) -> None:
        """Work out the scales of numbers anew, from the latest rows."""
        arrays = self._arrays
        values = np.sort(
            np.clip(raw[:, arrays.scaled].T, -MAX_NUMBER, MAX_NUMBER), axis=1
        )  # missing ones last
        counts = np.count_nonzero(~np.isnan(values), axis=1)
        present = np.flatnonzero(counts)
        values, counts = _within_reach(values[present], counts[present])
        quartiles = _quantiles(values, counts)
        smallest, low, middle, high, largest = quartiles
        spreads = np.where(high > low, high - low, (largest - smallest) / 2)
        columns = arrays.scaled[present]
        arrays.centers[columns] = middle
        arrays.quartiles[columns] = quartiles.T
        arrays.spreads[columns] = np.where((spreads > 0) & np.isfinite(spreads), spreads, 1.0)
        self._gather_scales()

    def encode(self, raw: Array) -> Array:
        """Return the features of raw rows, float32 (n_samples, n_features)."""
        arrays = self._arrays
        features = np.zeros((len(raw), self.n_features + 1), np.float32)  # the last: no feature, -1
        if len(arrays.scaled):
            numbers = raw.take(arrays.scaled, axis=1)
            missing = np.isnan(numbers)
            some_missing = missing.any()
            if some_missing:
                numbers = np.where(missing, self._scales[0], numbers)
            features[:, arrays.scaled_features] = scaled(numbers, *self._scales)
            features[:, self.quarter_features] = self._quarters(numbers)
            if some_missing:
                rows, places = np.nonzero(missing)
                features[rows[:, None], self.quarter_features[places]] = 0
            if some_missing or self._some_late:
                rows, places = np.nonzero(missing != arrays.late[arrays.scaled])
                features[rows, arrays.flags[arrays.scaled[places]]] = 1
        for column, first in self._circled:
            features[:, first : first + 2 * len(CIRCLES)] = _circles(raw[:, column])
            if arrays.late[column]:
                features[np.isnan(raw[:, column]), first : first + 2 * len(CIRCLES)] = 0
        if len(arrays.categories):
            of_levels = arrays.levels[arrays.categories, self._codes(raw)]
            features[np.arange(len(raw))[:, None], of_levels] = 1
        return features[:, :-1]

    def to_state(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Return a JSON-able description and the arrays that go with it."""
        return {"n_features": self.n_features, "circled": self._circled}, dict(vars(self._arrays))

    @classmethod
    def from_state(
        cls, columns: StreamColumns, state: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> StreamEncoder:
        """Return the encoder that `to_state` described."""
        encoder = cls(columns)
        encoder.n_features = state["n_features"]
        encoder._circled = [(column, first) for column, first in state["circled"]]
        names = vars(encoder._arrays)
        encoder._arrays = _ColumnArrays(**{name: arrays[name].copy() for name in names})
        encoder._gather_scales()
        return encoder

    def _codes(self, raw: Array) -> Array:
        """Return the codes of levels; where a column's kind was not known yet, it was missing."""
        return np.nan_to_num(raw[:, self._arrays.categories], nan=MISSING).astype(np.intp)

    def _add_features(self, count: int) -> int:
        """Add some features; return the first of them."""
        self.n_features += count
        return self.n_features - count

    def _add_columns(self, raw: Array) -> None:
        """Add the columns whose kind is known since these rows."""
        arrays = self._arrays
        encoded = {*arrays.scaled.tolist(), *arrays.categories.tolist()}
        names = self._columns.names
        kinds = self._columns.kinds
        for column in sorted(range(len(names)), key=lambda column: place_of(names[column])):
            kind = kinds[column]
            if kind is None or column in encoded:
                continue
            if kind == CATEGORY:
                arrays.categories = np.append(arrays.categories, column)
                continue
            values = raw[:, column][~np.isnan(raw[:, column])]
            arrays.centers[column] = values[0] if len(values) else 0.0  # until `rescale`
            first = self._add_features(1 + QUARTERS)
            arrays.scaled = np.append(arrays.scaled, column)
            arrays.scaled_features = np.append(arrays.scaled_features, first)
            if kind == MOMENT:
                self._circled.append((column, self._add_features(2 * len(CIRCLES))))
            if arrays.late[column]:
                arrays.flags[column] = self._add_features(1)
        self._gather_scales()

    def _gather_scales(self) -> None:
        """Put together what `encode` needs of the columns that are scaled."""
        arrays = self._arrays
        self._some_late = arrays.late[arrays.scaled].any()
        self._scales = arrays.centers[arrays.scaled], arrays.spreads[arrays.scaled]
        quartiles = np.clip(arrays.quartiles[arrays.scaled], -MAX_NUMBER, MAX_NUMBER)
        self._starts, widths = quartiles[:, :-1], np.diff(quartiles, axis=1)  # (columns, quarters)
        self._steepness = np.where(
            widths > 1 / MAX_NUMBER, 1 / np.maximum(widths, 1 / MAX_NUMBER), 0.0
        )
        self.quarter_features = arrays.scaled_features[:, None] + 1 + np.arange(QUARTERS)

    def _quarters(self, numbers: Array) -> Array:
        """Return how far numbers have come in each quarter, 0 to 1, shape (*numbers, QUARTERS)."""
        come = np.minimum(np.maximum(numbers, -MAX_NUMBER), MAX_NUMBER)[..., None] - self._starts
        come *= self._steepness
        return np.asarray(np.minimum(np.maximum(come, 0, out=come), 1, out=come))


def _within_reach(values: Array, counts: Array) -> tuple[Array, Array]:
    """Return each row's sorted values without those that are not believed, and how many."""
    low, high = reach(values, counts)
    wild = (values < low[:, None]) | (values > high[:, None])
    if not wild.any():
        return values, counts
    return np.sort(np.where(wild, np.nan, values), axis=1), counts - np.count_nonzero(wild, axis=1)


def _quantiles(values: Array, counts: Array) -> Array:
    """Return minimum, quartiles and maximum of the first `counts` of each row of sorted values."""
    place = np.array(_QUARTILES)[:, None] * (counts - 1)  # (quantiles, rows)
    below = place.astype(np.intp)
    rows = np.arange(len(values))
    low, high = values[rows, below], values[rows, np.minimum(below + 1, counts - 1)]
    return np.asarray(low + (place - below) * (high - low))


def _circles(seconds: Array) -> Array:
    """Return where moments stand on each circle, shape (n_samples, 2 * circles)."""
    turns = np.where(np.isnan(seconds), 0.0, seconds)[:, None] / CIRCLES * (2 * np.pi)
    return np.concatenate([np.sin(turns), np.cos(turns)], axis=1)
