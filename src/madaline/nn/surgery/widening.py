"""Widening adds units to a hidden layer."""

from __future__ import annotations

from madaline.errors import InputError
from madaline.nn.arrays import Rng
from madaline.nn.network import Network
from madaline.nn.population import Population
from madaline.nn.surgery.carrying import extended
from madaline.nn.surgery.units import units_of, with_units


def widen(
    network: Network, population: Population, layer: int, units: int, rng: Rng
) -> tuple[Network, Population]:
    """Add units to a layer; every network predicts the same as before.

    The new units get random incoming weights, so that they differ, and outgoing weights of zero, so
    that they change no output until they have learned something.

    Parameters
    ----------
    network : Network
        The layers.
    population : Population
        The networks, with axes of any shape.
    layer : int
        Number of the `Linear` or `ScaledLinear` that gets more units.
    units : int
        How many units are added.
    rng : numpy.random.Generator
        Source of the new incoming weights.

    Returns
    -------
    network : Network
        The wider layers.
    population : Population
        The same networks in them; theta and memory are new arrays.

    Raises
    ------
    InputError
        If that layer can't be widened, with the reason.

    References
    ----------
    Chen, Goodfellow and Shlens (2015), "Net2Net", arXiv:1511.05641, preserve the function as well,
    by splitting copies of units; such twins must first grow apart.

    Examples
    --------
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
        raise InputError(f"units is {units}: give the number of units to add, at least 1.")
    before = units_of(network, layer)
    wider, reader = with_units(network, layer, before + units)
    fresh = wider.initialize(population.axes, rng, dtype=population.theta.dtype)
    wider.bind(fresh.theta)[reader]["weight"][..., before:, :] = 0
    return wider, extended(population, fresh, {slot.name: slot.name for slot in wider.layout.slots})
