"""The diagnosis of the network of the textbooks: its units, its gradients, the way of its loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.finding import Finding
from madaline.diagnosis.strength import WEAK
from madaline.diagnosis.units import examine, find_sick_units
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss
from madaline.nn.network import Network
from madaline.race.policies.learning_rate_decay import DIVERGED


def diagnose_network(
    network: Network, theta: Array, x: Array, target: Array, loss: Loss, losses: Sequence[float]
) -> Diagnosis:
    """Return what is wrong with one network.

    Parameters
    ----------
    network : Network
        The layers.
    theta : ndarray of shape (parameters,)
        Its parameters.
    x : ndarray of shape (n_rows, in_features)
        The rows that it learns from.
    target : ndarray of shape (n_rows, n_outputs)
        What is right for them.
    loss : Loss
        What is made small.
    losses : sequence of float
        Its loss at each epoch so far.
    """
    constant = np.broadcast_to(loss.initial_output(target), target.shape)
    own, of_constant = (
        float(loss.mean(output, target)) for output in (network.predict(theta, x), constant)
    )
    layers = examine(network, theta, x)
    return Diagnosis.of(
        [
            *_astray([*losses, own], of_constant),
            *find_sick_units([layers] if len(layers) > 1 else []),
            *_weak(own, of_constant, trained=bool(losses)),
        ]
    )


def _astray(losses: Sequence[float], constant: float) -> list[Finding]:
    """Return whether the loss ever shot up far above a constant's."""
    after_start = np.array(losses[1:] or [0.0])
    highest = float(np.max(np.where(np.isfinite(after_start), after_start, np.inf)))
    if highest <= DIVERGED * max(constant, losses[0] if np.isfinite(losses[0]) else constant):
        return []
    lost = not losses[-1] <= constant
    return [
        Finding(
            "divergence",
            "high" if lost else "low",
            "the network",
            "The loss shot up to {highest:.3g}, where a constant's is {constant:.3g}, and "
            + ("is {now:.3g} now" if lost else "came down to {now:.3g}"),
            "lower the learning rate",
            {"highest": highest, "constant": constant, "now": losses[-1]},
        )
    ]


def _weak(own: float, constant: float, *, trained: bool) -> list[Finding]:
    if not trained or own < WEAK * constant:
        return []
    useless = not own < constant
    return [
        Finding(
            "nothing learned" if useless else "weak fit",
            "high" if useless else "medium",
            "the fit",
            "The network is "
            + ("no" if useless else "hardly")
            + " better than a constant on the rows that it learned from (loss {seen:.4f}, a"
            " constant's {constant:.4f})",
            "train for longer, with a higher learning rate or more units",
            {"seen": own, "constant": constant},
        )
    ]
