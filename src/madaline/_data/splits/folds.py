"""Folds: parts of the rows that are alike, each held out from the networks that evaluate it."""

from __future__ import annotations

import numpy as np

from madaline._data.target import CLASSIFICATION
from madaline.errors import InputError
from madaline.nn.arrays import Array, Rng

_PARTS = 10
"""Number of quantile bins of a regression target, to balance groups."""


def make_folds(
    target: Array, *, n_folds: int, task: str, rng: Rng, groups: Array | None = None
) -> Array:
    """Return the fold of each row.

    Every fold gets its share of each class, or of small and large targets. With groups, no group is
    in two folds; then sizes are balanced first, shares as far as the groups allow.

    Parameters
    ----------
    target : ndarray of shape (n_samples,) or (n_samples, n_targets)
        Class numbers or numbers. Of several targets, what counts is which classes go together, or
        the first principal component of numbers of about unit variance.
    n_folds : int
        Number of folds, at least two.
    task : {"classification", "regression"}
        What is learned.
    rng : numpy.random.Generator
        Source of the order.
    groups : ndarray of shape (n_samples,), optional
        The group of each row.

    Returns
    -------
    int64 ndarray of shape (n_samples,)
        From 0 to n_folds - 1, none of them empty.

    Raises
    ------
    InputError
        If there are fewer rows, or groups, than folds, or a group is missing.

    Examples
    --------
    >>> target = np.array([0, 0, 0, 0, 1, 1])
    >>> folds = make_folds(target, n_folds=2, task="classification", rng=np.random.default_rng(0))
    >>> np.bincount(folds[target == 0]), np.bincount(folds[target == 1])
    (array([2, 2]), array([1, 1]))
    """
    n_samples, target = len(target), _one_target(target, task)
    if n_folds < 2:
        raise InputError(f"There must be at least two folds, not {n_folds}.")
    if n_samples < n_folds:
        rows = "1 row is" if n_samples == 1 else f"{n_samples} rows are"
        raise InputError(f"{rows} too few for {n_folds} folds: give at least {n_folds} rows.")
    if groups is not None:
        return _grouped(_strata(target, task), _group_numbers(groups, n_samples), n_folds, rng)
    if task == CLASSIFICATION:
        return _by_class(target, n_folds, rng)
    return _by_size(target, n_folds, rng)


def _one_target(target: Array, task: str) -> Array:
    """Return the class, or the size, of each row over all targets, shape (n_samples,)."""
    if target.ndim == 1:
        return target
    if task == CLASSIFICATION:
        return np.unique(target, axis=0, return_inverse=True)[1].reshape(-1)
    centered = target.astype(np.float64) - target.mean(axis=0)
    _, directions = np.linalg.eigh(centered.T @ centered)
    return np.asarray(centered @ directions[:, -1])


def _by_class(target: Array, n_folds: int, rng: Rng) -> Array:
    """Assign shuffled rows in turn, class by class, going on where the class before stopped."""
    order = _sorted_shuffled(target, rng)
    folds = np.empty(len(target), np.int64)
    folds[order] = rng.permutation(n_folds)[np.arange(len(target)) % n_folds]
    return folds


def _by_size(target: Array, n_folds: int, rng: Rng) -> Array:
    """Sort the rows by target and assign each block of n_folds neighbors in random order."""
    order = _sorted_shuffled(target, rng)
    n_blocks = -(-len(target) // n_folds)
    blocks = rng.permuted(np.tile(np.arange(n_folds), (n_blocks, 1)), axis=1)  # (n_blocks, n_folds)
    n_last = len(target) - (n_blocks - 1) * n_folds
    folds = np.empty(len(target), np.int64)
    folds[order] = np.concatenate([blocks[:-1].ravel(), blocks[-1][:n_last]])
    return folds


def _sorted_shuffled(target: Array, rng: Rng) -> Array:
    shuffled = rng.permutation(len(target))
    return shuffled[np.argsort(target[shuffled], kind="stable")]


def _strata(target: Array, task: str) -> Array:
    """Return a small whole number for each row: its class, or its tenth of the target."""
    if task == CLASSIFICATION:
        return np.unique(target, return_inverse=True)[1]
    ranks = np.argsort(np.argsort(target, kind="stable"), kind="stable")
    return ranks * _PARTS // len(target)


def _group_numbers(groups: Array, n_samples: int) -> Array:
    groups = np.asarray(groups)
    if groups.shape != (n_samples,):
        raise InputError(f"There are {len(groups)} groups for {n_samples} rows: give one a row.")
    items = groups.tolist()
    if any(item is None or item != item for item in items):
        raise InputError("A group is missing: give every row a group.")
    numbers = {item: number for number, item in enumerate(dict.fromkeys(items))}
    return np.fromiter(map(numbers.__getitem__, items), np.int64, count=n_samples)


def _grouped(strata: Array, groups: Array, n_folds: int, rng: Rng) -> Array:
    """Assign each group, the largest first, to the small fold that has least of its strata."""
    n_groups = int(groups.max()) + 1
    if n_groups < n_folds:
        word = "group is" if n_groups == 1 else "groups are"
        raise InputError(f"{n_groups} {word} too few for {n_folds} folds: give at least {n_folds}.")
    n_strata = int(strata.max()) + 1
    counts = np.bincount(groups * n_strata + strata, minlength=n_groups * n_strata)
    counts = counts.reshape(n_groups, n_strata)
    sizes = counts.sum(axis=1)
    shuffled = rng.permutation(n_groups)
    fold_of_group = np.empty(n_groups, np.int64)
    held = np.zeros((n_folds, n_strata))
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        fold_sizes = held.sum(axis=1)
        small = np.flatnonzero(fold_sizes <= fold_sizes.min() + sizes[group] / 2)
        overlap = held[small] @ (counts[group] / counts.sum(axis=0))
        fold = small[np.lexsort((fold_sizes[small], overlap))[0]]
        fold_of_group[group] = fold
        held[fold] += counts[group]
    return fold_of_group[groups]
