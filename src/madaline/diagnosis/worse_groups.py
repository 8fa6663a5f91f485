"""Groups of rows on which networks are much worse than on the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.finding import Finding, Severity
from madaline.diagnosis.groups import Group
from madaline.diagnosis.out_of_fold import Facts
from madaline.diagnosis.significance import holm, normal_chance
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy

USELESS = 0.9
"""Share of the loss of a constant for the group that is left where little is known of it."""

WEAK = 0.75
"""Share of a constant's loss that is left where networks know little of any group."""

WORSE, MUCH_WORSE, FAR_WORSE = 1.5, 2.0, 3.0
"""How many times the loss of the other rows is worth a word."""

MOST_FINDINGS = 3
"""Groups that are named, at most."""

OVERLAP = 0.5
"""A group of which more rows are in groups already named is no news."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """How networks do on a group.

    Parameters
    ----------
    group : Group
        The rows.
    times : float
        How many times the mean loss of the other rows theirs is.
    left : float
        Their loss as a share of what the best constant for them alone would have.
    standard_errors : float
        By how many standard errors their mean loss is above that of the other rows.
    """

    group: Group
    times: float
    left: float
    standard_errors: float

    @property
    def severity(self) -> Severity | None:
        """How bad that is; None if it is not worth a word.

        A high loss alone may be the nature of a group: where the truth varies more, everybody errs
        more. Worst is a group of which networks know no more than its own mean would tell.
        """
        if self.times >= MUCH_WORSE and self.left >= 1:
            return "high"
        if self.times >= WORSE and self.left >= USELESS:
            return "medium"
        return "low" if self.times >= FAR_WORSE else None


def find_worse_groups(facts: Facts, groups: Sequence[Group]) -> list[Finding]:
    """Return the groups whose loss is much higher than that of the other rows, worst first.

    There are none where the fit is weak all over.
    """
    if facts.losses.mean() > WEAK * facts.constant_losses.mean():
        return []
    compared = [_compare(facts, group) for group in groups]
    doubtless = holm(np.array([normal_chance(max(0.0, one.standard_errors)) for one in compared]))
    bad = [one for one, sure in zip(compared, doubtless, strict=True) if sure and one.severity]
    bad.sort(key=lambda one: (-(one.left >= USELESS), -one.times))
    found: list[Finding] = []
    named = np.zeros(facts.n_rows, bool)
    for one in bad:
        if (named & one.group.rows).sum() <= OVERLAP * one.group.n_rows:
            named |= one.group.rows
            found.append(_finding(one))
    return found[:MOST_FINDINGS]


def _compare(facts: Facts, group: Group) -> Comparison:
    inside, error = facts.mean(facts.losses, group.rows)
    outside, error_outside = facts.mean(facts.losses, ~group.rows)
    constant = _constant_loss(facts, group.rows)
    scatter = float(np.hypot(error, error_outside))
    return Comparison(
        group,
        inside / outside if outside > 0 else 1.0,
        inside / constant if constant > 0 else 0.0,
        (inside - outside) / scatter if scatter else 0.0,
    )


def _constant_loss(facts: Facts, rows: Array) -> float:
    """Return the mean loss of the best constant for some rows.

    Half a row of each class is added, as for a network's first guess: nobody is sure of a class
    from thirty rows.
    """
    target = facts.target[rows].astype(np.float64)
    weight = np.ones(len(target)) if facts.weight is None else facts.weight[rows]
    known, counted = target, weight
    if isinstance(facts.loss, BinaryCrossEntropy | CrossEntropy):
        one_each = np.array([[0.0], [1.0]]) if target.shape[1] == 1 else np.eye(target.shape[1])
        known = np.concatenate([target, one_each])
        counted = np.concatenate([weight, np.full(len(one_each), 0.5)])
    constant = np.broadcast_to(facts.loss.initial_output(known, counted), target.shape)
    return float(facts.loss.mean(constant, target, weight))


def _finding(one: Comparison) -> Finding:
    useless = ", and hardly below what a constant for them would have" * (one.left >= USELESS)
    return Finding(
        "worse group",
        one.severity or "low",
        one.group.name,
        "Where {subject}, the loss is {times:.1f} times that of the other rows ({share:.1%} of all"
        " rows)" + useless,
        "mistrust predictions for them, and look for columns that tell these rows apart or for"
        " faults in their target",
        {
            "share": float(one.group.rows.mean()),
            "times": one.times,
            "left": one.left,
            "standard_errors": one.standard_errors,
        },
    )
