"""The target of a counterfactual: another class, or a range for the predicted number."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.target import ClassEncoder
from madaline._explain.scale import class_index
from madaline._model import FittedModel
from madaline._runtime.predictor import Predictor
from madaline._words import short
from madaline.errors import InputError
from madaline.nn.arrays import Array


class Target(ABC):
    """What a prediction should become."""

    @abstractmethod
    def distance(self, output: Array) -> Array:
        """Return how far raw outputs (n_samples, n_outputs) are from the target, zero if there."""

    @abstractmethod
    def prediction(self, output: Array) -> str:
        """Return the prediction in words, given a raw output of shape (1, n_outputs)."""

    def closest(self, output: Array) -> str:
        """Return in words how close a raw output of shape (1, n_outputs) is to the target."""
        return self.prediction(output)

    @property
    @abstractmethod
    def words(self) -> str:
        """The target in words."""


@dataclass(frozen=True, eq=False)
class ClassTarget(Target):
    """A class should become the most probable one (final).

    Parameters
    ----------
    predictor : Predictor
        The networks.
    encoder : ClassEncoder
        The classes.
    index : int
        Index of the class.
    """

    predictor: Predictor
    encoder: ClassEncoder
    index: int

    def distance(self, output: Array) -> Array:
        """Return by how much the highest raw output of another class is higher."""
        if output.shape[1] == 1:
            cut = self.encoder.cut
            margin = cut - output[:, 0] if self.index else output[:, 0] - cut
        else:
            margin = np.delete(output, self.index, axis=1).max(axis=1) - output[:, self.index]
        reached = self.predictor.choose(self.predictor.probabilities(output)) == self.index
        # Of two equal classes the first is predicted: the other one is not reached, but very close.
        return np.where(reached, 0.0, np.maximum(margin, np.finfo(np.float64).tiny))

    def prediction(self, output: Array) -> str:
        """Return the most probable class and its probability."""
        probability = self.predictor.probabilities(output)[0]
        index = int(self.encoder.choose(probability[None])[0])
        return f"{self.encoder.classes[index]} ({probability[index]:.1%})"

    def closest(self, output: Array) -> str:
        """Return the probability of the class."""
        return f"{self.words} at {self.predictor.probabilities(output)[0, self.index]:.1%}"

    @property
    def words(self) -> str:
        """The class."""
        return str(self.encoder.classes[self.index])


@dataclass(frozen=True, eq=False)
class RangeTarget(Target):
    """The predicted number should be within a range (final).

    Parameters
    ----------
    predictor : Predictor
        The networks.
    low, high : float
        The range, both ends included; infinite where it is open.
    """

    predictor: Predictor
    low: float
    high: float

    def distance(self, output: Array) -> Array:
        """Return how far the number is outside the range, in the target's unit."""
        number = self.predictor.decode(output)
        return np.maximum(0.0, np.maximum(self.low - number, number - self.high))

    def prediction(self, output: Array) -> str:
        """Return the number."""
        return short(float(self.predictor.decode(output)[0]), 4)

    @property
    def words(self) -> str:
        """The range."""
        if np.isinf(self.high):
            return f"{short(self.low, 4)} or more"
        if np.isinf(self.low):
            return f"{short(self.high, 4)} or less"
        return f"between {short(self.low, 4)} and {short(self.high, 4)}"


def targets_of(model: FittedModel, output: Array, target: Any) -> list[Target]:
    """Return the target of each row.

    Parameters
    ----------
    model : FittedModel
        The model.
    output : ndarray of shape (n_samples, n_outputs)
        Raw outputs for the rows.
    target : label, pair of numbers, or None
        The class; or the lowest and the highest number, either None for an open end. None is the
        second most probable class of each row.

    Raises
    ------
    InputError
        If there is no such class, or the range is invalid.
    """
    predictor, encoder = model.predictor, model.predictor.target_encoder
    if not isinstance(encoder, ClassEncoder):
        return [_range_target(predictor, model.summary.target, target)] * len(output)
    if target is not None:
        return [ClassTarget(predictor, encoder, class_index(encoder, target))] * len(output)
    second = np.argsort(-predictor.probabilities(output), axis=1, kind="stable")[:, 1]
    return [ClassTarget(predictor, encoder, int(index)) for index in second]


def _range_target(predictor: Predictor, name: str, target: Any) -> RangeTarget:
    pair = target if isinstance(target, Sequence) and not isinstance(target, str) else ()
    try:
        low, high = (None if bound is None else float(bound) for bound in pair)
    except (TypeError, ValueError):
        low = high = None
    if low is None and high is None:
        raise InputError(
            f"target is {target!r}, but the model predicts a number, {name}: give the lowest and"
            " the highest that will do, such as (100, None)."
        )
    bounds = (-np.inf if low is None else low, np.inf if high is None else high)
    if not bounds[0] <= bounds[1]:
        raise InputError(f"target goes from {low} to {high}: give the lower number first.")
    return RangeTarget(predictor, *bounds)
