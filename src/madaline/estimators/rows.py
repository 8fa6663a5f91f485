"""Which rows count: those of weight zero do not, and copies in a tiny table count as one row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.data.media.images import image_codes
from madaline.data.splits.given_folds import GivenFolds
from madaline.data.table import Table
from madaline.nn.arrays import Array

TINY = 32
"""Copies are made one row where all rows together weigh this much at most: one batch."""

FEWEST = 5
"""How many different rows must be left for that: one a fold."""


@dataclass(frozen=True)
class CountedRows:
    """The rows that are learned from.

    Parameters
    ----------
    table : Table
        Their columns.
    target : ndarray of shape (n_counted,)
        What to predict.
    weight : ndarray of shape (n_counted,), optional
        Their weights as multiples of the smallest; None where all weigh the same.
    groups : ndarray of shape (n_counted,), optional
        Their groups.
    folds : int or GivenFolds, optional
        Their folds.
    places : int ndarray of shape (n_samples,)
        For every original row its place among these, or -1 if it does not count.
    """

    table: Table
    target: Array
    weight: Array | None
    groups: Array | None
    folds: int | GivenFolds | None
    places: Array

    @property
    def numbers(self) -> Array:
        """The number of each counted row among the original ones; of copies, the first."""
        counted, first = np.unique(self.places, return_index=True)
        return first[counted >= 0]

    def spread(self, output: Array) -> Array:
        """Return the output of every original row; NaN for rows that do not count.

        Parameters
        ----------
        output : ndarray of shape (n_counted, n_outputs)
            An output for each counted row.
        """
        spread = output[self.places].astype(np.float64)
        spread[self.places < 0] = np.nan
        return spread


def count_rows(
    table: Table,
    target: Array,
    weight: Array | None = None,
    groups: Array | None = None,
    folds: int | GivenFolds | None = None,
) -> CountedRows:
    """Leave out what does not count, so that a weight means as many rows.

    Rows of weight zero are left out. In a tiny table rows that agree in everything become one row
    with the sum of their weights, and the rows are sorted: a row of weight two and the same row
    twice then give the same networks to the bit, and no copy is judged by networks that saw the
    other. In larger tables equal rows mostly are no copies but alike, and stay.

    Parameters
    ----------
    table : Table
        The columns.
    target : ndarray of shape (n_samples,)
        What to predict.
    weight : ndarray of shape (n_samples,), optional
        Weights, zero or more, at least one above zero.
    groups : ndarray of shape (n_samples,), optional
        Groups.
    folds : int or GivenFolds, optional
        Folds.
    """
    amounts = _amounts(len(target), weight)
    kept_apart = [] if groups is None else [groups]
    kept_apart += folds.columns() if isinstance(folds, GivenFolds) else []
    rows, places = _places(table, target, kept_apart, amounts)
    total = np.bincount(places[places >= 0], amounts[places >= 0], minlength=len(rows))
    return CountedRows(
        table if np.array_equal(rows, np.arange(len(target))) else table.take(rows),
        target[rows],
        None if np.all(total == total[0]) else total / total.min(),
        None if groups is None else groups[rows],
        folds.take(rows) if isinstance(folds, GivenFolds) else folds,
        places,
    )


def _amounts(n_samples: int, weight: Array | None) -> Array:
    """Return how many rows each row stands for; one, where all weigh the same."""
    if weight is None:
        return np.ones(n_samples)
    above = weight > 0
    return above.astype(np.float64) if np.all(weight[above] == weight[above][0]) else weight


def _places(
    table: Table, target: Array, kept_apart: list[Array], amounts: Array
) -> tuple[Array, Array]:
    """Return the rows that stay, and for every row its place among them, or -1."""
    counted = np.flatnonzero(amounts)
    places = np.full(len(target), -1)
    places[counted] = np.arange(len(counted))
    if max(len(counted), amounts.sum()) > TINY:
        return counted, places
    columns = [*(table[name] for name in table.names), target, *kept_apart]
    codes = np.stack([_codes(column[counted]) for column in columns], axis=1)
    _, first, same = np.unique(codes, axis=0, return_index=True, return_inverse=True)
    if len(first) < FEWEST:
        return counted, places
    places[counted] = same.reshape(-1)
    return counted[first], places


def _codes(values: Array) -> Array:
    """Return the rank of each value among the different ones; missing values are one of them."""
    if values.ndim > 1:
        return image_codes(values)
    if values.dtype == object:
        named = np.array([f"{type(value).__name__} {value}" for value in values])
        return np.unique(named, return_inverse=True)[1].reshape(-1)
    return np.unique(values, return_inverse=True)[1].reshape(-1)
