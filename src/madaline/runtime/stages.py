"""Networks at rest, taken apart into stages that predict the same bits in fewer passes.

What is done for every row in training can be done once for all rows when nothing learns any more:

- A bias that is repeated for each row of a chunk is added in one long run instead of many short
  ones.
- ``silu(x) = x * sigmoid(x) = h * (1 + tanh(h))`` with ``h = x / 2``: the layer before gives `h` at
  once if its weights are halved, which is exact in binary numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from madaline.core.arrays import Array, Parameters
from madaline.core.layers import Layer, Linear, SiLU
from madaline.core.network import Network
from madaline.core.products import write_product
from madaline.core.workspace import Workspace

Stage: TypeAlias = Callable[[Array, Workspace], Array]
"""From inputs, and where arrays come from, to outputs."""


def stages(network: Network, theta: Array, rows: int) -> list[Stage]:
    """Return what to do one after the other to predict.

    Parameters
    ----------
    network : Network
        The layers.
    theta : ndarray of shape (*axes, parameters)
        The parameters, which will not change any more.
    rows : int
        Rows of a chunk.

    Returns
    -------
    list of Stage
        From features, shape (n_chunks, rows, n_features), to raw outputs, shape (*axes, n_chunks,
        rows, n_outputs).

    Examples
    --------
    >>> network = Network((Linear(1, 2), SiLU(), Linear(2, 1)))
    >>> theta = network.initialize((3,), np.random.default_rng(0)).theta
    >>> x = np.array([[[-1.0], [2.0]]], np.float32)  # one chunk of two rows
    >>> y, workspace = x, Workspace()
    >>> for stage in stages(network, theta, rows=2):
    ...     y = stage(y, workspace)
    >>> bool((y[:, 0] == network.predict(theta, x[0])).all())
    True
    """
    fixed, parameters = network.fixed(theta[..., None, :])  # an axis of one stands for the chunks
    pairs = list(zip(fixed.layers, parameters, strict=True))
    found: list[Stage] = []
    while pairs:
        layer, own = pairs.pop(0)
        if not isinstance(layer, Linear):
            found.append(_any_layer(layer, own))
        elif pairs and isinstance(pairs[0][0], SiLU):
            pairs.pop(0)
            found.append(_linear_silu(own["weight"], own["bias"], rows))
        else:
            found.append(_linear(own["weight"], own["bias"], rows))
    return found


def _linear_silu(weight: Array, bias: Array, rows: int) -> Stage:
    half = weight.dtype.type(0.5)
    linear = _linear(weight * half, bias * half, rows)

    def stage(x: Array, workspace: Workspace) -> Array:
        h = linear(x, workspace)
        y = np.tanh(h, out=workspace.empty(h.shape, h.dtype))
        y += 1
        y *= h
        return y

    return stage


def _linear(weight: Array, bias: Array, rows: int) -> Stage:
    axes, units = weight.shape[:-3], weight.shape[-1]
    row = np.tile(bias, rows)  # (*axes, 1, rows * units)

    def stage(x: Array, workspace: Workspace) -> Array:
        y = workspace.empty((*axes, *x.shape[-3:-1], units), weight.dtype)
        write_product(x, weight, y, workspace)
        runs = y.reshape(*y.shape[:-2], row.shape[-1])
        runs += row
        return y

    return stage


def _any_layer(layer: Layer, parameters: Parameters) -> Stage:
    def stage(x: Array, workspace: Workspace) -> Array:
        return layer.forward(parameters, x, workspace=workspace)[0]

    return stage
