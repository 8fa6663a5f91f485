"""The textbook network: initialize, forward, loss, backward, update, repeat.

It is for people who learn how a neural network works. Every step is a method that can be called by
hand and read right here, in plain NumPy; every weight can be read and changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from madaline._apps.neural_network import arguments, labels
from madaline._apps.neural_network.display import CoachDecisions
from madaline._apps.neural_network.parameters import Gradients, Parameters, initial_parameters
from madaline.errors import InputError
from madaline.nn.arrays import Array, Workspace
from madaline.nn.layers import Activation, Sigmoid
from madaline.nn.losses import BinaryCrossEntropy, CrossEntropy, Loss
from madaline.nn.losses._classification import sigmoid
from madaline.records.history import Epochs


class TextbookNetwork:
    """Layers that are fully connected, and the two passes through them."""

    _columns: list[str] | None = None  # of the data frame that it was fitted to

    def __init__(
        self,
        input_size: int | None = None,
        hidden_size: int | Sequence[int] | None = None,
        output_size: int | None = None,
        *,
        activation: Activation | None = None,
        loss: Loss | None = None,
        random_state: arguments.RandomState = None,
    ) -> None:
        self._given: dict[str, Any] = {
            "input_size": input_size,
            "hidden_size": hidden_size,
            "output_size": output_size,
            "activation": activation,
            "loss": loss,
            "random_state": random_state,
        }
        self._begin()

    def _begin(self) -> None:
        """Draw new weights, as the arguments say, and forget what was learned."""
        given = self._given
        sizes = arguments.layer_sizes(
            given["input_size"], given["hidden_size"], given["output_size"]
        )
        loss, activation = given["loss"], given["activation"]
        if loss is None:
            loss = BinaryCrossEntropy() if sizes[-1] == 1 else CrossEntropy()
        activation = Sigmoid() if activation is None else activation
        self._loss = arguments.instance_of(Loss, "loss", loss)
        self._activation = arguments.instance_of(Activation, "activation", activation)
        self._rng = arguments.random_generator(given["random_state"])
        self._parameters = initial_parameters(sizes, self._rng)
        self.weights, self.biases = self._parameters.weights, self._parameters.biases
        self.classes_: Array | None = None
        self.loss_: float | None = None
        self.validation_loss_: float | None = None
        self._before_all_rows: Parameters | None = None
        self.decisions_ = CoachDecisions()
        self.history_ = Epochs(decisions=self.decisions_)

    @staticmethod
    def sigmoid(x: npt.ArrayLike) -> Array:
        """Return ``1 / (1 + exp(-x))`` of every number, without overflow.

        Examples
        --------
        >>> from madaline import NeuralNetwork
        >>> NeuralNetwork.sigmoid([-1000, 0, 1000])
        array([0. , 0.5, 1. ])
        """
        values = np.asarray(x, np.float64)
        result: Array = sigmoid(values, np.empty_like(values))[()]
        return result

    @property
    def hidden_size(self) -> tuple[int, ...]:
        """Units of each hidden layer now; adaptive training may have changed them."""
        return self._parameters.hidden_size

    def forward(self, x: npt.ArrayLike) -> Array:
        """Return the network's predictions: probabilities, or numbers.

        Parameters
        ----------
        x : array-like of shape (n_samples, input_size) or (input_size,)
            Rows, or a single one.

        Returns
        -------
        ndarray of shape (n_samples, output_size) or (output_size,)
            The predictions.
        """
        rows = self._rows(x)
        prediction: Array = self._loss.prediction(
            self._output(rows)
        )  # sigmoid, softmax, or neither
        single = np.ndim(x) < 2 and len(rows) == 1
        return prediction[0] if single else prediction

    def _output(self, x: Array) -> Array:
        """Run the forward pass, up to the sums of the last layer."""
        signal = self._signals(x)[-1]
        return np.asarray(signal @ self.weights[-1] + self.biases[-1])  # (n_samples, output_size)

    def _signals(self, x: Array) -> list[Array]:
        """Return the input of each layer: weighted sums and activations, layer by layer."""
        signals = [x]
        for weights, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            signals.append(self._activation(signals[-1] @ weights + bias))  # (n_samples, units)
        return signals

    def predict(self, x: npt.ArrayLike) -> Array:
        """Return the most probable class of each row, or the predicted number.

        Parameters
        ----------
        x : array-like of shape (n_samples, input_size)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,)
            Classes as in the labels it was trained with (0, 1, ... if it was trained with targets).
            Several numbers, or several outputs that are not exclusive: (n_samples, output_size).
        """
        return labels.predicted(np.atleast_2d(self.forward(x)), self.classes_, self._loss)

    def loss(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
        """Return how wrong predictions are, averaged over the rows.

        Parameters
        ----------
        y_true : array-like of shape (n_samples,) or (n_samples, output_size)
            The labels or the numbers of these rows.
        y_pred : array-like of shape (n_samples, output_size)
            What `forward` returned for them.
        """
        prediction = arguments.as_rows("y_pred", y_pred, len(self.biases[-1]))
        target = self._targets("y_true", y_true, len(prediction), "y_pred")
        return float(self._loss.mean(labels.raw_output(self._loss, prediction), target))

    def backward(
        self, x: npt.ArrayLike, y_true: npt.ArrayLike, y_pred: npt.ArrayLike | None = None
    ) -> Gradients:
        """Return the gradient of the loss: which way, and how steeply, it rises with each weight.

        Parameters
        ----------
        x : array-like of shape (n_samples, input_size)
            The rows.
        y_true : array-like of shape (n_samples,) or (n_samples, output_size)
            The labels or the numbers of these rows.
        y_pred : array-like of shape (n_samples, output_size), optional
            What `forward` returned for them; only checked, as the forward pass is run again.

        Returns
        -------
        Gradients
            With ``weights`` and ``biases``, lists of arrays like those of the network.
        """
        rows = self._rows(x)
        target = self._targets("y_true", y_true, len(rows), "x")
        if y_pred is not None:
            prediction = self._loss.prediction(self._output(rows))
            given = arguments.as_rows("y_pred", y_pred, prediction.shape[1])
            arguments.check_current(given, prediction)
        return self._gradients(rows, target)

    def _gradients(self, x: Array, target: Array) -> Gradients:
        """Run the forward pass, keeping what is needed, and then the backward pass."""
        signal = x
        signals = [signal]  # the input of each layer
        slopes = []  # f'(its sums)
        for weights, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            sums = signal @ weights + bias
            signal = self._activation(sums)
            signals.append(signal)
            slopes.append(self._activation.derivative(sums))
        output = signal @ self.weights[-1] + self.biases[-1]

        # The chain rule, from the last layer to the first. The error is dL/d(sums of the layer):
        # for cross-entropy it starts as (prediction - target) / n_samples.
        error = self._loss.gradient(output, target, workspace=Workspace())
        grads = Gradients([], [])
        for layer in reversed(range(len(self.weights))):
            grads.weights.insert(0, signals[layer].T @ error)
            grads.biases.insert(0, error.sum(axis=0))
            if layer > 0:
                error = error @ self.weights[layer].T * slopes[layer - 1]
        return grads

    def update_weights(self, grads: Gradients, learning_rate: float) -> None:
        """Take one step downhill: every weight minus `learning_rate` times its gradient.

        Parameters
        ----------
        grads : Gradients
            What `backward` returned.
        learning_rate : float
            Length of the step.
        """
        arguments.check_shapes(grads, self._parameters)
        rate = arguments.positive_number(learning_rate)
        for parameter, gradient in zip(self._parameters, grads, strict=True):
            parameter -= rate * gradient

    def _targets(self, name: str, y: npt.ArrayLike, n_rows: int, of: str) -> Array:
        size = len(self.biases[-1])
        classes = self.classes_
        given = labels.labels_in(y, n_rows, size, self._loss)
        if given is None:
            target = arguments.as_rows(name, y, size)
        else:
            if classes is None:
                classes = labels.classes_of(name, given, size)
            target = labels.targets_of(name, given, classes, size)
        if len(target) != n_rows:
            raise InputError(
                "{name} has {n_target} rows but {of} has {n_rows}: give one for each.",
                name=name,
                n_target=len(target),
                of=of,
                n_rows=n_rows,
            )
        self.classes_ = classes  # not before all labels were read
        return target

    def _rows(self, x: npt.ArrayLike, name: str = "x") -> Array:
        return arguments.as_rows(name, x, len(self.weights[0]))
