"""Surgery changes the layers of networks that have already learned, and keeps what they learned.

Widening changes no prediction: the outgoing weights of new units start at zero. The optimizer's
memory moves with the parameters, so that training goes on as before. Whole networks are chosen by
their rows: `Population.take`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
import numpy.typing as npt

from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng, Workspace
from madaline.nn.layers import Linear, ScaledLinear
from madaline.nn.network import Network
from madaline.nn.population import Layout, Population


def hidden_layers(network: Network) -> list[int]:
    """Return the numbers of the linear layers whose units are hidden, to be widened or pruned.

    >>> from madaline.nn.layers import SiLU
    >>> hidden_layers(Network((Linear(2, 3), SiLU(), Linear(3, 1))))
    [0]
    """
    layers = enumerate(network.layers)
    return [number for number, layer in layers if isinstance(layer, Linear | ScaledLinear)][:-1]


def units_of(network: Network, layer: int) -> int:
    """Return how many units a layer has; only linear layers have any."""
    if not 0 <= layer < len(network.layers):
        raise InputError(
            "There is no layer {layer}: the network has {n_layers}.",
            layer=layer,
            n_layers=len(network.layers),
        )
    writer = network.layers[layer]
    if not isinstance(writer, Linear | ScaledLinear):
        raise InputError(
            "Layer {layer} is {name}: only the units of Linear and ScaledLinear layers can be added or removed.",
            layer=layer,
            name=type(writer).__name__,
        )
    return writer.out_features


def _with_units(network: Network, layer: int, units: int) -> tuple[Network, int]:
    """Return the network with another number of units, and the number of the layer that reads."""
    layers = list(network.layers)
    writer = layers[layer]
    if isinstance(writer, Linear | ScaledLinear):
        layers[layer] = replace(writer, out_features=units)
    for number in range(layer + 1, len(layers)):
        between = layers[number]
        if isinstance(between, Linear):
            layers[number] = replace(between, in_features=units)
            return Network(tuple(layers)), number
        if between.slots():
            raise InputError(
                "Layer {number} ({name}) does not treat the units one by one, so adding or removing some would change its other outputs: choose another.",
                number=number,
                name=type(between).__name__,
            )
    raise InputError(
        "The units of layer {layer} are the network's outputs: choose a hidden layer.", layer=layer
    )


def widen(
    network: Network, population: Population, layer: int, units: int, rng: Rng
) -> tuple[Network, Population]:
    """Add units to a layer; every network predicts the same as before.

    The new units get random incoming weights, so that they differ, and outgoing weights of zero, so
    that they change no output until they have learned something.

    Chen, Goodfellow and Shlens (2015), "Net2Net", arXiv:1511.05641, preserve the function as well,
    by splitting copies of units; such twins must first grow apart.

    >>> import numpy as np
    >>> from madaline.nn.layers import Linear, SiLU
    >>> network = Network((Linear(2, 3), SiLU(), Linear(3, 1)))
    >>> population = network.initialize((4,), np.random.default_rng(0))
    >>> wider, same = widen(network, population, 0, 2, np.random.default_rng(1))
    >>> wider.layers
    (Linear(in_features=2, out_features=5), SiLU(), Linear(in_features=5, out_features=1))
    >>> x = np.ones((1, 2), np.float32)
    >>> bool(np.allclose(network.predict(population.theta, x), wider.predict(same.theta, x)))
    True
    """
    if units < 1:
        raise InputError(
            "units is {units}: give the number of units to add, at least 1.", units=units
        )
    before = units_of(network, layer)
    wider, reader = _with_units(network, layer, before + units)
    fresh = wider.initialize(population.axes, rng, dtype=population.theta.dtype)
    wider.bind(fresh.theta)[reader]["weight"][..., before:, :] = 0
    return wider, _extended(population, fresh)


def prune(
    network: Network,
    population: Population,
    layer: int,
    keep: npt.ArrayLike,  # (kept,) or (*axes, kept)
) -> tuple[Network, Population]:
    """Keep some units of a layer, in the order given, and remove the others."""
    kept = _checked_units(keep, units_of(network, layer))
    narrower, reader = _with_units(network, layer, kept.shape[-1])

    def narrowed(matrix: Array) -> Array:
        result = np.empty((*matrix.shape[:-1], narrower.layout.size), matrix.dtype)
        old, new = network.layout.views(matrix), narrower.layout.views(result)
        for name, view in old.items():
            number = int(name.partition(".")[0])
            if layer <= number <= reader and not name.endswith(f"{number}.gate"):
                view = _chosen(view, kept, matrix.ndim - 1, outgoing=number == reader)
            new[name][...] = view
        return result

    return narrower, _changed(population, narrower.layout, narrowed)


def _checked_units(keep: npt.ArrayLike, units: int) -> Array:
    kept = np.asarray(keep)
    if kept.ndim == 0 or kept.shape[-1] == 0 or not np.issubdtype(kept.dtype, np.integer):
        raise InputError(
            "keep is {keep!r}: give the numbers of the units that stay, at least one.", keep=keep
        )
    if kept.min() < 0 or kept.max() >= units:
        raise InputError(
            "keep names units {min} to {max} but the layer has 0 to {units}.",
            min=kept.min(),
            max=kept.max(),
            units=units - 1,
        )
    ordered = np.sort(kept, axis=-1)
    if (ordered[..., 1:] == ordered[..., :-1]).any():
        raise InputError("keep names a unit twice: name each unit that stays once.")
    return kept


def take_output(network: Network, theta: Array, index: int) -> tuple[Network, Array]:
    """Return the networks that compute one of the outputs, with their parameters.

    >>> network = Network((Linear(2, 3),))
    >>> theta = network.initialize((), np.random.default_rng(0)).theta
    >>> smaller, parameters = take_output(network, theta, 1)
    >>> x = np.ones((1, 2), np.float32)
    >>> bool(np.allclose(smaller.predict(parameters, x), network.predict(theta, x)[:, [1]]))
    True
    """
    last = network.layers[-1]
    if not isinstance(last, Linear):
        raise InputError(
            "The last layer is {name}: its outputs cannot be taken.", name=type(last).__name__
        )
    parameters = network.bind(theta)[-1]
    column = slice(index, index + 1)
    weight = parameters["weight"][..., column].reshape(*theta.shape[:-1], -1)
    below = theta[..., : theta.shape[-1] - last.out_features * (last.in_features + 1)]
    smaller = Network((*network.layers[:-1], replace(last, out_features=1)))
    return smaller, np.concatenate([below, weight, parameters["bias"][..., column]], axis=-1)


# Optimizer memory that holds parameters: new ones start there as in theta
_VALUE_MEMORY = frozenset({"z"})

# Optimizer memory of squared gradients. All parameters share one count of steps, so a new one that
# started at zero would seem to have had tiny gradients, and its first steps would be far too long;
# it starts at the mean of its neighbors instead. All other memory starts at zero.
_SQUARE_MEMORY = frozenset({"squares"})


def _extended(population: Population, fresh: Population) -> Population:
    """Return the fresh networks with the old parameters in the leading corner of their slots."""
    axes = len(population.axes)

    def start(name: str, matrix: Array) -> Array:
        if name in _VALUE_MEMORY:
            return fresh.theta.copy()
        result = np.zeros_like(fresh.theta)
        if name in _SQUARE_MEMORY:
            old = population.layout.views(matrix)
            for slot, view in fresh.layout.views(result).items():
                mean = old[slot].reshape(*population.axes, -1).mean(axis=-1)
                view[...] = mean.reshape(mean.shape + (1,) * (view.ndim - axes))
        return result

    def copied(old: Array, new: Array) -> Array:
        targets = fresh.layout.views(new)
        for name, view in population.layout.views(old).items():
            corner: tuple[Any, ...] = (..., *(slice(size) for size in view.shape[axes:]))
            targets[name][corner] = view
        return new

    return Population(
        fresh.layout,
        copied(population.theta, fresh.theta),
        {name: copied(matrix, start(name, matrix)) for name, matrix in population.memory.items()},
        {name: column.copy() for name, column in population.columns.items()},
    )


def _changed(
    population: Population, layout: Layout, change: Callable[[Array], Array]
) -> Population:
    """Return the population with the same done to theta and to all memory."""
    return Population(
        layout,
        change(population.theta),
        {name: change(matrix) for name, matrix in population.memory.items()},
        {name: column.copy() for name, column in population.columns.items()},
    )


def _chosen(view: Array, units: Array, axes: int, *, outgoing: bool) -> Array:
    """Return the entries of some units: rows of a reader's weight, else the last axis."""
    if outgoing and view.ndim == axes + 1:
        return view  # the reader's bias belongs to no unit
    index = np.broadcast_to(units, (*view.shape[:axes], units.shape[-1]))
    if view.ndim == axes + 1:
        return np.take_along_axis(view, index, axis=-1)
    if outgoing:
        return np.take_along_axis(view, index[..., :, None], axis=-2)
    return np.take_along_axis(view, index[..., None, :], axis=-1)


def _value_matrices(old: Population, new: Population) -> list[tuple[Array, Array]]:
    """Return theta and all memory that holds parameters, before and after."""
    names = _VALUE_MEMORY & old.memory.keys()
    return [(old.theta, new.theta), *((old.memory[name], new.memory[name]) for name in names)]


_RIDGE = 1e-4  # keeps the least squares of units that always fire together solvable
_ORDERED_TOGETHER = 2**18  # numbers of the matrices of members that are ordered in one step


@final
@dataclass(frozen=True, eq=False)
class UnitRanking:
    """The order in which units of a layer can go, and how those that stay make up for it."""

    network: Network  # the layers
    population: Population  # the networks
    layer: int  # number of the layer
    moments: Array  # (*axes, units + 1, units + 1): ``B.T @ B / n_samples + ridge``, in float64
    order: Array  # int (*axes, units): the units of each member; the last one goes first

    def prune(self, units: int) -> tuple[Network, Population]:
        """Return the layers and the networks with so many units in this layer."""
        before = self.order.shape[-1]
        if not 1 <= units <= before:
            raise InputError(
                "units is {units} but layer {layer} has {before}: keep 1 to {before}.",
                units=units,
                layer=self.layer,
                before=before,
            )
        keep, gone = np.sort(self.order[..., :units], axis=-1), self.order[..., units:]
        replacement = _replacement(self.moments, keep, gone)  # (*axes, kept + 1, gone)
        narrower, pruned = prune(self.network, self.population, self.layer, keep)
        _, reader = _with_units(self.network, self.layer, before)
        for old, new in _value_matrices(self.population, pruned):
            weight = self.network.bind(old)[reader]["weight"]
            lost = _chosen(weight, gone, keep.ndim - 1, outgoing=True)
            gain = (replacement @ lost).astype(new.dtype)  # (*axes, kept + 1, n_outputs)
            target = narrower.bind(new)[reader]
            target["weight"][...] += gain[..., :-1, :]
            target["bias"][...] += gain[..., -1, :]
        return narrower, pruned


def rank_units(network: Network, population: Population, layer: int, x: Array) -> UnitRanking:
    """Rank the units of a layer by how well the others can replace them.

    With ``B`` the hidden activations and a column of ones, ``A = B.T @ B / n_samples + ridge``, and
    ``W`` the outgoing weights and the bias, removing unit q costs ``|W[q]|**2 / inv(A)[q, q]``. The
    cheapest goes, one after the other. The outgoing weights of those that stay then follow by least
    squares: ``W[keep] + inv(A[keep, keep]) @ A[keep, gone] @ W[gone]``.

    Hassibi and Stork (1992), "Optimal brain surgeon", here for whole units.
    """
    return rank_by_moments(network, population, layer, unit_moments(network, population, layer, x))


def unit_moments(network: Network, population: Population, layer: int, x: Array) -> Array:
    """Return ``A`` of `rank_units` in float64, shape (*axes, units + 1, units + 1)."""
    _, reader = _with_units(network, layer, units_of(network, layer))
    return _moments(_hidden(network, population.theta, reader, x))


def rank_by_moments(
    network: Network, population: Population, layer: int, moments: Array
) -> UnitRanking:
    """Rank the units of a layer as `rank_units`, given ``A`` of each network."""
    _, reader = _with_units(network, layer, units_of(network, layer))
    weight = network.bind(population.theta)[reader]["weight"]
    order = _order(moments, weight.astype(np.float64))
    return UnitRanking(network, population, layer, moments, order)


def _hidden(network: Network, theta: Array, reader: int, x: Array) -> Array:
    """Return what the reader reads, shape (*axes, n_samples, units)."""
    for layer, parameters in zip(network.layers[:reader], network.bind(theta), strict=False):
        x, _ = layer.forward(parameters, x, workspace=Workspace())
    return x


def _moments(hidden: Array) -> Array:
    """Return ``B.T @ B / n_samples + ridge`` in float64, shape (*axes, units + 1, units + 1)."""
    ones = np.ones((*hidden.shape[:-1], 1))
    b = np.concatenate([hidden.astype(np.float64), ones], axis=-1)
    moments = b.swapaxes(-1, -2) @ b / hidden.shape[-2]
    return np.asarray(moments + _RIDGE * np.eye(b.shape[-1]))


def _order(moments: Array, weight: Array) -> Array:
    """Return the units of each member, the cheapest to do without last, shape (*axes, units)."""
    axes, units = weight.shape[:-2], weight.shape[-2]
    moments = moments.reshape(-1, units + 1, units + 1)  # (members, w+1, w+1)
    weight = weight.reshape(-1, units, weight.shape[-1])
    together = max(1, _ORDERED_TOGETHER // moments[0].size)
    blocks = [slice(start, start + together) for start in range(0, len(moments), together)]
    order = [_order_of_block(moments[block], weight[block]) for block in blocks]
    return np.concatenate(order).reshape(*axes, units)


def _order_of_block(moments: Array, weight: Array) -> Array:
    """Return the units of a few members in the same way, shape (members, units)."""
    inverse, units = np.linalg.inv(moments), weight.shape[1]
    rows = np.zeros((len(inverse), units + 1, weight.shape[-1]))
    rows[:, :-1] = weight
    order = np.empty((len(inverse), units), np.intp)
    every, gone = np.arange(len(inverse)), np.zeros((len(inverse), units), bool)
    for rank in reversed(range(units)):
        freedom = np.maximum(np.diagonal(inverse, axis1=-2, axis2=-1)[:, :-1], 1e-300)
        cost = np.square(rows[:, :-1]).sum(axis=-1) / freedom
        unit = np.where(gone, np.inf, cost).argmin(axis=-1)  # (members,)
        row = inverse[every, unit]
        share = (inverse[every, :, unit] / row[every, unit][:, None])[..., None]
        rows -= share * rows[every, unit][:, None, :]
        inverse -= share * row[:, None, :]
        gone[every, unit], order[:, rank] = True, unit
    return order


def _replacement(moments: Array, keep: Array, gone: Array) -> Array:
    """Return the weights by which kept units replace the others, (*axes, kept + 1, gone)."""
    last = np.full((*keep.shape[:-1], 1), moments.shape[-1] - 1)
    staying = np.concatenate([keep, last], axis=-1)
    among = np.take_along_axis(moments, staying[..., :, None], axis=-2)
    square = np.take_along_axis(among, staying[..., None, :], axis=-1)
    across = np.take_along_axis(among, gone[..., None, :], axis=-1)
    return np.asarray(np.linalg.solve(square, across))
