"""What every target encoder can do, and the names of the tasks."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from madaline.nn.arrays import Array

CLASSIFICATION, REGRESSION = "classification", "regression"
"""The tasks."""

COUNT = "count"
"""How a file names the target encoder of a regression on the logarithm of amounts."""

JOINT = "joint"
"""How a file names the target encoder of several outputs."""


class TargetEncoder(ABC):
    """Encodes a target; it is fitted once and never changes."""

    @abstractmethod
    def encode(self, values: Array) -> Array:
        """Return targets as networks learn them, shape (n_samples,), or a column an output."""

    def matrix(self, values: Array) -> Array:
        """Return targets as networks output them, float32 of shape (n_samples, n_outputs)."""
        return self.encode(values).astype(np.float32)[:, None]

    @abstractmethod
    def decode(self, prediction: Array) -> Array:
        """Return predictions, shape (n_samples, n_outputs), in the target's terms: (n_samples,)."""

    @abstractmethod
    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
