"""The numbers of a target, standardized."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.data.statistics import Distribution
from madaline.data.target.base import REGRESSION, TargetCodec
from madaline.data.target.values import target_numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True)
class RegressionCodec(TargetCodec):
    """Standardizes the target: mean zero, standard deviation one.

    Parameters
    ----------
    center, scale : float
        Mean and standard deviation of the training target; the scale of a constant is one.
    low, high : float
        Its range; no prediction leaves it.

    Examples
    --------
    >>> codec = RegressionCodec.fit(np.array([1.0, 3.0]))
    >>> codec
    RegressionCodec(center=2.0, scale=1.0, low=1.0, high=3.0)
    >>> codec.encode(np.array([1.0, 3.0]))
    array([-1.,  1.], dtype=float32)
    >>> codec.decode(np.array([[0.5], [7.0]]))
    array([2.5, 3. ])
    """

    center: float
    scale: float
    low: float
    high: float

    @classmethod
    def fit(cls, values: Array, sample_weight: Array | None = None) -> RegressionCodec:
        """Return the codec of a training target.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            Finite numbers.
        sample_weight : ndarray of shape (n_samples,), optional
            Weight of each row.

        Raises
        ------
        InputError
            If a number is missing or infinite, or the target is no number.
        """
        distribution = Distribution.of(target_numbers(values), sample_weight)
        if len(distribution.values) == 0:
            raise InputError("The target has no rows: give at least two different rows.")
        low, high = float(distribution.values[0]), float(distribution.values[-1])
        unit = max(abs(low), abs(high)) or 1.0  # so that squares neither overflow nor vanish
        scaled = distribution.values / unit
        mean = float(distribution.mean(scaled))
        spread = float(np.sqrt(distribution.mean(np.square(scaled - mean)))) * unit
        return cls(mean * unit, spread if low < high and spread > 0 else 1.0, low, high)

    def encode(self, values: Array) -> Array:
        """Return the standardized target, float32.

        Raises
        ------
        InputError
            If a number is missing or infinite, or the target is no number.
        """
        return ((target_numbers(values) - self.center) / self.scale).astype(np.float32)

    def decode(self, prediction: Array) -> Array:
        """Return predictions in the target's unit and range, float64.

        Parameters
        ----------
        prediction : ndarray of shape (n_samples,) or (n_samples, 1)
            Standardized predictions.
        """
        standardized = np.asarray(prediction, dtype=np.float64).reshape(len(prediction))
        with np.errstate(over="ignore"):
            return np.clip(standardized * self.scale + self.center, self.low, self.high)

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return {"task": REGRESSION} | asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> RegressionCodec:
        """Return the codec that `to_state` described."""
        return cls(state["center"], state["scale"], state["low"], state["high"])
