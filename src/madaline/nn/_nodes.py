"""Trees as nodes that stand one after the other, walked by all rows at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from madaline.nn.arrays import Array, row_blocks


@final
@dataclass(frozen=True, eq=False)
class Nodes:
    """Splits and leaves: at a split a row goes to the left if its feature is at most the threshold.

    A leaf stands below itself, whatever its feature and threshold are.

    >>> below = np.array([[1, 2], [1, 1], [2, 2]])
    >>> own = np.array([1, 0, 0]), np.array([5, 0, 0]), below, np.array([0.0, 10.0, 20.0])
    >>> nodes = Nodes(*own, roots=np.array([0]))
    >>> nodes.sums(np.array([[9, 5], [9, 6]]), slice(None))
    array([10., 20.])
    """

    feature: Array  # (n_nodes,), whole numbers
    threshold: Array  # (n_nodes,)
    below: Array  # (n_nodes, 2), whole numbers: the nodes on the left and on the right
    value: Array  # (n_nodes,): of a leaf, what it adds; of a split, nothing
    roots: Array  # (n_trees,), whole numbers

    def leaves(self, x: Array, roots: Array | None = None) -> Array:
        """Return the leaf that each row comes to in all trees, or from some nodes.

        These may be others for each row. The shape is (n_samples, n_roots).
        """
        x, roots = np.ascontiguousarray(x), self.roots if roots is None else roots
        start = (np.arange(len(x)) * x.shape[-1])[:, None]
        node = np.broadcast_to(roots, (len(x), roots.shape[-1]))
        while True:
            to_right = x.take(start + self.feature.take(node)) > self.threshold.take(node)
            before, node = node, self.below.take(2 * node + to_right)
            if np.array_equal(before, node):
                return np.asarray(node)

    def sums(self, x: Array, trees: slice) -> Array:
        """Return the sums of the values of the leaves that rows come to, float64 (n_samples,)."""
        roots, total = self.roots[trees], np.zeros(len(x))
        for rows in row_blocks(len(x), len(roots)) if len(roots) else ():
            values = self.value.take(self.leaves(x[rows], roots))
            total[rows] = values.sum(axis=1, dtype=np.float64)
        return total

    def lead_on(self, n_features: int) -> bool:
        """Return whether each split leads to later nodes, so that every row comes to a leaf."""
        number, split = np.arange(len(self.feature))[:, None], ~self.is_leaf
        later = (self.below > number) & (self.below < len(number))
        features = (self.feature >= 0) & (self.feature < max(1, n_features))
        return bool(later[split].all() and features.all())

    @property
    def is_leaf(self) -> Array:
        """Which nodes are leaves, Booleans of shape (n_nodes,)."""
        return np.asarray((self.below == np.arange(len(self.below))[:, None]).all(axis=1))
