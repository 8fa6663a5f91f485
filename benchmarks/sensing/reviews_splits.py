"""Reviews of food on five other splits: a fifth of the goods, drawn by chance, tests the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from sensing import reviews
from sensing.task import Outcome, Task

NAME = "amazon_fine_foods, five other splits"
N_SPLITS = 5


def load(folder: Path) -> Task:
    """Return all reviews to learn from and none to test; of each its label and its goods."""
    import pandas as pd

    table = pd.read_parquet(folder / "text" / "amazon_fine_foods.parquet")
    facts = table[["label", "group"]].astype(str).to_numpy()
    return Task(NAME, table["text"].astype(str).to_numpy(object), facts, [], facts[:0])


def contenders(task: Task) -> dict[str, Callable[[], Outcome]]:
    """Return who contends."""
    return {name: partial(_each_split, task, name) for name in reviews.contenders(task)}


def _each_split(task: Task, name: str) -> Outcome:
    """Return the mean outcome over the splits."""
    from sklearn.model_selection import GroupShuffleSplit

    labels, goods = task.train_y.T
    splits = GroupShuffleSplit(N_SPLITS, test_size=0.2, random_state=0)
    outcomes = []
    for train, test in splits.split(labels, groups=goods):
        parts = (task.train_x[train].tolist(), labels[train], task.train_x[test].tolist())
        outcomes.append(reviews.contenders(Task(task.name, *parts, labels[test]))[name]())
    return Outcome(
        float(np.mean([one.accuracy for one in outcomes])),
        float(np.mean([one.log_loss for one in outcomes])),
    )
