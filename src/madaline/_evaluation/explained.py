"""How much values tell of a target, each row predicted by rows of the same or of the next values.

So it does not matter how they tell it: through any smooth or monotone function, or with a little
noise. What is told is a share of the variance, of ranks if the target is a number.
"""

from __future__ import annotations

import numpy as np

from madaline._data.column import as_texts
from madaline.nn.arrays import Array

_WINDOWS, _SCREENED_WINDOW = (1, 5), 2  # rows to either side that predict a row
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
    variance = np.maximum(truth.var(axis=0), 1e-12)
    explained = 1 - np.square(by_value(codes, truth) - truth).mean(axis=0) / variance
    if ordered:
        for width in _WINDOWS:
            near = of_neighbors(codes, truth, width)
            explained = np.maximum(explained, 1 - np.square(near - truth).mean(axis=0) / variance)
    return np.asarray(explained)


def of_neighbors(codes: Array, truth: Array, width: int) -> Array:
    """Return the mean of so many rows of the next smaller and larger values."""
    order = np.argsort(codes, kind="stable")
    near = np.empty_like(truth)
    near[order] = _of_window(truth[order], width)
    return near


def together(explained: Array, truth: Array) -> float:
    """Return the share of all outputs that are explained, of shares of each."""
    variance = truth.var(axis=0)
    return float(explained @ variance / variance.sum()) if variance.sum() else 0.0


def by_value(codes: Array, truth: Array) -> Array:
    """Return the mean of the other rows of the same value, of all rows if there are none."""
    counts = np.bincount(codes)[codes][:, None]
    sums = np.stack([np.bincount(codes, weights=output) for output in truth.T], axis=1)[codes]
    return np.where(counts > 1, (sums - truth) / np.maximum(counts - 1, 1), truth.mean(axis=0))


def _of_window(truth: Array, width: int) -> Array:
    """Return the mean of so many rows before and after each row, along the first axis."""
    n_rows = len(truth)
    sums = np.concatenate([np.zeros_like(truth[:1]), np.cumsum(truth, axis=0)])
    first = np.maximum(np.arange(n_rows) - width, 0)
    last = np.minimum(np.arange(n_rows) + width + 1, n_rows)
    counts = (last - first - 1).reshape(-1, *[1] * (truth.ndim - 1))
    return np.asarray((sums[last] - sums[first] - truth) / counts)


def explained_of_few(made: Array, truth: Array) -> Array:
    """Return what each of many columns explains of few rows or of one output, roughly."""
    order = np.argsort(made, axis=0, kind="stable")  # not finite ones last
    errors = np.zeros((truth.shape[1], made.shape[1]))
    for error, output in zip(errors, truth.T, strict=True):
        in_order = output[order]
        error[:] = np.square(_of_window(in_order, _SCREENED_WINDOW) - in_order).mean(axis=0)
    variance = np.maximum(truth.var(axis=0), 1e-12)[:, None]
    of_all, of_one = errors.sum(axis=0) / variance.sum(), (errors / variance).min(axis=0)
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
