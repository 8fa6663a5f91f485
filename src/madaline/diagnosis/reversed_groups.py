"""Groups for which the truth is upside down: what holds for all the others holds there reversed.

A rule of all the other rows says what generally goes with a large target or with a class. Where
the truth in a group goes the other way, labels may have been swapped, or a sign or a unit be
another. Networks may have learned to live with that, so that their loss does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.agreement import Agreement, agreement
from madaline.diagnosis.finding import Finding
from madaline.diagnosis.general_rule import GeneralRule
from madaline.diagnosis.groups import Cut, Group, cuts_of
from madaline.diagnosis.out_of_fold import Facts
from madaline.diagnosis.runs import Run, lacking_runs, sums_of_parts, with_its_borders
from madaline.diagnosis.significance import LEVEL, normal_chance
from madaline.nn.arrays import Array, row_blocks

REVERSED, UPRIGHT = 0.15, 0.1
"""A group is upside down if expectation and truth are correlated by the first or more once classes
are exchanged, and by the second at most as they are, both within the group and in its level. No
group of 23 real tables, nor of halves and quarters of them, was that beyond chance."""

PARTS = 20
"""Ranges of a number at first; where a group begins and ends in between is looked for then."""

SUSPICIOUS = 3.0
"""Standard errors by which agreement must lack for a closer look."""

MOST_LOOKS = 40
"""Groups that are looked at closer, at most."""

MOST_FEATURES = 1000
"""With more features, the rule would take too long."""

MOST_FINDINGS = 3
"""Groups that are named, at most."""


@dataclass(frozen=True, eq=False)
class Suspect:
    """A group that may be upside down.

    Parameters
    ----------
    group : Group
        The rows.
    agreement : Agreement
        How they agree with what the others lead to expect.
    doubt : ndarray of shape (n_rows,)
        For each row of the table how little it agrees.
    """

    group: Group
    agreement: Agreement
    doubt: Array

    @property
    def is_reversed(self) -> bool:
        """Whether it agrees the other way round only."""
        found = self.agreement
        return found.exchanged >= REVERSED and max(found.within, found.level) <= UPRIGHT


def find_reversed_groups(facts: Facts) -> list[Finding]:
    """Return the groups in which what holds for the others is upside down, the surest first."""
    if facts.features.shape[1] > MOST_FEATURES:
        return []
    rule, cuts = GeneralRule.of(facts), list(cuts_of(facts, n_parts=PARTS))
    counted = np.ones(facts.n_rows, bool)
    found: list[Finding] = []
    while len(found) < MOST_FINDINGS:
        # Rows of groups already named must not make others look reversed, too.
        surest = _surest(cuts, rule, counted)
        if surest is None:
            break
        counted &= ~surest.group.rows
        found.append(_finding(facts, surest))
    return found


def _surest(cuts: Sequence[Cut], rule: GeneralRule, counted: Array) -> Suspect | None:
    """Return the group that is reversed by most standard errors, if it is no accident."""
    runs = [*_runs(cuts, rule, counted, straight=True), *_runs(cuts, rule, counted, straight=False)]
    oddest = [max(of_column, key=lambda run: run.lack) for of_column in runs if of_column]
    oddest = sorted(oddest, key=lambda run: -run.lack)[:MOST_LOOKS]
    closer = {(one.cut.column, one.first, one.last): one for one in oddest if one.lack > SUSPICIOUS}
    examined = [_examine(run, rule, counted) for run in closer.values()]
    chance = LEVEL / max(1, sum(map(len, runs)))
    sure = [
        one
        for one in examined
        if one.is_reversed and normal_chance(one.agreement.standard_errors) <= chance
    ]
    return max(sure, key=lambda one: one.agreement.standard_errors, default=None)


def _runs(
    cuts: Sequence[Cut], rule: GeneralRule, counted: Array, *, straight: bool
) -> Iterator[list[Run]]:
    """Yield the runs of each column, by what all rows lead to expect.

    A straight rule cannot learn an exception by heart; where little is straight, it tells little.
    """
    expected = rule.expected(~counted, straight=straight)
    sums = sums_of_parts(cuts, expected, rule.truth, counted)
    for cut, own in zip(cuts, sums, strict=True):
        yield list(lacking_runs(cut, own))


def _examine(run: Run, rule: GeneralRule, counted: Array) -> Suspect:
    """Return a run with its true borders, and how its rows agree with what others say of them."""
    expected = rule.expected(~counted | run.group.rows)
    group = with_its_borders(run, expected, rule.truth, counted)
    expected = rule.expected(~counted | group.rows)
    rows = group.rows & counted
    usual = rule.truth[counted & ~rows].mean(axis=0)
    doubt = np.empty(len(rows))
    for some in row_blocks(*expected.shape):
        surprise = expected[some].astype(np.float64) - usual
        doubt[some] = -np.sum(surprise * (rule.truth[some] - usual), axis=1)
    agreed = agreement(expected[rows].astype(np.float64), rule.truth[rows], usual)
    return Suspect(group, agreed, doubt)


def _finding(facts: Facts, suspect: Suspect) -> Finding:
    found, rows = suspect.agreement, np.flatnonzero(suspect.group.rows)
    several = facts.classes is not None and len(facts.classes) > 2
    seen = (
        "Where {subject}, classes are exchanged ({share:.1%} of all rows): what goes with one class"
        " elsewhere goes with another there (correlation {correlation:.2f}, with classes exchanged"
        " {exchanged:.2f})"
        if several
        else "Where {subject}, the truth is upside down ({share:.1%} of all rows): what goes with a"
        " higher target or a class elsewhere goes against it there (correlation {correlation:.2f})"
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
            "exchanged": found.exchanged,
            "standard_errors": found.standard_errors,
        },
        facts.numbered(rows[np.argsort(-suspect.doubt[rows], kind="stable")]),
    )
