"""How a column follows from others: questions about its bin, and a tree for the value within.

The bins of a column are halved by the number of their rows, and halved again, until each is alone:
a balanced tree of yes-or-no questions. The answer to each is predicted by boosted trees of the
other columns, so that a row that is drawn needs four or five answers and not a probability for each
of 16 bins. Within each bin, another tree finds rows that are alike, of which one gives its cell.

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

from madaline._apps.sampling.cells import LEVEL, ColumnCells
from madaline._apps.sampling.growing import (
    SHARP,
    FollowStrength,
    boost,
    cross_fit,
    grow_leaves,
    share_of,
)
from madaline.nn._engine.grown_trees import GrownTree, nodes_of
from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array, Rng

# What was tried, and came out, is in benchmarks/experiments/sampling.md.
N_SUMS = 2
N_EDGES = 199
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
        codes = np.zeros((len(cells[0]), N_SUMS), np.uint8)
        for place, (weights, edges) in enumerate(zip(self.weights, self.edges, strict=True)):
            total = _sum(weights, [of_column[place] for of_column in scores], cells)
            codes[:, place] = np.searchsorted(edges, total, "right")
        return codes


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
        tables = [table[place] for table in scores]
        x = np.array([table[rows] for table, rows in zip(tables, cells, strict=True)])
        products = x @ x.T + ridge
        for n in range(1, len(cells)):
            weights[n].append(np.linalg.solve(products[:n, :n], products[:n, n]))
            edges[n].append(np.quantile(_sum(weights[n][-1], tables[:n], cells[:n]), _SHARES))
    pairs = zip(weights[1:], edges[1:], strict=True)
    return [SumCodes(np.array(of_sums), np.array(between)) for of_sums, between in pairs]


def _sum(weights: Array, scores: Sequence[Array], cells: Sequence[Array]) -> Array:
    total = np.zeros(len(cells[0]))
    for weight, of_column, rows in zip(weights.tolist(), scores, cells, strict=True):
        total += (weight * of_column)[rows]
    return total


@final
@dataclass(frozen=True, eq=False)
class Questions:
    """Yes-or-no questions about a bin; each stands behind the one that leads to it."""

    # int32 (n_questions, 2): what follows a no (the lower bins) and a yes: the number of a
    # question, or of a bin as -1 - bin
    below: Array
    bias: Array  # float64 (n_questions,): the log odds of a yes without any tree
    first: Array  # int32 (n_questions + 1,): the first tree of each
    trees: Nodes

    def draw(self, codes: Array, rng: Rng) -> Array:
        """Return a bin for each row of codes, (n_samples,)."""
        place = np.full(len(codes), 0 if len(self.below) else -1)
        waiting = np.flatnonzero(place >= 0)
        while len(waiting):
            drawn = rng.random(len(waiting))
            order = np.argsort(place[waiting], kind="stable")
            asked, starts = np.unique(place[waiting][order], return_index=True)
            for question, rows in zip(asked.tolist(), np.split(order, starts[1:]), strict=True):
                some = waiting[rows]
                trees = slice(*self.first[question : question + 2])
                log_odds = self.bias[question] + self.trees.sums(codes[some], trees)
                yes = drawn[rows] < share_of(log_odds)
                place[some] = self.below[question][yes.astype(np.intp)]
            waiting = waiting[place[waiting] >= 0]
        return -1 - place


@final
@dataclass(frozen=True, eq=False)
class Within:
    """The rows among which a cell of a bin is drawn: those of a leaf of the tree of the bin."""

    trees: Nodes  # one for each bin; the value of a leaf is its number
    first: Array  # int32 (n_leaves + 1,): where the cells of each leaf begin
    cells: Array  # int32 (n_rows,)

    def draw(self, codes: Array, bins: Array, rng: Rng) -> Array:
        """Return a cell for each row of codes and its bin."""
        leaf = self.trees.leaves(codes, self.trees.roots[bins][:, None])[:, 0]
        number = self.trees.value[leaf].astype(np.int64)
        first = self.first[number]
        size = np.diff(self.first)[number]
        place = first + (rng.random(len(codes)) * size).astype(np.int64)
        return np.asarray(self.cells[place])


@final
@dataclass(frozen=True, eq=False)
class ColumnModel:
    """The cells of a column given the codes of others."""

    questions: Questions
    within: Within | None  # None where each bin is one cell
    prediction: PredictionCode | None = None

    def draw(self, codes: Array, rng: Rng) -> Array:
        """Return a cell for each row of codes, shape (n_samples, n_features)."""
        if self.prediction is not None:
            codes = codes.copy()
            codes[:, N_SUMS] = self.prediction.code(codes)
        bins = self.questions.draw(codes, rng)
        return bins.astype(np.int32) if self.within is None else self.within.draw(codes, bins, rng)


def learn_column(
    codes: Array,  # uint8 (n_features, n_samples), of other columns
    drawn: Array,  # int32 (n_samples,), the cell of each row
    cells: ColumnCells,
    strength: FollowStrength,
    rng: Rng,
    *,
    is_target: bool = False,
) -> ColumnModel:
    """Return the model of a column; of the target, a finer one that takes longer."""
    bins = cells.bins[drawn]
    prediction = None
    if is_target:
        strength = SHARP
        if cells.kind != LEVEL:
            codes = codes.copy()
            prediction, codes[N_SUMS] = learn_prediction(codes, cells.scores[0][drawn], rng)
    questions = _learn_questions(codes, bins, cells.n_bins, strength, rng)
    within = None
    if cells.n_bins < cells.n_cells:
        within = _learn_within(codes, drawn, bins, strength.rows_of_leaf)
    return ColumnModel(questions, within, prediction)


def _learn_within(codes: Array, drawn: Array, bins: Array, rows_of_leaf: int) -> Within:
    order = np.argsort(bins, kind="stable")
    trees = list[GrownTree]()
    cells = list[Array]()
    for rows in np.split(order, np.flatnonzero(np.diff(bins[order])) + 1):
        tree, leaves = grow_leaves(codes[:, rows], drawn[rows].astype(np.float64), rows_of_leaf)
        trees.append(tree._replace(value=tree.value + len(cells)))
        cells += [np.sort(drawn[rows[leaf]]) for leaf in leaves]
    first = np.cumsum([0, *map(len, cells)]).astype(np.int32)
    return Within(nodes_of(trees), first, np.concatenate(cells).astype(np.int32))


def _learn_questions(
    codes: Array, bins: Array, n_bins: int, strength: FollowStrength, rng: Rng
) -> Questions:
    counts = np.bincount(bins, minlength=n_bins)
    below: list[list[int]] = []
    grown = []
    waiting = [(0, n_bins, -1, 0, np.arange(len(bins)))] if n_bins > 1 else []
    while waiting:  # each question leads to two ranges of bins
        low, high, parent, side, rows = waiting.pop(0)
        number = len(below)
        if parent >= 0:
            below[parent][side] = number
        middle = _middle(counts, low, high)
        yes = bins[rows] >= middle
        below.append([-1 - low, -1 - middle])
        grown.append(boost(codes[:, rows], yes, strength, rng))
        if middle - low > 1:
            waiting.append((low, middle, number, 0, rows[~yes]))
        if high - middle > 1:
            waiting.append((middle, high, number, 1, rows[yes]))
    return Questions(
        np.array(below, np.int32).reshape(-1, 2),
        np.array([bias for _, bias in grown]),
        np.cumsum([0, *(len(trees) for trees, _ in grown)]).astype(np.int32),
        nodes_of([tree for trees, _ in grown for tree in trees]),
    )


def _middle(counts: Array, low: int, high: int) -> int:
    """Return where a range of bins is cut into halves of about as many rows."""
    below = np.cumsum(counts[low:high])
    cut = int(np.abs(2 * below[:-1] - below[-1]).argmin())
    return low + cut + 1
