"""Groups of rows that networks predict much worse than the other rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.finding import Finding, Severity
from madaline._diagnosis.groups.group import Group
from madaline._diagnosis.out_of_fold import OutOfFold
from madaline._diagnosis.significance import holm, normal_p_value
from madaline.nn.arrays import Array
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy

USELESS = 0.9
"""Share of the group's own baseline loss that is left where networks learned little of it."""

WEAK = 0.75
"""Share of the baseline's loss that is left where networks learned little of any group."""

WORSE, MUCH_WORSE, FAR_WORSE = 1.5, 2.0, 3.0
"""Ratios of the loss to that of the other rows that are reported."""

EXPECTED = (
    "the predicted probabilities there are as uncertain as they should be; look for columns that"
    " help there"
)

UNEXPECTED = (
    "do not trust predictions for them, and look for columns that help there or for errors in their"
    " target"
)
"""What to do, where the predicted probabilities show such a loss, and where they do not."""

SURPRISING = 2.0
"""Standard errors by which a loss is clearly above what the predicted probabilities promise."""

MOST_FINDINGS = 3
"""Groups that are reported, at most."""

OVERLAP = 0.5
"""Share of a group's rows in groups already reported, at most."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The loss of a group compared with that of the other rows.

    Parameters
    ----------
    group : Group
        The rows.
    times : float
        Its mean loss divided by that of the other rows.
    left : float
        Its mean loss divided by that of the best constant for the group alone.
    standard_errors : float
        By how many standard errors its mean loss is above that of the other rows.
    expected : bool, default=False
        Whether the predicted probabilities lead one to expect such a loss: they are close to one
        half, say, and rightly so.
    """

    group: Group
    times: float
    left: float
    standard_errors: float
    expected: bool = False

    @property
    def severity(self) -> Severity | None:
        """How bad that is; None if it is not reported.

        A high loss alone may be the nature of a group: where the truth varies more, errors are
        larger. The worst is a group for which networks are no better than its mean. Where the
        probabilities show that, they can be relied upon.
        """
        if self.times >= WORSE and self.left >= USELESS:
            if self.expected:
                return "low"
            return "high" if self.times >= MUCH_WORSE and self.left >= 1 else "medium"
        return "low" if self.times >= FAR_WORSE else None


def find_worse_groups(evaluated: OutOfFold, groups: Sequence[Group]) -> list[Finding]:
    """Return the groups whose loss is much higher than that of the other rows, worst first.

    There are none where the fit is weak all over.
    """
    if evaluated.losses.mean() > WEAK * evaluated.baseline_losses.mean():
        return []
    compared = [_compare(evaluated, group) for group in groups]
    significant = holm(
        np.array([normal_p_value(max(0.0, comparison.standard_errors)) for comparison in compared])
    )
    bad = [
        comparison
        for comparison, clear in zip(compared, significant, strict=True)
        if clear and comparison.severity
    ]
    bad.sort(key=lambda comparison: (-(comparison.left >= USELESS), -comparison.times))
    found: list[Finding] = []
    reported = np.zeros(evaluated.n_rows, bool)
    for comparison in bad:
        if (reported & comparison.group.rows).sum() <= OVERLAP * comparison.group.n_rows:
            reported |= comparison.group.rows
            found.append(_finding(comparison))
    return found[:MOST_FINDINGS]


def _compare(evaluated: OutOfFold, group: Group) -> Comparison:
    inside, error = evaluated.mean(evaluated.losses, group.rows)
    outside, error_outside = evaluated.mean(evaluated.losses, ~group.rows)
    baseline = _baseline_loss(evaluated, group.rows)
    scatter = float(np.hypot(error, error_outside))
    return Comparison(
        group,
        inside / outside if outside > 0 else 1.0,
        inside / baseline if baseline > 0 else 0.0,
        (inside - outside) / scatter if scatter else 0.0,
        evaluated.classes is not None and _is_expected(evaluated, group.rows),
    )


def _is_expected(evaluated: OutOfFold, rows: Array) -> bool:
    """Return whether the loss of some rows is what their predicted probabilities promise."""
    probabilities = evaluated.probabilities[rows]
    tiny = np.finfo(probabilities.dtype).tiny
    entropy = -(probabilities * np.log(np.maximum(probabilities, tiny))).sum(axis=1)
    surprise = np.zeros(evaluated.n_rows)
    surprise[rows] = evaluated.losses[rows] - entropy
    gap, error = evaluated.mean(surprise, rows)
    return gap <= SURPRISING * error


def _baseline_loss(evaluated: OutOfFold, rows: Array) -> float:
    """Return the mean loss of the best constant for some rows.

    Half a row of each class is added, as for a network's first output: thirty rows do not make a
    class certain.
    """
    target = evaluated.target[rows].astype(np.float64)
    weight = np.ones(len(target)) if evaluated.weight is None else evaluated.weight[rows]
    known, counted = target, weight
    if isinstance(evaluated.loss, BinaryCrossEntropy | CrossEntropy):
        one_each = evaluated.loss.one_of_each(target.shape[1])
        known = np.concatenate([target, one_each])
        counted = np.concatenate([weight, np.full(len(one_each), 0.5)])
    constant = np.broadcast_to(evaluated.loss.initial_output(known, counted), target.shape)
    return float(evaluated.loss.mean(constant, target, weight))


def _finding(comparison: Comparison) -> Finding:
    useless = ", hardly lower than that of a constant prediction there" * (
        comparison.left >= USELESS
    )
    return Finding(
        "worse group",
        comparison.severity or "low",
        comparison.group.name,
        "In the group {subject} ({share:.1%} of all rows), the loss is {times:.1f} times that of"
        " the other rows" + useless,
        EXPECTED if comparison.expected else UNEXPECTED,
        {
            "share": float(comparison.group.rows.mean()),
            "times": comparison.times,
            "left": comparison.left,
            "standard_errors": comparison.standard_errors,
        },
    )
