"""The diagnosis of a `NeuralNetwork`: its units, its gradients, the course of its loss."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline._diagnosis.diagnosis import Diagnosis
from madaline._diagnosis.divergence import find_rising_loss
from madaline._diagnosis.finding import Finding
from madaline._diagnosis.strength import WEAK
from madaline._diagnosis.units import examine, find_unit_faults
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss
from madaline.nn.network import Network


def diagnose_network(
    network: Network, theta: Array, x: Array, target: Array, loss: Loss, losses: Sequence[float]
) -> Diagnosis:
    """Return all findings about one network.

    Parameters
    ----------
    network : Network
        The layers.
    theta : ndarray of shape (parameters,)
        Its parameters.
    x : ndarray of shape (n_rows, in_features)
        The training rows.
    target : ndarray of shape (n_rows, n_outputs)
        Their targets.
    loss : Loss
        What training minimizes.
    losses : sequence of float
        Its loss at each epoch so far.
    """
    constant = np.broadcast_to(loss.initial_output(target), target.shape)
    now = float(loss.mean(network.predict(theta, x), target))
    baseline = float(loss.mean(constant, target))
    layers = examine(network, theta, x)
    findings = find_rising_loss([*losses, now], baseline)
    findings += find_unit_faults([layers] if len(layers) > 1 else [])
    if losses:
        findings += _find_weakness(now, baseline)
    return Diagnosis.of(findings)


def _find_weakness(loss: float, baseline: float) -> list[Finding]:
    if loss < WEAK * baseline:
        return []
    useless = not loss < baseline
    return [
        Finding(
            "nothing learned" if useless else "weak fit",
            "high" if useless else "medium",
            "the fit",
            f"The network is {'no' if useless else 'hardly'} better than a constant baseline on its"
            " training rows (loss {loss:.4f}, baseline {baseline:.4f})",
            "train for longer, with a higher learning rate or more units",
            {"loss": loss, "baseline": baseline},
        )
    ]
