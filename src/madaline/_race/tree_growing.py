"""Trees of one fold: grown by scikit-learn round by round, and taken out of it as arrays.

The trees of scikit-learn's `HistGradientBoosting*` are in a private attribute, `_predictors`, whose
form has been the same from 1.6 to 1.9; `tests/race/test_trees.py` holds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np

from madaline._engine.executors import Shared
from madaline._race.dataset import Dataset
from madaline.nn.arrays import Array
from madaline.nn.layers import Trees
from madaline.nn.losses import (
    Absolute,
    BinaryCrossEntropy,
    CrossEntropy,
    Loss,
    Poisson,
    Quantile,
    Squared,
)
from madaline.nn.network import Network

LOSSES: dict[type[Loss], str] = {
    Squared: "squared_error",
    Absolute: "absolute_error",
    Quantile: "quantile",
    Poisson: "poisson",
    BinaryCrossEntropy: "log_loss",
    CrossEntropy: "log_loss",
}
"""What scikit-learn calls each loss for which it grows trees."""

MAX_FEATURES = 2048  # of more, the sums of every range of each would fill the memory
STEP = 20  # rounds between which the best number is looked for
LEARNING_RATE = 0.1  # what share of the values of each tree is added
_MAX_LEAVES = 31
_MAX_RANGES = 255  # of each feature, between which trees split


@final
@dataclass(frozen=True, eq=False)
class Grown:
    """The trees of one network so far."""

    model: Any  # an estimator of scikit-learn
    # (n_held_out, n_outputs): the raw outputs for rows that were not learned from, by rounds
    outputs: dict[int, Array] = field(default_factory=dict)


@final
@dataclass(frozen=True, eq=False)
class GrowTask:
    """What is needed to grow the trees of one network, wherever that is."""

    dataset: Shared[Dataset]  # a handle to the rows
    network: int  # a fold, or a final network
    rounds: int  # how many there are to be
    seed: int
    before: Grown | None = None  # what was grown before


def bins_of_trees(dataset: Dataset) -> int:
    """Return the encoding that trees see: the plain one, or that with the fewest bins."""
    return min(dataset.features)


def grow(task: GrowTask) -> Grown:
    """Grow trees on one thread: on several, scikit-learn's sums would round in other ways."""
    from threadpoolctl import threadpool_limits

    dataset, network, before = task.dataset.get(), task.network, task.before
    model = _estimator(dataset, task) if before is None else before.model
    places = dataset.rows.training(network)
    x = dataset.encoded(bins_of_trees(dataset), network, places)
    if len(dataset.rising):  # what rises with time has no split: times to come are beyond all
        x = np.where(
            np.isin(np.arange(x.shape[1]), dataset.rising[bins_of_trees(dataset)]), np.float32(0), x
        )
    model.set_params(max_iter=task.rounds)
    with threadpool_limits(1):
        model.fit(x, _target(dataset, places), sample_weight=dataset.weights(places))
    outputs = {} if before is None else dict(before.outputs)
    if network < dataset.rows.n_folds:
        for start in range(max(outputs, default=0), task.rounds, STEP):
            outputs[start + STEP] = _output(dataset, network, model, outputs)
    return Grown(model, outputs)


def parameters_of(grown: Sequence[Grown], rounds: int, n_features: int) -> tuple[Trees, Array]:
    """Return a layer and the parameters of each network, without trees of later rounds."""
    return _joined([_splits(one.model, 0, rounds) for one in grown], n_features)


def _output(dataset: Dataset, fold: int, model: Any, before: dict[int, Array]) -> Array:
    """Return the raw outputs for the rows of a fold: those before, and what new trees add."""
    held_out, rounds = dataset.rows.held_out(fold), max(before, default=0)
    splits = _splits(model, rounds, rounds + STEP)
    if rounds:
        splits.bias[...] = 0
    x = dataset.encoded(bins_of_trees(dataset), fold, held_out)
    layer, theta = _joined([splits], x.shape[1])
    return Network((layer,)).predict(theta[0], x) + (before[rounds] if rounds else np.float32(0))


class _Tree(NamedTuple):
    """The splits and the values of a tree, as `Trees` has them."""

    feature: Array
    threshold: Array
    left: Array
    right: Array
    value: Array


@dataclass(frozen=True, eq=False)
class _Splits:
    """The trees of one network."""

    trees: list[list[_Tree]]  # by output and round
    bias: Array  # (n_outputs,)


def _splits(model: Any, start: int, stop: int) -> _Splits:
    """Return the trees of some rounds; those before add what the model begins with."""
    rounds = model._predictors[start:stop]
    bias = np.array(model._baseline_prediction, np.float32).reshape(-1)
    return _Splits([[_tree(own[k].nodes) for own in rounds] for k in range(len(bias))], bias)


def _tree(nodes: Array) -> _Tree:
    """Return a tree of scikit-learn, whose nodes stand behind the one that leads to them."""
    is_leaf = nodes["is_leaf"].astype(bool)
    number = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(~is_leaf) - 1)
    inner = nodes[~is_leaf]
    values = nodes["value"][is_leaf].astype(np.float32)
    if not len(inner):  # the root is the only leaf
        nothing, leaf = np.zeros(1), np.full(1, -1)
        return _Tree(nothing, nothing, leaf, leaf, values)
    left, right = (number[inner[side].astype(np.intp)] for side in ("left", "right"))
    threshold = _rounded_down(inner["num_threshold"])
    return _Tree(inner["feature_idx"], threshold, left, right, values)


def _rounded_down(numbers: Array) -> Array:
    """Return the largest numbers of float32 that are not above some of float64.

    Features are float32, so that they are on the same side of both.
    """
    nearest = numbers.astype(np.float32)
    return np.where(nearest > numbers, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _joined(networks: Sequence[_Splits], n_features: int) -> tuple[Trees, Array]:
    """Return the trees of networks with the same number of rounds as a layer and parameters."""
    first = networks[0].trees
    leaves = [len(tree.value) for own in networks for trees in own.trees for tree in trees]
    layer = Trees(n_features, len(first), len(first[0]), max(2, *leaves))
    network = Network((layer,))
    theta = np.zeros((len(networks), network.layout.size), np.float32)
    for own, parameters in zip(networks, map(network.bind, theta), strict=True):
        parameters[0]["bias"][...] = own.bias
        for side in ("left", "right"):  # also of splits that a small tree does not have
            parameters[0][side][...] = -1
        for output, trees in enumerate(own.trees):
            for place, tree in enumerate(trees):
                for name, array in tree._asdict().items():
                    parameters[0][name][output, place, : len(array)] = array
    return layer, theta


def _target(dataset: Dataset, places: Array) -> Array:
    """Return what an estimator learns: numbers of classes, or the numbers themselves."""
    target = dataset.target[places]
    return target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0].astype(np.float64)


def _estimator(dataset: Dataset, task: GrowTask) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    loss = dataset.loss
    settings: dict[str, Any] = {
        "loss": LOSSES[type(loss)],
        "learning_rate": LEARNING_RATE,
        "max_leaf_nodes": _MAX_LEAVES,
        "max_bins": _MAX_RANGES,
        "monotonic_cst": dataset.directions[bins_of_trees(dataset)] if dataset.directions else None,
        "early_stopping": False,
        "warm_start": True,
        "random_state": np.random.default_rng([task.seed, task.network]).integers(2**31),
    }
    if settings["loss"] == "log_loss":
        return HistGradientBoostingClassifier(**settings)
    quantile = loss.level if isinstance(loss, Quantile) else None
    return HistGradientBoostingRegressor(**settings, quantile=quantile)
