"""Parameters and optimizer memory, copied from one layout to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from madaline.nn.arrays import Array
from madaline.nn.population import Layout, Population

HOLDS_VALUES = frozenset({"z"})
"""Optimizer memory that holds parameters: new ones start there as in theta."""

HOLDS_SQUARES = frozenset({"squares"})
"""Optimizer memory of squared gradients. All parameters share one count of steps, so a new one that
started at zero would seem to have had tiny gradients, and its first steps would be far too long; it
starts at the mean of its neighbors instead. All other memory starts at zero."""


def extended(population: Population, fresh: Population, sources: Mapping[str, str]) -> Population:
    """Return the fresh networks with the old parameters in the leading corner of their slots."""

    def start(name: str, matrix: Array) -> Array:
        if name in HOLDS_VALUES:
            return fresh.theta.copy()
        result = np.zeros_like(fresh.theta)
        if name in HOLDS_SQUARES:
            _fill_with_means(result, fresh.layout, matrix, population.layout, sources)
        return result

    def copied(old: Array, new: Array) -> Array:
        views, targets = population.layout.views(old), fresh.layout.views(new)
        for name, source in sources.items():
            shape = views[source].shape[population.theta.ndim - 1 :]
            corner: tuple[Any, ...] = (..., *(slice(size) for size in shape))
            targets[name][corner] = views[source]
        return new

    return Population(
        fresh.layout,
        copied(population.theta, fresh.theta),
        {name: copied(matrix, start(name, matrix)) for name, matrix in population.memory.items()},
        {name: column.copy() for name, column in population.columns.items()},
    )


def changed(population: Population, layout: Layout, change: Callable[[Array], Array]) -> Population:
    """Return the population with the same done to theta and to all memory."""
    return Population(
        layout,
        change(population.theta),
        {name: change(matrix) for name, matrix in population.memory.items()},
        {name: column.copy() for name, column in population.columns.items()},
    )


def chosen(view: Array, units: Array, axes: int, *, outgoing: bool) -> Array:
    """Return the entries of some units: rows of a reader's weight, else the last axis."""
    if outgoing and view.ndim == axes + 1:
        return view  # the reader's bias belongs to no unit
    index = np.broadcast_to(units, (*view.shape[:axes], units.shape[-1]))
    if view.ndim == axes + 1:
        return np.take_along_axis(view, index, axis=-1)
    if outgoing:
        return np.take_along_axis(view, index[..., :, None], axis=-2)
    return np.take_along_axis(view, index[..., None, :], axis=-1)


def value_matrices(old: Population, new: Population) -> list[tuple[Array, Array]]:
    """Return theta and all memory that holds parameters, before and after."""
    names = HOLDS_VALUES & old.memory.keys()
    return [(old.theta, new.theta), *((old.memory[name], new.memory[name]) for name in names)]


def _fill_with_means(
    result: Array, layout: Layout, matrix: Array, old_layout: Layout, sources: Mapping[str, str]
) -> None:
    """Fill each slot with its old mean, and a new slot with the overall mean, for each member."""
    old, new = old_layout.views(matrix), layout.views(result)
    axes = matrix.ndim - 1
    overall = matrix.mean(axis=-1)
    for slot in layout.slots:
        source = sources.get(slot.name)
        mean = overall
        if source is not None:
            mean = old[source].reshape(*matrix.shape[:-1], -1).mean(axis=-1)
        new[slot.name][...] = mean.reshape(mean.shape + (1,) * (new[slot.name].ndim - axes))
