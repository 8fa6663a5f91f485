"""Pruning by least squares: the units that stay learn to stand in for those that go."""

from __future__ import annotations

import numpy as np

from madaline.core.arrays import Array
from madaline.core.network import Network
from madaline.core.population import Population
from madaline.core.surgery.carrying import chosen, value_matrices
from madaline.core.surgery.pruning import prune
from madaline.core.surgery.units import units_of, with_units
from madaline.core.workspace import Workspace
from madaline.errors import InputError

RIDGE = 1e-4
"""Keeps the least squares of units that always fire together solvable."""


def least_squares_prune(
    network: Network, population: Population, layer: int, units: int, x: Array
) -> tuple[Network, Population]:
    """Remove the units that the others can best stand in for, and let them.

    With ``B`` the hidden activations and a column of ones, ``A = B.T @ B / n_samples + ridge``, and
    ``W`` the outgoing weights and the bias, removing unit q costs ``|W[q]|**2 / inv(A)[q, q]``. The
    cheapest goes, one after the other; at last the outgoing weights of those that stay are what
    least squares says: ``W[keep] + inv(A[keep, keep]) @ A[keep, gone] @ W[gone]``.

    Parameters
    ----------
    network : Network
        The layers.
    population : Population
        The networks, with axes of any shape.
    layer : int
        Number of the `Linear` or `ScaledLinear` whose units are removed.
    units : int
        How many units stay, the same number for every member; which, is up to each.
    x : ndarray of shape (*axes, n_samples, in_features) or (n_samples, in_features)
        Encoded rows, such as those of training.

    Returns
    -------
    network : Network
        The narrower layers.
    population : Population
        The networks in them; theta and memory are new arrays.

    Raises
    ------
    InputError
        If that layer can't be pruned or has fewer units, with the reason.

    References
    ----------
    Hassibi and Stork (1992), "Optimal brain surgeon", here for whole units.

    Examples
    --------
    >>> from madaline.core.layers import Linear, ReLU
    >>> network = Network((Linear(2, 8), ReLU(), Linear(8, 1)))
    >>> population = network.initialize((4,), np.random.default_rng(0))
    >>> x = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
    >>> narrower, _ = least_squares_prune(network, population, 0, 5, x)
    >>> narrower.layers[0].out_features
    5
    """
    before = units_of(network, layer)
    if not 1 <= units <= before:
        raise InputError(f"units is {units} but layer {layer} has {before}: keep 1 to {before}.")
    _, reader = with_units(network, layer, before)
    moments = _moments(_hidden(network, population.theta, reader, x))  # A, (*axes, w+1, w+1)
    weight = network.bind(population.theta)[reader]["weight"]
    keep, gone = _cheapest(moments, weight.astype(np.float64), units)
    stand_in = _stand_in(moments, keep, gone)  # (*axes, kept + 1, gone)

    narrower, pruned = prune(network, population, layer, keep)
    for old, new in value_matrices(population, pruned):
        lost = chosen(network.bind(old)[reader]["weight"], gone, keep.ndim - 1, outgoing=True)
        gain = (stand_in @ lost).astype(new.dtype)  # (*axes, kept + 1, n_outputs)
        target = narrower.bind(new)[reader]
        target["weight"][...] += gain[..., :-1, :]
        target["bias"][...] += gain[..., -1, :]
    return narrower, pruned


def _hidden(network: Network, theta: Array, reader: int, x: Array) -> Array:
    """Return what the reader reads, shape (*axes, n_samples, units)."""
    for layer, own in zip(network.layers[:reader], network.bind(theta), strict=False):
        x, _ = layer.forward(own, x, workspace=Workspace())
    return x


def _moments(hidden: Array) -> Array:
    """Return ``B.T @ B / n_samples + ridge`` in float64, shape (*axes, units + 1, units + 1)."""
    ones = np.ones((*hidden.shape[:-1], 1))
    b = np.concatenate([hidden.astype(np.float64), ones], axis=-1)
    moments = b.swapaxes(-1, -2) @ b / hidden.shape[-2]
    return np.asarray(moments + RIDGE * np.eye(b.shape[-1]))


def _cheapest(moments: Array, weight: Array, units: int) -> tuple[Array, Array]:
    """Return which units stay and which go, in order, shapes (*axes, kept) and (*axes, gone)."""
    axes, before = weight.shape[:-2], weight.shape[-2]
    inverses = np.linalg.inv(moments).reshape(-1, before + 1, before + 1)
    weights = np.zeros((len(inverses), before + 1, weight.shape[-1]))
    weights[:, :-1] = weight.reshape(-1, before, weight.shape[-1])
    gone = np.zeros((len(inverses), before), bool)
    for inverse, rows, out in zip(inverses, weights, gone, strict=True):
        for _ in range(before - units):
            cost = np.square(rows[:-1]).sum(axis=-1) / np.maximum(np.diag(inverse)[:-1], 1e-300)
            unit = int(np.argmin(np.where(out, np.inf, cost)))
            share = inverse[:, unit] / inverse[unit, unit]
            rows -= np.outer(share, rows[unit])
            inverse -= np.outer(share, inverse[unit])
            out[unit] = True
    order = np.argsort(gone, axis=-1, kind="stable").reshape(*axes, before)
    return order[..., :units], order[..., units:]


def _stand_in(moments: Array, keep: Array, gone: Array) -> Array:
    """Return how the kept units and the bias stand in for the others, (*axes, kept + 1, gone)."""
    last = np.full((*keep.shape[:-1], 1), moments.shape[-1] - 1)
    staying = np.concatenate([keep, last], axis=-1)
    among = np.take_along_axis(moments, staying[..., :, None], axis=-2)
    square = np.take_along_axis(among, staying[..., None, :], axis=-1)
    across = np.take_along_axis(among, gone[..., None, :], axis=-1)
    return np.asarray(np.linalg.solve(square, across))
