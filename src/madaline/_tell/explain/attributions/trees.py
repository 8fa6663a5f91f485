r"""Shapley values of trees: they divide the difference between a row and one of the background.

A leaf is reached by a mixture of both rows if each column on its path is from a row that passes the
splits of that column. So of a leaf of value :math:`v` only two numbers count: how many columns
:math:`a` must be the row's, and how many :math:`b` the background's. It adds
:math:`v (a - 1)! \, b! / (a + b)!` to the value of each of the former, and takes
:math:`v \, a! \, (b - 1)! / (a + b)!` from each of the latter. These are exact, and add up to the
difference of the outputs.

Lundberg et al. (2020), "From local explanations to global understanding with explainable AI for
trees", https://doi.org/10.1038/s42256-019-0138-9 (there: interventional values).
"""

from __future__ import annotations

from functools import cached_property
from math import factorial
from typing import Any, final

import numpy as np

from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._tell.explain.attributions.parts import DifferentiablePart, Pairs
from madaline.nn import layers as nn
from madaline.nn.arrays import Array, row_blocks
from madaline.nn.layers._trees import whole
from madaline.nn.network import Network

MAX_PLAYERS = 63  # that can be on one path: a bit of a mark for each
_DTYPES = (np.uint16, np.uint32, np.uint64)  # of marks: the smallest with enough bits


@final
class TreesPart(DifferentiablePart):
    """Trees, whose output stands for the "sums": on a path between two rows it is a straight line.

    So the values of trees enter a gradient as those of one more linear layer would.
    """

    first = 0

    def __init__(self, part: NetworkPart, columns: Array, players: Array) -> None:
        """`players` are of each feature the number of the column, or of a term of a text."""
        super().__init__(part, columns)
        layer = part.network.layers[-1]
        assert isinstance(layer, nn.Trees)
        self._n_outputs = layer.out_features
        self._shares = self.weights
        self.weights = np.ones(1)
        self.layers = (nn.Identity(),)
        self.parameters = ({},)
        self.discarded = ({},)
        theta = part.theta.reshape(len(self._shares), -1)
        paths = self._paths = [_Paths(part.network, of_member, players) for of_member in theta]
        self._features = np.unique(players, return_index=True)[1]  # the first of each player
        weighted = zip(paths, self._shares, strict=True)
        self._value = np.concatenate([share * of_member.value for of_member, share in weighted])
        self._output = np.concatenate([of_member.output for of_member in paths])
        most = max(of_member.players.shape[1] for of_member in paths)
        self._players = np.concatenate(
            [
                np.pad(of_member.players, ((0, 0), (0, most - of_member.players.shape[1])))
                for of_member in paths
            ]
        )

    @property
    def n_units(self) -> int:
        """Number of outputs."""
        return self._n_outputs

    @property
    def n_leaves(self) -> int:
        """Number of leaves of all trees."""
        return len(self._value)

    def sums(self, features: Array) -> Array:
        """Return the mean output, shape (1, n_samples, n_outputs)."""
        theta = self.part.theta.reshape(len(self._shares), -1)
        outputs = [self.part.network.predict(parameters, features) for parameters in theta]
        return np.asarray(np.einsum("m,mno->no", self._shares, outputs)[None])

    def marks(self, features: Array) -> Array:
        """Return for each leaf the columns whose splits a row does not pass, as bits."""
        return np.concatenate([paths.marks(features) for paths in self._paths], axis=1)

    def background(self, features: Array) -> _Background:
        """Return the marks of the background, and which of its rows have the same."""
        return _Background(
            self.marks(features), self._output, self._players, len(self._features), self._n_outputs
        )

    def column_sums(self, before: _Background, after: Array, pairs: Pairs) -> Array:
        """Return the value of each column, shape (1, n_pairs, n_columns, n_outputs)."""
        shape = len(pairs.rows), len(self._features), self._n_outputs
        total = np.zeros(shape)
        for some in row_blocks(len(pairs.rows), self.n_leaves):
            both = before.marks[pairs.background_rows[some]], after[pairs.rows[some]]
            pair, leaf = np.nonzero(_are_reached(*both))
            needed, given = (marks[pair, leaf] for marks in both)
            amount = self._value[leaf]
            counts = (np.bitwise_count(needed), np.bitwise_count(given))
            added, taken = amount * _SHARES[counts], amount * _SHARES[counts[::-1]]
            for slot, players in enumerate(self._players.T):
                bit = needed.dtype.type(1 << slot)
                value = np.where(needed & bit, added, np.where(given & bit, -taken, 0))
                changed = np.flatnonzero(value)
                place = (pair[changed] * shape[1] + players[leaf[changed]]) * shape[2]
                place += self._output[leaf[changed]]
                block = total[some]
                block += np.bincount(place, value[changed], block.size).reshape(block.shape)
        columns = self.column_of_feature[self._features]
        return np.asarray(np.einsum("npo,pc->nco", total, columns)[None])

    def feature_attributions(
        self, gradient: Array, before: _Background, after: Array, pairs: Pairs
    ) -> Array:
        """Return gradient times value; that of a column at the first of its features.

        Those of all pairs of a row stand at the first of them, as they are summed at once.
        """
        rows, first, number = np.unique(pairs.rows, return_index=True, return_inverse=True)
        attributions = np.zeros((len(pairs.rows), len(self.columns)))
        by_output = np.zeros((self._n_outputs, len(before.marks), len(rows)))
        by_output[:, pairs.background_rows, number] = gradient[0].T
        gradients = by_output.reshape(-1, len(rows))
        for some in row_blocks(len(rows), len(before.leaf)):
            weights = (before.sums @ gradients[:, some]).T  # (rows, patterns)
            marked = zip(after[rows[some]], weights, strict=True)
            taken = np.array([self._weigh(before, marks, weight) for marks, weight in marked])
            values = (before.players @ weights.T).T - taken
            attributions[np.ix_(first[some], self._features)] = values
        return attributions

    def _weigh(self, before: _Background, marks: Array, weight: Array) -> Array:
        """Turn the weight of each pattern into what it adds to players that must be the row's.

        Return what is taken from each player that must be the background's.
        """
        given = marks[before.leaf]
        some = np.flatnonzero(_are_reached(before.pattern, given))
        leaf = before.leaf[some]
        a = before.count[some]
        b = np.bitwise_count(given[some])
        amount = weight[some] * self._value[leaf]
        weight[...] = 0
        weight[some] = amount * _SHARES[a, b]
        of_leaf = np.bincount(leaf, amount * _SHARES[b, a], self.n_leaves)
        leaf, slot, player = before.entries
        is_given = marks[leaf] >> slot.astype(marks.dtype) & marks.dtype.type(1)
        return np.bincount(player, is_given * of_leaf[leaf], len(self._features))


def _are_reached(needed: Array, given: Array) -> Array:
    """Return which leaves some mixture of both rows reaches, but not all mixtures."""
    return np.asarray(((needed & given) == 0) & ((needed | given) != 0))


@final
class _Background:
    """Marks of rows, whose gradients are summed for all rows with the same mark of a leaf."""

    def __init__(
        self, marks: Array, output: Array, players: Array, n_players: int, n_outputs: int
    ) -> None:
        self.marks = marks  # (n_rows, n_leaves)
        self._n_players = n_players
        self._n_outputs = n_outputs
        self._output, self._players = output, players  # (n_leaves,), (n_leaves, most on a path)

    @cached_property
    def _order(self) -> Array:
        """Of each leaf the rows, those with the same mark beside one another."""
        return np.argsort(self.marks, axis=0, kind="stable").T  # (n_leaves, n_rows)

    @cached_property
    def _ordered(self) -> Array:
        return np.take_along_axis(self.marks.T, self._order, axis=1)

    @cached_property
    def _is_first(self) -> Array:
        first = np.ones(self._ordered.shape, bool)
        first[:, 1:] = self._ordered[:, 1:] != self._ordered[:, :-1]
        return first

    @cached_property
    def leaf(self) -> Array:
        """The leaf of each pattern, a mark that some rows have."""
        return np.nonzero(self._is_first)[0]

    @cached_property
    def pattern(self) -> Array:
        """These marks."""
        return self._ordered[self._is_first]

    @cached_property
    def count(self) -> Array:
        """How many players each has."""
        return np.bitwise_count(self.pattern)

    @cached_property
    def entries(self) -> tuple[Array, Array, Array]:
        """The leaf, the place on its path and the number of each player that may be on a path."""
        leaf, slot = np.indices(self._players.shape).reshape(2, -1)
        return leaf, slot, self._players.ravel()

    @cached_property
    def players(self) -> Any:
        """A sparse matrix that adds up what patterns add to each of their players."""
        from scipy.sparse import csr_array

        slots = range(self._players.shape[1])
        bits = [self.pattern.dtype.type(1 << slot) for slot in slots]
        some = [np.flatnonzero(self.pattern & bit) for bit in bits]
        players = [
            self._players[self.leaf[patterns], slot]
            for patterns, slot in zip(some, slots, strict=True)
        ]
        columns = np.concatenate(some)
        shape = self._n_players, len(self.pattern)
        return csr_array((np.ones(len(columns)), (np.concatenate(players), columns)), shape=shape)

    @cached_property
    def sums(self) -> Any:
        """A sparse matrix that adds up the gradients, output by output, of each pattern's rows."""
        from scipy.sparse import csr_array

        n_rows = len(self.marks)
        n_outputs = self._n_outputs
        columns = (self._output[:, None] * n_rows + self._order).ravel()
        starts = np.append(np.flatnonzero(self._is_first), columns.size)
        shape = len(starts) - 1, n_outputs * n_rows
        return csr_array((np.ones(columns.size), columns, starts), shape=shape)


@final
class _Paths:
    """The paths to all leaves of the trees of one member."""

    def __init__(self, network: Network, theta: Array, players: Array) -> None:
        *levels, arrays = network.bind(theta)
        layer = network.layers[-1]
        assert isinstance(layer, nn.Trees)
        self._levels = levels[0] if levels else None
        if self._levels is not None:  # each input is made of the features of one column
            players = players[np.abs(self._levels["weight"]).argmax(axis=0)]
        n_trees = layer.out_features * layer.n_trees
        n_inner = layer.n_leaves - 1
        left, right = (whole(arrays[side]).reshape(n_trees, n_inner) for side in ("left", "right"))
        parents = _parents(left, right)  # of splits, then of leaves
        tree, leaf = np.nonzero(parents[:, n_inner:] >= 0)
        self._feature = whole(arrays["feature"]).ravel()
        self._threshold = arrays["threshold"].ravel()
        self.value = arrays["value"].reshape(n_trees, -1)[tree, leaf].astype(np.float64)
        self.output = tree // layer.n_trees
        self._splits, self._sides, leaves = _entries(parents, tree, leaf + n_inner)
        self._starts = np.searchsorted(leaves, np.arange(len(tree)))
        slot, self.players = _numbered(leaves, players[self._feature[self._splits]])
        most = self.players.shape[1]
        self._dtype = next(dtype for dtype in _DTYPES if most <= 8 * dtype(0).itemsize)
        self._bits = np.left_shift(self._dtype(1), slot.astype(self._dtype))

    def marks(self, features: Array) -> Array:
        """Return for each leaf the players whose splits a row does not pass, as bits."""
        if not len(self._starts):
            return np.zeros((len(features), 0), self._dtype)
        if self._levels is not None:
            features = features @ self._levels["weight"] + self._levels["bias"]
        marks = np.empty((len(features), len(self._starts)), self._dtype)
        for row, x in zip(marks, features, strict=True):
            to_right = x.take(self._feature) > self._threshold
            failed = to_right.take(self._splits) != self._sides
            np.bitwise_or.reduceat(
                np.where(failed, self._bits, self._dtype(0)), self._starts, out=row
            )
        return marks


def _shares() -> Array:
    """Return ``(a - 1)! b! / (a + b)!`` for each a and b up to `MAX_PLAYERS` together."""
    shares = np.zeros((MAX_PLAYERS + 1, MAX_PLAYERS + 1))
    for a in range(1, MAX_PLAYERS + 1):
        for b in range(MAX_PLAYERS + 1 - a):
            shares[a, b] = factorial(a - 1) * factorial(b) / factorial(a + b)
    return shares


_SHARES = _shares()


def _parents(left: Array, right: Array) -> Array:
    """Return the split that leads to each split and to each leaf, and on which side.

    It is int (n_trees, nodes): twice the number of the split, plus one on the right; -1 for roots
    and for what no row comes to, or every row.
    """
    n_trees, n_inner = left.shape
    parents = np.full((n_trees, 2 * n_inner + 1), -1)
    comes = np.zeros((n_trees, n_inner), bool)  # whether there are rows that come to a split
    comes[:, 0] = True
    for split in range(n_inner):
        tree = np.flatnonzero(comes[:, split] & (left[:, split] != right[:, split]))
        for side, below in enumerate((left[tree, split], right[tree, split])):
            parents[tree, np.where(below < 0, n_inner - 1 - below, below)] = 2 * split + side
            comes[tree[below >= 0], below[below >= 0]] = True
    return parents


def _entries(parents: Array, tree: Array, node: Array) -> tuple[Array, Array, Array]:
    """Return the splits of all paths, on which side they go on, and which leaf each leads to."""
    n_inner = parents.shape[1] // 2
    number = np.arange(len(tree))
    entries = []
    while len(number):
        above = parents[tree, node]
        tree = tree[above >= 0]
        number = number[above >= 0]
        above = above[above >= 0]
        node = above // 2
        entries.append(np.stack([tree * n_inner + node, above % 2, number]))
    splits, sides, leaves = np.concatenate([np.zeros((3, 0), int), *entries], axis=1)
    order = np.argsort(leaves, kind="stable")
    return splits[order], sides[order] == 1, leaves[order]


def _numbered(leaves: Array, players: Array) -> tuple[Array, Array]:
    """Return the number of each entry's player on its path, and the players of each leaf."""
    pairs, inverse = np.unique(np.stack([leaves, players]), axis=1, return_inverse=True)
    first = np.searchsorted(pairs[0], pairs[0])
    slot = np.arange(pairs.shape[1]) - first
    players_of = np.zeros((1 + leaves.max(initial=-1), 1 + slot.max(initial=0)), np.intp)
    players_of[pairs[0], slot] = pairs[1]
    return slot[inverse.reshape(-1)], players_of
