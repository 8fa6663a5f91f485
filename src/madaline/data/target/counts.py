"""The amounts of a target, none below zero, in units of their mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from madaline.data.statistics import Distribution
from madaline.data.target.base import COUNT, TargetCodec
from madaline.data.target.values import target_numbers
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True)
class CountCodec(TargetCodec):
    """Divides amounts by their mean, so that the best constant is one; zero stays zero.

    Parameters
    ----------
    scale : float
        Mean of the training target; that of nothing but zeros is one.
    low, high : float
        Its range; no prediction leaves it.

    Examples
    --------
    >>> codec = CountCodec.fit(np.array([0.0, 4.0, 2.0]))
    >>> codec
    CountCodec(scale=2.0, low=0.0, high=4.0)
    >>> codec.encode(np.array([0.0, 4.0]))
    array([0., 2.], dtype=float32)
    >>> codec.decode(np.array([[0.5], [7.0]]))
    array([1., 4.])
    """

    scale: float
    low: float
    high: float

    @classmethod
    def fit(cls, values: Array, sample_weight: Array | None = None) -> CountCodec:
        """Return the codec of a training target.

        Parameters
        ----------
        values : ndarray of shape (n_samples,)
            Finite numbers, zero or more; they need not be whole.
        sample_weight : ndarray of shape (n_samples,), optional
            Weight of each row.

        Raises
        ------
        InputError
            If a number is missing, infinite or below zero, or the target is no number.
        """
        distribution = Distribution.of(target_numbers(values), sample_weight)
        if len(distribution.values) == 0:
            raise InputError("The target has no rows: give at least two different rows.")
        low, high = float(distribution.values[0]), float(distribution.values[-1])
        if low < 0:
            raise InputError(
                f"The Poisson loss is for amounts of 0 or more, but the target holds {low:g}:"
                " choose another loss."
            )
        unit = high or 1.0  # so that a sum does not overflow
        mean = float(distribution.mean(distribution.values / unit)) * unit
        return cls(mean or 1.0, low, high)

    def encode(self, values: Array) -> Array:
        """Return the target in units of its mean, float32.

        Raises
        ------
        InputError
            If a number is missing or infinite, or the target is no number.
        """
        return np.asarray(target_numbers(values) / self.scale, np.float32)

    def decode(self, prediction: Array) -> Array:
        """Return predictions in the target's unit and range, float64.

        Parameters
        ----------
        prediction : ndarray of shape (n_samples,) or (n_samples, 1)
            Predictions in units of the mean.
        """
        amounts = np.asarray(prediction, dtype=np.float64).reshape(len(prediction))
        with np.errstate(over="ignore"):
            return np.clip(amounts * self.scale, self.low, self.high)

    def to_state(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return {"task": COUNT} | asdict(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> CountCodec:
        """Return the codec that `to_state` described."""
        return cls(state["scale"], state["low"], state["high"])
