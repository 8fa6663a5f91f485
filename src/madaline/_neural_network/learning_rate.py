"""The learning rate is how far a step goes: too short is slow, too long jumps over the valley.

This policy watches the loss. When learning is slow it proposes a higher rate; when the loss has
shot up it proposes to go back to the best parameters and on at a lower rate, and becomes more
patient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, isfinite

from madaline._neural_network.decisions import BestRestored, LearningRateRaised


@dataclass(frozen=True)
class LearningRateState:
    """The memory of the policy.

    Parameters
    ----------
    learning_rate : float
        The rate to use now.
    patience : int
        Epochs from one check of the speed to the next.
    best_loss : float, default=inf
        Lowest loss so far.
    start_loss : float, default=inf
        Loss at the last check; infinite before the first epoch.
    waited : int, default=0
        Epochs since the last check.
    """

    learning_rate: float
    patience: int
    best_loss: float = inf
    start_loss: float = inf
    waited: int = 0


@dataclass(frozen=True)
class LearningRatePolicy:
    """Raise when slow; go back and lower when diverged.

    Parameters
    ----------
    slow : float, default=0.1
        Learning is slow if the loss falls by a smaller share than this within `patience` epochs.
    patience : int, default=5
        Epochs from one check of the speed to the next, at first.
    most_patience : int, default=40
        Each divergence doubles the patience, up to this; each raise that went well halves it.
    raise_by : float, default=2
        Factor of a raise.
    lower_by : float, default=3
        Divisor after a divergence. More than `raise_by`, or the same rate would be tried again.
    diverged : float, default=1.5
        The loss has diverged if it is not a number or more than this times the best so far.
    floor : float, default=0
        Smallest possible loss: what counts is how far the loss is above it.
    enough : float, default=0
        A loss up to this is good enough: it is neither slow nor diverged.
    highest : float, default=1e6
        No rate above this is proposed.

    Examples
    --------
    >>> policy = LearningRatePolicy()
    >>> state = policy.start(0.1)
    >>> for epoch, loss in enumerate([0.70, 0.69, 0.69, 0.69, 0.69, 0.69], start=1):
    ...     state, decision = policy.watch(state, loss, epoch=epoch)
    >>> decision.sentence
    'Slow: the loss fell by 1.4% in 5 epochs, so the learning rate goes from 0.1 up to 0.2.'
    >>> state, decision = policy.watch(state, 3.5, epoch=7)
    >>> decision.sentence
    'Diverged to a loss of 3.5 after 0.69: back to the best, and the rate from 0.2 to 0.0667.'

    References
    ----------
    Vogl et al. (1988), "Accelerating the convergence of the back-propagation method": raise the
    rate while the error falls, go back and lower it when it rises (the "bold driver").
    """

    slow: float = 0.1
    patience: int = 5
    most_patience: int = 40
    raise_by: float = 2.0
    lower_by: float = 3.0
    diverged: float = 1.5
    floor: float = 0.0
    enough: float = 0.0
    highest: float = 1e6

    def start(self, learning_rate: float) -> LearningRateState:
        """Return the state before the first epoch."""
        return LearningRateState(learning_rate, self.patience)

    def watch(
        self, state: LearningRateState, loss: float, *, epoch: int
    ) -> tuple[LearningRateState, LearningRateRaised | BestRestored | None]:
        """Look at the loss of one more epoch.

        Parameters
        ----------
        state : LearningRateState
            The memory before.
        loss : float
            Loss of this epoch.
        epoch : int
            Its number.

        Returns
        -------
        state : LearningRateState
            The memory from now on, with the rate to use.
        decision : LearningRateRaised or BestRestored or None
            With `BestRestored` the parameters of the lowest loss are to be put back.
        """
        worst = self.floor + self.diverged * (state.best_loss - self.floor)
        if not isfinite(loss) or loss > max(worst, self.enough):
            return self._restored(state, loss, epoch)
        state = replace(state, best_loss=min(loss, state.best_loss), waited=state.waited + 1)
        if not isfinite(state.start_loss):
            return replace(state, start_loss=loss, waited=0), None
        if state.waited < state.patience:
            return state, None
        return self._raised_if_slow(state, loss, epoch)

    def resume(self, state: LearningRateState, loss: float) -> LearningRateState:
        """Return the state after other parameters, whose loss is known, were put in place."""
        return replace(state, best_loss=loss, start_loss=loss, waited=0)

    def _raised_if_slow(
        self, state: LearningRateState, loss: float, epoch: int
    ) -> tuple[LearningRateState, LearningRateRaised | None]:
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
        self, state: LearningRateState, loss: float, epoch: int
    ) -> tuple[LearningRateState, BestRestored]:
        """Go back to the best, on at a lower rate and with more patience."""
        rate, best = state.learning_rate / self.lower_by, state.best_loss
        decision = BestRestored(epoch, "the network", loss, best, rate, state.learning_rate)
        patience = min(2 * state.patience, self.most_patience)
        return LearningRateState(rate, patience, best, start_loss=best), decision
