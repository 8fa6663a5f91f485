"""The mean of a target at each level of a category, shrunk, and without a row's own target.

The mean of few rows is unreliable, so it is shrunk towards the overall mean, the more the fewer the
rows. To leak no target, each fold's networks have means of their own, over the rows that they learn
from, and the mean that such a row gets is that of other rows. New rows get the mean of all rows.

Of a large table, a level may also have a mean for each level of another column: that of the rows
that have both, such as the usual value of each laboratory test of a patient.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from madaline.nn.arrays import Array

MAX_OUTPUTS = 10  # outputs whose means are encoded, those of the most frequent classes
PARTS = 10  # of the rows that a network learns from; the mean of a row is over the other parts


@dataclass(frozen=True, eq=False)
class LevelMeans:
    r"""Shrunk means of a target at the levels of a column, as deviations of about unit size.

    With :math:`n_l` rows of mean :math:`\bar y_l` at level l and :math:`\bar y` overall::

        d_l = n_l (mean_l - mean) / (n_l + m)        with m = variance within / variance between

    Both variances are those of a one-way analysis of variance, so m is the number of rows at which
    a level's mean counts as much as the overall mean.

    Micci-Barreca (2001), "A preprocessing scheme for high-cardinality categorical attributes",
    SIGKDD Explorations 3; the moments: Searle, Casella and McCulloch (1992), "Variance components".
    """

    outputs: Array  # int (n_means,): indices of the encoded outputs of the target
    # float64 (n_means,): number of rows m that the overall mean counts as; infinite where levels
    # are uninformative
    prior: Array
    scale: Array  # float64 (n_means,): what deviations are divided by
    # float32 (n_levels, n_cells * n_means): the deviations over all rows, scaled, in each cell: a
    # level of another column, or all rows
    values: Array

    @classmethod
    def fit(
        cls,
        levels: Array,  # int (n_samples,): each row's level, from 0 to ``n_levels - 1``
        target: Array,  # (n_samples, n_outputs): what the networks learn to predict
        weight: Array | None,  # (n_samples,)
        *,
        n_levels: int,
        cells: Array | None = None,  # int (n_samples,): each row's cell, or -1
        n_cells: int = 1,
    ) -> LevelMeans:
        """Return the means of a training table, over all rows or in each cell."""
        weight = _weights(weight, len(levels))
        outputs = np.sort(np.argsort(-(weight @ target), kind="stable")[:MAX_OUTPUTS])
        if cells is not None:
            levels, target, weight = in_cells(levels, cells, n_cells, target, weight)
        target = target[:, outputs].astype(np.float64)
        rows, sums = level_totals(levels, target, weight, n_levels * n_cells)
        means = sums / np.maximum(rows, 1e-300)[:, None]
        within = weight @ np.square(target - means[levels])
        return cls.of_totals(outputs, rows, sums, within, n_cells)

    @classmethod
    def of_totals(
        cls,
        outputs: Array,  # as the field
        rows: Array,  # (n_levels * n_cells,): the weight of the rows of each level and cell
        sums: Array,  # (n_levels * n_cells, n_means): the weighted sum of their targets
        within: Array,  # (n_means,): the weighted squares of distances from these means
        n_cells: int = 1,
    ) -> LevelMeans:
        """Return the means of the rows whose totals these are."""
        prior = _prior(rows, sums, within, n_cells)
        deviations = _shrunk(rows, sums, prior, n_cells)
        scale = np.sqrt(rows @ np.square(deviations) / max(rows.sum(), 1e-300))
        scale = np.where(scale > 0, scale, 1.0)
        values = (deviations / scale).astype(np.float32)
        return cls(outputs, prior, scale, values.reshape(-1, n_cells * len(outputs)))

    @property
    def n_cells(self) -> int:
        """Number of cells of each level, one where a mean is over all rows."""
        return int(self.values.shape[1] // len(self.outputs))

    def for_networks(
        self,
        levels: Array,
        target: Array,
        weight: Array | None,
        learned: Array,  # int: indices of the rows that the networks learn from
        # int (n_samples,): a row that is learned from gets the mean of the rows of other parts
        parts: Array,
        cells: Array | None = None,  # int (n_samples,): each row's cell, or -1
    ) -> Array:
        """Return the values of every row for networks that learn from some rows.

        The result is float32 (n_samples, n_cells * n_means): 0 where no such row has the level.
        """
        n_levels, parts = len(self.values), parts % PARTS
        targets = target[learned][:, self.outputs].astype(np.float64)
        weights = _weights(weight, len(levels))[learned]
        keys, n_keys = parts[learned] * n_levels + levels[learned], n_levels * self.n_cells
        if cells is not None:
            keys, targets, weights = in_cells(keys, cells[learned], self.n_cells, targets, weights)
        rows, sums = level_totals(keys, targets, weights, PARTS * n_keys)
        rows, sums = rows.reshape(PARTS, n_keys), sums.reshape(PARTS, n_keys, -1)
        all_rows, all_sums = rows.sum(axis=0), sums.sum(axis=0)
        result = self.scaled(all_rows, all_sums)[levels]
        for part in range(PARTS):
            these = learned[parts[learned] == part]
            scaled = self.scaled(all_rows - rows[part], all_sums - sums[part])
            result[these] = scaled[levels[these]]
        return result

    def scaled(self, rows: Array, sums: Array) -> Array:
        """Return the means of the target at levels, given their rows and sums of targets."""
        scaled = _shrunk(rows, sums, self.prior, self.n_cells) / self.scale
        return scaled.astype(np.float32).reshape(self.values.shape)

    def to_arrays(self, prefix: str) -> dict[str, Array]:
        """Return the arrays, for a file."""
        return {f"{prefix}.{field.name}": getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array], prefix: str) -> LevelMeans | None:
        """Return the means that `to_arrays` described, if there are any."""
        if f"{prefix}.values" not in arrays:
            return None
        return cls(*(arrays[f"{prefix}.{field.name}"] for field in fields(cls)))


def _weights(weight: Array | None, n_samples: int) -> Array:
    return np.ones(n_samples) if weight is None else np.asarray(weight, np.float64)


def level_totals(levels: Array, target: Array, weight: Array, n_levels: int) -> tuple[Array, Array]:
    """Return the weight of each level's rows, and the weighted sum of their targets."""
    rows = np.bincount(levels, weight, n_levels)
    sums = [np.bincount(levels, weight * output, n_levels) for output in target.T]
    return rows, np.stack(sums, axis=1)  # (n_levels,), (n_levels, n_means)


def in_cells(
    levels: Array, cells: Array, n_cells: int, target: Array, weight: Array
) -> tuple[Array, Array, Array]:
    """Return the levels of rows with their cells as one number, targets and weights.

    Rows without a cell are left out.
    """
    rows = np.flatnonzero(cells >= 0)
    return levels[rows] * n_cells + cells[rows], target[rows], weight[rows]


def _prior(rows: Array, sums: Array, within: Array, n_cells: int) -> Array:
    """Return the variance within levels over that between them, by the method of moments."""
    n_samples = rows.sum()
    means = sums / np.maximum(rows, 1e-300)[:, None]
    mean = _means_of_cells(rows, sums, n_cells)
    between = rows @ np.square(means - mean)
    n_levels = np.count_nonzero(rows > 0)
    spread_within = within / max(n_samples - n_levels, 1.0)
    rest = n_samples - np.square(rows).sum() / n_samples
    spread_between = (between - (n_levels - 1) * spread_within) / max(rest, 1e-300)
    prior: Array = np.full(len(within), np.inf)
    np.divide(spread_within, spread_between, out=prior, where=spread_between > 0)
    return prior


def _means_of_cells(rows: Array, sums: Array, n_cells: int) -> Array:
    """Return the mean of all rows, or of those of the cell of each level and cell."""
    if n_cells == 1:
        return np.asarray(sums.sum(axis=0) / max(rows.sum(), 1e-300))  # (n_means,)
    rows, sums = rows.reshape(-1, n_cells), sums.reshape(-1, n_cells, sums.shape[1])
    means = sums.sum(axis=0) / np.maximum(rows.sum(axis=0), 1e-300)[:, None]
    return np.tile(means, (len(rows), 1))  # (n_levels * n_cells, n_means)


def _shrunk(rows: Array, sums: Array, prior: Array, n_cells: int) -> Array:
    """Return the deviations of the levels' means from that of all, shrunk; 0 for unknown levels."""
    mean = _means_of_cells(rows, sums, n_cells)
    known = (rows > 1e-12 * rows.sum())[:, None]  # a difference of sums of weights may be off zero
    shrunk: Array = np.zeros_like(sums)
    np.divide(sums - rows[:, None] * mean, rows[:, None] + prior, out=shrunk, where=known)
    return shrunk
