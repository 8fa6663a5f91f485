"""Policies that watch the training of a network: its learning rate, overfitting and stagnation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isfinite

from madaline._neural_network.decisions import (
    BestKept,
    BestOnHeldOutKept,
    BestRestored,
    LearningRateRaised,
    Remedy,
    Restarted,
    UnitsAdded,
    WeightDecayRaised,
)
from madaline.records.history import Epoch


@dataclass(frozen=True)
class _LearningRateState:
    """The memory of the policy."""

    learning_rate: float  # the rate to use now
    patience: int  # epochs from one check of the speed to the next
    best_loss: float = inf  # lowest loss so far
    start_loss: float = inf  # loss at the last check; infinite before the first epoch
    waited: int = 0  # epochs since the last check


@dataclass(frozen=True)
class RatePolicy:
    """Raise when slow; go back and lower when diverged.

    >>> policy = RatePolicy()
    >>> state = policy.start(0.1)
    >>> for epoch, loss in enumerate([0.70, 0.69, 0.69, 0.69, 0.69, 0.69], start=1):
    ...     state, decision = policy.watch(state, loss, epoch=epoch)
    >>> decision.sentence
    'Slow: the loss fell by 1.4% in 5 epochs, so the learning rate goes from 0.1 up to 0.2.'
    >>> state, decision = policy.watch(state, 3.5, epoch=7)
    >>> decision.sentence
    'Diverged to a loss of 3.5 after 0.69: back to the best, and the rate from 0.2 to 0.0667.'

    Vogl et al. (1988), "Accelerating the convergence of the back-propagation method": raise the
    rate while the error falls, go back and lower it when it rises (the "bold driver").
    """

    # learning is slow if the loss falls by a smaller share than this within `patience` epochs
    slow: float = 0.1
    patience: int = 5  # epochs from one check of the speed to the next, at first
    # each divergence doubles the patience, up to this; each raise that went well halves it
    most_patience: int = 40
    raise_by: float = 2.0  # factor of a raise
    # divisor after a divergence. More than `raise_by`, or the same rate would be tried again
    lower_by: float = 3.0
    # the loss has diverged if it is not a number or more than this times the best so far
    diverged: float = 1.5
    floor: float = 0.0  # smallest possible loss: what counts is how far the loss is above it
    enough: float = 0.0  # a loss up to this is good enough: it is neither slow nor diverged
    highest: float = 1e6  # no rate above this is proposed

    def start(self, learning_rate: float) -> _LearningRateState:
        """Return the state before the first epoch."""
        return _LearningRateState(learning_rate, self.patience)

    def watch(
        self, state: _LearningRateState, loss: float, *, epoch: int
    ) -> tuple[_LearningRateState, LearningRateRaised | BestRestored | None]:
        """Look at the loss of one more epoch; `BestRestored` puts the best parameters back."""
        worst = self.floor + self.diverged * (state.best_loss - self.floor)
        if not isfinite(loss) or loss > max(worst, self.enough):
            return self._restored(state, loss, epoch)
        state = replace(state, best_loss=min(loss, state.best_loss), waited=state.waited + 1)
        if not isfinite(state.start_loss):
            return replace(state, start_loss=loss, waited=0), None
        if state.waited < state.patience:
            return state, None
        return self._raised_if_slow(state, loss, epoch)

    def resume(self, state: _LearningRateState, loss: float) -> _LearningRateState:
        """Return the state after other parameters, whose loss is known, were put in place."""
        return replace(state, best_loss=loss, start_loss=loss, waited=0)

    def _raised_if_slow(
        self, state: _LearningRateState, loss: float, epoch: int
    ) -> tuple[_LearningRateState, LearningRateRaised | None]:
        """Raise the rate if the loss fell too little since the last check."""
        above = state.start_loss - self.floor
        fall = (state.start_loss - loss) / above if above > 0 else 0.0
        rate = min(self.raise_by * state.learning_rate, self.highest)
        waited = state.waited
        patience = max(self.patience, state.patience // 2)
        state = replace(state, start_loss=loss, waited=0, patience=patience)
        if loss <= self.enough or fall >= self.slow or rate <= state.learning_rate:
            return state, None
        decision = LearningRateRaised(epoch, "the network", fall, waited, rate, state.learning_rate)
        return replace(state, learning_rate=rate), decision

    def _restored(
        self, state: _LearningRateState, loss: float, epoch: int
    ) -> tuple[_LearningRateState, BestRestored]:
        """Go back to the best, on at a lower rate and with more patience."""
        rate, best = state.learning_rate / self.lower_by, state.best_loss
        decision = BestRestored(epoch, "the network", loss, best, rate, state.learning_rate)
        patience = min(2 * state.patience, self.most_patience)
        return _LearningRateState(rate, patience, best, start_loss=best), decision


@dataclass(frozen=True)
class OverfittingState:
    """The memory of the policy."""

    best: Epoch | None = None  # the epoch with the lowest loss on the rows held out
    since: int = 0  # the last epoch in which something was decided
    attempts: int = 0  # how often the network was simplified since the best epoch
    weight_decay: float = 0.0  # the weight decay now
    best_weight_decay: float = 0.0  # the weight decay in the best epoch
    finished: bool = False  # whether everything was tried


@dataclass(frozen=True)
class OverfittingPolicy:
    """Simplify when the loss rises on rows held out while it falls on those of training.

    >>> policy, state = OverfittingPolicy(patience=2), OverfittingState()
    >>> for epoch, (loss, held_out) in enumerate([(0.5, 0.6), (0.3, 0.7), (0.2, 0.8)], start=1):
    ...     state, decision = policy.watch(state, Epoch(epoch, loss, 0.1, held_out))
    >>> print(decision.sentence)
    Overfit: the loss on held-out rows is 0.8 after 0.6 at epoch 1, but on training rows it fell
    from 0.5 to 0.2. So each step also makes the weights smaller, by a weight decay of 0.001.
    """

    # epochs without a lower loss on the rows held out after which the network may overfit
    patience: int = 100
    rise: float = 0.05  # share by which that loss must have risen above its lowest
    first: float = 0.001  # the first weight decay
    raise_by: float = 3.0  # factor of a raise
    # after so many simplifications in a row that did not help, no more are tried
    most_attempts: int = 3

    def watch(
        self, state: OverfittingState, now: Epoch
    ) -> tuple[OverfittingState, WeightDecayRaised | BestOnHeldOutKept | None]:
        """Look at one more epoch."""
        best, held_out = state.best, _held_out(now)
        if best is None or held_out < _held_out(best):
            decay = state.weight_decay
            return replace(state, best=now, attempts=0, best_weight_decay=decay), None
        waited = now.epoch - max(best.epoch, state.since)
        overfit = state.attempts > 0 or held_out > (1 + self.rise) * _held_out(best)
        if state.finished or waited < self.patience or now.loss > best.loss or not overfit:
            return state, None
        if state.attempts >= self.most_attempts:
            kept = BestOnHeldOutKept(now.epoch, "the network", state.attempts, _held_out(best))
            return replace(state, finished=True, weight_decay=state.best_weight_decay), kept
        old, again = state.weight_decay, state.attempts > 0
        decay = max(self.raise_by * old, self.first)
        raised = WeightDecayRaised(now.epoch, "the network", best, now, decay, old, again=again)
        attempts = state.attempts + 1
        return replace(state, since=now.epoch, attempts=attempts, weight_decay=decay), raised


def _held_out(epoch: Epoch) -> float:
    return inf if epoch.validation_loss is None else epoch.validation_loss


@dataclass(frozen=True)
class _StagnationState:
    """The memory of the policy."""

    best_loss: float = inf  # lowest loss of all attempts
    mark: float = inf  # loss of the present attempt that counts as its last real progress
    waited: int = 0  # epochs since then
    attempts: int = 0  # how many remedies were proposed since the fit was last good enough
    finished: bool = False  # whether everything was tried


@dataclass(frozen=True)
class StagnationPolicy:
    """Grow or start again when the fit is poor and stays poor.

    >>> policy = StagnationPolicy(weak=0.1, patience=3)
    >>> state = policy.start()
    >>> for epoch, loss in enumerate([0.5, 0.4, 0.4, 0.4, 0.4], start=1):
    ...     state, decision = policy.watch(state, loss, epoch=epoch)
    >>> decision.sentence
    'Stuck: the loss stays at 0.4, a weak fit, for 3 epochs, so units are added.'
    """

    # a loss above this is a poor fit: for example a fifth of the loss of the best constant
    weak: float
    floor: float = 0.0  # smallest possible loss: what counts is how far the loss is above it
    remedies: tuple[type[Remedy], ...] = (UnitsAdded, Restarted)  # what is tried, by turns
    patience: int = 60  # epochs without progress after which the network is stuck
    progress: float = 0.02  # share by which the loss must fall to count as progress
    most_attempts: int = 8  # after so many remedies in a row that did not help, it is left as it is

    def start(self) -> _StagnationState:
        """Return the state before the first epoch."""
        return _StagnationState()

    def watch(
        self, state: _StagnationState, loss: float, *, epoch: int
    ) -> tuple[_StagnationState, Remedy | BestKept | None]:
        """Look at the loss of one more epoch.

        With `Restarted` the best weights so far are to be kept aside; with `BestKept` they are to
        be put back, and nothing more will be tried.
        """
        state = self._seen(state, loss)
        if state.finished or loss <= self.weak or state.waited < self.patience:
            return state, None
        if state.attempts >= self.most_attempts:
            kept = BestKept(epoch, "the network", state.attempts, state.best_loss)
            return replace(state, finished=True), kept
        remedy = self.remedies[state.attempts % len(self.remedies)]
        decision = remedy(epoch, "the network", state.mark, state.waited)
        mark = inf if remedy is Restarted else state.mark
        return replace(state, mark=mark, waited=0, attempts=state.attempts + 1), decision

    def _seen(self, state: _StagnationState, loss: float) -> _StagnationState:
        if state.mark == inf or loss - self.floor < (1 - self.progress) * (state.mark - self.floor):
            state = replace(state, mark=loss, waited=0)
        else:
            state = replace(state, waited=state.waited + 1)
        attempts = state.attempts if loss > self.weak else 0
        return replace(state, best_loss=min(loss, state.best_loss), attempts=attempts)
