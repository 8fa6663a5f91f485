"""What can be asked of a network: its summary, a check of its gradients, a diagnosis."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.of_network import diagnose_network
from madaline.errors import InputError
from madaline.neural_network.arguments import as_rows
from madaline.neural_network.log import Epoch
from madaline.neural_network.parameters import Gradients, Parameters, to_population
from madaline.neural_network.summary import summary
from madaline.nn.arrays import Array
from madaline.nn.differences import check_gradient
from madaline.nn.layers.activation import Activation
from madaline.nn.losses import Loss


class InspectedNetwork(ABC):
    """Abstract: a network that can be inspected, given how it computes."""

    _parameters: Parameters
    _activation: Activation
    _loss: Loss
    history_: list[Epoch]
    loss_: float | None

    @abstractmethod
    def forward(self, x: npt.ArrayLike) -> Array:
        """Return the predictions."""

    @abstractmethod
    def loss(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
        """Return the mean loss of predictions."""

    @abstractmethod
    def backward(self, x: npt.ArrayLike, y_true: npt.ArrayLike) -> Gradients:
        """Return the gradient of the loss."""

    @abstractmethod
    def _targets(self, name: str, y: npt.ArrayLike, n_rows: int, of: str) -> Array:
        """Return labels or numbers as targets, given how many rows there are of what."""

    def __repr__(self) -> str:
        """Return the layers, how many parameters they have, and the loss, as text."""
        trained = (self.loss_, len(self.history_))
        return summary(self._parameters, self._activation, self._loss, *trained)

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

    def diagnose(self, x_train: npt.ArrayLike, y_train: npt.ArrayLike) -> Diagnosis:
        """Return what is wrong with the network, or may be: ``print`` it.

        It looks for units that are constant or cannot learn, gradients that vanish or explode on
        their way to the first layer, a loss that shot up, and a weak fit.

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
        return diagnose_network(network, population.theta, x, target, self._loss, losses)

    def _rows(self, x: npt.ArrayLike, name: str = "x") -> Array:
        return as_rows(name, x, len(self._parameters.weights[0]))
