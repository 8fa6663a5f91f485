"""Units and gradients: parts of a network that say nothing, and errors that do not reach them.

A *dead* unit says the same for every row. A *saturated* unit stands where its activation is flat,
so that no row can move it. A gradient *vanishes* if hardly any of it reaches the first layer, and
*explodes* if it grows from layer to layer on its way there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.finding import Finding
from madaline.nn.arrays import Array
from madaline.nn.layers import Convolution, Linear, Pooling, ScaledLinear
from madaline.nn.layers.activation import Activation
from madaline.nn.layers.base import Layer
from madaline.nn.network import Network
from madaline.nn.workspace import Workspace

SAME = 1e-5
"""Outputs of a unit that differ by less, as a standard deviation, are the same."""

FLAT = 0.01
"""A slope below this share of the steepest on the way is flat."""

NEARLY_ALL = 0.99
"""Share of the rows in which a saturated unit is flat."""

VANISHED, EXPLODED, STOPPED = 1e-4, 1e4, 1e-12
"""Size of the first layer's gradient in that of the last one's."""

MANY, SOME = 0.5, 0.25
"""Shares of a layer's units from which it is worth a finding of medium and of low severity; of high
if all are dead."""


@dataclass(frozen=True)
class LayerHealth:
    """How the units of a hidden layer are.

    Parameters
    ----------
    units : int
        How many it has.
    dead : float
        Share of them that say the same for every row.
    saturated : float
        Share of the others whose activation is flat for nearly every row.
    gradient : float
        How much of a change of its units' sums reaches the outputs: the root mean square of the
        gradient of random shares of the outputs, of mean square one, by the biases.
    """

    units: int
    dead: float
    saturated: float
    gradient: float


def examine(network: Network, theta: Array, x: Array) -> list[LayerHealth]:
    """Return the health of each hidden layer of a network, and last of its outputs.

    The gradient is that of the outputs and not of the loss, which is close to zero wherever a
    network has learned all it can.

    Parameters
    ----------
    network : Network
        The layers.
    theta : ndarray of shape (parameters,)
        One member's parameters.
    x : ndarray of shape (n_rows, in_features)
        Some rows that it learned from.

    Examples
    --------
    >>> from madaline.nn.layers import ReLU
    >>> network = Network((Linear(1, 2), ReLU(), Linear(2, 1)))
    >>> theta = np.array([1.0, 1.0, 0.0, -9.0, 1.0, 1.0, 0.0])  # the second unit never fires
    >>> x = np.linspace(0, 1, 50)[:, None]
    >>> examine(network, theta, x)[0].dead
    0.5
    """
    slopes = np.zeros_like(theta)
    with np.errstate(all="ignore"):
        output, backward = network.forward(network.bind(theta), x, workspace=Workspace())
        shares = np.random.default_rng(0).normal(size=output.shape) / np.sqrt(len(x))
        backward(shares.astype(output.dtype), network.bind(slopes))
        gradients = [
            float(np.sqrt(np.mean(np.square(one["bias"], dtype=np.float64))))
            for one in network.bind(slopes)
            if "bias" in one
        ]
        hidden = [_shares(*between) for between in _hidden(network, theta, x)]
    outputs = (output.shape[1], 0.0, 0.0)
    return [
        LayerHealth(*facts, gradient)
        for facts, gradient in zip([*hidden, outputs], gradients, strict=True)
    ]


def find_sick_units(healths: Sequence[Sequence[LayerHealth]]) -> list[Finding]:
    """Return what is wrong with the units and the gradients of some networks with as many layers.

    Parameters
    ----------
    healths : sequence of sequence of LayerHealth
        What `examine` returned for each network.
    """
    if not healths:
        return []
    found: list[Finding] = []
    for number, layers in enumerate(zip(*(one[:-1] for one in healths), strict=True)):
        found += _sick_layer(number + 1, layers)
        if all(layer.dead == 1 for layer in layers):
            break  # what comes after it must be dead, too
    return [*found, *_sick_gradients(healths, blocked=bool(found))]


def find_lost_networks(healths: Sequence[Sequence[LayerHealth]]) -> list[Finding]:
    """Return whether networks with a dead layer raced, which can say only one thing.

    Parameters
    ----------
    healths : sequence of sequence of LayerHealth
        What `examine` returned for a network of each recipe that raced.
    """
    dead = [
        next((number for number, layer in enumerate(layers[:-1]) if layer.dead == 1), None)
        for layers in healths
    ]
    lost = [number for number in dead if number is not None]
    if not lost:
        return []
    return [
        Finding(
            "dead units",
            "medium",
            f"layer {min(lost) + 1}",
            "The networks of {lost} of {raced} recipes had only dead units in {subject}, and others"
            " predict in their place",
            "lower the learning rate, or begin with smaller weights",
            {"lost": len(lost), "raced": len(healths)},
        )
    ]


def _hidden(network: Network, theta: Array, x: Array) -> Iterable[tuple[Array, Array]]:
    """Yield what comes out of each hidden layer's units, and the slopes of their activation."""
    units = 0
    for layer, own in zip(network.layers[:-1], network.bind(theta), strict=False):
        x, backward = layer.forward(own, x, workspace=Workspace())
        if units and isinstance(layer, Activation):
            yield x.reshape(-1, units), backward(np.ones_like(x), {}).reshape(-1, units)
        if not isinstance(layer, Pooling):
            units = _units(layer)


def _units(layer: Layer) -> int:
    """Return how many units a layer has; those of a convolution are the same at every position."""
    if isinstance(layer, Convolution):
        return layer.out_channels
    return layer.out_features if isinstance(layer, Linear | ScaledLinear) else 0


def _shares(outputs: Array, slopes: Array) -> tuple[int, float, float]:
    """Return the number of units, and the shares of dead and of saturated ones."""
    dead = ~(outputs.std(axis=0) > SAME)
    steepest = np.abs(slopes).max() or 1.0
    flat = np.mean(np.abs(slopes) <= FLAT * steepest, axis=0) >= NEARLY_ALL
    return len(dead), float(dead.mean()), float((flat & ~dead).mean())


def _sick_layer(number: int, layers: Sequence[LayerHealth]) -> list[Finding]:
    dead, saturated = (
        float(np.mean([getattr(layer, what) for layer in layers])) for what in ("dead", "saturated")
    )
    if max(dead, saturated) < SOME:
        return []
    what = "dead" if dead >= saturated else "saturated"
    return [
        Finding(
            "dead units",
            "high" if dead == 1 else "medium" if max(dead, saturated) >= MANY else "low",
            f"layer {number}",
            _UNIT_WORDS[what],
            "lower the learning rate, or begin with smaller weights",
            {
                "dead": dead,
                "saturated": saturated,
                "units": int(np.mean([layer.units for layer in layers])),
                "networks": len(layers),
            },
        )
    ]


_UNIT_WORDS = {
    "dead": "{dead:.0%} of the units of {subject} are dead, as they say the same for every row",
    "saturated": "{saturated:.0%} of the units of {subject} are saturated, so that no row can move"
    " them",
}


def _sick_gradients(healths: Sequence[Sequence[LayerHealth]], *, blocked: bool) -> list[Finding]:
    """Return whether gradients vanish or explode; dead units that stop them all are known."""
    first, last = (np.array([one[place].gradient for one in healths]) for place in (0, -1))
    with np.errstate(all="ignore"):
        ratio = float(np.median(first / last))
    if not np.isfinite(first).all() or ratio > EXPLODED:
        seen = "The gradient explodes on its way to the first layer ({ratio:.1g} times the last's)"
        remedy = "lower the learning rate, begin with smaller weights, or take fewer layers"
        return [_gradient_finding("exploding gradients", seen, remedy, ratio)]
    if ratio < VANISHED and not (blocked and ratio < STOPPED):
        seen = "The gradient vanishes on its way to the first layer ({ratio:.1g} times the last's)"
        remedy = "take fewer layers, or an activation that is not flat, such as ReLU or SiLU"
        return [_gradient_finding("vanishing gradients", seen, remedy, ratio)]
    return []


def _gradient_finding(kind: str, seen: str, remedy: str, ratio: float) -> Finding:
    return Finding(kind, "medium", "the gradient", seen, remedy, {"ratio": ratio})  # type: ignore[arg-type]
