"""How strong the fit is: weak, overfit, unfinished, or of too few rows to say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline.diagnosis.finding import Finding
from madaline.diagnosis.out_of_fold import Facts

BEYOND_DOUBT = 2.0
"""Standard errors by which networks must be better than a constant to have learned anything."""

UNSURE = 4.0
"""Standard errors below which it is hard to say how much they have learned."""

WEAK = 0.9
"""Share of a constant's loss that is left where the fit is weak."""

FAR_APART, APART = 0.3, 0.2
"""By how much of a constant's loss the loss on rows that were learned from is below that on other
rows, for findings of medium and of low severity. The most on 23 real tables is 0.22."""

FEWEST_OF_A_CLASS = 10
"""Rows that a class needs to be learned and judged."""

FEWEST_ROWS = 100
"""Rows that a table needs for scores to be of much worth."""


@dataclass(frozen=True)
class Strength:
    """How well rows are fitted.

    Parameters
    ----------
    seen, unseen : float
        Mean loss on rows that networks learned from, and on rows that they did not.
    constant : float
        Mean loss of constants.
    standard_errors : float
        By how many standard errors `unseen` is below `constant`.
    unfinished : bool
        Whether the leading networks were at their best when their time was up.
    """

    seen: float
    unseen: float
    constant: float
    standard_errors: float
    unfinished: bool


def find_weakness(strength: Strength, facts: Facts) -> list[Finding]:
    """Return what is wrong with the fit as a whole."""
    return [*_fit(strength, facts), *_unfinished(strength), *_too_few_rows(strength, facts)]


def _fit(strength: Strength, facts: Facts) -> list[Finding]:
    evidence = {
        "seen": strength.seen,
        "unseen": strength.unseen,
        "constant": strength.constant,
        "standard_errors": strength.standard_errors,
        "rows": facts.n_rows,
    }
    if strength.standard_errors <= BEYOND_DOUBT or not np.isfinite(strength.unseen):
        return [
            Finding(
                "nothing learned",
                "high",
                "the fit",
                "Networks are no better than a constant on rows that they never saw (loss"
                " {unseen:.4f}, a constant's {constant:.4f})",
                "add columns that tell the target, or rows, as {rows:,} may be too few to see it",
                evidence,
            )
        ]
    gap = (strength.unseen - strength.seen) / strength.constant
    if gap >= APART:
        return [
            Finding(
                "overfit",
                "medium" if gap >= FAR_APART else "low",
                "the fit",
                "Rows that networks learned from are fitted much better than others (loss"
                " {seen:.4f} and {unseen:.4f}, a constant's {constant:.4f})",
                "gather more rows, or leave out columns that can tell nothing",
                evidence,
            )
        ]
    if strength.unseen >= WEAK * strength.constant:
        return [
            Finding(
                "weak fit",
                "medium",
                "the fit",
                "Networks are hardly better than a constant (loss {unseen:.4f}, a constant's"
                " {constant:.4f}), and not on the rows that they learned from either ({seen:.4f})",
                "add columns that tell more about the target",
                evidence,
            )
        ]
    return []


def _unfinished(strength: Strength) -> list[Finding]:
    if not strength.unfinished:
        return []
    return [
        Finding(
            "unfinished",
            "low",
            "the fit",
            "The leading networks were still getting better when they had seen the table as often"
            " as they may",
            "raise effort",
        )
    ]


def _too_few_rows(strength: Strength, facts: Facts) -> list[Finding]:
    rows = facts.n_rows
    if rows < FEWEST_ROWS or BEYOND_DOUBT < strength.standard_errors < UNSURE:
        return [
            Finding(
                "too few rows",
                "medium",
                "the rows",
                "{rows:,} rows are few: the loss is below a constant's by {standard_errors:.1f}"
                " standard errors, so it is hard to say how good the networks are",
                "gather more rows",
                {"rows": rows, "standard_errors": strength.standard_errors},
            )
        ]
    if facts.classes is None:
        return []
    counts = np.bincount(facts.codes, minlength=len(facts.classes))
    rare = [place for place, count in enumerate(counts) if count < FEWEST_OF_A_CLASS]
    return [
        Finding(
            "too few rows",
            "medium",
            facts.classes[place],
            "The class {subject} has {rows:,} rows, too few to learn it or to judge it by",
            "gather more of them, or make it one with another class",
            {"rows": int(counts[place])},
        )
        for place in sorted(rare, key=lambda place: counts[place])[:3]
    ]
