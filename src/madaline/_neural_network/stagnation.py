"""A network can get stuck: every step leads up, but the fit is still poor.

This policy distinguishes a poor fit that stays poor from slow progress. It proposes what textbooks
advise: add units, or start again from other weights, in turn, until one of them helps or enough was
tried.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from madaline._neural_network.decisions import BestKept, Remedy, Restarted, UnitsAdded


@dataclass(frozen=True)
class StagnationState:
    """The memory of the policy.

    Parameters
    ----------
    best_loss : float, default=inf
        Lowest loss of all attempts.
    mark : float, default=inf
        Loss of the present attempt that counts as its last real progress.
    waited : int, default=0
        Epochs since then.
    attempts : int, default=0
        How many remedies were proposed since the fit was last good enough.
    finished : bool, default=False
        Whether everything was tried.
    """

    best_loss: float = inf
    mark: float = inf
    waited: int = 0
    attempts: int = 0
    finished: bool = False


@dataclass(frozen=True)
class StagnationPolicy:
    """Grow or start again when the fit is poor and stays poor.

    Parameters
    ----------
    weak : float
        A loss above this is a poor fit: for example a fifth of the loss of the best constant.
    floor : float, default=0
        Smallest possible loss: what counts is how far the loss is above it.
    remedies : tuple of Remedy types, default=(UnitsAdded, Restarted)
        What is tried, by turns.
    patience : int, default=60
        Epochs without progress after which the network is stuck.
    progress : float, default=0.02
        Share by which the loss must fall to count as progress.
    most_attempts : int, default=8
        After so many remedies in a row that did not help, it is left as it is.

    Examples
    --------
    >>> policy = StagnationPolicy(weak=0.1, patience=3)
    >>> state = policy.start()
    >>> for epoch, loss in enumerate([0.5, 0.4, 0.4, 0.4, 0.4], start=1):
    ...     state, decision = policy.watch(state, loss, epoch=epoch)
    >>> decision.sentence
    'Stuck: the loss stays at 0.4, a weak fit, for 3 epochs, so units are added.'
    """

    weak: float
    floor: float = 0.0
    remedies: tuple[type[Remedy], ...] = (UnitsAdded, Restarted)
    patience: int = 60
    progress: float = 0.02
    most_attempts: int = 8

    def start(self) -> StagnationState:
        """Return the state before the first epoch."""
        return StagnationState()

    def watch(
        self, state: StagnationState, loss: float, *, epoch: int
    ) -> tuple[StagnationState, Remedy | BestKept | None]:
        """Look at the loss of one more epoch.

        Parameters
        ----------
        state : StagnationState
            The memory before.
        loss : float
            Loss of this epoch.
        epoch : int
            Its number.

        Returns
        -------
        state : StagnationState
            The memory from now on.
        decision : Remedy or BestKept or None
            With `Restarted` the best weights so far are to be kept aside; with `BestKept` they are
            to be put back, and nothing more will be tried.
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

    def _seen(self, state: StagnationState, loss: float) -> StagnationState:
        if state.mark == inf or loss - self.floor < (1 - self.progress) * (state.mark - self.floor):
            state = replace(state, mark=loss, waited=0)
        else:
            state = replace(state, waited=state.waited + 1)
        attempts = state.attempts if loss > self.weak else 0
        return replace(state, best_loss=min(loss, state.best_loss), attempts=attempts)
