r"""What is explained is one number a row: a class's log-odds or probability, or a predicted number.

Networks say several raw outputs :math:`o`. An answer makes one number of them, and knows its slope.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from madaline.data.target import ClassEncoder, CountEncoder, RegressionEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Poisson
from madaline.runtime.predictor import Predictor

LOG_ODDS, PROBABILITY, TARGET = "log_odds", "probability", "target"
"""In what an attribution is measured."""


class Answer(ABC):
    """One number of the raw outputs, with its slope.

    Attributes
    ----------
    scale : str
        In what it is measured.
    """

    scale: ClassVar[str]

    @abstractmethod
    def value(self, output: Array, asked: Array) -> Array:
        """Return the number that is explained.

        Parameters
        ----------
        output : ndarray of shape (..., n_outputs)
            Raw outputs, the temperature included.
        asked : int ndarray of shape (...)
            Number of the class that is asked about; of a predicted number, zero.

        Returns
        -------
        ndarray of shape (...)
        """

    @abstractmethod
    def slope(self, output: Array, asked: Array) -> Array:
        """Return its derivative by the raw outputs, shape (..., n_outputs)."""

    @property
    def extent(self) -> float:
        """The range that errors are measured by: a probability's, or a unit of log-odds."""
        return 1.0


@dataclass(frozen=True)
class LogOdds(Answer):
    r"""The log-odds of a class against all others.

    :math:`\ln(p_c / (1 - p_c)) = o_c - \ln \sum_{k \ne c} e^{o_k}`. With two classes there is one
    output, the log-odds of the second.

    Examples
    --------
    >>> output = np.log([[0.2, 0.3, 0.5]])
    >>> bool(np.isclose(LogOdds().value(output, np.array([1])), np.log(0.3 / 0.7)))
    True
    """

    scale: ClassVar[str] = LOG_ODDS

    def value(self, output: Array, asked: Array) -> Array:
        """Return the log-odds of the class asked about."""
        if output.shape[-1] == 1:
            return np.asarray(np.where(asked == 1, 1, -1) * output[..., 0])
        own = np.take_along_axis(output, asked[..., None], axis=-1)[..., 0]
        others = _others(output, asked)
        most = others.max(axis=-1)
        return np.asarray(own - most - np.log(np.exp(others - most[..., None]).sum(axis=-1)))

    def slope(self, output: Array, asked: Array) -> Array:
        """Return one for the class asked about, for the others less their share among them."""
        if output.shape[-1] == 1:
            return np.asarray(np.where(asked == 1, 1.0, -1.0)[..., None])
        others = _others(output, asked)
        slope = -np.exp(others - others.max(axis=-1, keepdims=True))
        slope /= -slope.sum(axis=-1, keepdims=True)
        np.put_along_axis(slope, asked[..., None], 1, axis=-1)
        return np.asarray(slope)


@dataclass(frozen=True)
class Probability(Answer):
    """The probability of a class.

    Examples
    --------
    >>> output = np.log([[0.2, 0.3, 0.5]])
    >>> Probability().value(output, np.array([1])).round(4)
    array([0.3])
    """

    scale: ClassVar[str] = PROBABILITY

    def value(self, output: Array, asked: Array) -> Array:
        """Return the probability of the class asked about, ``1 / (1 + exp(-log_odds))``."""
        return np.asarray((1 + np.tanh(LogOdds().value(output, asked) / 2)) / 2)

    def slope(self, output: Array, asked: Array) -> Array:
        """Return ``p (1 - p)`` times the slope of the log-odds."""
        probability = self.value(output, asked)
        slope = LogOdds().slope(output, asked)
        return np.asarray((probability * (1 - probability))[..., None] * slope)


@dataclass(frozen=True)
class Number(Answer):
    """A predicted number, or with the Poisson loss an amount, in the target's unit.

    It is not cut to the range of the training target, as predictions are.

    Parameters
    ----------
    target_encoder : RegressionEncoder or CountEncoder
        Knows the unit.
    """

    target_encoder: RegressionEncoder | CountEncoder

    scale: ClassVar[str] = TARGET

    def value(self, output: Array, asked: Array) -> Array:
        """Return the number."""
        del asked
        if isinstance(self.target_encoder, CountEncoder):
            return np.asarray(Poisson().prediction(output[..., 0]) * self.target_encoder.scale)
        return np.asarray(output[..., 0] * self.target_encoder.scale + self.target_encoder.center)

    def slope(self, output: Array, asked: Array) -> Array:
        """Return the unit; an amount's slope, as of any exponential, is the amount itself."""
        if isinstance(self.target_encoder, CountEncoder):
            return self.value(output, asked)[..., None]
        return np.full(output.shape, self.target_encoder.scale)

    @property
    def extent(self) -> float:
        """The range of the training target; of a constant, its unit."""
        return self.target_encoder.high - self.target_encoder.low or self.target_encoder.scale


def answer_of(predictor: Predictor, scale: str | None = None) -> Answer:
    """Return what is explained of a model's outputs.

    Parameters
    ----------
    predictor : Predictor
        The model.
    scale : {"log_odds", "probability"}, optional
        Of classes; log-odds by default.

    Raises
    ------
    InputError
        If the model does not speak of such a thing.
    """
    target_encoder = predictor.target_encoder
    if isinstance(target_encoder, RegressionEncoder | CountEncoder):
        if scale not in (None, TARGET):
            raise InputError(
                f"scale is {scale!r}, but this model predicts a number, which is explained in its"
                " own unit: leave it out."
            )
        return Number(target_encoder)
    answers: dict[str | None, Answer] = {
        None: LogOdds(),
        LOG_ODDS: LogOdds(),
        PROBABILITY: Probability(),
    }
    if scale not in answers:
        raise InputError(f"scale is {scale!r}: choose {LOG_ODDS!r} or {PROBABILITY!r}.")
    return answers[scale]


def asked_of(predictor: Predictor, output: Array, target_class: Any = None) -> Array:
    """Return the number of the class that is asked about in each row.

    Parameters
    ----------
    predictor : Predictor
        The model.
    output : ndarray of shape (n_samples, n_outputs)
        Raw outputs.
    target_class : label, optional
        The class; by default each row's most probable one.

    Returns
    -------
    int ndarray of shape (n_samples,)
        Zeros where numbers are predicted.

    Raises
    ------
    InputError
        If there is no such class, or there are none at all.
    """
    target_encoder = predictor.target_encoder
    if not isinstance(target_encoder, ClassEncoder):
        if target_class is not None:
            raise InputError(
                f"target_class is {target_class!r}, but this model predicts a number: leave it out."
            )
        return np.zeros(len(output), np.intp)
    if target_class is None:
        return np.asarray(predictor.probabilities(output).argmax(axis=1))
    classes = target_encoder.classes.tolist()
    if target_class not in classes:
        shown = ", ".join(map(repr, classes[:8])) + (", ..." if len(classes) > 8 else "")
        raise InputError(f"There is no class {target_class!r}: choose one of {shown}.")
    return np.full(len(output), classes.index(target_class))


def _others(output: Array, asked: Array) -> Array:
    """Return the outputs with minus infinity for the class asked about."""
    others = np.array(output, np.float64)
    np.put_along_axis(others, asked[..., None], -np.inf, axis=-1)
    return others
