"""Training is a loop over epochs: `train` runs it to its end, `training` hands out one at a time.

An epoch is one pass over the rows: for each batch of them, the gradient and a step downhill.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Any, final

import numpy as np
import numpy.typing as npt

from madaline._apps.neural_network import arguments
from madaline._apps.neural_network.coach import Coach, LossRange
from madaline._apps.neural_network.decisions import HeldOutLearned
from madaline._apps.neural_network.descent import Descent
from madaline._apps.neural_network.display import Log
from madaline._apps.neural_network.inspection import InspectedNetwork
from madaline._apps.neural_network.parameters import Parameters
from madaline._apps.neural_network.settings import TrainingSettings
from madaline.nn.arrays import Array
from madaline.records.history import Epoch

LAST_SHARE = 0.25  # epochs that learn the rows held out, as a share of those before


@final
@dataclass(frozen=True, eq=False)
class SplitRows:
    """What a network learns from, and what is held out to see whether it overfits."""

    x: Array  # (n_samples, input_size)
    y: Array  # (n_samples, output_size)
    x_held_out: Array
    y_held_out: Array

    def all(self) -> SplitRows:
        """Return these rows with none held out."""
        x = np.concatenate([self.x, self.x_held_out])
        y = np.concatenate([self.y, self.y_held_out])
        return SplitRows(x, y, self.x_held_out[:0], self.y_held_out[:0])


class TrainedNetwork(InspectedNetwork):
    """A network that can be trained."""

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
        **settings: Any,
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
        checked = TrainingSettings(epochs, learning_rate, **settings)
        return self._epochs(self._split(x_train, y_train, checked), checked)

    def _split(
        self, x_train: npt.ArrayLike, y_train: npt.ArrayLike, settings: TrainingSettings
    ) -> SplitRows:
        x = self._rows(x_train)
        rows, held_out = settings.split(len(x))
        y = self._targets("y_train", y_train, len(x), "x_train")
        arguments.check_range(self._loss, y)
        arguments.check_classes(self._loss, y, self.classes_)
        if self.loss_ is None:
            arguments.check_scales(x)
        return SplitRows(x[rows], y[rows], x[held_out], y[held_out])

    def _epochs(self, rows: SplitRows, settings: TrainingSettings) -> Generator[Epoch, None, None]:
        """Yield one epoch after another; the last of them may learn the rows held out, too."""
        log = Log(settings, len(self.history_), self.decisions_)
        learns_all = settings.learns_all_rows and len(rows.x_held_out) > 0
        n_epochs = ceil(settings.epochs / (1 + LAST_SHARE)) if learns_all else settings.epochs
        if self._before_all_rows is not None and len(rows.x_held_out):
            self._parameters.replace_by(self._before_all_rows)
            self._before_all_rows = None
        loop = _Loop(rows, settings, log, self._descent(settings))
        coach = self._coach(loop) if settings.adaptive else None
        start = len(self.history_)
        try:
            yield from self._coached_epochs(loop, n_epochs, coach)
            n_run = len(self.history_) - start
            n_last = min(settings.epochs - n_run, int(LAST_SHARE * loop.best_epoch))
            if learns_all and n_last > 0:
                yield from self._last_epochs(loop, n_last)
        finally:
            log.decisions(finished=True)

    def _coached_epochs(
        self, loop: _Loop, n_epochs: int, coach: Coach | None
    ) -> Generator[Epoch, None, None]:
        """Yield epochs, and put the best weights back in the end."""
        patience = loop.settings.early_stopping
        start = len(self.history_)
        try:
            for number in range(start + 1, start + n_epochs + 1):
                now = self._seen_by(coach, number, loop)
                if coach is not None and coach.finished:
                    break
                self.history_.append(now)
                loop.log.note(now)
                self._run_epoch(loop)
                yield now
                if patience is not None and number - loop.best_epoch >= patience:
                    break
        finally:
            loop.note(self._now(len(self.history_), loop))
            loop.restore()
            last = self._now(len(self.history_), loop)
            self.loss_ = last.loss
            self.validation_loss_ = last.validation_loss

    def _seen_by(self, coach: Coach | None, number: int, loop: _Loop) -> Epoch:
        """Return the losses at the start of an epoch, once the coach has no more to change."""
        now = self._now(number, loop)
        steps = None if coach is None else coach.steps
        while coach is not None and not coach.finished and coach.look(now):
            now = self._now(number, loop)
        now = replace(now, learning_rate=loop.descent.learning_rate)
        loop.note(now, steps)
        return now

    def _last_epochs(self, loop: _Loop, n_epochs: int) -> Generator[Epoch, None, None]:
        """Yield epochs that learn all rows, from the best weights; keep them if the loss falls.

        Goodfellow, Bengio and Courville (2016), "Deep Learning", section 7.8, algorithm 7.3.
        """
        last = _Loop(loop.rows.all(), loop.settings, loop.log, self._descent(loop.settings))
        last.descent.learning_rate, last.descent.weight_decay = loop.best_steps
        start, place = len(self.history_), len(self.decisions_)
        before = self._parameters.copy()
        validation_loss = self.validation_loss_
        first = self._now(start + 1, last)
        decision = HeldOutLearned(
            start + 1,
            "the network",
            len(last.rows.x),
            n_epochs,
            loop.best_epoch,
            first.learning_rate,
            loss_before=first.loss,
        )
        self.decisions_.append(decision)
        try:
            yield from self._coached_epochs(last, n_epochs, self._coach(last, tries=False))
        finally:
            loss = self._now(start, last).loss
            self.validation_loss_ = validation_loss
            kept = loss < first.loss
            if kept:
                self._before_all_rows = before
            self.decisions_[place] = replace(
                decision, kept=kept, loss_after=loss, trial_epochs=len(self.history_) - start
            )

    def _run_epoch(self, loop: _Loop) -> None:
        """Take a step for each batch."""
        x, y = loop.rows.x, loop.rows.y
        with np.errstate(all="ignore"):  # a rate that is too high may end in infinite weights
            for batch in loop.settings.batches(len(x), self._rng):
                loop.descent.step(self._gradients(x[batch], y[batch]))

    def _now(self, epoch: int, loop: _Loop) -> Epoch:
        """Return the losses of the network as it is."""
        rows = loop.rows
        loss = self._loss_of(rows.x, rows.y)
        held_out = self._loss_of(rows.x_held_out, rows.y_held_out)
        return Epoch(epoch, inf if loss is None else loss, loop.descent.learning_rate, held_out)

    def _loss_of(self, x: Array, y: Array) -> float | None:
        if not len(x):
            return None
        with np.errstate(all="ignore"):
            return float(self._loss.mean(self._output(x), y))

    def _descent(self, settings: TrainingSettings) -> Descent:
        rate = float(settings.first_rate)
        return Descent(self._parameters, settings.step_rule, rate, settings.weight_decay)

    def _coach(self, loop: _Loop, *, tries: bool = True) -> Coach:
        return Coach(
            loop.descent,
            self._activation,
            self._rng,
            history=self.history_,
            decisions=self.decisions_,
            losses=LossRange.of(self._loss, loop.rows.y),
            tries=tries,
        )


@final
class _Loop:
    """Some epochs: what they learn from, how, and the best weights so far.

    The best have the lowest loss, on the rows held out if there are some.
    """

    def __init__(
        self, rows: SplitRows, settings: TrainingSettings, log: Log, descent: Descent
    ) -> None:
        self.rows = rows
        self.settings = settings
        self.log = log
        self.descent = descent
        self.keeps_best = settings.adaptive or settings.early_stopping is not None
        self.best_epoch = 0
        self.best_steps = (0.0, 0.0)  # learning rate and weight decay that led there
        self._lowest = inf
        self._best: Parameters | None = None

    def note(self, now: Epoch, steps: tuple[float, float] | None = None) -> None:
        """Copy the weights if they are the best, by steps as they are now or as they were."""
        loss = now.loss if now.validation_loss is None else now.validation_loss
        if self.keeps_best and loss < self._lowest:
            self._lowest = loss
            self.best_epoch = now.epoch
            self.best_steps = steps or (self.descent.learning_rate, self.descent.weight_decay)
            self._best = self.descent.parameters.copy()

    def restore(self) -> None:
        """Put the best weights in place."""
        if self._best is not None:
            self.descent.parameters.replace_by(self._best)
