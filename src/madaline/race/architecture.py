"""Which layers a recipe's networks have: the recipe and the features of the dataset decide."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Protocol

import numpy as np

from madaline.data.media.grid import Grid
from madaline.nn.initializers import near_zero, zeros
from madaline.nn.layers import (
    Branches,
    Convolution,
    Dropout,
    LeakySiLU,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    ScaledLinear,
    SiLU,
)
from madaline.nn.layers.base import Layer
from madaline.nn.network import Network
from madaline.race.recipe import GridRecipe, LinearRecipe, Recipe, TextRecipe

WINDOWS_OF_STEPS = (7, 5, 3)
"""Window of each convolution over a sequence whose outputs are averaged over all steps."""

UNITS_BESIDE = 64
"""Units of the first layer of columns beside a grid."""


class Inputs(Protocol):
    """What decides the layers: a dataset, or what one will be."""

    @property
    def columns(self) -> Mapping[int, tuple[int, ...]]:
        """For each number of bins, the column that each feature was made from."""

    @property
    def grids(self) -> tuple[Grid, ...]:
        """The grids that features stand on."""

    @property
    def n_outputs(self) -> int:
        """Number of raw outputs of a network."""


def build_network(recipe: Recipe, dataset: Inputs) -> Network:
    """Return the layers of a recipe for the features of a dataset.

    Tables and texts: gated inputs, hidden layers of SiLU units, linear outputs. Grids: convolutions
    for each grid and a first layer for the columns beside them, if any, side by side; hidden layers
    of rectifiers; linear outputs.
    """
    if isinstance(recipe, LinearRecipe):
        return Network((_linear(dataset.columns[recipe.n_bins], dataset.n_outputs),))
    if isinstance(recipe, GridRecipe):
        hidden = _grid_layers(recipe, dataset)
    else:
        hidden = _column_layers(recipe, dataset.columns[recipe.n_bins])
    output = Linear(recipe.units[-1], dataset.n_outputs, weight_initializer=zeros)
    return Network((*hidden, output))


def width(recipe: Recipe, dataset: Inputs) -> int:
    """Return the number of outputs of the widest layer, per row."""
    sizes = list(recipe.units) or [dataset.n_outputs]
    if isinstance(recipe, GridRecipe):
        sizes += [
            channels[0] * grid.n_positions
            for channels, grid in zip(recipe.channels, dataset.grids, strict=True)
        ]
    return max(sizes)


def _linear(columns: tuple[int, ...], n_outputs: int) -> Layer:
    return ScaledLinear(columns, n_outputs, weight_initializer=zeros, bias_initializer=zeros)


def _column_layers(recipe: Recipe, columns: tuple[int, ...]) -> list[Layer]:
    first, *others = recipe.units
    small = {"weight_initializer": near_zero, "bias_initializer": zeros}
    options = small if isinstance(recipe, TextRecipe) else {}
    activation = LeakySiLU() if recipe.monotone else SiLU()
    layers: list[Layer] = [ScaledLinear(columns, first, **options), activation]
    below = first
    for units in others:
        layers += [Linear(below, units), activation]
        below = units
    return layers


def _grid_layers(recipe: GridRecipe, dataset: Inputs) -> list[Layer]:
    convolutions = _averaged_convolutions if recipe.averaged else _convolutions
    spans: list[tuple[tuple[int, int], ...]] = []
    branches: list[tuple[Layer, ...]] = []
    below = 0
    for channels, grid in zip(recipe.channels, dataset.grids, strict=True):
        branch, n_outputs = convolutions(channels, grid)
        spans.append(((grid.start, grid.stop),))
        branches.append(branch)
        below += n_outputs
    columns = np.asarray(dataset.columns[recipe.n_bins])
    others = _between(dataset.grids, len(columns))
    if others:
        kept = np.concatenate([columns[slice(*span)] for span in others])
        gates = np.unique(kept, return_inverse=True)[1].tolist()  # numbered from zero
        spans.append(others)
        branches.append((ScaledLinear(tuple(gates), UNITS_BESIDE), SiLU()))
        below += UNITS_BESIDE
    alone = len(branches) == 1
    layers: list[Layer] = [*branches[0]] if alone else [Branches(tuple(spans), tuple(branches))]
    for units in recipe.units:
        layers += [Dropout(recipe.dropout), Linear(below, units, bias_initializer=zeros), ReLU()]
        below = units
    return layers


def _between(grids: tuple[Grid, ...], n_features: int) -> tuple[tuple[int, int], ...]:
    """Return the stretches of features that belong to no grid."""
    starts = [0, *(grid.stop for grid in grids)]
    stops = [*(grid.start for grid in grids), n_features]
    return tuple(span for span in zip(starts, stops, strict=True) if span[0] < span[1])


def _convolutions(channels: tuple[int, ...], grid: Grid) -> tuple[tuple[Layer, ...], int]:
    """Return convolutions, each followed by pooling, and the number of outputs."""
    layers: list[Layer] = []
    sides, below = grid.sides, grid.channels
    for units in channels:
        layers.append(Convolution(sides, below, units))
        if min(sides) > 1:
            pooling = MaxPooling(sides)
            layers.append(pooling)
            sides = pooling.out_shape
        layers.append(ReLU())
        below = units
    return tuple(layers), below * prod(sides)


def _averaged_convolutions(channels: tuple[int, ...], grid: Grid) -> tuple[tuple[Layer, ...], int]:
    """Return convolutions over steps whose outputs are averaged, and the number of outputs.

    As in Wang, Yan and Oates (2017), "Time series classification from scratch with deep neural
    networks", but with pooling between the convolutions, and without batch normalization.
    """
    layers: list[Layer] = []
    sides, below = grid.sides, grid.channels
    for units, size in zip(channels, WINDOWS_OF_STEPS, strict=False):
        if layers and min(sides) > 1:
            pooling = MaxPooling(sides)
            layers.append(pooling)
            sides = pooling.out_shape
        layers += [Convolution(sides, below, units, size=size), ReLU()]
        below = units
    return (*layers, MeanPooling(sides, size=sides[0])), below
