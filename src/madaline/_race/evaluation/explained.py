"""How much values tell of a target, each row predicted by rows of the same or of the next values.

So it does not matter how they tell it: through any smooth or monotone function, or with a little
noise. What is told is a share of the variance, of ranks if the target is a number.
"""

from __future__ import annotations

import numpy as np

from madaline._tables.column import as_texts
from madaline.nn.arrays import Array

_WINDOWS, _SCREENED_WINDOW = (1, 5), 2  # rows to either side that predict a row
_BLOCK = 64  # columns of few rows at a time, which stay in the cache
_MAX_STEPS_PER_ROW = 1 / 3  # levels that have hardly two rows are ranges by themselves
_ROUNDED = 0.002  # of shares of a class with few digits
_MIN_STEPS, _MIN_OF_STEP = 5, 10  # ranges of the target, and rows of each where they are fewer
MIN_LEVELS, _CLOSE, _MIN_CLOSE, _MIN_RANKED = 20, 0.05, 0.6, 0.98  # see `are_means`


_MIN_SCALE = 1e-100  # of the largest number, so that its square is a number, too


def has_squares(values: Array) -> bool:
    """Return whether the largest number is neither so huge nor so tiny that squares are lost."""
    return bool(_MIN_SCALE < np.nanmax(np.abs(values)) < 1 / _MIN_SCALE)


def number_of(values: Array) -> Array:
    """Return numbers or moments as floats."""
    if values.dtype.kind == "M":
        numbers = values.astype("datetime64[us]").astype(np.float64)
        return np.where(np.isnat(values), np.nan, numbers)
    return values.astype(np.float64)


def are_steps(codes: Array, target: Array, *, ordered: bool) -> bool:
    """Return whether the values of a column are ranges of the target that do not overlap.

    Levels count in the order of their means.
    """
    counts = np.bincount(codes)
    sums = np.bincount(codes, weights=target)
    means = np.divide(sums, counts, out=np.full(len(counts), np.inf), where=counts > 0)
    means = means[counts > 0]
    if len(means) < 2 or (counts[counts > 0].min() < _MIN_OF_STEP and len(means) < _MIN_STEPS):
        return False
    if not ordered and len(means) > _MAX_STEPS_PER_ROW * len(codes):
        return False
    if ordered and not ((np.diff(means) >= 0).all() or (np.diff(means) <= 0).all()):
        return False
    place = np.empty(len(counts), np.intp)
    place[np.flatnonzero(counts)] = means.argsort(kind="stable").argsort(kind="stable")
    return bool((np.diff(target[np.lexsort((target, place[codes]))]) >= 0).all())


def are_means(values: Array, target: Array) -> bool:
    """Return whether values are the mean targets of the rows that have them.

    The mean of a few rows is somewhere around what a column tells of them, by its standard error.
    Where most means are much closer, the column was computed from the rows themselves.
    """
    levels, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    if 3 <= len(levels) < MIN_LEVELS and ((levels > 0) & (levels < 1)).any():  # shares of a class
        shares = np.bincount(codes, weights=target) / counts
        return bool((np.abs(shares - levels) <= _ROUNDED).all() and np.isin(target, (0, 1)).all())
    if counts[counts >= 3].sum() < len(values) / 2:
        return False
    means = np.bincount(codes, weights=target) / counts
    squares = np.bincount(codes, weights=np.square(target - means[codes]))
    used = (counts >= 3) & (squares > 1e-12 * target.var())
    levels, means, counts = levels[used], means[used], counts[used]
    if len(levels) < MIN_LEVELS or rank_correlation(levels, means) < _MIN_RANKED:
        return False
    squared_errors = squares[used] / (counts - 1) / counts
    return bool(np.mean(np.square(means - levels) < _CLOSE * squared_errors) >= _MIN_CLOSE)


def rank_correlation(one: Array, other: Array) -> float:
    """Return the correlation of ranks (Spearman, 1904); 0 if one has the same value everywhere."""
    ranks = ranks_of(one)[:, 0], ranks_of(other)[:, 0]
    return float(np.corrcoef(*ranks)[0, 1]) if min(map(np.ptp, ranks)) > 0 else 0.0


def explained_by_output(codes: Array, truth: Array, *, ordered: bool) -> Array:
    """Return the share of each output that values explain, leaving each row out."""
    if codes.max(initial=0) == 0:
        return np.zeros(truth.shape[1])
    explained = explained_by_levels(codes[None], truth)[0]
    if ordered:
        in_order = truth[_order_of(codes)]
        variance = np.maximum(truth.var(axis=0), 1e-12)
        for width in _WINDOWS:
            errors = np.square(_of_window(in_order, width) - in_order).mean(axis=0)
            explained = np.maximum(explained, 1 - errors / variance)
    return np.asarray(explained)


def explained_by_levels(codes: Array, truth: Array) -> Array:
    """Return what each of many columns, (n_columns, n_rows), explains as `by_value` predicts.

    It is computed from the sums of each value, and has the shape (n_columns, n_outputs).
    """
    n_columns, n_rows = codes.shape
    n_values = codes.max(initial=0) + 1
    values = (codes + n_values * np.arange(n_columns)[:, None]).ravel()
    counts = np.bincount(values, minlength=n_columns * n_values)
    several = counts > 1
    fewest = np.maximum(counts - 1, 1)
    factors = np.where(several, np.square(counts / fewest), 0)
    errors = np.empty((n_columns, truth.shape[1]))
    for index, output in enumerate(truth.T):
        weights = np.tile(output, n_columns)
        sums = np.bincount(values, weights, len(counts))
        squares = np.bincount(values, np.square(weights), len(counts))
        within = factors * np.maximum(squares - np.square(sums) / np.maximum(counts, 1), 0)
        alone = np.where(counts == 1, np.square(sums - output.mean()), 0)
        errors[:, index] = (within + alone).reshape(n_columns, n_values).sum(axis=1) / n_rows
    return np.asarray(1 - errors / np.maximum(truth.var(axis=0), 1e-12))


def _order_of(codes: Array) -> Array:
    """Return the order of the rows by their values; small numbers are sorted quicker."""
    small = codes.dtype.kind in "iu" and codes.max(initial=0) < 2**16
    return np.argsort(codes.astype(np.uint16) if small else codes, kind="stable")


def of_neighbors(codes: Array, truth: Array, width: int) -> Array:
    """Return the mean of so many rows of the next smaller and larger values."""
    order = _order_of(codes)
    near = np.empty_like(truth)
    near[order] = _of_window(truth[order], width)
    return near


def together(explained: Array, truth: Array) -> float:
    """Return the share of all outputs that are explained, of shares of each."""
    return float(joint_shares(explained, truth))


def joint_shares(explained: Array, truth: Array) -> Array:
    """Return the same for many at once, whose shares of each output are the last axis."""
    variance = truth.var(axis=0)
    return np.asarray(explained @ variance / max(variance.sum(), 1e-300))


def by_value(codes: Array, truth: Array) -> Array:
    """Return the mean of the other rows of the same value, of all rows if there are none."""
    counts = np.bincount(codes)[codes][:, None]
    sums = np.stack([np.bincount(codes, weights=output) for output in truth.T], axis=1)[codes]
    return np.where(counts > 1, (sums - truth) / np.maximum(counts - 1, 1), truth.mean(axis=0))


def _of_window(truth: Array, width: int) -> Array:
    """Return the mean of so many rows before and after each row, along the first axis."""
    rows = np.arange(len(truth))
    sums = np.zeros_like(truth)
    for away in range(1, width + 1):
        sums[away:] += truth[:-away]
        sums[:-away] += truth[away:]
    counts = np.minimum(rows, width) + np.minimum(rows[::-1], width)
    return np.asarray(sums / counts.reshape(-1, *[1] * (truth.ndim - 1)))


def explained_of_few(made: Array, truth: Array) -> Array:
    """Return what each of many columns, (n_columns, n_rows), explains of few rows, roughly.

    It is that of all outputs, or of the one of which it explains most.
    """
    errors = np.empty((truth.shape[1], len(made)))
    for start in range(0, len(made), _BLOCK):
        block = made[start : start + _BLOCK]
        # Not finite ones are last; without any NaN they are sorted quicker
        order = np.argsort(np.where(np.isnan(block), np.inf, block), axis=1)
        for index, output in enumerate(truth.T):
            in_order = output[order].T
            squares = np.square(_of_window(in_order, _SCREENED_WINDOW) - in_order)
            errors[index, start : start + _BLOCK] = squares.mean(axis=0)
    variance = np.maximum(truth.var(axis=0), 1e-12)[:, None]
    of_all = errors.sum(axis=0) / variance.sum()
    of_one = (errors / variance).min(axis=0)
    return np.asarray(1 - np.minimum(of_all, of_one))


def codes_of(column: Array, missing: Array) -> Array:
    """Return the index of each row's value among the distinct ones; a missing one is the last."""
    codes = np.zeros(len(column), np.intp)
    if not missing.all():
        values = column[~missing]
        values = as_texts(values) if values.dtype.kind == "O" else values
        codes[~missing] = np.unique(values, return_inverse=True)[1]
    codes[missing] = codes[~missing].max(initial=-1) + 1
    return codes


def errors_avoided(prediction: Array, truth: Array) -> float:
    """Return the share of the errors of the most frequent class that are avoided; 0 of numbers."""
    share = truth.mean(axis=0).max()
    if truth.shape[1] == 1 or share == 1:
        return 0.0
    accuracy = np.mean(prediction.argmax(axis=1) == truth.argmax(axis=1))
    return float((accuracy - share) / (1 - share))


def truth_of(target: Array, *, classes: bool) -> Array:
    """Return what is to be explained: classes as columns of 0 and 1, or ranks of numbers."""
    return one_hot(target) if classes else ranks_of(target)


def one_hot(codes: Array) -> Array:
    """Return a column for each class, shape (n_rows, n_classes)."""
    return np.asarray(codes[:, None] == np.unique(codes), np.float64)


def ranks_of(numbers: Array) -> Array:
    """Return the mean rank of each number, from 0 to 1, shape (n_rows, 1)."""
    _, codes, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray(((last - (counts - 1) / 2) / len(numbers))[codes][:, None])
