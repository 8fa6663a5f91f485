"""One output of networks that have several, as networks of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.layers import Linear
from madaline.nn.network import Network


def take_output(network: Network, theta: Array, index: int) -> tuple[Network, Array]:
    """Return the networks that compute one of the outputs, with their parameters.

    Parameters
    ----------
    network : Network
        Layers that end with a linear one.
    theta : ndarray of shape (*axes, parameters)
        The parameters.
    index : int
        Which output.

    Raises
    ------
    InputError
        If the last layer is not linear.

    Examples
    --------
    >>> network = Network((Linear(2, 3),))
    >>> theta = network.initialize((), np.random.default_rng(0)).theta
    >>> one, own = take_output(network, theta, 1)
    >>> x = np.ones((1, 2), np.float32)
    >>> bool(np.allclose(one.predict(own, x), network.predict(theta, x)[:, [1]]))
    True
    """
    last = network.layers[-1]
    if not isinstance(last, Linear):
        raise InputError(f"The last layer is {type(last).__name__}: its outputs cannot be taken.")
    parameters = network.bind(theta)[-1]
    own = slice(index, index + 1)
    weight = parameters["weight"][..., own].reshape(*theta.shape[:-1], -1)
    below = theta[..., : theta.shape[-1] - last.out_features * (last.in_features + 1)]
    smaller = Network((*network.layers[:-1], replace(last, out_features=1)))
    return smaller, np.concatenate([below, weight, parameters["bias"][..., own]], axis=-1)
