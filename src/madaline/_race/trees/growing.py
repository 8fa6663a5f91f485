"""Trees of one fold: grown by scikit-learn round by round, and taken out of it as arrays."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import numpy as np

from madaline._race.dataset import Dataset
from madaline._race.row_blocks import RowBlocks
from madaline.nn._engine.executors.executor import Shared
from madaline.nn._engine.grown_trees import GrownTree, add_rounds, bias_of, trees_of
from madaline.nn._sparse_rows import dense
from madaline.nn.arrays import Array
from madaline.nn.layers import Linear, Trees
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

_TOLERANCE = 1e-5  # of features of levels, which are one apart, but for rounding
_MAX_WEIGHTS = 2**17  # of the layer that orders levels
_ROWS_OF_MEAN = 10  # as so many rows counts the mean of all where levels are ordered


@final
@dataclass(frozen=True, eq=False)
class Inputs:
    """What trees see: the order of the levels of a category, and other features as they are.

    A level's place in the order is the higher, the higher the usual target at it. A split of places
    is one of levels, and a category of forty levels takes the time of one feature, not of forty.
    """

    weight: Array  # (n_features, n_inputs)
    bias: Array  # (n_inputs,)
    n_plain: int  # how many, the first, are features as they are

    @classmethod
    def of(cls, dataset: Dataset, network: int, levels: Sequence[Array]) -> Inputs:
        """Return the inputs of a network, given the features of the levels of each category."""
        x = dense(dataset.features[dataset.inputs.plain])
        n_features = x.shape[1]
        others = np.setdiff1d(np.arange(n_features), np.concatenate(levels))
        weight = np.zeros((n_features, len(others) + len(levels)), np.float32)
        weight[others, np.arange(len(others))] = 1
        bias = np.zeros(weight.shape[1], np.float32)
        places = dataset.rows.training(network)
        for number, features in enumerate(levels, len(others)):
            is_level = x[:, features]
            order = _order_of_levels(
                is_level[places] > 0, dataset.target[places], dataset.weights(places)
            )
            weight[features, number], bias[number] = order, -(is_level.min(axis=0) @ order)
        return cls(weight, bias, len(others))

    @property
    def layer(self) -> Linear:
        """The layer that makes them of features."""
        return Linear(*self.weight.shape)

    def __call__(self, x: Array) -> Array:
        """Return the inputs for some rows; places are whole numbers."""
        made = x @ self.weight + self.bias
        made[:, self.n_plain :] = np.rint(made[:, self.n_plain :])
        return made


@final
@dataclass(frozen=True, eq=False)
class TreesOfNetwork:
    """The trees of one network so far."""

    model: Any  # an estimator of scikit-learn
    inputs: Inputs | None  # what they see; None: the features as they are
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
    levels: Sequence[Array] = ()  # the features of the levels of each category (`levels_of`)
    before: TreesOfNetwork | None = None  # what was grown before
    blocks: Shared[RowBlocks] | None = None  # of a large table: its rows, of which so many blocks
    n_blocks: int = 0  # are learned from


def levels_of(dataset: Dataset) -> tuple[Array, ...]:
    """Return for each category the features of its levels, of which a row has one, at most.

    None where that would not halve the features, or the layer that orders levels would be large.
    """
    n_bins = dataset.inputs.plain
    x = dense(dataset.features[n_bins])
    columns = dataset.inputs.columns[n_bins]
    low = x.min(axis=0)
    high = x.max(axis=0)
    two = np.abs(high - low - 1) < _TOLERANCE
    two[two] = ((x[:, two] == low[two]) | (x[:, two] == high[two])).all(axis=0)
    if dataset.features.of_folds is not None:
        two[dataset.features.of_folds.features] = False
    candidates = [
        np.flatnonzero(two & (np.asarray(columns) == column)) for column in np.unique(columns)
    ]
    levels = [
        features
        for features in candidates
        if len(features) > 2 and ((x[:, features] > 0).sum(axis=1) <= 1).all()
    ]
    n_inputs = len(columns) - sum(len(features) - 1 for features in levels)
    pays = 2 * n_inputs <= len(columns) and n_inputs * len(columns) <= _MAX_WEIGHTS
    return tuple(levels) if pays else ()


def _order_of_levels(is_level: Array, target: Array, weight: Array | None) -> Array:
    """Return places in the order of usual targets: those below the mean of all are below zero.

    Of several outputs, that direction counts in which levels differ most. A row without a level is
    at zero.
    """
    weight = np.ones(len(target)) if weight is None else weight.astype(np.float64)
    rows, deviations = weight @ is_level, target - weight @ target / weight.sum()
    means = (is_level.T * weight) @ deviations / (rows + _ROWS_OF_MEAN)[:, None]
    if means.shape[1] > 1:
        means = means @ np.linalg.svd(np.sqrt(rows)[:, None] * means, full_matrices=False)[2][0]
    ranks = np.argsort(np.argsort(means.reshape(-1), kind="stable"), kind="stable")
    ranks -= np.count_nonzero(means < 0)
    return np.where(ranks < 0, ranks, ranks + 1)


def grow(task: GrowTask) -> TreesOfNetwork:
    """Grow trees on one thread: on several, scikit-learn's sums would round in other ways."""
    from threadpoolctl import threadpool_limits

    dataset = task.dataset.get()
    network = task.network
    before = task.before
    with threadpool_limits(1):
        inputs = _inputs(dataset, task) if before is None else before.inputs
        model = _estimator(dataset, task, inputs) if before is None else before.model
        done = 0 if before is None else model.n_iter_
        x, target, weight = _learned(dataset, task, inputs)
        model.set_params(max_iter=task.rounds)
        model.fit(x, target, sample_weight=weight)
        outputs = {} if before is None else dict(before.outputs)
        if network < dataset.rows.n_folds:
            held_out = _seen(dataset, network, dataset.rows.held_out(network), inputs)
            outputs |= _outputs(model, held_out, outputs, done)
    return TreesOfNetwork(model, inputs, outputs)


def _inputs(dataset: Dataset, task: GrowTask) -> Inputs | None:
    return Inputs.of(dataset, task.network, task.levels) if task.levels else None


def _learned(
    dataset: Dataset, task: GrowTask, inputs: Inputs | None
) -> tuple[Array, Array, Array | None]:
    """Return what trees see of the rows that they learn from, with targets and weights."""
    parts: Iterable[Dataset] = [dataset]
    if task.blocks is not None:
        blocks = task.blocks.get()
        n_bins = [dataset.inputs.plain]
        parts = (blocks.dataset(number, n_bins) for number in range(task.n_blocks))
    x, target, weight = [], [], []
    for part in parts:
        places = part.rows.training(task.network)
        x.append(_seen(part, task.network, places, inputs))
        target.append(_target(part, places))
        if part.weight is not None:
            weight.append(part.weight[places])
    return np.concatenate(x), np.concatenate(target), np.concatenate(weight) if weight else None


def _seen(dataset: Dataset, network: int, places: slice | Array, inputs: Inputs | None) -> Array:
    """Return what trees see of some rows, float64 as scikit-learn takes it."""
    n_bins, hidden = dataset.inputs.plain, dataset.inputs.hidden
    x = dataset.encoded(n_bins, network, places)
    if hidden:  # what rises with time has no split: times to come are beyond all
        x = np.where(np.isin(np.arange(x.shape[1]), hidden[n_bins]), np.float32(0), x)
    return np.ascontiguousarray(x if inputs is None else inputs(x), np.float64)


def _outputs(model: Any, x: Array, before: dict[int, Array], done: int) -> dict[int, Array]:
    """Return the raw outputs for some rows after every `STEP` new rounds."""
    total = np.repeat(bias_of(model)[None], len(x), axis=0)
    total = np.asfortranarray(before[done] if done else total, np.float64)
    outputs = {}
    for start in range(done, model.n_iter_, STEP):
        add_rounds(model, x, slice(start, start + STEP), total)
        outputs[start + STEP] = total.astype(np.float32)
    return outputs


def network_of(
    grown: Sequence[TreesOfNetwork], rounds: int, n_features: int
) -> tuple[Network, Array]:
    """Return layers and the parameters of each network, without trees of later rounds."""
    all_inputs = [fold.inputs for fold in grown if fold.inputs is not None]
    n_inputs = all_inputs[0].layer.out_features if all_inputs else n_features
    trees, theta = _joined([_splits(fold.model, rounds) for fold in grown], n_inputs)
    if not all_inputs:
        return Network((trees,)), theta
    network = Network((all_inputs[0].layer, trees))
    whole = np.zeros((len(theta), network.layout.size), np.float32)
    for inputs, of_trees, parameters in zip(
        all_inputs, theta, map(network.bind, whole), strict=True
    ):
        parameters[0]["weight"][...], parameters[0]["bias"][...] = inputs.weight, inputs.bias
        for name, array in Network((trees,)).bind(of_trees)[0].items():
            parameters[1][name][...] = array
        threshold, feature = parameters[1]["threshold"], parameters[1]["feature"]
        # A place may stand at a whole threshold: it goes to the left, however its sum is rounded
        threshold[(feature >= inputs.n_plain) & (threshold == np.rint(threshold))] += 0.25
    return network, whole


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


def _splits(model: Any, n_rounds: int) -> _Splits:
    """Return the trees of the first rounds, and what they are added to."""
    rounds = trees_of(model, n_rounds)
    bias = bias_of(model).astype(np.float32)
    return _Splits([[_tree(of_round[k]) for of_round in rounds] for k in range(len(bias))], bias)


def _tree(grown: GrownTree) -> _Tree:
    """Return a tree with splits and leaves numbered each for themselves."""
    is_leaf = grown.is_leaf
    inner = ~grown.is_leaf
    number = np.where(is_leaf, -np.cumsum(is_leaf), np.cumsum(inner) - 1)
    values = grown.value[is_leaf].astype(np.float32)
    if not inner.any():  # the root is the only leaf
        nothing = np.zeros(1)
        leaf = np.full(1, -1)
        return _Tree(nothing, nothing, leaf, leaf, values)
    left, right = (number[side[inner].astype(np.intp)] for side in (grown.left, grown.right))
    threshold = _rounded_down(grown.threshold[inner])
    return _Tree(grown.feature[inner], threshold, left, right, values)


def _rounded_down(numbers: Array) -> Array:
    """Return the largest numbers of float32 that are not above some of float64.

    Features are float32, so that they are on the same side of both.
    """
    nearest = numbers.astype(np.float32)
    return np.where(nearest > numbers, np.nextafter(nearest, np.float32(-np.inf)), nearest)


def _joined(networks: Sequence[_Splits], n_features: int) -> tuple[Trees, Array]:
    """Return the trees of networks with the same number of rounds as a layer and parameters."""
    first = networks[0].trees
    leaves = [len(tree.value) for network in networks for trees in network.trees for tree in trees]
    layer = Trees(n_features, len(first), len(first[0]), max(2, *leaves))
    network = Network((layer,))
    theta = np.zeros((len(networks), network.layout.size), np.float32)
    for splits, parameters in zip(networks, map(network.bind, theta), strict=True):
        parameters[0]["bias"][...] = splits.bias
        for side in ("left", "right"):  # also of splits that a small tree does not have
            parameters[0][side][...] = -1
        for output, trees in enumerate(splits.trees):
            for place, tree in enumerate(trees):
                for name, array in tree._asdict().items():
                    parameters[0][name][output, place, : len(array)] = array
    return layer, theta


def _target(dataset: Dataset, places: Array) -> Array:
    """Return what an estimator learns: numbers of classes, or the numbers themselves."""
    target = dataset.target[places]
    return target.argmax(axis=1) if target.shape[1] > 1 else target[:, 0].astype(np.float64)


def _directions(dataset: Dataset, inputs: Inputs | None) -> Array | None:
    """Return how outputs may move with each input; only numbers are constrained."""
    if not dataset.inputs.directions:
        return None
    directions = dataset.inputs.directions[dataset.inputs.plain]
    return directions if inputs is None else directions @ (inputs.weight == 1)


def _estimator(dataset: Dataset, task: GrowTask, inputs: Inputs | None) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    loss = dataset.loss
    settings: dict[str, Any] = {
        "loss": LOSSES[type(loss)],
        "learning_rate": LEARNING_RATE,
        "max_leaf_nodes": _MAX_LEAVES,
        "max_bins": _MAX_RANGES,
        "monotonic_cst": _directions(dataset, inputs),
        "early_stopping": False,
        "warm_start": True,
        "random_state": np.random.default_rng([task.seed, task.network]).integers(2**31),
    }
    if settings["loss"] == "log_loss":
        return HistGradientBoostingClassifier(**settings)
    quantile = loss.level if isinstance(loss, Quantile) else None
    return HistGradientBoostingRegressor(**settings, quantile=quantile)
