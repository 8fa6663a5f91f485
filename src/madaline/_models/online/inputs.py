"""What networks see of a row: fading means of the labels that were known, then its features.

The scales of both follow the latest rows. They are worked out anew after few rows at first, later
now and then, and when the labels have outgrown theirs; the kept rows are then encoded anew.
"""

from __future__ import annotations

from typing import final

import numpy as np

from madaline._models.online.columns import StreamColumns
from madaline._models.online.encoder import StreamEncoder
from madaline._models.online.networks import TimeScales
from madaline._models.online.replay import SCALED_ROWS, LabelHistory, RecentRows, Replay
from madaline._models.online.tasks import Numbers, StreamTask
from madaline.nn.arrays import Array

# After how many rows scales are worked out anew
_FIRST_RESCALES = (2, 4, 8, 16, 32, 64, 128, 256, 512)
_RESCALE_INTERVAL = 1024
_LATE_RESCALES = (16, 64, 256)  # after a column came

_CHUNK = 256  # rows that are encoded anew at a time: more fall out of the processor's cache


@final
class StreamInputs:
    """Turns raw rows and what is known of the labels into inputs."""

    def __init__(self, columns: StreamColumns, task: StreamTask) -> None:
        self.task = task
        self.encoder = StreamEncoder(columns)
        self.history = LabelHistory(task.n_outputs)
        self.recent = RecentRows(SCALED_ROWS, len(columns.names))
        self.widened_at = 0  # after how many rows the latest column came

    @property
    def n_history(self) -> int:
        """How many inputs are fading means of labels; they come first."""
        return self.history.means.size

    @property
    def n_inputs(self) -> int:
        """How many inputs there are."""
        return self.n_history + self.encoder.n_features

    def seen(self, scales: TimeScales) -> Array:
        """Return which inputs each member sees, float32 (members, 1, n_inputs)."""
        quarters = self.n_history + self.encoder.quarter_features.ravel()
        seen = np.ones((len(scales), 1, self.n_inputs), np.float32)
        seen[: scales.n_without, :, : self.n_history] = 0
        seen[scales.without_quarters[:, None], 0, quarters] = 0
        return seen

    def start(self, y: Array) -> None:
        """Work out the first scales, from the first rows and labels."""
        self.encoder.rescale(self.recent.rows)
        self.task.start(y)
        if isinstance(self.task, Numbers):
            self.history.means[:] = self.task.center

    def encode(self, raw: Array, history: Array) -> Array:
        """Return what networks see, float32 (n_samples, n_inputs); new classes have no history."""
        x = np.zeros((len(raw), self.n_inputs), np.float32)
        x[:, : self.n_history] = self.task.scaled(self._widened_history(history))
        x[:, self.n_history :] = self.encoder.encode(raw)
        return x

    def is_due(self, n_learned: int, n_new: int) -> bool:
        """Return whether one of the newest rows is one after which scales are worked out anew."""
        before, now = n_learned - n_new, n_learned
        return (
            now // _RESCALE_INTERVAL > before // _RESCALE_INTERVAL
            or any(before < early <= now for early in _FIRST_RESCALES)
            or any(before < self.widened_at + early <= now for early in _LATE_RESCALES)
        )

    def rescale(self, replay: Replay) -> None:
        """Work out the scales of features anew, and encode the kept rows by them."""
        self.encoder.rescale(self.recent.rows)
        rows = replay.newest(replay.n_kept)
        for start in range(0, len(rows), _CHUNK):
            some = rows[start : start + _CHUNK]
            replay.x[some, self.n_history :] = self.encoder.encode(replay.raw[some])

    def rescale_target(self, replay: Replay) -> tuple[float, float] | None:
        """Work out the scale of numbers anew; return factor and shift for outputs of before.

        Classes have no scale: None.
        """
        task = self.task
        if not isinstance(task, Numbers):
            return None
        rows = replay.newest(replay.n_kept)
        center, spread = task.center, task.spread
        moved = task.rescale(replay.target[rows[-SCALED_ROWS:], 0])
        self.history.means = task.likely(self.history.means)
        history = replay.x[rows, : self.n_history].astype(np.float64) * spread + center
        replay.x[rows, : self.n_history] = task.scaled(task.likely(history))
        return moved

    def widen(self, raw: Array, n_learned: int) -> tuple[Array, bool] | None:
        """Make room for new columns, levels, missing values and classes.

        Return the positions of the old inputs, and whether a column is new after the first rows;
        None if there is nothing new.
        """
        old_features = self.encoder.n_features
        old_outputs = self.history.means.shape[1]
        if not self.encoder.widen(raw) and self.task.n_outputs == old_outputs:
            return None
        means = self.history.means
        self.history = LabelHistory(self.task.n_outputs)
        self.history.means[:, :old_outputs] = means
        places = np.arange(self.n_history).reshape(self.history.means.shape)[:, :old_outputs]
        positions = np.concatenate([places.ravel(), self.n_history + np.arange(old_features)])
        are_late = old_features > 0 and raw.shape[1] > self.recent.ring.shape[1]
        if are_late:
            self.widened_at = n_learned
        self.recent.widen(raw.shape[1])
        return positions, are_late

    def _widened_history(self, history: Array) -> Array:
        if history.size == self.n_history:
            return history
        wider = np.zeros_like(self.history.means)
        means = history.reshape(len(wider), -1)
        wider[:, : means.shape[1]] = means
        return wider.ravel()
