"""The coach of one network in training: it tries a change, and keeps it only if that helps.

A change is tried for some epochs, from the weights of the moment. It is kept if the loss falls by
more than it did in as many epochs before. Otherwise the coach returns to what was before, and waits
twice as long until it tries something else.

Vogl et al. (1988), "Accelerating the convergence of the back-propagation method": raise the rate
while the error falls, go back and lower it when it rises (the "bold driver").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import inf, isfinite
from typing import final

import numpy as np

from madaline._neural_network.decisions import (
    BestRestored,
    CoachDecision,
    LearningRateLowered,
    LearningRateRaised,
    Stopped,
    UnitsAdded,
    WeightDecayRaised,
)
from madaline._neural_network.parameters import Parameters, twice_as_wide
from madaline.nn.arrays import Array, Rng
from madaline.nn.layers import Activation
from madaline.nn.losses import Loss
from madaline.records.history import Epoch

# Shares of a loss count from the smallest possible one; GOOD and WEAK are shares of what the best
# constant prediction has.
TRIAL = 10  # epochs of a trial, at least, and of the first wait
TRIAL_SHARE = 0.25  # a trial's epochs, as a share of those that were waited before it
RATE_FACTOR = 3.0  # by which the learning rate is raised or lowered
SLOW = 0.3  # learning is slow if the loss falls by a smaller share in the epochs of a trial
DIVERGED = 1.1  # learning has diverged if the loss is so many times the lowest
JUMP = 1.01  # and so many times that of the epoch before
GOOD = 0.05  # a loss below this is left alone
WEAK = 0.2  # a loss above this is a weak fit, which more units may help
OVERFIT = 1.05  # the network overfits if the loss on held-out rows is so many times its lowest
LEARNED = 0.9  # and that on training rows is below so many times what it was then,
OVERFIT_EPOCHS = 50  # for so many epochs
DECAY_EPOCHS = 50  # of the trial of a weight decay
DECAYS = (0.001, 0.01)  # weight decays to try, one after another

_NETWORK = "the network"


@final
@dataclass(frozen=True, eq=False)
class _Best:
    """The epoch with the lowest loss, and the weights that had it."""

    loss: float = inf
    epoch: Epoch = field(default_factory=lambda: Epoch(0, inf, 0.0))
    weights: Parameters | None = None


@final
@dataclass(frozen=True, eq=False)
class _Trial:
    """What to return to if a change does not help."""

    until: int  # the epoch in which it is judged
    start: float  # the loss at its start
    without: float  # the loss that is to be expected in the end without the change
    weights: Parameters
    learning_rate: float
    weight_decay: float


@final
class Coach:
    """Changes the learning rate, the weight decay and the units of a network where that helps."""

    def __init__(
        self,
        parameters: Parameters,
        activation: Activation,
        rng: Rng,
        *,
        learning_rate: float,
        weight_decay: float,
        history: Sequence[Epoch],  # the epochs so far, to read
        decisions: list[CoachDecision],  # gets the decisions
        baseline: float,  # the loss of the best constant
        floor: float,  # the smallest possible loss
    ) -> None:
        self._parameters, self._activation, self._rng = parameters, activation, rng
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.finished = False  # whether training is to stop
        self._history, self._decisions = history, decisions
        self._floor, self._span = floor, baseline - floor
        self._best = _Best()  # on training rows, since other weights were put in place
        self._best_held_out = _Best()
        self._trial: _Trial | None = None
        self._since = len(history)  # the epoch in which the last trial ended
        self._wait = TRIAL  # epochs from there to the next
        self._remedies: list[Callable[[Epoch, float, int], CoachDecision]] = [
            self._raise_rate,
            self._lower_rate,
            self._grow,
        ]
        self._failed_decays = 0

    def look(self, now: Epoch) -> bool:
        """Look at the losses at the start of an epoch; return whether other weights are there."""
        if self._trial is None and self._diverged(now, self._best.loss) and self._jumped(now):
            return self._go_back(now)
        self._note(now)
        if self._trial is not None:
            return self._is_over(self._trial, now) and self._judge(self._trial, now)
        if self._overfits(now):
            return self._simplify(now)
        waited = now.epoch - self._since > self._wait
        return waited and self._above(now.loss) > GOOD * self._span and self._hurry(now)

    # What it sees

    def _above(self, loss: float) -> float:
        """Return how far a loss is above the smallest possible one."""
        return loss - self._floor if isfinite(loss) else inf

    def _diverged(self, now: Epoch, before: float) -> bool:
        limit = max(DIVERGED * self._above(before), GOOD * self._span)
        return self._above(now.loss) > limit or not isfinite(now.loss)

    def _jumped(self, now: Epoch) -> bool:
        """Return whether the loss rose at once; weight decay makes it rise, too, but slowly."""
        return self._above(now.loss) > JUMP * self._above(self._history[-1].loss)

    def _note(self, now: Epoch) -> None:
        """Keep the weights if they are the best so far."""
        if self._trial is None and now.loss < self._best.loss:
            self._best = _Best(now.loss, now, self._parameters.copy())
        held_out = now.validation_loss
        if held_out is not None and held_out < self._best_held_out.loss:
            self._best_held_out = _Best(held_out, now, self._parameters.copy())

    def _overfits(self, now: Epoch) -> bool:
        """Return whether the loss rises on the rows held out, and falls on those of training."""
        best, held_out = self._best_held_out, now.validation_loss
        return (
            held_out is not None
            and held_out > OVERFIT * best.loss
            and self._above(now.loss) < LEARNED * self._above(best.epoch.loss)
            and now.epoch - max(best.epoch.epoch, self._since) >= OVERFIT_EPOCHS
        )

    # What it does

    def _go_back(self, now: Epoch) -> bool:
        """Return to the best weights, and lower the learning rate."""
        old, self.learning_rate = self.learning_rate, self.learning_rate / RATE_FACTOR
        rates = (self.learning_rate, old)
        self._decisions.append(
            BestRestored(now.epoch, _NETWORK, now.loss, self._best.epoch, *rates)
        )
        self._wait, self._since = 2 * self._wait, now.epoch
        if self._remedies[0] == self._raise_rate:
            self._turn()
        return self._put(self._best.weights)

    def _hurry(self, now: Epoch) -> bool:
        """Try the next remedy if learning is slow; return whether other weights are there."""
        epochs = max(TRIAL, int(TRIAL_SHARE * self._wait))
        before = self._history[-epochs].loss
        fall = (before - now.loss) / max(self._above(before), np.finfo(float).tiny)
        if fall >= SLOW:
            return False
        if self._remedies[0] == self._grow and not self._may_grow(now):
            self._turn()
        if self._remedies[0] == self._raise_rate and fall < 0:
            self._turn()  # where the loss rises, a higher rate is no remedy
        without = min(now.loss, 2 * now.loss - before)  # if it goes on as before
        self._begin(now.loss, now.epoch + epochs, without)
        decision = self._remedies[0](now, fall, epochs)
        self._decisions.append(decision)
        return decision.changes_weights

    def _turn(self) -> None:
        """Put the present remedy last."""
        self._remedies.append(self._remedies.pop(0))

    def _raise_rate(self, now: Epoch, fall: float, epochs: int) -> CoachDecision:
        old, self.learning_rate = self.learning_rate, self.learning_rate * RATE_FACTOR
        return LearningRateRaised(now.epoch, _NETWORK, fall, epochs, self.learning_rate, old)

    def _lower_rate(self, now: Epoch, fall: float, epochs: int) -> CoachDecision:
        old, self.learning_rate = self.learning_rate, self.learning_rate / RATE_FACTOR
        return LearningRateLowered(now.epoch, _NETWORK, fall, epochs, self.learning_rate, old)

    def _may_grow(self, now: Epoch) -> bool:
        weak = self._above(now.loss) > WEAK * self._span
        return weak and bool(self._parameters.hidden_size)

    def _grow(self, now: Epoch, fall: float, epochs: int) -> CoachDecision:
        """Give every hidden layer twice the units; the network predicts as before."""
        del fall, epochs
        old = self._parameters.hidden_size
        self._parameters.replace_by(twice_as_wide(self._parameters, self._activation, self._rng))
        return UnitsAdded(now.epoch, _NETWORK, now.loss, self._parameters.hidden_size, old)

    def _simplify(self, now: Epoch) -> bool:
        """Return to the weights that were best on the rows held out, and make them smaller."""
        best, old = self._best_held_out, self.weight_decay
        decays = [decay for decay in DECAYS if decay > old][self._failed_decays :]
        self._put(best.weights)
        if not decays:
            self._decisions.append(
                Stopped(now.epoch - 1, _NETWORK, best.epoch, now, self._failed_decays)
            )
            self.finished = True
            return True
        self.learning_rate /= RATE_FACTOR  # from there, the steps that overfitted were too long
        start = 2 * best.epoch.loss  # smaller weights fit less well
        self._begin(start, now.epoch + DECAY_EPOCHS, without=best.loss)
        self.weight_decay = decays[0]
        rates = (self.learning_rate, self.weight_decay, old)
        self._decisions.append(WeightDecayRaised(now.epoch, _NETWORK, best.epoch, now, *rates))
        return True

    # The trial

    def _begin(self, start: float, until: int, without: float) -> None:
        """Remember what to return to, before a change."""
        weights, rate, decay = self._parameters.copy(), self.learning_rate, self.weight_decay
        self._trial = _Trial(until, start, without, weights, rate, decay)

    def _is_over(self, trial: _Trial, now: Epoch) -> bool:
        return now.epoch >= trial.until or self._diverged(now, trial.start)

    def _judge(self, trial: _Trial, now: Epoch) -> bool:
        """Keep a change, or return; return whether weights were put back."""
        decision = self._decisions[-1]
        simplified = isinstance(decision, WeightDecayRaised)
        loss = self._best_held_out.loss if simplified else now.loss
        kept = bool(loss < trial.without)
        self._decisions[-1] = replace(
            decision,
            kept=kept,
            loss_before=trial.start,
            loss_after=loss,
            trial_epochs=now.epoch - decision.epoch,
        )
        self._trial, self._since, self._best = None, now.epoch, _Best()
        if simplified:
            self._failed_decays = 0 if kept else self._failed_decays + 1
        elif not (kept and decision.action == "raise"):
            self._turn()
            self._wait *= 2
        if kept:
            self._note(now)
            return False
        self.learning_rate, self.weight_decay = trial.learning_rate, trial.weight_decay
        if now.loss < trial.start and not decision.changes_weights:
            self._note(now)  # it is progress, if less than before
            return False
        return self._put(trial.weights)

    def _put(self, weights: Parameters | None) -> bool:
        """Put weights in place."""
        if weights is not None:
            self._parameters.replace_by(weights.copy())
        self._best = _Best()
        return True


def baseline_loss(loss: Loss, target: Array) -> float:
    """Return the mean loss of the best constant prediction."""
    constant = np.broadcast_to(loss.initial_output(target), target.shape)
    return float(loss.mean(constant, target))


def smallest_loss(loss: Loss, target: Array) -> float:
    """Return the mean loss of a network that predicts the best for each row."""
    rows, counts = np.unique(target, axis=0, return_counts=True)
    best = np.array([loss.initial_output(row[None]) for row in rows])
    return float(loss.mean(best, rows, counts))
