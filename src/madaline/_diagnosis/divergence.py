"""Divergence: losses that shot up, as learning rates were too high."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from madaline._diagnosis.finding import Finding
from madaline._race.policies.learning_rate_decay import DIVERGED
from madaline.records.decision import Decision
from madaline.records.race_decisions import Restored


def find_divergence(decisions: Sequence[Decision], starting: Collection[str]) -> list[Finding]:
    """Return whether networks diverged in a race.

    Parameters
    ----------
    decisions : sequence of Decision
        All decisions of the race.
    starting : collection of str
        `recipe_id` of the recipes that it started with.

    Examples
    --------
    >>> decision = Restored(1, "plain", 9.0, 0, 33.0, 100.0, recipe_id="4")
    >>> print(*find_divergence([decision], ["4"]))
    The networks of 1 of 1 recipes diverged (learning rate 1e+02), and continued with a lower
    one: look for errors and huge numbers in the target, or lower the learning rate if it was yours.
    """
    restored = [decision for decision in decisions if isinstance(decision, Restored)]
    diverged = [decision for decision in restored if decision.recipe_id in starting]
    if not diverged:
        return []
    return [
        Finding(
            "divergence",
            "high" if len(diverged) == len(starting) else "medium",
            "the networks",
            "The networks of {diverged:.0f} of {starting:.0f} recipes diverged (learning rate"
            " {rate:.2g}), and continued with a lower one",
            "look for errors and huge numbers in the target, or lower the learning rate if it was"
            " yours",
            {
                "diverged": len(diverged),
                "starting": len(starting),
                "rate": max(decision.previous_learning_rate for decision in diverged),
            },
        )
    ]


def find_rising_loss(losses: Sequence[float], baseline: float) -> list[Finding]:
    """Return whether the loss of one network ever shot up far above the baseline's.

    Parameters
    ----------
    losses : sequence of float
        At each epoch, and now.
    baseline : float
        The loss of the best constant.
    """
    after_start = np.array(losses[1:] or [0.0])
    highest = float(np.max(np.where(np.isfinite(after_start), after_start, np.inf)))
    if highest <= DIVERGED * max(baseline, losses[0] if np.isfinite(losses[0]) else baseline):
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
