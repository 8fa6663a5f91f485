"""Handwritten digits: 5,000 pictures of 28 x 28 pixels, 4,000 of them to learn from."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from sensing import models, torch_models
from sensing.task import Outcome, Task

NAME = "mnist_5k, 1,000 pictures"


def load(folder: Path) -> Task:
    """Return the pictures; the last fifth of a shuffle is the test part."""
    with np.load(folder / "images" / "mnist_5k.npz") as data:
        x, y = data["X"], data["y"]
    order = np.random.default_rng(0).permutation(len(x))
    train, test = order[:-1000], order[-1000:]
    return Task(NAME, x[train], y[train], x[test], y[test])


def contenders(task: Task) -> dict[str, Callable[[], Outcome]]:
    """Return who contends."""
    train, test = (one.reshape(len(one), -1) / 255 for one in (task.train_x, task.test_x))
    return {
        models.MADALINE: partial(models.madaline, task),
        "SVC, RBF (scikit-learn)": partial(models.svc, task, train, test),
        "MLP (scikit-learn)": partial(models.mlp, task, train, test),
        "CNN as LeNet-5 (PyTorch)": partial(torch_models.lenet, task, task.train_x, task.test_x),
    }
