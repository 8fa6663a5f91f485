"""A run: data, a network, and the training that goes on when a page asks for it."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from math import isfinite
from typing import Any, final

import numpy as np

from madaline._data.column import as_texts
from madaline._evaluation.scores import label_text
from madaline._neural_network import NeuralNetwork
from madaline._neural_network.decisions import CoachDecision
from madaline._neural_network.settings import TrainingSettings
from madaline._playground.features import features_of
from madaline._playground.options import ACTIVATIONS, MOMENTUM, NetworkOptions
from madaline._playground.tables import UserTable
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.losses import Squared
from madaline.records.history import Epoch

_ENDLESS = 1_000_000  # epochs; whoever looks on ends it
_WORK = 2e8  # multiply-adds of the epochs of one request, at most


@final
@dataclass(frozen=True, eq=False)
class Data:
    """What a network learns from, and how it is drawn."""

    x: Array  # (n_samples, input_size): what the network sees
    y: Array  # (n_samples,): labels, or standardized numbers
    plane: Array | None  # (n_samples, 2): standardized coordinates
    classes: list[str]  # empty where numbers are predicted
    codes: Array  # (n_samples,): the class, or the number
    notes: dict[str, Any] = field(default_factory=dict)  # what a page tells of a table
    scale: tuple[Array, Array] | None = None  # mean and spread of the coordinates
    of_target: tuple[float, float] = (0.0, 1.0)  # the same of numbers to predict

    @classmethod
    def of(cls, options: NetworkOptions, table: UserTable | None) -> Data:
        """Make data, or take them from a table."""
        if options.dataset is None:
            return cls._of_table(options, table)
        made = options.dataset
        x, y = made.make(min(options.rows, made.max_rows), options.noise, options.seed)
        if not made.on_plane:
            return cls(x, y, None, [str(label) for label in range(10)], y)
        if made.task == "numbers":
            return cls._on_plane(x, y, [], y, options)
        return cls._on_plane(x, y, [str(label) for label in np.unique(y)], y, options)

    @classmethod
    def _of_table(cls, options: NetworkOptions, table: UserTable | None) -> Data:
        if table is None:
            raise InputError("The server does not have this table: open its file again.")
        plane = table.plane(list(options.columns), options.target)
        rng = np.random.default_rng(options.seed)
        rows = rng.permutation(len(plane.x))[: options.rows]
        x, y = plane.x[rows], plane.y[rows]
        notes = {
            "left_out": plane.left_out,
            "rows": len(x),
            "complete": len(plane.x),
            "codes": plane.notes(),
        }
        if plane.of_numbers:
            mean, spread = float(y.mean()), float(y.std()) or 1.0
            y = (y - mean) / spread
            data = cls._on_plane(x, y, [], y, options, notes)
            return replace(data, of_target=(mean, spread))
        y = y if y.dtype.kind in "iuf" else as_texts(y)
        labels, codes = np.unique(y, return_inverse=True)
        if len(labels) < 2:
            raise InputError(f"These rows have one class of {options.target}: take more rows.")
        return cls._on_plane(x, y, [label_text(label) for label in labels], codes, options, notes)

    @classmethod
    def _on_plane(
        cls,
        x: Array,
        y: Array,
        classes: list[str],
        codes: Array,
        options: NetworkOptions,
        notes: dict[str, Any] | None = None,
    ) -> Data:
        from sklearn.preprocessing import StandardScaler

        scaler = StandardScaler()
        plane = scaler.fit_transform(x)
        seen = features_of(plane, options.ordered_features)
        scale = (scaler.mean_, scaler.scale_)
        return cls(seen, y, plane, classes, codes, notes or {}, scale)

    @property
    def range(self) -> list[float]:
        """The numbers to predict that have the two strongest colors, in their own unit."""
        mean, spread = self.of_target
        largest = 0.0 if self.classes else float(np.abs(self.codes).max())
        return [mean - largest * spread, mean + largest * spread]

    @property
    def n_outputs(self) -> int:
        """Outputs of a network: one for two classes or numbers, else one for each class."""
        return len(self.classes) if len(self.classes) > 2 else 1


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

    def __init__(self, options: NetworkOptions, data: Data) -> None:
        self.options, self.data = options, data
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
        now, told = self.network.decisions_, self._told
        self._told = list(now)
        return [(at, one) for at, one in enumerate(now) if at >= len(told) or told[at] != one]

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

    def _score_of(self, rows: Array) -> float | None:
        if not len(rows):
            return None
        with np.errstate(all="ignore"):
            predicted = self.network.predict(self.data.x[rows])
        truth = self.data.y[rows]
        if self.data.classes:
            return float(np.mean(predicted == truth))
        spread = float(np.square(truth - truth.mean()).sum())
        return finite(1 - float(np.square(truth - predicted).sum()) / (spread or 1.0))


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


def finite(value: float) -> float | None:
    """Return a number, or None for infinity and NaN, which JSON lacks."""
    return float(value) if isfinite(value) else None
