"""The targets of a fit one by one: what is calibrated, scored and explained for each alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from madaline._data.target import (
    ClassEncoder,
    CountEncoder,
    JointEncoder,
    RegressionEncoder,
    TargetEncoder,
)
from madaline._race.dataset import Dataset
from madaline._race.importance import Measure, metric_of_loss
from madaline.nn.arrays import Array

Temperature: TypeAlias = float | Array
"""Divisor of raw outputs; of several labels, one for each."""


@dataclass(frozen=True, eq=False)
class TargetView:
    """One target of a fit (final).

    Parameters
    ----------
    name : str
        Its name.
    encoder : TargetEncoder
        Its encoder.
    index : int, optional
        Which of several outputs; None where all outputs belong to the only target.
    """

    name: str
    encoder: TargetEncoder
    index: int | None = None

    @property
    def of_classes(self) -> bool:
        """Whether classes are predicted."""
        return isinstance(self.encoder, ClassEncoder)

    @property
    def scale(self) -> float:
        """One, in the target's own unit."""
        if isinstance(self.encoder, RegressionEncoder | CountEncoder):
            return self.encoder.scale
        return 1.0

    @property
    def outputs(self) -> slice:
        """Which outputs belong to it."""
        return slice(None) if self.index is None else slice(self.index, self.index + 1)

    def dataset(self, whole: Dataset) -> Dataset:
        """Return the dataset of this target alone."""
        return whole if self.index is None else whole.of_output(self.index)

    def measure(self, whole: Dataset) -> Measure:
        """Return how its predictions are evaluated where columns are permuted."""
        loss = self.dataset(whole).loss
        return Measure(loss, self.outputs, *metric_of_loss(loss, self.scale))


def views_of(encoder: TargetEncoder, name: str) -> tuple[TargetView, ...]:
    """Return a view of each target, or of each quantile.

    Parameters
    ----------
    encoder : TargetEncoder
        That of the fit.
    name : str
        Name of the only target.
    """
    if not isinstance(encoder, JointEncoder):
        return (TargetView(name, encoder),)
    named = zip(encoder.names, encoder.encoders, strict=True)
    return tuple(TargetView(own, each, index) for index, (own, each) in enumerate(named))


def divided(output: Array, temperature: Temperature) -> Array:
    """Return raw outputs, divided by their temperature."""
    return output if np.all(np.equal(temperature, 1)) else np.asarray(output / temperature)
