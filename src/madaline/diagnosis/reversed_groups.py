"""Groups for which the truth is upside down: what holds for all the others holds there reversed.

A linear model of all rows says what generally goes with a large target or with a class. Where the
truth in a group goes the other way, labels may have been swapped, or a sign or a unit be another.
Networks may have learned to live with that, so that their loss does not tell.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline.core.arrays import Array
from madaline.diagnosis.facts import Facts
from madaline.diagnosis.finding import Finding
from madaline.diagnosis.groups import FEWEST_ROWS, Group
from madaline.diagnosis.significance import holm, normal_chance

REVERSED = -0.2
"""Correlation in a group, of what is said of all rows and the truth, that is no accident: on 23
real tables no group had one below -0.11."""

RIDGE = 0.01
"""Penalty of the linear model, as a share of the variance of a feature."""

MOST_FINDINGS = 3
"""Groups that are named, at most."""


def find_reversed_groups(facts: Facts, groups: Sequence[Group]) -> list[Finding]:
    """Return the groups in which what holds for the others is upside down, worst first."""
    expected, truth = _expected_and_truth(facts)
    found: list[Finding] = []
    rest = np.ones(facts.n_rows, bool)
    while len(found) < MOST_FINDINGS:
        # Rows of groups already named must not make others look reversed, too.
        left = [Group(group.column, group.name, group.rows & rest) for group in groups]
        left = [group for group in left if group.n_rows >= FEWEST_ROWS]
        worst = _most_reversed(left, expected, truth)
        if worst is None:
            break
        group, correlation, standard_errors = worst
        rest &= ~group.rows
        found.append(_finding(group, correlation, standard_errors))
    return found


def _most_reversed(
    groups: Sequence[Group], expected: Array, truth: Array
) -> tuple[Group, float, float] | None:
    """Return the group with the lowest correlation, if that is low and no accident."""
    agreed = [agreement(expected[group.rows], truth[group.rows]) for group in groups]
    doubtless = holm(np.array([normal_chance(min(0.0, errors)) for _, errors in agreed]))
    candidates = [
        (correlation, errors, place)
        for place, (correlation, errors) in enumerate(agreed)
        if doubtless[place] and correlation <= REVERSED
    ]
    if not candidates:
        return None
    correlation, errors, place = min(candidates)
    return groups[place], correlation, errors


def agreement(expected: Array, truth: Array) -> tuple[float, float]:
    """Return the correlation of expectation and truth, and its distance from zero.

    Parameters
    ----------
    expected, truth : ndarray of shape (n_rows, n_outputs)
        What is said, and what is so; over several outputs their products are summed.

    Returns
    -------
    (float, float)
        From -1 to 1, and in standard errors.

    Examples
    --------
    >>> x = np.arange(10.0)[:, None]
    >>> agreement(x, 5 - 2 * x)[0].round(6)
    np.float64(-1.0)
    """
    expected, truth = expected - expected.mean(axis=0), truth - truth.mean(axis=0)
    products = np.sum(expected * truth, axis=1)
    scale = np.sqrt(np.square(expected).sum() * np.square(truth).sum())
    error = products.std() / np.sqrt(len(products))
    if scale < 1e-9 * len(products) or error == 0:
        return 0.0, 0.0
    return products.sum() / scale, products.mean() / error


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


def _finding(group: Group, correlation: float, standard_errors: float) -> Finding:
    return Finding(
        "reversed group",
        "high",
        group.name,
        "Where {subject}, the truth is upside down ({share:.1%} of all rows): what goes with a"
        " higher target or a class elsewhere goes against it there (correlation {correlation:.2f})",
        "check the target of these rows for swapped labels, signs or units",
        {
            "share": float(group.rows.mean()),
            "correlation": float(correlation),
            "standard_errors": float(standard_errors),
        },
    )
