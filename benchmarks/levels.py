"""Categories of very many levels: what is learned of them, and what is not made up.

The tables are made here, as no public one has a known truth: an effect for each level, a
number, and noise. Beside each stands the same table with its target shuffled, of which nothing can
be learned.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from madaline._models.fitting import Fitting
from madaline._models.fitting.training_data import Roles
from madaline._models.request import FitRequest
from madaline._tables.table import Table

N_LEVELS, N_ROWS, N_TRAIN = 3000, 9000, 6000


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each table: the promised score, and that of other rows."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="default: 0")
    options = parser.parse_args(arguments)
    print(f"{'levels':16}{'target':16}{'shuffled':>9}{'seed':>5}  {'test':>8}  promised")
    for seed in options.seeds:
        for power, levels in ((1, "alike frequent"), (4, "few frequent")):
            for task in ("regression", "classification"):
                for shuffled in (False, True):
                    test, promised = measure(power, task, shuffled, seed)
                    is_shuffled = "yes" if shuffled else "no"
                    print(
                        f"{levels:16}{task:16}{is_shuffled:>9}{seed:>5}  {test:8.4f}  {promised}",
                        flush=True,
                    )
    return 0


def measure(power: float, task: str, shuffled: bool, seed: int) -> tuple[float, str]:
    """Fit to a table and return the test score, R² or log-loss, and what was promised."""
    columns, target = draw(power, task, shuffled, seed)
    train = {name: values[:N_TRAIN] for name, values in columns.items()}
    test = {name: values[N_TRAIN:] for name, values in columns.items()}
    request = FitRequest(task=task, seed=seed)
    fitting = Fitting(request, Table.from_columns(train), Roles(target[:N_TRAIN]))
    for _ in fitting:
        pass
    model, truth = fitting.model(), target[N_TRAIN:]
    scores = {score.metric: str(score) for score in model.summary.scores}
    if task == "regression":
        error = np.mean(np.square(model.predict(test) - truth))
        return 1 - error / np.var(truth), scores["r2"]
    probability = model.predict_proba(test)[np.arange(len(truth)), truth]
    return float(-np.log(probability).mean()), scores["log_loss"]


def draw(power: float, task: str, shuffled: bool, seed: int) -> tuple[dict[str, Any], Any]:
    """Return columns and a target; the higher the power, the fewer levels are frequent."""
    rng = np.random.default_rng(seed)
    effect = rng.normal(size=N_LEVELS)
    level = (N_LEVELS * rng.random(N_ROWS) ** power).astype(int)
    x = rng.normal(size=N_ROWS)
    target = 2 * effect[level] + x + 0.3 * rng.normal(size=N_ROWS)
    if task == "classification":
        target = (rng.random(N_ROWS) < 1 / (1 + np.exp(-target))).astype(int)
    if shuffled:
        target = rng.permutation(target)
    return {"city": np.array([f"city {number}" for number in level], object), "x": x}, target


if __name__ == "__main__":
    sys.exit(main())
