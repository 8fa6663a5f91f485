"""The strength of a fit: nothing learned, weak, overfit, unfinished, or too few rows to know."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from madaline._diagnosis.finding import Finding, Kind, Severity
from madaline._diagnosis.out_of_fold import OutOfFold

SIGNIFICANT = 2.0
"""Standard errors by which networks must beat the baseline to have learned anything."""

CLEAR = 4.0
"""Standard errors below which it is uncertain how much they have learned."""

WEAK = 0.9
"""Share of the baseline's loss that is left where the fit is weak."""

LARGE_GAP, GAP = 0.3, 0.2
"""Difference of out-of-fold and training loss, as a share of the baseline's loss, for findings of
medium and of low severity. The largest on 23 real tables is 0.22."""

FEWEST_OF_A_CLASS = 10
"""Rows that a class needs to be learned and evaluated."""

FEWEST_ROWS = 100
"""Rows that a table needs for precise scores."""


@dataclass(frozen=True)
class Strength:
    """The losses of a fit.

    Parameters
    ----------
    seen, unseen : float
        Mean training loss, and mean out-of-fold loss.
    baseline : float
        Mean out-of-fold loss of the constant baseline.
    standard_errors : float
        By how many standard errors `unseen` is below `baseline`.
    unfinished : bool
        Whether the leading networks were still improving at the last epoch.
    """

    seen: float
    unseen: float
    baseline: float
    standard_errors: float
    unfinished: bool


def find_weakness(strength: Strength, evaluated: OutOfFold) -> list[Finding]:
    """Return what is wrong with the fit as a whole."""
    return [
        *_fit(strength, evaluated),
        *_unfinished(strength),
        *_too_few_rows(strength, evaluated),
    ]


def _fit(strength: Strength, evaluated: OutOfFold) -> list[Finding]:
    evidence = {
        "seen": strength.seen,
        "unseen": strength.unseen,
        "baseline": strength.baseline,
        "standard_errors": strength.standard_errors,
        "rows": evaluated.n_rows,
    }

    def finding(kind: Kind, severity: Severity, seen: str, remedy: str) -> list[Finding]:
        return [Finding(kind, severity, "the fit", seen, remedy, evidence)]

    if strength.standard_errors <= SIGNIFICANT or not np.isfinite(strength.unseen):
        return finding(
            "nothing learned",
            "high",
            "On unseen rows, the networks are not clearly better than the baseline (loss"
            " {unseen:.4f}, baseline {baseline:.4f})",
            "add columns that predict the target, or rows, as {rows:,} may be too few",
        )
    gap = (strength.unseen - strength.seen) / strength.baseline
    if gap >= GAP:
        alone = len(evaluated.schema.kept) == 1  # a text has more terms than there are rows
        return finding(
            "overfit",
            "medium" if gap >= LARGE_GAP and not alone else "low",
            "Networks fit the training rows much better than unseen ones (loss {seen:.4f} and"
            " {unseen:.4f}, baseline {baseline:.4f})",
            "gather more rows" + ("" if alone else ", or leave out columns that cannot help"),
        )
    if strength.unseen >= WEAK * strength.baseline:
        return finding(
            "weak fit",
            "medium",
            "The networks are hardly better than the baseline (loss {unseen:.4f}, baseline"
            " {baseline:.4f}), even on the training rows ({seen:.4f})",
            "add columns that predict more of the target",
        )
    return []


def _unfinished(strength: Strength) -> list[Finding]:
    if not strength.unfinished:
        return []
    seen = "The best networks were still improving at the last epoch"
    return [Finding("unfinished", "low", "the fit", seen, "train longer, with a higher effort")]


def _too_few_rows(strength: Strength, evaluated: OutOfFold) -> list[Finding]:
    rows, errors = evaluated.n_rows, strength.standard_errors
    seen = "{rows:,} rows are few, so the scores are uncertain"
    if SIGNIFICANT < errors < CLEAR:
        seen += " (the loss is only {standard_errors:.1f} standard errors below the baseline's)"
    elif rows >= FEWEST_ROWS:
        return _rare_classes(evaluated)
    evidence = {"rows": rows, "standard_errors": errors}
    return [Finding("too few rows", "medium", "the rows", seen, "gather more rows", evidence)]


def _rare_classes(evaluated: OutOfFold) -> list[Finding]:
    if evaluated.classes is None:
        return []
    counts = np.bincount(evaluated.class_index, minlength=len(evaluated.classes))
    ordered = np.argsort(counts, kind="stable")
    rare = [index for index in ordered if counts[index] < FEWEST_OF_A_CLASS]
    return [
        Finding(
            "too few rows",
            "medium",
            evaluated.classes[index],
            "The class {subject} has {rows:,} rows, too few to learn it or to measure how well",
            "gather more of them, or merge it with another class",
            {"rows": int(counts[index])},
        )
        for index in rare[:3]
    ]
