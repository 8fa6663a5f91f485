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
from typing import final

import numpy as np

from madaline._explain.attributions.parts import DifferentiablePart
from madaline._runtime.frozen_networks import Part
from madaline.nn import layers as nn
from madaline.nn.arrays import Array
from madaline.nn.layers._trees import whole
from madaline.nn.network import Network

MAX_PLAYERS = 63  # that can be on one path: a bit of a mark for each
_HALF = 32  # trees of so many leaves have fewer players on a path than that


@final
class TreesPart(DifferentiablePart):
    """Trees, whose output stands for the "sums": on a path between two rows it is a straight line.

    So the values of trees enter a gradient as those of one more linear layer would.
    """

    first = 0

    def __init__(self, part: Part, columns: Array, players: Array) -> None:
        """`players` are of each feature the number of the column, or of a term of a text."""
        super().__init__(part, columns)
        layer = part.network.layers[-1]
        assert isinstance(layer, nn.Trees)
        self._n_outputs = layer.out_features
        self._shares, self.weights = self.weights, np.ones(1)
        self.layers, self.parameters, self.discarded = (nn.Identity(),), ({},), ({},)
        self._paths = [
            _Paths(part.network, own, players) for own in part.theta.reshape(len(self._shares), -1)
        ]
        self._features = np.unique(players, return_index=True)[1]  # the first of each player

    @cached_property
    def n_units(self) -> int:
        """Number of leaves of all trees."""
        return sum(len(paths.value) for paths in self._paths)

    def sums(self, features: Array) -> Array:
        """Return the mean output, shape (1, n_samples, n_outputs)."""
        theta = self.part.theta.reshape(len(self._shares), -1)
        outputs = [self.part.network.predict(own, features) for own in theta]
        return np.asarray(np.einsum("m,mno->no", self._shares, outputs)[None])

    def marks(self, features: Array) -> Array:
        """Return for each leaf the columns whose splits a row does not pass, as bits."""
        return np.concatenate([paths.marks(features) for paths in self._paths], axis=1)

    def column_sums(self, before: Array, after: Array) -> Array:
        """Return the value of each column, shape (1, n_pairs, n_columns, n_outputs)."""
        values = self._values(before, after)
        columns = self.column_of_feature[self._features]
        return np.asarray(np.einsum("npo,pc->nco", values, columns)[None])

    def feature_attributions(self, gradient: Array, before: Array, after: Array) -> Array:
        """Return gradient times value; that of a column at the first of its features."""
        attributions = np.zeros((len(before), len(self.columns)))
        values = self._values(before, after)
        attributions[:, self._features] = np.einsum("no,npo->np", gradient[0], values)
        return attributions

    def _values(self, before: Array, after: Array) -> Array:
        """Return the values of all players for some pairs, (n_pairs, n_players, n_outputs)."""
        shape = len(before), len(self._features), self._n_outputs
        total, start = np.zeros(shape), 0
        for paths, share in zip(self._paths, self._shares, strict=True):
            leaves = slice(start, start + len(paths.value))
            total += share * paths.values(before[:, leaves], after[:, leaves], *shape[1:])
            start = leaves.stop
        return total


@final
class _Paths:
    """The paths to all leaves of the trees of one member."""

    def __init__(self, network: Network, theta: Array, players: Array) -> None:
        *levels, own = network.bind(theta)
        layer = network.layers[-1]
        assert isinstance(layer, nn.Trees)
        self._levels = levels[0] if levels else None
        if self._levels is not None:  # each input is made of the features of one column
            players = players[np.abs(self._levels["weight"]).argmax(axis=0)]
        n_trees, n_inner = layer.out_features * layer.n_trees, layer.n_leaves - 1
        left, right = (whole(own[side]).reshape(n_trees, n_inner) for side in ("left", "right"))
        parents = _parents(left, right)  # of splits, then of leaves
        tree, leaf = np.nonzero(parents[:, n_inner:] >= 0)
        self._feature = whole(own["feature"]).ravel()
        self._threshold = own["threshold"].ravel()
        self.value = own["value"].reshape(n_trees, -1)[tree, leaf].astype(np.float64)
        self._output = tree // layer.n_trees
        self._splits, self._sides, leaves = _entries(parents, tree, leaf + n_inner)
        self._starts = np.searchsorted(leaves, np.arange(len(tree)))
        slot, self._players = _numbered(leaves, players[self._feature[self._splits]])
        self._dtype = np.uint32 if layer.n_leaves <= _HALF else np.uint64
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

    def values(self, before: Array, after: Array, n_players: int, n_outputs: int) -> Array:
        """Return the values of players, (n_pairs, n_players, n_outputs), given marks of pairs."""
        reached = ((before & after) == 0) & ((before | after) != 0)
        pair, leaf = np.nonzero(reached)
        of_row, of_background = before[pair, leaf], after[pair, leaf]  # whose value it must be
        a, b = np.bitwise_count(of_row), np.bitwise_count(of_background)
        added, taken = self.value[leaf] * _SHARES[a, b], self.value[leaf] * _SHARES[b, a]
        total = np.zeros(len(before) * n_players * n_outputs)
        for slot, player in enumerate(self._players.T):
            bit = self._dtype(1 << slot)
            amount = np.where(of_row & bit, added, np.where(of_background & bit, -taken, 0))
            some = np.flatnonzero(amount)
            place = (pair[some] * n_players + player[leaf[some]]) * n_outputs
            place += self._output[leaf[some]]
            total += np.bincount(place, amount[some], minlength=len(total))
        return total.reshape(len(before), n_players, n_outputs)


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
    n_inner, number = parents.shape[1] // 2, np.arange(len(tree))
    entries = []
    while len(number):
        above = parents[tree, node]
        tree, number, above = tree[above >= 0], number[above >= 0], above[above >= 0]
        node = above // 2
        entries.append(np.stack([tree * n_inner + node, above % 2, number]))
    splits, sides, leaves = np.concatenate(entries, axis=1)
    order = np.argsort(leaves, kind="stable")
    return splits[order], sides[order] == 1, leaves[order]


def _numbered(leaves: Array, players: Array) -> tuple[Array, Array]:
    """Return the number of each entry's player on its path, and the players of each leaf."""
    found, inverse = np.unique(np.stack([leaves, players]), axis=1, return_inverse=True)
    first = np.searchsorted(found[0], found[0])
    slot = np.arange(found.shape[1]) - first
    players_of = np.zeros((1 + leaves.max(initial=-1), 1 + slot.max(initial=0)), np.intp)
    players_of[found[0], slot] = found[1]
    return slot[inverse.reshape(-1)], players_of
