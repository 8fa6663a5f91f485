"""Forward, loss, backward: from a batch to the gradient by every parameter."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from madaline.nn.arrays import Array, Parameters, Rng
from madaline.nn.losses import Loss
from madaline.nn.network import Network
from madaline.nn.recording import Recorded
from madaline.nn.workspace import Workspace


class GradientWriter:
    """Writes the gradient of the mean loss of a batch, one batch after the other (final).

    Where it can be recorded (`Network.repeatable`), it is, for batches in the same arrays.

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

    Examples
    --------
    >>> import numpy as np
    >>> from madaline.nn.layers import Linear
    >>> from madaline.nn.losses import Squared
    >>> theta, gradient, network = np.array([2.0, 0.0]), np.empty(2), Network((Linear(1, 1),))
    >>> write = GradientWriter(network, Squared(), theta, gradient, workspace=Workspace())
    >>> write(np.array([[1.0]]), np.array([[5.0]]))  # the slope of (2 w + b - 5)**2
    >>> gradient
    array([-6., -6.])
    """

    def __init__(
        self, network: Network, loss: Loss, theta: Array, gradient: Array, *, workspace: Workspace
    ) -> None:
        bound = network.bind(theta), network.bind(gradient)
        self._write = partial(_write, network, loss, workspace, *bound)
        self.recorded = Recorded(self._write, workspace) if network.repeatable else None

    def __call__(
        self, x: Array, target: Array, weight: Array | None = None, *, rng: Rng | None = None
    ) -> None:
        """Write the gradient of a batch.

        Parameters
        ----------
        x : ndarray of shape (*axes, batch, in_features)
            Encoded inputs.
        target : ndarray of shape (*axes, batch, n_outputs)
            What the outputs should have been.
        weight : ndarray of shape (*axes, batch), optional
            Weight of each row.
        rng : numpy.random.Generator, optional
            Source of random numbers in layers.
        """
        if self.recorded is None:
            self._write(x, target, weight, rng)
        else:
            self.recorded(x, target, weight)


def _write(
    network: Network,
    loss: Loss,
    workspace: Workspace,
    parameters: Sequence[Parameters],
    gradients: Sequence[Parameters],
    x: Array,
    target: Array,
    weight: Array | None,
    rng: Rng | None = None,
) -> None:
    output, backward = network.forward(parameters, x, workspace=workspace, training=True, rng=rng)
    backward(loss.gradient(output, target, weight, workspace=workspace), gradients)
