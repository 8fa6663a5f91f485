"""What `NeuralNetwork.train` gains from rows held out, and from simplifying when it overfits.

Each network learns from the first rows of a table, as a student would prepare them (categories as
columns of zeros and ones, everything standardized), and its loss is taken on the test rows:
with all rows in training, with a fifth held out for stopping alone, and as it is by default, where
the network is simplified too.
"""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from madaline import NeuralNetwork
from madaline._apps.neural_network.coach import Checkpoint, Coach
from madaline.nn.losses import Squared
from madaline.records.history import Epoch
from tables import DEFAULT_FOLDER, Table, load_table

TABLES = (
    "vehicle",
    "concrete",
    "car",
    "credit_g",
    "telco_churn",
    "wine_quality_white",
    "abalone",
    "phoneme",
    "splice",
)
WAYS = ("all rows", "held out", "simplified")
MOST_TEST_ROWS = 2000


def prepared(table: Table, n_rows: int) -> list[NDArray[np.generic]]:
    """Return the first training rows and the test rows as numbers, with their targets."""
    import pandas as pd

    x_test, y_test = table.x_test[:MOST_TEST_ROWS], table.y_test[:MOST_TEST_ROWS]
    both = pd.concat([table.x_train[:n_rows], x_test])
    x = pd.get_dummies(both.fillna(both.median(numeric_only=True))).to_numpy(np.float64)
    n_train = len(x) - len(x_test)
    x -= x[:n_train].mean(axis=0)
    x /= np.maximum(x[:n_train].std(axis=0), 1e-9)
    x = np.clip(x, -5, 5)
    y_train = table.y_train[:n_rows]
    if not table.is_classification:
        y_test, y_train = ((y - y_train.mean()) / y_train.std() for y in (y_test, y_train))
    return [x[:n_train], y_train, x[n_train:], y_test]


def test_loss(data: list[NDArray[np.generic]], way: str, seed: int, *, classes: int) -> float:
    """Return the loss on the test rows of a network that was trained in one of the ways."""
    x_train, y_train, x_test, y_test = data
    outputs = 1 if classes <= 2 else classes
    loss = None if classes else Squared()
    network = NeuralNetwork(x_train.shape[1], 20, outputs, loss=loss, random_state=seed)
    only_stop = patch.object(Coach, "_overfits", never_overfits)
    context: AbstractContextManager[object] = only_stop if way == "held out" else nullcontext()
    with context:
        network.train(x_train, y_train, validation_fraction=0 if way == "all rows" else None)
    return network.loss(y_test, network.forward(x_test))


def never_overfits(coach: Coach, now: Epoch, best: Checkpoint) -> bool:
    """Stand in for `Coach._overfits`: see nothing."""
    del coach, now, best
    return False


def main() -> None:
    """Measure, and print a line for each table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER)
    parser.add_argument("--sets", nargs="+", default=TABLES)
    parser.add_argument("--rows", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    arguments = parser.parse_args()
    means: list[NDArray[np.float64]] = []
    print(f"{'table':20}", *(f"{way:>11}" for way in WAYS))
    for name in arguments.sets:
        table = load_table(arguments.folder, name)
        data = prepared(table, arguments.rows)
        classes = len(np.unique(table.y_train)) if table.is_classification else 0
        losses = [
            [test_loss(data, way, seed, classes=classes) for way in WAYS]
            for seed in range(arguments.seeds)
        ]
        means.append(np.mean(losses, axis=0))
        print(f"{name:20}", *(f"{loss:11.4f}" for loss in means[-1]), flush=True)
    logs = np.log(means)
    ratios = np.exp((logs - logs[:, 1:2]).mean(axis=0))
    print(f"{'geometric mean':20}", *(f"{ratio:11.4f}" for ratio in ratios))


if __name__ == "__main__":
    main()
