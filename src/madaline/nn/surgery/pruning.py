"""Pruning removes units of a hidden layer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.network import Network
from madaline.nn.population import Population
from madaline.nn.surgery.carrying import changed, chosen
from madaline.nn.surgery.units import units_of, with_units


def prune(
    network: Network, population: Population, layer: int, keep: npt.ArrayLike
) -> tuple[Network, Population]:
    """Keep some units of a layer and remove the others.

    Parameters
    ----------
    network : Network
        The layers.
    population : Population
        The networks, with axes of any shape.
    layer : int
        Number of the `Linear` or `ScaledLinear` whose units are removed.
    keep : int array-like of shape (kept,) or (*axes, kept)
        Units that stay, in this order: the same for all members, or others for each.

    Returns
    -------
    network : Network
        The narrower layers.
    population : Population
        The networks without the other units; theta and memory are new arrays.

    Raises
    ------
    InputError
        If that layer can't be pruned or has no such units, with the reason.

    Examples
    --------
    >>> from madaline.nn.layers import Linear, SiLU
    >>> network = Network((Linear(2, 3), SiLU(), Linear(3, 1)))
    >>> population = network.initialize((4,), np.random.default_rng(0))
    >>> narrower, rest = prune(network, population, 0, [0, 2])
    >>> narrower.layers[0]
    Linear(in_features=2, out_features=2)
    """
    kept = _checked_units(keep, units_of(network, layer))
    narrower, reader = with_units(network, layer, kept.shape[-1])

    def narrowed(matrix: Array) -> Array:
        result = np.empty((*matrix.shape[:-1], narrower.layout.size), matrix.dtype)
        old, new = network.layout.views(matrix), narrower.layout.views(result)
        for name, view in old.items():
            number = int(name.partition(".")[0])
            if layer <= number <= reader and not name.endswith(f"{number}.gate"):
                view = chosen(view, kept, matrix.ndim - 1, outgoing=number == reader)
            new[name][...] = view
        return result

    return narrower, changed(population, narrower.layout, narrowed)


def _checked_units(keep: npt.ArrayLike, units: int) -> Array:
    kept = np.asarray(keep)
    if kept.ndim == 0 or kept.shape[-1] == 0 or not np.issubdtype(kept.dtype, np.integer):
        raise InputError(
            f"keep is {keep!r}: give the numbers of the units that stay, at least one."
        )
    if kept.min() < 0 or kept.max() >= units:
        raise InputError(
            f"keep names units {kept.min()} to {kept.max()} but the layer has 0 to {units - 1}."
        )
    ordered = np.sort(kept, axis=-1)
    if (ordered[..., 1:] == ordered[..., :-1]).any():
        raise InputError("keep names a unit twice: name each unit that stays once.")
    return kept
