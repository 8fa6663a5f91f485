"""Grows trees on codes: boosted ones for answers and numbers, and single ones for rows alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, final

import numpy as np

from madaline._engine.grown_trees import GrownTree, TreeOfCodes
from madaline.nn._nodes import Nodes
from madaline.nn.arrays import Array, Rng

MIN_ROWS = 60  # rows of a question, fewer of which are only counted
_MIN_HELD_OUT, _MIN_OF_SIDE = 300, 30  # rows of a question, and of a side of it, to stop by some
ROWS_OF_ROUND = 15
_MAX_LOG_ODDS, _SHRINKAGE = 20.0, 1.0  # of a row, and of the values of leaves (L2)
_HELD_OUT, _PATIENCE = 0.1, 5  # share of rows that rounds are judged by, rounds without a gain
_FOLDS, _ROUNDS = 5, 60  # of the predictions of a number
_MIN_GAIN = 2.0  # of a split of an answer: how much likelier it makes what is seen, at least
# A split of values gains so many residual variances, at least: the best of many splits of noise
# gains 5 to 8. The variance is that of leaves of 30 rows.
_MIN_GAIN_OF_VALUE, _ROWS_OF_NOISE = 10.0, 30


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
    n_rows, n_true = len(answer), int(answer.sum())
    bias = float(np.log((n_true + 0.5) / (n_rows - n_true + 0.5)))
    rarer = min(n_true, n_rows - n_true)
    if n_rows < MIN_ROWS or not len(codes) or rarer < 5:
        return [], bias
    rounds, is_out = min(strength.rounds, n_rows // ROWS_OF_ROUND), np.zeros(n_rows, bool)
    if n_rows >= _MIN_HELD_OUT and rarer >= _MIN_OF_SIDE:
        rounds, is_out = strength.rounds, rng.random(n_rows) < _HELD_OUT
    target, target_out = answer[~is_out].astype(np.float32), answer[is_out]
    raw, raw_out = (np.full(len(one), bias) for one in (target, target_out))

    def slopes(raw: Array) -> tuple[Array, Array]:
        probability = share_of(raw)
        return probability - target, probability * (1 - probability)

    settings = {
        "max_leaf_nodes": strength.leaves,
        "shrinkage": strength.learning_rate,
        "l2_regularization": _SHRINKAGE,
        "min_gain_to_split": _MIN_GAIN,
    }
    best, n_best, grown = _log_loss(raw_out, target_out), 0, list[GrownTree]()
    for tree in islice(_rounds(codes, is_out, raw, raw_out, slopes, **settings), rounds):
        if len(tree.value) == 1:
            break
        grown.append(tree)
        loss = _log_loss(raw_out, target_out)
        if loss < best or not len(target_out):
            best, n_best = loss, len(grown)
        elif len(grown) - n_best >= _PATIENCE:
            break
    return grown[:n_best], bias


def _rounds(
    codes: Array,
    is_out: Array,
    raw: Array,
    raw_out: Array,
    slopes: Callable[[Array], tuple[Array, Array]],  # gradient and hessian of the loss
    **settings: Any,
) -> Iterator[GrownTree]:
    """Yield tree after tree; each is added to the raw outputs of both sides."""
    x, x_out = (np.ascontiguousarray(codes[:, rows]).T for rows in (~is_out, is_out))
    while True:
        grown = TreeOfCodes(x, *slopes(raw), **settings)
        for rows, value in grown.leaves():
            raw[rows] += value
        grown.add(x_out, raw_out)
        yield grown.tree


def cross_fit(codes: Array, target: Array, rng: Rng) -> tuple[Nodes, Array]:
    """Return boosted trees for a number, the mean of some folds, and their predictions of rows.

    Each row is predicted by trees that did not learn from it.
    """
    predicted, grown = np.zeros(len(target)), list[GrownTree]()
    fold_of = rng.permutation(len(target)) % _FOLDS
    for fold in range(_FOLDS):
        is_out = fold_of == fold
        own, raw_out = target[~is_out], np.zeros(int(is_out.sum()))

        def slopes(raw: Array, own: Array = own) -> tuple[Array, Array]:
            return raw - own, np.ones(1)

        settings = {"max_leaf_nodes": 31, "min_samples_leaf": 20, "shrinkage": 0.15}
        rounds = _rounds(codes, is_out, np.zeros(len(own)), raw_out, slopes, **settings)
        grown += islice(rounds, _ROUNDS)
        predicted[is_out] = raw_out
    trees = nodes_of(grown)
    return replace(trees, value=trees.value / np.float32(_FOLDS)), predicted


def share_of(log_odds: Array) -> Array:
    """Return probabilities; the log odds of what is nearly certain are cut off."""
    return np.asarray(1 / (1 + np.exp(-log_odds.clip(-_MAX_LOG_ODDS, _MAX_LOG_ODDS))))


def grow_leaves(codes: Array, target: Array, rows_of_leaf: int) -> tuple[GrownTree, list[Array]]:
    """Return one tree for a number, and the rows of each of its leaves.

    It splits only where that tells more than chance would. The value of a leaf is its number.
    """
    x, centered = np.ascontiguousarray(codes).T, (target.mean() - target) / (target.std() or 1.0)
    settings: dict[str, Any] = {"max_leaf_nodes": None, "min_samples_leaf": _ROWS_OF_NOISE}
    leaves = TreeOfCodes(x, centered, np.ones(1), **settings).leaves()
    noise = sum(float(np.var(centered[rows])) * len(rows) for rows, _ in leaves)
    settings |= {"min_samples_leaf": rows_of_leaf}
    settings |= {"min_gain_to_split": _MIN_GAIN_OF_VALUE * noise / len(target)}
    grown = TreeOfCodes(x, centered, np.ones(1), **settings)
    grown.number()
    return grown.tree, [rows.copy() for rows, _ in grown.leaves()]


_NOTHING = GrownTree(np.zeros(0, bool), *np.zeros((6, 0)))


def nodes_of(grown: Sequence[GrownTree]) -> Nodes:
    """Return trees that were grown on codes, one behind the other."""
    sizes = [len(tree.value) for tree in grown]
    roots = np.cumsum([0, *sizes])[:-1]
    columns = map(np.concatenate, zip(_NOTHING, *grown, strict=True))
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


def _log_loss(raw: Array, target: Array) -> float:
    if not len(raw):
        return np.inf
    return float(np.logaddexp(0, np.where(target, -raw, raw)).mean())
