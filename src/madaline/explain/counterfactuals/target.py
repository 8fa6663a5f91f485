"""What a counterfactual is to reach: another class, or a number within a range."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline.data.target import ClassEncoder
from madaline.errors import InputError
from madaline.explain.readout import class_place, short
from madaline.model import FittedModel
from madaline.nn.arrays import Array
from madaline.runtime.predictor import Predictor


class Wish(ABC):
    """What predictions are to become."""

    @abstractmethod
    def lacks(self, output: Array) -> Array:
        """Return how far each raw output is from what is wished, zero where it is there.

        Parameters
        ----------
        output : ndarray of shape (n_samples, n_outputs)
            Raw outputs.
        """

    @abstractmethod
    def says(self, output: Array) -> str:
        """Return a prediction in words, given its raw output, shape (1, n_outputs)."""

    @abstractmethod
    def comes_to(self, output: Array) -> str:
        """Return in words how close a raw output of shape (1, n_outputs) is to what is wished."""

    @property
    @abstractmethod
    def words(self) -> str:
        """What is wished, in words."""


@dataclass(frozen=True, eq=False)
class ClassWish(Wish):
    """That a class be the most probable one (final).

    Parameters
    ----------
    predictor : Predictor
        The networks.
    place : int
        Number of the class.
    """

    predictor: Predictor
    place: int

    def lacks(self, output: Array) -> Array:
        """Return by how much the raw output of another class is higher."""
        probabilities = self.predictor.probabilities(output)
        if output.shape[1] == 1:
            behind = -output[:, 0] if self.place else output[:, 0]
        else:
            behind = np.delete(output, self.place, axis=1).max(axis=1) - output[:, self.place]
        there = probabilities.argmax(axis=1) == self.place
        # Where two classes are level the first is predicted; the other one lacks next to nothing.
        return np.where(there, 0.0, np.maximum(behind, np.finfo(np.float64).tiny))

    def says(self, output: Array) -> str:
        """Return the most probable class and its probability."""
        probability = self.predictor.probabilities(output)[0]
        place = int(probability.argmax())
        return f"{self._classes[place]} ({probability[place]:.1%})"

    def comes_to(self, output: Array) -> str:
        """Return the probability of the class that is wished."""
        return f"{self.words} at {self.predictor.probabilities(output)[0, self.place]:.1%}"

    @property
    def words(self) -> str:
        """The class."""
        return str(self._classes[self.place])

    @property
    def _classes(self) -> Array:
        target_encoder = self.predictor.target_encoder
        assert isinstance(target_encoder, ClassEncoder)
        return target_encoder.classes


@dataclass(frozen=True, eq=False)
class RangeWish(Wish):
    """That a predicted number be within a range (final).

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

    def lacks(self, output: Array) -> Array:
        """Return how far the number is outside, in the target's unit."""
        number = self.predictor.decode(output)
        return np.maximum(0.0, np.maximum(self.low - number, number - self.high))

    def says(self, output: Array) -> str:
        """Return the number."""
        return short(float(self.predictor.decode(output)[0]), 4)

    def comes_to(self, output: Array) -> str:
        """Return the number."""
        return self.says(output)

    @property
    def words(self) -> str:
        """The range."""
        if np.isinf(self.high):
            return f"{short(self.low, 4)} or more"
        if np.isinf(self.low):
            return f"{short(self.high, 4)} or less"
        return f"between {short(self.low, 4)} and {short(self.high, 4)}"


def wishes_of(model: FittedModel, output: Array, target: Any) -> list[Wish]:
    """Return what is wished for each row.

    Parameters
    ----------
    model : FittedModel
        The model.
    output : ndarray of shape (n_samples, n_outputs)
        What it says about the rows.
    target : label, pair of numbers, or None
        The class, or the lowest and the highest number, either None where it does not matter. None
        is the most probable other class of each row.

    Raises
    ------
    InputError
        If there is no such class, or the range is none.
    """
    predictor = model.predictor
    if not isinstance(predictor.target_encoder, ClassEncoder):
        return [_range_wish(predictor, model.summary.target, target)] * len(output)
    if target is not None:
        return [ClassWish(predictor, class_place(predictor.target_encoder, target))] * len(output)
    second = np.argsort(-predictor.probabilities(output), axis=1, kind="stable")[:, 1]
    return [ClassWish(predictor, int(place)) for place in second]


def _range_wish(predictor: Predictor, name: str, target: Any) -> RangeWish:
    pair = target if isinstance(target, Sequence) and not isinstance(target, str) else ()
    try:
        low, high = (None if one is None else float(one) for one in pair)
    except (TypeError, ValueError):
        low = high = None
    if low is None and high is None:
        raise InputError(
            f"target is {target!r}, but the model predicts a number, {name}: give the lowest and"
            " the highest that will do, such as (100, None)."
        )
    wish = RangeWish(predictor, -np.inf if low is None else low, np.inf if high is None else high)
    if not wish.low <= wish.high:
        raise InputError(f"target goes from {low} to {high}: give the lower number first.")
    return wish
