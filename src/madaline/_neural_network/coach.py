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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import inf, isfinite
from typing import final

import numpy as np

from madaline._neural_network.decisions import (
    BestRestored,
    CoachDecision,
    Earlier,
    LearningRateLowered,
    LearningRateRaised,
    Trial,
    UnitsAdded,
    WeightDecayRaised,
    format_value,
)
from madaline._neural_network.optimizers import StepRule
from madaline._neural_network.parameters import Parameters, twice_as_wide
from madaline.nn.arrays import Rng
from madaline.nn.layers import Activation
from madaline.records.history import Epoch

# Shares of a loss count from the smallest possible one; GOOD and WEAK are of the best constant's.
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
class Coach:
    """Changes the learning rate, the weight decay and the units of a network where that helps."""

    def __init__(
        self,
        parameters: Parameters,
        activation: Activation,
        rng: Rng,
        new_rule: Callable[[], StepRule],
        *,
        learning_rate: float,
        weight_decay: float,
        history: Sequence[Epoch],  # the epochs so far, to read
        decisions: list[CoachDecision],  # gets the decisions
        baseline: float,  # the loss of the best constant
        floor: float,  # the smallest possible loss
        tries: bool = True,  # whether it tries changes, or only goes back where learning diverges
    ) -> None:
        self._parameters, self._activation, self._rng = parameters, activation, rng
        self._new_rule, self.rule = new_rule, new_rule()
        self.learning_rate, self.weight_decay = learning_rate, weight_decay
        self.finished = False  # whether training is to stop
        self._history, self._decisions = history, decisions
        self._floor, self._span = floor, baseline - floor
        self._best: State | None = None
        self._best_held_out: State | None = None
        self._mark: State | None = None  # from which epochs are repeated
        self._trial: Attempts | None = None
        self._since = len(history)  # the epoch in which the last trial ended
        self._epochs = TRIAL_EPOCHS
        self._wait: float = TRIAL_EPOCHS if tries else inf  # epochs from there to a mark
        self._failed: dict[str, Earlier] = {}  # by the value that did not help

    @property
    def steps(self) -> tuple[float, float]:
        """The learning rate and the weight decay, or those before if others are on trial."""
        settled = self if self._trial is None else self._trial.start
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

    def _level(self, epochs: int, now: Epoch) -> float:
        """Return the mean loss at the end of so many epochs, where a mini-batch matters less."""
        last = [*self._history, now][-max(1, int(END_SHARE * epochs)) :]
        return float(np.mean([one.loss for one in last]))

    def _note(self, now: Epoch) -> None:
        """Keep the weights if they are the best so far."""
        if self._trial is None and (self._best is None or now.loss < self._best.loss):
            self._best = self._state(now, now.loss)
        held_out, best = now.validation_loss, self._best_held_out
        if held_out is not None and (best is None or held_out < best.loss):
            self._best_held_out = self._state(now, held_out)

    def _overfits(self, now: Epoch, best: State) -> bool:
        """Return whether the loss rises on the rows held out, and falls on those of training."""
        recent = [*self._history[-TRIAL_EPOCHS:], now]
        return (
            now.epoch - max(best.epoch.epoch, self._since) >= OVERFIT_EPOCHS
            and all((one.validation_loss or 0.0) > OVERFIT * best.loss for one in recent)
            and self._above(now.loss) < LEARNED * self._above(best.epoch.loss)
        )

    # What it does

    def _go_back(self, now: Epoch, best: State) -> bool:
        """Return to the best weights, and lower the learning rate, by more if it did so before."""
        factor, old = RATE_FACTOR, self.learning_rate
        last = self._decisions[-1] if self._decisions else None
        if isinstance(last, BestRestored) and last.epoch == best.epoch.epoch:
            factor *= last.previous_learning_rate / last.learning_rate
        rates = (old / factor, old)
        self._failed[format_value(old)] = Earlier(now.epoch, self._epochs, best.loss)
        self._decisions.append(BestRestored(now.epoch, _NETWORK, now.loss, best.epoch, *rates))
        self._since, self._wait = now.epoch, LONGER * self._epochs
        return self._put(replace(best, rule=self._new_rule(), learning_rate=rates[0]))

    def _hurry(self, now: Epoch) -> bool:
        """Repeat the last epochs with a change if they were slow; return whether it does."""
        mark, epochs = self._mark, self._epochs
        if mark is not None and now.epoch - mark.epoch.epoch < epochs:
            return False
        here = self._mark = self._state(now, self._level(epochs, now))
        if mark is None:
            return False
        losses = [one.loss for one in (*self._history[-epochs:], now)]
        fall, rises = mark.loss - here.loss, sum(b > a for a, b in pairwise(losses))
        share = fall / max(self._above(mark.loss), np.finfo(float).tiny)
        if share >= SLOW or rises == epochs:  # weight decay makes the loss rise, as it should
            return False
        decision = self._change(now, (mark.loss, here.loss), share, rises)
        if decision is None:
            self._epochs *= LONGER
            return False
        gain = CLEAR * self._jitter()
        if decision.action == "lower":
            gain = max(gain, LOWER_GAIN * self._above(here.loss))
        self._decisions.append(decision)
        return self._attempt(Attempts(decision, mark, here, gain, max(losses)))

    def _change(
        self, now: Epoch, losses: tuple[float, float], fall: float, rises: int
    ) -> Trial | None:
        """Return the first change that may help and has not failed, as a decision."""
        rate, units = self.learning_rate, self._parameters.hidden_size
        factors = [RATE_FACTOR**power for power in range(1, MAX_ATTEMPTS + 1)]
        higher, lower = tuple(rate * f for f in factors), tuple(rate / f for f in factors)
        wider = tuple(2 * size for size in units)
        seen = (now.epoch, _NETWORK, self._epochs, *losses)
        weak = bool(units) and self._above(now.loss) > WEAK * self._span
        changes: list[tuple[bool, Trial]] = [
            (fall >= 0, LearningRateRaised(*seen, rate, higher, fall)),
            (rises > UNEVEN * self._epochs, LearningRateLowered(*seen, rate, lower, rises)),
            (weak, UnitsAdded(*seen, units, (wider,))),
        ]
        for helps, change in changes:
            then = self._failed.get(format_value(change.values[0]))
            longer = then is not None and self._epochs >= LONGER * then.epochs
            halved = then is not None and self._above(now.loss) <= AGAIN * self._above(then.loss)
            if helps and (then is None or longer or halved):
                return replace(change, earlier=then)
        return None

    def _simplify(self, now: Epoch, best: State) -> bool:
        """Return to the weights that were best on the rows held out, and make them smaller."""
        old, rate = self.weight_decay, self.learning_rate / RATE_FACTOR
        decays = tuple(decay for decay in DECAYS if decay > old)
        start = replace(best, rule=self._new_rule(), learning_rate=rate, weight_decay=old)
        losses = (best.loss, best.loss)
        seen = (now.epoch, _NETWORK, OVERFIT_EPOCHS, *losses, old, decays)
        decision = WeightDecayRaised(*seen, best.epoch, now, rate)
        self._decisions.append(decision)
        if decays:
            gain = (1 - DECAY_GAIN) * self._above(best.loss)
            return self._attempt(Attempts(decision, start, start, gain, 2 * best.epoch.loss))
        self.finished = True
        return self._put(start)

    # The trial

    def _attempt(self, trial: Attempts) -> bool:
        """Begin an attempt, from where all begin."""
        self._trial, trial.began = trial, len(self._history) + 1
        self._put(trial.start)
        if isinstance(trial.decision, UnitsAdded):
            wider = twice_as_wide(self._parameters, self._activation, self._rng)
            self._parameters.replace_by(wider)  # it predicts the same
            self.rule = self._new_rule()
        elif isinstance(trial.decision, WeightDecayRaised):
            self.weight_decay = trial.decision.next_value
        else:
            self.learning_rate = trial.decision.next_value
        return True

    def _follow(self, trial: Attempts, now: Epoch) -> bool:
        """Go on with an attempt to its end, and from there to the next, or to the best."""
        decision, epochs = trial.decision, now.epoch - trial.began
        simplifies = isinstance(decision, WeightDecayRaised)
        raises = isinstance(decision, LearningRateRaised)
        diverged = self._diverged(now, trial.limit)
        if epochs < decision.epochs and not diverged:
            if raises and epochs >= (1 - END_SHARE) * decision.epochs:
                self.learning_rate = trial.start.learning_rate
            return False
        value, loss = decision.next_value, now.loss
        if simplifies:
            loss = min(one.validation_loss or 0.0 for one in [*self._history[1 - epochs :], now])
        elif not diverged:
            loss = self._level(epochs, now)
        better = loss < trial.best.loss - trial.gain
        decision = replace(decision, losses=(*decision.losses, loss))
        if better:
            self.learning_rate = value if raises else self.learning_rate
            trial.best, decision = self._state(now, loss), replace(decision, value=value)
        else:
            self._failed[format_value(value)] = Earlier(
                decision.epoch, decision.epochs, decision.loss
            )
        trial.decision = self._decisions[-1] = decision
        if better != simplifies and len(decision.losses) < len(decision.values):
            return self._attempt(trial)
        kept = decision.value is not None
        self._decisions[-1] = replace(decision, kept=kept)
        self._trial, self._since = None, now.epoch
        self._epochs = TRIAL_EPOCHS if kept else self._epochs
        self._wait = TRIAL_EPOCHS if kept else LONGER * decision.epochs
        if simplifies:
            self.finished, self._wait = not kept, inf  # what overfits learns fast enough
        return self._put(trial.best)

    def _state(self, now: Epoch, loss: float) -> State:
        weights, rule = self._parameters.copy(), self.rule.copy()
        return State(loss, now, weights, rule, self.learning_rate, self.weight_decay)

    def _put(self, state: State) -> bool:
        """Go on from a state; return True, as other weights are there."""
        self._parameters.replace_by(state.weights.copy())
        self.rule = state.rule.copy()
        self.learning_rate, self.weight_decay = state.learning_rate, state.weight_decay
        self._best, self._mark = None, None
        return True


@final
@dataclass(frozen=True, eq=False)
class State:
    """Where training is, to come back to."""

    loss: float  # at the start of an epoch, on training rows, or on rows held out
    epoch: Epoch
    weights: Parameters
    rule: StepRule
    learning_rate: float
    weight_decay: float


@final
@dataclass(eq=False)
class Attempts:
    """A change on trial."""

    decision: Trial
    start: State  # where each attempt begins
    best: State  # the end of the best attempt, or of the epochs without a change
    gain: float  # by which the loss of an attempt has to be lower
    limit: float  # of the loss on training rows; it diverges above
    began: int = 0  # the epoch in which the present attempt began
