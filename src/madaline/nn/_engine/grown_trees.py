"""Trees that scikit-learn grew: the one place that reads its private names.

Those of its histogram gradient boosting (`_predictors`, `TreeGrower`, the fields of nodes) have
been the same from 1.6 to 1.9; `tests/trees/test_trees.py` and `tests/sampling/test_growing.py` hold
them. Everything here runs on one thread: on several, sums of scikit-learn round otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple, final

import numpy as np

from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array


@final
class GrownTree(NamedTuple):
    """The nodes of a tree; each stands behind the one that leads to it."""

    is_leaf: Array
    feature: Array
    threshold: Array  # float64: up to which a number goes to the left
    code: Array  # uint8: up to which a code does
    left: Array
    right: Array
    value: Array  # float64, of leaves


def tree_of(nodes: Array) -> GrownTree:
    """Return a tree of the nodes that a predictor of scikit-learn has."""
    names = ("feature_idx", "num_threshold", "bin_threshold", "left", "right", "value")
    return GrownTree(nodes["is_leaf"].astype(bool), *(nodes[name] for name in names))


def tree_of_forest(tree: Any) -> GrownTree:
    """Return the nodes of a tree of a forest on codes, but for its values."""
    is_leaf = tree.children_left < 0
    below = tree.children_left, tree.children_right
    return GrownTree(is_leaf, tree.feature, tree.threshold, tree.threshold, *below, 0.0 * is_leaf)


_NO_TREE = GrownTree(np.zeros(0, bool), *np.zeros((6, 0)))


def nodes_of(grown: Sequence[GrownTree]) -> Nodes:
    """Return trees that were grown on codes, one behind the other."""
    sizes = [len(tree.value) for tree in grown]
    roots = np.cumsum([0, *sizes])[:-1]
    columns = map(np.concatenate, zip(_NO_TREE, *grown, strict=True))
    is_leaf, feature, _, code, left, right, value = columns
    number = np.arange(len(value))[:, None]
    below = np.stack([left, right], axis=1) + np.repeat(roots, sizes)[:, None]
    return Nodes(
        np.where(is_leaf, 0, feature).astype(np.uint16),
        np.where(is_leaf, 0, code).astype(np.uint8),
        np.where(is_leaf[:, None], number, below).astype(np.int32),
        np.where(is_leaf, value, 0).astype(np.float32),
        roots.astype(np.int32),
    )


def bias_of(model: Any) -> Array:
    """Return what the trees of an estimator are added to, (n_outputs,)."""
    return np.reshape(model._baseline_prediction, -1)


def trees_of(model: Any, n_rounds: int) -> list[list[GrownTree]]:
    """Return the trees of the first rounds of an estimator, by round and output."""
    return [[tree_of(tree.nodes) for tree in of_round] for of_round in model._predictors[:n_rounds]]


def add_rounds(model: Any, x: Array, rounds: slice, total: Array) -> None:
    """Add what trees of some rounds of an estimator say of rows to their outputs so far."""
    model._predict_iterations(x, model._predictors[rounds], total, is_binned=False, n_threads=1)


@final
class TreeOfCodes:
    """A tree for the slopes of a loss, grown on codes of rows, which are bins already.

    The estimators would sort every column again for every tree.
    """

    def __init__(self, codes: Array, gradient: Array, hessian: Array, **settings: Any) -> None:
        from sklearn.ensemble._hist_gradient_boosting.grower import TreeGrower

        n_codes = codes.max(axis=0, initial=0) + np.uint32(1)
        self._grower = TreeGrower(
            codes,
            gradient.astype(np.float32),
            hessian.astype(np.float32),
            n_bins=min(256, max(2, int(n_codes.max(initial=1)) + 1)),
            n_bins_non_missing=n_codes.astype(np.uint32),
            n_threads=1,
            **settings,
        )
        self._grower.grow()
        self._n_features = codes.shape[1]

    @cached_property
    def _predictor(self) -> Any:
        return self._grower.make_predictor([np.arange(256.0)] * self._n_features)

    @property
    def tree(self) -> GrownTree:
        """The nodes."""
        return tree_of(self._predictor.nodes)

    def number(self) -> None:
        """Give each leaf its number as its value."""
        for number, leaf in enumerate(self._grower.finalized_leaves):
            leaf.value = float(number)

    def leaves(self) -> list[tuple[Array, float]]:
        """Return the rows and the value of each leaf."""
        return [(leaf.sample_indices, leaf.value) for leaf in self._grower.finalized_leaves]

    def add(self, codes: Array, raw: Array) -> None:
        """Add what the tree says of other rows to their outputs so far."""
        if len(raw):
            raw += self._predictor.predict_binned(codes, 255, 1)
