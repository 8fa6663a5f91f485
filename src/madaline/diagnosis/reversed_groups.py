"""Groups for which the truth is upside down: what holds for all the others holds there reversed.

A linear model of all rows says what generally goes with a large target or with a class. Where the
truth in a group goes the other way, labels may have been swapped, or a sign or a unit be another.
Networks may have learned to live with that, so that their loss does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from madaline.core.arrays import Array
from madaline.diagnosis.facts import Facts
from madaline.diagnosis.finding import Finding
from madaline.diagnosis.groups import FEWEST_ROWS, LARGEST, Cut, Group, cuts_of
from madaline.diagnosis.significance import holm, normal_chance

REVERSED = -0.2
"""Correlation in a group, of what is said of all rows and the truth, from which it is upside down.
On 23 real tables no group had one as low beyond chance."""

PARTS, LONGEST = 20, 4
"""Ranges of a number, and how many neighbors are looked at together: where a group begins and ends
is not known."""

RIDGE = 0.01
"""Penalty of the linear model, as a share of the variance of a feature."""

MOST_FEATURES = 1000
"""With more features, the linear model would take too long."""

MOST_FINDINGS = 3
"""Groups that are named, at most."""

FLAT = 1e-6
"""Where so small a share of the scatter of all rows is left, there is no correlation."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """Some parts of a column, and how what is said of all rows agrees with the truth there.

    Parameters
    ----------
    cut : Cut
        The column.
    first, last : int
        Its parts.
    correlation : float
        From -1 to 1.
    standard_errors : float
        How far that is from zero.
    """

    cut: Cut
    first: int
    last: int
    correlation: float
    standard_errors: float


def find_reversed_groups(facts: Facts) -> list[Finding]:
    """Return the groups in which what holds for the others is upside down, the surest first."""
    if facts.features.shape[1] > MOST_FEATURES:
        return []
    expected, truth = _expected_and_truth(facts)
    cuts = list(cuts_of(facts, n_parts=PARTS))
    rest = np.ones(facts.n_rows, bool)
    found: list[Finding] = []
    while len(found) < MOST_FINDINGS:
        # Rows of groups already named must not make others look reversed, too.
        surest = _surest(cuts, expected, truth, rest)
        if surest is None:
            break
        group = surest.cut.group(surest.first, surest.last)
        rest &= ~group.rows
        found.append(_finding(facts, group, surest))
    return found


def _surest(cuts: list[Cut], expected: Array, truth: Array, rest: Array) -> Candidate | None:
    """Return the group that is reversed by most standard errors, if it is no accident."""
    candidates = [one for cut in cuts for one in agreements(cut, expected, truth, rest)]
    chances = [normal_chance(min(0.0, one.standard_errors)) for one in candidates]
    doubtless = holm(np.array(chances))
    sure = [one for one, is_sure in zip(candidates, doubtless, strict=True) if is_sure]
    return min(
        (one for one in sure if one.correlation <= REVERSED),
        key=lambda one: one.standard_errors,
        default=None,
    )


def agreements(cut: Cut, expected: Array, truth: Array, rest: Array) -> Iterator[Candidate]:
    """Yield how expectation and truth agree in each part of a column, and in neighboring ones.

    A correlation is made of sums over rows, and the sums of neighbors add up.

    Parameters
    ----------
    cut : Cut
        The column.
    expected, truth : ndarray of shape (n_rows, n_outputs)
        What is said, and what is so, centered; over several outputs their products are summed.
    rest : Boolean ndarray of shape (n_rows,)
        The rows that count.
    """
    sums = _sums(cut, expected, truth, rest)  # (n_parts + 2, 4 + 2 n_outputs)
    flat = FLAT * np.square(expected).sum() * np.square(truth).sum() / len(rest) ** 2
    for first, last in _runs(cut):
        run = sums[last + 1] - sums[first]
        n_rows = run[0]
        if FEWEST_ROWS <= n_rows <= LARGEST * len(rest):
            correlation = _correlation(run, flat)
            yield Candidate(cut, first, last, correlation, correlation * float(np.sqrt(n_rows)))


def _runs(cut: Cut) -> Iterator[tuple[int, int]]:
    """Yield the first and the last part of each candidate; a missing value has no neighbor."""
    yield cut.n_parts, cut.n_parts
    for width in range(1, 1 + (LONGEST if cut.is_ordered else 1)):
        for first in range(cut.n_parts - width + 1):
            yield first, first + width - 1


def _sums(cut: Cut, expected: Array, truth: Array, rest: Array) -> Array:
    """Return the sums over all rows of the parts before each part, and of all parts."""
    pairs = ((expected, expected), (truth, truth), (expected, truth))
    products = [np.sum(one * other, axis=1, keepdims=True) for one, other in pairs]
    values = np.hstack([np.ones((len(rest), 1)), *products, expected, truth])
    size = cut.n_parts + 2
    of_parts = [np.bincount(cut.parts, column * rest, size) for column in values.T]
    return np.pad(np.cumsum(of_parts, axis=1).T, ((1, 0), (0, 0)))


def _correlation(run: Array, flat: float) -> float:
    """Return the correlation in rows with these sums; 0 where nothing varies."""
    n_rows, of_squares, of_others, of_products = run[:4]
    expected, truth = np.split(run[4:], 2)
    scatter = (of_squares - expected @ expected / n_rows) / n_rows
    spread = (of_others - truth @ truth / n_rows) / n_rows
    if scatter * spread <= flat:
        return 0.0
    return float((of_products - expected @ truth / n_rows) / n_rows / np.sqrt(scatter * spread))


def _expected_and_truth(facts: Facts) -> tuple[Array, Array]:
    """Return what a ridge regression says of each row, and the truth, both centered.

    Numbers are taken by their ranks, so that a few large ones do not decide.
    """
    truth = facts.target.astype(np.float64)
    if facts.classes is None:
        truth = (truth.ravel().argsort(kind="stable").argsort(kind="stable") / len(truth))[:, None]
    truth = truth - truth.mean(axis=0)
    x = facts.features.astype(np.float64)
    x -= x.mean(axis=0)
    x /= np.where(x.std(axis=0) > 0, x.std(axis=0), 1)
    penalty = RIDGE * len(x) * np.eye(x.shape[1])
    return x @ np.linalg.solve(x.T @ x + penalty, x.T @ truth), truth


def _finding(facts: Facts, group: Group, surest: Candidate) -> Finding:
    return Finding(
        "reversed group",
        "high",
        group.name,
        "Where {subject}, the truth is upside down ({share:.1%} of all rows): what goes with a"
        " higher target or a class elsewhere goes against it there (correlation {correlation:.2f})",
        "check the target of these rows for swapped labels, signs or units",
        {
            "share": float(group.rows.mean()),
            "correlation": surest.correlation,
            "standard_errors": surest.standard_errors,
        },
        facts.numbered(np.flatnonzero(group.rows)),
    )
