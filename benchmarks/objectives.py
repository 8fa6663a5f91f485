"""What other losses, class weights and metrics reach, beside gradient boosting with the same."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.metrics import (
    balanced_accuracy_score,
    mean_absolute_error,
    mean_pinball_loss,
    mean_poisson_deviance,
    roc_auc_score,
)

from madaline import AdaptiveClassifier, AdaptiveRegressor
from tables import DEFAULT_FOLDER, Table, load_table

PINBALL = partial(mean_pinball_loss, alpha=0.9)

LOSSES: Mapping[str, tuple[dict[str, Any], dict[str, Any], Callable[..., float]]] = {
    "absolute": ({}, {"loss": "absolute_error"}, mean_absolute_error),
    "quantile": ({"quantile": 0.9}, {"loss": "quantile", "quantile": 0.9}, PINBALL),
    "poisson": ({}, {"loss": "poisson"}, mean_poisson_deviance),
}
"""Our settings beside the loss, theirs, and what is measured."""

SMALLEST_COUNT = 0.5
"""Predictions below half a count are evaluated as that: the deviance of zero is infinite."""

RARITY = 100
"""For each row of the rare class so many of the other are learned from."""


def main() -> None:
    """Print a line for each fit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where the tables are")
    parser.add_argument("--seeds", type=int, default=3, help="draws of the rare class")
    arguments = parser.parse_args()
    for name in ("abalone", "california_housing"):
        table = categorical(load_table(arguments.folder, name))
        for loss in ("absolute", "quantile"):
            print(*numbers(table, loss), sep="\n", flush=True)
    bikes = counted(categorical(load_table(arguments.folder, "bike_hour")))
    print(*numbers(bikes, "poisson"), sep="\n", flush=True)
    adult = categorical(load_table(arguments.folder, "adult"))
    for seed in range(arguments.seeds):
        print(*rare_class(adult, seed), sep="\n", flush=True)


def numbers(table: Table, loss: str) -> Iterator[str]:
    """Yield how well numbers are predicted with a loss, with the mean, and by gradient boosting."""
    ours, theirs, measure = LOSSES[loss]
    models = {
        "madaline": AdaptiveRegressor(loss=loss, random_state=0, **ours),
        "madaline, squared": AdaptiveRegressor(random_state=0),
        "gradient boosting": HistGradientBoostingRegressor(
            random_state=0, categorical_features="from_dtype", **theirs
        ),
    }
    for method, model in models.items():
        prediction = model.fit(table.x_train, table.y_train).predict(table.x_test)
        if loss == "poisson":
            prediction = np.maximum(prediction, SMALLEST_COUNT)
        below = np.mean(table.y_test <= prediction)
        value = measure(table.y_test, prediction)
        yield f"{table.name}, {loss}, {method}: {value:.5g} ({below:.1%} of the rows below)"


def rare_class(table: Table, seed: int) -> Iterator[str]:
    """Yield how well a class is found that was made rare in the rows that are learned from."""
    rng = np.random.default_rng(seed)
    rare = np.unique(table.y_train.astype(str))[1]
    is_rare, truth = (y.astype(str) == rare for y in (table.y_train, table.y_test))
    usual = np.flatnonzero(~is_rare)
    drawn = rng.choice(np.flatnonzero(is_rare), len(usual) // RARITY, replace=False)
    kept = np.sort(np.concatenate([usual, drawn]))
    ours = partial(AdaptiveClassifier, random_state=seed)
    theirs = partial(
        HistGradientBoostingClassifier, random_state=seed, categorical_features="from_dtype"
    )
    models = {
        "madaline": ours(),
        "madaline, balanced": ours(class_weight="balanced"),
        "madaline, balanced, by balanced accuracy": ours(
            class_weight="balanced", metric="balanced_accuracy"
        ),
        "gradient boosting": theirs(),
        "gradient boosting, balanced": theirs(class_weight="balanced"),
    }
    for method, model in models.items():
        model.fit(table.x_train.iloc[kept], is_rare[kept])
        probability = model.predict_proba(table.x_test)[:, 1]
        accuracy = balanced_accuracy_score(truth, probability > 0.5)
        area = roc_auc_score(truth, probability)
        promised = [one for one in getattr(model, "scores_", ()) if "balanced" in one.metric]
        yield (
            f"{table.name}, seed {seed}, {method}: balanced accuracy {accuracy:.4f}, area under"
            f" the ROC curve {area:.4f}{''.join(f'; out of fold {one}' for one in promised)}"
        )


def categorical(table: Table) -> Table:
    """Return the table with text as categories, as gradient boosting wants it."""
    text = table.x_train.select_dtypes(exclude="number").columns
    frames = [
        frame.astype(dict.fromkeys(text, "category")) for frame in (table.x_train, table.x_test)
    ]
    return replace(table, x_train=frames[0], x_test=frames[1])


def counted(table: Table) -> Table:
    """Return the table with counts of one and more for the centered logarithms that it holds."""
    lowest = min(table.y_train.min(), table.y_test.min())
    counts = [np.round(np.exp(y - lowest)) for y in (table.y_train, table.y_test)]
    return replace(table, y_train=counts[0], y_test=counts[1])


if __name__ == "__main__":
    main()
