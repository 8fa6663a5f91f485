"""Units and gradients: units that carry no information, and gradients that vanish or explode.

A *dead* unit has the same output for every row. A *saturated* unit is where its activation is flat,
so that no row can change it. A gradient *vanishes* if hardly any of it reaches the first layer, and
*explodes* if it grows from layer to layer on its way there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.finding import Finding, Kind
from madaline.nn.arrays import Array, Workspace
from madaline.nn.layers import Activation, Convolution, Linear, Pooling, ScaledLinear
from madaline.nn.network import Network

_MIN_DEVIATION = 1e-5  # standard deviation of a unit's outputs below which they count as equal
_FLAT_SLOPE = 0.01  # share of the steepest slope of a layer below which an activation is flat
_FLAT_SHARE = 0.99  # of the rows for which a saturated unit is flat
_VANISHED, _EXPLODED, _STOPPED = 1e-4, 1e4, 1e-12  # ratios of the first gradient to the last one's
# Shares of a layer's units for findings of medium and of low severity; high if all are dead.
_MEDIUM_SHARE, _LOW_SHARE = 0.5, 0.25
_REMEDY = "lower the learning rate, or begin with smaller weights"


@dataclass(frozen=True)
class LayerHealth:
    """The state of the units of a hidden layer."""

    units: int
    dead: float  # share of the units
    saturated: float  # share of the units
    # Root mean square of the gradient with respect to the biases, of a random mean of the outputs
    # with mean square one.
    gradient: float


def examine(
    network: Network,
    theta: Array,  # (parameters,), those of one member
    x: Array,  # (n_rows, in_features), some training rows
) -> list[LayerHealth]:
    """Return the state of each hidden layer of a network, and last of its outputs.

    The gradient is that of the outputs and not of the loss, which is close to zero after training.
    """
    slopes = np.zeros_like(theta)
    with np.errstate(all="ignore"):
        output, backward = network.forward(network.bind(theta), x, workspace=Workspace())
        shares = np.random.default_rng(0).normal(size=output.shape) / np.sqrt(len(x))
        backward(shares.astype(output.dtype), network.bind(slopes))
        gradients = [
            float(np.sqrt(np.mean(np.square(parameters["bias"], dtype=np.float64))))
            for parameters in network.bind(slopes)
            if "bias" in parameters
        ]
        hidden = [_shares(*between) for between in _hidden(network, theta, x)]
    outputs = (output.shape[1], 0.0, 0.0)
    return [
        LayerHealth(*facts, gradient)
        for facts, gradient in zip([*hidden, outputs], gradients, strict=True)
    ]


def find_unit_faults(networks: Sequence[Sequence[LayerHealth]]) -> list[Finding]:
    """Return what is wrong with the units and the gradients of networks with as many layers."""
    if not networks:
        return []
    findings: list[Finding] = []
    hidden = zip(*(layers[:-1] for layers in networks), strict=True)
    for number, layers in enumerate(hidden, start=1):
        findings += _find_in_layer(number, layers)
        if all(layer.dead == 1 for layer in layers):
            break  # the layers after it must be dead, too
    return [*findings, *_find_in_gradients(networks, blocked=bool(findings))]


def find_dead_recipes(networks: Sequence[Sequence[LayerHealth]]) -> list[Finding]:
    """Return whether networks with a dead layer raced, whose output is constant."""
    dead = [
        next((number for number, layer in enumerate(layers[:-1]) if layer.dead == 1), None)
        for layers in networks
    ]
    dead_layers = [number for number in dead if number is not None]
    if not dead_layers:
        return []
    return [
        Finding(
            "dead units",
            "medium",
            f"layer {min(dead_layers) + 1}",
            "The networks of {lost} of {raced} recipes had only dead units in {subject}, and others"
            " predict in their place",
            _REMEDY,
            {"lost": len(dead_layers), "raced": len(networks)},
        )
    ]


def _hidden(network: Network, theta: Array, x: Array) -> Iterable[tuple[Array, Array]]:
    """Yield the outputs of each hidden layer's units, and the slopes of their activation."""
    units = 0
    for layer, parameters in zip(network.layers[:-1], network.bind(theta), strict=False):
        x, backward = layer.forward(parameters, x, workspace=Workspace())
        if units and isinstance(layer, Activation):
            yield x.reshape(-1, units), backward(np.ones_like(x), {}).reshape(-1, units)
        if isinstance(layer, Convolution):
            units = layer.out_channels  # the same units at every position
        elif isinstance(layer, Linear | ScaledLinear):
            units = layer.out_features
        elif not isinstance(layer, Pooling):
            units = 0


def _shares(outputs: Array, slopes: Array) -> tuple[int, float, float]:
    """Return the number of units, and the shares of dead and of saturated ones."""
    dead = ~(outputs.std(axis=0) > _MIN_DEVIATION)
    steepest = np.abs(slopes).max() or 1.0
    flat = np.mean(np.abs(slopes) <= _FLAT_SLOPE * steepest, axis=0) >= _FLAT_SHARE
    return len(dead), float(dead.mean()), float((flat & ~dead).mean())


def _find_in_layer(number: int, layers: Sequence[LayerHealth]) -> list[Finding]:
    dead = float(np.mean([layer.dead for layer in layers]))
    saturated = float(np.mean([layer.saturated for layer in layers]))
    if max(dead, saturated) < _LOW_SHARE:
        return []
    seen = (
        "{dead:.0%} of the units of {subject} are dead: their output is the same for every row"
        if dead >= saturated
        else "{saturated:.0%} of the units of {subject} are saturated: no row can change them"
    )
    return [
        Finding(
            "dead units",
            "high" if dead == 1 else "medium" if max(dead, saturated) >= _MEDIUM_SHARE else "low",
            f"layer {number}",
            seen,
            _REMEDY,
            {
                "dead": dead,
                "saturated": saturated,
                "units": int(np.mean([layer.units for layer in layers])),
                "networks": len(layers),
            },
        )
    ]


def _find_in_gradients(
    networks: Sequence[Sequence[LayerHealth]], *, blocked: bool
) -> list[Finding]:
    """Return whether gradients vanish or explode; dead units that stop them all are known."""
    first = np.array([layers[0].gradient for layers in networks])
    last = np.array([layers[-1].gradient for layers in networks])
    with np.errstate(all="ignore"):
        ratio = float(np.median(first / last))
    kind: Kind
    if not np.isfinite(first).all() or ratio > _EXPLODED:
        kind, verb = "exploding gradients", "explodes"
        remedy = "lower the learning rate, begin with smaller weights, or use fewer layers"
    elif ratio < _VANISHED and not (blocked and ratio < _STOPPED):
        kind, verb = "vanishing gradients", "vanishes"
        remedy = "use fewer layers, or an activation that is not flat, such as ReLU or SiLU"
    else:
        return []
    seen = f"The gradient {verb} on its way to the first layer ({{ratio:.1g}} times the last's)"
    return [Finding(kind, "medium", "the gradient", seen, remedy, {"ratio": ratio})]
