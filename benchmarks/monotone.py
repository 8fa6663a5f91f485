"""What monotone constraints cost in loss, beside scikit-learn's gradient boosting with the same."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean, geometric_mean
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from madaline import AdaptiveClassifier, AdaptiveRegressor
from objectives import categorical
from tables import DEFAULT_FOLDER, Table, load_table, log_loss

CONSTRAINTS: Mapping[str, Mapping[str, int]] = {
    "concrete": {"cement": 1, "age": 1, "water": -1},
    "california_housing": {"median_income": 1},
    "ames_housing": {"Gr_Liv_Area": 1, "Total_Bsmt_SF": 1, "Lot_Area": 1, "Year_Built": 1}
    | {"Garage_Cars": 1, "Full_Bath": 1, "Fireplaces": 1},
    "abalone": {"Shell weight": 1, "Whole weight": 1, "Shucked weight": -1},
    "diamonds": {"carat": 1},
    "credit_g": {"duration": -1, "installment_commitment": -1, "credit_amount": -1},
    "credit_default_taiwan": {f"PAY_{month}": 1 for month in (0, 2, 3, 4, 5, 6)}
    | {"LIMIT_BAL": -1, "PAY_AMT1": -1, "PAY_AMT2": -1},
    "adult": {"education-num": 1, "capital-gain": 1, "hours-per-week": 1},
    "telco_churn": {"tenure": -1, "monthly_charges": 1},
}
"""Per table what people would ask for; of classes, for the second in the order of the alphabet."""

MOVED = 200
"""Test rows whose constrained values are changed, one after the other."""


def main(words: Sequence[str] | None = None) -> None:
    """Print a line for each table, and the ratios of constrained to free losses."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the tables are")
    parser.add_argument("--sets", nargs="+", default=list(CONSTRAINTS), help="their names")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args(words)
    ratios: dict[str, list[float]] = {"madaline": [], "gradient boosting": []}
    print("| table | constraints | method | free | constrained | ratio | free falls | falls |")
    print("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for name in options.sets:
        table = categorical(load_table(options.folder, name))
        for method, cells in measured(table, CONSTRAINTS[name], options.seeds):
            free, constrained, *falls = cells
            ratios[method].append(constrained / free)
            shares = " | ".join(f"{fall:.1%}" for fall in falls)
            print(
                f"| {name} | {len(CONSTRAINTS[name])} | {method} | {free:.4f} | {constrained:.4f}"
                f" | {constrained / free:.3f} | {shares} |",
                flush=True,
            )
    for method, values in ratios.items():
        print(f"{method}: constrained to free x{geometric_mean(values):.4f}")


def measured(
    table: Table, monotone: Mapping[str, int], seeds: Sequence[int]
) -> Iterator[tuple[str, list[float]]]:
    """Yield for each method its loss and its share of falls, free and constrained."""
    for method in ("madaline", "gradient boosting"):
        free, constrained = (
            [one(table, method, seed, wanted, monotone) for seed in seeds]
            for wanted in ({}, dict(monotone))
        )
        columns = zip(*free, strict=True), zip(*constrained, strict=True)
        (loss, falls), (own_loss, own_falls) = ([fmean(one) for one in own] for own in columns)
        yield method, [loss, own_loss, falls, own_falls]


def one(
    table: Table, method: str, seed: int, wanted: dict[str, int], monotone: Mapping[str, int]
) -> tuple[float, float]:
    """Return the loss of a fit, and how often its predictions go in the wrong direction."""
    model = estimator(table.is_classification, method, seed, wanted)
    model.fit(table.x_train, table.y_train)
    if table.is_classification:
        loss = log_loss(table.y_test, model.predict_proba(table.x_test), model.classes_)
    else:
        error = np.sqrt(np.mean(np.square(model.predict(table.x_test) - table.y_test)))
        loss = float(error / np.std(table.y_test))
    return loss, wrong_direction(table, model, monotone)


def estimator(is_classification: bool, method: str, seed: int, wanted: dict[str, int]) -> Any:
    """Return an estimator with default settings, and constraints if any are wanted."""
    if method == "madaline":
        kind = AdaptiveClassifier if is_classification else AdaptiveRegressor
        return kind(random_state=seed, monotone=wanted or None)
    kind = HistGradientBoostingClassifier if is_classification else HistGradientBoostingRegressor
    return kind(random_state=seed, categorical_features="from_dtype", monotonic_cst=wanted or None)


def wrong_direction(table: Table, model: Any, monotone: Mapping[str, int]) -> float:
    """Return how often a step to another row's value moves a prediction against the constraint.

    By more than a thousandth of the spread of the predictions.
    """
    rng = np.random.default_rng(0)
    rows = table.x_test.iloc[rng.integers(0, len(table.x_test), MOVED)].reset_index(drop=True)
    before, wrong = output(model, rows), []
    for name, direction in monotone.items():
        moved = rows.copy()
        moved[name] = rng.permutation(rows[name].to_numpy())
        step = (output(model, moved) - before) * np.sign(moved[name] - rows[name]) * direction
        wrong.append(np.mean(step < -1e-3 * np.std(before)))
    return float(np.mean(wrong))


def output(model: Any, rows: Any) -> np.ndarray[Any, Any]:
    """Return numbers, or the probabilities of the second class."""
    if hasattr(model, "predict_proba"):
        return np.asarray(model.predict_proba(rows)[:, 1])
    return np.asarray(model.predict(rows))


if __name__ == "__main__":
    main()
