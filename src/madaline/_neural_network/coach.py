"""The coach of one network in training: it tries a change, and keeps it only if that helps.

Where the loss falls slowly and evenly, it tries a higher learning rate, or more units; where it
goes up and down, a lower rate. For a fair trial, it goes back some epochs, and repeats them with
the change. The change is kept if the loss comes out lower than it was without. Otherwise the coach
returns to what was before, and waits three times as long until it tries something else. Losses of
mini-batches jitter from epoch to epoch: it compares the lowest of some epochs, and a difference
below the jitter does not count.

Vogl et al. (1988), "Accelerating the convergence of the back-propagation method": raise the rate
while the error falls, go back and lower it when it rises (the "bold driver").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
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
from madaline.nn.arrays import Rng
from madaline.nn.layers import Activation
from madaline.records.history import Epoch

# Shares of a loss count from the smallest possible one; GOOD and WEAK are shares of what the best
# constant prediction has.
TRIAL_STEPS = 10  # steps of a trial, at least, and of the first wait,
TRIAL_EPOCHS = 5  # in so many epochs, at least
TRIAL_SHARE = 0.25  # a trial's epochs, as a share of those that were waited before it
WAIT_FACTOR = 3.0  # by which the wait grows after a trial that did not help
RATE_FACTOR = 3.0  # by which the learning rate is raised or lowered
SLOW = 0.1  # learning is slow if the loss falls by a smaller share in the epochs of a trial
UNEVEN = 0.4  # and uneven if it rises in a larger share of them
DIVERGED = 1.1  # learning has diverged if the loss is so many times the lowest,
JUMP = 1.01  # so many times that of the epoch before,
JITTERS = 8.0  # and above the lowest by so many times its jitter
JITTER_EPOCHS = 20  # of which the jitter is taken
GAIN = 0.2  # a change is kept if the loss falls by such a share more than without
GOOD = 0.05  # a loss below this is left alone
WEAK = 0.2  # a loss above this is a weak fit, which more units may help
OVERFIT = 1.05  # the network overfits if the loss on held-out rows is so many times its lowest
LEARNED = 0.9  # and that on training rows is below so many times what it was then,
OVERFIT_EPOCHS = 50  # for so many epochs
DECAYS = (0.001, 0.01, 0.1)  # weight decays to try, one after another,
DECAY_EPOCHS = 50  # for so many epochs each
DECAY_GAIN = 0.99  # one is kept if the loss on held-out rows falls to so many times its lowest

_NETWORK = "the network"


@final
@dataclass(frozen=True, eq=False)
class _Snapshot:
    """An epoch, and the weights at its start."""

    loss: float  # on training rows, or on rows held out
    epoch: Epoch
    weights: Parameters


_NOTHING = _Snapshot(inf, Epoch(0, inf, 0.0), Parameters([], []))


@final
@dataclass(frozen=True, eq=False)
class _Trial:
    """What a change is compared with, and what to return to if it does not help."""

    until: int  # the epoch in which it is judged
    without: float  # the loss without the change
    enough: float  # the change is kept if the loss is below
    limit: float  # of the loss on training rows; it diverges above
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
        n_batches: int = 1,  # steps of an epoch
        tries: bool = True,  # whether it tries changes, or only goes back where learning diverges
    ) -> None:
        self._parameters, self._activation, self._rng = parameters, activation, rng
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.finished = False  # whether training is to stop
        self.forgets = False  # whether what the optimizer remembers is of quite other weights
        self._history, self._decisions = history, decisions
        self._floor, self._span = floor, baseline - floor
        self._best, self._best_held_out = _NOTHING, _NOTHING
        self._mark: _Snapshot | None = None  # from which epochs are repeated
        self._trial: _Trial | None = None
        self._since = len(history)  # the epoch in which the last trial ended
        self._trial_epochs = max(TRIAL_EPOCHS, -(-TRIAL_STEPS // n_batches))
        self._wait: float = self._trial_epochs if tries else inf  # epochs from there to a mark
        self._remedies = ["raise", "lower", "grow"]  # the next one first
        self._failed_decays = 0

    @property
    def steps(self) -> tuple[float, float]:
        """The learning rate and the weight decay, or those before if others are on trial."""
        settled = self._trial or self
        return settled.learning_rate, settled.weight_decay

    def look(self, now: Epoch) -> bool:
        """Look at the losses at the start of an epoch; return whether other weights are there."""
        if self._best is not _NOTHING and self._jumped(now, self._best.loss):
            return self._go_back(now)
        self._note(now)
        if self._trial is not None:
            diverged = self._diverged(now, self._trial.limit)
            over = diverged or now.epoch >= self._trial.until
            return over and self._judge(self._trial, now, diverged)
        if self._overfits(now):
            self.learning_rate /= RATE_FACTOR  # from the best on, steps that overfitted were long
            return self._simplify(now)
        waited = now.epoch - self._since >= self._wait
        return waited and self._above(now.loss) > GOOD * self._span and self._hurry(now)

    # What it sees

    def _above(self, loss: float) -> float:
        """Return how far a loss is above the smallest possible one."""
        return loss - self._floor if isfinite(loss) else inf

    def _diverged(self, now: Epoch, lowest: float) -> bool:
        if not isfinite(now.loss):
            return True
        limit = max(DIVERGED * self._above(lowest), GOOD * self._span)
        return self._above(now.loss) > limit and now.loss - lowest > JITTERS * self._jitter()

    def _jumped(self, now: Epoch, lowest: float) -> bool:
        """Return whether it diverged at once; weight decay makes the loss rise, too, but slowly."""
        jumped = self._above(now.loss) > JUMP * self._above(self._history[-1].loss)
        return jumped and self._diverged(now, lowest)

    def _jitter(self) -> float:
        """Return the standard deviation of the noise of mini-batches, from bends of the curve."""
        losses = [one.loss for one in self._history[-JITTER_EPOCHS:] if isfinite(one.loss)]
        return float(np.median(np.abs(np.diff(losses, 2)))) / 1.65 if len(losses) > 2 else 0.0

    def _note(self, now: Epoch) -> None:
        """Keep the weights if they are the best so far."""
        if self._trial is None and now.loss < self._best.loss:
            self._best = _Snapshot(now.loss, now, self._parameters.copy())
        held_out = now.validation_loss
        if held_out is not None and held_out < self._best_held_out.loss:
            self._best_held_out = _Snapshot(held_out, now, self._parameters.copy())

    def _overfits(self, now: Epoch) -> bool:
        """Return whether the loss rises on the rows held out, and falls on those of training."""
        best, recent = self._best_held_out, [*self._history[-TRIAL_STEPS:], now]
        return (
            now.epoch - max(best.epoch.epoch, self._since) >= OVERFIT_EPOCHS
            and all((one.validation_loss or 0.0) > OVERFIT * best.loss for one in recent)
            and self._above(now.loss) < LEARNED * self._above(best.epoch.loss)
        )

    def _is_weak(self, now: Epoch) -> bool:
        """Return whether more units may help; where weight decay helped, they would not."""
        simplified = any(isinstance(one, WeightDecayRaised) for one in self._decisions)
        weak = self._above(now.loss) > WEAK * self._span
        return weak and not simplified and bool(self._parameters.hidden_size)

    # What it does

    def _go_back(self, now: Epoch) -> bool:
        """Return to the best weights, and lower the learning rate, by more if it did so before."""
        best, factor = self._best, RATE_FACTOR
        last = self._decisions[-1] if self._decisions else None
        if isinstance(last, BestRestored) and last.epoch == best.epoch.epoch:
            factor *= last.previous_learning_rate / last.learning_rate
        old, self.learning_rate = self.learning_rate, self.learning_rate / factor
        rates = (self.learning_rate, old)
        self._decisions.append(BestRestored(now.epoch, _NETWORK, now.loss, best.epoch, *rates))
        self._wait, self._since = WAIT_FACTOR * self._wait, now.epoch
        return self._put(best.weights)

    def _hurry(self, now: Epoch) -> bool:
        """Repeat the last epochs with a remedy if they were slow; return whether it did."""
        mark, epochs = self._mark, max(self._trial_epochs, int(TRIAL_SHARE * self._wait))
        if mark is not None and now.epoch - mark.epoch.epoch < epochs:
            return False
        self._mark, here = _Snapshot(now.loss, now, self._parameters.copy()), now.loss
        if mark is None:
            return False
        losses = [*(one.loss for one in self._history[-epochs:]), here]
        without, rises = min(losses[1:]), sum(b > a for a, b in pairwise(losses))
        fall = mark.loss - without
        share = fall / max(self._above(mark.loss), np.finfo(float).tiny)
        if share >= SLOW or rises == epochs:  # weight decay makes the loss rise, as it should
            return False
        helps = {"raise": fall >= 0, "lower": fall < 0 or rises > UNEVEN * epochs}
        helps["grow"] = self._is_weak(now)
        while not helps[self._remedies[0]]:
            self._remedies.append(self._remedies.pop(0))
        enough = without - max(GAIN * fall, self._jitter())
        self._begin(now.epoch + epochs, without, enough, limit=max(losses))
        self._put(mark.weights)
        self._decisions.append(self._change(now, epochs, share, rises))
        return True

    def _change(self, now: Epoch, epochs: int, fall: float, rises: int) -> CoachDecision:
        """Change the learning rate or the network; return what was done as a decision."""
        rate, units, start = self.learning_rate, self._parameters.hidden_size, (now.epoch, _NETWORK)
        self.forgets = self._remedies[0] == "grow"
        if self._remedies[0] == "raise":
            self.learning_rate *= RATE_FACTOR
            return LearningRateRaised(*start, epochs, self.learning_rate, rate, fall)
        if self._remedies[0] == "lower":
            self.learning_rate /= RATE_FACTOR
            return LearningRateLowered(*start, epochs, self.learning_rate, rate, rises)
        wider = twice_as_wide(self._parameters, self._activation, self._rng)  # predicts the same
        self._parameters.replace_by(wider)
        return UnitsAdded(*start, epochs, now.loss, wider.hidden_size, units)

    def _simplify(self, now: Epoch) -> bool:
        """Return to the weights that were best on the rows held out, and make them smaller."""
        best, old, failed = self._best_held_out, self.weight_decay, self._failed_decays
        decays = [decay for decay in DECAYS if decay > old][failed:]
        self._put(best.weights)
        if not decays:
            self._decisions.append(Stopped(now.epoch - 1, _NETWORK, best.epoch, now, failed))
            self.finished = True
            return True
        limit = 2 * best.epoch.loss  # smaller weights fit less well
        self._begin(now.epoch + DECAY_EPOCHS, best.loss, DECAY_GAIN * best.loss, limit)
        self.weight_decay = decays[0]
        rates = (self.learning_rate, self.weight_decay, old)
        self._decisions.append(
            WeightDecayRaised(now.epoch, _NETWORK, best.epoch, now, *rates, failed)
        )
        return True

    # The trial

    def _begin(self, until: int, without: float, enough: float, limit: float) -> None:
        """Remember what to return to, before a change."""
        weights, steps = self._parameters.copy(), (self.learning_rate, self.weight_decay)
        self._trial = _Trial(until, without, enough, limit, weights, *steps)

    def _judge(self, trial: _Trial, now: Epoch, diverged: bool) -> bool:
        """Keep a change, or return; return whether weights were put back."""
        decision = self._decisions[-1]
        epochs = now.epoch - decision.epoch
        simplified = isinstance(decision, WeightDecayRaised)
        lowest = min(one.loss for one in [*self._history[1 - epochs :], now])
        loss = self._best_held_out.loss if simplified else now.loss if diverged else lowest
        kept = bool(loss < trial.enough)
        self._decisions[-1] = replace(
            decision, kept=kept, loss_before=trial.without, loss_after=loss, trial_epochs=epochs
        )
        self._trial, self._mark, self._since = None, None, now.epoch
        self._best = _NOTHING
        if kept and decision.action == "raise":
            self._wait = self._trial_epochs
        elif not simplified:
            self._remedies.append(self._remedies.pop(0))
            self._wait *= WAIT_FACTOR
        if kept:
            self._failed_decays = 0
            self._note(now)
            return False
        self.learning_rate, self.weight_decay = trial.learning_rate, trial.weight_decay
        if simplified:
            self._failed_decays += 1
            return self._simplify(now)
        return self._put(trial.weights)

    def _put(self, weights: Parameters) -> bool:
        """Put weights in place."""
        self._parameters.replace_by(weights.copy())
        self._best, self._mark, self.forgets = _NOTHING, None, True
        return True
