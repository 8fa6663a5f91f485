"""Pruning by least squares: the weights of the kept units make up for the removed ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array, Workspace
from madaline.nn.network import Network
from madaline.nn.population import Population
from madaline.nn.surgery.units import chosen, prune, units_of, value_matrices, with_units

_RIDGE = 1e-4  # keeps the least squares of units that always fire together solvable


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
                f"units is {units} but layer {self.layer} has {before}: keep 1 to {before}."
            )
        keep, gone = np.sort(self.order[..., :units], axis=-1), self.order[..., units:]
        replacement = _replacement(self.moments, keep, gone)  # (*axes, kept + 1, gone)
        narrower, pruned = prune(self.network, self.population, self.layer, keep)
        _, reader = with_units(self.network, self.layer, before)
        for old, new in value_matrices(self.population, pruned):
            weight = self.network.bind(old)[reader]["weight"]
            lost = chosen(weight, gone, keep.ndim - 1, outgoing=True)
            gain = (replacement @ lost).astype(new.dtype)  # (*axes, kept + 1, n_outputs)
            target = narrower.bind(new)[reader]
            target["weight"][...] += gain[..., :-1, :]
            target["bias"][...] += gain[..., -1, :]
        return narrower, pruned


def rank_units(
    network: Network,
    population: Population,
    layer: int,
    x: Array,  # (*axes, n_samples, in_features) or (n_samples, in_features)
) -> UnitRanking:
    """Rank the units of a layer by how well the others can replace them.

    With ``B`` the hidden activations and a column of ones, ``A = B.T @ B / n_samples + ridge``, and
    ``W`` the outgoing weights and the bias, removing unit q costs ``|W[q]|**2 / inv(A)[q, q]``. The
    cheapest goes, one after the other. The outgoing weights of those that stay then follow by least
    squares: ``W[keep] + inv(A[keep, keep]) @ A[keep, gone] @ W[gone]``.

    Hassibi and Stork (1992), "Optimal brain surgeon", here for whole units.
    """
    _, reader = with_units(network, layer, units_of(network, layer))
    moments = _moments(_hidden(network, population.theta, reader, x))  # A, (*axes, w+1, w+1)
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
    inverse = np.linalg.inv(moments).reshape(-1, units + 1, units + 1)  # (members, w+1, w+1)
    rows = np.zeros((len(inverse), units + 1, weight.shape[-1]))
    rows[:, :-1] = weight.reshape(-1, units, weight.shape[-1])
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
    return order.reshape(*axes, units)


def _replacement(moments: Array, keep: Array, gone: Array) -> Array:
    """Return the weights by which kept units replace the others, (*axes, kept + 1, gone)."""
    last = np.full((*keep.shape[:-1], 1), moments.shape[-1] - 1)
    staying = np.concatenate([keep, last], axis=-1)
    among = np.take_along_axis(moments, staying[..., :, None], axis=-2)
    square = np.take_along_axis(among, staying[..., None, :], axis=-1)
    across = np.take_along_axis(among, gone[..., None, :], axis=-1)
    return np.asarray(np.linalg.solve(square, across))
