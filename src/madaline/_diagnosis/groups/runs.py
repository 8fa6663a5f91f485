"""A run is some neighboring values of a column; its exact borders are searched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.groups.group import FEWEST_ROWS, LARGEST, Cut, Group
from madaline.nn.arrays import Array, row_blocks

LONGEST = 4
"""Neighboring parts of a column in a run, at most."""


@dataclass(frozen=True, eq=False)
class Run:
    """Some neighboring parts of a column (final).

    Parameters
    ----------
    cut : Cut
        The column.
    first, last : int
        Its parts.
    gap : float
        By how many standard errors the correlation is lower there than elsewhere.
    """

    cut: Cut
    first: int
    last: int
    gap: float

    @property
    def group(self) -> Group:
        """The rows."""
        return self.cut.group(self.first, self.last)


def sums_of_parts(
    cuts: Sequence[Cut], predicted: Array, truth: Array, counted: Array
) -> list[Array]:
    """Return, for each part of some columns, the sums over its rows that make a correlation.

    Parameters
    ----------
    cuts : sequence of Cut
        The columns.
    predicted, truth : ndarray of shape (n_rows, n_outputs)
        Over several outputs their products are summed.
    counted : Boolean ndarray of shape (n_rows,)
        The rows that count.

    Returns
    -------
    list of ndarray of shape (n_parts + 2, 4 + 2 n_outputs)
        Of each column.
    """
    width = 4 + 2 * truth.shape[1]
    sums = [np.zeros((cut.n_parts + 2, width)) for cut in cuts]
    for rows in row_blocks(len(truth), width):
        values = _summands(predicted[rows], truth[rows]) * counted[rows, None]
        for cut, of_cut in zip(cuts, sums, strict=True):
            members = np.arange(len(of_cut))[:, None] == cut.parts[rows]
            of_cut += members.astype(np.float64) @ values
    return sums


def runs_of(cut: Cut, of_parts: Array) -> Iterator[Run]:
    """Yield each part of a column, and runs of neighboring ones, with the gap of the correlation.

    A correlation is made of sums over rows, and the sums of neighbors add up.

    Parameters
    ----------
    cut : Cut
        The column.
    of_parts : ndarray of shape (n_parts + 2, 4 + 2 n_outputs)
        What `sums_of_parts` returns for it.
    """
    total = of_parts.sum(axis=0)
    usual = float(_correlations(total[None])[0])
    sums = np.pad(np.cumsum(of_parts, axis=0), ((1, 0), (0, 0)))
    ends = [(cut.n_parts, cut.n_parts)]  # a missing value has no neighbor
    for width in range(1, 1 + (LONGEST if cut.is_ordered else 1)):
        ends += [(first, first + width - 1) for first in range(cut.n_parts - width + 1)]
    first, last = np.array(ends).T
    gaps = _gaps(sums[last + 1] - sums[first], usual, int(total[0]))
    for (start, end), gap in zip(ends, gaps.tolist(), strict=True):
        if gap > -np.inf:
            yield Run(cut, start, end, gap)


def with_exact_borders(run: Run, predicted: Array, truth: Array, counted: Array) -> Group:
    """Return the rows of a run with borders moved, by a part at most, to the largest gap.

    Parameters
    ----------
    run : Run
        What was found by parts.
    predicted, truth : ndarray of shape (n_rows, n_outputs)
        The predictions are by the other rows.
    counted : Boolean ndarray of shape (n_rows,)
        The rows that count.
    """
    cut, n_counted = run.cut, int(counted.sum())
    if not cut.is_ordered or run.first == cut.n_parts:
        return run.group
    near = (cut.parts >= run.first - 1) & (cut.parts <= run.last + 1) & (cut.parts < cut.n_parts)
    rows = np.flatnonzero(near & counted)
    rows = rows[np.argsort(cut.values[rows], kind="stable")]
    values, parts = cut.values[rows], cut.parts[rows]
    others = counted & ~run.group.rows
    usual = float(_correlations(_total(predicted, truth, others)[None])[0])
    sums = np.pad(np.cumsum(_summands(predicted[rows], truth[rows]), 0), ((1, 0), (0, 0)))
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    ends = np.append(starts[1:], len(values))
    start, end = np.searchsorted(parts, [run.first, run.last + 1])
    for _ in range(2):
        begins = starts[starts < end]
        start = begins[np.argmax(_gaps(sums[end] - sums[begins], usual, n_counted))]
        stops = ends[ends > start]
        end = stops[np.argmax(_gaps(sums[stops] - sums[start], usual, n_counted))]
    return cut.between(values[start], values[end - 1])


def _total(predicted: Array, truth: Array, counted: Array) -> Array:
    """Return the sums over the rows that count."""
    total = np.zeros(4 + 2 * truth.shape[1])
    for rows in row_blocks(len(truth), len(total)):
        total += counted[rows].astype(np.float64) @ _summands(predicted[rows], truth[rows])
    return total


def _summands(predicted: Array, truth: Array) -> Array:
    """Return for each row the summands of a correlation, shape (n_rows, 4 + 2 n_outputs)."""
    predicted, truth = predicted.astype(np.float64), truth.astype(np.float64)
    pairs = ((predicted, predicted), (truth, truth), (predicted, truth))
    products = [np.sum(left * right, axis=1, keepdims=True) for left, right in pairs]
    return np.hstack([np.ones((len(truth), 1)), *products, predicted, truth])


def _gaps(sums: Array, usual: float, n_counted: int) -> Array:
    """Return by how many standard errors the correlation of such sums is lower than usual.

    Minus infinity where rows are too few, or so many that they are the rule.
    """
    n_rows = sums[:, 0]
    gaps = np.sqrt(n_rows) * (usual - _correlations(sums))
    fitting = (n_rows >= FEWEST_ROWS) & (n_rows <= LARGEST * n_counted)
    return np.where(fitting, gaps, -np.inf)


def _correlations(sums: Array) -> Array:
    """Return the correlation of such sums, shape (n_sums,); 0 where nothing varies."""
    n_rows = np.maximum(sums[:, :1], 1)
    squares, means = sums[:, 1:4] / n_rows, sums[:, 4:] / n_rows
    predicted, truth = np.split(means, 2, axis=1)
    variance = squares[:, 0] - np.sum(predicted**2, axis=1)
    variance_of_truth = squares[:, 1] - np.sum(truth**2, axis=1)
    product = squares[:, 2] - np.sum(predicted * truth, axis=1)
    # What is left after nearly equal numbers are subtracted is rounding.
    varied = (variance > 1e-9 * squares[:, 0]) & (variance_of_truth > 1e-9 * squares[:, 1])
    scale = np.sqrt(np.where(varied, variance * variance_of_truth, 1.0))
    return np.where(varied, product / scale, 0.0)
