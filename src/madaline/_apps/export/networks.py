"""Networks and trees as steps of a program: layers of all members side by side, and their means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeAlias, final

import numpy as np

from madaline._apps.export import operations as do
from madaline._apps.export.operations import Operation, Value
from madaline._models.runtime.frozen_networks import NetworkPart
from madaline._models.runtime.predictor import Predictor
from madaline._tables.kinds.bins import JoinedBins
from madaline.errors import InputError
from madaline.nn.arrays import Array, Parameters
from madaline.nn.layers import (
    Branches,
    Convolution,
    Dropout,
    Layer,
    LeakySiLU,
    Linear,
    MaxPooling,
    Pooling,
    ReLU,
    SiLU,
)
from madaline.nn.layers._trees import FixedTrees


@dataclass(frozen=True)
class Steps:
    """The steps so far, with how many numbers each makes."""

    steps: list[Operation] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)

    def add(self, step: Operation) -> Value:
        self.steps.append(step)
        self.sizes.append(step.size(self.sizes))
        return Value(len(self.steps) - 1)

    def take(self, x: Value, places: Array, kind: type[do.TakePlaces] = do.TakePlaces) -> Value:
        """Return some of the numbers."""
        is_all = np.array_equal(places, np.arange(self.sizes[x]))
        return x if is_all else self.add(kind(x, ints(places)))


@final
@dataclass(frozen=True)
class Features:
    """What networks take."""

    base: Value
    edges: dict[int, Value]  # for each number of bins, where numbers lie on their edges


_Layers: TypeAlias = Sequence[tuple[Layer, Parameters]]


@final
@dataclass(frozen=True)
class _Units:
    """What a layer takes or makes."""

    value: Value
    members: int = 1  # that have numbers of their own; 1 where all share them


def ints(numbers: Any) -> Array:
    return np.asarray(numbers, np.int32)


def write_networks(
    steps: Steps, predictor: Predictor, features: Features, *, of_folds: bool
) -> Value:
    """Write networks and trees, and the calibrated means of those of each fold, or of all."""
    total: Value | None = None
    joined = predictor.encoder.joined
    parts = [_networks_of(part, of_folds=of_folds) for part in predictor.parts]
    for part in parts if of_folds else _side_by_side(parts):
        bins = None if joined is None else joined.bins.get(part.n_bins)
        total = steps.add(_means(steps, total, part, *_first(steps, features, part, bins)))
    assert total is not None
    temperature = np.atleast_1d(np.asarray(predictor.temperature, np.float64))
    return total if (temperature == 1).all() else steps.add(do.Calibrate(total, temperature))


class _Networks(NamedTuple):
    """The layers of all members of a part, and how much each counts in each mean."""

    n_bins: int
    layers: _Layers
    shares: Array  # (members, n_means)

    @property
    def units(self) -> int:
        """How many each member has; 0 where they are no sums and activations in turn."""
        functions = {type(layer) for layer, _ in self.layers[1::2]}
        are_sums = all(isinstance(layer, Linear) for layer, _ in self.layers[::2])
        units = sum(own["bias"].shape[-1] for _, own in self.layers[::2] if are_sums)
        return units if functions <= _FUNCTIONS.keys() else 0


def _networks_of(part: NetworkPart, *, of_folds: bool) -> _Networks:
    network, bound = part.network.fixed(part.theta.reshape(-1, part.theta.shape[-1]))
    pairs = zip(network.layers, bound, strict=True)
    layers = [pair for pair in pairs if not isinstance(pair[0], Dropout)]
    return _Networks(part.n_bins, layers, part.fold_shares if of_folds else part.shares)


_NEAR = 2 / 3
"""Units of a network beside those of one with which it shares steps, at least."""


def _side_by_side(parts: Sequence[_Networks]) -> Iterator[_Networks]:
    """Yield networks; those of about as many units are one part, of fewer and larger steps."""
    groups: dict[Any, list[_Networks]] = {}
    for number, part in enumerate(sorted(parts, key=lambda own: -own.units)):
        kinds = part.n_bins, tuple(type(layer) for layer, _ in part.layers)
        near = (own for own in groups if own[0] == kinds and part.units >= _NEAR * own[1] > 0)
        groups.setdefault(next(near, (kinds, part.units, number)), []).append(part)
    for group in groups.values():
        pairs = zip(*(part.layers for part in group), strict=True)
        layers = [(own[0][0], _filled_up([values for _, values in own])) for own in pairs]
        yield _Networks(group[0].n_bins, layers, np.concatenate([own.shares for own in group]))


def _filled_up(of_parts: Sequence[Parameters]) -> Parameters:
    """Return parameters of all members; units without weights fill up narrow layers."""
    made = {}
    for name in of_parts[0]:
        arrays = [own[name] for own in of_parts]
        most = np.max([array.shape for array in arrays], axis=0)
        gaps = [[(0, n) for n in (most - array.shape)[1:]] for array in arrays]
        filled = [
            np.pad(*pair) for pair in zip(arrays, ([(0, 0), *gap] for gap in gaps), strict=True)
        ]
        made[name] = np.concatenate(filled)
    return made


def _means(
    steps: Steps, before: Value | None, part: _Networks, x: _Units, layers: _Layers
) -> do.AddMeans:
    """Return means of members; the mean of all whose last layer is sums is one sum of all units."""
    shares = part.shares
    ends_in_sums = bool(layers) and isinstance(layers[-1][0], Linear)
    if not ends_in_sums or shares.shape[1] > 1 or len(shares) == 1:
        return do.AddMeans(before, _chain(steps, x, layers).value, shares)
    *layers, (_, last) = layers
    units, weight = _chain(steps, x, layers), last["weight"] * shares[..., None]
    if units.members == 1:
        weight = weight.sum(axis=0)
    weight = weight.reshape(1, -1, weight.shape[-1])
    summed = steps.add(do.WeightInputs(units.value, weight, shares.T @ last["bias"]))
    return do.AddMeans(before, summed, np.ones((1, 1)))


def _first(
    steps: Steps, features: Features, part: _Networks, bins: JoinedBins | None
) -> tuple[_Units, _Layers]:
    """Write what sees bins, and return the layers after it."""
    if bins is None:
        return _Units(features.base), part.layers
    (layer, own), *layers = part.layers
    if isinstance(layer, Linear):
        sums = _first_sums(steps, features, part.n_bins, bins, _merged(own))
        return _Units(sums, len(part.shares)), layers
    return _Units(_with_bins(steps, features, part.n_bins, bins)), part.layers


def _first_sums(
    steps: Steps, features: Features, n_bins: int, bins: JoinedBins, first: tuple[Array, Array]
) -> Value:
    """Write the sums of features and bins, which a line between two edges adds."""
    weight, bias = first
    n_base = len(weight) - len(bins)
    constant = bias.astype(np.float64) - bins.means @ weight[n_base:].astype(np.float64)
    x = _affine(steps, features.base, weight[None, :n_base], constant[None])
    table = _of_edges(weight[n_base:], bins.edges)
    return steps.add(do.InterpolateRows(x, features.edges[n_bins], table))


def _of_edges(weight: Array, edges: Sequence[Array]) -> Array:
    """Return what each edge adds to the sums: all bins before it are full."""
    rows = []
    stop = 0
    for own in edges:
        start, stop = stop, stop + len(own) - 1
        rows += [np.zeros((1, weight.shape[1])), np.cumsum(weight[start:stop], 0, np.float64)]
    return np.concatenate(rows).astype(np.float32)


def _with_bins(steps: Steps, features: Features, n_bins: int, bins: JoinedBins) -> Value:
    """Write the features with how full their bins are, for layers other than sums."""
    owners = bins.owner
    lows = np.arange(len(bins)) + owners  # a number has one edge more than bins
    means = bins.means.astype(np.float32)
    full = do.FillBins(features.edges[n_bins], ints(owners), ints(lows), means)
    return _beside(steps, [features.base, steps.add(full)])


def _beside(steps: Steps, parts: Sequence[Value]) -> Value:
    """Write all features of some values one after the other."""
    sizes = [steps.sizes[part] for part in parts]
    return steps.add(do.JoinFeatures(tuple(parts), ints(sizes), ints(np.arange(sum(sizes)))))


def _merged(parameters: Parameters) -> tuple[Array, Array]:
    """Return the first weights of all members side by side: they share their inputs."""
    weight = parameters["weight"]
    return weight.swapaxes(0, 1).reshape(weight.shape[1], -1), parameters["bias"].ravel()


def _affine(steps: Steps, x: Value, weight: Array, bias: Array) -> Value:
    return steps.add(do.WeightInputs(x, np.asarray(weight), np.asarray(bias, np.float32)))


_FUNCTIONS: dict[type[Layer], str] = {ReLU: "relu", SiLU: "silu", LeakySiLU: "leaky_silu"}


def _chain(steps: Steps, x: _Units, layers: _Layers) -> _Units:
    """Write layers one after the other, each of all members."""
    for layer, values in layers:
        x = _of_layer(steps, x, layer, values)
    return x


def _of_layer(steps: Steps, x: _Units, layer: Layer, values: Parameters) -> _Units:
    shared = x.members == 1
    match layer:
        case FixedTrees():
            trees = _trees(x.value, layer, values, shared=shared)
            return _Units(steps.add(trees), len(values["bias"]))
        case Linear():
            weight, bias = values["weight"], values["bias"]
            if shared:
                weight, bias = (own[None] for own in _merged(values))
            return _Units(_affine(steps, x.value, weight, bias), len(values["bias"]))
        case Convolution():
            return _convolved(steps, x, layer, values)
        case Pooling():
            return _pooled(steps, x, layer)
        case Branches():
            return _branched(steps, x, layer, values)
    if type(layer) not in _FUNCTIONS:
        raise InputError("A layer {name} cannot be exported.", name=type(layer).__name__)
    return _Units(steps.add(do.Activate(_FUNCTIONS[type(layer)], x.value)), x.members)


def _convolved(steps: Steps, x: _Units, layer: Convolution, values: Parameters) -> _Units:
    """Write sums around every position; a sequence is a picture of height 1."""
    members, height, width = len(values["bias"]), *_picture(layer.shape)
    high, wide = _window(layer)
    shape = members, high, wide, layer.in_channels, layer.out_channels
    weight = values["weight"].reshape(shape)
    return _Units(steps.add(do.Convolve(x.value, weight, values["bias"], height, width)), members)


def _pooled(steps: Steps, x: _Units, layer: Pooling) -> _Units:
    """Write the largest number, or the mean, of each window and channel."""
    height, width = _picture(layer.shape)
    channels = steps.sizes[x.value] // (x.members * height * width)
    function = "largest" if isinstance(layer, MaxPooling) else "mean"
    pool = do.Pool(function, x.value, channels, height, width, *_window(layer))
    return _Units(steps.add(pool), x.members)


def _picture(shape: Sequence[int]) -> tuple[int, int]:
    return (1, shape[0]) if len(shape) == 1 else (shape[0], shape[1])


def _window(layer: Convolution | Pooling) -> tuple[int, int]:
    return (layer.size if len(layer.shape) == 2 else 1, layer.size)


def _branched(steps: Steps, x: _Units, layer: Branches, values: Parameters) -> _Units:
    """Write chains of layers, each of some features, and what they make side by side."""
    n, outputs = steps.sizes[x.value] // x.members, []
    for spans, layers, bound in zip(layer.spans, layer.branches, layer.bind(values), strict=True):
        some = np.concatenate([np.arange(*span) for span in spans])
        places = (n * np.arange(x.members)[:, None] + some).ravel()
        taken = _Units(steps.take(x.value, places, do.TakeFeatures), x.members)
        fixed = [own.fixed(parameters) for own, parameters in zip(layers, bound, strict=True)]
        chain = [pair for pair in fixed if not isinstance(pair[0], Dropout)]
        outputs.append(_chain(steps, taken, chain))
    return _by_member(steps, outputs)


def _by_member(steps: Steps, outputs: Sequence[_Units]) -> _Units:
    """Write what branches make one after the other for each member; what all share, for each."""
    members = max(output.members for output in outputs)
    parts = [output.value for output in outputs for _ in range(members // output.members)]
    sizes = [steps.sizes[output.value] // output.members for output in outputs]
    starts, apart = np.cumsum([0, *sizes[:-1]]), sum(sizes) * np.arange(members)[:, None]
    places = [
        (apart + start + np.arange(size)).ravel() for start, size in zip(starts, sizes, strict=True)
    ]
    lengths = [steps.sizes[part] for part in parts]
    joined = do.JoinFeatures(tuple(parts), ints(lengths), ints(np.concatenate(places)))
    return _Units(steps.add(joined), members)


def _trees(x: Value, layer: FixedTrees, values: Parameters, *, shared: bool) -> do.WalkTrees:
    """Return the trees of all members, without the nodes that no row comes to."""
    n_leaves, apart = layer.trees.n_leaves, 0 if shared else layer.trees.in_features
    bias, of_member = values["bias"], values["below"].shape[1] // 2
    first = np.arange(len(bias))[:, None] * of_member
    below = (values["below"] + first).reshape(-1, 2)
    roots = (layer.roots + first).ravel()
    number = np.arange(len(below))
    is_leaf = (number % of_member) % (2 * n_leaves - 1) >= n_leaves - 1
    comes = np.zeros(len(below), bool)
    comes[roots] = True
    for node in range(n_leaves - 1):  # each split stands behind the one that leads to it
        comes[below[(roots + node)[comes[roots + node]]].ravel()] = True
    renumbered = ints(np.cumsum(comes) - 1)
    feature = np.where(is_leaf, -1, values["feature"].ravel() + number // of_member * apart)
    threshold = np.where(is_leaf, values["value"].ravel(), values["threshold"].ravel())
    return do.WalkTrees(
        x,
        ints(feature[comes]),
        np.asarray(threshold[comes], np.float32),
        renumbered[below[comes]],
        renumbered[roots],
        bias.ravel(),
    )
