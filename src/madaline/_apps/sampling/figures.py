"""How like real rows drawn rows are, and how near to those they were learned from: plain figures.

Rows are compared as matrices of numbers: numbers as they are, moments in seconds, levels by codes.
Judges that learn tell drawn rows from real ones, and predict a column. They are scikit-learn's
boosted trees, on one thread, since its sums round otherwise on several.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, final

import numpy as np

from madaline._tables.column import in_seconds
from madaline.nn.arrays import Array, Rng

_MAX_PAIRS = 500  # of columns
_EQUAL_BINS = 10
_MAX_DISTANCES = 2_000_000_000  # differences of two values, in all distances: some seconds
_MIN_DISTANCES_OF = 500  # drawn rows whose distances are measured, at least


@final
@dataclass(frozen=True, eq=False)
class NumericRows:
    """Rows as numbers; levels have codes that are the same in all `NumericRows` made together."""

    names: tuple[str, ...]
    x: Array  # float64 (n_samples, n_columns), NaN where missing
    is_level: Array  # (n_columns,)

    @classmethod
    def together(cls, tables: Sequence[Mapping[str, Array]]) -> list[NumericRows]:
        """Return several tables of the same columns."""
        names = tuple(tables[0])
        is_level = np.array([tables[0][name].dtype == object for name in names])
        columns: list[list[Array]] = [[] for _ in tables]
        for name, of_levels in zip(names, is_level, strict=True):
            index: dict[object, int] = {}
            for matrix, table in zip(columns, tables, strict=True):
                if of_levels:
                    codes = (index.setdefault(item, len(index)) for item in table[name].tolist())
                    matrix.append(np.fromiter(codes, np.float64, len(table[name])))
                else:
                    matrix.append(in_seconds(table[name]))
        return [cls(names, np.column_stack(matrix), is_level) for matrix in columns]

    def take(self, rows: Array | slice) -> NumericRows:
        """Return some of the rows."""
        return NumericRows(self.names, self.x[rows], self.is_level)

    def __len__(self) -> int:
        return len(self.x)


def column_shapes(real: NumericRows, drawn: NumericRows) -> Array:
    """Return how alike each column is, 1 at best.

    Of numbers 1 - the Kolmogorov-Smirnov statistic; of levels 1 - the total variation distance.
    Missing values count as a level, and as the lowest number.
    """
    return np.array(
        [
            1 - (_variation(a, b) if is_level else _largest_gap(a, b))
            for a, b, is_level in zip(real.x.T, drawn.x.T, real.is_level, strict=True)
        ]
    )


def pair_trends(real: NumericRows, drawn: NumericRows, rng: Rng) -> float:
    """Return how alike pairs of columns hang together, 1 at best; NaN of a single column.

    Of two numbers 1 - half the difference of their correlations; of others 1 - the total variation
    distance of their joint distribution, numbers in ten bins of equal width. These are the
    definitions of SDMetrics. Of many pairs, some are drawn.
    """
    binned = [
        [
            np.nan_to_num(column) if is_level or np.isnan(whole).all() else _bins(column, whole)
            for column, whole, is_level in zip(x.T, real.x.T, real.is_level, strict=True)
        ]
        for x in (real.x, drawn.x)
    ]
    pairs = list(combinations(range(len(real.names)), 2))
    if len(pairs) > _MAX_PAIRS:
        pairs = [pairs[place] for place in rng.choice(len(pairs), _MAX_PAIRS, replace=False)]
    trends = []
    for i, j in pairs:
        if real.is_level[i] or real.is_level[j]:
            one, other = (columns[i] * 4096 + columns[j] for columns in binned)
            trends.append(1 - _variation(one, other))
        else:
            difference = _correlation(real.x[:, [i, j]]) - _correlation(drawn.x[:, [i, j]])
            trends.append(1 - abs(difference) / 2)
    return float(np.mean(trends)) if trends else np.nan


def nearer_share(drawn: NumericRows, learned: NumericRows, other: NumericRows) -> float:
    """Return the share of drawn rows that lie nearer to rows learned from than to as many others.

    A half is best: no memory. Ties count half. Distances are sums of differences, those of numbers
    as shares of their range; two levels that differ are 2 apart, as is a missing number.
    """
    n = min(len(learned), len(other))
    some = slice(_most_rows(2 * n, drawn))
    of_drawn, *others = _scaled([drawn.take(some), learned.take(slice(n)), other.take(slice(n))])
    near, far = (_nearest(of_drawn, rows) for rows in others)
    return float(np.mean(near < far) + np.mean(near == far) / 2)


def membership_auc(drawn: NumericRows, learned: NumericRows, other: NumericRows) -> float:
    """Return how well the distance to the nearest drawn row tells rows learned from and others.

    It is an AUC: 0.5 is a guess.
    """
    from sklearn.metrics import roc_auc_score

    n = min(len(learned), len(other), _most_rows(2 * len(drawn), drawn))
    *parts, of_drawn = _scaled([learned.take(slice(n)), other.take(slice(n)), drawn])
    near = [-_nearest(part, of_drawn) for part in parts]
    return float(roc_auc_score(np.repeat([1, 0], n), np.concatenate(near)))


def _most_rows(n_others: int, rows: NumericRows) -> int:
    """Return the rows whose distances to so many others are measured, at most."""
    return max(_MIN_DISTANCES_OF, _MAX_DISTANCES // max(1, n_others * len(rows.names)))


def copied_share(drawn: NumericRows, real: NumericRows) -> float:
    """Return the share of drawn rows that are equal to a real one in every column."""
    known = set(map(bytes, np.nan_to_num(real.x, nan=-1e300)))
    same = [bytes(row) in known for row in np.nan_to_num(drawn.x, nan=-1e300)]
    return float(np.mean(same))


def _scaled(parts: Sequence[NumericRows]) -> list[tuple[Array, Array]]:
    """Return numbers as shares of their range, with a column for missing ones, and levels."""
    some = np.concatenate([part.x for part in parts[1:]])
    is_level = parts[0].is_level
    numbers = []
    for part in parts:
        columns = []
        for column, whole in zip(part.x.T[~is_level], some.T[~is_level], strict=True):
            present = whole[~np.isnan(whole)]
            low, high = (present.min(), present.max()) if len(present) else (0.0, 1.0)
            share = (column - low) / (high - low or 1.0)
            missing = np.isnan(column)
            columns.append(np.where(missing, 0.5, share))
            if np.isnan(whole).any():
                columns.append(2.0 * missing)
        numbers.append(np.column_stack([np.zeros(len(part)), *columns]).astype(np.float32))
    return [
        (matrix, part.x[:, is_level].astype(np.float32))
        for matrix, part in zip(numbers, parts, strict=True)
    ]


def _nearest(rows: tuple[Array, Array], others: tuple[Array, Array]) -> Array:
    """Return the distance of each row to the nearest other one."""
    from scipy.spatial.distance import cdist

    nearest = np.empty(len(rows[0]))
    for start in range(0, len(nearest), 256):
        some = slice(start, start + 256)
        far = cdist(rows[0][some], others[0], "cityblock")
        if rows[1].shape[1]:
            far += 2 * rows[1].shape[1] * cdist(rows[1][some], others[1], "hamming")
        nearest[some] = far.min(axis=1)
    return nearest.round(6)


def _largest_gap(one: Array, other: Array) -> float:
    one, other = (np.sort(np.nan_to_num(x, nan=-1e300)) for x in (one, other))
    both = np.concatenate([one, other])
    gaps = np.searchsorted(one, both, "right") / len(one)
    gaps -= np.searchsorted(other, both, "right") / len(other)
    return float(np.abs(gaps).max())


def _variation(one: Array, other: Array) -> float:
    """Return the total variation distance of two columns of codes."""
    values, codes = np.unique(np.concatenate([one, other]), return_inverse=True)
    shares = [
        np.bincount(part, minlength=len(values)) / len(part) for part in np.split(codes, [len(one)])
    ]
    return float(np.abs(shares[0] - shares[1]).sum() / 2)


def _bins(column: Array, whole: Array) -> Array:
    """Return the bin of each number, of ten as wide in the whole column, or the last if missing."""
    edges = np.linspace(np.nanmin(whole), np.nanmax(whole), _EQUAL_BINS + 1)[1:-1]
    return np.where(np.isnan(column), _EQUAL_BINS, np.searchsorted(edges, column, "right"))


def _correlation(pair: Array) -> float:
    pair = pair[~np.isnan(pair).any(axis=1)]
    if len(pair) < 2 or (pair.std(axis=0) <= 1e-12 * np.abs(pair).max(axis=0)).any():
        return 0.0
    return float(np.corrcoef(pair.T)[0, 1])


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
        roc_auc_score(y[test], _predicted("Classifier", x[train], y[train], x[test], seed)[:, 1])
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
    fits = np.isin(y, classes)
    drawn_classes, codes = np.unique(y[fits], return_inverse=True)
    if len(drawn_classes) < 2:
        return 0.5
    told = _predicted("Classifier", x[fits], codes, unseen.x[:, others], seed)
    scores = dict(zip(drawn_classes, told.T, strict=True))
    truth = unseen.x[:, target]  # of a class that was not drawn, all scores are the same
    of_classes = [
        roc_auc_score(truth == code, scores.get(code, np.zeros(len(truth)))) for code in classes
    ]
    return float(np.mean(of_classes))


def _r2(rows: NumericRows, unseen: NumericRows, target: int, others: Array, seed: int) -> float:
    from sklearn.metrics import r2_score

    x, y = rows.x[:_MAX_ROWS, others], rows.x[:_MAX_ROWS, target]
    fits, known = ~np.isnan(y), ~np.isnan(unseen.x[:, target])
    told = _predicted("Regressor", x[fits], y[fits], unseen.x[known][:, others], seed)
    return float(r2_score(unseen.x[known, target], told))


def _predicted(kind: str, x: Array, y: Array, x_new: Array, seed: int) -> Any:
    """Return what boosted trees predict of new rows: numbers, or probabilities of classes."""
    from sklearn import ensemble
    from threadpoolctl import threadpool_limits

    present = ~np.isnan(x).all(axis=0)  # scikit-learn wants a value in each column
    trees = getattr(ensemble, f"HistGradientBoosting{kind}")
    with threadpool_limits(1):
        model = trees(early_stopping=False, random_state=seed).fit(x[:, present], y)
        predict = model.predict if kind == "Regressor" else model.predict_proba
        return predict(x_new[:, present])
