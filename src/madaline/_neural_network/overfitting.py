"""A network overfits when its loss still falls on the rows it learns from, but rises on others.

This policy watches the loss on rows held out. When the network overfits it proposes what textbooks
advise, a simpler function: weight decay makes all weights smaller. If the loss on the rows held out
does not get lower than ever before, the weight decay is raised, and in the end the best weights of
all are kept. Removing units instead did not lower the loss (docs/experiments.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf

from madaline._neural_network.decisions import BestOnHeldOutKept, WeightDecayRaised
from madaline.records.history import Epoch


@dataclass(frozen=True)
class OverfittingState:
    """The memory of the policy.

    Parameters
    ----------
    best : Epoch, optional
        The epoch with the lowest loss on the rows held out.
    since : int, default=0
        The last epoch in which something was decided.
    attempts : int, default=0
        How often the network was simplified since the best epoch.
    weight_decay : float, default=0
        The weight decay now.
    best_weight_decay : float, default=0
        The weight decay in the best epoch.
    finished : bool, default=False
        Whether everything was tried.
    """

    best: Epoch | None = None
    since: int = 0
    attempts: int = 0
    weight_decay: float = 0.0
    best_weight_decay: float = 0.0
    finished: bool = False


@dataclass(frozen=True)
class OverfittingPolicy:
    """Simplify when the loss rises on rows held out while it falls on those of training.

    Parameters
    ----------
    patience : int, default=100
        Epochs without a lower loss on the rows held out after which the network may overfit.
    rise : float, default=0.05
        Share by which that loss must have risen above its lowest.
    first : float, default=0.001
        The first weight decay.
    raise_by : float, default=3
        Factor of a raise.
    most_attempts : int, default=3
        After so many simplifications in a row that did not help, no more are tried.

    Examples
    --------
    >>> policy, state = OverfittingPolicy(patience=2), OverfittingState()
    >>> for epoch, (loss, held_out) in enumerate([(0.5, 0.6), (0.3, 0.7), (0.2, 0.8)], start=1):
    ...     state, decision = policy.watch(state, Epoch(epoch, loss, 0.1, held_out))
    >>> print(decision.sentence)
    Overfit: the loss on held-out rows is 0.8 after 0.6 at epoch 1, but on training rows it fell
    from 0.5 to 0.2. So each step also makes the weights smaller, by a weight decay of 0.001.
    """

    patience: int = 100
    rise: float = 0.05
    first: float = 0.001
    raise_by: float = 3.0
    most_attempts: int = 3

    def watch(
        self, state: OverfittingState, now: Epoch
    ) -> tuple[OverfittingState, WeightDecayRaised | BestOnHeldOutKept | None]:
        """Look at one more epoch.

        Parameters
        ----------
        state : OverfittingState
            The memory before.
        now : Epoch
            The epoch, with its loss on the rows held out.

        Returns
        -------
        state : OverfittingState
            The memory from now on.
        decision : WeightDecayRaised or BestOnHeldOutKept or None
            Nearly always None.
        """
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
