"""Forward, loss, backward: from a batch to the gradient by every parameter."""

from __future__ import annotations

from collections.abc import Callable

from madaline.core.arrays import Array, Rng
from madaline.core.losses import Loss
from madaline.core.network import Network
from madaline.core.recording import Recorded
from madaline.core.workspace import Workspace


def gradient_writer(
    network: Network,
    loss: Loss,
    theta: Array,
    gradient: Array,
    *,
    workspace: Workspace,
    rng: Rng | None = None,
) -> Callable[[Array, Array, Array | None], None]:
    """Return what writes the gradient of the mean loss of a batch, one batch after the other.

    Where it can be recorded (`Network.repeatable`), only the first batch is, and those in arrays of
    their own.

    Parameters
    ----------
    network : Network
        The layers.
    loss : Loss
        What is made small.
    theta : ndarray of shape (*axes, parameters)
        The parameters, which may change in place from batch to batch.
    gradient : ndarray of shape (*axes, parameters)
        Where to write.
    workspace : Workspace
        Where the arrays come from.
    rng : numpy.random.Generator, optional
        Source of random numbers in layers.

    Returns
    -------
    callable
        It takes inputs, (*axes, batch, features), targets, (*axes, batch, n_outputs), and weights
        of rows, (*axes, batch), or None.

    Examples
    --------
    >>> import numpy as np
    >>> from madaline.core.layers import Linear
    >>> from madaline.core.losses import Squared
    >>> theta, gradient = np.array([2.0, 0.0]), np.empty(2)
    >>> write = gradient_writer(
    ...     Network((Linear(1, 1),)), Squared(), theta, gradient, workspace=Workspace()
    ... )
    >>> write(np.array([[1.0]]), np.array([[5.0]]), None)  # the slope of (2 w + b - 5)**2
    >>> gradient
    array([-6., -6.])
    """
    parameters, gradients = network.bind(theta), network.bind(gradient)

    def write(x: Array, target: Array, weight: Array | None) -> None:
        output, backward = network.forward(
            parameters, x, workspace=workspace, training=True, rng=rng
        )
        backward(loss.gradient(output, target, weight, workspace=workspace), gradients)

    return Recorded(write, workspace) if network.repeatable else write
