"""The log of training: every epoch, and every decision with what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import inf

from madaline._neural_network.decisions import CoachDecision
from madaline.records.history import Epoch


@dataclass(frozen=True, eq=False)
class Log:
    """Records what training does, and prints it on request (final).

    Parameters
    ----------
    history : list of Epoch
        Gets the epochs.
    decisions : list of Decision
        Gets the decisions.
    start : int
        Epochs of earlier training.
    every : int, optional
        Prints the loss every so many epochs, and all decisions; by default nothing.

    Examples
    --------
    >>> log = Log([], [], start=0, every=2)
    >>> for epoch, loss in enumerate([0.5, 0.25], start=1):
    ...     log.note(Epoch(epoch, loss, learning_rate=0.1))
    epoch 2: loss 0.2500
    """

    history: list[Epoch]
    decisions: list[CoachDecision]
    start: int
    every: int | None = None

    def note(self, epoch: Epoch) -> None:
        """Record an epoch."""
        self.history.append(epoch)
        if self.every and (epoch.epoch - self.start) % self.every == 0:
            other = epoch.validation_loss
            held_out = "" if other is None else f", on held-out rows {other:.4f}"
            print(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}{held_out}")

    def decide(self, decision: CoachDecision | None, now: Epoch) -> None:
        """Record a decision, if there is one; it tells the outcome of earlier ones.

        That of a decision on the rows held out takes longer to see: until the next of its kind.
        """
        if decision is not None:
            self.conclude(now, held_out_too=decision.on_held_out_rows)
            self.decisions.append(decision)

    def conclude(self, now: Epoch, *, held_out_too: bool = True) -> None:
        """Add their outcome to the decisions that have none yet."""
        for index, decision in enumerate(self.decisions):
            if decision.loss_after is None and (held_out_too or not decision.on_held_out_rows):
                outcome = self._outcome(decision, now)
                self.decisions[index] = outcome
                if self.every:
                    print(f"epoch {outcome.epoch}: {outcome.sentence}")

    def _outcome(self, decision: CoachDecision, now: Epoch) -> CoachDecision:
        """Return the decision with the loss before and after it, on held-out rows the lowest."""
        if not decision.on_held_out_rows:
            before = self.history[decision.epoch - 1].loss
            return replace(decision, loss_before=before, loss_after=now.loss)
        seen = (*self.history, now)
        earlier, later = seen[self.start : decision.epoch], seen[decision.epoch :]
        return replace(decision, loss_before=_lowest(earlier), loss_after=_lowest(later))


def _lowest(epochs: Iterable[Epoch]) -> float:
    losses = (epoch.validation_loss for epoch in epochs)
    return min((loss for loss in losses if loss is not None), default=inf)
