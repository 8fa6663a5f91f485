"""The coach of one network in training: it tries a change, and keeps it only if that helps.

Where the loss falls slowly, it tries higher learning rates, or more units; where it goes up and
down, lower rates. For a fair trial, it goes back some epochs, and repeats them with each rate, up
to the first that is no better; the last of them at the rate of before, because the noise of long
steps hides what they gained. What was no better is not tried again, unless over many more epochs,
or when the loss has halved.

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

from madaline._apps.neural_network.decisions import (
    BestRestored,
    CoachDecision,
    Earlier,
    RateLowered,
    RateRaised,
    Trial,
    UnitsAdded,
    WeightDecayRaised,
    format_value,
)
from madaline._apps.neural_network.descent import Descent
from madaline._apps.neural_network.parameters import twice_as_wide
from madaline.nn.arrays import Array, Rng
from madaline.nn.layers import Activation
from madaline.nn.losses import Loss
from madaline.records.history import Epoch

# Shares of a loss count from the smallest possible one; GOOD and WEAK are of the best constant's.
# What was tried, and came out, is in benchmarks/experiments/textbook_network.md.
TRIAL_EPOCHS = 10  # of the first trials
END_SHARE = 0.2  # of a trial, in which the learning rate is as before, and the loss is taken
LONGER = 3  # times a trial's epochs: the wait after it failed, and trials where no other is left
RATE_FACTOR = 3.0  # by which the learning rate is raised or lowered
MAX_ATTEMPTS = 3  # rates of a trial
SLOW = 0.1  # learning is slow if the loss falls by a smaller share in the epochs of a trial
UNEVEN = 0.4  # and uneven if it rises in a larger share of them
DIVERGED = 1.1  # learning has diverged if the loss is so many times the lowest,
JUMP = 1.01  # so many times that of the epoch before,
JITTERS = 8.0  # and above the lowest by so many times its jitter
JITTER_EPOCHS = 20  # of which the jitter is taken
CLEAR = 0.3  # a change is kept if the loss is lower by such a share of its jitter;
LOWER_GAIN = 0.1  # a lower rate, which always calms the loss, if it is lower by such a share
AGAIN = 0.5  # what did not help is tried again when the loss is so many times what it was
GOOD = 0.05  # a loss below this is left alone
WEAK = 0.2  # a loss above this is a weak fit, which more units may help
OVERFIT = 1.05  # the network overfits if the loss on held-out rows is so many times its lowest
LEARNED = 0.9  # and that on training rows is below so many times what it was then,
OVERFIT_EPOCHS = 50  # for so many epochs
DECAYS = (0.001, 0.01, 0.1)  # weight decays to try, one after another, for as many epochs
DECAY_GAIN = 0.99  # one is kept if the loss on held-out rows falls to so many times its lowest

_NETWORK = "the network"


@final
@dataclass(frozen=True)
class LossRange:
    """Where losses may lie: above the smallest possible one, and below that of a constant."""

    floor: float
    baseline: float  # of the best constant prediction

    @classmethod
    def of(cls, loss: Loss, target: Array) -> LossRange:
        """Return the range for some targets: the floor is a network that predicts each at best."""
        rows, counts = np.unique(target, axis=0, return_counts=True)
        best = np.array([loss.initial_output(row[None]) for row in rows])
        constant = np.broadcast_to(loss.initial_output(target), target.shape)
        return cls(float(loss.mean(best, rows, counts)), float(loss.mean(constant, target)))

    @property
    def span(self) -> float:
        """How much a network can gain."""
        return self.baseline - self.floor

    def above(self, loss: float) -> float:
        """Return how far a loss is above the smallest possible one."""
        return loss - self.floor if isfinite(loss) else inf


@final
@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Where training was, to come back to."""

    loss: float  # at the start of an epoch, on training rows, or on rows held out
    epoch: Epoch
    place: Descent


@final
@dataclass(eq=False)
class Attempts:
    """A change on trial."""

    decision: Trial
    start: Checkpoint  # where each attempt begins
    best: Checkpoint  # the end of the best attempt, or of the epochs without a change
    gain: float  # by which the loss of an attempt has to be lower
    limit: float  # of the loss on training rows; it diverges above
    began: int = 0  # the epoch in which the present attempt began


@final
class Coach:
    """Changes the learning rate, the weight decay and the units of a network where that helps."""

    def __init__(
        self,
        descent: Descent,
        activation: Activation,
        rng: Rng,
        *,
        history: Sequence[Epoch],  # the epochs so far, to read
        decisions: list[CoachDecision],  # gets the decisions
        losses: LossRange,
        tries: bool = True,  # whether it tries changes, or only goes back where learning diverges
    ) -> None:
        self._descent = descent
        self._activation = activation
        self._rng = rng
        self._history = history
        self._decisions = decisions
        self._losses = losses
        self.finished = False  # whether training is to stop
        self._best: Checkpoint | None = None
        self._best_held_out: Checkpoint | None = None
        self._mark: Checkpoint | None = None  # from which epochs are repeated
        self._trial: Attempts | None = None
        self._since = len(history)  # the epoch in which the last trial ended
        self._epochs = TRIAL_EPOCHS
        self._wait: float = TRIAL_EPOCHS if tries else inf  # epochs from there to a mark
        self._failed: dict[str, Earlier] = {}  # by the value that did not help

    @property
    def steps(self) -> tuple[float, float]:
        """The learning rate and the weight decay, or those before if others are on trial."""
        settled = self._descent if self._trial is None else self._trial.start.place
        return settled.learning_rate, settled.weight_decay

    def look(self, now: Epoch) -> bool:
        """Look at the losses at the start of an epoch; return whether other weights are there."""
        if self._best is not None and self._jumped(now, self._best.loss):
            return self._go_back(now, self._best)
        self._note(now)
        if self._trial is not None:
            return self._follow(self._trial, now)
        if self._best_held_out is not None and self._overfits(now, self._best_held_out):
            return self._simplify(now, self._best_held_out)
        waited = now.epoch - self._since >= self._wait
        is_good = self._losses.above(now.loss) <= GOOD * self._losses.span
        return waited and not is_good and self._hurry(now)

    # What it sees

    def _diverged(self, now: Epoch, lowest: float) -> bool:
        if not isfinite(now.loss):
            return True
        limit = max(DIVERGED * self._losses.above(lowest), GOOD * self._losses.span)
        is_beyond = self._losses.above(now.loss) > limit
        return is_beyond and now.loss - lowest > JITTERS * self._jitter()

    def _jumped(self, now: Epoch, lowest: float) -> bool:
        """Return whether it diverged at once; weight decay makes the loss rise, too, but slowly."""
        before = self._losses.above(self._history[-1].loss)
        return self._losses.above(now.loss) > JUMP * before and self._diverged(now, lowest)

    def _jitter(self) -> float:
        """Return the standard deviation of the noise of mini-batches, from bends of the curve."""
        losses = [epoch.loss for epoch in self._history[-JITTER_EPOCHS:] if isfinite(epoch.loss)]
        return float(np.median(np.abs(np.diff(losses, 2)))) / 1.65 if len(losses) > 2 else 0.0

    def _level(self, epochs: int, now: Epoch) -> float:
        """Return the mean loss at the end of so many epochs, where a mini-batch matters less."""
        last = [*self._history, now][-max(1, int(END_SHARE * epochs)) :]
        return float(np.mean([epoch.loss for epoch in last]))

    def _note(self, now: Epoch) -> None:
        """Keep the weights if they are the best so far."""
        if self._trial is None and (self._best is None or now.loss < self._best.loss):
            self._best = self._checkpoint(now, now.loss)
        held_out, best = now.validation_loss, self._best_held_out
        if held_out is not None and (best is None or held_out < best.loss):
            self._best_held_out = self._checkpoint(now, held_out)

    def _overfits(self, now: Epoch, best: Checkpoint) -> bool:
        """Return whether the loss rises on the rows held out, and falls on those of training."""
        recent = [*self._history[-TRIAL_EPOCHS:], now]
        above = self._losses.above
        return (
            now.epoch - max(best.epoch.epoch, self._since) >= OVERFIT_EPOCHS
            and all((epoch.validation_loss or 0.0) > OVERFIT * best.loss for epoch in recent)
            and above(now.loss) < LEARNED * above(best.epoch.loss)
        )

    # What it does

    def _go_back(self, now: Epoch, best: Checkpoint) -> bool:
        """Return to the best weights, and lower the learning rate, by more if it did so before."""
        factor = RATE_FACTOR
        old = self._descent.learning_rate
        last = self._decisions[-1] if self._decisions else None
        if isinstance(last, BestRestored) and last.epoch == best.epoch.epoch:
            factor *= last.previous_learning_rate / last.learning_rate
        self._failed[format_value(old)] = Earlier(now.epoch, self._epochs, best.loss)
        self._decisions.append(
            BestRestored(now.epoch, _NETWORK, now.loss, best.epoch, old / factor, old)
        )
        self._since = now.epoch
        self._wait = LONGER * self._epochs
        self._return_to(best)
        self._descent.forget()
        self._descent.learning_rate = old / factor
        return True

    def _hurry(self, now: Epoch) -> bool:
        """Repeat the last epochs with a change if they were slow; return whether it does."""
        mark, epochs = self._mark, self._epochs
        if mark is not None and now.epoch - mark.epoch.epoch < epochs:
            return False
        here = self._mark = self._checkpoint(now, self._level(epochs, now))
        if mark is None:
            return False
        losses = [epoch.loss for epoch in (*self._history[-epochs:], now)]
        rises = sum(after > before for before, after in pairwise(losses))
        above = self._losses.above(mark.loss)
        share = (mark.loss - here.loss) / max(above, np.finfo(float).tiny)
        if share >= SLOW or rises == epochs:  # weight decay makes the loss rise, as it should
            return False
        decision = self._change(now, (mark.loss, here.loss), share, rises)
        if decision is None:
            self._epochs *= LONGER
            return False
        gain = CLEAR * self._jitter()
        if isinstance(decision, RateLowered):
            gain = max(gain, LOWER_GAIN * self._losses.above(here.loss))
        self._decisions.append(decision)
        return self._attempt(Attempts(decision, mark, here, gain, max(losses)))

    def _change(
        self, now: Epoch, losses: tuple[float, float], fall: float, rises: int
    ) -> Trial | None:
        """Return the first change that may help and has not failed, as a decision."""
        rate = self._descent.learning_rate
        units = self._descent.parameters.hidden_size
        factors = [RATE_FACTOR**power for power in range(1, MAX_ATTEMPTS + 1)]
        higher = tuple(rate * factor for factor in factors)
        lower = tuple(rate / factor for factor in factors)
        wider = tuple(2 * size for size in units)
        seen = (now.epoch, _NETWORK, self._epochs, *losses)
        above = self._losses.above(now.loss)
        changes: list[tuple[bool, Trial]] = [
            (fall >= 0, RateRaised(*seen, rate, higher, fall)),
            (rises > UNEVEN * self._epochs, RateLowered(*seen, rate, lower, rises)),
            (bool(units) and above > WEAK * self._losses.span, UnitsAdded(*seen, units, (wider,))),
        ]
        for helps, change in changes:
            then = self._failed.get(format_value(change.values[0]))
            longer = then is not None and self._epochs >= LONGER * then.epochs
            halved = then is not None and above <= AGAIN * self._losses.above(then.loss)
            if helps and (then is None or longer or halved):
                return replace(change, earlier=then)
        return None

    def _simplify(self, now: Epoch, best: Checkpoint) -> bool:
        """Return to the weights that were best on the rows held out, and make them smaller."""
        old = self._descent.weight_decay
        decays = tuple(decay for decay in DECAYS if decay > old)
        start = replace(best, place=best.place.copy())
        start.place.forget()
        start.place.learning_rate = self._descent.learning_rate / RATE_FACTOR
        start.place.weight_decay = old
        seen = (now.epoch, _NETWORK, OVERFIT_EPOCHS, best.loss, best.loss)
        rate = start.place.learning_rate
        decision = WeightDecayRaised(*seen, old, decays, best.epoch, now, rate)
        self._decisions.append(decision)
        if decays:
            gain = (1 - DECAY_GAIN) * self._losses.above(best.loss)
            return self._attempt(Attempts(decision, start, start, gain, 2 * best.epoch.loss))
        self.finished = True
        return self._return_to(start)

    # The trial

    def _attempt(self, trial: Attempts) -> bool:
        """Begin an attempt, from where all begin."""
        self._trial = trial
        trial.began = len(self._history) + 1
        self._return_to(trial.start)
        descent = self._descent
        value = trial.decision.next_value
        match trial.decision:
            case UnitsAdded():
                wider = twice_as_wide(descent.parameters, self._activation, self._rng)
                descent.parameters.replace_by(wider)  # it predicts the same
                descent.forget()
            case WeightDecayRaised():
                descent.weight_decay = value
            case _:
                descent.learning_rate = value
        return True

    def _follow(self, trial: Attempts, now: Epoch) -> bool:
        """Go on with an attempt to its end, and from there to the next, or to the best."""
        epochs = now.epoch - trial.began
        diverged = self._diverged(now, trial.limit)
        if epochs < trial.decision.epochs and not diverged:
            is_raised = isinstance(trial.decision, RateRaised)
            if is_raised and epochs >= (1 - END_SHARE) * trial.decision.epochs:
                self._descent.learning_rate = trial.start.place.learning_rate
            return False
        better = self._judge(trial, now, self._loss_of_attempt(trial, now, diverged=diverged))
        if trial.decision.has_another(better):
            return self._attempt(trial)
        return self._end(trial, now)

    def _loss_of_attempt(self, trial: Attempts, now: Epoch, *, diverged: bool) -> float:
        """Return what an attempt came to; of one that simplifies, its best on rows held out."""
        epochs = now.epoch - trial.began
        if isinstance(trial.decision, WeightDecayRaised):
            of_attempt = [*self._history[len(self._history) + 1 - epochs :], now]
            return min(epoch.validation_loss or 0.0 for epoch in of_attempt)
        return now.loss if diverged else self._level(epochs, now)

    def _judge(self, trial: Attempts, now: Epoch, loss: float) -> bool:
        """Note the loss of an attempt; return whether it is the best so far."""
        decision = trial.decision
        value = trial.decision.next_value
        better = loss < trial.best.loss - trial.gain
        if better:
            if isinstance(decision, RateRaised):
                self._descent.learning_rate = value
            trial.best = self._checkpoint(now, loss)
        else:
            earlier = Earlier(decision.epoch, decision.epochs, decision.loss)
            self._failed[format_value(value)] = earlier
        kept = value if better else decision.value
        trial.decision = replace(decision, losses=(*decision.losses, loss), value=kept)
        self._decisions[-1] = trial.decision
        return better

    def _end(self, trial: Attempts, now: Epoch) -> bool:
        """Go on from the best attempt, or from the end of the epochs without a change."""
        kept = trial.decision.value is not None
        self._decisions[-1] = replace(trial.decision, kept=kept)
        self._trial = None
        self._since = now.epoch
        self._epochs = TRIAL_EPOCHS if kept else self._epochs
        self._wait = TRIAL_EPOCHS if kept else LONGER * trial.decision.epochs
        if isinstance(trial.decision, WeightDecayRaised):
            self.finished = not kept
            self._wait = inf  # what overfits learns fast enough
        return self._return_to(trial.best)

    def _checkpoint(self, now: Epoch, loss: float) -> Checkpoint:
        return Checkpoint(loss, now, self._descent.copy())

    def _return_to(self, checkpoint: Checkpoint) -> bool:
        """Go on from a checkpoint; return True, as other weights are there."""
        self._descent.go_to(checkpoint.place)
        self._best = None
        self._mark = None
        return True
