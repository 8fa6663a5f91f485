"""Deepening inserts a hidden layer that starts as the identity."""

from __future__ import annotations

from madaline.errors import InputError
from madaline.nn.arrays import Rng
from madaline.nn.initializers import zeros
from madaline.nn.layers import Linear, Residual, SiLU
from madaline.nn.layers.base import Layer
from madaline.nn.network import Network
from madaline.nn.population import Population
from madaline.nn.surgery.carrying import extended
from madaline.nn.surgery.units import width_after


def deepen(
    network: Network,
    population: Population,
    after: int,
    rng: Rng,
    *,
    activation: Layer | None = None,
    units: int | None = None,
) -> tuple[Network, Population]:
    """Insert a hidden layer beside the way of the signal; every network says the same as before.

    What is inserted is ``x + f(x)`` with ``f = Linear, activation, Linear``. The last of these
    starts at zero, so that it is the identity at first, whatever the activation.

    Parameters
    ----------
    network : Network
        The layers.
    population : Population
        The networks, with axes of any shape.
    after : int
        Number of the layer that the new one follows.
    rng : numpy.random.Generator
        Source of the new weights.
    activation : Layer, optional
        Activation of the new units; SiLU by default.
    units : int, optional
        How many new units; by default as many as there are where it is inserted.

    Returns
    -------
    network : Network
        The deeper layers.
    population : Population
        The same networks in them; theta and memory are new arrays.

    Raises
    ------
    InputError
        If there is no such place.

    References
    ----------
    Zhang, Dauphin and Ma (2019), "Fixup initialization", arXiv:1901.09321: residual branches whose
    last layer starts at zero.

    Examples
    --------
    >>> import numpy as np
    >>> from madaline.nn.layers import Linear, SiLU
    >>> network = Network((Linear(2, 3), SiLU(), Linear(3, 1)))
    >>> population = network.initialize((), np.random.default_rng(0))
    >>> deeper, same = deepen(network, population, 1, np.random.default_rng(1))
    >>> len(deeper.layers), same.layout.size - population.layout.size
    (4, 24)
    """
    width = width_after(network, after)
    hidden = width if units is None else units
    if hidden < 1:
        raise InputError(f"units is {units}: give the number of new units, at least 1.")
    silent = Linear(hidden, width, weight_initializer=zeros, bias_initializer=zeros)
    inserted = Residual((Linear(width, hidden), activation or SiLU(), silent))
    place = after + 1
    deeper = Network((*network.layers[:place], inserted, *network.layers[place:]))
    fresh = deeper.initialize(population.axes, rng, dtype=population.theta.dtype)
    sources = {_renumbered(slot.name, place): slot.name for slot in network.layout.slots}
    return deeper, extended(population, fresh, sources)


def _renumbered(name: str, place: int) -> str:
    """Return a slot's name after a layer was inserted at `place`."""
    number, _, own = name.partition(".")
    return f"{int(number) + (int(number) >= place)}.{own}"
