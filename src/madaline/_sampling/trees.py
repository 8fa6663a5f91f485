"""Trees as arrays: splits of codes, walked by all rows at once.

A node is one whole number: the feature it looks at, the code up to which a row goes to the left,
and the number of the node on the left, behind which stands that on the right. A leaf leads to
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._sampling.cells import MAX_CODE
from madaline.nn.arrays import Array

_OF_FEATURE, _OF_CODE = 48, 40  # bits to the right of a node's feature, and of its code
_CHILD = (1 << _OF_CODE) - 1
MAX_FEATURES = 1 << 14
_BLOCK = 1 << 17  # rows times trees that are walked together


@final
@dataclass(frozen=True, eq=False)
class Trees:
    """Trees whose nodes stand one after the other."""

    nodes: Array  # int64 (n_nodes,)
    values: Array  # float32 (n_nodes,): of a leaf, what it adds; of other nodes, zero
    roots: Array  # int32 (n_trees,)

    @classmethod
    def of(cls, grown: Sequence[Any]) -> Trees:
        """Return trees that scikit-learn grew on codes, given the nodes of each."""
        if not grown:
            return joined(())
        nodes, sizes = np.concatenate(grown), [len(tree) for tree in grown]
        roots = np.cumsum([0, *sizes[:-1]])
        base = np.repeat(roots, sizes)
        left, right = nodes["left"] + base, nodes["right"] + base
        is_leaf = nodes["is_leaf"].astype(bool)
        feature, code = nodes["feature_idx"], nodes["bin_threshold"]
        return of_arrays(feature, code, left, right, is_leaf, nodes["value"], roots)

    def leaves(self, codes: Array, roots: Array | None = None) -> Array:
        """Return the leaf that each row comes to in all trees, or from some nodes.

        These may be others for each row. The shape is (n_samples, n_roots).
        """
        roots = self.roots if roots is None else roots
        flat = np.ascontiguousarray(codes).reshape(-1)
        start = (np.arange(len(codes)) * codes.shape[1])[:, None]
        node = np.broadcast_to(roots.astype(np.int64), (len(codes), roots.shape[-1]))
        while True:
            split = self.nodes.take(node)
            code = flat.take(start + (split >> _OF_FEATURE))
            onward = (split & _CHILD) + (code > (split >> _OF_CODE & MAX_CODE))
            if np.array_equal(onward, node):
                return node
            node = onward

    def sums(self, codes: Array, trees: slice) -> Array:
        """Return the sums of the values of the leaves that rows come to, (n_samples,)."""
        roots, total = self.roots[trees], np.zeros(len(codes))
        size = max(1, _BLOCK // max(1, len(roots)))
        for start in range(0, len(codes) if len(roots) else 0, size):
            rows = slice(start, start + size)
            leaves = self.leaves(codes[rows], roots)
            total[rows] = self.values.take(leaves).sum(axis=1, dtype=np.float64)
        return total

    def lead_on(self, n_features: int) -> bool:
        """Return whether each split leads to later nodes, so that every row comes to a leaf."""
        number = np.arange(len(self.nodes))
        child, code = self.nodes & _CHILD, self.nodes >> _OF_CODE & MAX_CODE
        feature = self.nodes >> _OF_FEATURE
        leads = np.where(self.is_leaf, code == MAX_CODE, (child > number) & (child < number[-1:]))
        return bool((leads & (feature >= 0) & (feature < max(1, n_features))).all())

    @property
    def is_leaf(self) -> Array:
        """Which nodes are leaves, Booleans of shape (n_nodes,)."""
        return np.asarray((self.nodes & _CHILD) == np.arange(len(self.nodes)))


def joined(parts: Sequence[Trees]) -> Trees:
    """Return the trees of several, one behind the other."""
    sizes = [0, *np.cumsum([len(part.nodes) for part in parts]).tolist()]
    if not parts:
        return Trees(np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int32))
    return Trees(
        np.concatenate([part.nodes + size for part, size in zip(parts, sizes, strict=False)]),
        np.concatenate([part.values for part in parts]),
        np.concatenate([part.roots + size for part, size in zip(parts, sizes, strict=False)]),
    )


def of_arrays(
    feature: Array,
    code: Array,  # up to which rows go to the left
    left: Array,
    right: Array,
    is_leaf: Array,
    value: Array,  # of leaves
    roots: Array,
) -> Trees:
    """Return trees of nodes that refer to one another by their numbers, in any order."""
    place = np.zeros(len(feature), np.int64)
    level, n_placed = np.asarray(roots, np.int64), len(roots)
    place[level] = np.arange(n_placed)
    nodes, values = np.zeros(len(feature), np.int64), np.zeros(len(feature), np.float32)
    while True:  # the nodes of all trees that are as far from their roots
        leaves, splits = level[is_leaf[level]], level[~is_leaf[level]]
        nodes[place[leaves]] = (MAX_CODE << _OF_CODE) | place[leaves]
        values[place[leaves]] = value[leaves]
        if not len(splits):
            break
        child = n_placed + 2 * np.arange(len(splits))
        place[left[splits]], place[right[splits]] = child, child + 1
        where = feature[splits].astype(np.int64) << _OF_FEATURE
        nodes[place[splits]] = where | (code[splits].astype(np.int64) << _OF_CODE) | child
        level = np.concatenate([left[splits], right[splits]])
        n_placed += 2 * len(splits)
    return Trees(nodes, values, np.arange(len(roots), dtype=np.int32))
