"""A forest for the gaps of a column: trees of the other columns, grown on rows drawn with repeats.

The best value of a gap is the mean over all trees, or the level that most of them favor. To draw a
value into a table, one tree is taken, and in its leaf one row of the table: so draws scatter as the
column does among rows that are alike. Another table gets another tree, grown on other rows: so
tables differ as much as what was learned is uncertain. scikit-learn grows the trees; as arrays,
NumPy walks them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np

from madaline.nn._engine.grown_trees import nodes_of, tree_of_forest
from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array, Rng

# Forests grow on one thread: with two, filling five tables took from .82 to 1.9 of the time, and
# threads of scikit-learn lose the filters of warnings at times.
# What was tried, and came out, is in benchmarks/experiments/filling.md.
N_TREES = 50
_MAX_ROWS = 20_000  # rows that a forest learns from
_MAX_LEAVES = 4_000_000  # of all trees, times classes


@final
@dataclass(frozen=True)
class GapTask:
    """What is learned of a column, and with what."""

    n_classes: int  # 0 of numbers
    seed: int


@final
@dataclass(frozen=True)
class Shape:
    """How finely trees divide the rows."""

    rows_of_leaf: int
    share_of_columns: float  # that a split chooses from
    is_exact: bool = False  # whether a split looks for the best place, or takes a random one


SHAPES = (Shape(3, 1.0), Shape(1, 0.7), Shape(15, 1.0), Shape(3, 0.7, is_exact=True))
"""Those that are tried, out of bag; the first where there are too few rows to try."""


@final
@dataclass(frozen=True, eq=False)
class Forest:
    """Trees, and the rows in their leaves."""

    trees: Nodes
    # (n_leaves, n_outputs) float32: the mean of a number, the share of each class
    means: Array
    first: Array  # int64 (n_leaves + 1,): where the rows of each leaf begin
    members: Array  # (n_trees * n_rows,): their numbers or classes

    def mean(self, codes: Array) -> Array:
        """Return the mean over all trees, (n_samples, n_outputs), for codes of rows."""
        total = np.zeros((len(codes), self.means.shape[1]))
        for leaves in self._leaves(codes).T:
            total += self.means[leaves]
        return total / len(self.trees.roots)

    def draw(self, codes: Array, rng: Rng) -> Array:
        """Return a number or class for each row: of a row in its leaf of one tree."""
        tree = int(rng.integers(len(self.trees.roots)))
        leaf = self._leaves(codes, self.trees.roots[tree : tree + 1])[:, 0]
        size = self.first[leaf + 1] - self.first[leaf]
        place = self.first[leaf] + (rng.random(len(codes)) * size).astype(np.int64)
        return np.asarray(self.members[place])

    def _leaves(self, codes: Array, roots: Array | None = None) -> Array:
        """Return the number of the leaf of each row in all trees, or in those of some roots."""
        leaves = [
            self.trees.value.take(self.trees.leaves(codes[start : start + 4096], roots))
            for start in range(0, max(1, len(codes)), 4096)
        ]
        return np.concatenate(leaves).astype(np.int64)


def grow(
    codes: Array,  # uint8 (n_rows, n_features)
    target: Array,  # (n_rows,): numbers, or classes from 0 up
    shape: Shape,
    task: GapTask,
    n_trees: int,
) -> tuple[Forest, Array]:
    """Return a forest, and what trees that did not see a row predict for it, (n_rows, n_outputs).

    Rows that all trees saw have NaN there.
    """
    if len(target) > _MAX_ROWS:
        rows = np.random.default_rng([task.seed, 3]).permutation(len(target))[:_MAX_ROWS]
        rows.sort()
        codes, target = codes[rows], target[rows]
    model = _fitted(codes, target, shape, task, n_trees)
    parts = [grown.tree_ for grown in model.estimators_]
    trees = nodes_of([tree_of_forest(tree) for tree in parts])
    number = np.cumsum(trees.is_leaf) - 1
    trees = replace(trees, value=number.astype(np.float32))
    means = np.concatenate([tree.value[tree.children_left < 0] for tree in parts])
    means = _over_classes(means, model, task.n_classes).astype(np.float32)
    places = number[model.apply(codes) + trees.roots]  # (n_rows, n_trees): the leaf of each row
    order = np.argsort(places, axis=None, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(places.ravel(), minlength=len(means)))])
    forest = Forest(trees, means, first, np.repeat(target, len(parts))[order])
    return forest, _out_of_bag(places, means, model.estimators_samples_)


def _fitted(codes: Array, target: Array, shape: Shape, task: GapTask, n_trees: int) -> Any:
    from sklearn import ensemble

    grown = "RandomForest" if shape.is_exact else "ExtraTrees"
    kind = getattr(ensemble, grown + ("Classifier" if task.n_classes else "Regressor"))
    fewest = shape.rows_of_leaf
    while task.n_classes and n_trees * len(target) * task.n_classes > _MAX_LEAVES * fewest:
        fewest *= 2
    model = kind(
        n_trees,
        min_samples_leaf=fewest,
        max_features=shape.share_of_columns,
        bootstrap=True,
        random_state=task.seed,
    )
    return model.fit(codes.astype(np.float32), target)


def _over_classes(means: Array, model: Any, n_classes: int) -> Array:
    """Return shares of all classes, or the means of numbers, (n_leaves, n_outputs)."""
    if not n_classes:
        return means[:, 0, :]
    shares = np.zeros((len(means), n_classes))
    shares[:, model.classes_] = means[:, 0, :]
    return shares


def _out_of_bag(places: Array, means: Array, drawn: Sequence[Array]) -> Array:
    """Return the mean over the trees that did not learn from a row; NaN where all did."""
    total = np.zeros((len(places), means.shape[1]))
    n_unseen = np.zeros(len(places))
    for tree, rows in enumerate(drawn):
        unseen = np.ones(len(places), bool)
        unseen[rows] = False
        total[unseen] += means[places[unseen, tree]]
        n_unseen += unseen
    with np.errstate(invalid="ignore"):
        return np.asarray(total / n_unseen[:, None])
