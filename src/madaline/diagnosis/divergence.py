"""Steps that were too long: networks that diverged."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from madaline.diagnosis.finding import Finding
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
    one: look for faults and huge numbers in the target, or lower the learning rate if it was yours.
    """
    diverged = [one for one in decisions if isinstance(one, Restored) and one.recipe_id in starting]
    if not diverged:
        return []
    return [
        Finding(
            "divergence",
            "high" if len(diverged) == len(starting) else "medium",
            "the networks",
            "The networks of {diverged:.0f} of {starting:.0f} recipes diverged (learning rate"
            " {rate:.2g}), and continued with a lower one",
            "look for faults and huge numbers in the target, or lower the learning rate if it was"
            " yours",
            {
                "diverged": len(diverged),
                "starting": len(starting),
                "rate": max(one.previous_learning_rate for one in diverged),
            },
        )
    ]
