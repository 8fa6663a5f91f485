"""The area under the ROC curve as a mean over rows, so that it has a standard error and groups."""

from __future__ import annotations

import numpy as np

from madaline.nn.arrays import Array

_MAX_CLASSES = 100  # of more classes no area is computed: it would take long and say little


def area_of_rows(
    probabilities: Array,  # (n_rows, n_classes), or those of the second of two, (n_rows, 1)
    target: Array,  # of the same shape: one-hot classes, or 0 and 1
    weight: Array | None = None,  # (n_rows,)
) -> Array | None:  # (n_rows,)
    """Return a number for each row, whose weighted mean is the area under the ROC curve.

    The area is the probability that a row of the class has a higher predicted probability than a
    row of another class, so each row has a share in it: the part of the other kind's rows that it
    is on the right side of. Its standard error comes from the scatter of these shares (DeLong,
    DeLong and Clarke-Pearson, 1988, https://doi.org/10.2307/2531595). Of several classes it is the
    mean of the areas of each class against all others, as in scikit-learn's
    ``roc_auc_score(..., multi_class="ovr")``. None if all rows are of one class, or classes are
    too many.
    """
    if target.shape[1] > _MAX_CLASSES:
        return None
    weight = np.ones(len(target)) if weight is None else np.asarray(weight, np.float64)
    columns = range(target.shape[1]) if target.shape[1] > 2 else [target.shape[1] - 1]
    shares = [_shares(probabilities[:, k], target[:, k] > 0.5, weight) for k in columns]
    defined = [of_class for of_class in shares if of_class is not None]
    return np.mean(defined, axis=0) if defined else None


def _shares(score: Array, positive: Array, weight: Array) -> Array | None:
    """Return the number of each row for one class; None if no row is of it, or every one."""
    of_class, of_others = weight * positive, weight * ~positive
    total_class, total_others = of_class.sum(), of_others.sum()
    if not total_class or not total_others:
        return None
    values, index = np.unique(score, return_inverse=True)
    below_others = _below(np.bincount(index, of_others, len(values)))[index] / total_others
    above_class = 1 - _below(np.bincount(index, of_class, len(values)))[index] / total_class
    area = float(np.sum(of_class * below_others) / total_class)
    shares = np.where(positive, below_others, above_class)
    of_kind = np.where(positive, total_class, total_others)
    return np.asarray(area + (shares - area) * (total_class + total_others) / of_kind)


def _below(weights: Array) -> Array:
    """Return the weight below each value, half of its own included."""
    return np.cumsum(weights) - weights / 2
