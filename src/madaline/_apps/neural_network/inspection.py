"""What can be asked of a network: its summary, a check of its gradients, a diagnosis."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from madaline._apps.neural_network.arguments import (
    check_range,
    differ_in_scale,
    positive_number,
)
from madaline._apps.neural_network.display import NetworkSummary
from madaline._apps.neural_network.network import TextbookNetwork
from madaline._apps.neural_network.parameters import to_population
from madaline._apps.neural_network.step import MAX_PARAMETERS, Step
from madaline._base.language import translate
from madaline._models.diagnosis.finding import Diagnosis
from madaline._models.diagnosis.network import Course, diagnose_network
from madaline.errors import InputError
from madaline.nn.arrays import Array
from madaline.nn.gradcheck import check_gradient
from madaline.records._results.blocks import Section
from madaline.records._results.result import Result


class InspectedNetwork(TextbookNetwork, Result):
    """A network that can be inspected."""

    def __repr__(self) -> str:
        """Return the layers, how many parameters they have, and the loss, as text."""
        return translate(self._summary().text())

    def sections(self) -> Iterator[Section]:
        yield from self._summary().sections()

    def hidden_outputs(self, x: npt.ArrayLike) -> list[Array]:
        """Return what the units of each hidden layer compute: what the next layer gets.

        Parameters
        ----------
        x : array-like of shape (n_samples, input_size)
            Rows.

        Returns
        -------
        list of ndarray of shape (n_samples, units)
            The outputs of each hidden layer, the first layer first.

        Examples
        --------
        >>> from madaline import NeuralNetwork
        >>> network = NeuralNetwork(2, [4, 3], 1, random_state=0)
        >>> [outputs.shape for outputs in network.hidden_outputs([[0, 0], [0, 1]])]
        [(2, 4), (2, 3)]
        """
        return self._signals(self._rows(x))[1:]

    def check_gradients(
        self, x: npt.ArrayLike | None = None, y: npt.ArrayLike | None = None
    ) -> float:
        """Compare the gradients of `backward` with differences of the loss; raise if they differ.

        Each weight is moved a little up and a little down, and the loss is computed both times:
        the difference divided by the distance must be the gradient.

        Parameters
        ----------
        x : array-like of shape (n_samples, input_size), optional
            Rows; a few random ones by default.
        y : array-like of shape (n_samples,) or (n_samples, output_size), optional
            Their labels or numbers; random ones by default.

        Returns
        -------
        float
            Largest relative error; right gradients have about 1e-8, wrong ones 1e-3 and more.

        Raises
        ------
        GradientError
            If it is above 1e-6; the message names the array.

        Examples
        --------
        >>> from madaline import NeuralNetwork
        >>> NeuralNetwork(2, [4, 3], 1, random_state=0).check_gradients() < 1e-6
        True
        """
        if x is None and y is not None:
            raise InputError("y is given without x: give both, or neither.")
        rng = np.random.default_rng(0)
        rows = self._rows(
            rng.normal(size=(8, len(self._parameters.weights[0]))) if x is None else x
        )
        random = rng.normal(size=(len(rows), len(self._parameters.biases[-1])))
        target = self._targets(
            "y", self._loss.prediction(random) if y is None else y, len(rows), "x"
        )
        grads = self.backward(rows, target)
        return max(
            check_gradient(
                lambda _: self.loss(target, self.forward(rows)), array, gradient, name=name
            )
            for array, gradient, name in zip(
                self._parameters, grads, self._parameters.names, strict=True
            )
        )

    def explain_step(self, x: npt.ArrayLike, y: npt.ArrayLike, learning_rate: float = 0.1) -> None:
        """Print one training step for one row, with every number; the network is not changed.

        It shows the forward pass, the loss, the gradient by each weight and each bias, and what an
        update makes of them. Numbers are rounded to four digits.

        Parameters
        ----------
        x : array-like of shape (input_size,) or (1, input_size)
            The row.
        y : label, number or array-like of shape (output_size,)
            Its label or its numbers.
        learning_rate : float, default=0.1
            Length of the step.

        Raises
        ------
        InputError
            If there are several rows, or more than 60 parameters.

        Examples
        --------
        >>> from madaline import NeuralNetwork
        >>> NeuralNetwork(1, [], 1, random_state=0).explain_step([2.0], 1)
        One step of gradient descent: x = 2, target = 1, learning rate = 0.1
        1. Forward: weighted inputs + bias, then the activation
           output 1: sum = 2 × 0.1257 + 0 = 0.2515
              prediction = sigmoid(0.2515) = 0.5625
        2. Loss: BinaryCrossEntropy, log is the natural logarithm
           loss = -log(0.5625) = 0.5753
        3. Gradient: the chain rule, from the last layer to the first
           output 1: error = (prediction - target) = (0.5625 - 1) = -0.4375
              by weight 1: error × input = -0.4375 × 2 = -0.8749
              by bias: error = -0.4375
        4. Update: new = old - learning rate × gradient
           output 1:
              weight 1 = 0.1257 - 0.1 × -0.8749 = 0.2132
              bias = 0 - 0.1 × -0.4375 = 0.04375
        After the update: prediction 0.6154, loss 0.4854 (before: 0.5625, 0.5753)
        """
        print(translate("\n".join(self._step(x, y, learning_rate).lines())))

    def _step(self, x: npt.ArrayLike, y: npt.ArrayLike, learning_rate: float) -> Step:
        """Return the step that `explain_step` prints."""
        size = sum(array.size for array in self._parameters)
        if size > MAX_PARAMETERS:
            raise InputError(
                "The network has {size:,} parameters, and explain_step prints each: use a network of up to {MAX_PARAMETERS}, such as NeuralNetwork(2, 2, 1).",
                size=size,
                MAX_PARAMETERS=MAX_PARAMETERS,
            )
        rows = self._rows(x)
        if len(rows) > 1:
            raise InputError(
                "x has {n_rows} rows: give one, such as x[0]. The gradient of several rows is the mean of theirs.",
                n_rows=len(rows),
            )
        target = self._targets("y", np.atleast_1d(np.asarray(y)), 1, "x")
        check_range(self._loss, target, "y")
        grads = self.backward(rows, target)
        rate = positive_number(learning_rate)
        return Step(self._parameters, self._activation, self._loss, rows[0], target[0], grads, rate)

    def diagnose(self, x_train: npt.ArrayLike, y_train: npt.ArrayLike) -> Diagnosis:
        """Return what is wrong with the network, or may be: ``print`` it.

        It looks for units that are constant or cannot learn, gradients that vanish or explode on
        their way to the first layer, a loss that shot up, a weak fit, and, if training held out
        rows, overfitting.

        Parameters
        ----------
        x_train : array-like of shape (n_samples, input_size)
            The rows that it learned from.
        y_train : array-like of shape (n_samples,) or (n_samples, output_size)
            The labels or numbers of these rows.

        Raises
        ------
        InputError
            If the shapes do not fit the network or one another.

        Examples
        --------
        >>> from madaline import NeuralNetwork
        >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        >>> network = NeuralNetwork(2, 5, 1, random_state=0)
        >>> network.biases[0][:] = -50  # a sigmoid is flat there
        >>> network.train(x, y, epochs=100, adaptive=False)
        >>> for finding in network.diagnose(x, y):
        ...     print(finding.kind, "in", finding.subject)
        dead units in layer 1
        nothing learned in the fit
        """
        x = self._rows(x_train)
        target = self._targets("y_train", y_train, len(x), "x_train")
        network, population = to_population(self._parameters, self._activation)
        losses = [epoch.loss for epoch in self.history_]
        course = Course(
            losses, self.validation_loss_, bool(self.decisions_), not differ_in_scale(x)
        )
        return diagnose_network(network, population.theta, x, target, self._loss, course)

    def _summary(self) -> NetworkSummary:
        return NetworkSummary(
            self._parameters,
            self._activation,
            self._loss,
            (self.loss_, self.validation_loss_),
            epochs=len(self.history_),
            columns=self._columns,
            classes=self.classes_,
        )
