"""What is wrong with a single network: the course of its loss, its units, its gradients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from madaline._models.diagnosis.finding import Diagnosis, Finding
from madaline._models.diagnosis.learning import GAP, LARGE_GAP, WEAK, examine, find_unit_faults
from madaline._race.recipe_policies import DIVERGENCE
from madaline.nn.arrays import Array
from madaline.nn.losses import Loss
from madaline.nn.network import Network


@dataclass(frozen=True)
class Course:
    """How a network was trained."""

    losses: Sequence[float]  # at each epoch so far
    held_out: float | None = None  # the loss on rows held out
    adaptive: bool = False  # whether training chose its learning rate by itself
    scaled: bool = True  # whether the columns are of a similar scale


def diagnose_network(
    network: Network,
    theta: Array,  # (parameters,), its parameters
    x: Array,  # (n_rows, in_features), the training rows
    target: Array,  # (n_rows, n_outputs), their targets
    loss: Loss,
    course: Course,
) -> Diagnosis:
    """Return all findings about one network: its units, its gradients, the course of its loss.

    Where the loss is lost, all else follows from that.
    """
    constant = np.broadcast_to(loss.initial_output(target), target.shape)
    now = float(loss.mean(network.predict(theta, x), target))
    baseline = float(loss.mean(constant, target))
    layers = examine(network, theta, x)
    findings = _find_rising_loss([*course.losses, now], baseline)
    if not findings or np.isfinite(now):
        findings += find_unit_faults([layers] if len(layers) > 1 else [])
        findings += _find_weakness(now, baseline) if course.losses else []
    if findings:
        remedy = findings[0].remedy  # the cause is first
        findings = [replace(finding, remedy=remedy) for finding in findings]
    if course.held_out is not None:
        findings += _find_overfit(now, course.held_out, baseline, adaptive=course.adaptive)
    if not course.scaled:
        remedy = "standardize the inputs, whose scales differ by much, such as with StandardScaler"
        findings = [
            finding if finding.kind == "overfit" else replace(finding, remedy=remedy)
            for finding in findings
        ]
    elif course.adaptive:
        findings = [replace(finding, remedy=_without_rate(finding.remedy)) for finding in findings]
    return Diagnosis.of(findings)


def _find_rising_loss(losses: Sequence[float], baseline: float) -> list[Finding]:
    """Return whether the loss of one network ever shot up far above the baseline's."""
    after_start = np.array(losses[1:] or [0.0])
    highest = float(np.max(np.where(np.isfinite(after_start), after_start, np.inf)))
    if highest <= DIVERGENCE * max(baseline, losses[0] if np.isfinite(losses[0]) else baseline):
        return []
    lost = not losses[-1] <= baseline
    return [
        Finding(
            "divergence",
            "high" if lost else "low",
            "the network",
            "The loss shot up to {highest:.3g} (baseline {baseline:.3g}), and "
            + ("is {now:.3g} now" if lost else "came down to {now:.3g}"),
            "lower the learning rate",
            {"highest": highest, "baseline": baseline, "now": losses[-1]},
        )
    ]


def _without_rate(remedy: str) -> str:
    """Return a remedy without the learning rate, which the user did not choose.

    >>> _without_rate("lower the learning rate, or begin with smaller weights")
    'begin with smaller weights'
    >>> _without_rate("train for longer, with a higher learning rate or more units")
    'train for longer, with more units'
    """
    for words in ("lower the learning rate, or ", "lower the learning rate, "):
        remedy = remedy.removeprefix(words)
    return remedy.replace("with a higher learning rate or", "with").replace(
        "lower the learning rate", "train for longer"
    )


def _find_weakness(loss: float, baseline: float) -> list[Finding]:
    if loss < WEAK * baseline:
        return []
    useless = not loss < baseline
    return [
        Finding(
            "nothing learned" if useless else "weak fit",
            "high" if useless else "medium",
            "the fit",
            "The network is no better than a constant baseline on its training rows (loss {loss:.4f}, baseline {baseline:.4f})"
            if useless
            else "The network is hardly better than a constant baseline on its training rows (loss {loss:.4f}, baseline {baseline:.4f})",
            "train for longer, with a higher learning rate or more units",
            {"loss": loss, "baseline": baseline},
        )
    ]


def _find_overfit(seen: float, unseen: float, baseline: float, *, adaptive: bool) -> list[Finding]:
    gap = (unseen - seen) / baseline if baseline else 0.0
    if not gap >= GAP:
        return []
    remedy = (
        "gather more rows"
        if adaptive
        else "set weight_decay or early_stopping, or gather more rows"
    )
    return [
        Finding(
            "overfit",
            "medium" if gap >= LARGE_GAP else "low",
            "the fit",
            "The network fits the training rows much better than those held out (loss {seen:.4f}"
            " and {unseen:.4f}, baseline {baseline:.4f})",
            remedy,
            {"seen": seen, "unseen": unseen, "baseline": baseline},
        )
    ]
