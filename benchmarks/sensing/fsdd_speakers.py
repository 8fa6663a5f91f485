"""Spoken digits of new speakers: each of six is left out once, and tests the others."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from sensing import fsdd
from sensing.task import Outcome, Task

NAME = "fsdd, 3,000 recordings of speakers left out"


def load(folder: Path) -> Task:
    """Return all waveforms to learn from and none to test; of each its digit and its speaker."""
    x, y, speaker, _, _ = fsdd.read(folder)
    return Task(NAME, x, np.stack([y, speaker], axis=1), [], np.empty((0, 2), int))


def contenders(task: Task) -> dict[str, Callable[[], Outcome]]:
    """Return who contends; madaline gets the speaker of each recording as its group."""
    names = fsdd.contenders(task)
    return {name: partial(_each_left_out, task, name) for name in names}


def _each_left_out(task: Task, name: str) -> Outcome:
    """Return the mean outcome over speakers; all have as many recordings.

    What PyTorch's contender chooses when the first is left out, it keeps for the others.
    """
    chosen: dict[str, Any] = {}
    outcomes = [
        fsdd.contenders(_without(task, one), chosen=chosen, groups=_others(task, one))[name]()
        for one in np.unique(task.train_y[:, 1])
    ]
    return Outcome(
        float(np.mean([one.accuracy for one in outcomes])),
        float(np.mean([one.log_loss for one in outcomes])),
    )


def _without(task: Task, speaker: int) -> Task:
    digits, of_speaker = task.train_y[:, 0], task.train_y[:, 1] == speaker
    return Task(
        task.name,
        [task.train_x[row] for row in np.flatnonzero(~of_speaker)],
        digits[~of_speaker],
        [task.train_x[row] for row in np.flatnonzero(of_speaker)],
        digits[of_speaker],
    )


def _others(task: Task, speaker: int) -> Any:
    return task.train_y[task.train_y[:, 1] != speaker, 1]
