"""One model of several outputs beside one model an output: loss on the test rows, and time."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import log_loss, mean_pinball_loss

from madaline import AdaptiveClassifier, AdaptiveRegressor
from tables import DEFAULT_FOLDER, scaled_rmse

LEVELS = [0.1, 0.5, 0.9]

NUMBERS: Mapping[str, tuple[str, ...]] = {
    "abalone": ("Whole weight", "Shucked weight", "Viscera weight", "Shell weight", "Class_Rings"),
    "cpu_act": ("usr", "freemem", "runqsz"),
    "wine_quality_white": ("quality", "alcohol", "ph"),
}
"""Tables, and the columns of numbers that are predicted from all others."""

LABELS: Mapping[str, Mapping[str, str]] = {
    "telco_churn": {
        "churn": "Yes",
        "online_security": "Yes",
        "online_backup": "Yes",
        "device_protection": "Yes",
        "tech_support": "Yes",
        "streaming_tv": "Yes",
        "streaming_movies": "Yes",
    },
    "diabetes130": {
        "readmitted": "YES",
        "change": "Ch",
        "diabetesMed": "Yes",
        "insulin": "Steady",
        "metformin": "Steady",
    },
    "credit_g": {"class": "good", "own_telephone": "yes", "housing": "own"},
}
"""Tables, and the columns that are predicted as labels, each with the value that counts as 1."""

QUANTILES: Mapping[str, str] = {
    "bike_hour": "y",
    "california_housing": "median_house_value",
    "concrete": "compressive_strength",
}
"""Tables, and the column whose quantiles are predicted."""

MOST_ROWS = 3000
"""Rows of a table, at most, so that all of this takes minutes."""


@dataclass(frozen=True)
class Task:
    """What is predicted from what, and how estimators are made and evaluated (final)."""

    name: str
    X: pd.DataFrame
    targets: np.ndarray  # (n_samples, n_outputs)
    together: Callable[[int], Any]
    alone: Callable[[int, int], Any]  # from a seed and an output
    loss: Callable[[np.ndarray, np.ndarray, int], float]  # of one output
    predict: str = "predict"

    @property
    def train(self) -> slice:
        """The training rows: all but the last fifth."""
        return slice(0, len(self.X) - len(self.X) // 5)

    @property
    def test(self) -> slice:
        """The test rows."""
        return slice(self.train.stop, None)


def main() -> None:
    """Print a line for each table and seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--sets", nargs="*")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0])
    options = parser.parse_args()
    _warm_up()
    print(
        f"{'set':20}{'what':11}{'k':>3} {'together':>9} {'alone':>9} {'ratio':>6}"
        f" {'cpu s':>7} {'alone':>7} {'ratio':>6}  losses together | alone"
    )
    for task in tasks(options.folder, options.sets):
        for seed in options.seeds:
            print(compared(task, seed), flush=True)


def tasks(folder: Path, names: Sequence[str] | None) -> list[Task]:
    """Return the tasks on some tables, or on all."""

    def read(name: str) -> pd.DataFrame:
        return pd.read_parquet(folder / "tabular" / f"{name}.parquet")[:MOST_ROWS]

    makers = [
        *((name, of_numbers, NUMBERS[name]) for name in NUMBERS),
        *((name, of_labels, LABELS[name]) for name in LABELS),
        *((name, of_quantiles, QUANTILES[name]) for name in QUANTILES),
    ]
    return [make(n, read(n), what) for n, make, what in makers if not names or n in names]


def of_numbers(name: str, frame: pd.DataFrame, targets: Sequence[str]) -> Task:
    """Return the task to predict several columns of numbers."""
    return Task(
        f"{name:20}numbers",
        frame.drop(columns=list(targets)),
        frame[list(targets)].to_numpy(float),
        lambda seed: AdaptiveRegressor(random_state=seed),
        lambda seed, _: AdaptiveRegressor(random_state=seed),
        lambda truth, found, _: scaled_rmse(truth, found),
    )


def of_labels(name: str, frame: pd.DataFrame, targets: Mapping[str, str]) -> Task:
    """Return the task to predict several labels."""
    columns = [(frame[one].astype(str) == value).astype(int) for one, value in targets.items()]
    return Task(
        f"{name:20}labels",
        frame.drop(columns=list(targets)),
        np.stack(columns, axis=1),
        lambda seed: AdaptiveClassifier(random_state=seed),
        lambda seed, _: AdaptiveClassifier(random_state=seed),
        lambda truth, found, _: float(log_loss(truth, found, labels=[0, 1])),
        predict="predict_proba",
    )


def of_quantiles(name: str, frame: pd.DataFrame, target: str) -> Task:
    """Return the task to predict several quantiles; losses are in standard deviations."""
    y = frame.pop(target).to_numpy(float)
    scale = y.std()
    return Task(
        f"{name:20}quantiles",
        frame,
        np.repeat(y[:, None], len(LEVELS), axis=1),
        lambda seed: AdaptiveRegressor(loss="quantile", quantile=LEVELS, random_state=seed),
        lambda seed, k: AdaptiveRegressor(loss="quantile", quantile=LEVELS[k], random_state=seed),
        lambda truth, found, k: float(mean_pinball_loss(truth, found, alpha=LEVELS[k]) / scale),
    )


def compared(task: Task, seed: int) -> str:
    """Return the line of a task: mean losses and processor seconds, together and alone."""
    n_outputs = task.targets.shape[1]
    y = task.targets[:, 0] if "quantiles" in task.name else task.targets
    whole, whole_s = _predicted(task, task.together(seed), y)
    each = [_predicted(task, task.alone(seed, k), task.targets[:, k]) for k in range(n_outputs)]
    alone = np.stack([_one(found) for found, _ in each], axis=1)
    alone_s = sum(seconds for _, seconds in each)
    truth = task.targets[task.test]
    losses = [
        [task.loss(truth[:, k], found[:, k], k) for k in range(n_outputs)]
        for found in (whole, alone)
    ]
    mean, mean_alone = np.mean(losses, axis=1)
    texts = (" ".join(f"{loss:.4f}" for loss in own) for own in losses)
    crossing = (np.diff(alone, axis=1) < 0).any(axis=1).mean()
    crossed = f"  ({crossing:.1%} of the rows cross alone)" if "quantiles" in task.name else ""
    return (
        f"{task.name:31}{n_outputs:>3} {mean:>9.4f} {mean_alone:>9.4f} {mean / mean_alone:>6.3f}"
        f" {whole_s:>7.1f} {alone_s:>7.1f} {whole_s / alone_s:>6.2f}  {' | '.join(texts)}{crossed}"
    )


def _predicted(task: Task, estimator: Any, y: np.ndarray) -> tuple[np.ndarray, float]:
    """Return predictions of the test rows, and the processor seconds of fit and prediction."""
    start = time.process_time()
    estimator.fit(task.X[task.train], y[task.train])
    found = getattr(estimator, task.predict)(task.X[task.test])
    return found, time.process_time() - start


def _one(found: np.ndarray) -> np.ndarray:
    """Return numbers, or the probabilities of the second of two classes."""
    return found if found.ndim == 1 else found[:, 1]


def _warm_up() -> None:
    """Load what is compiled."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    AdaptiveRegressor(effort=2, random_state=0).fit(X, X[:, 0])


if __name__ == "__main__":
    main()
