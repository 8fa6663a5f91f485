"""Classes that networks confuse."""

from __future__ import annotations

import numpy as np

from madaline._diagnosis.finding import Finding
from madaline._diagnosis.out_of_fold import OutOfFold

HALF, QUARTER = 0.5, 0.25
"""Shares of a class's rows predicted as one other class, for medium and for low severity."""

FEWEST_ROWS = 20
"""Rows that a class needs for its errors to be counted."""

MOST_FINDINGS = 3
"""Pairs of classes that are reported, at most."""


def find_confused_classes(evaluated: OutOfFold) -> list[Finding]:
    """Return the largest entries of the confusion matrix off its diagonal."""
    if evaluated.classes is None:
        return []
    n_classes = len(evaluated.classes)
    pairs = evaluated.class_index * n_classes + evaluated.predicted_index
    confusion = np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)
    totals = np.maximum(1, confusion.sum(axis=1))
    shares = confusion / totals[:, None]
    np.fill_diagonal(shares, 0)
    shares[totals < FEWEST_ROWS] = 0
    largest = np.argsort(-shares, axis=None, kind="stable")[:MOST_FINDINGS]
    remedy = (
        'class_weight="balanced" raises the recall of this class and lowers its precision; better'
        " are columns that separate the two classes"
        if n_classes == 2
        else "look for columns that separate the two, or merge them"
    )
    return [
        Finding(
            "confused classes",
            "medium" if shares[true, predicted] >= HALF else "low",
            f"{evaluated.classes[true]} predicted as {evaluated.classes[predicted]}",
            "{subject} in {confused:,} of {rows:,} rows of the true class ({share:.0%})",
            remedy,
            {
                "share": float(shares[true, predicted]),
                "confused": int(confusion[true, predicted]),
                "rows": int(totals[true]),
            },
        )
        for true, predicted in np.stack(np.unravel_index(largest, shares.shape), axis=1).tolist()
        if shares[true, predicted] >= QUARTER
    ]
