"""Does it help a model to fill gaps before a fit? Tables with gaps, and the same tables filled.

    pip install . pandas pyarrow
    python benchmarks/filled_first.py                      # five tables, seeds 0 to 2
    python benchmarks/filled_first.py --sets adult --seeds 0

A share of the cells of training and test rows is hidden, as in `filling.py`; a share of 0 leaves
the gaps that the table has. `madaline` and boosted trees of scikit-learn, both with their defaults,
learn from gaps as they are, from rows filled by `Imputer`, which learned from the training rows,
and from rows filled with the mean or the most frequent value of these. Losses are of the test rows:
log loss, or the root mean squared error over the standard deviation of the target.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from filling import hidden_cells, read_table, usual_value
from madaline import AdaptiveClassifier, AdaptiveRegressor, Imputer
from tables import DEFAULT_FOLDER

_SETS = ("adult", "california_housing", "churn", "telco_churn", "diamonds")
_CASES = ((0.0, "random"), *product((0.1, 0.3), ("random", "depending")))
_TEST_ROWS = 1000


def main(arguments: Sequence[str] | None = None) -> None:
    """Print one JSON object for each table, share, way of hiding, seed, filling and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--sets", nargs="+", default=[*_SETS])
    parser.add_argument("--rows", type=int, default=300)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0, 1, 2])
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    manifest = pd.read_csv(options.folder / "tabular" / "manifest.csv", index_col=0)
    for seed, name in product(options.seeds, options.sets):
        target, is_number = manifest.loc[name, "target"], manifest.loc[name, "task"] == "regression"
        table = read_table(name, options.folder)
        rows = _drawn_rows(table, options.rows, seed)
        y, X = rows[target].to_numpy(), rows.drop(columns=target)
        for share, hiding in _CASES:
            if not share and not X.isna().any(axis=None):
                continue
            holey = X.mask(hidden_cells(X, share, hiding, seed)) if share else X
            case = {"set": name, "share": share, "hiding": hiding, "seed": seed}
            for filling, filled in _fillings(holey, options.rows, seed).items():
                for model in ("madaline", "boosted trees"):
                    loss = _loss(model, filled, y, options.rows, seed, is_number=is_number)
                    result = {**case, "filling": filling, "model": model, "loss": round(loss, 4)}
                    print(json.dumps(result))
                    sys.stdout.flush()


def _drawn_rows(table: pd.DataFrame, n_train: int, seed: int) -> pd.DataFrame:
    """Return training rows, and below them test rows, which are of the last fifth of the table."""
    n_test = len(table) // 5
    train = table.iloc[:-n_test].sample(n_train, random_state=seed)
    test = table.iloc[-n_test:].sample(min(_TEST_ROWS, n_test), random_state=seed)
    return pd.concat([train, test], ignore_index=True)


def _fillings(holey: pd.DataFrame, n_train: int, seed: int) -> dict[str, pd.DataFrame]:
    imputer = Imputer(check=False, random_state=seed).fit(holey[:n_train])
    usual = {name: usual_value(holey[name][:n_train]) for name in holey}
    return {
        "none": holey,
        "Imputer": imputer.transform(holey),
        "mean, most frequent": holey.fillna(usual),
    }


def _loss(
    model: str, X: pd.DataFrame, y: Any, n_train: int, seed: int, *, is_number: bool
) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.metrics import log_loss

    if model == "madaline":
        kind = AdaptiveRegressor if is_number else AdaptiveClassifier
        learner = kind(random_state=seed)
    else:
        kind = HistGradientBoostingRegressor if is_number else HistGradientBoostingClassifier
        learner = kind(random_state=seed)  # categories are known by their type
        texts = [name for name in X if X[name].dtype == object]
        X = X.astype(dict.fromkeys(texts, "category"))
    learner.fit(X[:n_train], y[:n_train])
    if is_number:
        errors = y[n_train:] - learner.predict(X[n_train:])
        return float(np.sqrt(np.mean(errors**2)) / np.std(y[n_train:]))
    labels = learner.classes_
    return float(log_loss(y[n_train:], learner.predict_proba(X[n_train:]), labels=labels))


if __name__ == "__main__":
    main()
