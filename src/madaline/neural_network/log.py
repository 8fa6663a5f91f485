"""The log of training: every epoch, and every decision with what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.neural_network.decisions import VALIDATION, CoachDecision
from madaline.records.epoch import Epoch


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
            held_out = f", on held-out rows {_watched(epoch, True):.4f}"
            known = epoch.validation_loss is not None
            print(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}{held_out if known else ''}")

    def decide(self, decision: CoachDecision | None, epoch: Epoch) -> None:
        """Record a decision, if there is one; its epoch tells the outcome of the last one."""
        if decision is not None:
            self.conclude(epoch)
            self.decisions.append(decision)

    def conclude(self, now: Epoch) -> None:
        """Add its outcome to the last decision, if it has none yet."""
        if not self.decisions or self.decisions[-1].loss_after is not None:
            return
        last = self.decisions[-1]
        held_out = last.watched == VALIDATION
        before = _watched(self.history[last.epoch - 1], held_out)
        after = _watched(now, held_out)
        self.decisions[-1] = replace(last, loss_before=before, loss_after=after)
        if self.every:
            print(f"epoch {last.epoch}: {self.decisions[-1].sentence}")


def _watched(epoch: Epoch, held_out: bool) -> float:
    if held_out and epoch.validation_loss is not None:
        return epoch.validation_loss
    return epoch.loss
