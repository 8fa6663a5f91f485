"""A run is some neighboring values of a column; where it begins and ends is looked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.groups import FEWEST_ROWS, LARGEST, Cut, Group
from madaline.nn.arrays import Array, row_blocks

LONGEST = 4
"""How many neighboring parts of a column are looked at together."""


@dataclass(frozen=True, eq=False)
class Run:
    """Some neighboring parts of a column (final).

    Parameters
    ----------
    cut : Cut
        The column.
    first, last : int
        Its parts.
    lack : float
        By how many standard errors expectation and truth agree less there than elsewhere.
    """

    cut: Cut
    first: int
    last: int
    lack: float

    @property
    def group(self) -> Group:
        """The rows."""
        return self.cut.group(self.first, self.last)


def sums_of_parts(
    cuts: Sequence[Cut], expected: Array, truth: Array, counted: Array
) -> list[Array]:
    """Return, for each part of some columns, the sums over its rows that correlations are made of.

    Parameters
    ----------
    cuts : sequence of Cut
        The columns.
    expected, truth : ndarray of shape (n_rows, n_outputs)
        What is expected and what is so; over several outputs their products are summed.
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
        values = _summands(expected[rows], truth[rows]) * counted[rows, None]
        for cut, own in zip(cuts, sums, strict=True):
            members = np.arange(len(own))[:, None] == cut.parts[rows]
            own += members.astype(np.float64) @ values
    return sums


def lacking_runs(cut: Cut, of_parts: Array) -> Iterator[Run]:
    """Yield each part of a column, and neighboring ones, with what their agreement lacks.

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
    runs = np.array(list(_runs(cut)))
    inside = sums[runs[:, 1] + 1] - sums[runs[:, 0]]
    lacks = _lacks(inside, usual, int(total[0]))
    for (first, last), lack in zip(runs.tolist(), lacks.tolist(), strict=True):
        if lack > -np.inf:
            yield Run(cut, first, last, lack)


def with_its_borders(run: Run, expected: Array, truth: Array, counted: Array) -> Group:
    """Return the rows of a run with borders moved, by a part at most, to where it lacks most.

    Parameters
    ----------
    run : Run
        What was found by parts.
    expected, truth : ndarray of shape (n_rows, n_outputs)
        What is expected by the other rows, and what is so.
    counted : Boolean ndarray of shape (n_rows,)
        The rows that count.
    """
    cut, n_counted = run.cut, int(counted.sum())
    if not cut.is_ordered or run.first == cut.n_parts:
        return run.group
    near = (cut.parts >= run.first - 1) & (cut.parts <= run.last + 1) & (cut.parts < cut.n_parts)
    places = np.flatnonzero(near & counted)
    places = places[np.argsort(cut.values[places], kind="stable")]
    values, parts = cut.values[places], cut.parts[places]
    others = counted & ~run.group.rows
    usual = float(_correlations(_total(expected, truth, others)[None])[0])
    sums = np.pad(np.cumsum(_summands(expected[places], truth[places]), 0), ((1, 0), (0, 0)))
    starts = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    ends = np.append(starts[1:], len(values))
    start, end = np.searchsorted(parts, [run.first, run.last + 1])
    for _ in range(2):
        begins = starts[starts < end]
        start = begins[np.argmax(_lacks(sums[end] - sums[begins], usual, n_counted))]
        stops = ends[ends > start]
        end = stops[np.argmax(_lacks(sums[stops] - sums[start], usual, n_counted))]
    return cut.between(values[start], values[end - 1])


def _runs(cut: Cut) -> Iterator[tuple[int, int]]:
    """Yield the first and the last part of each candidate; a missing value has no neighbor."""
    yield cut.n_parts, cut.n_parts
    for width in range(1, 1 + (LONGEST if cut.is_ordered else 1)):
        for first in range(cut.n_parts - width + 1):
            yield first, first + width - 1


def _total(expected: Array, truth: Array, counted: Array) -> Array:
    """Return the sums over the rows that count that correlations are made of."""
    total = np.zeros(4 + 2 * truth.shape[1])
    for rows in row_blocks(len(truth), len(total)):
        total += counted[rows].astype(np.float64) @ _summands(expected[rows], truth[rows])
    return total


def _summands(expected: Array, truth: Array) -> Array:
    """Return for each row what correlations are made of, shape (n_rows, 4 + 2 n_outputs)."""
    expected, truth = expected.astype(np.float64), truth.astype(np.float64)
    pairs = ((expected, expected), (truth, truth), (expected, truth))
    products = [np.sum(one * other, axis=1, keepdims=True) for one, other in pairs]
    return np.hstack([np.ones((len(truth), 1)), *products, expected, truth])


def _lacks(sums: Array, usual: float, n_counted: int) -> Array:
    """Return by how many standard errors less than usual is agreed in rows with these sums.

    Minus infinity where rows are too few, or so many that they are the rule.
    """
    n_rows = sums[:, 0]
    lacks = np.sqrt(n_rows) * (usual - _correlations(sums))
    fitting = (n_rows >= FEWEST_ROWS) & (n_rows <= LARGEST * n_counted)
    return np.where(fitting, lacks, -np.inf)


def _correlations(sums: Array) -> Array:
    """Return the correlation in rows with these sums, shape (n_sums,); 0 where nothing varies."""
    n_rows = np.maximum(sums[:, :1], 1)
    squares, means = sums[:, 1:4] / n_rows, sums[:, 4:] / n_rows
    expected, truth = np.split(means, 2, axis=1)
    scatter = squares[:, 0] - np.sum(expected**2, axis=1)
    spread = squares[:, 1] - np.sum(truth**2, axis=1)
    product = squares[:, 2] - np.sum(expected * truth, axis=1)
    # What is left after nearly equal numbers are subtracted is no scatter.
    varied = (scatter > 1e-9 * squares[:, 0]) & (spread > 1e-9 * squares[:, 1])
    scale = np.sqrt(np.where(varied, scatter * spread, 1.0))
    return np.where(varied, product / scale, 0.0)
