"""A leak is a column that gives the target away: a copy of it, or something known only afterwards.

A model that learned from a leak looks perfect, and fails where it is used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.data.column import is_missing
from madaline.data.table import Table
from madaline.nn.arrays import Array

TOLD = 0.99
"""Share of the target that a column tells by itself if it is a leak."""

CLEARER = 5
"""The others together leave so many times as much untold as a leak; else the task is easy."""

FEWEST_ROWS = 60
"""With fewer rows, an honest column may tell everything by chance."""

JUDGED_ROWS = 5000
"""Rows that are looked at, at most: evenly spread."""


@dataclass(frozen=True)
class Leak:
    """A column that all but gives the target away.

    Parameters
    ----------
    column : str
        Its name.
    told : float
        Share of the target that it tells by itself: of the wrong answers of a constant, those that
        it avoids; of the scatter of the target's ranks, what it explains.
    others : float
        The same of all columns together that give away less.

    Examples
    --------
    >>> str(Leak("paid_back", told=1.0, others=0.31))[:46]
    'paid_back alone tells 100.0% of the target, al'
    """

    column: str
    told: float
    others: float

    def __str__(self) -> str:
        """Say in a sentence what is suspicious, and what to do."""
        return (
            f"{self.column} alone tells {self.told:.1%} of the target, all the others together"
            f" {self.others:.1%}: if it is only known once the target is, leave it out."
        )

    def to_json(self) -> dict[str, Any]:
        """Return the leak as JSON-able values."""
        return asdict(self)


def find_leaks(
    table: Table,
    names: Sequence[str],
    target: Array,
    *,
    classes: bool,
    groups: Array | None = None,
) -> tuple[Leak, ...]:
    """Return the columns that tell the target alone while all the others together do not.

    A column is asked for each row about the rows beside it: those of the same value, or the next
    smaller and the next larger number. So it does not matter how the column tells the target: as a
    copy, recoded, through any smooth or monotone function, or with a little noise. Numbers are
    compared by their ranks.

    Parameters
    ----------
    table : Table
        The columns.
    names : sequence of str
        Those that are learned from. If each of them tells the target alone, none is a leak.
    target : ndarray of shape (n_samples,)
        Numbers, or numbers of classes.
    classes : bool
        Whether they are numbers of classes.
    groups : ndarray of shape (n_samples,), optional
        Rows of one group may be alike; only the first of each is looked at.

    Returns
    -------
    tuple of Leak
        In the order of `names`; none if there are fewer than `FEWEST_ROWS` rows, or groups.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> age, income = rng.uniform(18, 80, 500), rng.lognormal(8, 1, 500)
    >>> table = Table.from_columns({"age": age, "tax": 0.3 * income + 200, "zip": age // 1 % 7})
    >>> [leak.column for leak in find_leaks(table, table.names, income, classes=False)]
    ['tax']
    """
    rows = np.arange(len(target)) if groups is None else np.unique(groups, return_index=True)[1]
    rows = np.sort(rows)[:: max(1, -(-len(rows) // JUDGED_ROWS))]
    if len(rows) < FEWEST_ROWS or (target[rows] == target[rows[0]]).all():
        return ()
    truth = _one_hot(target[rows]) if classes else _ranks(target[rows])
    told = {name: told_by(table[name][rows], truth, classes=classes) for name in names}
    suspects = [name for name in names if told[name] >= TOLD]
    if len(suspects) in (0, len(names)):
        return ()
    others = [table[name][rows] for name in names if name not in suspects]
    together = _told_together(others, target[rows], truth, classes=classes)
    if together >= TOLD:
        return ()
    return tuple(
        Leak(name, told[name], together)
        for name in suspects
        if CLEARER * (1 - told[name]) < 1 - together
    )


def told_by(column: Array, truth: Array, *, classes: bool) -> float:
    """Return the share of the target that a column tells by itself, each row left out in turn.

    Parameters
    ----------
    column : ndarray of shape (n_samples,)
        Of any kind.
    truth : ndarray of shape (n_samples, n_outputs)
        One-hot classes, or ranks.
    classes : bool
        Which of them.
    """
    group, ordered = _groups(column)
    counts = np.bincount(group)
    sums = np.stack([np.bincount(group, weights=output) for output in truth.T], axis=1)
    means = sums / counts[:, None]  # (groups, n_outputs)
    alone = counts[group] == 1
    with np.errstate(invalid="ignore"):
        guess = (sums[group] - truth) / (counts[group] - 1)[:, None]  # the others of the same value
    guess[alone] = _beside(means, ordered)[group[alone]]
    return told(guess, truth, classes=classes)


def told(guess: Array, truth: Array, *, classes: bool) -> float:
    """Return the share of the target that guesses tell: 0 for a constant's, 1 for the truth."""
    if classes:
        right = np.mean(guess.argmax(axis=1) == truth.argmax(axis=1))
        constant = truth.mean(axis=0).max()
        return float((right - constant) / (1 - constant)) if constant < 1 else 0.0
    scatter = truth.var()
    return float(1 - np.square(guess - truth).mean() / scatter) if scatter else 0.0


def _groups(column: Array) -> tuple[Array, bool]:
    """Return for each row the number of its value, in order if values have one."""
    missing, ordered = is_missing(column), column.dtype.kind != "O"
    group = np.zeros(len(column), np.intp)
    if not missing.all():
        values = column[~missing] if ordered else column[~missing].astype(str)
        group[~missing] = np.unique(values, return_inverse=True)[1]
    if missing.any():  # a value of its own
        group[missing] = group[~missing].max(initial=-1) + 1
    return group, ordered


def _beside(means: Array, ordered: bool) -> Array:
    """Return what the values beside each value say, or where values have no order, all of them."""
    if not ordered or len(means) == 1:
        return np.broadcast_to(means.mean(axis=0), means.shape)
    before = np.concatenate([means[1:2], means[:-1]])
    after = np.concatenate([means[1:], means[-2:-1]])
    return np.asarray((before + after) / 2)


def _told_together(
    columns: Sequence[Array], target: Array, truth: Array, *, classes: bool
) -> float:
    """Return the share of the target that columns tell together, rows left out in three folds."""
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    if not columns:
        return 0.0
    x = np.stack([_groups(column)[0] for column in columns], axis=1)
    # One thread, for the same result everywhere; trees see only the order, as `told_by` does.
    model = (ExtraTreesClassifier if classes else ExtraTreesRegressor)(
        n_estimators=30, max_features=0.5, random_state=0
    )
    folds = KFold(3, shuffle=True, random_state=0)
    answers = cross_val_predict(model, x, target if classes else truth[:, 0], cv=folds)
    guess = (answers[:, None] == np.unique(target)).astype(float) if classes else answers[:, None]
    return told(guess, truth, classes=classes)


def _one_hot(codes: Array) -> Array:
    return np.asarray(codes[:, None] == np.unique(codes), np.float64)


def _ranks(numbers: Array) -> Array:
    """Return the mean rank of each number, from 0 to 1, shape (n_samples, 1)."""
    _, group, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray(((last - (counts - 1) / 2) / len(numbers))[group][:, None])
