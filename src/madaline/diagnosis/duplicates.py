"""Duplicates: rows whose copy is in another fold are judged by networks that saw that copy."""

from __future__ import annotations

import numpy as np

from madaline.data.column import is_missing
from madaline.data.media.images import image_codes
from madaline.diagnosis.finding import Finding
from madaline.diagnosis.out_of_fold import Facts
from madaline.nn.arrays import Array

MANY, SOME = 0.1, 0.01
"""Shares of copied rows from which the finding is of medium and of low severity."""

FLATTERED = 1.2
"""How many times the score's loss is that of the rows without a copy if the score flatters."""

STANDARD_ERRORS = 3.0
"""By so many it must be above it to be no accident."""

BY_CHANCE = 0.1
"""Copies are none if so large a share of them is to be expected where columns are independent."""


def find_duplicates(facts: Facts) -> list[Finding]:
    """Return whether rows have copies, the target included, in other folds than their own."""
    copied = copied_rows(facts)
    share = float(copied.mean())
    if share < SOME or not copied.any() or copied.all():
        return []
    if _expected_by_chance(facts) > BY_CHANCE * copied.sum():
        return []
    alone, error = facts.mean(facts.losses, ~copied)
    promised, _ = facts.mean(facts.losses)
    flattered = alone > FLATTERED * promised and alone - promised > STANDARD_ERRORS * error
    return [
        Finding(
            "duplicates",
            "high" if flattered else "medium" if share >= MANY else "low",
            "the rows",
            "{rows:,} rows ({share:.1%}) have a copy in another fold, so that networks that judge"
            " them have seen them (loss {promised:.4f}, {alone:.4f} without such rows)",
            "leave copies out, or name what they have in common as groups",
            {
                "rows": int(copied.sum()),
                "share": share,
                "promised": promised,
                "alone": alone,
                "standard_error": error,
            },
            facts.numbered(np.flatnonzero(copied)),
        )
    ]


def copied_rows(facts: Facts) -> Array:
    """Return which rows have a copy in another fold, as Booleans of shape (n_judged,)."""
    same = np.zeros(facts.n_rows, np.int64)
    target = facts.target.T if facts.classes is None else [facts.codes]
    for column in (*(facts.table[name] for name in facts.schema.kept), *target):
        codes = _codes(column)
        same = np.unique(same * (codes.max() + 1) + codes, return_inverse=True)[1]
    first = np.full(same.max() + 1, len(facts.bounds))
    last = np.full(same.max() + 1, -1)
    np.minimum.at(first, same, facts.fold)
    np.maximum.at(last, same, facts.fold)
    return np.asarray((first < last)[same])


def _expected_by_chance(facts: Facts) -> float:
    """Return how many rows would have an equal one if the columns were independent."""
    if facts.schema.single != facts.schema.kept:
        return 0.0  # images are not equal by chance
    meet = 1.0
    for name in facts.schema.kept:
        shares = np.bincount(_codes(facts.table[name])) / facts.n_rows
        meet *= float(np.square(shares).sum())
    return facts.n_rows * min(1.0, facts.n_rows * meet)


def _codes(column: Array) -> Array:
    """Return the number of each value; missing is one of them."""
    if column.ndim > 1:
        return image_codes(column)
    missing = is_missing(column)
    codes = np.zeros(len(column), np.int64)
    present = column[~missing]
    if column.dtype.kind == "O":
        present = np.array([f"{type(one).__name__} {one}" for one in present.tolist()], dtype=str)
    if len(present):
        codes[~missing] = 1 + np.unique(present, return_inverse=True)[1]
    return codes
