"""What is wrong with a training table: leaks, identifiers, copied rows, one column for all."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from madaline._models.diagnosis.finding import Finding
from madaline._models.diagnosis.learning import Strength
from madaline._models.diagnosis.out_of_fold import OutOfFold
from madaline._race.evaluation.leakage import CERTAIN, Leak, join_leaks
from madaline._race.importance import Importance
from madaline._tables.column import is_missing
from madaline._tables.kinds.kind import CATEGORY, NUMBER, PAST_ALONE, ColumnSchema
from madaline._tables.media.images import image_codes
from madaline._tables.schema import Schema
from madaline._tables.table import Table
from madaline.nn.arrays import Array

# Of 80 tables without a planted leak, none has a column like this, and 3 of 8 leaks that the search
# misses have (benchmarks/experiments/diagnosis.md)
_MIN_SAVED = 0.8  # of the loss of a constant, what good networks save
_MIN_TIMES = 25.0  # times as important as the next column a column is that they rest on
_MIN_OTHERS = 2  # columns beside it

_MIN_ROWS = 500  # in fewer rows, whole numbers may be all different by chance
_IDENTIFYING_SHARE = 0.5  # distinct values per row from which a category nearly identifies the rows
# Shares of copied rows
_MEDIUM_SHARE = 0.1
_LOW_SHARE = 0.01
_OPTIMISTIC = 1.2  # times the loss of the score that rows without a copy have, if it is optimistic
_MIN_STANDARD_ERRORS = 3.0  # ... and standard errors that their loss is above it

MAX_BY_CHANCE = 0.1
"""Share of copied rows that independent columns would have, from which on chance explains them."""


def find_leaking(leaks: Sequence[Leak]) -> list[Finding]:
    """Return a finding for all leaks of a target."""
    return [
        Finding(
            "leak",
            "high" if leak.grade == CERTAIN else "medium",
            leak.subject,
            leak.seen,
            leak.remedy,
            leak.evidence,
        )
        for leak in join_leaks(leaks)
    ]


def find_one_column(
    importances: Sequence[Importance],
    strength: Strength,
    leaks: Sequence[Leak],
    times: Collection[str] = (),
) -> list[Finding]:
    """Return the column that good predictions nearly all rest on, but no time or leak that is told.

    Leaks whose form is not searched for look like this, and few honest columns do.
    """
    ranked = sorted(importances, key=lambda importance: -importance.value)
    saved = strength.baseline - strength.unseen
    if len(ranked) <= _MIN_OTHERS or saved < _MIN_SAVED * abs(strength.baseline):
        return []
    first, second = ranked[:2]
    revealing = {*times, *(name for leak in leaks for name in leak.columns)}
    few = first.value < _MIN_TIMES * max(0.0, second.value)
    if few or not first.clear or revealing & set(first.columns):
        return []
    return [
        Finding(
            "one column",
            "medium",
            first.name,
            "Predictions rest almost entirely on {subject} (importance {first:.3g}, of the next"
            " column {second:.3g})",
            "make sure that its value is known when a prediction is made, and does not come from"
            " the target",
            {"first": first.value, "second": max(0.0, second.value)},
        )
    ]


def find_identifiers(schema: Schema, table: Table) -> list[Finding]:
    """Return the columns that only identify the rows, whether they were left out or not."""
    findings = []
    for column in schema.columns:
        has_reason = column.detail in ("as told", PAST_ALONE)
        if not column.kept and column.n_distinct > 1 and not has_reason:
            seen = "{subject} was left out, as it only identifies the rows"
            remedy = "nothing to do; if it is no identifier, give its kind (kinds=)"
        elif _is_identifier(column, schema, table):
            seen = "{subject} may only identify the rows"
            remedy = "leave it out if it does, as new rows have other values"
        else:
            continue
        seen += " ({distinct:,} different values in {values:,} rows)"
        evidence = {"distinct": column.n_distinct, "values": schema.n_samples - column.n_missing}
        findings.append(Finding("identifier", "low", column.name, seen, remedy, evidence))
    return findings


def _is_identifier(column: ColumnSchema, schema: Schema, table: Table) -> bool:
    n_values = schema.n_samples - column.n_missing
    if n_values < _MIN_ROWS or column.name not in table:
        return False
    if column.kind == CATEGORY:
        return column.n_distinct >= _IDENTIFYING_SHARE * n_values
    if column.kind != NUMBER or column.n_distinct < n_values:
        return False
    values = table[column.name]
    return bool((values == values.round()).all())


def find_duplicates(evaluated: OutOfFold) -> list[Finding]:
    """Return whether rows have copies, with the same target, in other folds.

    The predictions of such rows are not really out of fold.
    """
    copied = _copied_rows(evaluated)
    share = float(copied.mean())
    if share < _LOW_SHARE or not copied.any() or copied.all():
        return []
    by_chance = copies_by_chance(evaluated.table, evaluated.schema)
    if by_chance > MAX_BY_CHANCE * copied.sum():
        return []
    alone, error = evaluated.mean(evaluated.losses, ~copied)
    score, _ = evaluated.mean(evaluated.losses)
    optimistic = alone > _OPTIMISTIC * score and alone - score > _MIN_STANDARD_ERRORS * error
    return [
        Finding(
            "duplicates",
            "high" if optimistic else "medium" if share >= _MEDIUM_SHARE else "low",
            "the rows",
            "{rows:,} rows ({share:.1%}) have a copy in another fold, and networks that were"
            " trained on the copy predict them (validation loss {score:.4f}, {alone:.4f} without"
            " such rows)",
            "leave copies out, or name what they have in common (groups=)",
            {
                "rows": int(copied.sum()),
                "share": share,
                "score": score,
                "alone": alone,
                "standard_error": error,
            },
            evaluated.row_numbers_of(np.flatnonzero(copied)),
        )
    ]


def _copied_rows(evaluated: OutOfFold) -> Array:
    """Return which rows have a copy in another fold, as Booleans of shape (n_rows,)."""
    same = np.zeros(evaluated.n_rows, np.int64)
    target = evaluated.target.T if evaluated.classes is None else [evaluated.class_index]
    for column in (*(evaluated.table[name] for name in evaluated.schema.kept), *target):
        codes = _codes(column)
        same = np.unique(same * (codes.max() + 1) + codes, return_inverse=True)[1]
    first = np.full(same.max() + 1, len(evaluated.bounds))
    last = np.full(same.max() + 1, -1)
    np.minimum.at(first, same, evaluated.fold)
    np.maximum.at(last, same, evaluated.fold)
    return np.asarray((first < last)[same])


def copies_by_chance(table: Table, schema: Schema) -> float:
    """Return how many rows would have a copy if the columns were independent."""
    if schema.single != schema.kept:
        return 0.0  # images are not equal by chance
    equal = 1.0
    n_rows = table.n_samples
    for name in schema.kept:
        equal *= float(np.square(np.bincount(_codes(table[name])) / n_rows).sum())
    return n_rows * min(1.0, n_rows * equal)


def _codes(column: Array) -> Array:
    """Return an integer for each value, zero for a missing one."""
    if column.ndim > 1:
        return image_codes(column)
    missing = is_missing(column)
    codes = np.zeros(len(column), np.int64)
    present = column[~missing]
    if column.dtype.kind == "O":
        texts = [f"{type(value).__name__} {value}" for value in present.tolist()]
        numbers = {text: number for number, text in enumerate(sorted(set(texts)), 1)}
        codes[~missing] = [numbers[text] for text in texts]
    elif len(present):
        codes[~missing] = 1 + np.unique(present, return_inverse=True)[1]
    return codes
