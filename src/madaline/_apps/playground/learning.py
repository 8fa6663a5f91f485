"""A run: data, a network, and the training that goes on when a page asks for it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from math import isfinite
from typing import Any, final

import numpy as np

from madaline._apps.neural_network import NeuralNetwork
from madaline._apps.neural_network.decisions import CoachDecision
from madaline._apps.neural_network.settings import TrainingSettings
from madaline._apps.playground.learning_data import LearningData
from madaline._apps.playground.options import ACTIVATIONS, MOMENTUM, NetworkOptions
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Squared
from madaline.records.history import Epoch

_ENDLESS = 1_000_000  # epochs; whoever looks on ends it
_WORK = 2e8  # multiply-adds of the epochs of one request, at most


@final
@dataclass(frozen=True)
class Change:
    """A weight, or a bias, that somebody set to a value."""

    epoch: int  # after which
    layer: int  # of the unit, from 0 for the first hidden one
    source: int | None  # unit of the layer before that the weight comes from; None for the bias
    unit: int
    value: float

    def apply(self, network: NeuralNetwork) -> None:
        """Set it; `InputError` if there is no such weight."""
        of_layers = network.biases if self.source is None else network.weights
        place = (self.unit,) if self.source is None else (self.source, self.unit)
        try:
            if min(self.layer, *place) < 0:
                raise IndexError
            of_layers[self.layer][place] = self.value
        except IndexError:
            raise InputError("The network has no such weight: point at the line again.") from None

    @property
    def code(self) -> str:
        """The line of Python that does the same."""
        if self.source is None:
            return f"network.biases[{self.layer}][{self.unit}] = {self.value!r}"
        return f"network.weights[{self.layer}][{self.source}, {self.unit}] = {self.value!r}"


@final
class NetworkRun:
    """A network that learns from data, as far as pages asked for."""

    def __init__(self, options: NetworkOptions, data: LearningData) -> None:
        self.options = options
        self.data = data
        self.network = NeuralNetwork(
            data.x.shape[1],
            list(options.hidden),
            data.n_outputs,
            activation=ACTIVATIONS[options.activation](),
            loss=None if data.classes else Squared(),
            random_state=options.seed,
        )
        settings = TrainingSettings(validation_fraction=options.held_out)
        self.rows, self.held_out = settings.split(len(data.x))
        self._training: Generator[Epoch, None, None] = self.network.training(
            data.x, data.y, _ENDLESS, options.learning_rate, **training_options(options)
        )
        self.ended = False  # the coach may stop
        self.changes: list[Change] = []  # that were made by hand
        self._told: list[CoachDecision] = []  # that the page knows

    @property
    def epoch(self) -> int:
        """Epochs that it has trained for."""
        return len(self.network.history_)

    @property
    def epochs_begun(self) -> int:
        """Epochs that lead to the same state: the coach stops at the start of one more."""
        return self.epoch + self.ended

    def advance(self, epochs: int) -> list[Epoch]:
        """Train for so many epochs, or as many as one request may take; return their records."""
        size = sum(weights.size for weights in self.network.weights)
        most = max(1, int(_WORK / (6 * size * len(self.rows))))
        done = []
        for _ in range(min(epochs, most)):
            now = next(self._training, None)
            if now is None:
                self.ended = True
                break
            if self.options.l1:
                soften(self.network.weights, now.learning_rate * self.options.l1)
            done.append(now)
        return done

    def change(self, change: Change) -> None:
        """Change a weight or a bias by hand; training goes on from there."""
        change.apply(self.network)
        self.changes.append(change)

    def news(self) -> list[tuple[int, CoachDecision]]:
        """Return the decisions that are new, or whose outcome is known now, with their places."""
        now = self.network.decisions_
        told = self._told
        self._told = list(now)
        return [
            (at, decision)
            for at, decision in enumerate(now)
            if at >= len(told) or told[at] != decision
        ]

    def losses(self) -> tuple[float | None, float | None]:
        """Return the loss of the network as it is, on the rows it learns from and held out."""
        return self._loss_of(self.rows), self._loss_of(self.held_out)

    def _loss_of(self, rows: Array) -> float | None:
        if not len(rows):
            return None
        with np.errstate(all="ignore"):
            prediction = np.atleast_2d(self.network.forward(self.data.x[rows]))
            if not np.isfinite(prediction).all():
                return None
            return finite(self.network.loss(self.data.y[rows], prediction))

    def scores(self) -> tuple[float | None, float | None]:
        """Return accuracy, or R², on the rows it learns from and held out."""
        return self._score_of(self.rows), self._score_of(self.held_out)

    def _score_of(self, rows: Array) -> float | None:
        if not len(rows):
            return None
        with np.errstate(all="ignore"):
            return finite(self.network.score(self.data.x[rows], self.data.y[rows]))

    def baseline(self) -> tuple[str, float | None, float | None] | None:
        """Return the most frequent class of the training rows, and its accuracy on both."""
        data = self.data
        if not data.classes:
            return None
        codes = np.unique(data.codes, return_inverse=True)[1]
        best = np.bincount(codes[self.rows]).argmax()
        shares = [
            float(np.mean(codes[rows] == best)) if len(rows) else None
            for rows in (self.rows, self.held_out)
        ]
        return data.classes[best], shares[0], shares[1]


def training_options(options: NetworkOptions) -> dict[str, Any]:
    """Return the keyword arguments of `NeuralNetwork.train` beside data, epochs and rate."""
    named: dict[str, Any] = {"adaptive": options.adaptive}
    if options.batch_size:
        named["batch_size"] = options.batch_size
    if options.optimizer == "momentum":
        named["momentum"] = MOMENTUM
    if options.optimizer == "adam":
        named["optimizer"] = "adam"
    if options.l2:
        named["weight_decay"] = options.l2
    named["validation_fraction"] = options.held_out
    return named


def soften(weights: list[Array], threshold: float) -> None:
    """Move every weight toward zero by a threshold, and no further: the L1 penalty's step.

    Tibshirani (1996) has the penalty; as a step beside the gradient's it is the proximal operator
    of Parikh and Boyd (2014), "Proximal algorithms", section 6.5.2.
    """
    for array in weights:
        array -= np.clip(array, -threshold, threshold)


def finite(value: float | None) -> float | None:
    """Return a number, or None for infinity and NaN, which JSON lacks."""
    return float(value) if value is not None and isfinite(value) else None
