"""Judges that learn: whether they tell drawn rows from real ones, and how well they predict.

Both are scikit-learn's boosted trees, on one thread, since its sums round otherwise on several.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from madaline._sampling.figures import NumericRows
from madaline.nn.arrays import Array

_MAX_ROWS = 5000  # of each side that a judge sees
_FOLDS = 3
_MAX_CLASSES = 20  # of a target
_MIN_OF_CLASS = 5  # rows of each


def tell_apart(real: NumericRows, drawn: NumericRows, seed: int) -> float:
    """Return the AUC with which boosted trees tell rows they have not seen apart; 0.5 is a guess.

    It is the mean over three folds; as many drawn rows as real ones.
    """
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold

    n = min(len(real), len(drawn), _MAX_ROWS)
    x = np.concatenate([real.x[:n], drawn.x[:n]])
    y = np.repeat([1, 0], n)
    if n < 2 * _FOLDS:
        return 0.5
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=seed)
    scores = [
        roc_auc_score(y[test], _scores(x[train], y[train], x[test], seed)[:, 1])
        for train, test in folds.split(x, y)
    ]
    return float(np.mean(scores))


def usefulness(
    drawn: NumericRows, learned: NumericRows, unseen: NumericRows, target: int, seed: int
) -> list[float]:
    """Return how well a model of drawn rows, and one of real rows, predict a column of others.

    It is the AUC, of several classes the mean over them; of numbers R². Nothing is returned where
    the column is the only one, or has too many classes or too few rows of them.
    """
    y = unseen.x[:, target]
    others = np.arange(unseen.x.shape[1]) != target
    if others.sum() < 1 or np.isnan(y).all():
        return []
    if not unseen.is_level[target] and len(np.unique(y[~np.isnan(y)])) > 2:
        return [_r2(rows, unseen, target, others, seed) for rows in (drawn, learned)]
    classes, counts = np.unique(y[~np.isnan(y)], return_counts=True)
    classes = classes[counts >= _MIN_OF_CLASS]
    if not 1 < len(classes) <= _MAX_CLASSES:
        return []
    return [_mean_auc(rows, unseen, target, others, classes, seed) for rows in (drawn, learned)]


def _mean_auc(
    rows: NumericRows, unseen: NumericRows, target: int, others: Array, classes: Array, seed: int
) -> float:
    from sklearn.metrics import roc_auc_score

    x, y = rows.x[:_MAX_ROWS, others], rows.x[:_MAX_ROWS, target]
    kept = np.isin(y, classes)
    found, codes = np.unique(y[kept], return_inverse=True)
    if len(found) < 2:
        return 0.5
    scores = dict(zip(found, _scores(x[kept], codes, unseen.x[:, others], seed).T, strict=True))
    truth = unseen.x[:, target]  # of a class that was not drawn, all scores are the same
    of_classes = [
        roc_auc_score(truth == code, scores.get(code, np.zeros(len(truth)))) for code in classes
    ]
    return float(np.mean(of_classes))


def _r2(rows: NumericRows, unseen: NumericRows, target: int, others: Array, seed: int) -> float:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    x, y = rows.x[:_MAX_ROWS], rows.x[:_MAX_ROWS, target]
    kept, truth = ~np.isnan(y), unseen.x[:, target]
    known = ~np.isnan(truth)
    others = others & ~np.isnan(x[kept]).all(axis=0)  # scikit-learn wants a value in each column
    with threadpool_limits(1):
        model = HistGradientBoostingRegressor(early_stopping=False, random_state=seed)
        model.fit(x[kept][:, others], y[kept])
        errors = model.predict(unseen.x[known][:, others]) - truth[known]
    variance = float(np.var(truth[known]))
    return float(1 - np.mean(errors**2) / variance) if variance else 0.0


def _scores(x: Array, y: Array, x_new: Array, seed: int) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from threadpoolctl import threadpool_limits

    present = ~np.isnan(x).all(axis=0)
    with threadpool_limits(1):
        model = HistGradientBoostingClassifier(early_stopping=False, random_state=seed)
        return model.fit(x[:, present], y).predict_proba(x_new[:, present])
