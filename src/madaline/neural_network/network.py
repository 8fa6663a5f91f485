"""The textbook network: initialize, forward, loss, backward, update, repeat.

It is for people who learn how a neural network works. Every step is a method that can be called by
hand, every weight can be read and changed; underneath is the core that fits whole populations.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from madaline.diagnosis.diagnosis import Diagnosis
from madaline.diagnosis.of_network import diagnose_network
from madaline.errors import InputError
from madaline.neural_network.arguments import (
    RandomState,
    as_rows,
    check_current,
    check_range,
    check_same_length,
    instance_of,
    layer_sizes,
    positive_number,
    random_generator,
    whole_number,
)
from madaline.neural_network.coach import Coach
from madaline.neural_network.core import Core, Gradients, raw_output
from madaline.neural_network.decisions import CoachDecision
from madaline.neural_network.log import Epoch, Log
from madaline.nn.arrays import Array
from madaline.nn.layers import Sigmoid
from madaline.nn.layers.activation import Activation
from madaline.nn.losses import BinaryCrossEntropy, Loss
from madaline.nn.losses.binary_cross_entropy import sigmoid


class NeuralNetwork:
    """A network of fully connected layers that is trained by gradient descent.

    Parameters
    ----------
    input_size : int
        Number of inputs.
    hidden_size : int or sequence of int
        Number of hidden units, or of each hidden layer.
    output_size : int
        Number of outputs.
    activation : Activation, default=Sigmoid()
        Activation of the hidden units.
    loss : Loss, default=BinaryCrossEntropy()
        What training minimizes. It decides what the outputs are: by default probabilities, each the
        sigmoid of a weighted sum. ``CrossEntropy()`` gives the probabilities of classes that
        exclude one another (softmax), ``Squared()`` plain numbers.
    random_state : None, int, RandomState or Generator, default=None
        Where the initial weights come from; None draws from NumPy's global state, so that
        ``np.random.seed`` decides.

    Attributes
    ----------
    history_ : list of Epoch
        Loss and learning rate of every epoch.
    decisions_ : list of CoachDecision
        What adaptive training did, why, and what came of it.

    Examples
    --------
    >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    >>> y = np.array([[0], [1], [1], [0]])
    >>> network = NeuralNetwork(input_size=2, hidden_size=5, output_size=1, random_state=0)
    >>> network.train(x, y, epochs=1000, learning_rate=0.1)
    >>> network.forward(x).round()
    array([[0.],
           [1.],
           [1.],
           [0.]])

    The same by hand, one epoch at a time:

    >>> y_pred = network.forward(x)
    >>> loss = network.loss(y, y_pred)
    >>> grads = network.backward(x, y, y_pred)
    >>> network.update_weights(grads, learning_rate=0.1)

    References
    ----------
    Rumelhart, Hinton and Williams (1986), "Learning representations by back-propagating errors",
    Nature 323.
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int | Sequence[int],
        output_size: int,
        *,
        activation: Activation | None = None,
        loss: Loss | None = None,
        random_state: RandomState = None,
    ) -> None:
        sizes = layer_sizes(input_size, hidden_size, output_size)
        loss = BinaryCrossEntropy() if loss is None else loss
        loss = instance_of(Loss, "loss", loss)  # type: ignore[type-abstract]
        activation = Sigmoid() if activation is None else activation
        activation = instance_of(Activation, "activation", activation)  # type: ignore[type-abstract]
        self._core = Core(sizes, activation, loss, random_generator(random_state))
        self.history_: list[Epoch] = []
        self.decisions_: list[CoachDecision] = []

    @staticmethod
    def sigmoid(x: npt.ArrayLike) -> Array:
        """Return ``1 / (1 + exp(-x))`` of every number, without overflow.

        Examples
        --------
        >>> NeuralNetwork.sigmoid([-1000, 0, 1000])
        array([0. , 0.5, 1. ])
        """
        values = np.asarray(x, np.float64)
        result: Array = sigmoid(values, np.empty_like(values))[()]
        return result

    @property
    def weights(self) -> list[Array]:
        """Weights of each layer, shape (in_features, out_features); writing changes the network."""
        return self._core.arrays("weight")

    @property
    def biases(self) -> list[Array]:
        """Biases of each layer, shape (out_features,); writing changes the network."""
        return self._core.arrays("bias")

    @property
    def hidden_size(self) -> tuple[int, ...]:
        """Units of each hidden layer now; adaptive training may have added some."""
        return tuple(len(bias) for bias in self.biases[:-1])

    def forward(self, x: npt.ArrayLike) -> Array:
        """Return the network's predictions.

        Parameters
        ----------
        x : array-like of shape (n_samples, input_size) or (input_size,)
            Rows, or a single one.

        Returns
        -------
        ndarray of shape (n_samples, output_size) or (output_size,)
            The predictions, after the loss's inverse link.

        Raises
        ------
        InputError
            If `x` is not of that shape or not made of finite numbers.
        """
        rows = self._rows(x)
        output, _ = self._core.forward(rows)
        prediction = self._core.loss.prediction(output)
        single = np.ndim(x) < 2 and len(rows) == 1
        return prediction[0] if single else prediction

    def loss(self, y_true: npt.ArrayLike, y_pred: npt.ArrayLike) -> float:
        """Return how wrong predictions are, averaged over the rows.

        Parameters
        ----------
        y_true : array-like of shape (n_samples, output_size) or (n_samples,)
            The true values.
        y_pred : array-like of the same shape
            What the network predicted.

        Returns
        -------
        float
            The mean loss.

        Raises
        ------
        InputError
            If the shapes do not fit the network or one another.
        """
        target, prediction = self._targets("y_true", y_true), self._targets("y_pred", y_pred)
        check_same_length("y_pred", prediction, "y_true", target)
        return self._core.mean_loss(raw_output(self._core.loss, prediction), target)

    def backward(
        self, x: npt.ArrayLike, y_true: npt.ArrayLike, y_pred: npt.ArrayLike | None = None
    ) -> Gradients:
        """Return the gradient of the loss: which way, and how steeply, it rises with each weight.

        Parameters
        ----------
        x : array-like of shape (n_samples, input_size)
            The rows.
        y_true : array-like of shape (n_samples, output_size) or (n_samples,)
            The true values of these rows.
        y_pred : array-like of shape (n_samples, output_size), optional
            What `forward` returned for them; only checked, as the forward pass is run again.

        Returns
        -------
        Gradients
            With ``weights`` and ``biases``, lists of arrays like those of the network.

        Raises
        ------
        InputError
            If the shapes do not fit, or `y_pred` are not this network's predictions for `x`.
        """
        rows, target = self._rows(x), self._targets("y_true", y_true)
        check_same_length("y_true", target, "x", rows)
        output, backward = self._core.forward(rows)
        if y_pred is not None:
            check_current(self._targets("y_pred", y_pred), self._core.loss.prediction(output))
        return self._core.backward(output, target, backward)

    def update_weights(self, grads: Gradients, learning_rate: float) -> None:
        """Take one step downhill: every weight minus `learning_rate` times its gradient.

        Parameters
        ----------
        grads : Gradients
            What `backward` returned.
        learning_rate : float
            Length of the step.

        Raises
        ------
        InputError
            If the gradients are of another network or the learning rate is not positive.
        """
        shape = self._core.population.theta.shape
        if not isinstance(grads, Gradients) or grads.row.shape != shape:  # type: ignore[redundant-expr]
            raise InputError("grads do not belong to this network: give what backward() returned.")
        self._core.step(grads, positive_number(learning_rate))

    def train(
        self,
        x_train: npt.ArrayLike,
        y_train: npt.ArrayLike,
        epochs: int = 1000,
        learning_rate: float = 0.1,
        *,
        adaptive: bool = True,
        verbose: bool = False,
    ) -> None:
        """Train on all rows at once, epoch after epoch.

        Adaptive training raises the learning rate when learning is slow, goes back and lowers it
        when the loss shoots up, adds units or starts again from new weights when the fit stays
        poor, and keeps the best weights of all; `decisions_` tells what it did. Training again goes
        on from there.

        Parameters
        ----------
        x_train : array-like of shape (n_samples, input_size)
            The rows.
        y_train : array-like of shape (n_samples, output_size) or (n_samples,)
            The true values of these rows.
        epochs : int, default=1000
            Number of passes over all rows.
        learning_rate : float, default=0.1
            Length of a step; of the first, if adaptive.
        adaptive : bool, default=True
            Whether training may change its learning rate and its network. If not, it is plain
            gradient descent, as in a textbook.
        verbose : bool, default=False
            Whether to print the loss ten times, and every decision.

        Raises
        ------
        InputError
            If the data do not fit the network, or a setting makes no sense.
        """
        x, target = self._rows(x_train), self._targets("y_train", y_train)
        check_same_length("y_train", target, "x_train", x)
        check_range(self._core.loss, target)
        rate = positive_number(learning_rate)
        start = len(self.history_)
        epochs = whole_number("epochs", epochs)
        log = Log(self.history_, self.decisions_, start, max(1, epochs // 10) if verbose else None)
        coach = self._coach(target, rate) if adaptive else None

        for epoch in range(start + 1, start + epochs + 1):
            output, backward = self._core.forward(x)
            loss = self._core.mean_loss(output, target)
            log.note(Epoch(epoch, loss, rate))
            if coach is not None:
                before, decision = self._core.population, coach.advise(loss, epoch)
                log.decide(decision, loss)
                rate = coach.learning_rate
                if self._core.population is not before:
                    continue  # the output is of other weights
            self._core.step(self._core.backward(output, target, backward), rate)

        if coach is not None:
            loss = self._core.mean_loss(self._core.forward(x)[0], target)
            log.conclude(loss)
            coach.keep_best(loss)

    def diagnose(self, x_train: npt.ArrayLike, y_train: npt.ArrayLike) -> Diagnosis:
        """Return what is wrong with the network, or may be: ``print`` it.

        It looks for units that are constant or cannot learn, gradients that vanish or explode on
        their way to the first layer, a loss that shot up, and a weak fit.

        Parameters
        ----------
        x_train : array-like of shape (n_samples, input_size)
            The rows that it learned from.
        y_train : array-like of shape (n_samples, output_size) or (n_samples,)
            The true values of these rows.

        Raises
        ------
        InputError
            If the shapes do not fit the network or one another.

        Examples
        --------
        >>> x, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
        >>> network = NeuralNetwork(2, 5, 1, random_state=0)
        >>> network.biases[0][:] = -50  # a sigmoid is flat there
        >>> network.train(x, y, epochs=100, adaptive=False)
        >>> for finding in network.diagnose(x, y):
        ...     print(finding.kind, "in", finding.subject)
        dead units in layer 1
        nothing learned in the fit
        """
        x, target = self._rows(x_train), self._targets("y_train", y_train)
        check_same_length("y_train", target, "x_train", x)
        core, losses = self._core, [epoch.loss for epoch in self.history_]
        return diagnose_network(core.network, core.population.theta, x, target, core.loss, losses)

    def _coach(self, target: Array, learning_rate: float) -> Coach:
        baseline, floor = self._core.baseline(target), self._core.smallest_loss(target)
        return Coach(self._core, learning_rate, baseline=baseline, floor=floor)

    def _rows(self, x: npt.ArrayLike) -> Array:
        return as_rows("x", x, len(self.weights[0]))

    def _targets(self, name: str, values: npt.ArrayLike) -> Array:
        size = len(self.biases[-1])
        hint = f", as np.eye({size})[y] makes them of class numbers" if size > 1 else ""
        return as_rows(name, values, size, hint=hint)
