"""A readout is one number a row of what a model predicts, and its description in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from madaline._data.target import ClassEncoder
from madaline._explain.scale import (
    LOG_ODDS,
    PROBABILITY,
    TARGET,
    LogOdds,
    Probability,
    class_index,
)
from madaline._model import FittedModel
from madaline._runtime.predictor import Predictor
from madaline._words import short
from madaline.errors import InputError
from madaline.nn.arrays import Array


@dataclass(frozen=True, eq=False)
class Readout:
    """The probability or the log-odds of a class, or the predicted number (final).

    Parameters
    ----------
    predictor : Predictor
        The networks.
    scale : {"probability", "log_odds", "target"}
        The unit.
    index : int
        Index of the class; of a predicted number, zero.
    name : str
        What it is, in words.
    """

    predictor: Predictor
    scale: str
    index: int
    name: str

    def of_output(self, output: Array) -> Array:
        """Return one number for each row of a raw output, shape (n_samples,)."""
        if self.scale == TARGET:
            return self.predictor.decode(output)
        scale = LogOdds() if self.scale == LOG_ODDS else Probability()
        return scale.value(output, np.full(len(output), self.index))

    def amount(self, difference: float) -> str:
        """Return the size of a difference in words."""
        size = abs(difference)
        if self.scale != PROBABILITY:
            return short(size)
        points = f"{100 * size:.0f}" if size >= 0.095 else f"{100 * size:.2g}"
        return f"{points} {'point' if points == '1' else 'points'}"

    def level(self, value: float) -> str:
        """Return a value in words."""
        return f"{value:.1%}" if self.scale == PROBABILITY else short(value, 4)


def margins(output: Array) -> Array:
    """Return raw outputs on the scale on which networks add up.

    Parameters
    ----------
    output : ndarray of shape (n_samples, n_outputs)
        Raw outputs.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
        Of two classes the log-odds of the second, of several those of each against all others; of
        numbers the raw output.

    Examples
    --------
    >>> margins(np.log([[0.2, 0.3, 0.5]])).round(2)
    array([[-1.39, -0.85,  0.  ]])
    """
    n_samples, n_outputs = output.shape
    if n_outputs == 1:
        return output
    classes = (np.full(n_samples, index) for index in range(n_outputs))
    return np.stack([LogOdds().value(output, indices) for indices in classes], axis=1)


def readouts_of(
    model: FittedModel, target_class: Any = None, scale: str | None = None
) -> list[Readout]:
    """Return the readouts of a model.

    Parameters
    ----------
    model : FittedModel
        The model.
    target_class : label, optional
        A class; by default the second of two, or each of several.
    scale : {"probability", "log_odds"}, optional
        The unit for classes; probability by default.

    Raises
    ------
    InputError
        If there is no such class or scale.
    """
    encoder, target = model.predictor.target_encoder, model.summary.target
    if not isinstance(encoder, ClassEncoder):
        if target_class is not None or scale not in (None, TARGET):
            what = f"the scale {scale!r}" if target_class is None else f"the class {target_class!r}"
            raise InputError(
                f"This model predicts a number, {target}, but {what} was asked for: leave it out."
            )
        return [Readout(model.predictor, TARGET, 0, target)]
    if scale not in (None, PROBABILITY, LOG_ODDS):
        raise InputError(f"scale is {scale!r}: choose {PROBABILITY!r} or {LOG_ODDS!r}.")
    scale = scale or PROBABILITY
    unit = "probability" if scale == PROBABILITY else "log-odds"
    n_classes = len(encoder.classes)
    indices = [1] if n_classes == 2 else list(range(n_classes))
    if target_class is not None:
        indices = [class_index(encoder, target_class)]
    return [
        Readout(model.predictor, scale, index, f"{unit} of {encoder.classes[index]}")
        for index in indices
    ]
