"""Forward, loss, backward: from a batch to the gradient by every parameter."""

from __future__ import annotations

from collections.abc import Sequence

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.losses import Loss
from madaline.nn.network import Network
from madaline.nn.workspace import Workspace


def write_gradient(
    network: Network,
    loss: Loss,
    parameters: Sequence[Parameters],
    gradients: Sequence[Parameters],
    x: Array,
    target: Array,
    weight: Array | None = None,
    *,
    workspace: Workspace,
    rng: Rng | None = None,
) -> None:
    """Write the gradient of the mean loss of a batch by every parameter.

    Parameters
    ----------
    network : Network
        The layers.
    loss : Loss
        What is minimized.
    parameters, gradients : sequence of mapping of str to ndarray
        What `Network.bind` returned for the population's matrix, and for that of its gradients.
    x : ndarray of shape (*axes, batch, in_features)
        Encoded inputs.
    target : ndarray of shape (*axes, batch, n_outputs)
        What the outputs should have been.
    weight : ndarray of shape (*axes, batch), optional
        Weight of each row.
    workspace : Workspace
        Where the arrays come from.
    rng : numpy.random.Generator, optional
        Source of random numbers in layers.

    Examples
    --------
    >>> import numpy as np
    >>> from madaline.nn.layers import Linear
    >>> from madaline.nn.losses import Squared
    >>> network, gradient = Network((Linear(1, 1),)), np.empty(2)
    >>> bound = network.bind(np.array([2.0, 0.0])), network.bind(gradient)
    >>> x, target = np.array([[1.0]]), np.array([[5.0]])
    >>> write_gradient(network, Squared(), *bound, x, target, workspace=Workspace())
    >>> gradient  # the slope of (2 w + b - 5)**2
    array([-6., -6.])
    """
    output, backward = network.forward(parameters, x, workspace=workspace, training=True, rng=rng)
    backward(loss.gradient(output, target, weight, workspace=workspace), gradients)
