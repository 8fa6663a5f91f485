"""Grows trees on codes with the tree grower of scikit-learn's histogram gradient boosting.

Its `TreeGrower` is private; its form has been the same from 1.6 to 1.9, and
`tests/sampling/test_growing.py` holds it. Codes are bins already: the estimators would sort every
column again for every question. Everything here runs on one thread: on several, sums of
scikit-learn round otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np

from madaline._sampling.trees import Trees
from madaline.nn.arrays import Array, Rng

MIN_ROWS = 60  # rows of a question, fewer of which are only counted
_MIN_HELD_OUT, _MIN_OF_SIDE = 300, 30  # rows of a question, and of a side of it, to stop by some
ROWS_OF_ROUND = 15
_MAX_LOG_ODDS, _SHRINKAGE = 20.0, 1.0  # of a row, and of the values of leaves (L2)
_HELD_OUT, _PATIENCE = 0.1, 5  # share of rows that rounds are judged by, rounds without a gain
_MIN_GAIN = 2.0  # of a split of an answer: how much likelier it makes what is seen, at least
# A split of values gains so many residual variances, at least: the best of many splits of noise
# gains 5 to 8. The variance is that of leaves of 30 rows.
_MIN_GAIN_OF_VALUE, _ROWS_OF_NOISE = 10.0, 30


@final
@dataclass(frozen=True)
class Strength:
    """How closely a sampler follows its table."""

    name: str
    rounds: int  # trees of a question, at most
    learning_rate: float
    leaves: int  # of a tree
    rows_of_leaf: int  # the fewest rows among which a value within a bin is drawn


SAFE = Strength("safe", 20, 0.15, 8, 50)
MIDDLE = Strength("middle", 40, 0.15, 8, 30)
SHARP = Strength("sharp", 40, 0.15, 16, 10)
LADDER = (SHARP, MIDDLE, SAFE)
"""From sharp to safe."""


@final
@dataclass(frozen=True, eq=False)
class Boosted:
    """The trees of one question."""

    trees: Trees
    bias: float  # the log odds that they are added to


def boost(codes: Array, answer: Array, strength: Strength, rng: Rng) -> Boosted:
    """Return trees for the log odds of an answer, given codes of shape (n_features, n_rows).

    Rounds are as many as lower the log loss of rows that are held out: none where the columns tell
    nothing.
    """
    n_rows, n_true = len(answer), int(answer.sum())
    bias = float(np.log((n_true + 0.5) / (n_rows - n_true + 0.5)))
    rarer = min(n_true, n_rows - n_true)
    if n_rows < MIN_ROWS or not len(codes) or rarer < 5:
        return Boosted(Trees.of(()), bias)
    held_out = np.zeros(n_rows, bool)
    if n_rows >= _MIN_HELD_OUT and rarer >= _MIN_OF_SIDE:
        held_out = rng.random(n_rows) < _HELD_OUT
    x, target = _transposed(codes[:, ~held_out]), answer[~held_out].astype(np.float32)
    x_out, target_out = _transposed(codes[:, held_out]), answer[held_out]
    raw, raw_out = (np.full(len(one), bias) for one in (target, target_out))
    n_codes, bounds = int(codes.max()) + 1, _bounds(codes)
    grown: list[Any] = []
    best, n_best = _log_loss(raw_out, target_out), 0
    rounds = strength.rounds if len(target_out) else min(strength.rounds, n_rows // ROWS_OF_ROUND)
    for _ in range(rounds):
        probability = share_of(raw)
        gradient = (probability - target).astype(np.float32)
        hessian = (probability * (1 - probability)).astype(np.float32)
        grower = _grower(
            x,
            gradient,
            hessian,
            n_codes,
            bounds,
            max_leaf_nodes=strength.leaves,
            shrinkage=strength.learning_rate,
            l2_regularization=_SHRINKAGE,
            min_gain_to_split=_MIN_GAIN,
        )
        grower.grow()
        predictor = _predictor(grower, len(codes))
        if len(predictor.nodes) == 1:
            break
        grown.append(predictor.nodes)
        for leaf in grower.finalized_leaves:
            raw[leaf.sample_indices] += leaf.value
        if len(target_out):
            raw_out += predictor.predict_binned(x_out, 255, 1)
            loss = _log_loss(raw_out, target_out)
            if loss < best:
                best, n_best = loss, len(grown)
            elif len(grown) - n_best >= _PATIENCE:
                break
    return Boosted(Trees.of(grown[:n_best] if len(target_out) else grown), bias)


def share_of(log_odds: Array) -> Array:
    """Return probabilities; the log odds of what is nearly certain are cut off."""
    return np.asarray(1 / (1 + np.exp(-log_odds.clip(-_MAX_LOG_ODDS, _MAX_LOG_ODDS))))


def grow_leaves(codes: Array, target: Array, rows_of_leaf: int) -> tuple[Trees, list[Array]]:
    """Return one tree for a number, and the rows of each of its leaves.

    It splits only where that tells more than chance would. The value of a leaf is its number.
    """
    centered = (target.mean() - target) / (target.std() or 1.0)
    leaves = _leaves(codes, centered, _ROWS_OF_NOISE, 0.0).finalized_leaves
    noise = sum(float(np.var(centered[one.sample_indices])) * one.n_samples for one in leaves)
    min_gain = _MIN_GAIN_OF_VALUE * noise / len(target)
    grower = _leaves(codes, centered, rows_of_leaf, min_gain)
    for number, leaf in enumerate(grower.finalized_leaves):
        leaf.value = float(number)
    rows = [leaf.sample_indices.copy() for leaf in grower.finalized_leaves]
    return Trees.of([_predictor(grower, len(codes)).nodes]), rows


def _leaves(codes: Array, gradient: Array, rows_of_leaf: int, min_gain: float) -> Any:
    grower = _grower(
        _transposed(codes),
        gradient.astype(np.float32),
        np.ones(1, np.float32),
        int(codes.max(initial=0)) + 1,
        _bounds(codes),
        max_leaf_nodes=None,
        min_samples_leaf=rows_of_leaf,
        min_gain_to_split=min_gain,
    )
    grower.grow()
    return grower


def _grower(
    x: Array, gradient: Array, hessian: Array, n_codes: int, bounds: Array, **settings: Any
) -> Any:
    from sklearn.ensemble._hist_gradient_boosting.grower import TreeGrower

    return TreeGrower(
        x,
        gradient,
        hessian,
        n_bins=min(256, max(2, n_codes + 1)),
        n_bins_non_missing=bounds,
        n_threads=1,
        **settings,
    )


def _transposed(codes: Array) -> Array:
    return np.ascontiguousarray(codes).T


def _bounds(codes: Array) -> Array:
    return np.asarray(codes.max(axis=1, initial=0) + np.uint32(1), np.uint32)


def _predictor(grower: Any, n_features: int) -> Any:
    thresholds = [np.arange(256.0)] * n_features
    return grower.make_predictor(thresholds)


def _log_loss(raw: Array, target: Array) -> float:
    if not len(raw):
        return np.inf
    return float(np.logaddexp(0, np.where(target, -raw, raw)).mean())
