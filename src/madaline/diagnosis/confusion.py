"""Classes that networks take for others."""

from __future__ import annotations

import numpy as np

from madaline.diagnosis.finding import Finding
from madaline.diagnosis.out_of_fold import Facts

HALF, QUARTER = 0.5, 0.25
"""Shares of a class's rows that are taken for another, for medium and for low severity."""

FEWEST_ROWS = 20
"""Classes of fewer rows are not judged by their confusion."""

MOST_FINDINGS = 3
"""Pairs of classes that are named, at most."""


def find_confused_classes(facts: Facts) -> list[Finding]:
    """Return pairs of classes of which one is often taken for the other, most often first."""
    if facts.classes is None:
        return []
    n_classes = len(facts.classes)
    pairs = facts.codes * n_classes + facts.probabilities.argmax(axis=1)
    counts = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    totals = np.maximum(1, counts.sum(axis=1))
    shares = counts / totals[:, None]
    np.fill_diagonal(shares, 0)
    shares[totals < FEWEST_ROWS] = 0
    places = np.argsort(-shares, axis=None, kind="stable")[:MOST_FINDINGS]
    remedy = (
        'class_weight="balanced" finds more of them, with more false alarms; columns that tell the'
        " two apart would help more"
        if n_classes == 2
        else "look for columns that tell the two apart, or make them one class"
    )
    found = []
    for true, taken in np.stack(np.unravel_index(places, shares.shape), axis=1).tolist():
        if shares[true, taken] >= QUARTER:
            found.append(
                Finding(
                    "confused classes",
                    "medium" if shares[true, taken] >= HALF else "low",
                    f"{facts.classes[true]} taken for {facts.classes[taken]}",
                    "{share:.0%} of the rows of a class are mistaken, {subject} ({confused:,} of"
                    " {rows:,})",
                    remedy,
                    {
                        "share": float(shares[true, taken]),
                        "confused": int(counts[true, taken]),
                        "rows": int(totals[true]),
                    },
                )
            )
    return found
