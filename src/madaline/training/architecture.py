"""Which layers a recipe's networks have: the shape of the features and the recipe decide."""

from __future__ import annotations

from math import prod

import numpy as np

from madaline.core.arrays import Array
from madaline.core.initializers import near_zero, zeros
from madaline.core.layers import (
    Branches,
    Convolution,
    Dropout,
    Linear,
    MaxPooling,
    ReLU,
    ScaledLinear,
    SiLU,
)
from madaline.core.layers.base import Layer
from madaline.core.network import Network
from madaline.training.examples import Examples
from madaline.training.recipe import Recipe

SMALLEST_GRID = 4
"""Grids of fewer positions a side are not looked at by another convolution."""


UNITS_BESIDE = 64
"""Units of the first layer of columns beside a grid."""
UNITS_OF_STEPS = 64
"""Units of each convolution over the steps of a sequence."""


def build_network(recipe: Recipe, examples: Examples) -> Network:
    """Return the layers of a recipe, for the features that the examples have.

    Columns of a table: gated inputs, hidden layers of SiLU units, linear outputs. A grid, such as
    the pixels of an image: convolutions, each with a coarser grid behind it, hidden layers of
    rectifiers, linear outputs. A grid beside columns: the convolutions and a first layer of the
    columns side by side, and the rest as for a grid.
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


def width(recipe: Recipe, examples: Examples) -> int:
    """Return how many numbers come out of the widest layer, a row."""
    of_grid = recipe.channels[0] * prod(examples.grid) if recipe.channels else 0
    return max(of_grid, *recipe.units)


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
    columns = np.asarray(examples.columns[recipe.n_bins])
    start, stop = examples.grid_span or (0, len(columns))
    layers, below = _convolutions(recipe, examples.grid, (stop - start) // prod(examples.grid))
    if stop - start < len(columns):
        spans = [one for one in ((0, start), (stop, len(columns))) if one[0] < one[1]]
        others = np.concatenate([columns[slice(*span)] for span in spans])
        layers = [Branches((((start, stop),), tuple(spans)), (tuple(layers), _beside(others)))]
        below += UNITS_BESIDE
    for units in recipe.units:
        layers += [Dropout(recipe.dropout), Linear(below, units, bias_initializer=zeros), ReLU()]
        below = units
    return layers


def _convolutions(recipe: Recipe, grid: tuple[int, ...], below: int) -> tuple[list[Layer], int]:
    """Return the convolutions with all that stands between them, and how many numbers come out."""
    layers: list[Layer] = []
    for channels in recipe.channels:
        layers.append(Convolution(grid, below, channels))
        if min(grid) > 1:
            pooling = MaxPooling(grid)
            layers.append(pooling)
            grid = pooling.out_shape
        layers.append(ReLU())
        below = channels
    return layers, below * prod(grid)


def _beside(columns: Array) -> tuple[Layer, ...]:
    """Return the first layer of the features that do not stand on the grid, by their columns."""
    _, numbers = np.unique(columns, return_inverse=True)
    return ScaledLinear(tuple(numbers.tolist()), UNITS_BESIDE), SiLU()
