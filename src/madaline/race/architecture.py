"""Which layers a recipe's networks have: the shape of the features and the recipe decide."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from madaline.data.media.grid import Grid
from madaline.nn.arrays import Array
from madaline.nn.initializers import near_zero, zeros
from madaline.nn.layers import (
    Branches,
    Convolution,
    Dropout,
    Linear,
    MaxPooling,
    MeanPooling,
    ReLU,
    ScaledLinear,
    SiLU,
)
from madaline.nn.layers.base import Layer
from madaline.nn.network import Network
from madaline.race.dataset import Examples
from madaline.race.recipe import Recipe

SMALLEST_GRID = 4
"""Grids of fewer positions a side are not looked at by another convolution."""


WINDOWS_OF_STEPS = (7, 5, 3)
"""Steps that each convolution sees at once, where what they say is averaged over all steps."""

UNITS_BESIDE = 64
"""Units of the first layer of columns beside a grid."""
UNITS_OF_STEPS = 64
"""Units of each convolution over the steps of a sequence."""


def build_network(recipe: Recipe, examples: Examples) -> Network:
    """Return the layers of a recipe, for the features that the examples have.

    Columns of a table: gated inputs, hidden layers of SiLU units, linear outputs. A grid, such as
    the pixels of an image: convolutions, each with a coarser grid behind it, hidden layers of
    rectifiers, linear outputs. Several grids, or one beside columns: the convolutions of each and a
    first layer of the columns side by side, and the rest as for a grid.
    """
    hidden = _of_grid(recipe, examples) if recipe.channels else _of_columns(recipe, examples)
    output = Linear(recipe.units[-1], examples.n_outputs, weight_initializer=zeros)
    return Network((*hidden, output))


def channels_for(grid: tuple[int, ...], *, most: int = 128) -> tuple[int, ...]:
    """Return the units of each convolution for a grid.

    A picture has many positions: few units at first, twice as many wherever it is half as fine.
    A sequence has few, and more to be said at each.

    Examples
    --------
    >>> channels_for((28, 28)), channels_for((8, 8)), channels_for((2, 9))
    ((16, 32, 64), (16, 32), (16,))
    >>> channels_for((22,)), channels_for((3,))
    ((64, 64, 64), (64,))
    """
    if len(grid) == 1:
        return (UNITS_OF_STEPS,) * len(channels_for((*grid, *grid)))
    channels = [16]
    while min(grid) // 2 >= SMALLEST_GRID:
        grid = tuple(side // 2 for side in grid)
        channels.append(min(most, 2 * channels[-1]))
    return tuple(channels)


def averaged_channels(channels: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Return the units of convolutions over steps where what they say is averaged."""
    return tuple(one[: len(WINDOWS_OF_STEPS)] for one in channels)


def width(recipe: Recipe, examples: Examples) -> int:
    """Return how many numbers come out of the widest layer, a row."""
    of_grids = [
        first * grid.n_positions
        for (first, *_), grid in zip(recipe.channels, examples.grids, strict=False)
    ]
    return max([*of_grids, *recipe.units])


def _of_columns(recipe: Recipe, examples: Examples) -> list[Layer]:
    first, *others = recipe.units
    columns = examples.columns[recipe.n_bins]
    layers: list[Layer] = [_quiet(columns, first) if recipe.quiet else ScaledLinear(columns, first)]
    layers.append(SiLU())
    below = first
    for units in others:
        layers += [Linear(below, units), SiLU()]
        below = units
    return layers


def _quiet(columns: tuple[int, ...], units: int) -> Layer:
    return ScaledLinear(columns, units, weight_initializer=near_zero, bias_initializer=zeros)


def _of_grid(recipe: Recipe, examples: Examples) -> list[Layer]:
    convolutions = _averaged_convolutions if recipe.averaged else _convolutions
    looking = [
        convolutions(channels, grid)
        for channels, grid in zip(recipe.channels, examples.grids, strict=True)
    ]
    below = sum(n_numbers for _, n_numbers in looking)
    branches = [layers for layers, _ in looking]
    spans: list[tuple[tuple[int, int], ...]]
    spans = [((grid.start, grid.stop),) for grid in examples.grids]
    columns = np.asarray(examples.columns[recipe.n_bins])
    others = _between(examples.grids, len(columns))
    if others:
        spans.append(others)
        branches.append(_beside(np.concatenate([columns[slice(*span)] for span in others])))
        below += UNITS_BESIDE
    alone = len(branches) == 1
    layers: list[Layer] = [*branches[0]] if alone else [Branches(tuple(spans), tuple(branches))]
    for units in recipe.units:
        layers += [Dropout(recipe.dropout), Linear(below, units, bias_initializer=zeros), ReLU()]
        below = units
    return layers


def _convolutions(channels: tuple[int, ...], grid: Grid) -> tuple[tuple[Layer, ...], int]:
    """Return the convolutions with all that stands between them, and how many numbers come out."""
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
    """Return convolutions over steps and the mean of what they say, and how many numbers that is.

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


def _between(grids: tuple[Grid, ...], n_features: int) -> tuple[tuple[int, int], ...]:
    """Return the stretches of features that stand on no grid."""
    starts = [0, *(grid.stop for grid in grids)]
    stops = [*(grid.start for grid in grids), n_features]
    return tuple(span for span in zip(starts, stops, strict=True) if span[0] < span[1])


def _beside(columns: Array) -> tuple[Layer, ...]:
    """Return the first layer of the features that stand on no grid, by their columns."""
    _, numbers = np.unique(columns, return_inverse=True)
    return ScaledLinear(tuple(numbers.tolist()), UNITS_BESIDE), SiLU()
