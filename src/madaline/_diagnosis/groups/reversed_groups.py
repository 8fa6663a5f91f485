"""Groups in which the trend of all other rows is reversed.

A rule of all other rows predicts a group. Where the truth in the group goes the other way, labels
may have been swapped, or a sign or a unit may differ. Networks may have learned the exception, so
that their loss does not reveal it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.finding import Finding
from madaline._diagnosis.groups.agreement import Agreement, agreement
from madaline._diagnosis.groups.general_rule import GeneralRule
from madaline._diagnosis.groups.group import Cut, Group, cuts_of
from madaline._diagnosis.groups.runs import Run, runs_of, sums_of_parts, with_exact_borders
from madaline._diagnosis.out_of_fold import OutOfFold
from madaline._diagnosis.significance import LEVEL, normal_p_value
from madaline.nn.arrays import Array, row_blocks

REVERSED, UPRIGHT = 0.15, 0.1
"""A group is reversed if predictions and truth correlate by the first or more once classes are
permuted, and by the second at most as they are, both within the group and in its level. No group of
23 real tables, nor of halves and quarters of them, was significantly so."""

PARTS = 20
"""Ranges of a number at first; the exact borders of a group are searched then."""

SUSPICIOUS = 3.0
"""Standard errors by which the correlation must be lower for a closer look."""

MOST_LOOKS = 40
"""Groups that are examined closer, at most."""

MOST_FEATURES = 1000
"""Features above which the rule would take too long."""

MOST_FINDINGS = 3
"""Groups that are reported, at most."""


@dataclass(frozen=True, eq=False)
class Suspect:
    """A group that may be reversed.

    Parameters
    ----------
    group : Group
        The rows.
    agreement : Agreement
        Correlations of the predictions by the other rows with the truth.
    doubt : ndarray of shape (n_rows,)
        For each row of the table how far prediction and truth disagree.
    """

    group: Group
    agreement: Agreement
    doubt: Array

    @property
    def is_reversed(self) -> bool:
        """Whether predictions and truth agree only when permuted."""
        found = self.agreement
        return found.permuted >= REVERSED and max(found.within, found.level) <= UPRIGHT


def find_reversed_groups(evaluated: OutOfFold) -> list[Finding]:
    """Return the groups with a reversed trend, the most significant first."""
    if evaluated.features.shape[1] > MOST_FEATURES:
        return []
    rule, cuts = GeneralRule.of(evaluated), list(cuts_of(evaluated, n_parts=PARTS))
    counted = np.ones(evaluated.n_rows, bool)
    found: list[Finding] = []
    while len(found) < MOST_FINDINGS:
        # Rows of groups already reported must not make others look reversed.
        suspect = _most_significant(cuts, rule, counted)
        if suspect is None:
            break
        counted &= ~suspect.group.rows
        found.append(_finding(evaluated, suspect))
    return found


def _most_significant(cuts: Sequence[Cut], rule: GeneralRule, counted: Array) -> Suspect | None:
    """Return the group that is reversed by most standard errors, if significantly."""
    runs = [*_runs(cuts, rule, counted, straight=True), *_runs(cuts, rule, counted, straight=False)]
    oddest = [max(of_column, key=lambda run: run.gap) for of_column in runs if of_column]
    oddest = sorted(oddest, key=lambda run: -run.gap)[:MOST_LOOKS]
    oddest = [run for run in oddest if run.gap > SUSPICIOUS]
    distinct = {(run.cut.column, run.first, run.last): run for run in oddest}
    examined = [_examine(run, rule, counted) for run in distinct.values()]
    level = LEVEL / max(1, sum(map(len, runs)))
    significant = [
        suspect
        for suspect in examined
        if suspect.is_reversed and normal_p_value(suspect.agreement.standard_errors) <= level
    ]
    return max(significant, key=lambda suspect: suspect.agreement.standard_errors, default=None)


def _runs(
    cuts: Sequence[Cut], rule: GeneralRule, counted: Array, *, straight: bool
) -> Iterator[list[Run]]:
    """Yield the runs of each column, predicted by all rows.

    A straight rule cannot memorize an exception; where little is linear, it predicts little.
    """
    predicted = rule.predict(~counted, straight=straight)
    sums = sums_of_parts(cuts, predicted, rule.truth, counted)
    for cut, of_parts in zip(cuts, sums, strict=True):
        yield list(runs_of(cut, of_parts))


def _examine(run: Run, rule: GeneralRule, counted: Array) -> Suspect:
    """Return a run with its exact borders, and the agreement of its rows, predicted by others."""
    predicted = rule.predict(~counted | run.group.rows)
    group = with_exact_borders(run, predicted, rule.truth, counted)
    predicted = rule.predict(~counted | group.rows)
    rows = group.rows & counted
    usual = rule.truth[counted & ~rows].mean(axis=0)
    doubt = np.empty(len(rows))
    for block in row_blocks(*predicted.shape):
        deviation = predicted[block].astype(np.float64) - usual
        doubt[block] = -np.sum(deviation * (rule.truth[block] - usual), axis=1)
    found = agreement(predicted[rows].astype(np.float64), rule.truth[rows], usual)
    return Suspect(group, found, doubt)


def _finding(evaluated: OutOfFold, suspect: Suspect) -> Finding:
    found, rows = suspect.agreement, np.flatnonzero(suspect.group.rows)
    several = evaluated.classes is not None and len(evaluated.classes) > 2
    seen = (
        "In the group {subject} ({share:.1%} of all rows), classes seem to be swapped: what"
        " predicts one class elsewhere goes with another there (correlation {correlation:.2f},"
        " {permuted:.2f} with classes permuted)"
        if several
        else "In the group {subject} ({share:.1%} of all rows), the target is reversed: what"
        " predicts a higher target or a class elsewhere predicts the opposite there (correlation"
        " {correlation:.2f})"
    )
    return Finding(
        "reversed group",
        "high",
        suspect.group.name,
        seen,
        "check the target of these rows for swapped labels, signs or units",
        {
            "share": float(suspect.group.rows.mean()),
            "correlation": found.within,
            "permuted": found.permuted,
            "standard_errors": found.standard_errors,
        },
        evaluated.row_numbers_of(rows[np.argsort(-suspect.doubt[rows], kind="stable")]),
    )
