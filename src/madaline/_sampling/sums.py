"""Weighted sums of the numbers before a column, and predictions of it, as codes to split by.

Trees cut along one column at a time. Where a column nearly is a sum of others (the bill of a month,
that of the month before and what was paid), they need many cuts; given the sum, they need one.
Sums are least-squares fits of the column: one of the values, one of their ranks as quantiles of a
normal distribution, which hold the relations of products. The column that models are to predict is
also given a prediction by trees: questions about bins alone know its mean less well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from madaline._sampling.growing import cross_fit
from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array, Rng

N_SUMS, N_EDGES = 2, 199
N_COMPUTED = 3  # codes before those of columns: of the sums, and of the prediction
_SHARES = np.arange(1, N_EDGES + 1) / (N_EDGES + 1)
_SHRINKAGE = 1e-4  # of the weights (L2), for each row


@final
@dataclass(frozen=True, eq=False)
class SumCodes:
    """The sums of one column."""

    weights: Array  # float64 (N_SUMS, n_sources)
    edges: Array  # float64 (N_SUMS, N_EDGES): between the codes

    def codes(self, scores: Sequence[Array], cells: Sequence[Array]) -> Array:
        """Return the code of each sum, uint8 (n_samples, N_SUMS).

        It is given the scores of the cells, (N_SUMS, n_cells), of each column before, and the cell
        of each row. Sums are added column by column, so that a row has the same bits in any table.
        """
        made = np.zeros((len(cells[0]), N_SUMS), np.uint8)
        for place, (weights, edges) in enumerate(zip(self.weights, self.edges, strict=True)):
            total = _sum(weights, [own[place] for own in scores], cells)
            made[:, place] = np.searchsorted(edges, total, "right")
        return made


@final
@dataclass(frozen=True, eq=False)
class PredictionCode:
    """What trees predict of a number, given codes of which the last computed one is zero."""

    trees: Nodes
    edges: Array  # float64 (N_EDGES,)

    def code(self, codes: Array) -> Array:
        """Return the code of the prediction for each row of codes, uint8."""
        predicted = self.trees.sums(codes, slice(None))
        return np.searchsorted(self.edges, predicted, "right").astype(np.uint8)


def learn_prediction(codes: Array, scores: Array, rng: Rng) -> tuple[PredictionCode, Array]:
    """Return the prediction of a number, and its code for each row, by trees of other rows."""
    trees, predicted = cross_fit(codes, scores, rng)
    edges = np.quantile(predicted, _SHARES)
    return PredictionCode(trees, edges), np.searchsorted(edges, predicted, "right").astype(np.uint8)


def learn_sums(scores: Sequence[Array], cells: Sequence[Array]) -> list[SumCodes]:
    """Return the sums that are nearest to each column but the first one, of those before it."""
    weights: list[list[Array]] = [[] for _ in cells]
    edges: list[list[Array]] = [[] for _ in cells]
    ridge = _SHRINKAGE * len(cells[0]) * np.eye(len(cells))
    for place in range(N_SUMS):
        own = [table[place] for table in scores]
        x = np.array([table[rows] for table, rows in zip(own, cells, strict=True)])
        products = x @ x.T + ridge
        for n in range(1, len(cells)):
            weights[n].append(np.linalg.solve(products[:n, :n], products[:n, n]))
            edges[n].append(np.quantile(_sum(weights[n][-1], own[:n], cells[:n]), _SHARES))
    pairs = zip(weights[1:], edges[1:], strict=True)
    return [SumCodes(np.array(one), np.array(other)) for one, other in pairs]


def _sum(weights: Array, scores: Sequence[Array], cells: Sequence[Array]) -> Array:
    total = np.zeros(len(cells[0]))
    for weight, own, rows in zip(weights.tolist(), scores, cells, strict=True):
        total += (weight * own)[rows]
    return total
