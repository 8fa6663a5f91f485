"""Which layers a recipe's networks have: the recipe and its features decide."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from madaline._race.features import NetworkInputs
from madaline._race.recipe import GridRecipe, LinearRecipe, PatternRecipe, Recipe, TextRecipe
from madaline._tables.media.grids import Grid
from madaline.nn import layers as nn
from madaline.nn._normalization import without_normalization
from madaline.nn.arrays import Array
from madaline.nn.initializers import near_zero, zeros
from madaline.nn.network import Network

_UNITS_BESIDE = 64  # units of the first layer of columns beside a grid


def build_network(recipe: Recipe, inputs: NetworkInputs, n_outputs: int) -> Network:
    """Return the layers of a recipe's networks that are evaluated and kept.

    Tables and texts: gated inputs, hidden layers of SiLU units, linear outputs. Grids: convolutions
    for each grid and a first layer for the columns beside them, if any, side by side; hidden layers
    of rectifiers; linear outputs.
    """
    return without_normalization(build_training_network(recipe, inputs, n_outputs))


def build_training_network(recipe: Recipe, inputs: NetworkInputs, n_outputs: int) -> Network:
    """Return the layers that are trained: the same, and batch normalization if the recipe has it.

    It is folded away before networks are evaluated (`madaline.nn._normalization`).
    """
    if isinstance(recipe, LinearRecipe | PatternRecipe):
        return Network((_linear(inputs.columns[recipe.n_bins], n_outputs),))
    if isinstance(recipe, GridRecipe):
        hidden = _grid_layers(recipe, inputs)
    else:
        hidden = _column_layers(recipe, _gates(inputs, recipe.n_bins).tolist())
    output = nn.Linear(recipe.units[-1], n_outputs, weight_initializer=zeros)
    return Network((*hidden, output))


def hide_features(
    recipe: Recipe,
    network: Network,
    theta: Array,  # (..., networks, parameters), changed in place
    inputs: NetworkInputs,
) -> None:
    """Hide what rises with time from a recipe's networks, if they may not see it.

    The gates and weights of these features are zero, so the slope of each is zero, too: they stay
    so in training.
    """
    layer = network.layers[0]
    if not (recipe.timeless and isinstance(layer, nn.ScaledLinear)):
        return
    hidden = inputs.hidden[recipe.n_bins]
    first = network.bind(theta)[0]
    first["weight"][..., hidden, :] = 0
    first["gate"][..., np.unique(np.array(layer.columns)[hidden])] = 0


def width(recipe: Recipe, inputs: NetworkInputs, n_outputs: int) -> int:
    """Return the number of outputs of the widest layer, per row."""
    sizes = list(recipe.units) or [n_outputs]
    if isinstance(recipe, GridRecipe):
        sizes += [
            channels[0] * grid.n_positions
            for channels, grid in zip(recipe.channels, inputs.grids, strict=True)
        ]
    return max(sizes)


def _linear(columns: tuple[int, ...], n_outputs: int) -> nn.Layer:
    return nn.ScaledLinear(columns, n_outputs, weight_initializer=zeros, bias_initializer=zeros)


def _gates(inputs: NetworkInputs, n_bins: int) -> Array:
    """Return the gate of each feature: that of its column, or its own among patterns.

    Features of a column that rise with time have a gate of their own, so that a recipe can hide
    them and keep the seasons of the same column.
    """
    gates = np.array(inputs.columns[n_bins])
    if n_bins in inputs.hidden:
        gates[inputs.hidden[n_bins]] += 1 + gates.max()
    for start, stop in inputs.patterns:
        gates[start:stop] = 1 + gates.max() + np.arange(stop - start)
    return np.unique(gates, return_inverse=True)[1]  # numbered from zero


def _column_layers(recipe: Recipe, gates: Sequence[int]) -> list[nn.Layer]:
    first, *others = recipe.units
    small = {"weight_initializer": near_zero, "bias_initializer": zeros}
    options = small if isinstance(recipe, TextRecipe) else {}
    activation = nn.LeakySiLU() if recipe.monotone else nn.SiLU()
    layers: list[nn.Layer] = [nn.ScaledLinear(tuple(gates), first, **options), activation]
    below = first
    for units in others:
        layers += [nn.Linear(below, units), activation]
        below = units
    return layers


def _grid_layers(recipe: GridRecipe, inputs: NetworkInputs) -> list[nn.Layer]:
    spans: list[tuple[tuple[int, int], ...]] = []
    branches: list[tuple[nn.Layer, ...]] = []
    below = 0
    for blocks, grid in zip(recipe.blocks(), inputs.grids, strict=True):
        branch, n_outputs = _convolutions(blocks, grid, normalized=recipe.normalized)
        spans.append(((grid.start, grid.stop),))
        branches.append(branch)
        below += n_outputs
    gates = _gates(inputs, recipe.n_bins)
    others = _between(inputs.grids, len(gates))
    if others:
        kept = np.concatenate([gates[slice(*span)] for span in others])
        columns = np.unique(kept, return_inverse=True)[1].tolist()  # numbered from zero
        spans.append(others)
        branches.append((nn.ScaledLinear(tuple(columns), _UNITS_BESIDE), nn.SiLU()))
        below += _UNITS_BESIDE
    alone = len(branches) == 1
    layers: list[nn.Layer] = (
        [*branches[0]] if alone else [nn.Branches(tuple(spans), tuple(branches))]
    )
    for units in recipe.units:
        layers += [
            nn.Dropout(recipe.dropout),
            nn.Linear(below, units, bias_initializer=zeros),
            nn.ReLU(),
        ]
        below = units
    return layers


def _between(grids: tuple[Grid, ...], n_features: int) -> tuple[tuple[int, int], ...]:
    """Return the stretches of features that belong to no grid."""
    starts = [0, *(grid.stop for grid in grids)]
    stops = [*(grid.start for grid in grids), n_features]
    return tuple(span for span in zip(starts, stops, strict=True) if span[0] < span[1])


def _convolutions(
    blocks: Sequence[tuple[int, ...]], grid: Grid, *, normalized: bool
) -> tuple[tuple[nn.Layer, ...], int]:
    """Return convolutions, the last of each block followed by pooling, and the outputs' number."""
    layers: list[nn.Layer] = []
    sides, below = grid.sides, grid.channels
    for block in blocks:
        for left, units in zip(reversed(range(len(block))), block, strict=True):
            layers.append(nn.Convolution(sides, below, units))
            if normalized:
                layers.append(nn.BatchNormalization(prod(sides), units))
            if min(sides) > 1 and not left:
                pooling = nn.MaxPooling(sides)
                layers.append(pooling)
                sides = pooling.out_shape
            layers.append(nn.ReLU())
            below = units
    return tuple(layers), below * prod(sides)
