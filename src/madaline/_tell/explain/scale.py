r"""The scale of an explanation: one number a row, made from the raw outputs of the networks.

It is a class's log-odds or probability, or the predicted number. Each scale knows its gradient.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from madaline._base.language import _
from madaline._models.model import FittedModel
from madaline._models.runtime.predictor import Predictor
from madaline._tables.formats.number_format import PLAIN, NumberFormat
from madaline._tables.target import ClassEncoder, CountEncoder, RegressionEncoder, TargetEncoder
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Poisson

LOG_ODDS, PROBABILITY, TARGET = "log_odds", "probability", "target"  # the unit of an attribution


class Scale(ABC):
    """One number of the raw outputs, with its gradient.

    Raw outputs, (..., n_outputs), are divided by the temperature. A class index, (...), is that of
    the class to explain; zero where numbers are predicted.
    """

    name: ClassVar[str]  # the unit

    @abstractmethod
    def value(self, output: Array, class_index: Array) -> Array:
        """Return the number that is explained, shape (...)."""

    @abstractmethod
    def gradient(self, output: Array, class_index: Array) -> Array:
        """Return its derivative with respect to the raw outputs, shape (..., n_outputs)."""

    @property
    def extent(self) -> float:
        """The range that errors are compared with: a probability's, or a unit of log-odds."""
        return 1.0


@dataclass(frozen=True)
class _LogOdds(Scale):
    r"""The log-odds of a class against all others.

    :math:`\ln(p_c / (1 - p_c)) = o_c - \ln \sum_{k \ne c} e^{o_k}`. With two classes there is one
    output, the log-odds of the second.

    >>> output = np.log([[0.2, 0.3, 0.5]])
    >>> bool(np.isclose(_LogOdds().value(output, np.array([1])), np.log(0.3 / 0.7)))
    True
    """

    name: ClassVar[str] = LOG_ODDS

    def value(self, output: Array, class_index: Array) -> Array:
        if output.shape[-1] == 1:
            return np.asarray(np.where(class_index == 1, 1, -1) * output[..., 0])
        of_class = np.take_along_axis(output, class_index[..., None], axis=-1)[..., 0]
        others = _without_class(output, class_index)
        highest = others.max(axis=-1)
        rest = np.log(np.exp(others - highest[..., None]).sum(axis=-1))
        return np.asarray(of_class - highest - rest)

    def gradient(self, output: Array, class_index: Array) -> Array:
        """Return 1 for the class, and minus the softmax among the others for them."""
        if output.shape[-1] == 1:
            return np.asarray(np.where(class_index == 1, 1.0, -1.0)[..., None])
        others = _without_class(output, class_index)
        gradient = -np.exp(others - others.max(axis=-1, keepdims=True))
        gradient /= -gradient.sum(axis=-1, keepdims=True)
        np.put_along_axis(gradient, class_index[..., None], 1, axis=-1)
        return np.asarray(gradient)


@dataclass(frozen=True)
class _Probability(Scale):
    """The probability of a class, ``p = 1 / (1 + exp(-log_odds))``."""

    name: ClassVar[str] = PROBABILITY

    def value(self, output: Array, class_index: Array) -> Array:
        return np.asarray((1 + np.tanh(_LogOdds().value(output, class_index) / 2)) / 2)

    def gradient(self, output: Array, class_index: Array) -> Array:
        """Return ``p (1 - p)`` times the gradient of the log-odds."""
        probability = self.value(output, class_index)
        gradient = _LogOdds().gradient(output, class_index)
        return np.asarray((probability * (1 - probability))[..., None] * gradient)


@dataclass(frozen=True)
class _TargetUnit(Scale):
    """A predicted number, or with the Poisson loss a count, in the target's unit.

    It is not clipped to the range of the training target, as predictions are.
    """

    encoder: RegressionEncoder | CountEncoder

    name: ClassVar[str] = TARGET

    def value(self, output: Array, class_index: Array) -> Array:
        del class_index
        if isinstance(self.encoder, CountEncoder):
            return np.asarray(Poisson().prediction(output[..., 0]) * self.encoder.scale)
        return np.asarray(output[..., 0] * self.encoder.scale + self.encoder.center)

    def gradient(self, output: Array, class_index: Array) -> Array:
        """Return the unit; of a count, which is an exponential, the count itself."""
        if isinstance(self.encoder, CountEncoder):
            return self.value(output, class_index)[..., None]
        return np.full(output.shape, self.encoder.scale)

    @property
    def extent(self) -> float:
        """The range of the training target; its unit if it is constant."""
        return self.encoder.high - self.encoder.low or self.encoder.scale


def scale_of(predictor: Predictor, name: str | None = None) -> Scale:
    """Return the scale on which a model is explained; log-odds of classes by default."""
    encoder = predictor.target_encoder
    if isinstance(encoder, RegressionEncoder | CountEncoder):
        if name not in (None, TARGET):
            raise InputError(
                "scale is {name!r}, but this model predicts a number, which is explained in its own unit: leave it out.",
                name=name,
            )
        return _TargetUnit(encoder)
    _check_kind(encoder)
    if name not in (None, LOG_ODDS, PROBABILITY):
        raise InputError(
            "scale is {name!r}: choose {LOG_ODDS!r} or {PROBABILITY!r}.",
            name=name,
            LOG_ODDS=LOG_ODDS,
            PROBABILITY=PROBABILITY,
        )
    return _Probability() if name == PROBABILITY else _LogOdds()


def _check_kind(encoder: TargetEncoder) -> None:
    """Refuse a kind of target that no scale is of, rather than explain it as another."""
    if not isinstance(encoder, ClassEncoder | RegressionEncoder | CountEncoder):
        raise TypeError(
            _("There is no scale for the predictions of a {name}.").format(
                name=type(encoder).__name__
            )
        )


def class_indices(predictor: Predictor, output: Array, target_class: Any = None) -> Array:
    """Return the index of the class to explain in each row, by default the most probable one."""
    encoder = predictor.target_encoder
    if not isinstance(encoder, ClassEncoder):
        _check_kind(encoder)
        if target_class is not None:
            raise InputError(
                "target_class is {target_class!r}, but this model predicts a number: leave it out.",
                target_class=target_class,
            )
        return np.zeros(len(output), np.intp)
    if target_class is None:
        return predictor.choose(predictor.probabilities(output))
    return np.full(len(output), class_index(encoder, target_class))


def class_index(encoder: ClassEncoder, label: Any) -> int:
    """Return the index of a class, given its label or its text."""
    labels = encoder.classes.tolist()
    if label in labels:
        return int(labels.index(label))
    texts = list(map(str, labels))
    if isinstance(label, str) and texts.count(label) == 1:
        return texts.index(label)
    shown = ", ".join(texts[:8]) + (", ..." if len(texts) > 8 else "")
    raise InputError(
        "There is no class {label!r}: choose one of {shown}.", label=label, shown=shown
    )


def _without_class(output: Array, class_index: Array) -> Array:
    """Return the outputs with minus infinity for the class."""
    others = np.array(output, np.float64)
    np.put_along_axis(others, class_index[..., None], -np.inf, axis=-1)
    return others


@dataclass(frozen=True, eq=False)
class Readout:
    """One number a row of what a model predicts: of a class, or the predicted number."""

    predictor: Predictor
    scale: str  # `PROBABILITY`, `LOG_ODDS` or `TARGET`
    index: int  # of the class; of a predicted number, zero
    name: str  # what it is, in words
    written: NumberFormat = PLAIN  # how the predicted number was, in training

    def of_output(self, output: Array) -> Array:
        """Return one number for each row of a raw output, shape (n_samples,)."""
        if self.scale == TARGET:
            return self.predictor.decode(output)
        scale = _LogOdds() if self.scale == LOG_ODDS else _Probability()
        return scale.value(output, np.full(len(output), self.index))

    def amount(self, difference: float) -> str:
        """Return the size of a difference in words."""
        size = abs(difference)
        if self.scale != PROBABILITY:
            return self.written.show(size)
        points = f"{100 * size:.0f}" if size >= 0.095 else f"{100 * size:.2g}"
        told = "{points} point" if points == "1" else "{points} points"
        return _(told).format(points=points)

    def level(self, value: float) -> str:
        """Return a value in words."""
        return f"{value:.1%}" if self.scale == PROBABILITY else self.written.show(value, 4)


def margins(output: Array) -> Array:
    """Return raw outputs on the scale on which networks add up, (n_samples, n_outputs).

    Of two classes the log-odds of the second, of several those of each against all others; of
    numbers the raw output.
    """
    n_samples, n_outputs = output.shape
    if n_outputs == 1:
        return output
    classes = (np.full(n_samples, index) for index in range(n_outputs))
    return np.stack([_LogOdds().value(output, indices) for indices in classes], axis=1)


def _check_of_numbers(target: str, target_class: Any, scale: str | None) -> None:
    """Refuse what suits classes alone."""
    if target_class is None and scale in (None, TARGET):
        return
    what = _("the scale {scale!r}").format(scale=scale)
    if target_class is not None:
        what = _("the class {target_class!r}").format(target_class=target_class)
    raise InputError(
        "This model predicts a number, {target}, but {what} was asked for: leave it out.",
        target=target,
        what=what,
    )


def readouts_of(
    model: FittedModel, target_class: Any = None, scale: str | None = None
) -> list[Readout]:
    """Return the readouts of a model: of a class, of the second of two, or of each of several."""
    encoder = model.predictor.target_encoder
    target = model.summary.target
    if not isinstance(encoder, ClassEncoder):
        _check_kind(encoder)
        _check_of_numbers(target, target_class, scale)
        written = model.schema.target or PLAIN
        return [Readout(model.predictor, TARGET, 0, target, written)]
    if scale not in (None, PROBABILITY, LOG_ODDS):
        raise InputError(
            "scale is {scale!r}: choose {PROBABILITY!r} or {LOG_ODDS!r}.",
            scale=scale,
            PROBABILITY=PROBABILITY,
            LOG_ODDS=LOG_ODDS,
        )
    scale = scale or PROBABILITY
    unit = "probability of {level}" if scale == PROBABILITY else "log-odds of {level}"
    n_classes = len(encoder.classes)
    indices = [1] if n_classes == 2 else list(range(n_classes))
    if target_class is not None:
        indices = [class_index(encoder, target_class)]
    return [
        Readout(
            model.predictor,
            scale,
            index,
            _(unit).format(level=encoder.classes[index]),
        )
        for index in indices
    ]
