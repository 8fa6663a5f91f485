"""Japanese vowels: which of nine men speaks two vowels, from 7 to 29 steps of twelve numbers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sensing import models, torch_models
from sensing.task import Outcome, Task

NAME = "japanese_vowels, 370 sequences"


def load(folder: Path) -> Task:
    """Return the utterances; the first 270 are the official training part."""
    with np.load(folder / "sequences" / "japanese_vowels.npz") as data:
        x = np.split(data["X"], np.cumsum(data["lengths"])[:-1])
        y, n = data["y"], int(data["n_train"])
    return Task(NAME, x[:n], y[:n], x[n:], y[n:])


def contenders(task: Task) -> dict[str, Callable[[], Outcome]]:
    """Return who contends; those that need one length get zeros as padding."""
    length = max(map(len, task.train_x + task.test_x))
    train, test = (padded(one, length) for one in (task.train_x, task.test_x))
    flat = [one.reshape(len(one), -1) for one in (train, test)]
    return {
        models.MADALINE: partial(models.madaline, task),
        "SVC, RBF (scikit-learn)": partial(models.svc, task, *flat),
        "MLP (scikit-learn)": partial(models.mlp, task, *flat),
        "FCN (PyTorch)": partial(torch_models.steps, task, train, test),
    }


def padded(rows: Any, length: int) -> Any:
    """Return sequences as one array, (n, length, channels), zeros behind the end."""
    x = np.zeros((len(rows), length, rows[0].shape[1]), np.float32)
    for index, row in enumerate(rows):
        x[index, : len(row)] = row[:length]
    return x
