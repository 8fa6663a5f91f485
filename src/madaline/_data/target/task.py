"""The task of a target, classification or regression, and whether it can be learned."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from madaline._data.column import number_text
from madaline._data.target.target_encoder import CLASSIFICATION, REGRESSION
from madaline._data.target.values import MOST_NUMBERED_CLASSES, known_values
from madaline.errors import InputError
from madaline.nn.arrays import Array


def infer_task(values: Array) -> tuple[str, str]:
    """Return the task that a target suggests, and why.

    Text, Booleans and anything of two values are classes. Whole numbers are classes where they
    look numbered: from 0 or 1 without a gap, at most `MOST_NUMBERED_CLASSES`, ten rows to each.
    Ratings that begin elsewhere (3 to 9) and all else are numbers.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        The training target.

    Returns
    -------
    task : {"classification", "regression"}
        The task.
    reason : str
        Why, in a few words.

    Examples
    --------
    >>> infer_task(np.array([3, 5, 6, 9] * 20))
    ('regression', 'the target holds whole numbers from 3 to 9, not numbered from 0 or 1')
    """
    known = known_values(values)
    if known.dtype.kind not in "iuf":
        word = "Booleans" if known.dtype.kind == "b" else "text"
        return CLASSIFICATION, f"the target holds {word}"
    distinct = np.unique(known).astype(np.float64)
    if len(distinct) == 2:
        return CLASSIFICATION, "the target holds two different values"
    if not (distinct == np.floor(distinct)).all():
        return REGRESSION, "the target holds numbers with decimals"
    return _whole_number_task(distinct, len(known))


def infer_task_of_several(names: Sequence[str], values: Array) -> tuple[str, str]:
    """Return the task that several targets suggest, and why.

    Parameters
    ----------
    names : sequence of str
        Names of the targets.
    values : ndarray of shape (n_samples, n_targets)
        The training targets.

    Raises
    ------
    InputError
        If some hold classes and others numbers.

    Examples
    --------
    >>> infer_task_of_several(("width", "sold"), np.array([[1.5, 0], [2.5, 1], [3.5, 0]]))
    Traceback (most recent call last):
    madaline.errors.InputError: Targets that are predicted together must be of one task, but width
    suggests regression and sold classification: choose a task, or fit a model for each.
    """
    found = [infer_task(column) for column in values.T]
    for name, (task, _) in zip(names, found, strict=True):
        if task != found[0][0]:
            raise InputError(
                "Targets that are predicted together must be of one task, but"
                f" {names[0]} suggests {found[0][0]} and {name} {task}: choose a task, or fit a"
                " model for each."
            )
    return found[0]


def check_learnable(values: Array, task: str, *, name: str = "target") -> None:
    """Refuse a target from which nothing can be learned.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        The training target.
    task : {"classification", "regression"}
        The task.
    name : str
        Name of the target.

    Raises
    ------
    InputError
        If no row has a value, some rows lack one, or all have the same.

    Examples
    --------
    >>> check_learnable(np.array(["yes", "yes"]), CLASSIFICATION, name="paid")
    Traceback (most recent call last):
    madaline.errors.InputError: The target 'paid' holds only one class (yes) in all 2 rows: choose
    another column.
    """
    known = known_values(values)
    n_missing = len(values) - len(known)
    if len(known) == 0:
        raise InputError(f"The target {name!r} has no value in any row: choose another column.")
    if n_missing:
        raise InputError(
            f"The target {name!r} has no value in {n_missing:,} of {len(values):,} rows: fill them"
            " in or remove these rows."
        )
    if len(set(known.tolist())) == 1:
        word = "class" if task == CLASSIFICATION else "value"
        raise InputError(
            f"The target {name!r} holds only one {word} ({known[0]!s}) in all {len(known):,}"
            " rows: choose another column."
        )


def _whole_number_task(distinct: Array, n_values: int) -> tuple[str, str]:
    if len(distinct) == 0:
        return REGRESSION, "the target holds no values"
    described = (
        f"the target holds whole numbers from {number_text(float(distinct[0]))} to"
        f" {number_text(float(distinct[-1]))}"
    )
    if distinct[0] not in (0, 1):
        return REGRESSION, f"{described}, not numbered from 0 or 1"
    if distinct[-1] - distinct[0] != len(distinct) - 1:
        return REGRESSION, f"{described} with gaps"
    if len(distinct) > min(MOST_NUMBERED_CLASSES, n_values / 10):
        return REGRESSION, f"{described}, too many to be classes"
    return CLASSIFICATION, f"{described} without a gap"
