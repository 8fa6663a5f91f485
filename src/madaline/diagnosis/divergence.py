"""Steps that were too long: networks that got lost instead of better."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from madaline.diagnosis.finding import Finding
from madaline.records.decision import Decision


def find_divergence(decisions: Sequence[Decision], starting: Collection[str]) -> list[Finding]:
    """Return whether networks diverged in a race.

    Parameters
    ----------
    decisions : sequence of Decision
        All decisions of the race; "restore" says that a recipe's networks went astray.
    starting : collection of str
        Names of the recipes that it started with.

    Examples
    --------
    >>> decision = Decision(1, "restore", "plain", "Diverged.", {"old_rate": 100.0})
    >>> print(*find_divergence([decision], ["plain"]))
    The networks of 1 of 1 recipes diverged (learning rate 1e+02), and went on with shorter steps:
    look for faults and huge numbers in the target, or lower the learning rate if it was yours.
    """
    lost = [one for one in decisions if one.action == "restore" and one.subject in starting]
    if not lost:
        return []
    return [
        Finding(
            "divergence",
            "high" if len(lost) == len(starting) else "medium",
            "the networks",
            "The networks of {lost:.0f} of {starting:.0f} recipes diverged (learning rate"
            " {rate:.2g}), and went on with shorter steps",
            "look for faults and huge numbers in the target, or lower the learning rate if it was"
            " yours",
            {
                "lost": len(lost),
                "starting": len(starting),
                "rate": max(one.evidence.get("old_rate", 0.0) for one in lost),
            },
        )
    ]
