"""Grows trees on codes: boosted ones for answers and numbers, and single ones for rows alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, final

import numpy as np

from madaline.nn._engine.grown_trees import GrownTree, TreeOfCodes, nodes_of
from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array, Rng

# What was tried, and came out on seven tables, is in benchmarks/experiments/sampling.md.
MIN_ROWS = 60  # of a question, fewer of which are only counted
_MIN_SIDE = 5  # rows of the rarer answer, fewer of which are only counted
_MIN_ROWS_TO_STOP = 300  # rows of a question, to stop by some of them that are held out
_MIN_SIDE_TO_STOP = 30
_HELD_OUT = 0.1  # share of rows that rounds are judged by
_PATIENCE = 5  # rounds without a gain
ROWS_OF_ROUND = 15  # for each round, where none are held out
_MAX_LOG_ODDS = 20.0  # of a row
_SHRINKAGE = 1.0  # of the values of leaves (L2)
_MIN_GAIN = 2.0  # of a split of an answer: how much likelier it makes what is seen, at least
_FOLDS = 5  # of the predictions of a number
_ROUNDS = 60
# A split of values gains so many residual variances, at least: the best of many splits of noise
# gains 5 to 8. The variance is that of leaves of 30 rows.
_MIN_GAIN_OF_VALUE = 10.0
_ROWS_OF_NOISE = 30


@final
@dataclass(frozen=True)
class FollowStrength:
    """How closely a sampler follows its table."""

    name: str
    rounds: int  # trees of a question, at most
    learning_rate: float
    leaves: int  # of a tree
    rows_of_leaf: int  # the fewest rows among which a value within a bin is drawn


SAFE = FollowStrength("safe", 20, 0.15, 8, 50)
MIDDLE = FollowStrength("middle", 40, 0.15, 8, 30)
SHARP = FollowStrength("sharp", 40, 0.15, 16, 10)
LADDER = (SHARP, MIDDLE, SAFE)
"""From sharp to safe."""


def boost(
    codes: Array, answer: Array, strength: FollowStrength, rng: Rng
) -> tuple[list[GrownTree], float]:
    """Return trees for the log odds of an answer, and the log odds that they are added to.

    Codes are of shape (n_features, n_rows). Rounds are as many as lower the log loss of rows that
    are held out: none where the columns tell nothing.
    """
    n_rows = len(answer)
    n_true = int(answer.sum())
    bias = float(np.log((n_true + 0.5) / (n_rows - n_true + 0.5)))
    rarer = min(n_true, n_rows - n_true)
    if n_rows < MIN_ROWS or not len(codes) or rarer < _MIN_SIDE:
        return [], bias
    rounds = min(strength.rounds, n_rows // ROWS_OF_ROUND)
    is_out = np.zeros(n_rows, bool)
    if n_rows >= _MIN_ROWS_TO_STOP and rarer >= _MIN_SIDE_TO_STOP:
        rounds = strength.rounds
        is_out = rng.random(n_rows) < _HELD_OUT
    target = answer[~is_out].astype(np.float32)

    def slopes(raw: Array) -> tuple[Array, Array]:
        probability = share_of(raw)
        return probability - target, probability * (1 - probability)

    grown = _rounds(
        codes,
        is_out,
        bias,
        slopes,
        max_leaf_nodes=strength.leaves,
        shrinkage=strength.learning_rate,
        l2_regularization=_SHRINKAGE,
        min_gain_to_split=_MIN_GAIN,
    )
    return _best_rounds(islice(grown, rounds), answer[is_out], bias), bias


def _best_rounds(
    grown: Iterator[tuple[GrownTree, Array]], answer: Array, bias: float
) -> list[GrownTree]:
    """Return as many trees as have the lowest log loss of rows that are held out, if there are."""
    best = _log_loss(np.full(len(answer), bias), answer)
    n_best = 0
    trees: list[GrownTree] = []
    for tree, raw in grown:
        if len(tree.value) == 1:
            break
        trees.append(tree)
        loss = _log_loss(raw, answer)
        if loss < best or not len(answer):
            best = loss
            n_best = len(trees)
        elif len(trees) - n_best >= _PATIENCE:
            break
    return trees[:n_best]


def _rounds(
    codes: Array,
    is_out: Array,
    bias: float,
    slopes: Callable[[Array], tuple[Array, Array]],  # gradient and hessian of the loss
    **settings: Any,
) -> Iterator[tuple[GrownTree, Array]]:
    """Yield tree after tree, and the raw outputs of the rows that are held out so far."""
    x, x_out = (np.ascontiguousarray(codes[:, rows]).T for rows in (~is_out, is_out))
    raw, raw_out = np.full(len(x), bias), np.full(len(x_out), bias)
    while True:
        grown = TreeOfCodes(x, *slopes(raw), **settings)
        for rows, value in grown.leaves():
            raw[rows] += value
        grown.add(x_out, raw_out)
        yield grown.tree, raw_out


def cross_fit(codes: Array, target: Array, rng: Rng) -> tuple[Nodes, Array]:
    """Return boosted trees for a number, the mean of some folds, and their predictions of rows.

    Each row is predicted by trees that did not learn from it.
    """
    predicted = np.zeros(len(target))
    grown = list[GrownTree]()
    fold_of = rng.permutation(len(target)) % _FOLDS
    for fold in range(_FOLDS):
        is_out = fold_of == fold

        def slopes(raw: Array, learned: Array = target[~is_out]) -> tuple[Array, Array]:
            return raw - learned, np.ones(1)

        settings = {"max_leaf_nodes": 31, "min_samples_leaf": 20, "shrinkage": 0.15}
        for tree, raw in islice(_rounds(codes, is_out, 0.0, slopes, **settings), _ROUNDS):
            grown.append(tree)
            predicted[is_out] = raw
    trees = nodes_of(grown)
    return replace(trees, value=trees.value / np.float32(_FOLDS)), predicted


def share_of(log_odds: Array) -> Array:
    """Return probabilities; the log odds of what is nearly certain are cut off."""
    return np.asarray(1 / (1 + np.exp(-log_odds.clip(-_MAX_LOG_ODDS, _MAX_LOG_ODDS))))


def grow_leaves(codes: Array, target: Array, rows_of_leaf: int) -> tuple[GrownTree, list[Array]]:
    """Return one tree for a number, and the rows of each of its leaves.

    It splits only where that tells more than chance would. The value of a leaf is its number.
    """
    x = np.ascontiguousarray(codes).T
    centered = (target.mean() - target) / (target.std() or 1.0)
    settings: dict[str, Any] = {"max_leaf_nodes": None, "min_samples_leaf": _ROWS_OF_NOISE}
    leaves = TreeOfCodes(x, centered, np.ones(1), **settings).leaves()
    noise = sum(float(np.var(centered[rows])) * len(rows) for rows, _ in leaves)
    settings |= {"min_samples_leaf": rows_of_leaf}
    settings |= {"min_gain_to_split": _MIN_GAIN_OF_VALUE * noise / len(target)}
    grown = TreeOfCodes(x, centered, np.ones(1), **settings)
    grown.number()
    return grown.tree, [rows.copy() for rows, _ in grown.leaves()]


def _log_loss(raw: Array, target: Array) -> float:
    if not len(raw):
        return np.inf
    return float(np.logaddexp(0, np.where(target, -raw, raw)).mean())
