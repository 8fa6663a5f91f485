"""Training is a loop over epochs: `train` runs it to its end, `training` hands out one at a time.

An epoch is one pass over the rows: for each batch of them, the gradient and a step downhill.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import final

import numpy as np
import numpy.typing as npt

from madaline._neural_network import arguments
from madaline._neural_network.coach import Coach
from madaline._neural_network.decisions import HeldOutLearned
from madaline._neural_network.display import Log
from madaline._neural_network.estimator import NetworkEstimator
from madaline._neural_network.optimizers import StepRule, shrink
from madaline._neural_network.options import Options
from madaline._neural_network.parameters import Gradients, Parameters
from madaline.nn.arrays import Array, Rng
from madaline.nn.losses import Loss
from madaline.records.history import Epoch

RATES = {"sgd": 0.1, "adam": 0.01}  # unless another learning rate is given
LAST_SHARE = 0.25  # epochs that learn the rows held out, as a share of those before


@final
@dataclass(frozen=True, eq=False)
class Rows:
    """What a network learns from, and what is held out to see whether it overfits."""

    x: Array  # (n_samples, input_size)
    y: Array  # (n_samples, output_size)
    x_held_out: Array
    y_held_out: Array

    def all(self) -> Rows:
        """Return these rows with none held out."""
        x, y = np.concatenate([self.x, self.x_held_out]), np.concatenate([self.y, self.y_held_out])
        return Rows(x, y, self.x_held_out[:0], self.y_held_out[:0])


class TrainedNetwork(NetworkEstimator):
    """Abstract: a network that can be trained, given its forward and backward pass."""

    _rng: Rng

    @abstractmethod
    def _output(self, x: Array) -> Array:
        """Return the sums of the last layer, shape (n_samples, output_size)."""

    @abstractmethod
    def _gradients(self, x: Array, target: Array) -> Gradients:
        """Return the gradient of the loss."""

    def train(
        self,
        x_train: npt.ArrayLike,
        y_train: npt.ArrayLike,
        epochs: int = 1000,
        learning_rate: float | None = None,
        *,
        adaptive: bool = True,
        batch_size: int | None = None,
        momentum: float | None = None,
        optimizer: str = "sgd",
        weight_decay: float = 0.0,
        early_stopping: int | None = None,
        validation_fraction: float | None = None,
        shuffle: bool = True,
        verbose: bool = False,
    ) -> None:
        """Train, epoch after epoch. Training again goes on.

        Adaptive training raises the learning rate when learning is slow, goes back and lowers it
        when the loss shoots up, adds units when the fit is weak, and makes weights smaller when it
        overfits, or stops. It tries each change by repeating some epochs with it, and keeps it only
        if the loss comes out lower than without; these epochs count. In the end it keeps the best
        weights: those with the lowest loss on rows held out, and the last epochs learn these rows,
        too. Training again goes on from the weights before that. `decisions_` tells what it did.

        Parameters
        ----------
        x_train : array-like of shape (n_samples, input_size)
            The rows.
        y_train : array-like of shape (n_samples,) or (n_samples, output_size)
            Their labels of any kind, or numbers.
        epochs : int, default=1000
            Number of passes over all rows.
        learning_rate : float, optional
            Length of a step; of the first, if adaptive. By default 0.1, and 0.01 for Adam.
        adaptive : bool, default=True
            Whether training may change its learning rate and its network. If not, it is plain
            gradient descent, as in a textbook.
        batch_size : int, optional
            Number of rows for each step (mini-batches). By default all rows: one step an epoch.
        momentum : float, optional
            Share of the last step that the next one keeps. By default 0.9 for adaptive training,
            and 0 for plain gradient descent.
        optimizer : {"sgd", "adam"}, default="sgd"
            What turns gradients into steps: gradient descent, called stochastic for the sake of
            mini-batches, or Adam, whose usual learning rates are 0.001 to 0.01.
        weight_decay : float, default=0.0
            Each step also takes ``learning_rate * weight_decay`` of every weight away, but not of
            the biases. For gradient descent, that is the L2 penalty
            ``weight_decay / 2 * sum(weights**2)``; for Adam, it is AdamW.
        early_stopping : int, optional
            Stop after so many epochs without a lower loss on the rows held out (patience), and keep
            the weights that had the lowest. By default, it trains for all epochs.
        validation_fraction : float, optional
            Share of the rows that are held out to notice overfitting. By default, early stopping
            holds out a fifth, and so does adaptive training of 100 rows or more; the last epochs
            of adaptive training learn them, unless you give the share.
        shuffle : bool, default=True
            Whether each epoch takes its mini-batches from the rows in a new order.
        verbose : bool, default=False
            Whether to print the loss ten times, and every decision.
        """
        training = self.training(
            x_train,
            y_train,
            epochs,
            learning_rate,
            adaptive=adaptive,
            batch_size=batch_size,
            momentum=momentum,
            optimizer=optimizer,
            weight_decay=weight_decay,
            early_stopping=early_stopping,
            validation_fraction=validation_fraction,
            shuffle=shuffle,
            verbose=verbose,
        )
        for _ in training:
            pass

    def training(
        self,
        x_train: npt.ArrayLike,
        y_train: npt.ArrayLike,
        epochs: int = 1000,
        learning_rate: float | None = None,
        *,
        adaptive: bool = True,
        batch_size: int | None = None,
        momentum: float | None = None,
        optimizer: str = "sgd",
        weight_decay: float = 0.0,
        early_stopping: int | None = None,
        validation_fraction: float | None = None,
        shuffle: bool = True,
        verbose: bool = False,
    ) -> Generator[Epoch, None, None]:
        """Return an iterator that trains for one epoch whenever the next one is asked for.

        It yields what `history_` gets, so that you can look at the network after each epoch. Its
        parameters are those of `train`, which is a loop over it. Leaving the loop early is fine:
        where the iterator is closed, or at its end, the best weights are put back (if adaptive or
        with early stopping), and `loss_` is that of the network as it then is.

        Yields
        ------
        Epoch
            The losses at the start of the epoch, and its learning rate.

        Examples
        --------
        >>> import numpy as np
        >>> from madaline import NeuralNetwork
        >>> x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
        >>> y = np.array([0, 1, 1, 0])
        >>> network = NeuralNetwork(2, 5, 1, random_state=0)
        >>> training = network.training(x, y, epochs=1000, learning_rate=3, adaptive=False)
        >>> for epoch in training:
        ...     if epoch.loss < 0.1:
        ...         break
        >>> training.close()
        >>> print(f"a loss of {epoch.loss:.3f} at the start of epoch {epoch.epoch}")
        a loss of 0.098 at the start of epoch 159
        """
        options = Options(
            epochs,
            RATES.get(optimizer, 0.1) if learning_rate is None else learning_rate,
            adaptive,
            batch_size,
            momentum,
            optimizer,
            weight_decay,
            early_stopping,
            validation_fraction,
            shuffle,
            verbose,
        )
        return self._epochs(self._learned_and_held_out(x_train, y_train, options), options)

    def _learned_and_held_out(
        self, x_train: npt.ArrayLike, y_train: npt.ArrayLike, options: Options
    ) -> Rows:
        x = self._rows(x_train)
        rows, held_out = arguments.held_out_rows(
            len(x),
            options.validation_fraction,
            adaptive=options.adaptive,
            early_stopping=options.early_stopping is not None,
        )
        y = self._targets("y_train", y_train, len(x), "x_train")
        arguments.check_range(self._loss, y)
        arguments.check_classes(self._loss, y, self.classes_)
        if self.loss_ is None:
            arguments.check_scales(x)
        return Rows(x[rows], y[rows], x[held_out], y[held_out])

    def _epochs(self, rows: Rows, options: Options) -> Generator[Epoch, None, None]:
        """Yield one epoch after another; the last of them may learn the rows held out, too."""
        best, log = _Best(), Log(options, len(self.history_), self.decisions_)
        learns_all = options.learns_all_rows and len(rows.x_held_out) > 0
        n_epochs = ceil(options.epochs / (1 + LAST_SHARE)) if learns_all else options.epochs
        if self._before_all_rows is not None and len(rows.x_held_out):
            self._parameters.replace_by(self._before_all_rows)
            self._before_all_rows = None
        steps = (float(options.learning_rate), options.weight_decay)
        coach = self._coach(rows.y, steps, options) if options.adaptive else None
        start = len(self.history_)
        try:
            yield from self._coached_epochs(rows, options, n_epochs, coach, best, log)
            n_run = len(self.history_) - start
            n_last = min(options.epochs - n_run, int(LAST_SHARE * best.epoch))
            if learns_all and n_last > 0:
                yield from self._last_epochs(rows.all(), options, n_last, best, log)
        finally:
            log.decisions(finished=True)

    def _coached_epochs(
        self,
        rows: Rows,
        options: Options,
        n_epochs: int,
        coach: Coach | None,
        best: _Best,
        log: Log,
    ) -> Generator[Epoch, None, None]:
        """Yield epochs, and put the best weights back in the end."""
        start, rate, weight_decay = (
            len(self.history_),
            float(options.learning_rate),
            options.weight_decay,
        )
        rule = options.step_rule()
        keeps_best = coach is not None or options.early_stopping is not None
        try:
            for number in range(start + 1, start + n_epochs + 1):
                now = self._now(number, rate, rows)
                steps = (rate, weight_decay) if coach is None else coach.steps
                while coach is not None and not coach.finished and coach.look(now):
                    now = self._now(number, rate, rows)
                if coach is not None:
                    rate, weight_decay, rule = coach.learning_rate, coach.weight_decay, coach.rule
                    now = replace(now, learning_rate=rate)
                if keeps_best:
                    best.note(now, self._parameters, steps)
                if coach is not None and coach.finished:
                    break
                self.history_.append(now)
                log.note(now)
                self._run_epoch(rows, options, rule, rate, weight_decay)
                yield now
                if best.is_over(number, options.early_stopping):
                    break
        finally:
            last = self._now(len(self.history_), rate, rows)
            if keeps_best:
                best.note(last, self._parameters, (rate, weight_decay))
                best.restore(self._parameters)
                last = self._now(len(self.history_), rate, rows)
            self.loss_, self.validation_loss_ = last.loss, last.validation_loss

    def _last_epochs(
        self, rows: Rows, options: Options, n_epochs: int, best: _Best, log: Log
    ) -> Generator[Epoch, None, None]:
        """Yield epochs that learn all rows, from the best weights; keep them if the loss falls.

        Goodfellow, Bengio and Courville (2016), "Deep Learning", section 7.8, algorithm 7.3.
        """
        start, place, before = len(self.history_), len(self.decisions_), self._parameters.copy()
        first, validation_loss = self._now(start + 1, best.steps[0], rows), self.validation_loss_
        decision = HeldOutLearned(
            start + 1,
            "the network",
            len(rows.x),
            n_epochs,
            best.epoch,
            best.steps[0],
            loss_before=first.loss,
        )
        self.decisions_.append(decision)
        coach = self._coach(rows.y, best.steps, options, tries=False)
        try:
            yield from self._coached_epochs(rows, options, n_epochs, coach, _Best(), log)
        finally:
            loss, self.validation_loss_ = self._now(start, 0.0, rows).loss, validation_loss
            kept = loss < first.loss
            if kept:
                self._before_all_rows = before
            self.decisions_[place] = replace(
                decision, kept=kept, loss_after=loss, trial_epochs=len(self.history_) - start
            )

    def _run_epoch(
        self, rows: Rows, options: Options, rule: StepRule, rate: float, weight_decay: float
    ) -> None:
        """Take a step for each batch: gradient, weight decay, step."""
        with np.errstate(all="ignore"):  # a rate that is too high may end in infinite weights
            for batch in options.batches(len(rows.x), self._rng):
                grads = self._gradients(rows.x[batch], rows.y[batch])
                shrink(self._parameters, rate, weight_decay)
                rule.step(self._parameters, grads, rate)

    def _now(self, epoch: int, rate: float, rows: Rows) -> Epoch:
        """Return the losses of the network as it is."""
        loss, held_out = (
            self._loss_of(rows.x, rows.y),
            self._loss_of(rows.x_held_out, rows.y_held_out),
        )
        return Epoch(epoch, inf if loss is None else loss, rate, held_out)

    def _loss_of(self, x: Array, y: Array) -> float | None:
        if not len(x):
            return None
        with np.errstate(all="ignore"):
            return float(self._loss.mean(self._output(x), y))

    def _coach(
        self, target: Array, steps: tuple[float, float], options: Options, *, tries: bool = True
    ) -> Coach:
        return Coach(
            self._parameters,
            self._activation,
            self._rng,
            options.step_rule,
            learning_rate=steps[0],
            weight_decay=steps[1],
            history=self.history_,
            decisions=self.decisions_,
            baseline=_baseline_loss(self._loss, target),
            floor=_smallest_loss(self._loss, target),
            tries=tries,
        )


@final
class _Best:
    """The weights with the lowest loss so far, on the rows held out if there are some."""

    def __init__(self) -> None:
        self._loss, self.epoch = inf, 0
        self._parameters: Parameters | None = None
        self.steps = (0.0, 0.0)  # learning rate and weight decay that led there

    def note(self, now: Epoch, parameters: Parameters, steps: tuple[float, float]) -> None:
        """Copy the weights if they are the best."""
        loss = now.loss if now.validation_loss is None else now.validation_loss
        if loss < self._loss:
            self._loss, self.epoch, self.steps = loss, now.epoch, steps
            self._parameters = parameters.copy()

    def is_over(self, epoch: int, patience: int | None) -> bool:
        """Return whether the best was more epochs ago than early stopping waits."""
        return patience is not None and epoch - self.epoch >= patience

    def restore(self, parameters: Parameters) -> None:
        """Put the best weights in place."""
        if self._parameters is not None:
            parameters.replace_by(self._parameters)


def _baseline_loss(loss: Loss, target: Array) -> float:
    """Return the mean loss of the best constant prediction."""
    constant = np.broadcast_to(loss.initial_output(target), target.shape)
    return float(loss.mean(constant, target))


def _smallest_loss(loss: Loss, target: Array) -> float:
    """Return the mean loss of a network that predicts the best for each row."""
    rows, counts = np.unique(target, axis=0, return_counts=True)
    best = np.array([loss.initial_output(row[None]) for row in rows])
    return float(loss.mean(best, rows, counts))
