"""The log of training: every epoch, and every decision with what came of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from madaline.records.decision import Decision


@dataclass(frozen=True)
class Epoch:
    """One epoch of training: the loss at its start, and the learning rate in force then."""

    epoch: int
    loss: float
    learning_rate: float


@dataclass(frozen=True, eq=False)
class Log:
    """Writes down what training does, and prints it for those who want to watch (final).

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
    decisions: list[Decision]
    start: int
    every: int | None = None

    def note(self, epoch: Epoch) -> None:
        """Write down an epoch."""
        self.history.append(epoch)
        if self.every and (epoch.epoch - self.start) % self.every == 0:
            print(f"epoch {epoch.epoch}: loss {epoch.loss:.4f}")

    def decide(self, decision: Decision, loss: float) -> None:
        """Write down a decision; the loss at it is what came of the last one."""
        self.conclude(loss)
        self.decisions.append(decision)

    def conclude(self, loss: float) -> None:
        """Add to the last decision what came of it, if it is not yet said."""
        if not self.decisions or "loss_after" in self.decisions[-1].evidence:
            return
        last = self.decisions[-1]
        before = self.history[last.epoch - 1].loss
        self.decisions[-1] = replace(
            last,
            reason=last.reason + " The loss then went from {loss_before:.3g} to {loss_after:.3g}.",
            evidence={**last.evidence, "loss_before": before, "loss_after": loss},
        )
        if self.every:
            print(f"epoch {last.epoch}: {self.decisions[-1].sentence}")
